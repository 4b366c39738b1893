// Rig: client, fake containerd and journal joined by one transport, for tests that are written
// once and run on all of them. At its end it lets everything come to rest, closes the client and
// asks every guarantee about the journal: a broken one fails the test with its sentence.
//
//   Rig rig({.transport = Transport::kLoopback, .seed = 7});
//   EXPECT_EQ(rig.Create("c1"), "OK");
//   rig.Do([&] { rig.world().ExitProcess(Rig::Key("c1"), "init", 3); });
//   rig.WaitForLine("c1 exit 3");
//   rig.Finish();
//
// Threads: the test's own. What belongs to the executor (engine, faults, world, client) is touched
// inside Do() and WaitUntil()'s condition only; over loopback that is the same thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake_containerd/behaviour_table.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/client.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/remote.h"
#include "scenarios/journaling.h"
#include "scenarios/journaling_world.h"
#include "scenarios/replay/replay_world.h"
#include "scenarios/runner/engine.h"
#include "tests/conformance/faulty_ports.h"
#include "tests/conformance/stepped_ports.h"

namespace drydock_tests {

using libcontainerd::Awaitable;
using libcontainerd::Duration;
using libcontainerd::Result;
using libcontainerd::Status;
using scenarios::Engine;
using scenarios::Transport;

// "OK", or "NOT_FOUND the text".
template <class T>
std::string Describe(const Result<T>& result) {
  if (result) return "OK";
  return std::string(ErrorCodeName(result.error().code)) + " " + result.error().message;
}

// The result of a call that was begun.
template <class T>
using Pending = std::shared_ptr<std::optional<Result<T>>>;

struct RigOptions {
  Transport transport = Transport::kLoopback;
  std::uint64_t seed = 1;
  libcontainerd::Timing timing{};
  libcontainerd::ReferenceBehaviour reference{};
  fake_containerd::Choices choices{};
  Duration start_timeout = std::chrono::seconds(15);
  bool late_fields = false;
  int retain_count = fake_containerd::EventLog::kDefaultRetainCount;
  std::size_t subscriber_capacity = fake_containerd::Subscribers::kDefaultCapacity;
};

inline RigOptions Seeded(std::uint64_t seed, RigOptions options = {}) {
  options.seed = seed;
  return options;
}
// The client with this deviation switched off.
inline RigOptions Without(libcontainerd::Deviation deviation, RigOptions options = {}) {
  options.reference = libcontainerd::ReferenceBehaviour{deviation};
  return options;
}

class Rig {
 public:
  explicit Rig(RigOptions options = {});
  ~Rig();  // Finish(), unless it was called
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  static constexpr char kSpec[] =
      R"({"process": {"args": ["/bin/program"], "env": ["A=1"], "cwd": "/", "user": {"uid": 0, "gid": 0}},)"
      R"( "linux": {}})";
  static fake_containerd::ContainerKey Key(const std::string& id) { return {.id = id}; }

  // --- The parts
  Engine& engine() { return engine_; }
  FaultyApi& api() { return faulty_api_; }
  FaultyBundles& bundles() { return faulty_bundles_; }
  Steps& steps() { return steps_; }
  fake_containerd::World& world() { return *world_; }
  libcontainerd::Client& client() { return *client_; }
  libcontainerd::Remote& remote() { return *remote_; }
  libcontainerd::MemoryCursorStore& cursor() { return cursor_; }
  scenarios::Journal& journal() { return journal_; }
  const RigOptions& options() const { return options_; }

