// The client for plain threads, with callbacks that block and call back into it.
#include "libcontainerd/blocking_client.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/memory_process_io.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/loopback_containerd_api.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/remote.h"
#include "libcontainerd/threaded_runtime.h"

namespace libcontainerd {
namespace {

constexpr char kSpec[] =
    R"({"process": {"args": ["/bin/program"], "cwd": "/", "user": {}}, "linux": {}})";

// Remembers callbacks; what is set in `during` runs inside them.
class TestBackend final : public BlockingBackend {
 public:
  using Action = std::function<void()>;

  Status StateChanged(const std::string& id, const StateInfo& info) override {
    std::string name = id + " " + std::string(ContainerStateName(info.state));
    if (!info.process.empty()) name += " " + info.process;
    EXPECT_EQ(ContainerOfRunningCallback(), id);
    Begin(name);
    return {};
  }
  Status AttachStreams(const std::string& id, const std::string& process, IoPipe pipe) override {
    EXPECT_EQ(ContainerOfRunningCallback(), "");
    {
      const std::lock_guard lock(mutex_);
      pipes_.push_back(std::move(pipe));
    }
    Begin(id + " attach " + process);
    return {};
  }
  void During(const std::string& name, Action action) {
    const std::lock_guard lock(mutex_);
    during_[name] = std::move(action);
  }
  void DropPipes() {
    const std::lock_guard lock(mutex_);
    pipes_.clear();
  }
  bool WaitFor(const std::string& name) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return ended_.contains(name); });
  }

 private:
  void Begin(const std::string& name) {
    Action action;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = during_.find(name); found != during_.end()) action = found->second;
    }
    if (action) action();
    const std::lock_guard lock(mutex_);
    ended_.insert(name);
    changed_.notify_all();
  }

  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::map<std::string, Action> during_;
  std::set<std::string> ended_;
  std::vector<IoPipe> pipes_;
};

class BlockingClientTest : public ::testing::Test {
 protected:
  BlockingClientTest() {
    OnExecutor([this] {
      static_cast<void>(world_.StartDaemon());
      remote_.Add(core_);
    });
    EXPECT_EQ(TextOf(WaitFor(runtime_, remote_.Start())), "OK");
  }
  ~BlockingClientTest() override {
    WaitFor(runtime_, remote_.Close());
    client_.Close();
    EXPECT_EQ(core_.LiveObjects(), 0U);
    engine_.DropPipes();  // they close on the executor, before the world goes on this thread
    OnExecutor([this] { world_.StopDaemon(); });
    // A pipe's closing goes through some steps of the executor's.
    constexpr int kHops = 12;
    for (int i = 0; i < kHops; ++i) runtime_.Drain();
    EXPECT_EQ(runtime_.failure(), nullptr);
  }
  // Every process ignores signal 10, and there is CRIU.
  static fake_containerd::WorldOptions Options() {
    fake_containerd::WorldOptions options;
    options.choices.checkpoint_tool = true;
    options.behaviour = [](const fake_containerd::ProcessRequest&) {
      fake_containerd::Behaviour behaviour;
      behaviour.signals[10] = fake_containerd::SignalHandler();
      return behaviour;
    };
    return options;
  }
  void OnExecutor(std::function<void()> step) {
    std::promise<void> done;
    asio::post(runtime_.executor(), [&] {
      step();
      done.set_value();
    });
    done.get_future().get();
  }
  void Exit(const std::string& id, const std::string& process = "init") {
    OnExecutor([&] { EXPECT_TRUE(world_.ExitProcess({.id = id}, process, 1)); });
  }
  static std::string TextOf(const auto& result) {
    if (result) return "OK";
    return std::string(ErrorCodeName(result.error().code)) + " " + result.error().message;
  }

  SteppableClock clock_;  // nothing here takes time
  ThreadedRuntime runtime_{&clock_};
  MemoryFifos fifos_{runtime_};
  MemoryBundleStore bundles_{fifos_, "/state"};
  MemoryStdio stdio_{runtime_, fifos_};
  fake_containerd::MemoryProcessIo process_io_{fifos_};
  fake_containerd::World world_{runtime_, process_io_, Options()};
  fake_containerd::v0::MemoryBundleReader reader_{[this](const std::string& bundle) {
    const auto found = bundles_.configs().find(bundle);
    return found == bundles_.configs().end() ? std::nullopt : std::optional(found->second);
  }};
  fake_containerd::v0::Facade facade_{world_, reader_, {}};
  LoopbackContainerdApi api_{runtime_, facade_};
  TestBackend engine_;
  BlockingBackendAdapter backend_{runtime_, engine_};
  Client core_{{.runtime = runtime_, .api = api_, .stdio = stdio_, .bundles = bundles_}, backend_};
  MemoryCursorStore cursor_;
  Remote remote_{{.runtime = runtime_, .api = api_, .cursor = cursor_}};
  BlockingClient client_{runtime_, core_};
};

