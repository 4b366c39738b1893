// The real worlds of a replay: gRPC, FIFOs, files. Only in builds with gRPC.
#pragma once

#include <memory>

#include "scenarios/replay/replay_world.h"

namespace scenarios {

libcontainerd::Result<std::unique_ptr<ReplayWorld>> MakeGrpcReplayWorld(
    const ReplayWorldOptions& options);

}  // namespace scenarios
