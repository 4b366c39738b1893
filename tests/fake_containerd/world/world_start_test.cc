// How containers and execs come into being, and what can go wrong on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kStartSeeds = 40;

TEST(WorldStart, ACreateAnswersWithTheContainer) {
  Harness h;
  CreateCommand command = Harness::CreateOf("c1");
  command.labels = {"a=b"};
  command.io = h.MakeFifos("c1", "init");
  const auto created = h.Run(h.world.Create(std::move(command)));
  ASSERT_TRUE(created);
  EXPECT_EQ(created->key.id, "c1");
  EXPECT_EQ(created->bundle, "/state/c1");
  EXPECT_EQ(created->runtime, "runc");
  EXPECT_THAT(created->labels, ElementsAre("a=b"));
  EXPECT_EQ(created->status, TaskStatus::kRunning);
  EXPECT_THAT(created->pids, IsEmpty());
  ASSERT_EQ(created->processes.size(), 1U);
  EXPECT_EQ(created->processes[0].name, "init");
  EXPECT_THAT(created->processes[0].spec.args, ElementsAre("/bin/sleep", "100"));
  EXPECT_EQ(created->processes[0].io->out, "/state/c1/init-stdout");
  EXPECT_EQ(created->processes[0].system_pid, 1000U);
}

TEST(WorldStart, AShortLivedContainerMayBeStoppedInItsReply) {
  bool running = false;
  bool stopped = false;
  for (int seed = 0; seed < kStartSeeds; ++seed) {
    WorldOptions options;
    options.behaviour = Always({.steps = {step::Exit{7}}});
    Harness h(static_cast<std::uint64_t>(seed), std::move(options));
    const auto created = h.Run(h.world.Create(Harness::CreateOf("c1")));
    ASSERT_TRUE(created);
    ASSERT_EQ(created->processes.size(), 1U);  // exactly init, also then
    (created->status == TaskStatus::kRunning ? running : stopped) = true;
    h.runtime.RunReady();
    EXPECT_THAT(h.recorder.emitted, ElementsAre("start-container c1", "exit c1/init 7"));
  }
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(running);
}

TEST(WorldStart, StateWhileACreateIsInFlightIsStoppedWithoutProcesses) {
  WorldOptions options;
  options.behaviour = Always({.start_delay = seconds(2)});
  Harness h(1, std::move(options));
  const auto created = h.Start(h.world.Create(Harness::CreateOf("c1")));
  h.runtime.RunReady();
  const auto infos = h.Run(h.world.List(Harness::Key("c1")));
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->front().status, TaskStatus::kStopped);
  EXPECT_THAT(infos->front().processes, IsEmpty());
  EXPECT_FALSE(*created);
  h.runtime.Run(seconds(3));
  ASSERT_TRUE(*created);
  EXPECT_TRUE((**created).has_value());
}

// The reply and its event take separate steps: nobody may count on an order, unless a gap makes it
// certain.
TEST(WorldStart, ReplyAndEventComeInEitherOrder) {
  bool event_first = false;
  bool reply_first = false;
  for (int seed = 0; seed < kStartSeeds; ++seed) {
    Harness h(static_cast<std::uint64_t>(seed));
    Listener listener(h.world, {});
    const auto created = h.Start(h.world.Create(Harness::CreateOf("c1")));
    h.runtime.RunUntil([&] { return *created != nullptr || !listener.events.empty(); });
    (*created ? reply_first : event_first) = true;
  }
  EXPECT_TRUE(event_first);
  EXPECT_TRUE(reply_first);
}

TEST(WorldStart, AGapMakesTheChosenOrderCertain) {
  for (const Order order : {Order::kEventFirst, Order::kReplyFirst}) {
    for (int seed = 0; seed < kStartSeeds; ++seed) {
      WorldOptions options;
      options.choices.gap = milliseconds(1);
      options.choices.start_container = order;
      options.choices.start_process = order;
      Harness h(static_cast<std::uint64_t>(seed), std::move(options));
      Listener listener(h.world, {});
      const auto created = h.Start(h.world.Create(Harness::CreateOf("c1")));
      h.runtime.RunUntil([&] { return *created != nullptr || !listener.events.empty(); });
      EXPECT_EQ(*created != nullptr, order == Order::kReplyFirst);
      h.runtime.Run(seconds(1));
      const auto added = h.Start(h.world.AddProcess(Harness::ExecOf("c1", "e1")));
      h.runtime.RunUntil([&] { return *added != nullptr || listener.events.size() > 1; });
      EXPECT_EQ(*added != nullptr, order == Order::kReplyFirst);
    }
  }
}

