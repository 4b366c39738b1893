// A recorded call of the client as an action.
//
// Threads: functions of their arguments.
#pragma once

#include <string>

#include "scenarios/action.h"
#include "scenarios/replay/replayer.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

// UNIMPLEMENTED, without a place: what an action cannot say.
libcontainerd::Result<action::What> ActionOfCall(const PlannedCall& call,
                                                 const action::CallTerms& terms);

// The value as a scenario file has it, whatever the recording's form was.
JsonText JsonOfScenario(const std::string& json);

// What it must return, as `returns` has it: the recorded result, in our words where the recorded
// client has its own (docs/deviations.md). `command` as it was read: a text with
// placeholders, for paths of the recorded machine, is left out.
std::string ReturnsOf(const RecordedCommand& command, const CallOutcome& ours);

}  // namespace scenarios
