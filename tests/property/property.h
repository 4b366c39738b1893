// Checks a family of properties: RapidCheck draws sequences of actions, each is run as a scenario
// and judged by all guarantees, and a sequence that fails is shrunk to a small one, which is
// printed as a scenario file.
//
// Each case has two phases. In the first, actions and faults come as they are drawn. Then faults
// and holds end, daemon and engine are started again, and everything has to come to rest: calls
// return, nothing is left, what runs is tracked (Stage::End, and the guarantees calls-return,
// returns-to-baseline, running-is-tracked).
//
// Without anything said, a test draws the same cases each time. Of the environment:
//   DRYDOCK_PROPERTY_SEED     other cases
//   DRYDOCK_PROPERTY_CASES    so many of each family and transport
//   DRYDOCK_PROPERTY_VERBOSE  each case's seed and swarm before it runs, in case it ends all
//   RC_PARAMS                 RapidCheck's own; a failure prints the one that repeats it
//
// Threads: one.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "scenarios/runner/run_scenario.h"
#include "tests/property/families.h"

namespace scenarios::property {

struct PropertyOptions {
  Transport transport = Transport::kLoopback;
  int cases = 100;
  int longest = 30;  // commands of one case, at most
  std::vector<std::string> mutants{};
  bool shrink = true;
};
// For the names of tests: "oom_flag".
std::string TestNameOf(const Family& family);
// As the environment says, if it says anything.
std::uint64_t PropertySeed();
int PropertyCases(int ordinarily);

struct PropertyOutcome {
  bool held = false;
  int cases = 0;                   // that passed
  std::string text{};              // of a failure: everything that is needed to understand it
  std::set<std::string> broken{};  // guarantees that the last failing case broke
  std::size_t actions = 0;         // of the shrunk scenario, the end not counted
};
PropertyOutcome CheckFamily(const Family& family, const PropertyOptions& options);

}  // namespace scenarios::property
