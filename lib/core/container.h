// One life of one container id, as the client tracks it. State only; client_impl.h moves it.
//
// Threads: the executor's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "containerd_v0.pb.h"
#include "lib/core/disk_steps.h"
#include "lib/core/stdin_closer.h"
#include "lib/core/stop.h"
#include "libcontainerd/async.h"
#include "libcontainerd/backend.h"
#include "libcontainerd/event_receipt.h"
#include "libcontainerd/light_queue.h"
#include "libcontainerd/mailbox.h"
#include "libcontainerd/seldom.h"
#include "libcontainerd/stdio.h"

namespace libcontainerd {

// The open streams of a process and who carries its stdin's closing.
struct AttachedStdio {
  std::unique_ptr<ProcessStdio> streams;
  std::shared_ptr<StdinCloser> stdin_closer;

  // The client came to a process that runs already: its ends may have had their writers' last
  // already.
  bool reopened = false;

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
  StdioPaths paths;                        // empty: it has no FIFOs that are to be removed
  std::optional<std::uint32_t> held_exit;  // arrived while kStarting …
  EventReceipt held_receipt;               // … with this
  bool container_exited = false;           // while kStarting: the add-process fails
  std::shared_ptr<DiskSteps> disk;         // of its add-process
  bool clearing = false;                   // kAbsorbed: its FIFOs are being removed …
  bool gone = false;                       // … and it is gone
};

// The execs of a container, one of each name, in the order of the names. Few at a time, and none in
// most containers: an array needs no nodes.
class ExecTable {
 public:
  // Null if there is none of that name.
  std::shared_ptr<Exec> Find(std::string_view name) const;
  // In the place of another of its name, if there is one.
  void Put(std::shared_ptr<Exec> exec);
  // Nothing happens if its name is another's, or nobody's.
  void Remove(const std::shared_ptr<Exec>& exec);

  std::size_t size() const { return execs_.size(); }
  auto begin() const { return execs_.begin(); }
  auto end() const { return execs_.end(); }

 private:
  std::size_t PlaceOf(std::string_view name) const;

  std::vector<std::shared_ptr<Exec>> execs_;
};

// What Pause or Resume waits for.
struct StateWait {
  explicit StateWait(Runtime& runtime) : ended(runtime) {}
  OneShot<Status> ended;
  bool answered = false;        // the daemon did it: the event is on its way, or was
  std::uint64_t lost_with = 0;  // the loss of the event stream that its event may have gone with
};
using StateWaiter = std::shared_ptr<StateWait>;

// One queued callback of a container.
struct QueuedCallback {
  StateInfo info;
  StateWaiter waiter{};                     // kPause, kResume: its end releases that call
  std::shared_ptr<Exec> exec;               // kExitProcess of a tracked exec
  std::shared_ptr<OneShot<Status>> result;  // Create or Restore waits for it
  bool may_live = false;  // kExit of one that would not die: its bundle stays until it does
  EventReceipt receipt;   // of the event that led to it; null if none did
};

struct HeldEvent {
  types::Event event;
  EventReceipt receipt;
};

// The receipts of events that are handled together.
class EventReceipts final : public PendingEvent {
 public:
  void Add(EventReceipt receipt) {
    if (receipt) receipts_.push_back(std::move(receipt));
  }
  void Abandon() override {
    for (const EventReceipt& receipt : receipts_) receipt->Abandon();
  }

 private:
  std::vector<EventReceipt> receipts_;
};

class Container;

// Calls back; calls `done` once, then or later.
class CallbackRunner {
 public:
  virtual void RunCallback(const std::shared_ptr<Container>& container, QueuedCallback&& callback,
                           UniqueFunction<void()>&& done) = 0;

