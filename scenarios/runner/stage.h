// Stage: where a scenario is performed. Client, fake containerd and journal joined by one
// transport, with an engine whose callbacks can be held and failed. The same over loopback, where
// time is virtual and the seed orders what is ready, and over real gRPC and FIFOs with a stepped
// clock.
//
//   auto stage = Stage::Make({.transport = Transport::kSocket}, journal);
//   auto created = (*stage)->Begin<void>("create", "web", "", [](Client& c) { return c.Create(…);
//   });
//   (*stage)->WaitUntil([&] { return created->has_value(); });
//   (*stage)->End(std::chrono::minutes(4));
//
// Threads: one, which is not the executor's (but over loopback, where it is). What belongs to the
// executor is touched inside Do() and WaitUntil()'s condition only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/behaviour_table.h"
#include "fake_containerd/observer_list.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/client.h"
#include "libcontainerd/daemon_supervisor.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/remote.h"
#include "scenarios/actions/fields.h"
#include "scenarios/journaling.h"
#include "scenarios/journaling_daemon.h"
#include "scenarios/journaling_world.h"
#include "scenarios/replay/replay_world.h"
#include "scenarios/runner/call_ledger.h"
#include "scenarios/runner/engine.h"
#include "scenarios/runner/failing_ports.h"
#include "scenarios/runner/happened.h"
#include "scenarios/runner/simulated_launcher.h"
#include "scenarios/runner/watched_api.h"
#include "scenarios/runner/watched_daemon.h"

namespace scenarios {

// Who keeps the daemon: docs/scenarios.md, "setup".
enum class DaemonKeeper : std::uint8_t { kExternal, kOwned, kAdopted, kForeign };

struct StageOptions {
  Transport transport = Transport::kLoopback;
  std::uint64_t seed = 1;
  libcontainerd::Timing timing{};
  libcontainerd::ReferenceBehaviour reference{};
  fake_containerd::WorldOptions world{};  // behaviour and observer are the stage's
  bool late_fields = false;
  bool relay = false;  // the plan may speak of connections; over a socket
  DaemonKeeper keeper = DaemonKeeper::kExternal;
};

// How a call ended: "OK" or "NOT_FOUND the text". Empty while it is under way.
using CallEnd = std::shared_ptr<std::optional<std::string>>;

template <class T>
std::string DescribeResult(const libcontainerd::Result<T>& result) {
  if (result) return "OK";
  return std::string(ErrorCodeName(result.error().code)) + " " + result.error().message;
}

class Stage {
 public:
  // The journal outlives it. An error: the transport could not be set up.
  static libcontainerd::Result<std::unique_ptr<Stage>> Make(StageOptions options, Journal& journal);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // --- Doing

  // On the executor.
  void Do(const std::function<void()>& step) { replay_world_->Run(step); }
  // Begins a call of the client, if there is one: null otherwise.
  template <class T>
  CallEnd Begin(
      const std::string& operation, const std::string& id, const std::string& process,
      const std::function<
          libcontainerd::Awaitable<libcontainerd::Result<T>>(libcontainerd::Client&)>& call,
      CallFacts facts = {},
      std::function<std::string(const libcontainerd::Result<T>&)> describe = DescribeResult<T>) {
    if (!client_) return nullptr;
    auto outcome = std::make_shared<std::optional<std::string>>();
    Do([&] {
      ++calls_running_;
      Spawn(runtime(), Carry<T>(this, generation_,
                                JournaledCall<T>(client_recorder_, operation, id, process,
                                                 call(*client_), facts),
                                outcome, std::move(describe)));
    });
    return outcome;
  }
  // The same without a trace in the journal.
  CallEnd BeginQuiet(const std::function<libcontainerd::Awaitable<libcontainerd::Status>()>& call);

  // False if something did not end.
  bool StopEngine(bool crash);
  libcontainerd::Status StartEngine();
  // The client is closed for good. False if that does not end while time stands still; it may be
  // called again then.
  bool CloseClient();
  void StopDaemon();
  libcontainerd::Status StartDaemon();
  // Moves the clock, timer by timer, and lets what becomes due have its effect.
  void Advance(Duration step);

  // --- Waiting

