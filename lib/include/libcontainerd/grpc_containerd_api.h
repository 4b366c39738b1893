// ContainerdApi over gRPC: how a client reaches a real containerd 0.2, or a fake one, through a
// unix socket or an in-process channel.
//
//   runtime    Must be one whose executor takes work from any thread (ThreadedRuntime): gRPC's
//   threads hand over there. deadlines  Are timers of the runtime, never gRPC's, so that a stepped
//   clock decides when a call is over. A reply
//              that comes too late is dropped. Connecting and reconnecting take real time.
//   reaching   Unary calls fail at once with UNAVAILABLE while nobody listens; the event stream
//   waits until somebody the server does. The channel reconnects by itself. A call is sent at most
//   once. errors     Code and text are what the server sent, one to one. ending     Destroying the
//   API cancels what is under way and returns when gRPC is done with it; calls that are
//              still awaited then return CANCELLED, open event streams end so. The runtime must
//              still be running.
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
