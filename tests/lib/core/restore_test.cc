// Restore beyond what the conformance cases show: exits at every step, what the log may lack, and
// its time limits. Over loopback, under several seeds.
#include "tests/lib/core/restore_rig.h"

namespace drydock_tests {
namespace {

namespace step = fake_containerd::step;
using libcontainerd::Duration;
using libcontainerd::ErrorCode;
using libcontainerd::Method;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// --- An exit at every step

// Where a restore stands still; returns once it does.
struct Halt {
  const char* where;
  bool live;
  std::function<void(Rig&)> prepare;
  std::function<bool(Rig&)> reached;
};

Halt AtMethod(const char* where, bool live, Method method, FaultyApi::Fault fault) {
  return {where, live, [=](Rig& rig) { rig.api().faults[method] = fault; },
          [](Rig& rig) { return rig.api().waiting() == 1; }};
}
Halt AtCallback(const char* name) {
  return {name, true, [=](Rig& rig) { rig.engine().holds.insert(name); },
          [=](Rig& rig) { return rig.engine().Holds(name); }};
}

std::vector<Halt> Halts() {
  std::vector<Halt> halts;
  for (const bool live : {true, false}) {
    halts.push_back({"the log", live, [](Rig& rig) { rig.api().stored_hangs = true; },
                     [](Rig& rig) { return rig.api().waiting() == 1; }});
    halts.push_back(AtMethod("before State", live, Method::kState, FaultyApi::Fault::kHang));
    halts.push_back(AtMethod("after State", live, Method::kState, FaultyApi::Fault::kWithhold));
  }
  halts.push_back(AtMethod("before SIGTERM", false, Method::kSignal, FaultyApi::Fault::kHang));
  halts.push_back(AtMethod("after SIGTERM", false, Method::kSignal, FaultyApi::Fault::kWithhold));
  halts.push_back(
      AtMethod("before resume", false, Method::kUpdateContainer, FaultyApi::Fault::kHang));
  halts.push_back(
      AtMethod("after resume", false, Method::kUpdateContainer, FaultyApi::Fault::kWithhold));
  halts.push_back(AtCallback("c1 attach init"));
  halts.push_back(AtCallback("c1 restore"));
  halts.push_back(AtCallback("c1 pause"));
  return halts;
}

void ExitsAt(const Halt& halt, std::uint64_t seed, bool events_late) {
  SCOPED_TRACE(std::string(halt.where) + (halt.live ? ", live" : "") +
               (events_late ? ", events late" : "") + ", seed " + std::to_string(seed));
  Rig rig(Seeded(seed));
  rig.Behave("c1", "init", {.signals = {{kTerm, Ignoring()}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  RestartEngine(rig);
  rig.Flush();
  rig.Do([&] { halt.prepare(rig); });
  const auto restored = rig.BeginRestore("c1", halt.live ? Live() : NotLive());
  rig.WaitUntil([&] { return halt.reached(rig); }, "it does not halt");
  rig.Do([&] { rig.api().HoldEvents(events_late); });
  rig.Thaw("c1");
  rig.Do([&] { EXPECT_TRUE(rig.world().ExitProcess(Rig::Key("c1"), "init", 3)); });
  rig.Advance(Duration(0));
  rig.Do([&] {
    rig.api().Release();
    rig.engine().ReleaseAll();
  });
  rig.Advance(Duration(0));
  rig.Do([&] { rig.api().HoldEvents(false); });
  TimeOf(rig, restored);
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  rig.WaitForLine("c1 exit 3");
  rig.Flush();
  std::vector<std::string> lines = rig.Lines("c1");
  EXPECT_EQ(std::ranges::count(lines, "exit 3"), 1);
  EXPECT_EQ(lines.back(), "exit 3");
  EXPECT_LE(std::ranges::count(lines, "restore"), halt.live ? 1 : 0);
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
}

TEST(Restore, AnExitAtAnyStepIsCalledBackOnce) {
  for (const Halt& halt : Halts()) {
    for (std::uint64_t seed = 1; seed <= kRestoreSeeds && !HasFailure(); ++seed) {
      ExitsAt(halt, seed, seed % 2 == 0);
    }
  }
}

// --- What the log and the stream may lack

TEST(Restore, AnExitThatTheLogIsSlowToTell) {
  for (std::uint64_t seed = 1; seed <= kRestoreSeeds; ++seed) {
    RigOptions options = Seeded(seed);
    options.choices.log_delay = milliseconds(700);
    Rig rig(options);
    EXPECT_EQ(rig.Create("c1"), "OK");
    rig.Flush();
    rig.Advance(seconds(1));
    rig.StopEngine();
    rig.Exit("c1", "init", 7);
    rig.Advance(milliseconds(100));
    rig.StartEngine();
    const auto restored = rig.BeginRestore("c1", Live());
    EXPECT_LE(TimeOf(rig, restored), milliseconds(800));
    EXPECT_EQ(Describe(rig.Await(restored)), "OK");
    EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 7"));
  }
}

// The daemon was killed between removing the container and telling of it.
TEST(Restore, AnExitThatNobodyEverTold) {
  RigOptions options;
  options.choices.shim_wait = seconds(1);
  Rig rig(options);
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Flush();
  rig.StopEngine();
  rig.Do([&] { EXPECT_TRUE(rig.world().ExitProcess(Rig::Key("c1"), "init", 7)); });
  rig.Advance(milliseconds(500));
  rig.StopDaemon();
  rig.Do([&] { EXPECT_TRUE(rig.world().StartDaemon()); });
  rig.Advance(seconds(5));
  rig.StartEngine();
  const auto restored = rig.BeginRestore("c1", Live());
  EXPECT_EQ(TimeOf(rig, restored), seconds(10));
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 255"));
}

// The log keeps so little that the container's beginning and its pause are gone from it.
TEST(Restore, ALogThatWasCut) {
  RigOptions options;
  options.retain_count = 10;
  Rig rig(options);
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  for (int i = 0; i < 40; ++i) rig.Oom("c2");
  rig.Flush();
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
  rig.Flush();
  rig.StopEngine();
  rig.Exit("c1", "init", 5);
  rig.Advance(seconds(1));
  for (int i = 0; i < 40; ++i) rig.Oom("c2");
  rig.Advance(seconds(1));
  rig.StartEngine();
  const auto restored = rig.BeginRestore("c1", Live());
  EXPECT_EQ(TimeOf(rig, restored), milliseconds(500));
  EXPECT_EQ(rig.Lines("c1").back(), "exit 255");
  EXPECT_EQ(rig.Restore("c2", true), "OK");
}

// The exit's event is lost on its way; the log has it.
TEST(Restore, ALostExitOfOneThatIsEnded) {
  RigOptions options;
  options.timing.reconcile_interval = std::chrono::hours(1);
  Rig rig(options);
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  rig.Flush();
  rig.Do([&] {
    rig.api().drops_live = [](const types::Event& event) { return event.type() == "exit"; };
  });
  const auto restored = rig.BeginRestore("c1", NotLive());
  EXPECT_LE(TimeOf(rig, restored), seconds(12));  // found by the restore, or by reconciling before
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  EXPECT_EQ(rig.Lines("c1").back(), "exit 143");
  EXPECT_THAT(rig.Tracked(), IsEmpty());
}

// An event that came a moment before the restore, of which the log does not know yet.
TEST(Restore, AnEventThatNobodyClaimed) {
  RigOptions options;
  options.choices.log_delay = seconds(2);
  Rig rig(options);
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Flush();
  rig.Advance(seconds(3));
  RestartEngine(rig);
  rig.Flush();
  rig.Oom("c1");
  rig.Flush();
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1 oom");
}

// Each of many lives, all of them in the log.
TEST(Restore, OnlyThePresentLifeCounts) {
  for (std::uint64_t seed = 1; seed <= kRestoreSeeds; ++seed) {
    Rig rig(Seeded(seed));
    for (int life = 0; life < 3; ++life) {
      EXPECT_EQ(rig.Create("c1"), "OK");
      EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
      rig.Oom("c1");
      rig.Flush();
      EXPECT_EQ(rig.Pause("c1"), "OK");
      rig.Thaw("c1");
      rig.Exit("c1", "init", 1);
      rig.Flush();
      rig.Advance(milliseconds(100));
      rig.Flush();
    }
    EXPECT_EQ(rig.Create("c1"), "OK");
    RestartEngine(rig);
    EXPECT_EQ(rig.Restore("c1", true), "OK");
    EXPECT_EQ(rig.Lines("c1").back(), "restore");
    EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
    rig.Exit("c1", "e1", 2);
    rig.WaitForLine("c1 exit-process e1 2");
    rig.Exit("c1", "init", 9);
    rig.WaitForLine("c1 exit 9");
  }
}

// --- Limits

TEST(Restore, TimesOfTheTwoSignals) {
  for (const Duration found_out : {Duration(0), Duration(seconds(4))}) {
    Rig rig;
    rig.Behave("c1", "init", {.start_delay = found_out, .signals = {{kTerm, Ignoring()}}});
    const auto created = rig.BeginCreate("c1");
    rig.Advance(Duration(0));
    if (found_out == Duration(0)) {
      EXPECT_EQ(Describe(rig.Await(created)), "OK");
      rig.Flush();
    }
    rig.StopEngine();
    rig.StartEngine();
    // SIGKILL does not reach it.
    const auto restored = rig.BeginRestore("c1", NotLive());
    rig.Advance(found_out + milliseconds(100));
    rig.WaitUntil([&] { return rig.Sent("Signal c1/init 15") == 1; }, "no SIGTERM");
    rig.Do([&] { rig.api().failures[Method::kSignal] = {ErrorCode::kInternal, "no"}; });
    const Duration rest = TimeOf(rig, restored);
    EXPECT_LE(rest + found_out, seconds(12));
    EXPECT_GE(rest + found_out, seconds(11));
    EXPECT_EQ(rig.Lines("c1").back(), "exit 255");
  }
}

// A deadline of one's own, at each of the long waits; nothing is left of the restore.
TEST(Restore, ADeadlineOfOnesOwn) {
  const std::string late = "DEADLINE_EXCEEDED container c1: the restore did not end in time";
  Rig rig;
  rig.Behave("c1", "init", {.signals = {{kTerm, Ignoring()}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  const auto ending = rig.BeginRestore("c1", NotLive(seconds(3)));
  EXPECT_EQ(TimeOf(rig, ending), seconds(3));
  EXPECT_EQ(Describe(rig.Await(ending)), late);
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_THAT(rig.Files("c1"), Contains("config.json"));
  rig.Advance(Duration(0));
  EXPECT_EQ(rig.LiveObjects(), 0U);

  rig.Do([&] { rig.api().faults[Method::kState] = FaultyApi::Fault::kHang; });
  const auto asking = rig.BeginRestore("c1", Live(seconds(2)));
  EXPECT_EQ(TimeOf(rig, asking), seconds(2));
  EXPECT_EQ(Describe(rig.Await(asking)), "DEADLINE_EXCEEDED State: no answer in time");
  rig.Do([&] { rig.api().Release(); });

  rig.Do([&] { rig.api().stored_hangs = true; });
  const auto reading = rig.BeginRestore("c1", Live(seconds(2)));
  EXPECT_LE(TimeOf(rig, reading), seconds(2));
  EXPECT_THAT(Describe(rig.Await(reading)), ::testing::StartsWith("DEADLINE_EXCEEDED "));
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(rig.Restore("c1", true), "OK");
}

// --- Many

TEST(Restore, TwoHundredAtOnce) {
  constexpr int kMany = 200;
  const auto id = [](int i) { return "c" + std::to_string(i); };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    RigOptions options;
    options.choices.state_fails_for_dead_init = false;  // "stopped" rather than an error
    Rig rig(Seeded(seed, options));
    EXPECT_EQ(rig.Create("other"), "OK");
    for (int i = 0; i < kMany; ++i) EXPECT_EQ(rig.Create(id(i)), "OK");
    rig.Flush();
    rig.StopEngine();
    for (int i = 0; i < kMany; i += 4) rig.Exit(id(i), "init", 40);
    rig.Advance(seconds(1));
    rig.StartEngine();
    EXPECT_EQ(rig.Restore("other", true), "OK");
    std::vector<Pending<void>> restores;
    rig.Do([&] { rig.api().faults[Method::kState] = FaultyApi::Fault::kWithhold; });
    for (int i = 0; i < kMany; ++i) {
      restores.push_back(rig.BeginRestore(id(i), i % 4 == 1 ? NotLive() : Live()));
    }
    rig.Oom("other");
    rig.WaitForLine("other oom");
    for (int i = 2; i < kMany; i += 4) rig.Exit(id(i), "init", 42);
    rig.Flush();
    rig.Do([&] { rig.api().Release(); });
    for (const auto& restored : restores) {
      TimeOf(rig, restored);  // the log may not have had an exit yet when State knew of it
      EXPECT_EQ(Describe(rig.Await(restored)), "OK");
    }
    rig.Flush();
    for (int i = 0; i < kMany; ++i) {
      const std::string last = rig.Lines(id(i)).back();
      EXPECT_EQ(last, std::vector<std::string>({"exit 40", "exit 143", "exit 42",
                                                "restore"})[static_cast<std::size_t>(i % 4)])
          << i;
    }
    EXPECT_EQ(rig.Tracked().size(), kMany / 4U + 1U);
  }
}

// --- The rootfs that an engine of 1.11.0 left mounted

TEST(Restore, ALeftoverMountIsTakenAwayFirst) {
  Rig rig;
  rig.ExpectBroken("bundle-gone-on-exit");  // c2's stays
  for (const char* id : {"c1", "c2", "c3"}) EXPECT_EQ(rig.Create(id), "OK");
  rig.Flush();
  rig.StopEngine();
  for (const char* id : {"c1", "c2"}) rig.Exit(id, "init", 1);
  rig.Advance(seconds(1));
  rig.StartEngine();
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  // What cannot be unmounted must not be deleted through.
  rig.Do([&] { rig.bundles().fail_release = {ErrorCode::kPermissionDenied, "no"}; });
  EXPECT_EQ(rig.Restore("c2", true), "OK");
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
  EXPECT_THAT(rig.Files("c2"), Contains("config.json"));
  rig.Do([&] { rig.bundles().fail_release.reset(); });
  EXPECT_EQ(rig.Restore("c3", true), "OK");
  rig.Exit("c3", "init", 1);
  rig.WaitForLine("c3 exit 1");
  rig.Do([&] {
    EXPECT_EQ(rig.bundles().released(), (std::vector<std::string>{"c1", "c2", "c3"}));
  });
}

}  // namespace
}  // namespace drydock_tests