  // Time stands still. False if it does not come.
  bool WaitUntil(const std::function<bool()>& condition);
  // Something goes round and round while time stands still; nothing more can be awaited then.
  bool spinning() const { return spinning_; }
  // Everything that can be without time passing has been: what was told has arrived and what came
  // of it is done, beside what is held.
  void Settle();
  // So many steps of a simulation, fewer if nothing is ready.
  void RunSteps(std::uint32_t count);
  // Whoever has something to do as soon as something is so: while anything is waited for, `due` is
  // asked on the executor, and `act` does it, outside.
  struct Interjection {
    std::function<bool()> due{};
    std::function<void()> act{};
  };
  void SetInterjection(Interjection interjection) { interjection_ = std::move(interjection); }

  // The injector's plan is another one now. On the executor.
  void PlanChanged() { replay_world_->PlanChanged(); }
  // A moment of real time for what other threads do.
  void LookAgainSoon();

  // --- Parts

  libcontainerd::Runtime& runtime() { return replay_world_->runtime(); }
  const StageOptions& options() const { return options_; }
  bool simulated() const { return options_.transport == Transport::kLoopback; }
  Engine& engine() { return engine_; }
  WatchedApi& api() { return watched_api_; }
  PortFailures& failures() { return failures_; }
  libcontainerd::MemoryCursorStore& cursor() { return cursor_; }
  fake_containerd::World& world() { return *world_; }
  fake_containerd::BehaviourTable& behaviours() { return behaviours_; }
  Happened& happened() { return happened_; }
  libcontainerd::Client* client() { return client_.get(); }  // null while the engine is away
  Recorder& recorder() { return world_recorder_; }
  Journal& journal() { return journal_; }
  // "config.json", "init-stdin", … of the bundle, sorted; also recorded. Nothing: no bundle.
  std::vector<std::string> BundleFiles(const std::string& id, const std::set<std::string>& names);
  // Containers that the scenario made, for the end.
  void Remember(const std::string& id) { created_.insert(id); }
  const std::set<std::string>& created() const { return created_; }
  std::size_t calls_running() const { return calls_running_; }

  // --- The end

  // No fault, no hold, daemon and engine there again: lets everything come to rest, ends what runs,
  // takes the last snapshots and closes the client. What did not come to rest in `patience` of the
  // clock stays for the judges to see. Returns what went wrong with the stage itself.
  std::string End(Duration patience);

 private:
  class BundleReader final : public fake_containerd::v0::BundleReader {
   public:
    explicit BundleReader(libcontainerd::BundleStore& bundles) : bundles_(bundles) {}
    libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadConfig(
        std::string bundle) override {
      return bundles_.ReadConfig(bundle.substr(bundle.rfind('/') + 1));
    }

   private:
    libcontainerd::BundleStore& bundles_;
  };

  Stage(StageOptions options, Journal& journal, std::unique_ptr<ReplayWorld> world);
  libcontainerd::Status SetUp();
  libcontainerd::Status MakeClient();
  void MakeLauncher();
  static libcontainerd::Awaitable<libcontainerd::Status> StartParts(Stage* stage);
  static libcontainerd::Awaitable<libcontainerd::Status> CloseParts(Stage* stage);
  static libcontainerd::Awaitable<libcontainerd::Status> CloseStreams(Stage* stage);
  static libcontainerd::Awaitable<libcontainerd::Status> ReadConfigOf(Stage* stage, std::string id,
                                                                      bool* there);
  static libcontainerd::Awaitable<libcontainerd::Status> ThawInWorld(fake_containerd::World* world,
                                                                     std::string id);
  static libcontainerd::Awaitable<void> CarryQuiet(
      libcontainerd::Awaitable<libcontainerd::Status> call, CallEnd outcome);
  template <class T>
  static libcontainerd::Awaitable<void> Carry(
      Stage* stage, std::uint64_t generation,
      libcontainerd::Awaitable<libcontainerd::Result<T>> call, CallEnd outcome,
      std::function<std::string(const libcontainerd::Result<T>&)> describe);

