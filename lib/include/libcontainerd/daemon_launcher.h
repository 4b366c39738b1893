// DaemonLauncher: the port through which an owned containerd's process is started, found again,
// watched and ended. Real: fork and exec, a PID file, signals. Simulated: a world whose daemon
// starts and stops.
//
// Threads: the executor's thread. Nothing here blocks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace libcontainerd {

using DaemonPid = std::int32_t;

struct DaemonCommand {
  std::string program = "docker-containerd";  // looked up in PATH unless it has a slash
  std::vector<std::string> arguments;         // without the program itself
  std::vector<std::string> removed_environment = {"NOTIFY_SOCKET"};
  std::string socket;     // proof of identity: among the arguments of a daemon that is ours
  int oom_score_adj = 0;  // the kernel's: -1000 to 1000
};

class DaemonLauncher {
 public:
  virtual ~DaemonLauncher() = default;

  // Starts it in a session of its own, dying with us, its output ours.
  virtual Awaitable<Result<DaemonPid>> Start(DaemonCommand command) = 0;

  // The PID file. Read: none, when it is absent or holds no number.
  virtual Awaitable<Result<std::optional<DaemonPid>>> ReadPidFile() = 0;
  virtual Awaitable<Status> WritePidFile(DaemonPid pid) = 0;
  virtual Awaitable<Status> RemovePidFile() = 0;
  virtual Awaitable<Status> RemoveSocket(std::string path) = 0;

  // Whether a process of that number lives (a zombie does not), and whether it is the daemon that
  // `command` would start: proof by its program and its socket.
  virtual bool Alive(DaemonPid pid) = 0;
  virtual bool IsOurs(DaemonPid pid, const DaemonCommand& command) = 0;

  virtual Status Signal(DaemonPid pid, int signal) = 0;
  // Waits until it has ended (and reaps it, if it is our child). False when `timeout` passed first.
  virtual Awaitable<bool> WaitForEnd(DaemonPid pid, Duration timeout) = 0;
};

}  // namespace libcontainerd
