// START HERE. Client: what an engine holds to run containers through containerd 0.2.
//
// A Client is bound to one Backend (callbacks) and reaches the world through ports: ContainerdApi,
// Stdio and BundleStore, on a Runtime. remote.h puts the real ones together.
//
//   threads    Every member runs on the runtime's executor thread: co_await the calls from a
//              coroutine there, or use BlockingClient from any other thread.
//   ordering   Operations of one container exclude each other, first come first served; different
//              containers never wait for each other. Signal and SignalProcess wait for nothing.
//              Events are handled while operations are under way.
//   reentrancy Any method may be called from any callback. From one of the same container, Create,
//              Pause, Resume and Restore would wait for it, and from an attach everything that
//              waits for its turn: BlockingClient refuses these with FAILED_PRECONDITION.
//   deadlines  Every operation has one, counted from the call: Timing's default, or
//              CallOptions::timeout. Waiting for the operation before it counts. Past it:
//              DEADLINE_EXCEEDED. Only callbacks that the call has to wait for may take longer.
//   failures   A create or add-process that failed leaves nothing: no files, nothing tracked,
//              nothing that runs. While that is being seen to, its id or name is in use.
//   errors     Where containerd answered with an error, its code and text are passed on. Our own:
//              INVALID_ARGUMENT "invalid container: ID" and "OCI spec: PLACE: …",
//              FAILED_PRECONDITION "No active process for container ID", ALREADY_EXISTS "Container
//              ID is already active", ABORTED "container ID exited" for a wait that the container's
//              exit ended, UNAVAILABLE "container ID: the event stream broke, and its pause event
//              is lost" (or resume) for one whose event neither the new stream nor the stored log
//              brought, CANCELLED after Close.
//   ownership  The client owns nothing that is passed by reference; those objects outlive it. Pipes
//              are the engine's from the attach on, and both outputs have to be read to their end.
//   more       docs/callers.md
//
// Source: libcontainerd of moby 606a245d8548 (October 2016). Deviations from it:
// docs/deviations.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libcontainerd/backend.h"
#include "libcontainerd/bundle_store.h"
#include "libcontainerd/containerd_api.h"
#include "libcontainerd/error.h"
#include "libcontainerd/event_receipt.h"
#include "libcontainerd/reference_behaviour.h"
#include "libcontainerd/runtime.h"
#include "libcontainerd/stdio.h"
#include "libcontainerd/timing.h"

namespace libcontainerd {

struct CallOptions {
  std::optional<Duration> timeout{};  // instead of the operation's default
};

struct CreateOptions {
  std::string runtime{};  // path of an OCI runtime for this container; empty: the daemon's
  std::vector<std::string> runtime_args{};  // count only together with `runtime`
  std::string checkpoint{};                 // start from this checkpoint of …
  std::string checkpoint_dir{};             // … this directory; absolute, and never left empty
  std::optional<Duration> timeout{};
};

// A further process of a running container. Whatever is not given comes from the container's own
// spec.
struct ProcessSpec {
  bool terminal = false;
  std::vector<std::string> args{};
  std::optional<std::vector<std::string>> env{};
  std::optional<std::string> cwd{};
  std::optional<types::User> user{};
  std::optional<std::vector<std::string>> capabilities{};
};

struct AddedProcess {
  std::uint32_t system_pid = 0;  // 0: this daemon does not tell
};

struct RestoreOptions {
  std::optional<bool> live{};  // let it run on, or end it; not given: as SetLiveRestore() says
  // From the call to the first callback, waits and requests together. Not given: each request has
  // its own, and the waits are those of Timing.
  std::optional<Duration> timeout{};
};

// What a client is tracking: for reports and leak checks.
struct TrackedContainer {
  std::string id;
  std::uint32_t system_pid = 0;
  bool oom = false;
  std::vector<std::string> processes;  // execs, sorted
  bool condemned = false;              // its create failed, and whatever runs of it is being ended
};

struct ClientOptions {
  Timing timing{};
  ReferenceBehaviour reference{};  // tests only
  bool no_pivot_root = false;      // the root is a RAM disk; engines take it from DOCKER_RAMDISK
};

// Events that led to no callback, counted: evidence for "the exit never came".
struct DroppedEvents {
  std::uint64_t unknown_container = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t earlier_life = 0;
  std::uint64_t after_exit = 0;    // of a container whose exit was seen, or given up, already
  std::uint64_t failed_start = 0;  // of a create or add-process that failed, or was killed for it

  std::uint64_t total() const {
    return unknown_container + duplicate + earlier_life + after_exit + failed_start;
  }
};

class Client {
 public:
  struct Ports {
    Runtime& runtime;
    ContainerdApi& api;
    Stdio& stdio;
    BundleStore& bundles;
  };

  Client(Ports ports, Backend& backend, ClientOptions options = {});
  ~Client();  // Close() must have returned
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Ends every wait with CANCELLED, refuses new calls, and returns when nothing of this client runs
  // any more. Running callbacks are waited for. Containers are left alone. May be called again, and
  // returns when the first call does.
  Awaitable<void> Close();