  // --- Doing
  void Do(const std::function<void()>& step) { replay_world_->Run(step); }
  void Behave(const std::string& id, const std::string& process,
              fake_containerd::Behaviour behaviour) {
    behaviours_.Set(id, process, std::move(behaviour));
  }
  // Begins a call; its end is recorded in the journal.
  template <class T>
  Pending<T> Begin(const std::string& operation, const std::string& id, const std::string& process,
                   std::function<Awaitable<Result<T>>(libcontainerd::Client&)> call,
                   scenarios::CallFacts facts = {}) {
    auto pending = std::make_shared<std::optional<Result<T>>>();
    if (operation == "create") created_.push_back(id);
    Do([&] {
      ++calls_running_;
      Spawn(replay_world_->runtime(),
            Carry<T>(this,
                     scenarios::JournaledCall<T>(recorder_, operation, id, process, call(*client_),
                                                 facts),
                     pending));
    });
    return pending;
  }
  template <class T>
  Result<T> Await(const Pending<T>& pending) {
    WaitUntil([&] { return pending->has_value(); }, "the call did not return");
    if (!pending->has_value()) {
      return libcontainerd::Fail(libcontainerd::ErrorCode::kUnknown, "did not return");
    }
    return **pending;
  }
  template <class T>
  bool Returned(const Pending<T>& pending) {
    bool returned = false;
    Do([&] { returned = pending->has_value(); });
    return returned;
  }

  Pending<void> BeginCreate(const std::string& id, const std::string& spec = kSpec,
                            libcontainerd::CreateOptions options = {});
  Pending<libcontainerd::AddedProcess> BeginExec(const std::string& id, const std::string& name,
                                                 libcontainerd::ProcessSpec spec = ExecSpec());
  Pending<void> BeginPause(const std::string& id, libcontainerd::CallOptions options = {});
  Pending<void> BeginResume(const std::string& id, libcontainerd::CallOptions options = {});
  Pending<void> BeginSignal(const std::string& id, std::uint32_t signal,
                            const std::string& process = "init");
  Pending<void> BeginRestore(const std::string& id, libcontainerd::RestoreOptions options = {});
  Pending<void> BeginClose();
  // The same to its end, described.
  std::string Create(const std::string& id, const std::string& spec = kSpec) {
    return Describe(Await(BeginCreate(id, spec)));
  }
  std::string Exec(const std::string& id, const std::string& name) {
    return Describe(Await(BeginExec(id, name)));
  }
  std::string Pause(const std::string& id) { return Describe(Await(BeginPause(id))); }
  std::string Resume(const std::string& id) { return Describe(Await(BeginResume(id))); }
  std::string Signal(const std::string& id, std::uint32_t signal,
                     const std::string& process = "init") {
    return Describe(Await(BeginSignal(id, signal, process)));
  }
  std::string Restore(const std::string& id, bool live) {
    return Describe(Await(BeginRestore(id, {.live = live, .timeout = {}})));
  }
  // The engine goes away: client and streams close, the world goes on. No call may be under way,
  // and what needs the client waits for StartEngine(): a new client, told up to where the one
  // before had handled everything, on the same bundles and the same daemon.
  void StopEngine();
  void StartEngine();
  // As by SIGKILL; processes and the engine live on.
  void StopDaemon();
  // Starts it again and waits until the client hears events again.
  void StartDaemon();
  static libcontainerd::ProcessSpec ExecSpec() {
    libcontainerd::ProcessSpec spec;
    spec.args = {"/bin/exec"};
    return spec;
  }
  // The simulated process ends by itself.
  void Exit(const std::string& id, const std::string& process, std::uint32_t code);
  void Kill(const std::string& id, const std::string& process, std::uint32_t signal);
  void Oom(const std::string& id);
  // Thaws a paused container behind the client's back; frozen processes do not die.
  void Thaw(const std::string& id);
  Pending<void> BeginWriteStdin(const std::string& id, const std::string& process,
                                std::string data);
  std::string WriteStdin(const std::string& id, const std::string& process, std::string data) {
    return Describe(Await(BeginWriteStdin(id, process, std::move(data))));
  }
  std::string CloseStdin(const std::string& id, const std::string& process);
  // Moves the clock, and lets run what became due.
  void Advance(Duration step);

  // --- Waiting. Each fails the test when it does not come.
  void WaitUntil(const std::function<bool()>& condition, const std::string& otherwise);
  void WaitForLine(const std::string& line, std::size_t count = 1);
  // Everything that was emitted so far has arrived, and nothing that came of it is under way.
  void Flush();
  void WaitForEnd(const std::string& id, const std::string& process);  // of both outputs

