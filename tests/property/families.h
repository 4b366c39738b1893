// The properties: whatever is done, in any order and with any fault of these kinds, every guarantee
// holds, and everything comes to rest once the faults are over. A family says what is done.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/explore/swarm.h"

namespace scenarios::property {

struct Family {
  std::string_view name{};
  std::string_view sentence{};         // what is done
  std::vector<std::string> kinds{};    // names or themes of ActionKinds(), with * and ?
  std::vector<std::string> points{};   // of the fake, likewise: where faults and holds may be
  std::vector<std::string> daemons{};  // who may keep it: Setup::daemon
  // Planted defects that its cases have to find, as a proof that it can fail.
  std::vector<std::string> finds{};
};
// In GoogleTest's messages.
inline std::ostream& operator<<(std::ostream& out, const Family& family) {
  return out << family.name;
}
std::span<const Family> Families();

// Which of the family's kinds and points a case has, and how often each comes.
Swarm SwarmOf(const Family& family, std::uint64_t seed);

}  // namespace scenarios::property
