// What makes two entries the same event.
#pragma once

#include <cstdint>

#include "scenarios/journal.h"

namespace scenarios {

struct EventIdentity {
  Symbol id;
  Symbol type;
  Symbol process;
  std::int64_t stamp;

  friend bool operator==(const EventIdentity&, const EventIdentity&) = default;
};

struct EventIdentityHash {
  std::size_t operator()(const EventIdentity& event) const {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
    auto hash = static_cast<std::uint64_t>(event.stamp);
    for (const Symbol part : {event.id, event.type, event.process}) {
      hash = (hash ^ static_cast<std::uint64_t>(part)) * kOdd;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

inline EventIdentity IdentityOf(const Entry& event) {
  return {event.id, event.what, event.process, event.stamp};
}

}  // namespace scenarios
