// SimulatedProcess: one process of a container, running its Behaviour over the streams that its
// shim opened.
//
// It knows nothing of the daemon: it lives, writes, reads, freezes and dies, and tells its owner of
// its end. What was written before the end still reaches the reader; the streams close ("released")
// once all of it is in the pipes and no child holds them any more.
//
// Threads: the executor's. Owned by shared_ptr because its coroutines hold it too; Abandon() cuts
// every tie.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake_containerd/world/behaviour.h"
#include "fake_containerd/world/digest.h"
#include "fake_containerd/world/model.h"
#include "fake_containerd/world/observer.h"
#include "fake_containerd/world/process_io.h"
#include "libcontainerd/async.h"
#include "libcontainerd/light_queue.h"
#include "libcontainerd/seldom.h"
#include "libcontainerd/unique_function.h"

namespace fake_containerd {

// Of a container, and of everything in it.
using SharedKey = std::shared_ptr<const ContainerKey>;

class SimulatedProcess : public std::enable_shared_from_this<SimulatedProcess> {
 public:
  // Whoever runs it.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void Ended() = 0;                // dead; status() is set
    virtual void Oom(bool child) = 0;        // before the death, when it is the process itself
    virtual std::uint32_t NextPid() = 0;     // for children
    virtual void Released() = 0;             // before what WhenReleased() was given
    virtual bool LosesLastByte() const = 0;  // of longer writes: a mutant
  };

  // `observer` may be null, else it outlives Abandon() or the last release. `owner` may be null for
  // one that never starts. Of `behaviour` what is still to come counts: steps and signals.
  SimulatedProcess(Runtime& runtime, WorldObserver* observer, SharedKey container, ProcessInfo info,
                   Behaviour behaviour, std::unique_ptr<ProcessStreams> streams,
                   std::unique_ptr<Owner> owner);
  SimulatedProcess(const SimulatedProcess&) = delete;
  SimulatedProcess& operator=(const SimulatedProcess&) = delete;

  // One that an earlier world knew: it is dead, its streams are closed, nobody is told.
  static std::shared_ptr<SimulatedProcess> Gone(Runtime& runtime, SharedKey container,
                                                ProcessInfo info, std::uint32_t status);

  void Start();
  // Closes the streams, calls no owner and no observer from here on. The script ends.
  void Abandon();

  const ProcessInfo& info() const { return info_; }
  bool dead() const { return dead_; }
  std::uint32_t status() const { return status_; }
  bool released() const { return released_; }
  // Runs `then` when the streams are closed: at once if they are.
  void WhenReleased(libcontainerd::UniqueFunction<void()> then);
  // Itself, while alive, and its living children.
  void AppendPids(std::vector<std::uint32_t>& pids) const;
  ProcessActivity Activity() const;

  // A signal from outside, 0 to 64. Waits for the thaw when frozen.
  void Signal(std::uint32_t signal);
  void Freeze();
  void Thaw();
  // It ends by itself with this code, at the thaw when frozen.
  void Exit(std::uint32_t code);
  // Dies at once from a SIGKILL, frozen or not, and all its children with it.
  void Kill();
  void KillChildren();
  // The OOM killer takes it.
  void OomKill();
  // Its children let go of the streams and are gone.
  void ReleaseChildren();
  // Beside the script. Nothing once that output is closed.
  void Write(OutputStream stream, std::string data);
  void GiveCue(const std::string& name);
  void CloseStdin();
  void Resize(std::uint32_t width, std::uint32_t height);

 private:
  using Done = std::shared_ptr<libcontainerd::OneShot<libcontainerd::Unit>>;
  struct Pending {
    std::string data;
    Done done;
  };
  struct Output {
    libcontainerd::LightQueue<Pending> queue;
    bool pumping = false;
    bool closing = false;  // close when the queue is empty
    bool closed = false;
    Sha256 digest;
  };
  struct Child {
    std::optional<libcontainerd::TimerId> timer;
    bool due = false;  // its time passed while frozen
    std::string output;
  };

  libcontainerd::Awaitable<void> RunScript(std::shared_ptr<SimulatedProcess> self);
  libcontainerd::Awaitable<void> Run(step::Write step);
  libcontainerd::Awaitable<void> Run(step::WritePattern step);
  libcontainerd::Awaitable<void> Run(step::EchoStdin step);
  libcontainerd::Awaitable<void> Run(step::ReadStdin step);
  libcontainerd::Awaitable<void> Run(step::Wait step);
  libcontainerd::Awaitable<void> Run(step::AwaitCue step);
  libcontainerd::Awaitable<void> Run(step::CloseOutput step);
  libcontainerd::Awaitable<void> Run(step::SpawnChildren step);
  libcontainerd::Awaitable<void> Run(step::Exit step);
  libcontainerd::Awaitable<void> Run(step::Die step);
  libcontainerd::Awaitable<void> Run(step::Oom step);
  libcontainerd::Awaitable<void> CopyStdin(bool echo);
  libcontainerd::Awaitable<void> WriteAndWait(OutputStream stream, std::string data);
  libcontainerd::Awaitable<void> Thawed();
  libcontainerd::Awaitable<void> Suspend();
  libcontainerd::Awaitable<void> Pump(std::shared_ptr<SimulatedProcess> self, OutputStream stream);

  void Wake();
  void CancelTimers();
  void Deliver(std::uint32_t signal);
  void Handle(const SignalHandler& handler);
  void End(std::uint32_t status);
  void EndChild(std::uint32_t pid);
  Done Enqueue(OutputStream stream, std::string data);
  void Finish(OutputStream stream);
  void MaybeRelease();
  bool halted() const { return frozen_ || stopped_; }
  OutputStream Routed(OutputStream stream) const;
  Output& output(OutputStream stream) { return outputs_[stream == OutputStream::kStderr ? 1 : 0]; }

  Runtime& runtime_;
  WorldObserver* observer_;
  SharedKey container_;
  ProcessInfo info_;
  std::vector<Step> steps_;
  std::unique_ptr<ProcessStreams> streams_;
  std::unique_ptr<Owner> owner_;

  bool dead_ = false;
  bool released_ = false;
  bool abandoned_ = false;
  bool frozen_ = false;
  bool stopped_ = false;  // by SIGSTOP and its like
  std::uint32_t status_ = 0;
  Output outputs_[2];
  Sha256 stdin_digest_;
  bool stdin_ended_ = false;
  // What most processes never come to.
  struct Rarities {
    std::map<std::uint32_t, SignalHandler> signals;
    std::optional<std::uint32_t> exit_at_thaw;
    std::vector<std::uint32_t> pending_signals;
    std::map<std::string, bool> cues;
    std::map<std::uint32_t, Child> children;  // by system pid
    std::vector<libcontainerd::TimerId> timers;
    std::uint32_t terminal_width = 0;
    std::uint32_t terminal_height = 0;
    std::uint64_t resizes = 0;
  };
  libcontainerd::Seldom<Rarities> rare_;
  Done wait_;  // what the script is suspended on
  std::vector<libcontainerd::UniqueFunction<void()>> when_released_;
};

}  // namespace fake_containerd
