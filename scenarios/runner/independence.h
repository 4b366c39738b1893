// Independence: which actions may change places without anybody being able to tell.
//
// Two actions do when each concerns certain containers only, and no container both. Whatever
// concerns daemon, engine, clock, faults or the record as a whole changes places with nothing.
// This is about the parts that are shared by all: it takes for granted that client and fake keep
// containers apart, which is what the guarantee no-cross-blocking is about. Where just that is in
// question, all orders have to be run.
//
// Threads: any.
#pragma once

#include <set>
#include <string>

#include "scenarios/action.h"

namespace scenarios {

// What an action touches.
struct Concern {
  bool all = false;             // everything: `ids` says nothing then
  std::set<std::string> ids{};  // these containers and nothing else

  friend bool operator==(const Concern&, const Concern&) = default;
};
Concern ConcernOf(const Action& action);

bool Independent(const Concern& a, const Concern& b);
inline bool Independent(const Action& a, const Action& b) {
  return Independent(ConcernOf(a), ConcernOf(b));
}

}  // namespace scenarios
