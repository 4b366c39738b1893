// The event stream as a client meets it: the world's subscription behind the points of the injector
// that a stream passes.
//
// Threads: the executor's. A feed may outlive the facade and the world: it has then ended.
#pragma once

#include <memory>

#include "fake_containerd/v0/handlers.h"

namespace fake_containerd::v0 {

// Without holds and faults the subscription is there when this returns.
std::unique_ptr<EventFeed> MakeEventFeed(ContextPtr context, const types::EventsRequest& request,
                                         libcontainerd::UniqueFunction<void()> on_ready);

}  // namespace fake_containerd::v0
