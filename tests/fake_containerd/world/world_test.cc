// The daemon's life: events and their log, restarts, determinism.
#include "fake_containerd/world/world.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/temporary_directory.h"
#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kWorldSeeds = 40;

EventFilter FromTheBeginning() {
  return EventFilter{.after = WallTime::min()};
}
EventFilter Stored() {
  return EventFilter{.after = WallTime::min(), .stored_only = true};
}

TEST(World, AnswersNothingBeforeItsStart) {
  libcontainerd::SimulatedRuntime runtime(1);
  libcontainerd::MemoryFifos fifos(runtime);
  MemoryProcessIo io(fifos);
  World world(runtime, io, {});
  EXPECT_EQ((*Await(runtime, world.Create(Harness::CreateOf("c1")))).error().kind,
            FailureKind::kDaemonGone);
  EXPECT_EQ((*Await(runtime, world.Stats(kKey))).error().kind, FailureKind::kDaemonGone);
}

TEST(World, TimestampsRiseAlsoWhenTimeStandsStill) {
  Harness h;
  Listener listener(h.world, {});
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Run(h.world.Pause(kKey)));
  ASSERT_TRUE(h.Run(h.world.Resume(kKey)));
  h.runtime.RunReady();
  ASSERT_EQ(listener.events.size(), 3U);
  EXPECT_LT(listener.events[0].time, listener.events[1].time);
  EXPECT_LT(listener.events[1].time, listener.events[2].time);
}

// Behaviour 5.
TEST(World, ReplaysWhatIsStrictlyLaterThenGoesOn) {
  Harness h;
  Listener all(h.world, {});
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Running("c2"));
  ASSERT_TRUE(h.Running("c3"));
  Listener later(h.world, EventFilter{.after = all.events[0].time});
  Listener only(h.world, EventFilter{.id = "c3", .after = WallTime::min()});
  h.runtime.RunReady();
  ASSERT_TRUE(h.Run(h.world.Pause(Harness::Key("c3"))));
  h.runtime.RunReady();
  EXPECT_THAT(later.lines(), ElementsAre("start-container c2", "start-container c3", "pause c3"));
  EXPECT_THAT(only.lines(), ElementsAre("start-container c3", "pause c3"));
}

TEST(World, StoredOnlyTellsTheLogAndEnds) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  Listener stored(h.world, Stored());
  h.runtime.RunReady();
  EXPECT_THAT(stored.lines(), ElementsAre("start-container c1"));
  EXPECT_TRUE(stored.ended);
  EXPECT_FALSE(stored.broken);
}

// Behaviour 6: what the log has not written yet is in neither part of a new stream.
TEST(World, AnEventFallsBetweenReplayAndLiveStream) {
  WorldOptions options;
  options.choices.log_delay = seconds(1);
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  Listener unlucky(h.world, FromTheBeginning());
  h.runtime.Run(seconds(5));
  EXPECT_THAT(unlucky.events, IsEmpty());
  Listener lucky(h.world, FromTheBeginning());
  h.runtime.RunReady();
  EXPECT_THAT(lucky.lines(), ElementsAre("start-container c1"));
}

// Behaviour 4.
TEST(World, ASlowReaderLosesWhatDoesNotFit) {
  Harness h;
  Listener slow(h.world, {});
  h.world.HoldSubscribers(true);
  for (int i = 0; i < 2050; ++i) {
    h.world.Emit(
        {.kind = EventKind::kOom, .container = kKey, .process = "", .status = 0, .time = {}});
    h.runtime.RunReady();
  }
  EXPECT_THAT(h.recorder.dropped, ElementsAre("oom c1 for 1", "oom c1 for 1"));
  h.world.HoldSubscribers(false);
  h.runtime.RunReady();
  EXPECT_EQ(slow.events.size(), 2048U);
}

TEST(World, EmitsWhatItIsTold) {
  Harness h;
  Listener listener(h.world, {});
  const Event event{.kind = EventKind::kLive,
                    .container = Harness::Key("nobody"),
                    .process = "p",
                    .status = 9,
                    .time = WallTime(Duration(5))};
  h.world.Emit(event);
  h.runtime.RunReady();
  EXPECT_THAT(listener.events, ElementsAre(event));
}

