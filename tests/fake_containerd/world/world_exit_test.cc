// How processes end, and the order in which the daemon tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr int kExitSeeds = 60;

std::size_t IndexOf(const std::vector<std::string>& lines, const std::string& line) {
  return static_cast<std::size_t>(std::find(lines.begin(), lines.end(), line) - lines.begin());
}

// Behaviour 7: the container leaves the table, then its exit is told.
TEST(WorldExit, TheTableIsCleanBeforeTheEvent) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 3));
  h.runtime.RunUntil([&] { return h.world.container_count() == 0; });
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, ElementsAre("start-container c1", "exit c1/init 3"));
  EXPECT_TRUE(h.Create("c1"));  // the id is free again
}

TEST(WorldExit, TheLoopStandsStillWhileInitsShimIsAwaited) {
  WorldOptions options;
  options.choices.shim_wait = seconds(2);
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 3));
  h.runtime.RunReady();
  const auto listed = h.Start(h.world.List(Harness::Key("")));
  h.runtime.AdvanceTo(milliseconds(1999));
  EXPECT_FALSE(*listed);
  EXPECT_THAT(h.recorder.emitted, Not(Contains("exit c1/init 3")));
  h.runtime.AdvanceTo(seconds(2));
  EXPECT_TRUE(*listed);
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/init 3"));
}

// Behaviour 13 and the table: between death and notice.
TEST(WorldExit, ADeadUnreapedInitHasAnswersOfItsOwn) {
  WorldOptions options;
  options.choices.exit_notice_delay = seconds(1);
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Running("c2"));
  ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 0));
  EXPECT_EQ(h.Run(h.world.Signal(kKey, "init", 9)).error().kind, FailureKind::kNoSuchProcess);
  EXPECT_EQ(h.Run(h.world.UpdateProcess(kKey, "init", {.close_stdin = true})).error().kind,
            FailureKind::kControlClosed);
  EXPECT_EQ(h.Run(h.world.Pause(kKey)).error().kind, FailureKind::kInitJustDied);
  EXPECT_EQ(h.Run(h.world.List(kKey)).error().kind, FailureKind::kInitJustDiedPids);
  // The list of all fails as a whole.
  EXPECT_EQ(h.Run(h.world.List(Harness::Key(""))).error().kind, FailureKind::kInitJustDiedPids);
  h.world.choices().state_fails_for_dead_init = false;
  const auto infos = h.Run(h.world.List(Harness::Key("")));
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->size(), 2U);
  EXPECT_EQ(infos->front().status, TaskStatus::kStopped);
}

// Behaviour 8: an exec's exit is told from aside.
TEST(WorldExit, ExecsDieWithInitAndMayBeToldAfterIt) {
  bool before = false;
  bool after = false;
  for (int seed = 0; seed < kExitSeeds; ++seed) {
    Harness h(static_cast<std::uint64_t>(seed));
    ASSERT_TRUE(h.Running("c1"));
    ASSERT_TRUE(h.Exec("c1", "e1"));
    ASSERT_TRUE(h.Exec("c1", "e2"));
    h.runtime.RunReady();
    ASSERT_TRUE(h.world.KillProcess(kKey, "init", 9));
    h.runtime.RunReady();
    const std::vector<std::string> exits(h.recorder.emitted.begin() + 3, h.recorder.emitted.end());
    ASSERT_THAT(exits,
                UnorderedElementsAre("exit c1/e1 137", "exit c1/e2 137", "exit c1/init 137"));
    (IndexOf(exits, "exit c1/init 137") == 2 ? before : after) = true;
  }
  EXPECT_TRUE(before);
  EXPECT_TRUE(after);
}

TEST(WorldExit, TimestampsMayBeOutOfOrderWithDelivery) {
  bool in_order = false;
  bool out_of_order = false;
  for (int seed = 0; seed < kExitSeeds; ++seed) {
    Harness h(static_cast<std::uint64_t>(seed));
    ASSERT_TRUE(h.Running("c1"));
    ASSERT_TRUE(h.Exec("c1", "e1"));
    Listener listener(h.world, {});
    h.runtime.RunReady();
    ASSERT_TRUE(h.world.KillProcess(kKey, "init", 9));
    h.runtime.RunReady();
    const auto earlier = [](const Event& a, const Event& b) { return a.time < b.time; };
    const bool sorted = std::is_sorted(listener.events.begin(), listener.events.end(), earlier);
    (sorted ? in_order : out_of_order) = true;
  }
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(out_of_order);
}

TEST(WorldExit, TheOrderOfExecExitsCanBeChosen) {
  for (int seed = 0; seed < kExitSeeds; ++seed) {
    for (const auto order : {Choices::ExecExits::kBeforeInit, Choices::ExecExits::kAfterInit}) {
      WorldOptions options;
      options.choices.exec_exits = order;
      options.choices.late_exec_status = 255;
      Harness h(static_cast<std::uint64_t>(seed), std::move(options));
      ASSERT_TRUE(h.Running("c1"));
      ASSERT_TRUE(h.Exec("c1", "e1"));
      ASSERT_TRUE(h.Exec("c1", "e2"));
      h.runtime.RunReady();
      ASSERT_TRUE(h.world.KillProcess(kKey, "init", 9));
      h.runtime.RunReady();
      const bool first = order == Choices::ExecExits::kBeforeInit;
      const std::vector<std::string>& lines = h.recorder.emitted;
      ASSERT_EQ(lines.size(), 6U);
      EXPECT_EQ(lines[first ? 5 : 3], "exit c1/init 137");
      EXPECT_THAT(lines, Contains(first ? "exit c1/e1 137" : "exit c1/e1 255"));
    }
  }
}