TEST(WorldStart, AnIdInUseIsRefused) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  const auto again = h.Run(h.world.Create(Harness::CreateOf("c1")));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, FailureKind::kContainerExists);
}

TEST(WorldStart, NamespacesDoNotMeet) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  CreateCommand other = Harness::CreateOf("c1");
  other.key.space = "other";
  ASSERT_TRUE(h.Run(h.world.Create(std::move(other))));
  EXPECT_EQ(h.Run(h.world.List({.space = "other", .id = ""}))->size(), 1U);
}

// Behaviour 10: the failure is out before the id is free.
TEST(WorldStart, AfterAFailedCreateARetryMayMeetFileExists) {
  bool met = false;
  bool passed = false;
  for (int seed = 0; seed < kStartSeeds; ++seed) {
    int starts = 0;
    WorldOptions options;
    options.behaviour = [&starts](const ProcessRequest&) {
      Behaviour behaviour;
      if (++starts == 1) behaviour.start_failure = StartFailure{FailureKind::kBinaryMissing, ""};
      return behaviour;
    };
    Harness h(static_cast<std::uint64_t>(seed), std::move(options));
    const auto failed = h.Run(h.world.Create(Harness::CreateOf("c1")));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, FailureKind::kBinaryMissing);
    EXPECT_EQ(failed.error().subject, "/bin/sleep");
    const auto retried = h.Run(h.world.Create(Harness::CreateOf("c1")));
    (retried ? passed : met) = true;
    h.runtime.RunReady();
    if (retried) continue;
    EXPECT_EQ(retried.error().kind, FailureKind::kContainerExists);
    EXPECT_EQ(h.world.container_count(), 0U);
    EXPECT_THAT(h.recorder.emitted, IsEmpty());
  }
  EXPECT_TRUE(met);
  EXPECT_TRUE(passed);
}

TEST(WorldStart, AnExitMayFollowAFailedCreate) {
  WorldOptions options;
  options.choices.failed_create_exit = 255;
  options.choices.failed_create_delete_delay = seconds(1);
  options.behaviour = Always({.start_failure = StartFailure{FailureKind::kNotInPath, ""}});
  Harness h(1, std::move(options));
  ASSERT_FALSE(h.Create("c1"));
  EXPECT_EQ(h.world.container_count(), 1U);
  h.runtime.Run(seconds(2));
  EXPECT_EQ(h.world.container_count(), 0U);
  EXPECT_THAT(h.recorder.emitted, ElementsAre("exit c1/init 255"));
}

// Behaviour 18.
TEST(WorldStart, AFailedCreateWritesTheRuntimesMessageToStderr) {
  WorldOptions options;
  options.behaviour = Always({.start_failure = StartFailure{FailureKind::kNotExecutable, "/bin"}});
  Harness h(1, std::move(options));
  CreateCommand command = Harness::CreateOf("c1");
  command.io = h.MakeFifos("c1", "init");
  const auto reader = *h.fifos.OpenReader(command.io.err);
  ASSERT_FALSE(h.Run(h.world.Create(std::move(command))));
  const auto text = h.Run(reader->Read(4096));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "container_linux.go:247: starting container process caused \"exec: \\\"/bin\\\": "
            "permission denied\"\n");
  EXPECT_EQ(h.Run(reader->Read(4096)).value_or("error"), "");
  EXPECT_THAT(h.recorder.ends, ElementsAre("c1/init stdout 0", "c1/init stderr 94"));
}

TEST(WorldStart, MissingStreamsFailTheStart) {
  Harness h;
  CreateCommand command = Harness::CreateOf("c1");
  command.io = {"/no/such/fifo", "/no/such/o", "/no/such/e"};
  const auto created = h.Run(h.world.Create(std::move(command)));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().kind, FailureKind::kStreamMissing);
  EXPECT_EQ(created.error().passed_on.message, "open /no/such/o: no such file or directory");
}

