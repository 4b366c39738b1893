// Each deviation of Restore from the reference, on and off: off shows the defect that it repairs.
// Over loopback.
#include "tests/lib/core/restore_rig.h"

namespace drydock_tests {
namespace {

namespace step = fake_containerd::step;
using libcontainerd::Deviation;
using libcontainerd::Error;
using libcontainerd::ErrorCode;
using libcontainerd::Method;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// An exec that ends after its init, of which the log's last event tells.
std::vector<std::string> RestoresBehindAnExecsExit(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Flush();
  rig.StopEngine();
  rig.Do([&] {
    EXPECT_TRUE(rig.world().ExitProcess(Rig::Key("c1"), "init", 42));
    rig.world().choices().late_exec_status = 0;
  });
  rig.Advance(seconds(1));
  rig.StartEngine();
  EXPECT_EQ(RestoreInTime(rig, "c1", Live()), "OK");
  return rig.Lines("c1");
}

std::string RestoresWhatNeverWas(Rig& rig, bool log_fails) {
  if (log_fails) {
    rig.Do([&] { rig.api().stored_failure = {ErrorCode::kUnavailable, "no log"}; });
  }
  EXPECT_EQ(RestoreInTime(rig, "c1", Live()), "OK");
  return rig.Lines("c1").back();
}

TEST(RestoreDeviation, RestoreExitCodeTrue) {
  RigOptions options;
  options.choices.exec_exits = fake_containerd::Choices::ExecExits::kAfterInit;
  Rig ours(options);
  EXPECT_THAT(RestoresBehindAnExecsExit(ours), ElementsAre("start-container", "exit 42"));
  Rig theirs(Without(Deviation::kRestoreExitCodeTrue, options));
  theirs.ExpectBroken("true-exit-code");
  EXPECT_THAT(RestoresBehindAnExecsExit(theirs), ElementsAre("start-container", "exit 0"));
  for (const bool log_fails : {false, true}) {
    Rig our_guess;
    EXPECT_EQ(RestoresWhatNeverWas(our_guess, log_fails), "exit 255");
    Rig their_guess(Without(Deviation::kRestoreExitCodeTrue));
    their_guess.ExpectBroken("callbacks-in-order");
    their_guess.ExpectBroken("true-exit-code");
    EXPECT_EQ(RestoresWhatNeverWas(their_guess, log_fails), log_fails ? "exit 0" : "exit 1");
  }
}

// The engine went away while it created the container for the second time.
std::vector<std::string> RestoresDuringACreate(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Exit("c1", "init", 7);
  rig.WaitForLine("c1 exit 7");
  rig.Flush();
  rig.Behave("c1", "init", {.start_delay = seconds(3)});
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.api().Count(Method::kCreateContainer) == 2; }, "no request");
  rig.Advance(seconds(1));
  rig.StopEngine();
  EXPECT_EQ(Describe(rig.Await(created)), "CANCELLED the client is closed");
  rig.StartEngine();
  EXPECT_EQ(RestoreInTime(rig, "c1", Live()), "OK");
  rig.Advance(seconds(3));
  return rig.Lines("c1");
}

TEST(RestoreDeviation, RestoreStoppedIsGone) {
  for (std::uint64_t seed = 1; seed <= kRestoreSeeds; ++seed) {
    Rig ours(Seeded(seed));
    EXPECT_THAT(RestoresDuringACreate(ours), ElementsAre("start-container", "exit 7", "restore"));
    ours.Do([&] { EXPECT_NE(ours.engine().started_pid("c1"), 0U); });
  }
  Rig theirs(Without(Deviation::kRestoreStoppedIsGone));
  EXPECT_THAT(RestoresDuringACreate(theirs), ElementsAre("start-container", "exit 7", "restore"));
  theirs.Do([&] { EXPECT_EQ(theirs.engine().started_pid("c1"), 0U); });
}

std::string RestoresWithAFailingAttach(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  rig.Do([&] {
    rig.engine().failing.emplace("c1 attach init", Error{ErrorCode::kInternal, "no"});
  });
  std::string restored = rig.Restore("c1", true);
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_TRUE(rig.Runs("c1"));
  rig.Do([&] { rig.engine().failing.clear(); });
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  return restored;
}

TEST(RestoreDeviation, RestoreFailsLoudly) {
  Rig ours;
  EXPECT_EQ(RestoresWithAFailingAttach(ours), "INTERNAL no");
  Rig theirs(Without(Deviation::kRestoreFailsLoudly));
  EXPECT_EQ(RestoresWithAFailingAttach(theirs), "OK");
}

std::vector<std::string> FilesAfterARestoredExec(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
  return rig.Files("c1", {"e1"});
}

TEST(RestoreDeviation, RestoreTracksExecs) {
  Rig ours;
  EXPECT_THAT(FilesAfterARestoredExec(ours), Not(Contains("e1-stdin")));
  Rig theirs(Without(Deviation::kRestoreTracksExecs));
  theirs.ExpectBroken("exec-fifos-gone");
  EXPECT_THAT(FilesAfterARestoredExec(theirs), Contains("e1-stdin"));
}