TEST_F(BlockingClientTest, RunsAContainer) {
  EXPECT_EQ(TextOf(client_.Create("c1", kSpec)), "OK");
  ProcessSpec spec;
  spec.args = {"/bin/exec"};
  EXPECT_EQ(TextOf(client_.AddProcess("c1", "e1", spec)), "OK");
  EXPECT_EQ(TextOf(client_.Pause("c1")), "OK");
  EXPECT_EQ(TextOf(client_.Resume("c1")), "OK");
  EXPECT_EQ(TextOf(client_.Resize("c1", "e1", 80, 24)), "OK");
  EXPECT_EQ(TextOf(client_.UpdateResources("c1", {})), "OK");
  EXPECT_EQ(client_.GetPidsForContainer("c1")->size(), 2U);
  EXPECT_EQ(TextOf(client_.Stats("c1")), "OK");
  EXPECT_EQ(client_.GetServerVersion()->minor(), 2U);
  EXPECT_TRUE(client_.Summary("c1")->empty());
  EXPECT_EQ(client_.Tracked().size(), 1U);
  EXPECT_EQ(TextOf(client_.SignalProcess("c1", "e1", 9)), "OK");
  EXPECT_TRUE(engine_.WaitFor("c1 exit-process e1"));
  EXPECT_EQ(TextOf(client_.Signal("c1", 9)), "OK");
  EXPECT_TRUE(engine_.WaitFor("c1 exit"));
  while (!client_.Tracked().empty()) std::this_thread::yield();  // until its callback has ended
  EXPECT_EQ(TextOf(client_.Restore("c1")), "OK");  // as one that is gone, by its exit in the log
}

TEST_F(BlockingClientTest, CheckpointsAreMadeListedAndDeleted) {
  EXPECT_EQ(TextOf(client_.Create("c1", kSpec)), "OK");
  EXPECT_EQ(TextOf(client_.CreateCheckpoint("c1", "a", "", false)), "OK");
  const auto listed = client_.ListCheckpoints("c1", "");
  ASSERT_EQ(TextOf(listed), "OK");
  ASSERT_EQ(listed->checkpoints_size(), 1);
  EXPECT_EQ(listed->checkpoints(0).name(), "a");
  EXPECT_EQ(TextOf(client_.DeleteCheckpoint("c1", "a", "")), "OK");
  EXPECT_EQ(client_.ListCheckpoints("c1", "")->checkpoints_size(), 0);
}

// What a callback may do with its own container, in every callback there is.
TEST_F(BlockingClientTest, AnyCallMayBeMadeFromAnyCallback) {
  std::mutex mutex;
  std::map<std::string, std::vector<std::string>> said;
  const auto call_everything = [&](const std::string& where) {
    std::vector<std::string> results;
    const auto add = [&](const auto& result) { results.push_back(TextOf(result)); };
    add(client_.Create("c1", kSpec));
    add(client_.Pause("c1"));
    add(client_.Resume("c1"));
    add(client_.Restore("c1", {}));
    // None of these may block for long; what they say depends on where they are called from.
    static_cast<void>(client_.Signal("c1", 10));
    static_cast<void>(client_.SignalProcess("c1", "e1", 10));
    static_cast<void>(client_.Stats("c1"));
    static_cast<void>(client_.GetPidsForContainer("c1"));
    static_cast<void>(client_.Summary("c1"));
    static_cast<void>(client_.Tracked());
    const std::lock_guard lock(mutex);
    said[where] = std::move(results);
  };
  const std::vector<std::string> callbacks = {"c1 start-container", "c1 pause", "c1 resume",
                                              "c1 exit-process e1", "c1 oom",   "c1 exit"};
  for (const std::string& name : callbacks) {
    engine_.During(name, [&, name] { call_everything(name); });
  }
  const auto said_in = [&](const std::string& name) {
    EXPECT_TRUE(engine_.WaitFor(name)) << name;
    const std::lock_guard lock(mutex);
    return said[name];
  };
  EXPECT_EQ(TextOf(client_.Create("c1", kSpec)), "OK");
  ProcessSpec spec;
  spec.args = {"/bin/exec"};
  EXPECT_EQ(TextOf(client_.AddProcess("c1", "e1", spec)), "OK");
  EXPECT_EQ(TextOf(client_.Pause("c1")), "OK");
  EXPECT_EQ(TextOf(client_.Resume("c1")), "OK");
  OnExecutor([&] { EXPECT_TRUE(world_.Oom({.id = "c1"})); });
  Exit("c1", "e1");
  EXPECT_TRUE(engine_.WaitFor("c1 exit-process e1"));
  Exit("c1");
  const auto refused = [](const std::string& operation) {
    return "FAILED_PRECONDITION " + operation +
           " of container c1 would wait for the callback that it is called from";
  };
  for (const std::string& name : callbacks) {
    EXPECT_THAT(said_in(name), ::testing::ElementsAre(refused("Create"), refused("Pause"),
                                                      refused("Resume"), refused("Restore")))
        << name;
  }
}

