// ServerFront: the unix socket of a gRPC server that has no listening port of its own. gRPC 1.51
// never accepts again once it ran out of descriptors, and cannot break connections as a fault plan
// wants it; the relay here does both.
//
// Threads: Open, Close, Cut and the destructor belong to one thread at a time, never the
// executor's; Reconsider is the executor's.
#pragma once

#include <memory>
#include <string>

#include "fake_containerd/relay.h"
#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace grpc {
class Server;
}

namespace fake_containerd {

class ServerFront {
 public:
  // The runtime outlives it. With an injector clients go through a relay, which a fault plan can
  // tell what to do; without one straight to the server.
  ServerFront(libcontainerd::Runtime& runtime, std::shared_ptr<Injector> injector);
  ~ServerFront();  // Close(); the path's lock goes
  ServerFront(const ServerFront&) = delete;
  ServerFront& operator=(const ServerFront&) = delete;

  // Clients reach the server at `path` when it returns. The server lives until Close(). Errors as
  // of Server::Start.
  libcontainerd::Status Open(std::string path, grpc::Server& server);
  // The socket is gone; connections stay.
  void Close();
  // Ends every connection.
  void Cut();
  // The fault plan changed.
  void Reconsider();
  bool relays() const { return injector_ != nullptr; }

 private:
  libcontainerd::Runtime& runtime_;
  const std::shared_ptr<Injector> injector_;
  std::unique_ptr<Relay> relay_;  // the executor's
};

}  // namespace fake_containerd
