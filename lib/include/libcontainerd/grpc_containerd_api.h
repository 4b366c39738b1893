// ContainerdApi over gRPC: how a client reaches a real containerd 0.2, or a fake one, through a
// unix socket or an in-process channel.
//
// Runtime: one whose executor takes work from any thread (ThreadedRuntime), for gRPC's threads hand
// over there.
//
// Deadlines are timers of the runtime, never gRPC's, so that a stepped clock decides when a call is
// over. A reply that comes too late is dropped. Connecting and reconnecting take real time.
//
// Reaching the server: unary calls fail at once with UNAVAILABLE while nobody listens; the event
// stream waits until somebody does. The channel reconnects by itself, a tenth of a second to a
// second after a failure. A call is sent at most once.
//
// Errors: code and text are what the server sent, one to one.
//
// Ending: destroying the API cancels what is under way and returns when gRPC is done with it. Calls
// that are still awaited then return CANCELLED, and open event streams end so. The runtime must
// still be running.
#pragma once

#include <memory>
#include <string>

#include "libcontainerd/containerd_api.h"

namespace grpc {
class Channel;
}

namespace libcontainerd {

// INVALID_ARGUMENT for a path that no unix socket can have: empty, with a NUL byte, or longer than
// 107 bytes. Whether a server listens there is not looked at: the first call tells.
Result<std::unique_ptr<ContainerdApi>> ConnectUnixSocket(Runtime& runtime, std::string socket_path);

// Over a channel that exists already. Give the channel up before its in-process server dies.
std::unique_ptr<ContainerdApi> ConnectChannel(Runtime& runtime,
                                              std::shared_ptr<grpc::Channel> channel);

}  // namespace libcontainerd
