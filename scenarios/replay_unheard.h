// What the recorded daemon told while none of the recorded clients listened: known from what a
// later stream, a look at the stored events or somebody else's stream told of it.
//
// Threads: any.
#pragma once

#include <vector>

#include "libcontainerd/runtime.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

libcontainerd::WallTime WallTimeOf(const types::Event& event);

// Each once, by their own time.
std::vector<types::Event> EventsNobodyHeard(const Recording& recording, const ReplayPlan& plan);

}  // namespace scenarios