TEST(World, TheLoopCanBeStalled) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  h.world.StallLoop(seconds(7));
  const auto listed = h.Start(h.world.List(kKey));
  h.runtime.AdvanceTo(seconds(6));
  EXPECT_FALSE(*listed);
  h.runtime.AdvanceTo(seconds(7));
  EXPECT_TRUE(*listed);
}

// Behaviour 14.
TEST(World, ARestartFindsItsContainersAndTellsMissedExitsExecsFirst) {
  for (int seed = 0; seed < kWorldSeeds; ++seed) {
    Harness h(static_cast<std::uint64_t>(seed));
    ASSERT_TRUE(h.Running("c1"));
    ASSERT_TRUE(h.Running("c2"));
    ASSERT_TRUE(h.Running("c3"));
    ASSERT_TRUE(h.Exec("c1", "e1"));
    ASSERT_TRUE(h.Exec("c2", "e2"));
    h.runtime.RunReady();
    h.world.StopDaemon();
    h.recorder.emitted.clear();
    ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 42));
    ASSERT_TRUE(h.world.ExitProcess(Harness::Key("c2"), "e2", 11));
    h.runtime.RunReady();
    EXPECT_THAT(h.recorder.emitted, IsEmpty());
    h.runtime.AdvanceTo(seconds(100));
    ASSERT_TRUE(h.world.StartDaemon());
    Listener listener(h.world, {});
    h.runtime.RunReady();
    const std::vector<std::string>& lines = h.recorder.emitted;
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_THAT(lines, Contains("exit c2/e2 11"));
    const auto exec = std::find(lines.begin(), lines.end(), "exit c1/e1 137");
    const auto init = std::find(lines.begin(), lines.end(), "exit c1/init 42");
    EXPECT_LT(exec, init);
    EXPECT_NE(init, lines.end());
    EXPECT_GE(listener.events.front().time, h.runtime.WallNow() - seconds(1));
    EXPECT_TRUE(h.world.Inspect(Harness::Key("c3")));
    EXPECT_EQ(h.Run(h.world.List(Harness::Key("")))->size(), 2U);
  }
}

TEST(World, ARestartKeepsTheLogASecondOneEmptiesIt) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  for (const std::size_t expected : {1U, 0U}) {
    h.world.StopDaemon();
    ASSERT_TRUE(h.world.StartDaemon());
    Listener stored(h.world, Stored());
    h.runtime.RunReady();
    EXPECT_EQ(stored.events.size(), expected);
  }
}

TEST(World, AStopBreaksStreamsAndUnansweredCalls) {
  Harness h;
  Listener listener(h.world, {});
  h.world.StallLoop(seconds(1));
  const auto created = h.Start(h.world.Create(Harness::CreateOf("c1")));
  h.runtime.RunReady();
  h.world.StopDaemon();
  h.runtime.RunReady();
  ASSERT_TRUE(*created);
  EXPECT_EQ((**created).error().kind, FailureKind::kDaemonGone);
  EXPECT_TRUE(listener.broken);
  EXPECT_EQ(h.world.Inspect(kKey), std::nullopt);
}

TEST(World, AHalfCreatedContainerStaysStoppedAndKeepsItsId) {
  WorldOptions options;
  options.behaviour = Always({.start_delay = seconds(2)});
  Harness h(1, std::move(options));
  const auto created = h.Start(h.world.Create(Harness::CreateOf("c1")));
  h.runtime.RunReady();
  h.world.StopDaemon();
  ASSERT_TRUE(h.world.StartDaemon());
  h.runtime.Run(seconds(10));
  const auto infos = h.Run(h.world.List(kKey));
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->front().status, TaskStatus::kStopped);
  EXPECT_THAT(infos->front().processes, IsEmpty());
  EXPECT_EQ(h.Run(h.world.Create(Harness::CreateOf("c1"))).error().kind,
            FailureKind::kContainerExists);
  EXPECT_THAT(h.recorder.emitted, IsEmpty());
}

TEST(World, AShimThatDiedMeanwhileGives255) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  h.world.StopDaemon();
  EXPECT_TRUE(h.world.KillShim(kKey, "init"));
  ASSERT_TRUE(h.world.StartDaemon());
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/init 255"));
}