std::vector<std::string> RestoresAfterAnOom(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.Advance(seconds(1));  // what the restore read is known for certain by now
  rig.Exit("c1", "init", 137);
  rig.Flush();
  return rig.Lines("c1");
}

TEST(RestoreDeviation, RestoreKeepsOom) {
  Rig ours;
  EXPECT_THAT(RestoresAfterAnOom(ours),
              ElementsAre("start-container", "oom", "restore", "exit 137 oom"));
  Rig theirs(Without(Deviation::kRestoreKeepsOom));
  theirs.ExpectBroken("oom-flag-exact");
  theirs.ExpectBroken("oom-survives-restore");
  EXPECT_THAT(RestoresAfterAnOom(theirs),
              ElementsAre("start-container", "oom", "restore", "exit 137"));
}

std::vector<std::string> RestoresAPausedOneWithAnExec(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Behave(
      "c1", "e1",
      {.steps = {step::SpawnChildren{.count = 1, .lifetime = {}, .output = ""}, step::Exit{1}}});
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Flush();
  EXPECT_EQ(rig.Pause("c1"), "OK");
  rig.Do([&] { EXPECT_TRUE(rig.world().ReleaseChildren(Rig::Key("c1"), "e1")); });
  rig.WaitForLine("c1 exit-process e1 1");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  return rig.Lines("c1");
}

TEST(RestoreDeviation, RestorePauseFromLog) {
  Rig ours;
  EXPECT_THAT(RestoresAPausedOneWithAnExec(ours),
              ElementsAre("start-container", "pause", "exit-process e1 1", "restore", "pause"));
  Rig theirs(Without(Deviation::kRestorePauseFromLog));
  theirs.ExpectBroken("pause-survives-restore");
  EXPECT_THAT(RestoresAPausedOneWithAnExec(theirs),
              ElementsAre("start-container", "pause", "exit-process e1 1", "restore"));
}

std::vector<std::string> EndsAPausedOne(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  RestartEngine(rig);
  EXPECT_EQ(RestoreInTime(rig, "c1", NotLive()), "OK");
  return rig.Lines("c1");
}

TEST(RestoreDeviation, RestoreResumesPaused) {
  Rig ours;
  EXPECT_THAT(EndsAPausedOne(ours), ElementsAre("start-container", "pause", "exit 143"));
  Rig theirs(Without(Deviation::kRestoreResumesPaused));
  EXPECT_THAT(EndsAPausedOne(theirs), ElementsAre("start-container", "pause", "exit 255"));
}

// Signals do not reach it.
std::vector<std::string> TrackedAfterGivingUp(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  rig.Do([&] { rig.api().failures[Method::kSignal] = {ErrorCode::kInternal, "no"}; });
  EXPECT_EQ(RestoreInTime(rig, "c1", NotLive()), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 255"));
  EXPECT_THAT(rig.Files("c1"), Contains("config.json"));
  return rig.Tracked();
}

TEST(RestoreDeviation, RestoreStaysOn) {
  Rig ours;
  EXPECT_THAT(TrackedAfterGivingUp(ours), ElementsAre("c1"));
  Rig theirs(Without(Deviation::kRestoreStaysOn));
  theirs.ExpectBroken("bundle-gone-on-exit");
  EXPECT_THAT(TrackedAfterGivingUp(theirs), IsEmpty());
}

bool ReturnsWithAnExecsExit(Rig& rig) {
  rig.Behave("c1", "init", {.signals = {{kTerm, Ignoring()}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  RestartEngine(rig);
  const auto restored = rig.BeginRestore("c1", NotLive());
  rig.WaitUntil([&] { return rig.api().Answered(Method::kSignal) == 1; }, "no SIGTERM");
  rig.Exit("c1", "e1", 1);
  rig.Flush();
  const bool returned = rig.Returned(restored);
  rig.Exit("c1", "init", 2);
  rig.WaitForLine("c1 exit 2");
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  return returned;
}

TEST(RestoreDeviation, RestoreWaitsForInit) {
  Rig ours;
  EXPECT_FALSE(ReturnsWithAnExecsExit(ours));
  Rig theirs(Without(Deviation::kRestoreWaitsForInit));
  theirs.ExpectBroken("restore-after-exit");
  EXPECT_TRUE(ReturnsWithAnExecsExit(theirs));
}

TEST(RestoreDeviation, RestoreActiveIsError) {
  Rig ours;
  EXPECT_EQ(ours.Create("c1"), "OK");
  EXPECT_EQ(ours.Restore("c1", true), "ALREADY_EXISTS container c1 is already active");
  Rig theirs(Without(Deviation::kRestoreActiveIsError));
  EXPECT_EQ(theirs.Create("c1"), "OK");
  EXPECT_EQ(theirs.Restore("c1", true), "OK");
  EXPECT_THAT(theirs.Lines("c1"), ElementsAre("start-container"));
}

}  // namespace
}  // namespace drydock_tests
