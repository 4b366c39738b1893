// DaemonLauncher on the machine: fork and exec, pidfds, a PID file.
//
// A daemon gets a session of its own, /dev/null as its input, our standard output and error (or
// what Options says), our environment less what the command removes, default signal dispositions,
// and none of our other descriptors. Its oom_score_adj is set before its program begins; not being
// allowed to set it is a warning, as in the reference, anything else an error.
//
// It dies with us: by SIGKILL when this process ends, however it does, or when the launcher is
// destroyed, which waits for that. The kernel ties that signal to the thread that forked, so the
// launcher keeps one of its own for it.
//
// Proof that a process is our daemon: its executable or its command name is the program's, and its
// arguments tell it to listen on our socket.
//
// Needs Linux 5.3 (pidfds) and a ThreadedRuntime. Threads: the executor's, but for constructor and
// destructor, which may be any and belong before and after its use.
#pragma once

#include <memory>
#include <string>

#include "libcontainerd/daemon_launcher.h"

namespace libcontainerd {

class ProcessDaemonLauncher final : public DaemonLauncher {
 public:
  struct Options {
    std::string pid_file{};  // its directory must exist
    int stdout_fd = 1;       // copied at each start
    int stderr_fd = 2;
  };
  ProcessDaemonLauncher(Runtime& runtime, Options options);
  ~ProcessDaemonLauncher() override;
  ProcessDaemonLauncher(const ProcessDaemonLauncher&) = delete;
  ProcessDaemonLauncher& operator=(const ProcessDaemonLauncher&) = delete;

  Awaitable<Result<StartedDaemon>> Start(DaemonCommand command) override;
  Awaitable<std::unique_ptr<DaemonProcess>> Find(DaemonPid pid) override;
  Awaitable<Result<std::optional<DaemonPid>>> ReadPidFile() override;
  Awaitable<Status> WritePidFile(DaemonPid pid) override;
  Awaitable<Status> RemovePidFile() override;
  Awaitable<Status> RemoveSocket(std::string path) override;

 private:
  class Spawner;

  Runtime& runtime_;
  const Options options_;
  const std::unique_ptr<Spawner> spawner_;
};

}  // namespace libcontainerd
