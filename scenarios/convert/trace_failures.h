// What the recorded daemon refused, as something that makes the fake refuse it, too.
//
// Threads: functions of their arguments.
#pragma once

#include <optional>
#include <string>

#include "fake_containerd/behaviour.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

// A create or an add-process whose program or runtime could not be started; nothing for failures
// of any other kind.
std::optional<fake_containerd::StartFailure> StartFailureOf(const PlannedCall& call,
                                                            const RecordedReply& reply);

// What the fake says by itself whenever the state of things is like that, as far as `text` tells:
// that a checkpoint is there, that a container is paused already.
bool FollowsFromState(CallKind kind, const std::string& text);

// The rule of a fault plan (docs/faults.md) with which the fake answers that request so, once.
std::string RefusalRule(const RecordedRpc& rpc);

}  // namespace scenarios
