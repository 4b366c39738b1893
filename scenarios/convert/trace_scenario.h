// ScenarioOfRecording: a recorded trace as a scenario, so that it can be run, changed, shrunk and
// committed like any other. The fake's world is the daemon then, not the recorded one; whether our
// client does on the wire what the recorded one did stays the replayer's question.
//
// What is inferred from the recording is what the replayer infers (replay_plan.h). What is expected
// are the recorded callbacks and results; where the replayer finds a difference that a deviation
// explains (docs/deviations.md), ours. A note names each of those.
//
// Threads: any that is no executor's: it replays the recording, over loopback.
#pragma once

#include <string>

#include "libcontainerd/error.h"
#include "scenarios/recording.h"
#include "scenarios/scenario.h"

namespace scenarios {

// UNIMPLEMENTED says what cannot be said by actions, and where it stands: "FILE:LINE: …".
libcontainerd::Result<Scenario> ScenarioOfRecording(const std::string& name,
                                                    const Recording& recording);

}  // namespace scenarios
