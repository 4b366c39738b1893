// Relay: accepts the connections of a unix socket for a server that listens nowhere itself, and
// hands it a descriptor for each.
//
// With an injector it carries the bytes itself, between the client and a pair of sockets whose
// other end is the server's, and does to connections what the plan says at the points
// connection.listen, connection.accept and connection.data. Without one it only accepts: the server
// gets the client's own connection, and nothing can happen to that any more.
//
// While descriptors are lacking nobody is accepted: clients wait in the kernel's queue.
//
// Threads: the executor's of its runtime, for every function, the destructor too.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fake_containerd/injector.h"
#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace fake_containerd {

class Relay {
 public:
  // Takes a connection over: non-blocking, and closed in programs that are run.
  using Serve = std::function<void(int descriptor)>;

  // The runtime outlives it. `injector` may be null.
  Relay(libcontainerd::Runtime& runtime, std::shared_ptr<Injector> injector, Serve serve);
  ~Relay();  // Stop()
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Listens at `path`. Errors as of Server::Start.
  libcontainerd::Status Start(std::string path);
  // The plan changed: whether anybody listens is drawn again.
  void Reconsider();
  // The socket is gone, `serve` is not called any more. Connections stay, and the path is claimed
  // until Stop().
  void StopListening();
  // Every connection ends, also those that were handed over.
  void CutConnections();
  // StopListening(); every connection of its own ends.
  void Stop();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace fake_containerd
