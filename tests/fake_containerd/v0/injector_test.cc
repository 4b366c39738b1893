// Holding, releasing, stepping and emitting, over many seeds; and how a plan's terms take turns.
#include "fake_containerd/injector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/v0/fault_harness.h"

namespace fake_containerd::v0 {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class InjectorSeeds : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Many, InjectorSeeds, ::testing::Range<std::uint64_t>(1, 21));

TEST_P(InjectorSeeds, ACreateIsHeldBeforeItAndBeforeItsReply) {
  FaultHarness f(GetParam());
  f.h.bundles.configs()["/state/web"] = kConfig;
  ASSERT_TRUE(f.injector().Hold("rpc.CreateContainer.received@web"));
  ASSERT_TRUE(f.injector().Hold("rpc.CreateContainer.executed@web"));
  const auto reply = f.h.Start(
      libcontainerd::Call(f.h.api, FacadeHarness::CreateRequest("web"), std::chrono::hours(1)));
  f.h.runtime.RunReady();
  EXPECT_EQ(f.injector().HeldAt("rpc.CreateContainer.received"), 1U);
  EXPECT_FALSE(f.h.world.Inspect(Harness::Key("web")));
  // Another container's passes.
  EXPECT_EQ(f.h.Create("other"), "OK");

  EXPECT_EQ(f.injector().Release("rpc.CreateContainer.received@web"), 1U);
  f.h.runtime.RunReady();
  EXPECT_EQ(f.injector().HeldAt("rpc.CreateContainer.executed@web"), 1U);
  EXPECT_EQ(f.injector().HeldAt("rpc.CreateContainer.executed@other"), 0U);
  EXPECT_TRUE(f.h.world.Inspect(Harness::Key("web")));
  EXPECT_EQ(*reply, nullptr);
  EXPECT_EQ(f.injector().CallsWaiting(), 1U);

  EXPECT_EQ(f.injector().Release("rpc.CreateContainer.executed"), 1U);
  f.h.runtime.RunReady();
  ASSERT_NE(*reply, nullptr);
  EXPECT_TRUE((*reply)->has_value());
  EXPECT_THAT(f.recorder.holds, ElementsAre("held rpc.CreateContainer.received@web",
                                            "released rpc.CreateContainer.received@web",
                                            "held rpc.CreateContainer.executed@web",
                                            "released rpc.CreateContainer.executed@web"));
}

// Events are no calls, and what is lost waits for nothing.
TEST_P(InjectorSeeds, CallsThatAreDelayedWait) {
  FaultHarness f(GetParam());
  f.h.bundles.configs()["/state/web"] = kConfig;
  const auto plan =
      FaultPlan::Parse("rpc.CreateContainer.executed=1*delay(2s)->1*drop; event.oom=delay(9s)");
  ASSERT_TRUE(plan);
  f.injector().SetFaults(*plan);
  f.Emit(EventKind::kOom, "a");
  const auto slow = f.h.Start(
      libcontainerd::Call(f.h.api, FacadeHarness::CreateRequest("web"), std::chrono::hours(1)));
  f.h.runtime.RunReady();
  EXPECT_EQ(f.injector().CallsWaiting(), 1U);
  f.h.runtime.AdvanceTo(f.h.runtime.Now() + seconds(2));
  f.h.runtime.RunReady();
  ASSERT_NE(*slow, nullptr);
  EXPECT_EQ(f.injector().CallsWaiting(), 0U);
  f.h.bundles.configs()["/state/lost"] = kConfig;
  const auto lost = f.h.Start(
      libcontainerd::Call(f.h.api, FacadeHarness::CreateRequest("lost"), std::chrono::hours(1)));
  f.h.runtime.RunReady();
  EXPECT_EQ(*lost, nullptr);
  EXPECT_EQ(f.injector().CallsWaiting(), 0U);
}

TEST_P(InjectorSeeds, EventsAreLetGoOneByOne) {
  FaultHarness f(GetParam());
  f.Listen();
  ASSERT_TRUE(f.injector().Hold("event.oom"));
  for (const char* id : {"a", "b", "c"}) f.Emit(EventKind::kOom, id);
  f.Emit(EventKind::kExit, "a", "init");
  f.h.runtime.RunReady();
  EXPECT_THAT(f.sink.lines, ElementsAre("exit a/init 0"));
  EXPECT_THAT(f.injector().Held(), SizeIs(3));
  EXPECT_EQ(f.injector().Release("event.oom@b"), 1U);
  f.h.runtime.RunReady();
  EXPECT_EQ(f.injector().Release("event.oom", 1), 1U);
  f.h.runtime.RunReady();
  EXPECT_THAT(f.sink.lines, ElementsAre("exit a/init 0", "oom b", "oom a"));
  f.Emit(EventKind::kOom, "d");  // the hold stays
  EXPECT_EQ(f.injector().HeldAt("event.oom"), 2U);
  f.injector().ReleaseAll();
  f.h.runtime.RunReady();
  EXPECT_THAT(f.sink.lines, ElementsAre("exit a/init 0", "oom b", "oom a", "oom c", "oom d"));
  EXPECT_THAT(f.Logged(), ElementsAre("exit a/init 0", "oom b", "oom a", "oom c", "oom d"));
}

