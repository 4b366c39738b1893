// Reads events that the daemon stored: one storedOnly stream from beginning to end.
//
// Threads: the executor's thread.
#pragma once

#include <string>
#include <vector>

#include "libcontainerd/containerd_api.h"

namespace libcontainerd {

// The stored events strictly after `since`, of container `id` or (empty) of all, in the log's
// order. DEADLINE_EXCEEDED when the stream has not ended within `timeout`: nothing of it is
// returned then. `api` outlives the call.
Awaitable<Result<std::vector<types::Event>>> ReadStoredEvents(Runtime& runtime, ContainerdApi& api,
                                                              WallTime since, std::string id,
                                                              Duration timeout);

}  // namespace libcontainerd
