// DaemonSupervisor: keeps a containerd alive — starts or adopts it, watches its health, and starts
// it again when it dies or hangs, until Close().
//
//   adopting   The process that the PID file names is taken over if it is our daemon: the same
//              program, listening on our socket. Any other process is left alone.
//   watching   A health check every Timing::health_interval. Timing::health_failures of them in a
//              row, or the end of its process, and the daemon is restarted. Failures do not count
//              from a start or adoption until its first success, for Timing::daemon_start_grace at
//              most: a daemon that restores many containers answers late.
//   restarting What still lives, and is proven to be ours, is killed and waited for. Restarts are
//              spaced by a growing pause; one whose daemon was healthy for
//              Timing::daemon_restart_longest begins at the shortest again.
//
// Without a launcher the daemon is somebody else's: its health is watched, nothing else is done.
//
// Threads: the executor's thread. Ownership: what is passed by reference outlives this object; the
// API may be closed once Close() returned (a health check that is under way then ends with it).
//
// Source: libcontainerd/remote_unix.go of moby 606a245d8548. Deviations: health-failures-
// consecutive, health-watch-survives, adopted-restarted, adoption-needs-proof.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libcontainerd/containerd_api.h"
#include "libcontainerd/daemon_launcher.h"
#include "libcontainerd/reference_behaviour.h"
#include "libcontainerd/timing.h"

namespace libcontainerd {

struct DaemonOptions {
  std::string program = "docker-containerd";
  std::string shim = "docker-containerd-shim";
  std::string socket{};     // its path
  std::string state_dir{};  // the daemon's own: <state dir of the remote>/containerd
  std::string runtime{};    // empty: the daemon's default
  std::vector<std::string> runtime_args{};
  bool debug = false;
  int oom_score_adj = 0;
};

// The command line of a daemon with these options.
DaemonCommand MakeDaemonCommand(const DaemonOptions& options);

enum class DaemonEventKind : std::uint8_t {
  kStarted,       // text: a warning, mostly empty
  kAdopted,       // the PID file's process is our daemon
  kNotAdopted,    // it is not; text: why
  kStartFailed,   // text: the error; pid is 0
  kHealthFailed,  // text: the error
  kKilled,        // by us, for its health
  kEnded,
};
// "started", "not-adopted" and so on.
std::string_view DaemonEventKindName(DaemonEventKind kind);

struct DaemonEvent {
  DaemonEventKind kind = DaemonEventKind::kStarted;
  DaemonPid pid = 0;
  std::string text{};
};

struct DaemonStatus {
  DaemonPid pid = 0;  // 0: none lives, or it is not ours
  bool adopted = false;
  bool healthy = false;      // what the last check said
  int failures = 0;          // in a row
  std::uint64_t starts = 0;  // of its process, by us
};

class DaemonSupervisor {
 public:
  struct Ports {
    Runtime& runtime;
    ContainerdApi& api;
    DaemonLauncher* launcher = nullptr;  // null: an external daemon
  };
  struct Settings {
    Timing timing{};
    ReferenceBehaviour reference{};  // tests only
    // For logs and journals. Runs on the executor; must not call back.
    std::function<void(const DaemonEvent&)> observer{};
  };

  DaemonSupervisor(Ports ports, DaemonOptions options, Settings settings);
  ~DaemonSupervisor();  // Close() must have returned
  DaemonSupervisor(const DaemonSupervisor&) = delete;
  DaemonSupervisor& operator=(const DaemonSupervisor&) = delete;

  // Adopts or starts the daemon, and begins to watch it. Once only. An error: it could not be
  // started; nothing is watched then.
  Awaitable<Status> Start();
  // What the next start uses; the socket, the state directory and the programs stay as they are.
  void UpdateOptions(const DaemonOptions& options);
  // The next check that succeeds from this call on ends the wait: OK. DEADLINE_EXCEEDED with the
  // last failure's text, or CANCELLED by Close. One wait at a time.
  Awaitable<Status> WaitUntilHealthy(Duration timeout);
  // Ends the watch, and leaves the daemon as it is.
  Awaitable<void> Close();
  // Close(), then SIGTERM, after Timing::daemon_term_wait SIGKILL, and the PID file and the socket
  // are removed. An external daemon is left alone.
  Awaitable<Status> Cleanup();

  DaemonStatus status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libcontainerd
