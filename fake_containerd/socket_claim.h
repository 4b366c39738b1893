// SocketClaim: the right to a unix socket's path, so that no server takes another's.
//
// gRPC unlinks whatever socket lies at the path that it binds, and again when it shuts down.
// Therefore it never gets to see the real path: it binds a unique name in a private directory
// beside it, and the finished socket is moved to its place, over a dead one if need be. The claim
// itself is a lock file that dies with the process.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "libcontainerd/error.h"

namespace fake_containerd {

class SocketClaim {
 public:
  // Errors as of Server::Start.
  static libcontainerd::Result<std::unique_ptr<SocketClaim>> Make(std::string path);
  // Unpublishes, and removes what is left. The server that bound bind_path() must be gone.
  ~SocketClaim();
  SocketClaim(const SocketClaim&) = delete;
  SocketClaim& operator=(const SocketClaim&) = delete;

  // Where to bind: short, and nobody else can reach it.
  std::string bind_path() const;
  // Moves the bound socket to the claimed path, where clients find it from now on.
  libcontainerd::Status Publish();
  // Removes our socket from the claimed path, if that is still ours. Call it while the server
  // listens: its inode cannot be anybody else's until then.
  void Unpublish();

 private:
  explicit SocketClaim(std::string path) : path_(std::move(path)) {}
  libcontainerd::Status Lock();
  libcontainerd::Status CheckNobodyServes() const;
  libcontainerd::Status MakePrivateDirectory();
  void RemovePrivateDirectory();

  const std::string path_;
  int lock_ = -1;
  std::string directory_;  // private; empty when removed
  int directory_descriptor_ = -1;
  std::string name_;  // of the socket inside it
  bool published_ = false;
  std::uint64_t device_ = 0;  // of the published socket, with inode_
  std::uint64_t inode_ = 0;
};

}  // namespace fake_containerd
