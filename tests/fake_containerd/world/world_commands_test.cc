// Commands that neither start nor end anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

const ContainerKey kNone = Harness::Key("none");
constexpr int kCommandSeeds = 40;

class WorldCommands : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(h_.Running("c1")); }
  template <class T>
  FailureKind Failed(World::Answer<T> answer) {
    const auto result = h_.Run(std::move(answer));
    EXPECT_FALSE(result);
    return result ? FailureKind::kDaemonGone : result.error().kind;
  }
  Harness h_;
};

TEST_F(WorldCommands, UnknownContainers) {
  constexpr FailureKind kNotFound = FailureKind::kContainerNotFound;
  EXPECT_EQ(Failed(h_.world.AddProcess(Harness::ExecOf("none", "e"))), kNotFound);
  EXPECT_EQ(Failed(h_.world.Signal(kNone, "init", 9)), kNotFound);
  EXPECT_EQ(Failed(h_.world.UpdateProcess(kNone, "init", {})), kNotFound);
  EXPECT_EQ(Failed(h_.world.Pause(kNone)), kNotFound);
  EXPECT_EQ(Failed(h_.world.Resume(kNone)), kNotFound);
  EXPECT_EQ(Failed(h_.world.SetResources(kNone, {})), kNotFound);
  EXPECT_EQ(Failed(h_.world.Find(kNone)), kNotFound);
  EXPECT_EQ(Failed(h_.world.List(kNone)), kNotFound);
  EXPECT_EQ(Failed(h_.world.Stats(kNone)), kNotFound);
  EXPECT_EQ(Failed(h_.world.CreateCheckpoint(kNone, "", {})), kNotFound);
  EXPECT_EQ(Failed(h_.world.DeleteCheckpoint(kNone, "", "x")), kNotFound);
  EXPECT_EQ(Failed(h_.world.ListCheckpoints(kNone, "")), kNotFound);
}

TEST_F(WorldCommands, UnknownProcessesAndSignals) {
  EXPECT_EQ(Failed(h_.world.Signal(kKey, "e1", 9)), FailureKind::kProcessNotFound);
  EXPECT_EQ(Failed(h_.world.UpdateProcess(kKey, "e1", {})), FailureKind::kProcessNotFound);
  EXPECT_EQ(Failed(h_.world.Signal(kKey, "init", 200)), FailureKind::kInvalidSignal);
  EXPECT_TRUE(h_.Run(h_.world.Signal(kKey, "init", 0)));
}

// Behaviour 12: paused is not told.
TEST_F(WorldCommands, PauseAndResume) {
  EXPECT_EQ(Failed(h_.world.Resume(kKey)), FailureKind::kNotPaused);
  EXPECT_TRUE(h_.Run(h_.world.Pause(kKey)));
  EXPECT_EQ(Failed(h_.world.Pause(kKey)), FailureKind::kPausedAlready);
  const auto infos = h_.Run(h_.world.List(kKey));
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->front().status, TaskStatus::kRunning);
  EXPECT_TRUE(infos->front().paused);
  EXPECT_TRUE(h_.Run(h_.world.Resume(kKey)));
  h_.runtime.RunReady();
  EXPECT_THAT(h_.recorder.emitted, ElementsAre("start-container c1", "pause c1", "resume c1"));
}

// Behaviour 9.
TEST_F(WorldCommands, PauseEventAndReplyInEitherOrderUnlessChosen) {
  bool event_first = false;
  bool reply_first = false;
  for (int seed = 0; seed < kCommandSeeds; ++seed) {
    Harness h(static_cast<std::uint64_t>(seed));
    ASSERT_TRUE(h.Running("c1"));
    Listener listener(h.world, {});
    const auto paused = h.Start(h.world.Pause(kKey));
    h.runtime.RunUntil([&] { return *paused != nullptr || !listener.events.empty(); });
    (*paused ? reply_first : event_first) = true;

    h.runtime.RunReady();
    h.world.choices().gap = milliseconds(1);
    h.world.choices().resume = Order::kReplyFirst;
    const auto resumed = h.Start(h.world.Resume(kKey));
    h.runtime.RunUntil([&] { return *resumed != nullptr || listener.events.size() > 1; });
    EXPECT_TRUE(*resumed);
  }
  EXPECT_TRUE(event_first);
  EXPECT_TRUE(reply_first);
}

TEST_F(WorldCommands, ResourcesShowInStats) {
  EXPECT_EQ(Failed(h_.world.SetResources(kKey, {.memory_limit = 1})), FailureKind::kMemoryBusy);
  EXPECT_TRUE(h_.Run(h_.world.SetResources(kKey, {.memory_limit = 134217728})));
  EXPECT_TRUE(h_.Run(h_.world.SetResources(kKey, {.pids_limit = 5})));
  h_.runtime.AdvanceTo(seconds(1));
  ASSERT_TRUE(h_.Exec("c1", "e1"));
  const auto stats = h_.Run(h_.world.Stats(kKey));
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->memory.limit, 134217728U);
  EXPECT_EQ(stats->pids_limit, 5U);
  EXPECT_EQ(stats->pids, 2U);
  EXPECT_EQ(stats->time, h_.runtime.WallNow());
  h_.runtime.AdvanceTo(seconds(2));
  EXPECT_GT(h_.Run(h_.world.Stats(kKey))->cpu.total, stats->cpu.total);
}

