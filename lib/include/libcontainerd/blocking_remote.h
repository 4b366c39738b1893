// BlockingRemote: everything that an engine with plain threads needs, in one object — a runtime,
// the connection to containerd, its health watch and event stream, the cursor, and, if asked for,
// the containerd process itself.
//
//   BlockingRemoteOptions options;
//   options.state_dir = "/run/engine/libcontainerd";
//   options.TakeFromEnvironment();
//   Result<std::unique_ptr<BlockingRemote>> remote = BlockingRemote::Start(options);
//   BlockingClient& client = (*remote)->NewClient(backend);
//   client.Create("web", spec_json);
//   …
//   (*remote)->Cleanup();
//
// What lies in the state directory: a directory for each container's bundle, `event.ts` (the
// cursor), and for an owned daemon `docker-containerd.sock`, `docker-containerd.pid` and
// `containerd/`, which is the daemon's own.
//
// Pipes that a Backend is given live on the remote's runtime: WaitFor(remote.runtime(),
// pipe.out->Read(n)) blocks until there is something. They end before the remote does.
//
// Threads: every member may be called from any thread but the runtime's own executor: not inside a
// Backend's function that was not run by this remote's BlockingBackendAdapter.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libcontainerd/backend.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/daemon_supervisor.h"
#include "libcontainerd/error.h"
#include "libcontainerd/reference_behaviour.h"
#include "libcontainerd/runtime.h"
#include "libcontainerd/timing.h"

namespace libcontainerd {

class SteppableClock;

struct BlockingRemoteOptions {
  // Made, with what is missing above it, mode 0700.
  std::string state_dir{};
  // A containerd's unix socket, as a path or as unix://PATH; empty:
  // <state_dir>/docker-containerd.sock.
  std::string address{};
  // Run a containerd that listens there. Not given: exactly if no address is.
  std::optional<bool> start_daemon{};

  // How an owned daemon is run.
  std::string daemon_program = "docker-containerd";
  std::string shim_program = "docker-containerd-shim";
  std::string runtime{};  // path of its OCI runtime; empty: its default
  std::vector<std::string> runtime_args{};
  bool debug = false;
  int oom_score_adj = 0;
  int daemon_stdout_fd = 1;
  int daemon_stderr_fd = 2;

  // Restores leave containers running (RestoreOptions may say otherwise).
  bool live_restore = false;
  bool keep_bundles = false;   // of containers that exited
  bool no_pivot_root = false;  // the root is a RAM disk

  Timing timing{};
  ReferenceBehaviour reference{};   // tests only
  SteppableClock* clock = nullptr;  // tests: instead of the machine's; outlives the remote
  // What happens to the daemon, for logs. Runs on the executor; must not call back.
  std::function<void(const DaemonEvent&)> observer{};

  // LIBCONTAINERD_NOCLEAN=1: keep_bundles; DOCKER_RAMDISK set to anything: no_pivot_root.
  void TakeFromEnvironment();
};

// What UpdateOptions() changes; the rest stays as it is.
struct BlockingRemoteUpdate {
  std::optional<bool> live_restore{};
  // From the daemon's next start on:
  std::optional<bool> debug{};
  std::optional<std::string> runtime{};
  std::optional<std::vector<std::string>> runtime_args{};
  std::optional<int> oom_score_adj{};
};

class BlockingRemote {
 public:
  // Returns when containerd answers, which is waited for during Timing::daemon_ready_deadline.
  // Every error begins with "Failed to connect to containerd. "; nothing of ours runs then.
  static Result<std::unique_ptr<BlockingRemote>> Start(BlockingRemoteOptions options);
  // Close(), then ends the threads. An owned daemon that is left dies now.
  ~BlockingRemote();
  BlockingRemote(const BlockingRemote&) = delete;
  BlockingRemote& operator=(const BlockingRemote&) = delete;

  // A client of its own for this backend, which outlives the remote; the client is the remote's.
  // After Close() its calls return CANCELLED.
  BlockingClient& NewClient(BlockingBackend& backend);

  void UpdateOptions(const BlockingRemoteUpdate& update);

  // Ends the watch, the event stream and the clients, whose calls return CANCELLED from now on, and
  // closes the connection. An owned daemon runs on. Callbacks that run are waited for, so not from
  // inside one. Again: nothing.
  void Close();
  // Close(), and ends an owned daemon: SIGTERM, later SIGKILL; its PID file and socket are removed.
  Status Cleanup();

  Runtime& runtime();
  DaemonStatus daemon_status();
  const std::string& socket_path() const;

 private:
  class Impl;
  explicit BlockingRemote(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace libcontainerd