  // `spec_json` is the OCI runtime spec as the engine wrote it: what we read of it is checked, all
  // of it is passed on untouched. If it maps the container's root to another user of the host, the
  // bundle is that user's (bundle_store.h). Returns once the kStart callback ended. On an error
  // nothing is left: no bundle, no tracked container, and whatever was started is killed.
  Awaitable<Status> Create(std::string id, std::string spec_json, CreateOptions options = {});

  // Returns once the process is attached. `name` is the friendly name, unique among the container's
  // processes until the exit-process callback of its last bearer ended.
  Awaitable<Result<AddedProcess>> AddProcess(std::string id, std::string name, ProcessSpec process,
                                             CallOptions options = {});

  Awaitable<Status> Signal(std::string id, std::uint32_t signal, CallOptions options = {});
  Awaitable<Status> SignalProcess(std::string id, std::string name, std::uint32_t signal,
                                  CallOptions options = {});
  Awaitable<Status> Resize(std::string id, std::string name, std::uint32_t width,
                           std::uint32_t height, CallOptions options = {});
  // Return once the pause or resume callback ended.
  Awaitable<Status> Pause(std::string id, CallOptions options = {});
  Awaitable<Status> Resume(std::string id, CallOptions options = {});

  Awaitable<Result<types::StatsResponse>> Stats(std::string id, CallOptions options = {});
  Awaitable<Result<std::vector<std::uint32_t>>> GetPidsForContainer(std::string id,
                                                                    CallOptions options = {});
  // Always empty on Linux.
  Awaitable<Result<std::vector<std::string>>> Summary(std::string id);
  Awaitable<Status> UpdateResources(std::string id, types::UpdateResource resources,
                                    CallOptions options = {});

  // `checkpoint_dir` empty: <bundle>/checkpoints, which goes with the container. `exit`: the
  // container ends once the checkpoint is written, as if it had been killed.
  Awaitable<Status> CreateCheckpoint(std::string id, std::string name, std::string checkpoint_dir,
                                     bool exit, CallOptions options = {});
  Awaitable<Status> DeleteCheckpoint(std::string id, std::string name, std::string checkpoint_dir,
                                     CallOptions options = {});
  Awaitable<Result<types::ListCheckpointResponse>> ListCheckpoints(std::string id,
                                                                   std::string checkpoint_dir,
                                                                   CallOptions options = {});

  Awaitable<Result<types::GetServerVersionResponse>> GetServerVersion(CallOptions options = {});

  // Picks up a container of an earlier engine, by what the daemon and its stored log say of it:
  //
  //   gone            kExit, with its init's code; 255 if that is nowhere to be found (waited for:
  //                   Timing's restore_exit_wait, or restore_unknown_wait if the log does not know
  //                   the container). The bundle is removed, and a rootfs mount that an engine of
  //                   1.11.0 left in it is unmounted.
  //   runs, live      AttachStreams, then kRestore with the system pid, then kPause if it is
  //                   paused, then kExitProcess for each exec that ended while no engine listened
  //                   (SetHandledUntil). Execs that still run are tracked; they are not attached.
  //   runs, not live  it is ended: SIGTERM, after restore_term_wait SIGKILL. kExit alone is called
  //                   back, with its code; 255 restore_kill_wait later if it would not die, and
  //                   then the id stays active until it has.
  //
  // Returns once those callbacks (but for the exit-processes) ended, with the error of the first
  // that failed. ALREADY_EXISTS "container ID is already active" for a tracked one. After an error
  // nothing is tracked and the bundle is as it was, unless the exit was called back: call again.
  // Any number of containers may be restored at once.
  Awaitable<Status> Restore(std::string id, RestoreOptions options = {});
  // For restores that begin from now on; at first false.
  void SetLiveRestore(bool live);
  // Up to here the engine before this one had handled every event: its cursor. What a live restore
  // finds in the log after it is reported. Never set: nothing is.
  void SetHandledUntil(WallTime time);

  // The event stream hands its events over here; events of containers that this client does not
  // track are dropped.
  void HandleEvents(std::span<const types::Event> events);
  // The same with a receipt, of which the client keeps copies until all is over that the event led
  // to: its callback, and of init's exit those of the execs too.
  void HandleEvent(const types::Event& event, EventReceipt receipt);

  std::vector<TrackedContainer> Tracked() const;
  // Containers, queued callbacks, waiters and coroutines: 0 at rest with nothing tracked.
  std::size_t LiveObjects() const;
  // Callbacks and attaches begun or queued, and their clean-up: 0 when everything that arrived has
  // been handled.
  std::size_t PendingCallbacks() const;
  DroppedEvents dropped_events() const;

 private:
  friend class Remote;  // which reconciles its clients with the daemon
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with the calls that have not ended
};

}  // namespace libcontainerd
