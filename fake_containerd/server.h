// Server: puts a ContainerdApi behind gRPC, on a unix socket and on an in-process channel: the 0.2
// API, the standard health service, whose checks are the API's CheckHealth(), and reflection.
//
// Threads: Start, Stop and the destructor belong to one thread at a time, never the executor's; a
// coroutine there uses AsyncStop. The API is called on the runtime's executor only. The runtime
// must take work from any thread (ThreadedRuntime).
//
// Order: calls reach the API in the order in which gRPC hands them over. Each event stream has one
// write under way at a time. A frame hook sees every frame's completion, so that a replayer fixes
// the frames' order by letting the next one out only then.
//
// Cancelling: a cancelled event stream ends the API's. A cancelled unary call is answered at once;
// the API's call, if it had begun, runs on and its result is dropped.
//
// Stopping is that of a killed daemon: connections close at once, or after `grace` for what is
// under way. It returns when gRPC and the API's calls are done. So whoever makes the API wait for
// ever ends that first, or calls Disconnect(), ends it, and then calls Stop().
//
// While descriptors are lacking nobody is accepted; it goes on once there are some.
//
// The socket has mode 0600. It replaces one that a dead server left, never one that is served.
// `<path>.lock` is held meanwhile; stopping removes both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "libcontainerd/containerd_api.h"

namespace grpc {
class Channel;
}

namespace fake_containerd {

class Injector;

// A frame that gRPC has handed to the connection, or given up.
struct SentFrame {
  enum class Kind : std::uint8_t { kEvent, kEndOfEvents, kReply };
  Kind kind = Kind::kReply;
  // Which call of the API this belongs to, counted from 1, Unary and Events alike.
  std::uint64_t call = 0;
  bool delivered = false;  // kEvent and kReply: false when the client is gone
};
using FrameHook = std::function<void(const SentFrame&)>;

struct ServerOptions {
  static constexpr std::size_t kUnlimited = static_cast<std::size_t>(-1);
  std::size_t message_bytes = kUnlimited;  // of a request; longer ones are RESOURCE_EXHAUSTED
  // Connections of the socket go through a relay, which does to them what this injector's plan says
  // (relay.h). None: straight to gRPC.
  std::shared_ptr<Injector> relay{};
};

class Server {
 public:
  // `api` lives on `runtime`'s executor; both outlive the server. With a hook, which runs on the
  // executor, events go out one at a time, each after the hook of the one before; without, a
  // backlog goes out in batches, and an API that asks for the capacity of its sink keeps back what
  // a slow reader does not take.
  Server(libcontainerd::Runtime& runtime, libcontainerd::ContainerdApi& api, FrameHook hook = {},
         ServerOptions options = {});
  ~Server();  // Stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves on a unix socket. The errors say which path and why:
  //   INVALID_ARGUMENT     empty, with a NUL byte, longer than 107 bytes
  //   ALREADY_EXISTS       "… is in use" by another server, or is not a socket
  //   FAILED_PRECONDITION  this server runs already
  //   NOT_FOUND            the directory is missing
  //   PERMISSION_DENIED    the directory is closed to us
  //   UNAVAILABLE          anything else that keeps us from listening there
  // After an error nothing is left behind.
  libcontainerd::Status Start(std::string socket_path);
  // Serves InProcessChannel() only.
  libcontainerd::Status StartInProcess();

  // A new channel to the running server; null when it does not run. Give it up before the server
  // dies.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // The relay's plan changed. The executor's thread.
  void Reconsider();

  // Closes all connections and waits until gRPC is done with every call. The socket is gone
  // afterwards.
  void Disconnect(libcontainerd::Duration grace = {});
  // Disconnect(), then waits for the API's calls to end. No effect when not running. Start() may
  // follow.
  void Stop(libcontainerd::Duration grace = {});
  libcontainerd::Awaitable<void> AsyncStop(libcontainerd::Duration grace = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Lifts the soft limit of open descriptors to the hard one, at most to 2^20: a FIFO costs one each.
libcontainerd::Status RaiseDescriptorLimit();

}  // namespace fake_containerd
