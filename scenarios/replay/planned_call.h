// Makes a planned call on a client, through the journal.
#pragma once

#include "libcontainerd/client.h"
#include "scenarios/recorder.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

// What it returned, without its value: values are compared on the wire.
libcontainerd::Awaitable<libcontainerd::Status> RunPlannedCall(libcontainerd::Client& client,
                                                               Recorder& recorder,
                                                               const PlannedCall& call);

}  // namespace scenarios
