// Daemon: what the fake-containerd program is: a FakeContainerd whose options come from a command
// line, with its event log on disk.
//
// Its containers' processes live in this process. An earlier daemon's on the same state directory
// are therefore gone: their exits are logged with status 255 at the start, execs first, as
// containerd does when it finds shim and container dead.
//
// When a fault makes it panic, which a program does not survive, the owner is told so.
//
// Threads: one at a time, never the executor's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fake_containerd/daemon_options.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

class Daemon {
 public:
  // `on_panic` runs on the daemon's own thread, once nobody is served any more and what stays on
  // disk is as after SIGKILL; it is told why. Without one the daemon goes on and answers
  // UNAVAILABLE.
  explicit Daemon(std::function<void(const std::string& why)> on_panic = {});
  ~Daemon();  // Stop()
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Makes the state directory, reads the event log and the script, and serves. Errors say what
  // cannot be used and why; nothing is left then.
  libcontainerd::Status Start(const DaemonOptions& options);
  // Ends all connections and removes the sockets. An error: something inside went wrong meanwhile.
  libcontainerd::Status Stop();

 private:
  struct Inside;
  const std::function<void(const std::string&)> on_panic_;
  std::unique_ptr<Inside> inside_;
};

}  // namespace fake_containerd
