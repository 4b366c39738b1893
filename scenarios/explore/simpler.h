// What is simpler than an action, a plan of faults or a setup: candidates for the shrinker, the
// simplest first.
//
// Threads: any.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace scenarios {

// The action with one of its fields as it is by default, or nearer to nothing: half a number, half
// a duration.
std::vector<Action> SimplerActions(const Action& action);
// The same for each part of the setup, but for `tolerant`.
std::vector<Setup> SimplerSetups(const Setup& setup);
// Without one of its rules or terms, or with one that is certain and fires once. None for text that
// is no plan.
std::vector<std::string> SimplerFaults(const std::string& plan);

}  // namespace scenarios
