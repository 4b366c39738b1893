// World: one containerd with everything below it — its table of containers, its main loop and start
// workers, its event log and subscribers, and the simulated processes that a kernel and a runtime
// would run.
//
// It speaks commands, enums and values; fake_containerd/v0 turns the 0.2 API into those and back.
// Two halves:
//   the daemon    table, loop, log, subscribers; dies with StopDaemon(), comes back with
//   StartDaemon() the machine   processes and their streams; goes on meanwhile, as shims do
//
// Threads: the executor's of the runtime it was made with; no locks, timers only through the
// runtime. Lifetime: runtime, ProcessIo and observer outlive the world. Destroying it answers
// everything with kDaemonGone and closes every stream; coroutines that still wait then end without
// touching it.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake_containerd/injector.h"
#include "fake_containerd/mutant.h"
#include "fake_containerd/stats.h"
#include "fake_containerd/world/behaviour.h"
#include "fake_containerd/world/checkpoints.h"
#include "fake_containerd/world/choices.h"
#include "fake_containerd/world/container_files.h"
#include "fake_containerd/world/event_log.h"
#include "fake_containerd/world/event_queue.h"
#include "fake_containerd/world/faulty_streams.h"
#include "fake_containerd/world/main_loop.h"
#include "fake_containerd/world/model.h"
#include "fake_containerd/world/observer.h"
#include "fake_containerd/world/process.h"
#include "fake_containerd/world/process_io.h"
#include "fake_containerd/world/subscribers.h"
#include "libcontainerd/async.h"
#include "libcontainerd/random.h"

namespace fake_containerd {

struct WorldOptions {
  BehaviourPolicy behaviour{};  // empty: what the container's annotations and arguments say
  Choices choices{};
  WorldObserver* observer = nullptr;
  Duration start_timeout = std::chrono::seconds(15);
  std::string default_runtime = "runc";
  std::size_t start_workers = 10;
  std::size_t start_queue = 10;
  int retain_count = EventLog::kDefaultRetainCount;  // <= 0: unlimited
  std::size_t subscriber_capacity = Subscribers::kDefaultCapacity;
  std::optional<std::filesystem::path>
      event_log{};  // a file; none: kept in memory, also across restarts
  // Where containers are recorded, one directory each, so that the next world on it knows them
  // (container_files.h). None: they are known as long as this world lives. It must be there.
  std::optional<std::filesystem::path> state_directory{};
  // Checkpoints are directories on disk, as the real daemon's, rather than in memory.
  bool checkpoints_on_disk = false;
  std::uint32_t first_pid = 1000;
  FaultPlan faults{};  // from the first start on
  std::uint64_t fault_seed = 1;
  // Beyond these: kTooManyContainers; subscribers that are cut off.
  std::size_t max_containers = static_cast<std::size_t>(-1);
  std::size_t max_event_bytes = static_cast<std::size_t>(-1);
  Mutants mutants{};  // tests only
};

// Reads the container's bundle; called by the world when the id is reserved. Its failure becomes
// kBundle.
using ReadBundle = std::function<libcontainerd::Awaitable<libcontainerd::Result<BundleSpec>>()>;

struct CreateCommand {
  ContainerKey key{};
  std::string bundle{};
  std::vector<std::string> labels{};
  std::string runtime{};  // empty: the default
  IoPaths io{};
  std::optional<std::string> checkpoint{};  // to start from
  std::string checkpoint_directory{};       // taken as it is, also when empty
  ReadBundle read_bundle{};
};

struct AddProcessCommand {
  ContainerKey key{};
  std::string name{};
  ProcessSpec spec{};
  IoPaths io{};
  ReadBundle read_bundle{};  // its result is not used, its failure is
};

struct ProcessUpdate {
  bool close_stdin = false;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

class World {
 public:
  template <class T>
  using Answer = libcontainerd::Awaitable<WorldResult<T>>;