TEST_P(InjectorSeeds, EverythingWaitsUntilStepped) {
  FaultHarness f(GetParam());
  f.Listen();
  f.injector().SetAutonomous(false);
  f.h.bundles.configs()["/state/c1"] = kConfig;
  const auto reply = f.h.Start(
      libcontainerd::Call(f.h.api, FacadeHarness::CreateRequest("c1"), std::chrono::hours(1)));
  f.h.runtime.RunReady();
  EXPECT_THAT(f.sink.lines, IsEmpty());
  EXPECT_EQ(*reply, nullptr);
  ASSERT_THAT(f.injector().Held(), SizeIs(2));  // the reply and the event
  EXPECT_TRUE(f.injector().Held().front().stepped);
  EXPECT_EQ(f.injector().Step(1), 1U);
  f.h.runtime.RunReady();
  EXPECT_EQ((*reply != nullptr) + static_cast<int>(f.sink.lines.size()), 1);
  EXPECT_EQ(f.injector().Step(5), 1U);
  f.h.runtime.RunReady();
  EXPECT_NE(*reply, nullptr);
  EXPECT_THAT(f.sink.lines, ElementsAre("start-container c1"));
  f.Emit(EventKind::kOom, "c1");
  f.injector().SetAutonomous(true);
  f.h.runtime.RunReady();
  EXPECT_THAT(f.sink.lines, ElementsAre("start-container c1", "oom c1"));
}

TEST_P(InjectorSeeds, AHealthCheckIsHeldAndNotStepped) {
  FaultHarness f(GetParam());
  ASSERT_EQ(f.h.Create("c1"), "OK");
  f.injector().SetAutonomous(false);
  EXPECT_EQ(f.Send("Health"), "OK");
  f.injector().SetAutonomous(true);
  for (const std::string point : {"rpc.Health.received", "rpc.Health.executed"}) {
    ASSERT_TRUE(f.injector().Hold(point));
    const auto answer = f.h.Start(f.h.api.CheckHealth(std::chrono::hours(1)));
    f.h.runtime.RunReady();
    EXPECT_EQ(*answer, nullptr);
    EXPECT_EQ(f.Send("State"), "OK");  // nobody waits for it
    EXPECT_EQ(f.injector().Release(point), 1U);
    f.h.runtime.RunReady();
    ASSERT_NE(*answer, nullptr);
    EXPECT_EQ(v0::Outcome(**answer), "OK");
  }
}

TEST_P(InjectorSeeds, HealthFailsForAsLongAsARestartTakes) {
  FaultHarness f(GetParam());
  f.Faults("rpc.State.received=1*restart(1s); daemon.start=1*delay(12s)");
  EXPECT_EQ(f.Send("State"), "14 transport is closing");
  for (const Duration end = f.Now() + seconds(12); f.Now() < end;) {
    EXPECT_EQ(f.Send("Health"), "14 connection refused");
    f.h.runtime.AdvanceTo(f.Now() + seconds(1));
  }
  f.h.runtime.AdvanceTo(f.Now() + seconds(2));
  EXPECT_EQ(f.Send("Health"), "OK");
}

TEST(InjectorDraws, BeginAnewFromASeed) {
  FaultHarness f(1, "event.oom=50%drop");
  const auto draws = [&f](std::uint64_t seed) {
    f.injector().Seed(seed);
    std::string drawn;
    for (int i = 0; i < 40; ++i) {
      drawn += f.injector().Draw("event.oom", {}).fault ? 'x' : '.';
    }
    return drawn;
  };
  const std::string seven = draws(7);
  EXPECT_NE(draws(8), seven);
  EXPECT_EQ(draws(7), seven);
}

TEST_P(InjectorSeeds, WhatIsHeldDiesWithTheDaemon) {
  FaultHarness f(GetParam());
  ASSERT_EQ(f.h.Create("c1"), "OK");
  ASSERT_TRUE(f.injector().Hold("rpc.State.received"));
  ASSERT_TRUE(f.injector().Hold("event.exit"));
  types::StateRequest request;
  const auto reply = f.h.Start(libcontainerd::Call(f.h.api, request, std::chrono::hours(1)));
  f.Emit(EventKind::kExit, "c1", "init");
  f.h.runtime.RunReady();
  f.h.world.StopDaemon();
  f.h.runtime.RunReady();
  ASSERT_NE(*reply, nullptr);
  EXPECT_EQ(v0::Outcome(**reply), "14 transport is closing");
  EXPECT_THAT(f.injector().Held(), IsEmpty());
  EXPECT_THAT(f.recorder.lost, ElementsAre("exit c1/init 0, the log's too: the daemon died first"));
  ASSERT_TRUE(f.h.world.StartDaemon());
  EXPECT_THAT(f.Logged(), ElementsAre("start-container c1"));
}

