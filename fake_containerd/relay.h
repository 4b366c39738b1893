// Relay: carries bytes between clients and a server on another unix socket, and does to connections
// what the plan says at the points connection.listen, connection.accept and connection.data.
// Without faults it only carries.
//
// Threads: the executor's of its runtime, for every function, the destructor too.
#pragma once

#include <memory>
#include <string>

#include "fake_containerd/injector.h"
#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace fake_containerd {

class Relay {
 public:
  // The runtime outlives it.
  Relay(libcontainerd::Runtime& runtime, std::shared_ptr<Injector> injector);
  ~Relay();  // Stop()
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Listens at `path` for those who mean `target`. Errors as of Server::Start.
  libcontainerd::Status Start(std::string path, std::string target);
  // The plan changed: whether anybody listens is drawn again.
  void Reconsider();
  // Every connection ends.
  void Stop();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace fake_containerd