TEST(WorldExit, AnExecsNameIsFreeWhileItsChildrenHoldItsStreams) {
  WorldOptions options;
  int starts = 0;
  options.behaviour = [&starts](const ProcessRequest& request) -> Behaviour {
    if (request.process == "init") return {};
    if (++starts > 1) return {.steps = {step::Exit{7}}};
    return {
        .steps = {step::SpawnChildren{.lifetime = seconds(1), .output = "late\n"}, step::Exit{6}}};
  };
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  AddProcessCommand first = Harness::ExecOf("c1", "e3");
  first.io = h.MakeFifos("c1", "e3");
  const auto reader = *h.fifos.OpenReader(first.io.out);
  ASSERT_TRUE(h.Run(h.world.AddProcess(std::move(first))));
  h.runtime.RunReady();
  EXPECT_EQ(h.world.Inspect(kKey)->pids.size(), 2U);  // init and the grandchild
  EXPECT_EQ(h.Run(h.world.Signal(kKey, "e3", 9)).error().kind, FailureKind::kProcessNotFound);
  ASSERT_TRUE(h.Exec("c1", "e3"));
  h.runtime.Run(seconds(2));
  EXPECT_EQ(h.Run(reader->Read(100)).value_or(""), "late\n");
  EXPECT_THAT(h.recorder.emitted,
              ElementsAre("start-container c1", "start-process c1/e3", "start-process c1/e3",
                          "exit c1/e3 7", "exit c1/e3 6"));
}

TEST(WorldExit, AGrandchildDiesWithTheContainer) {
  WorldOptions options;
  options.behaviour = ByName({{"e4", {.steps = {step::SpawnChildren{}, step::Exit{8}}}}});
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Exec("c1", "e4"));
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, Not(Contains("exit c1/e4 8")));
  ASSERT_TRUE(h.world.KillProcess(kKey, "init", 9));
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/e4 8"));
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/init 137"));
}

TEST(WorldExit, GrandchildrenCanBeReleasedByHand) {
  WorldOptions options;
  options.behaviour = ByName({{"e4", {.steps = {step::SpawnChildren{}, step::Exit{8}}}}});
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Exec("c1", "e4"));
  h.runtime.RunReady();
  EXPECT_TRUE(h.world.ReleaseChildren(kKey, "e4"));
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/e4 8"));
}

// Behaviour 11.
TEST(WorldExit, OomAndExitComeInEitherOrder) {
  bool oom_first = false;
  bool exit_first = false;
  for (int seed = 0; seed < kExitSeeds; ++seed) {
    WorldOptions options;
    options.behaviour = Always({.steps = {step::AwaitCue{"eat"}, step::Oom{}}});
    Harness h(static_cast<std::uint64_t>(seed), std::move(options));
    ASSERT_TRUE(h.Running("c1"));
    ASSERT_TRUE(h.world.GiveCue(kKey, "init", "eat"));
    h.runtime.RunReady();
    ASSERT_THAT(h.recorder.emitted,
                UnorderedElementsAre("start-container c1", "oom c1", "exit c1/init 137"));
    (h.recorder.emitted[1] == "oom c1" ? oom_first : exit_first) = true;
  }
  EXPECT_TRUE(oom_first);
  EXPECT_TRUE(exit_first);
}

TEST(WorldExit, TheOrderOfOomCanBeChosen) {
  for (int seed = 0; seed < kExitSeeds; ++seed) {
    for (const auto order : {Choices::OomOrder::kBeforeExit, Choices::OomOrder::kAfterExit}) {
      WorldOptions options;
      options.choices.oom = order;
      Harness h(static_cast<std::uint64_t>(seed), std::move(options));
      ASSERT_TRUE(h.Running("c1"));
      ASSERT_TRUE(h.world.OomKill(kKey, "init"));
      h.runtime.RunReady();
      const bool first = order == Choices::OomOrder::kBeforeExit;
      ASSERT_EQ(h.recorder.emitted.size(), 3U);
      EXPECT_EQ(h.recorder.emitted[first ? 1 : 2], "oom c1");
    }
  }
}

TEST(WorldExit, AChildsOomKillsNobodyElse) {
  WorldOptions options;
  options.behaviour = Always({.steps = {step::Oom{.child = true}, step::Exit{0}}});
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Create("c1"));
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, Contains("oom c1"));
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/init 0"));
}

TEST(WorldExit, AnInjectedOomIsAnEventOnly) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  EXPECT_TRUE(h.world.Oom(kKey));
  EXPECT_FALSE(h.world.Oom(Harness::Key("c2")));
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, ElementsAre("start-container c1", "oom c1"));
  EXPECT_EQ(h.world.container_count(), 1U);
}

TEST(WorldExit, AKilledShimIsMissedAfterAWhile) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  EXPECT_TRUE(h.world.KillShim(kKey, "init"));
  h.runtime.AdvanceTo(milliseconds(1199));
  EXPECT_EQ(h.world.container_count(), 1U);
  h.runtime.AdvanceTo(milliseconds(1200));
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/init 137"));
}

TEST(WorldExit, ManyLivesOfOneId) {
  for (int seed = 0; seed < kExitSeeds; ++seed) {
    WorldOptions options;
    options.behaviour = Always({.steps = {step::Exit{1}}});
    Harness h(static_cast<std::uint64_t>(seed), std::move(options));
    for (int life = 0; life < 5; ++life) {
      ASSERT_TRUE(h.Create("c1"));
      h.runtime.RunReady();
    }
    EXPECT_EQ(h.recorder.emitted.size(), 10U);
    EXPECT_EQ(h.world.container_count(), 0U);
  }
}

}  // namespace
}  // namespace fake_containerd