TEST(WorldStart, ASlowStartTimesOut) {
  for (const Duration delay : {Duration(seconds(15)), Duration(seconds(100))}) {
    WorldOptions options;
    options.behaviour = Always({.start_delay = delay});
    Harness h(1, std::move(options));
    const auto created = h.Run(h.world.Create(Harness::CreateOf("c1")));
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().kind, FailureKind::kStartTimeout);
    EXPECT_EQ(h.runtime.Now(), seconds(15));
    h.runtime.RunReady();
    EXPECT_THAT(h.recorder.emitted, IsEmpty());
    EXPECT_EQ(h.world.container_count(), 0U);
  }
}

// Behaviour 1: ten start, ten wait, the next one blocks the loop.
TEST(WorldStart, StartWorkersAndTheirQueue) {
  WorldOptions options;
  options.behaviour = Always({.start_delay = seconds(1)});
  Harness h(1, std::move(options));
  std::vector<std::shared_ptr<std::shared_ptr<WorldResult<ContainerInfo>>>> creates;
  for (int i = 0; i < 20; ++i) {
    creates.push_back(
        h.Start(h.world.Create(Harness::CreateOf(std::string("c").append(std::to_string(i))))));
  }
  h.runtime.RunReady();
  const auto in_time = h.Start(h.world.List(Harness::Key("")));
  h.runtime.RunReady();
  ASSERT_TRUE(*in_time);  // twenty leave the loop free
  creates.push_back(h.Start(h.world.Create(Harness::CreateOf("c20"))));
  h.runtime.RunReady();
  const auto late = h.Start(h.world.List(Harness::Key("")));
  h.runtime.RunReady();
  EXPECT_FALSE(*late);
  h.runtime.AdvanceTo(seconds(1));
  EXPECT_TRUE(*late);
  h.runtime.AdvanceTo(seconds(3));
  for (const auto& created : creates) {
    ASSERT_TRUE(*created);
    EXPECT_TRUE((**created).has_value());
  }
}

TEST(WorldExec, StartsAndIsListed) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  const auto pid = h.Run(h.world.AddProcess(Harness::ExecOf("c1", "e1")));
  ASSERT_TRUE(pid);
  const auto info = h.world.Inspect(Harness::Key("c1"));
  ASSERT_EQ(info->processes.size(), 2U);
  EXPECT_EQ(info->processes[1].name, "e1");
  EXPECT_THAT(info->pids, ElementsAre(1000U, *pid));
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, ElementsAre("start-container c1", "start-process c1/e1"));
}

TEST(WorldExec, NamesInUseAreRefused) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Exec("c1", "e1"));
  for (const char* name : {"e1", "init"}) {
    const auto added = h.Run(h.world.AddProcess(Harness::ExecOf("c1", name)));
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().kind, FailureKind::kProcessExists);
  }
  EXPECT_FALSE(h.Exec("c2", "e1"));
}

TEST(WorldExec, AFailedOneLeavesNothing) {
  WorldOptions options;
  options.behaviour =
      ByName({{"e1", {.start_failure = StartFailure{FailureKind::kBinaryMissing, ""}}}});
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  const auto added = h.Run(h.world.AddProcess(Harness::ExecOf("c1", "e1")));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().subject, "/bin/true");
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, ElementsAre("start-container c1"));
  EXPECT_EQ(h.world.Inspect(Harness::Key("c1"))->processes.size(), 1U);
}

// Behaviour 16.
TEST(WorldExec, IntoAPausedContainerBlocksTheLoopUntilTheTimeout) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Run(h.world.Pause(Harness::Key("c1"))));
  const auto added = h.Start(h.world.AddProcess(Harness::ExecOf("c1", "e1")));
  h.runtime.RunReady();
  const auto resumed = h.Start(h.world.Resume(Harness::Key("c1")));
  h.runtime.AdvanceTo(milliseconds(14999));
  EXPECT_FALSE(*added);
  EXPECT_FALSE(*resumed);
  EXPECT_TRUE(h.Run(h.world.Stats(Harness::Key("c1"))));  // not on the loop
  h.runtime.AdvanceTo(seconds(15));
  ASSERT_TRUE(*added);
  EXPECT_EQ((**added).error().kind, FailureKind::kStartTimeout);
  ASSERT_TRUE(*resumed);
  EXPECT_TRUE((**resumed).has_value());
}

