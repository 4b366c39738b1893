// Random scenarios: one seed is one scenario, on every machine and with every compiler.
//
// Threads: any.
#pragma once

#include <cstdint>

#include "scenarios/explore/swarm.h"
#include "scenarios/scenario.h"

namespace scenarios {

struct Explored {
  Swarm swarm{};
  Scenario scenario{};  // "explored-SEED"; its setup has the seed, too
};

// Faults come and go while its actions are performed; they end with the actions, and then
// everything has to come to rest, as with every scenario (Stage::End).
Explored DrawScenario(std::uint64_t seed, const SwarmWishes& wishes = {});

}  // namespace scenarios