  // The daemon is stopped; StartDaemon() first.
  World(Runtime& runtime, ProcessIo& io, WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // --- The daemon's life ---

  // Reads the event log and the state directory (what is unreadable stops the start), finds its
  // containers again and emits the exits that it missed. Nothing if it runs already. Processes of
  // an earlier world on the same directory are gone: their exits have the status recorded, else
  // 255. A start that something holds or delays at the point daemon.start is OK here and goes on
  // later; how it ended start_failure() says.
  libcontainerd::Status StartDaemon();
  // As by SIGKILL: unanswered commands fail with kDaemonGone, subscriptions break, what was queued
  // is lost.
  void StopDaemon();
  bool daemon_running() const { return running_; }
  // Why the last start that was tried did not succeed.
  const std::optional<libcontainerd::Error>& start_failure() const { return start_failure_; }

  // --- Commands. Each is answered once; all but Stats go through the main loop. ---

  // The answer is the container as it is when the answer is taken: a short-lived one may be stopped
  // already.
  Answer<ContainerInfo> Create(CreateCommand command);
  Answer<std::uint32_t> AddProcess(AddProcessCommand command);  // the system pid
  Answer<void> Signal(ContainerKey key, std::string process, std::uint32_t signal);
  Answer<void> UpdateProcess(ContainerKey key, std::string process, ProcessUpdate update);
  Answer<void> Pause(ContainerKey key);
  Answer<void> Resume(ContainerKey key);
  Answer<void> SetResources(ContainerKey key, Resources resources);
  // Nothing but the question whether it is there.
  Answer<void> Find(ContainerKey key);
  // With an empty id every container of the namespace.
  Answer<std::vector<ContainerInfo>> List(ContainerKey key);
  Answer<TaskStats> Stats(ContainerKey key);
  // An empty directory means `<bundle>/checkpoints`.
  Answer<void> CreateCheckpoint(ContainerKey key, std::string directory, CheckpointOptions options);
  Answer<void> DeleteCheckpoint(ContainerKey key, std::string directory, std::string name);
  Answer<std::vector<CheckpointOptions>> ListCheckpoints(ContainerKey key, std::string directory);
  // The engine removed this directory, a bundle, with the checkpoints in it.
  void DirectoryRemoved(const std::string& directory) { checkpoints_.Forget(directory); }

  // Live ones break with the daemon. While it is stopped a new one waits for its start.
  std::unique_ptr<Subscription> Subscribe(EventFilter filter,
                                          libcontainerd::UniqueFunction<void()> on_ready);

  // --- What tests and injectors do. False when there is no such container or process. ---

  bool ExitProcess(const ContainerKey& key, const std::string& process, std::uint32_t code);
  bool KillProcess(const ContainerKey& key, const std::string& process, std::uint32_t signal);
  // Not dead, whatever the daemon has heard of it.
  bool Lives(const ContainerKey& key, const std::string& process) const {
    return FindLiving(key, process) != nullptr;
  }
  // As by SIGKILL, whatever runs, with what holds its streams.
  void KillAll();
  // An `oom` event; nobody dies (the kernel took a child).
  bool Oom(const ContainerKey& key);
  // The kernel takes this process.
  bool OomKill(const ContainerKey& key, const std::string& process);
  bool WriteOutput(const ContainerKey& key, const std::string& process, OutputStream stream,
                   std::string data);
  bool GiveCue(const ContainerKey& key, const std::string& process, const std::string& cue);
  bool ReleaseChildren(const ContainerKey& key, const std::string& process);
  // SIGKILL to the shim: exit 137 after 1.2 s, or 255 at the restart if the daemon is down.
  bool KillShim(const ContainerKey& key, const std::string& process);
  // To the subscribers and the log, as it is; a zero time is filled in.
  void Emit(Event event);
  // To the subscribers, behind all that they were told so far, and to nobody else: no log, no
  // observer and no fault knows of it. For whoever wants to know that everything has arrived.
  void Mark(const std::string& id);
  // What Stats tells of this container, now or when it comes to be. None: the model's.
  void SetStats(const ContainerKey& key, StatsScript script);
  void ClearStats() { stats_scripts_.clear(); }
  // The main loop stands still until so long from now.
  void StallLoop(Duration duration);
  // As after a replay of more events than a queue holds (Choices::replay_deadlocks).
  void DeadlockEvents() { deadlocked_ = running_; }
  // Every subscriber reads slowly: nobody is told of events while held.
  void HoldSubscribers(bool held) { subscribers_.Hold(held); }

  // --- What tests and reports ask ---

  // Holds, faults, events out of nothing.
  Injector& injector() { return *injector_; }
  // For what may outlive the world: then everything passes.
  const std::shared_ptr<Injector>& shared_injector() const { return injector_; }
  // Tells the observer that one subscriber did not get it.
  void ReportUnsent(const Event& event, std::uint64_t subscriber);

  Choices& choices() { return options_.choices; }
  const WorldOptions& options() const { return options_; }
  Runtime& runtime() { return runtime_; }
  std::size_t container_count() const { return containers_.size(); }
  std::optional<ContainerInfo> Inspect(const ContainerKey& key) const;
  const EventLog& event_log() const { return log_; }

 private:
  struct Container;
  struct Member;
  class ProcessOwner;
  struct Start;
  struct Launch;
  using ContainerPtr = std::shared_ptr<Container>;
  using MemberPtr = std::shared_ptr<Member>;
  using Life = std::shared_ptr<bool>;
  template <class T>
  using Reply = std::shared_ptr<libcontainerd::OneShot<WorldResult<T>>>;

  bool Planted(Mutant mutant) const { return options_.mutants.Has(mutant); }

  // world.cc: the daemon's life, events, small tools
  template <class T>
  Answer<T> Ask(libcontainerd::UniqueFunction<void(Reply<T>, MainLoop::Done)> work);
  template <class T>
  Answer<T> AskNow(libcontainerd::UniqueFunction<WorldResult<T>(Container&)> work,
                   ContainerKey key);
  void After(Duration delay, libcontainerd::UniqueFunction<void()> task);
  void Announce(Order order, libcontainerd::UniqueFunction<void()> reply,
                libcontainerd::UniqueFunction<void()> event, MainLoop::Done done);
  void EmitNow(EventKind kind, const Container& container, const std::string& process = "",
               std::uint32_t status = 0);
  void Publish(const Event& event);
  void Tell(const Event& event);
  void WriteLog();
  bool ReplayIsTooLong(const EventFilter& filter) const;
  std::uint64_t Draw(std::uint64_t bound);
  Order Chosen(Order order);
  Choices::OomOrder Chosen(Choices::OomOrder order);
  Choices::ExecExits ExecExitsOf(Container& container);
  WallTime Stamp();
  void BeginLife(const std::vector<StoredContainer>& stored);
  void Recover();
  void Adopt(const StoredContainer& stored);
  ContainerPtr FindContainer(const ContainerKey& key) const;
  std::vector<ContainerPtr> FindAll(const ContainerKey& key) const;
  std::shared_ptr<SimulatedProcess> FindLiving(const ContainerKey& key,
                                               const std::string& process) const;
  std::shared_ptr<SimulatedProcess> FindAny(const ContainerKey& key,
                                            const std::string& process) const;

  // world_faults.cc: what the injector's verdicts mean here
  Injector::Hooks InjectorHooks();
  void CrashSoon(std::optional<Duration> restart_after);
  libcontainerd::Status LoadContainers(std::vector<StoredContainer>& stored);
  libcontainerd::Status FinishStart(const Injector::Verdict& verdict);
  void PublishAfter(const Injector::Verdict& verdict, Event event);
  void TellReordered();
  void FlushReordered();
  void ReportLost(const Event& event, std::string_view why, bool emitted);
  void WriteToLog(const Event& event);
  // What the disk says to a new directory.
  std::optional<FailureKind> DiskFailure(std::string_view point, const InjectionSubject& subject);
  std::unique_ptr<ProcessStreams> WithFaults(std::unique_ptr<ProcessStreams> streams,
                                             SharedKey container, std::string process);

  // world_start.cc: how containers and execs come into being
  void BeginCreate(const std::shared_ptr<Start>& start, MainLoop::Done done);
  void QueueStart(const std::shared_ptr<Start>& start, MainLoop::Done done);
  void StartFinished();
  libcontainerd::Awaitable<void> RunStart(std::shared_ptr<Start> start, Life life);
  libcontainerd::Awaitable<void> RunExec(std::shared_ptr<AddProcessCommand> command,
                                         Reply<std::uint32_t> reply,
                                         std::shared_ptr<MainLoop::Done> done, Life life);
  Answer<MemberPtr> LaunchProcess(std::shared_ptr<Launch> launch);
  Answer<void> ReadSpec(std::shared_ptr<Launch> launch);
  Answer<void> OpenStreams(std::shared_ptr<Launch> launch);
  static Failure InjectedFailure(const Launch& launch, const libcontainerd::Error& error);
  WorldStatus CheckRestore(const Launch& launch) const;
  libcontainerd::Awaitable<void> ReportOnStderr(std::shared_ptr<Launch> launch, Failure failure);
  Behaviour BehaviourOf(const Launch& launch) const;
  std::optional<Failure> StartFailureOf(const Launch& launch) const;
  WorldStatus RecordProcess(const Launch& launch);
  MemberPtr AddMember(const std::shared_ptr<Launch>& launch);
  void AfterFailedCreate(const ContainerPtr& container, bool emit_exit);

  // world_exit.cc: how they end
  void OnEnded(const MemberPtr& member);
  void OnOom(const MemberPtr& member, bool child);
  void NoticeExit(const MemberPtr& member, const ContainerPtr& container);
  void HearOfExit(const MemberPtr& member, const ContainerPtr& container);
  void ReapExec(const MemberPtr& member, const ContainerPtr& container);
  void ReapInit(const MemberPtr& member, const ContainerPtr& container, bool execs_first,
                MainLoop::Done done);
  void AnnounceExecExit(const MemberPtr& member, const ContainerPtr& container);
  void ExecExitTold(const MemberPtr& member, const ContainerPtr& container);
  void FinishInit(const MemberPtr& member, const ContainerPtr& container, MainLoop::Done done);
  void PushOom(const ContainerPtr& container);
  void Remove(const ContainerPtr& container);

  // world_commands.cc: what answers and changes without a start or an end
  ContainerInfo InfoOf(const Container& container, bool with_pids) const;
  WorldResult<ContainerInfo> StateOf(const Container& container) const;
  TaskStats StatsOf(Container& container) const;
  Duration RunningTime(const Container& container) const;
  void CountPeriods(Container& container) const;
  WorldStatus PauseNow(Container& container);
  WorldStatus ResumeNow(Container& container);
  WorldStatus CheckpointNow(Container& container, const std::string& directory,
                            const CheckpointOptions& options);
  Answer<void> ChangeState(ContainerKey key, bool pause);
  std::vector<std::uint32_t> PidsOf(const Container& container) const;

  Runtime& runtime_;
  ProcessIo& io_;
  WorldOptions options_;
  EventLog log_;
  Subscribers subscribers_;
  Checkpoints checkpoints_;
  std::map<ContainerKey, StatsScript> stats_scripts_;
  std::optional<ContainerFiles> files_;
  libcontainerd::Random draws_;
  std::uint64_t draws_seed_;

  bool running_ = false;
  bool deadlocked_ = false;
  Life life_;  // false once this life of the daemon, or the world, is over
  std::unique_ptr<MainLoop> loop_;
  // The keys are the containers' own.
  std::map<std::reference_wrapper<const ContainerKey>, ContainerPtr, std::less<ContainerKey>>
      containers_;
  std::map<std::uint32_t, std::weak_ptr<SimulatedProcess>>
      processes_;  // until released, by system pid
  std::map<std::uint64_t, std::function<void()>> unanswered_;
  std::uint64_t next_ticket_ = 1;
  std::uint32_t next_pid_;
  WallTime last_stamp_{};

  std::size_t running_starts_ = 0;
  std::deque<std::shared_ptr<Start>> waiting_starts_;
  std::shared_ptr<Start> blocked_start_;  // the loop stands still until there is room for it
  MainLoop::Done blocked_done_;

  struct Reordered {
    std::uint64_t after = 0;  // so many more events
    Event event{};
  };
  std::vector<Reordered> reordered_;
  // Streams that a fault holds open.
  std::shared_ptr<HeldOpenStreams> held_open_ = std::make_shared<HeldOpenStreams>();
  std::shared_ptr<Injector> injector_;
  bool starting_ = false;
  std::optional<libcontainerd::Error> start_failure_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // until the world is destroyed

  EventQueue log_queue_;
  EventQueue log_batch_;  // being written
  bool log_pending_ = false;
};

}  // namespace fake_containerd