// Behaviour 17.
TEST(WorldExec, WhileTheCreateIsInFlightItsEventsComeFirst) {
  WorldOptions options;
  options.behaviour =
      ByName({{"init", {.start_delay = seconds(1)}}, {"e1", {.steps = {step::Exit{4}}}}});
  Harness h(1, std::move(options));
  const auto created = h.Start(h.world.Create(Harness::CreateOf("c1")));
  h.runtime.RunReady();
  ASSERT_TRUE(h.Exec("c1", "e1"));
  h.runtime.Run(seconds(2));
  ASSERT_TRUE(*created);
  EXPECT_THAT(h.recorder.emitted,
              ElementsAre("start-process c1/e1", "exit c1/e1 4", "start-container c1"));
}

TEST(WorldExec, AStartingExecStandsInEverybodysWay) {
  WorldOptions options;
  options.behaviour = ByName({{"e1", {.start_delay = seconds(3)}}});
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  const auto added = h.Start(h.world.AddProcess(Harness::ExecOf("c1", "e1")));
  h.runtime.RunReady();
  const auto signalled = h.Start(h.world.Signal(Harness::Key("c1"), "init", 0));
  h.runtime.AdvanceTo(milliseconds(2999));
  EXPECT_FALSE(*signalled);
  h.runtime.AdvanceTo(seconds(3));
  EXPECT_TRUE(*signalled);
  EXPECT_TRUE(*added);
}

TEST(WorldExec, IntoAContainerThatDiesMeanwhileFails) {
  WorldOptions options;
  options.behaviour = ByName({{"e1", {.start_delay = seconds(3)}}});
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  const auto added = h.Start(h.world.AddProcess(Harness::ExecOf("c1", "e1")));
  h.runtime.RunReady();
  ASSERT_TRUE(h.world.ExitProcess(Harness::Key("c1"), "init", 0));
  h.runtime.Run(seconds(5));
  ASSERT_TRUE(*added);
  ASSERT_FALSE((**added).has_value());
  EXPECT_EQ((**added).error().kind, FailureKind::kRuntimeMessage);
  EXPECT_THAT(h.recorder.emitted, ElementsAre("start-container c1", "exit c1/init 0"));
}

TEST(WorldStart, ADestroyedWorldAnswersAndLetsGo) {
  libcontainerd::SimulatedRuntime runtime(1);
  libcontainerd::MemoryFifos fifos(runtime);
  MemoryProcessIo io(fifos);
  std::shared_ptr<std::shared_ptr<WorldResult<ContainerInfo>>> created;
  {
    WorldOptions options;
    options.behaviour =
        ByName({{"init", {.steps = {step::EchoStdin{}}}}, {"slow", {.start_delay = seconds(5)}}});
    World world(runtime, io, std::move(options));
    ASSERT_TRUE(world.StartDaemon());
    CreateCommand first = Harness::CreateOf("c1");
    for (const char* name : {"i", "o", "e"}) fifos.Create(name);
    first.io = {"i", "o", "e"};
    created = Begin(runtime, world.Create(std::move(first)));
    runtime.RunReady();
    ASSERT_TRUE((**created).has_value());
    AddProcessCommand slow = Harness::ExecOf("c1", "slow");
    Begin(runtime, world.AddProcess(std::move(slow)));
    runtime.RunReady();
    created = Begin(runtime, world.Create(Harness::CreateOf("c2")));
    runtime.RunReady();
    EXPECT_FALSE(*created);  // behind the slow exec
  }
  runtime.Run();
  ASSERT_TRUE(*created);
  EXPECT_EQ((**created).error().kind, FailureKind::kDaemonGone);
  EXPECT_FALSE(runtime.failure());
}

}  // namespace
}  // namespace fake_containerd