  // --- Looking
  std::vector<std::string> Lines(const std::string& id);
  std::string Out(const std::string& id, const std::string& process);
  std::string Err(const std::string& id, const std::string& process);
  std::vector<std::string> Sent();
  std::size_t Sent(const std::string& text);  // how often exactly that was sent
  bool Runs(const std::string& id);           // in the world
  // "config.json", "init-stdin", … of the bundle, for init and the named execs; empty: no bundle.
  std::vector<std::string> Files(const std::string& id, std::vector<std::string> execs = {});
  std::vector<std::string> Tracked();
  std::size_t LiveObjects();
  libcontainerd::DroppedEvents Dropped();

  // --- The end. Guarantees that this run must break (the reference's behaviour was asked for).
  void ExpectBroken(std::string guarantee) { expected_broken_.push_back(std::move(guarantee)); }
  // The client will be left tracking something: no leak check of that.
  void ExpectLeftovers() { leftovers_expected_ = true; }
  void Finish();

 private:
  class BundleReader final : public fake_containerd::v0::BundleReader {
   public:
    explicit BundleReader(libcontainerd::BundleStore& bundles) : bundles_(bundles) {}
    Awaitable<Result<std::string>> ReadConfig(std::string bundle) override {
      return bundles_.ReadConfig(bundle.substr(bundle.rfind('/') + 1));
    }

   private:
    libcontainerd::BundleStore& bundles_;
  };

  template <class T>
  static Awaitable<void> Carry(Rig* rig, Awaitable<Result<T>> call, Pending<T> pending) {
    Result<T> result = co_await std::move(call);
    pending->emplace(std::move(result));
    --rig->calls_running_;
  }
  static Awaitable<Status> CloseClient(Rig* rig);
  Awaitable<Status> JournaledClose();
  static Awaitable<Status> CloseEngine(Rig* rig);
  static Awaitable<Status> ThawInWorld(fake_containerd::World* world, std::string id);
  template <class T>
  Pending<T> BeginQuiet(std::function<Awaitable<Result<T>>()> call);
  void Snapshot(std::string_view when);
  void MakeClient();
  void EndContainers();
  void Dismantle();
  void Judge();
  std::string Story();
  bool HasFifo(const std::string& path);
  // An event that the world will emit because the rig made it: "c1/init exit".
  void Expect(const std::string& id, const std::string& process, std::string_view type);
  bool AllEmitted();

  RigOptions options_;
  std::unique_ptr<scenarios::ReplayWorld> replay_world_;
  scenarios::Journal journal_;
  scenarios::Recorder recorder_;
  scenarios::JournalingWorldObserver observer_;
  fake_containerd::BehaviourTable behaviours_;
  BundleReader bundle_reader_;
  std::unique_ptr<fake_containerd::World> world_;
  std::unique_ptr<fake_containerd::v0::Facade> facade_;
  Engine engine_;
  FaultyApi faulty_api_;
  FaultyBundles faulty_bundles_;
  Steps steps_;
  SteppedApi stepped_api_;
  SteppedBackend stepped_backend_;
  SteppedStdio stepped_stdio_;
  SteppedBundles stepped_bundles_;
  scenarios::JournalingContainerdApi api_;
  scenarios::JournalingBackend backend_;
  scenarios::JournalingStdio stdio_;
  scenarios::JournalingBundleStore bundles_;
  libcontainerd::MemoryCursorStore cursor_;
  scenarios::JournalingCursorStore journaled_cursor_{recorder_, cursor_};
  std::unique_ptr<libcontainerd::Client> client_;
  std::unique_ptr<libcontainerd::Remote> remote_;
  std::vector<std::string> created_;
  std::vector<std::string> made_;
  std::vector<std::string> expected_broken_;
  std::size_t calls_running_ = 0;
  std::size_t markers_ = 0;
  bool leftovers_expected_ = false;
  bool closed_ = false;
  bool finished_ = false;
};

}  // namespace drydock_tests