TEST_P(InjectorSeeds, EventsOfUnknownIdsAtAnyTime) {
  FaultHarness f(GetParam());
  f.Listen();
  Event event;
  event.kind = EventKind::kLive;
  event.container.id = "nobody";
  event.process = "p";
  event.status = 9;
  event.time = WallTime(seconds(7));
  f.injector().Emit(event);
  f.h.runtime.RunReady();
  ASSERT_THAT(f.sink.received, SizeIs(1));
  EXPECT_EQ(f.sink.received[0].ShortDebugString(),
            "type: \"live\" id: \"nobody\" status: 9 pid: \"p\" timestamp { seconds: 7 }");
}

// A world whose daemon is destroyed or stopped while things wait answers them all.
TEST_P(InjectorSeeds, NothingWaitsLongerThanTheWorld) {
  std::string outcome;
  {
    FaultHarness f(GetParam());
    ASSERT_EQ(f.h.Create("c1"), "OK");
    for (const InjectionPoint& point : InjectionPoints()) {
      if (point.holdable) {
        ASSERT_TRUE(f.injector().Hold(point.name));
      }
    }
    f.Listen();
    (void)f.h.Start(
        libcontainerd::Call(f.h.api, FacadeHarness::ExecRequest("c1", "x"), std::chrono::hours(1)));
    f.h.world.ExitProcess(Harness::Key("c1"), "init", 1);
    f.Emit(EventKind::kPause, "c1");
    f.h.runtime.RunReady();
    EXPECT_GE(f.injector().Held().size(), 4U);
  }
}

TEST(Injector, SaysWhatCannotBeHeld) {
  FaultHarness f;
  EXPECT_EQ(f.injector().Hold("event.exits").error().message,
            "\"event.exits\": no such point, the nearest is event.exit");
  EXPECT_EQ(f.injector().Hold("disk.log").error().message,
            "\"disk.log\": nothing can be held there");
  EXPECT_EQ(f.injector().Release("event.oom@").error().message,
            "\"event.oom@\": expected a container's id after @");
  EXPECT_EQ(f.injector().Release("event.oom"), 0U);
}

TEST(Injector, MatchesSubjects) {
  EXPECT_TRUE(PointMatches("event.exit", "event.exit", "web/init"));
  EXPECT_TRUE(PointMatches("event.exit@web", "event.exit", "web/init"));
  EXPECT_TRUE(PointMatches("event.exit@web/init", "event.exit", "web/init"));
  EXPECT_FALSE(PointMatches("event.exit@web/x", "event.exit", "web/init"));
  EXPECT_FALSE(PointMatches("event.exit@we", "event.exit", "web"));
  EXPECT_FALSE(PointMatches("event.oom", "event.exit", "web"));
}

TEST(Injector, TermsTakeTurns) {
  FaultHarness f(1,
                 "rpc.State.received@c1=2*off->1*error(one)->2*error(two)\n"
                 "rpc.State.received=error(others)");
  ASSERT_EQ(f.h.Create("c1"), "OK");
  std::vector<std::string> outcomes;
  for (int i = 0; i < 7; ++i) outcomes.push_back(f.Send("State"));
  EXPECT_THAT(outcomes, ElementsAre("OK", "OK", "2 one", "2 two", "2 two", "2 others", "2 others"));
  ASSERT_THAT(f.injector().Fired(), SizeIs(5));
  EXPECT_EQ(f.injector().Fired()[2], (FiredFault{"rpc.State.received", "c1", "2*error(two)", 2}));
  EXPECT_EQ(f.recorder.fired.front(), "rpc.State.received@c1=1*error(one) #1");
  // A plan begins anew when it is set.
  f.Faults("rpc.State.received=1*error(again)");
  EXPECT_EQ(f.Send("State"), "2 again");
  f.injector().ClearFaults();
  EXPECT_EQ(f.Send("State"), "OK");
}

std::string Luck(std::uint64_t seed) {
  WorldOptions options;
  options.fault_seed = seed;
  FaultHarness f(1, "rpc.GetServerVersion.received=25.0%error(x)->50%2*error(y)", options);
  std::string luck;
  for (int i = 0; i < 200; ++i) {
    const std::string outcome = f.Send("GetServerVersion");
    luck += outcome == "OK" ? '-' : outcome.back();
  }
  return luck;
}

TEST(Injector, LuckIsTheSeeds) {
  const std::string luck = Luck(7);
  EXPECT_EQ(Luck(7), luck);
  EXPECT_NE(Luck(8), luck);
  const auto hits = std::ranges::count(luck, 'x');
  EXPECT_GT(hits, 25);  // 50 on average
  EXPECT_LT(hits, 80);
  EXPECT_EQ(std::ranges::count(luck, 'y'), 2);
}

}  // namespace
}  // namespace fake_containerd::v0