TEST_F(WorldCommands, StatsStandStillInAPause) {
  h_.runtime.AdvanceTo(seconds(10));
  ASSERT_TRUE(h_.Run(h_.world.Pause(kKey)));
  TaskStats before = *h_.Run(h_.world.Stats(kKey));
  h_.runtime.AdvanceTo(seconds(1000));
  TaskStats after = *h_.Run(h_.world.Stats(kKey));
  EXPECT_EQ(after.time - before.time, Duration(seconds(990)));
  EXPECT_GT(after.cpu.system_total, before.cpu.system_total);
  after.time = before.time;
  after.cpu.system_total = before.cpu.system_total;
  EXPECT_EQ(after, before);
  ASSERT_TRUE(h_.Run(h_.world.Resume(kKey)));
  EXPECT_EQ(h_.Run(h_.world.Stats(kKey))->cpu.total, before.cpu.total);
  h_.runtime.AdvanceTo(seconds(1010));
  EXPECT_GT(h_.Run(h_.world.Stats(kKey))->cpu.total, before.cpu.total);
}

TEST_F(WorldCommands, StatsFollowAScript) {
  TaskStats busy;
  busy.memory.usage = 77;
  busy.networks = {{.name = "wg0", .rx_bytes = 5}};
  h_.world.SetStats(kKey, StatsSeries({{.at = seconds(5), .stats = busy}, {.at = seconds(9)}}));
  EXPECT_GT(h_.Run(h_.world.Stats(kKey))->memory.usage, 77U);  // the model's
  h_.runtime.AdvanceTo(seconds(6));
  busy.time = h_.runtime.WallNow();
  EXPECT_EQ(*h_.Run(h_.world.Stats(kKey)), busy);
  h_.runtime.AdvanceTo(seconds(9));
  EXPECT_EQ(h_.Run(h_.world.Stats(kKey))->memory.usage, 0U);
  h_.world.SetStats(kKey, [](const StatsMoment& moment, TaskStats& stats) {
    stats.pids = static_cast<std::uint64_t>(moment.running / seconds(1));
  });
  EXPECT_EQ(h_.Run(h_.world.Stats(kKey))->pids, 9U);
  h_.world.SetStats(kKey, {});
  EXPECT_EQ(h_.Run(h_.world.Stats(kKey))->pids, 1U);
}

TEST_F(WorldCommands, CpuPeriodsCountUnderAQuotaOnly) {
  const auto periods = [this] { return h_.Run(h_.world.Stats(kKey))->cpu.periods; };
  h_.runtime.AdvanceTo(seconds(10));
  EXPECT_EQ(periods(), 0U);
  ASSERT_TRUE(h_.Run(h_.world.SetResources(kKey, {.cpu_quota = 50'000})));
  h_.runtime.AdvanceTo(seconds(20));
  EXPECT_EQ(periods(), 100U);
  ASSERT_TRUE(h_.Run(h_.world.SetResources(kKey, {.cpu_period = 500'000})));
  h_.runtime.AdvanceTo(seconds(30));
  EXPECT_EQ(periods(), 120U);
}

TEST_F(WorldCommands, Checkpoints) {
  const CheckpointOptions options{.name = "cp1", .exit = true, .tcp = true};
  EXPECT_EQ(Failed(h_.world.ListCheckpoints(kKey, "/ckpt")), FailureKind::kCheckpointDirectory);
  // Without the tool it fails, and is there.
  EXPECT_EQ(Failed(h_.world.CreateCheckpoint(kKey, "/ckpt", options)),
            FailureKind::kCheckpointTool);
  EXPECT_EQ(Failed(h_.world.CreateCheckpoint(kKey, "/ckpt/", options)),
            FailureKind::kCheckpointExists);
  EXPECT_EQ(h_.Run(h_.world.ListCheckpoints(kKey, "/ckpt"))->size(), 1U);
  EXPECT_TRUE(h_.Run(h_.world.DeleteCheckpoint(kKey, "/ckpt", "never")));
  EXPECT_TRUE(h_.Run(h_.world.DeleteCheckpoint(kKey, "/ckpt", "cp1")));
  EXPECT_TRUE(h_.Run(h_.world.ListCheckpoints(kKey, "/ckpt"))->empty());
}

TEST_F(WorldCommands, ACheckpointWithTheToolMayEndTheContainer) {
  h_.world.choices().checkpoint_tool = true;
  EXPECT_TRUE(h_.Run(h_.world.CreateCheckpoint(kKey, "/ckpt", {.name = "go on"})));
  EXPECT_EQ(h_.world.container_count(), 1U);
  EXPECT_TRUE(h_.Run(h_.world.CreateCheckpoint(kKey, "/ckpt", {.name = "end", .exit = true})));
  h_.runtime.RunReady();
  EXPECT_THAT(h_.recorder.emitted, ElementsAre("start-container c1", "exit c1/init 137"));
  CreateCommand restore = Harness::CreateOf("c2");
  restore.checkpoint = "end";
  restore.checkpoint_directory = "/ckpt";
  EXPECT_TRUE(h_.Run(h_.world.Create(std::move(restore))));
}

TEST_F(WorldCommands, ResizesTerminals) {
  const auto activity = [this] { return h_.world.Inspect(kKey)->activity.at("init"); };
  EXPECT_EQ(activity().resizes, 0U);
  EXPECT_TRUE(h_.Run(h_.world.UpdateProcess(kKey, "init", {.width = 80, .height = 24})));
  EXPECT_TRUE(h_.Run(h_.world.UpdateProcess(kKey, "init", {.width = 132, .height = 50})));
  EXPECT_TRUE(h_.Run(h_.world.UpdateProcess(kKey, "init", {.close_stdin = true})));
  EXPECT_EQ(activity().terminal_width, 132U);
  EXPECT_EQ(activity().terminal_height, 50U);
  EXPECT_EQ(activity().resizes, 2U);
  EXPECT_THAT(h_.recorder.resizes, ElementsAre("c1/init 80x24 1", "c1/init 132x50 2"));
}

}  // namespace
}  // namespace fake_containerd
