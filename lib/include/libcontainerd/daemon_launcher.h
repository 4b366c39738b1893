// DaemonLauncher: the port through which an owned containerd's process is started, found again,
// watched and ended. Real: process_daemon_launcher.h. Simulated: a world whose daemon starts and
// stops.
//
// Threads: the executor's thread. Nothing here blocks it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"
#include "libcontainerd/unique_function.h"

namespace libcontainerd {

using DaemonPid = std::int32_t;

struct DaemonCommand {
  std::string program = "docker-containerd";  // looked up in PATH unless it has a slash
  std::vector<std::string> arguments{};       // without the program itself
  std::vector<std::string> removed_environment = {"NOTIFY_SOCKET"};
  std::string socket{};   // its path; proof of identity: among the arguments of a daemon of ours
  int oom_score_adj = 0;  // the kernel's: -1000 to 1000
};

// A process, held: as long as this exists its number cannot be mistaken for another's. Letting go
// does nothing to the process.
class DaemonProcess {
 public:
  virtual ~DaemonProcess() = default;
  virtual DaemonPid pid() const = 0;
  // A zombie does not live.
  virtual bool Alive() const = 0;
  // Whether it is the daemon that `command` would start: proof by its program and its socket.
  virtual Awaitable<bool> IsDaemon(DaemonCommand command) = 0;
  // Nothing happens to a process that has ended; that is no error.
  virtual Status Signal(int signal) = 0;
  // `told` runs on the executor, as a step of its own, when the process has ended (also when it had
  // already); not after this object is gone. Call it once. A child of ours is reaped before.
  virtual void WhenEnded(UniqueFunction<void()> told) = 0;
};

struct StartedDaemon {
  std::unique_ptr<DaemonProcess> process;
  std::string warning{};  // what could not be done and does not matter; mostly empty
};

class DaemonLauncher {
 public:
  virtual ~DaemonLauncher() = default;

  // Starts it in a session of its own, dying with us, its output ours. The program runs when this
  // returns; whether it serves is another question.
  virtual Awaitable<Result<StartedDaemon>> Start(DaemonCommand command) = 0;
  // Holds a process that was started by somebody else. Null when none of that number lives.
  virtual Awaitable<std::unique_ptr<DaemonProcess>> Find(DaemonPid pid) = 0;

  // The PID file. Read: none, when it is absent or holds no number. Write replaces it as a whole.
  virtual Awaitable<Result<std::optional<DaemonPid>>> ReadPidFile() = 0;
  virtual Awaitable<Status> WritePidFile(DaemonPid pid) = 0;
  // Missing ones are fine.
  virtual Awaitable<Status> RemovePidFile() = 0;
  virtual Awaitable<Status> RemoveSocket(std::string path) = 0;
};

}  // namespace libcontainerd