TEST(World, AKillBetweenDeleteAndNotifyLosesTheExit) {
  WorldOptions options;
  options.choices.shim_wait = seconds(1);
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 1));
  h.runtime.RunReady();
  EXPECT_EQ(h.world.container_count(), 0U);
  h.world.StopDaemon();
  ASSERT_TRUE(h.world.StartDaemon());
  h.runtime.Run(seconds(10));
  EXPECT_THAT(h.recorder.emitted, Not(Contains("exit c1/init 1")));
}

TEST(World, AStreamOpenedWhileDownBeginsWithTheStart) {
  Harness h;
  ASSERT_TRUE(h.Running("c1"));
  h.world.StopDaemon();
  Listener waiting(h.world, FromTheBeginning());
  h.runtime.RunReady();
  EXPECT_THAT(waiting.events, IsEmpty());
  ASSERT_TRUE(h.world.StartDaemon());
  h.runtime.RunReady();
  EXPECT_THAT(waiting.lines(), ElementsAre("start-container c1"));
}

TEST(World, ProcessesGoOnWhileTheDaemonIsDown) {
  WorldOptions options;
  options.behaviour = Always({.steps = {step::Wait{seconds(5)}, step::Exit{9}}});
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.Running("c1"));
  h.world.StopDaemon();
  h.runtime.AdvanceTo(seconds(60));
  ASSERT_TRUE(h.world.StartDaemon());
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/init 9"));
}

TEST(World, TheLogFileOutlivesTheWorldAndACorruptOneStopsTheStart) {
  TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "events.log";
  {
    WorldOptions options;
    options.event_log = path;
    Harness h(1, std::move(options));
    ASSERT_TRUE(h.Running("c1"));
    EXPECT_FALSE(h.world.event_log().store_failure());
  }
  {
    WorldOptions options;
    options.event_log = path;
    Harness h(1, std::move(options));
    ASSERT_TRUE(h.started);
    Listener stored(h.world, Stored());
    h.runtime.RunReady();
    EXPECT_THAT(stored.lines(), ElementsAre("start-container c1"));
  }
  std::ofstream(path) << "{\"id\":\"c1\",\n";
  WorldOptions options;
  options.event_log = path;
  Harness h(1, std::move(options));
  EXPECT_FALSE(h.started);
  const auto started = h.world.StartDaemon();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, path.string() + ":1: not a JSON object, expected one event");
  EXPECT_FALSE(h.world.daemon_running());
}

// Everything that a busy world says, with the last draw: one seed, one schedule.
std::string Story(std::uint64_t seed) {
  WorldOptions options;
  options.behaviour = [](const ProcessRequest& request) -> Behaviour {
    if (request.process == "init") {
      return {
          .steps = {step::Write{.data = "x"}, step::Wait{seconds(2)}, step::Oom{.child = true}}};
    }
    return {.steps = {step::Wait{seconds(1)}, step::Exit{3}}};
  };
  Harness h(seed, std::move(options));
  Listener listener(h.world, {});
  for (int i = 0; i < 8; ++i)
    h.Start(h.world.Create(Harness::CreateOf(std::string("c").append(std::to_string(i)))));
  h.runtime.RunReady();
  for (int i = 0; i < 8; ++i) {
    h.Start(h.world.AddProcess(Harness::ExecOf(std::string("c").append(std::to_string(i)), "e")));
  }
  h.runtime.Run(seconds(3));
  for (int i = 0; i < 8; ++i)
    h.world.KillProcess(Harness::Key(std::string("c").append(std::to_string(i))), "init", 9);
  h.runtime.RunReady();
  std::string story;
  for (const std::string& line : listener.lines()) story += line + "\n";
  for (const std::string& line : h.recorder.log) story += line + "\n";
  EXPECT_EQ(listener.events.size(), 8U * 5);
  EXPECT_FALSE(h.runtime.failure());
  return story + std::to_string(h.runtime.Fingerprint());
}

TEST(World, IsDeterministic) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) EXPECT_EQ(Story(seed), Story(seed));
  EXPECT_NE(Story(1), Story(2));
}

}  // namespace
}  // namespace fake_containerd
