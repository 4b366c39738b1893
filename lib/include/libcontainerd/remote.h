// Remote: one connection to one containerd — its event stream, kept open, and the clients that are
// fed from it.
//
// In this release the stream begins at the moment of Start() and reopens with exponential backoff
// until Close(). The owned daemon, the health watch and the cursor that survives a restart belong
// here and are not part of it yet.
//
// Threads: the executor's thread.
#pragma once

#include <memory>

#include "libcontainerd/client.h"

namespace libcontainerd {

class Remote {
 public:
  // All outlive the Remote. Every client gets every event and keeps those of the containers that it
  // tracks.
  Remote(Runtime& runtime, ContainerdApi& api, std::vector<Client*> clients, Timing timing = {});
  ~Remote();  // Close() must have returned
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  // Opens the event stream from now on; the server may become reachable later.
  void Start();
  Awaitable<void> Close();

  // How often the stream was opened.
  std::uint64_t subscriptions() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libcontainerd