  // The world's, bounded: in the simulated one something may go round and round in one instant.
  bool WorldWait(const std::function<bool()>& condition, std::chrono::milliseconds patience);
  void WorldSettle();
  bool Spins();
  bool Interject();
  bool IsDue() const { return interjection_.due && !acting_ && interjection_.due(); }
  bool Await(const CallEnd& outcome);
  bool AwaitWhileTimePasses(const CallEnd& outcome, Duration longest);
  // What changes while anything goes on.
  struct Progress {
    std::size_t entries = 0;  // of the journal
    std::uint64_t calls = 0;
    std::size_t callbacks = 0;
    std::size_t stored_reads = 0;
    std::size_t read = 0;  // bytes of outputs

    friend bool operator==(const Progress&, const Progress&) = default;
  };
  Progress Look();
  bool CallsOnTheWay();
  bool ReadsOnTheWay();
  void LetArrive();
  void Quiesce();
  bool MarkCanArrive();
  void WaitForMark();
  void WaitForBreaks();
  bool HasFifo(const std::string& path);
  void LiftFaults();
  void KeepDaemonUp();
  bool AtRest();
  void ComeToRest(Duration patience);
  bool AllEnded(Duration waited);
  void EndProcesses(Duration patience);
  void Snapshot(std::string_view when);
  void SnapshotRunning();
  // On the executor.
  void DropClient(bool closed);
  std::string Dismantle();

  StageOptions options_;
  Journal& journal_;
  std::unique_ptr<ReplayWorld> replay_world_;
  Recorder client_recorder_;  // silent while the engine is dead
  Recorder world_recorder_;
  JournalingWorldObserver journaling_observer_;
  Happened happened_;
  fake_containerd::ObserverList observers_;
  fake_containerd::BehaviourTable behaviours_;
  BundleReader bundle_reader_;
  std::unique_ptr<fake_containerd::World> world_;
  std::unique_ptr<fake_containerd::v0::Facade> facade_;
  CallLedger ledger_;
  std::unique_ptr<WatchedDaemon> watched_daemon_;
  Engine engine_;
  WatchedApi watched_api_;
  PortFailures failures_;
  FailingStdio failing_stdio_;
  FailingBundles failing_bundles_;
  libcontainerd::MemoryCursorStore cursor_;
  FailingCursor failing_cursor_;
  JournalingContainerdApi api_;
  JournalingBackend backend_;
  JournalingStdio stdio_;
  JournalingBundleStore bundles_;
  JournalingCursorStore journaled_cursor_;
  SimulatedLauncher launcher_;
  JournalingDaemonLauncher journaled_launcher_;
  std::unique_ptr<libcontainerd::Client> client_;
  std::unique_ptr<libcontainerd::Remote> remote_;
  std::unique_ptr<libcontainerd::DaemonSupervisor> supervisor_;
  bool remote_started_ = false;
  std::set<std::string> created_;
  std::size_t calls_running_ = 0;
  std::uint64_t generation_ = 0;  // of the engine
  std::uint64_t marks_ = 0;
  std::uint64_t engine_faults_ = 0;  // that fired
  // Calls up to this ticket, and so many readings of the log, are not waited for: they may be lost.
  CallLedger::Ticket given_up_ = 0;
  std::size_t lost_reads_ = 0;
  std::size_t deaf_stream_ = 0;    // through which no mark comes
  std::uint32_t half_open_ = 0;    // how often a fault has made one so
  std::uint32_t broken_ = 0;       // streams that a fault broke, and whose end was waited for
  std::size_t streams_ended_ = 0;  // when that was looked at last
  Interjection interjection_{};
  std::uint64_t steps_ = 0;  // since time moved last
  Duration steps_at_{0};
  bool spinning_ = false;
  bool acting_ = false;
  bool stopping_ = false;  // the engine
  std::string wrong_;      // with the stage itself
  CallEnd closing_;        // null: nobody closes the client
  bool dismantled_ = false;
};

template <class T>
libcontainerd::Awaitable<void> Stage::Carry(
    Stage* stage, std::uint64_t generation, libcontainerd::Awaitable<libcontainerd::Result<T>> call,
    CallEnd outcome, std::function<std::string(const libcontainerd::Result<T>&)> describe) {
  libcontainerd::Result<T> result = co_await std::move(call);
  --stage->calls_running_;
  if (generation != stage->generation_) co_return;  // nobody is there to see it
  outcome->emplace(describe(result));
}

}  // namespace scenarios
