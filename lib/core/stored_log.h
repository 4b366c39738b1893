// Reads events that the daemon stored: one storedOnly stream from beginning to end.
//
// Threads: the executor's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libcontainerd/containerd_api.h"

namespace libcontainerd {

// The stored events strictly after `since`, of container `id` or (empty) of all, in the log's
// order. DEADLINE_EXCEEDED when the stream has not ended within `timeout`: nothing of it is
// returned then. `api` outlives the call. `cancellable`, if given, is called once, as the read
// begins, with a function that ends it early with CANCELLED; that may be called at any time, also
// after the end.
using Cancellable = std::function<void(UniqueFunction<void()> cancel)>;
Awaitable<Result<std::vector<types::Event>>> ReadStoredEvents(Runtime& runtime, ContainerdApi& api,
                                                              WallTime since, std::string id,
                                                              Duration timeout,
                                                              Cancellable cancellable = {});

}  // namespace libcontainerd
