// Races decided by a seed.
#include "fake_containerd/choices.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

constexpr std::uint64_t kChoiceSeeds = 60;

// A container with an exec, paused and resumed, killed; what was told, in order, and when replies
// came between.
std::string Life(std::uint64_t seed, std::uint64_t schedule = 1) {
  WorldOptions options;
  options.choices = Choices::Drawn(seed);
  Harness h(schedule, std::move(options));
  Listener listener(h.world, {});
  std::string log;
  const auto step = [&](auto answer, const char* name) {
    const auto reply = h.Start(std::move(answer));
    h.runtime.RunUntil([&] { return *reply != nullptr; });
    log += name + (" after " + std::to_string(listener.events.size()) + "; ");
    h.runtime.AdvanceTo(h.runtime.Now() + std::chrono::seconds(1));
  };
  step(h.world.Create(Harness::CreateOf("c1")), "create");
  step(h.world.AddProcess(Harness::ExecOf("c1", "e1")), "exec");
  step(h.world.Pause(kKey), "pause");
  step(h.world.Resume(kKey), "resume");
  EXPECT_TRUE(h.world.OomKill(kKey, "init"));
  h.runtime.AdvanceTo(h.runtime.Now() + std::chrono::seconds(1));
  for (const std::string& line : listener.lines()) log += line + "; ";
  return log;
}

TEST(Choices, ASeedDecides) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) EXPECT_EQ(Life(seed), Life(seed));
}

TEST(Choices, SeedsBringEveryOrder) {
  std::set<std::string> lives;
  std::set<bool> oom_first;
  std::set<bool> exec_first;
  std::set<bool> create_first;
  for (std::uint64_t seed = 0; seed < kChoiceSeeds; ++seed) {
    const std::string life = Life(seed);
    lives.insert(life);
    const std::size_t init = life.find("exit c1/init 137");
    ASSERT_NE(init, std::string::npos) << life;
    oom_first.insert(life.find("oom c1") < init);
    exec_first.insert(life.find("exit c1/e1") < init);
    create_first.insert(life.find("create after 0") != std::string::npos);
  }
  EXPECT_GT(lives.size(), 10U);
  EXPECT_EQ(oom_first.size(), 2U);
  EXPECT_EQ(exec_first.size(), 2U);
  EXPECT_EQ(create_first.size(), 2U);
}

TEST(Choices, DefaultsDrawNothing) {
  const Choices choices;
  EXPECT_EQ(choices.start_container, Order::kReplyFirst);
  EXPECT_EQ(choices.start_process, Order::kEventFirst);
  EXPECT_EQ(choices.exec_exits, Choices::ExecExits::kFree);
  EXPECT_FALSE(choices.replay_deadlocks);
  EXPECT_FALSE(Choices::Drawn(1).replay_deadlocks);
}

TEST(ReplayDeadlock, ALongReplayStopsEverything) {
  WorldOptions options;
  options.subscriber_capacity = 5;
  options.choices.replay_deadlocks = true;
  Harness h(1, std::move(options));
  Listener before(h.world, {});
  for (int i = 0; i < 5; ++i) h.world.Emit(Event{.container = kKey, .process = "x"});
  h.runtime.RunReady();
  {
    Listener fits(h.world, EventFilter{.after = WallTime::min()});
    h.runtime.RunReady();
    EXPECT_EQ(fits.events.size(), 5U);
  }
  h.world.Emit(Event{.container = kKey, .process = "x"});
  h.runtime.RunReady();
  ASSERT_EQ(before.events.size(), 6U);
  Listener replay(h.world, EventFilter{.after = WallTime::min(), .stored_only = true});
  h.runtime.RunReady();
  EXPECT_TRUE(replay.events.empty());
  EXPECT_FALSE(replay.ended);
  // Nothing to tell yet: the loop still turns. Then it does not.
  EXPECT_TRUE(*h.Start(h.world.List(Harness::Key(""))) == nullptr);
  const auto created = h.Start(h.world.Create(Harness::CreateOf("c1")));
  h.runtime.RunReady();
  EXPECT_TRUE(*created);
  const auto listed = h.Start(h.world.List(Harness::Key("")));
  h.runtime.AdvanceTo(h.runtime.Now() + std::chrono::hours(1));
  EXPECT_FALSE(*listed);
  EXPECT_EQ(before.events.size(), 6U);
  // Only a restart helps.
  h.world.StopDaemon();
  h.world.choices().replay_deadlocks = false;
  ASSERT_TRUE(h.world.StartDaemon());
  h.runtime.RunReady();
  EXPECT_TRUE(replay.broken);
  EXPECT_TRUE(h.Run(h.world.List(Harness::Key(""))));
}

TEST(ReplayDeadlock, ByDefaultALongReplayIsTold) {
  WorldOptions options;
  options.subscriber_capacity = 5;
  options.retain_count = 0;
  Harness h(1, std::move(options));
  for (int i = 0; i < 20; ++i) {
    h.world.Emit(Event{.container = kKey, .process = "x"});
    h.runtime.RunReady();
  }
  Listener replay(h.world, EventFilter{.after = WallTime::min(), .stored_only = true});
  h.runtime.RunReady();
  EXPECT_EQ(replay.events.size(), 20U);
}

}  // namespace
}  // namespace fake_containerd