TEST_F(BlockingClientTest, ACallbackMayWaitForCallsOfItsContainer) {
  std::vector<std::string> results;
  engine_.During("c1 oom", [&] {
    ProcessSpec spec;
    spec.args = {"/bin/exec"};
    results.push_back(TextOf(client_.AddProcess("c1", "e1", spec)));
    results.push_back(TextOf(client_.Resize("c1", "init", 1, 1)));
    results.push_back(TextOf(client_.UpdateResources("c1", {})));
  });
  EXPECT_EQ(TextOf(client_.Create("c1", kSpec)), "OK");
  OnExecutor([&] { EXPECT_TRUE(world_.Oom({.id = "c1"})); });
  EXPECT_TRUE(engine_.WaitFor("c1 oom"));
  EXPECT_THAT(results, ::testing::ElementsAre("OK", "OK", "OK"));
}

// Its create or add-process waits for the attach, and whatever waits for its turn waits for that.
TEST_F(BlockingClientTest, CallsOfTheSameContainerFromAnAttachReturnAtOnce) {
  std::vector<std::string> results;
  const auto call_everything = [&] {
    results = {TextOf(client_.Create("c1", kSpec)),
               TextOf(client_.AddProcess("c1", "e2", {})),
               TextOf(client_.Pause("c1")),
               TextOf(client_.Resume("c1")),
               TextOf(client_.Restore("c1", {})),
               TextOf(client_.Resize("c1", "init", 1, 1)),
               TextOf(client_.UpdateResources("c1", {})),
               TextOf(client_.CreateCheckpoint("c1", "a", "", false)),
               TextOf(client_.DeleteCheckpoint("c1", "a", "")),
               TextOf(client_.ListCheckpoints("c1", ""))};
    static_cast<void>(client_.Signal("c1", 10));
    static_cast<void>(client_.Stats("c1"));
    static_cast<void>(client_.Tracked());
    EXPECT_EQ(ContainerOfRunningAttach(), "c1");
  };
  engine_.During("c1 attach init", call_everything);
  engine_.During("c1 attach e1", call_everything);
  const auto expect_refused = [&] {
    ASSERT_EQ(results.size(), 10U);
    for (const std::string& result : results) {
      EXPECT_THAT(result,
                  ::testing::MatchesRegex("FAILED_PRECONDITION [A-Za-z]+ of container c1 would "
                                          "wait for the callback that it is called from"));
    }
    results.clear();
  };
  EXPECT_EQ(TextOf(client_.Create("c1", kSpec)), "OK");
  expect_refused();
  ProcessSpec spec;
  spec.args = {"/bin/exec"};
  EXPECT_EQ(TextOf(client_.AddProcess("c1", "e1", spec)), "OK");
  expect_refused();
}

// An engine that restarts a container from its exit callback, on another thread.
TEST_F(BlockingClientTest, AnotherContainerMayBeCreatedFromACallback) {
  engine_.During("c1 exit", [&] { EXPECT_EQ(TextOf(client_.Create("c2", kSpec)), "OK"); });
  EXPECT_EQ(TextOf(client_.Create("c1", kSpec)), "OK");
  Exit("c1");
  EXPECT_TRUE(engine_.WaitFor("c2 start-container"));
  EXPECT_TRUE(engine_.WaitFor("c1 exit"));
  Exit("c2");
  EXPECT_TRUE(engine_.WaitFor("c2 exit"));
}

TEST_F(BlockingClientTest, ABlockedCallbackHoldsUpNobodyElse) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  constexpr int kBlocked = 20;  // more than any pool of fixed size
  for (int i = 0; i < kBlocked; ++i) {
    const std::string id = "b" + std::to_string(i);
    engine_.During(id + " exit", [released] { released.wait(); });
    EXPECT_EQ(TextOf(client_.Create(id, kSpec)), "OK");
    Exit(id);
  }
  EXPECT_EQ(TextOf(client_.Create("c1", kSpec)), "OK");
  Exit("c1");
  EXPECT_TRUE(engine_.WaitFor("c1 exit"));
  release.set_value();
  for (int i = 0; i < kBlocked; ++i) {
    EXPECT_TRUE(engine_.WaitFor("b" + std::to_string(i) + " exit"));
  }
}

TEST_F(BlockingClientTest, ManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 10;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int round = 0; round < kRounds; ++round) {
        const std::string id = "c" + std::to_string(t) + "-" + std::to_string(round);
        EXPECT_EQ(TextOf(client_.Create(id, kSpec)), "OK");
        EXPECT_EQ(TextOf(client_.Pause(id)), "OK");
        EXPECT_EQ(TextOf(client_.Resume(id)), "OK");
        EXPECT_EQ(TextOf(client_.Signal(id, 9)), "OK");
        EXPECT_TRUE(engine_.WaitFor(id + " exit"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace libcontainerd
