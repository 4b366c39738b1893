// One life of one container id, as the client tracks it. State only; client_impl.h moves it.
//
// Threads: the executor's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "containerd_v0.pb.h"
#include "lib/core/disk_steps.h"
#include "lib/core/stdin_closer.h"
#include "lib/core/stop.h"
#include "libcontainerd/async.h"
#include "libcontainerd/backend.h"
#include "libcontainerd/mailbox.h"
#include "libcontainerd/stdio.h"

namespace libcontainerd {

// The streams of a process and who carries its stdin's closing.
struct AttachedStdio {
  StdioPaths paths;
  std::unique_ptr<ProcessStdio> streams;
  std::shared_ptr<StdinCloser> stdin_closer;

  void Started();
  // Create, add-process or attach failed: our ends close, what the process wrote stays readable.
  void Abandon();
  void ProcessGone();
};

// An exec.
struct Exec {
  enum class Phase : std::uint8_t {
    kStarting,  // its add-process has not returned: an exit waits
    kRunning,
    kExited,    // its exit-process callback is queued or runs: the name stays busy
    kAbsorbed,  // its add-process failed although it may have run: its exit is absorbed
  };
  std::string name;
  Phase phase = Phase::kStarting;
  AttachedStdio stdio;
  std::optional<std::uint32_t> held_exit;  // arrived while kStarting
  bool container_exited = false;           // while kStarting: the add-process fails
  std::shared_ptr<DiskSteps> disk;         // of its add-process
  bool clearing = false;                   // kAbsorbed: its FIFOs are being removed …
  bool gone = false;                       // … and it is gone
};

// One queued callback of a container.
struct QueuedCallback {
  StateInfo info;
  std::shared_ptr<Exec> exec;               // kExitProcess of a tracked exec
  std::shared_ptr<OneShot<Status>> result;  // kStart: Create waits for it
};

// What Pause or Resume waits for.
using StateWaiter = std::shared_ptr<OneShot<Status>>;

class Container : public std::enable_shared_from_this<Container> {
 public:
  using CallbackRunner =
      std::function<void(std::shared_ptr<Container>, QueuedCallback, UniqueFunction<void()> done)>;

  enum class Phase : std::uint8_t {
    kStarting,  // create in flight: events wait
    kRunning,
    kDraining,   // init's exit arrived; the execs' own exits are awaited for a moment
    kExiting,    // the exit callback is queued or runs: the id stays active
    kCondemned,  // create failed but something may run: its exit is absorbed, then the bundle goes
    kGone,
  };

  Container(Runtime& runtime, std::string container_id, CallbackRunner run_callback)
      : id(std::move(container_id)),
        ended(runtime),
        operations(runtime),
        callbacks([this, run = std::move(run_callback)](QueuedCallback callback,
                                                        UniqueFunction<void()> done) {
          run(shared_from_this(), std::move(callback), std::move(done));
        }) {}

  bool running() const { return phase == Phase::kRunning; }

  const std::string id;
  Phase phase = Phase::kStarting;
  WallTime began_wall{};  // when the create RPC was sent, on both clocks
  Duration began{0};
  std::uint32_t system_pid = 0;
  std::uint32_t exit_status = 0;
  bool oom = false;
  bool silent = false;     // create failed: what still happens is cleaned up after, not called back
  types::Process process;  // of the spec: what execs inherit
  AttachedStdio stdio;
  std::map<std::string, std::shared_ptr<Exec>> execs;
  std::vector<types::Event> held_events;  // arrived while kStarting
  std::optional<TimerId> drain_timer;

  StopSignal ended;       // ends the sleeps of whoever makes sure that something of it is killed
  AsyncMutex operations;  // the container's operations exclude each other
  Mailbox<QueuedCallback> callbacks;

  // Waiters for the pause and resume callbacks, oldest first, and how many of those callbacks are
  // queued or running.
  struct StateWait {
    std::deque<StateWaiter> waiters;
    std::size_t queued_callbacks = 0;
  };
  StateWait pause;
  StateWait resume;
  StateWait& WaitFor(ContainerState state) {
    return state == ContainerState::kPause ? pause : resume;
  }
};

}  // namespace libcontainerd