 protected:
  ~CallbackRunner() = default;
};

class Container : public std::enable_shared_from_this<Container> {
 public:
  enum class Phase : std::uint8_t {
    kStarting,   // create in flight: events wait
    kRestoring,  // restore in flight, nothing decided: events wait
    kEnding,     // a restore is ending it: only its exit is called back
    kRunning,
    kDraining,   // init's exit arrived; the execs' own exits are awaited for a moment
    kExiting,    // the exit callback is queued or runs: the id stays active
    kCondemned,  // create failed but something may run: its exit is absorbed, then the bundle goes
    kGone,
  };

  // The runner outlives it, or at least its callbacks.
  Container(Runtime& runtime, std::string container_id, CallbackRunner& runner)
      : id(std::move(container_id)),
        ended(runtime),
        operations(runtime),
        callbacks([this, &runner](QueuedCallback&& callback, UniqueFunction<void()>&& done) {
          runner.RunCallback(shared_from_this(), std::move(callback), std::move(done));
        }) {}

  bool running() const { return phase == Phase::kRunning; }
  // Its init's exit has not been seen, and is to be called back.
  bool alive() const {
    return phase == Phase::kStarting || phase == Phase::kRunning || phase == Phase::kEnding;
  }

  // A time, on both clocks.
  struct Moment {
    WallTime wall{};
    Duration t{0};
  };

  const std::string id;
  Phase phase = Phase::kStarting;
  bool create_sent = false;  // while kStarting: no event before that is of this life
  bool start_told = false;   // its start-container came
  bool unrecorded = false;   // restored, and nothing of its life stood in the log
  bool settling = false;     // whose an exit is that came before that: events wait
  bool exit_held = false;    // init's exit is among the held events
  Moment began;              // when the create RPC was sent
  std::uint32_t system_pid = 0;
  std::uint32_t exit_status = 0;
  bool oom = false;
  bool restored = false;   // by Restore, not by Create
  bool given_up = false;   // a restore failed after its first callback: nothing more is called back
  bool exit_seen = false;  // of init, after it was called back as gone
  bool exec_exited = false;  // while kEnding
  bool silent = false;    // create failed: what still happens is cleaned up after, not called back
  std::string inherited;  // the spec's process on the wire: what execs take over
  AttachedStdio stdio;
  ExecTable execs;
  std::vector<HeldEvent> held_events;  // arrived while kStarting or kRestoring
  EventReceipt exit_receipt;           // of init's exit, until its callback begins
  std::optional<TimerId> drain_timer;
  bool exit_concluded = false;  // reconcile did: see missing_since

  // What most containers never come to.
  struct Rarities {
    // Execs whose add-process failed and that the daemon does not have (any more): if there was
    // one, its exit may still come.
    std::vector<std::string> unborn_execs;
    std::shared_ptr<EventReceipts> restore_receipts;  // of events that came while kRestoring
    std::shared_ptr<DiskSteps> restore_disk;          // of its restore, or while it is condemned
    std::shared_ptr<OneShot<Status>> exit_result;     // a restore waits for the exit callback
    std::vector<std::shared_ptr<OutputReader>> discarded;  // read to their ends by nobody's wish
    // When its restore asked for the state in which it ran: an exit from before that is an earlier
    // life's.
    std::optional<Moment> ran_at;
    // Since when the daemon has not known it although no exit came.
    std::optional<Duration> missing_since;
    std::unique_ptr<QueuedCallback> overtaken;  // of mutants: comes after the next one
  };
  Seldom<Rarities> rare;

  StopSignal ended;       // ends the sleeps of whoever makes sure that something of it is killed
  AsyncMutex operations;  // the container's operations exclude each other
  Mailbox<QueuedCallback> callbacks;

  // Who waits for a pause or resume event, oldest first. With its event each moves on to the
  // callback of that.
  LightQueue<StateWaiter> pause_waiters;
  LightQueue<StateWaiter> resume_waiters;
  LightQueue<StateWaiter>& WaitersFor(ContainerState state) {
    return state == ContainerState::kPause ? pause_waiters : resume_waiters;
  }
};

// What a call gets whose container ended first.
Error ContainerExited(const std::string& id);

}  // namespace libcontainerd
