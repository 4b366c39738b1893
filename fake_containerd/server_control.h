// ControlServer: the service drydock.control.v1 of a fake, on a unix socket of its own (0600), with
// reflection beside it.
//
// What a call does runs on the runtime's pool, never on gRPC's threads, for it may wait.
//
// Threads: one at a time, never the executor's. Whatever it is made with outlives it.
#pragma once

#include <memory>
#include <string>

#include "fake_containerd/fake_containerd.h"
#include "fake_containerd/happenings.h"
#include "fake_containerd/journal_log.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

class ControlServer {
 public:
  ControlServer(libcontainerd::Runtime& runtime, FakeContainerd& fake, Happenings& happenings,
                JournalLog& journal);
  // Ends every call: whoever makes the fake's waits end does so first.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Errors as of Server::Start.
  libcontainerd::Status Start(const std::string& socket_path);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fake_containerd
