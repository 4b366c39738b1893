// A daemon's life under the supervisor: virtual time, a simulated launcher, several schedules.
#include "libcontainerd/daemon_supervisor.h"

#include <csignal>

#include "tests/lib/core/supervisor_fixture.h"

namespace libcontainerd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Gone;
using test::Options;
using Fixture = test::SupervisorFixture;
using ::testing::ElementsAre;

class Supervisor : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Supervisor, testing::Range<std::uint64_t>(1, 9));

TEST(DaemonCommandLine, IsTheDocumentedOne) {
  DaemonOptions options = Options();
  EXPECT_THAT(MakeDaemonCommand(options).arguments,
              ElementsAre("-l", "unix:///state/docker-containerd.sock", "--shim",
                          "docker-containerd-shim", "--metrics-interval=0", "--start-timeout", "2m",
                          "--state-dir", "/state/containerd"));
  options.runtime = "docker-runc";
  options.debug = true;
  options.runtime_args = {"--systemd-cgroup", "--x"};
  options.oom_score_adj = -500;
  const DaemonCommand command = MakeDaemonCommand(options);
  EXPECT_THAT(std::vector<std::string>(command.arguments.begin() + 9, command.arguments.end()),
              ElementsAre("--runtime", "docker-runc", "--debug", "--runtime-args",
                          "--systemd-cgroup", "--runtime-args", "--x"));
  EXPECT_EQ(command.program, "docker-containerd");
  EXPECT_EQ(command.oom_score_adj, -500);
  EXPECT_THAT(command.removed_environment, ElementsAre("NOTIFY_SOCKET"));
}

TEST_P(Supervisor, StartsADaemonAndLeavesAHealthyOneAlone) {
  Fixture f(GetParam());
  f.Start();
  EXPECT_EQ(f.launcher.pid_file, f.pid());
  f.For(hours(1));
  EXPECT_EQ(f.starts(), 1U);
  EXPECT_EQ(f.launcher.living(), 1U);
  EXPECT_TRUE(f.supervisor.status().healthy);
  EXPECT_EQ(f.api.checks, 7200U);  // every 500 ms
  EXPECT_THAT(f.told, ElementsAre("started"));
}

TEST_P(Supervisor, AStartThatFailsIsAnError) {
  Fixture f(GetParam());
  f.launcher.start_result = Fail(ErrorCode::kNotFound, "no such program");
  const Status started = f.Run(f.supervisor.Start());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "no such program");
  f.For(hours(1));
  EXPECT_EQ(f.starts(), 1U);
  EXPECT_EQ(f.api.checks, 0U);
}

TEST_P(Supervisor, WithoutItsPidWrittenADaemonIsKilled) {
  Fixture f(GetParam());
  f.launcher.write_result = Fail(ErrorCode::kResourceExhausted, "no space left");
  const Status started = f.Run(f.supervisor.Start());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "no space left");
  EXPECT_EQ(f.launcher.living(), 0U);
}

TEST_P(Supervisor, AdoptsItsOwnDaemon) {
  Fixture f(GetParam());
  f.launcher.pid_file = f.launcher.Plant();
  f.Start();
  f.For(seconds(60));
  EXPECT_EQ(f.starts(), 0U);
  EXPECT_EQ(f.pid(), *f.launcher.pid_file);
  EXPECT_TRUE(f.supervisor.status().adopted);
  EXPECT_THAT(f.told, ElementsAre("adopted"));
}

TEST_P(Supervisor, ForeignProcessIsNeitherAdoptedNorKilled) {
  Fixture f(GetParam());
  const DaemonPid foreign = f.launcher.Plant({.ours = false});
  f.launcher.pid_file = foreign;
  f.Start();
  f.api.answer = Gone();
  f.For(seconds(300));
  EXPECT_GE(f.starts(), 2U);
  EXPECT_TRUE(f.launcher.At(foreign).alive);
  EXPECT_TRUE(f.launcher.At(foreign).signals.empty());
  EXPECT_NE(f.launcher.pid_file, foreign);
  EXPECT_EQ(f.told.at(0), "not-adopted");
}

TEST_P(Supervisor, WithoutProofAForeignProcessIsAdoptedAndKilled) {
  Fixture f(GetParam(), {Deviation::kAdoptionNeedsProof});
  f.ExpectBroken("kill-needs-proof");
  const DaemonPid foreign = f.launcher.Plant({.ours = false});
  f.launcher.pid_file = foreign;
  f.Start();
  EXPECT_EQ(f.starts(), 0U);
  f.api.answer = Gone();
  f.For(seconds(300));
  EXPECT_THAT(f.launcher.At(foreign).signals, ElementsAre(SIGKILL));
}

TEST_P(Supervisor, DeadAdoptionCandidateIsReplaced) {
  Fixture f(GetParam());
  f.launcher.pid_file = 99;
  f.Start();
  EXPECT_EQ(f.starts(), 1U);
  EXPECT_EQ(f.launcher.pid_file, f.pid());
}

TEST_P(Supervisor, IsolatedFailuresDoNotKill) {
  Fixture f(GetParam());
  f.Start();
  f.For(seconds(2));
  for (int i = 0; i < 10; ++i) {
    f.api.next = {Gone(), Gone()};
    f.For(seconds(5));
  }
  EXPECT_EQ(f.starts(), 1U);
  EXPECT_EQ(f.supervisor.status().failures, 0);
}

TEST_P(Supervisor, IsolatedFailuresKillInTheReference) {
  Fixture f(GetParam(), {Deviation::kHealthFailuresConsecutive});
  f.ExpectBroken("kill-needs-proof");
  f.Start();
  f.For(seconds(2));
  for (int i = 0; i < 3; ++i) {
    f.api.next = {Gone()};
    f.For(seconds(60));
  }
  EXPECT_EQ(f.starts(), 2U);
}

TEST_P(Supervisor, ThreeFailuresInARowRestart) {
  Fixture f(GetParam());
  f.Start();
  f.For(seconds(2));
  const DaemonPid first = f.pid();
  f.api.next = {Gone(), Gone(), Gone()};
  f.For(milliseconds(1400));  // two of them
  EXPECT_TRUE(f.launcher.At(first).alive);
  f.For(seconds(1));
  EXPECT_THAT(f.launcher.At(first).signals, ElementsAre(SIGKILL));
  EXPECT_EQ(f.starts(), 2U);
  EXPECT_NE(f.pid(), first);
  EXPECT_EQ(f.launcher.pid_file, f.pid());
  EXPECT_EQ(f.launcher.living(), 1U);
  EXPECT_THAT(f.told, ElementsAre("started", "killed", "ended", "started"));
}

TEST_P(Supervisor, HungDaemonIsRestarted) {
  Fixture f(GetParam());
  f.Start();
  f.For(seconds(2));
  f.api.hangs = true;
  const Duration hung = f.runtime.Now();
  ASSERT_TRUE(f.RunUntil([&] { return f.starts() == 2; }));
  // Three checks of 3 s, the pauses before them, and the pause before the start.
  EXPECT_LE(f.runtime.Now() - hung, seconds(11));
  EXPECT_GE(f.runtime.Now() - hung, seconds(9));
  f.api.hangs = false;
  f.For(seconds(10));
  EXPECT_TRUE(f.supervisor.status().healthy);
}

TEST_P(Supervisor, DeadDaemonIsRestartedAtOnce) {
  Fixture f(GetParam());
  f.Start();
  f.For(seconds(2));
  const Duration died = f.runtime.Now();
  f.launcher.End(f.pid());
  ASSERT_TRUE(f.RunUntil([&] { return f.starts() == 2; }));
  EXPECT_EQ(f.runtime.Now() - died, milliseconds(100));
  EXPECT_THAT(f.told, ElementsAre("started", "ended", "started"));
}

TEST_P(Supervisor, DeathDuringAHangingCheckIsSeenAtOnce) {
  Fixture f(GetParam());
  f.Start();
  f.For(seconds(2));
  f.api.hangs = true;
  f.For(seconds(1));
  const Duration died = f.runtime.Now();
  f.launcher.End(f.pid());
  ASSERT_TRUE(f.RunUntil([&] { return f.starts() == 2; }));
  EXPECT_EQ(f.runtime.Now() - died, milliseconds(100));
}

TEST_P(Supervisor, DaemonThatAnswersLateAfterARestartIsNotKilled) {
  Fixture f(GetParam());
  f.Start();
  f.For(seconds(2));
  f.launcher.End(f.pid());
  f.api.answer = Gone();
  f.For(seconds(12));
  f.api.answer = Status();
  f.For(seconds(60));
  EXPECT_EQ(f.starts(), 2U);
  EXPECT_TRUE(f.supervisor.status().healthy);
}

TEST_P(Supervisor, DaemonThatAnswersLateIsKilledAgainAndAgainInTheReference) {
  Fixture f(GetParam(), {Deviation::kHealthFailuresConsecutive});
  f.ExpectBroken("kill-needs-proof");
  f.Start();
  f.For(seconds(2));
  f.launcher.End(f.pid());
  f.api.answer = Gone();
  f.For(seconds(12));
  EXPECT_GE(f.starts(), 4U);
}

TEST_P(Supervisor, GraceEndsWithTheFirstSuccess) {
  Fixture f(GetParam());
  f.Start();
  f.api.next = {Status()};
  f.api.answer = Gone();
  f.For(seconds(3));
  EXPECT_EQ(f.starts(), 2U);
}

TEST_P(Supervisor, GraceEndsWithItsTime) {
  Fixture f(GetParam());
  f.api.answer = Gone();
  f.Start();
  f.For(seconds(29));
  EXPECT_EQ(f.starts(), 1U);
  f.For(seconds(4));
  EXPECT_EQ(f.starts(), 2U);
}

TEST_P(Supervisor, ClosingErrorsDoNotEndTheWatch) {
  Fixture f(GetParam());
  f.Start();
  f.For(seconds(2));
  f.api.next = {Fail(ErrorCode::kUnavailable, "grpc: the connection is closing")};
  f.For(seconds(2));
  f.launcher.End(f.pid());
  f.For(seconds(2));
  EXPECT_EQ(f.starts(), 2U);
}

TEST_P(Supervisor, ClosingErrorEndsTheReferencesWatch) {
  Fixture f(GetParam(), {Deviation::kHealthWatchSurvives});
  f.ExpectBroken("daemon-comes-back");
  f.Start();
  f.For(seconds(2));
  f.api.next = {Fail(ErrorCode::kUnavailable, "grpc: the connection is closing")};
  f.For(seconds(2));
  f.launcher.End(f.pid());
  f.For(hours(1));
  EXPECT_EQ(f.starts(), 1U);
}

TEST_P(Supervisor, AdoptedDaemonIsRestarted) {
  Fixture f(GetParam());
  f.launcher.pid_file = f.launcher.Plant();
  f.Start();
  f.For(seconds(2));
  f.launcher.End(*f.launcher.pid_file);
  f.For(seconds(2));
  EXPECT_EQ(f.starts(), 1U);
  EXPECT_FALSE(f.supervisor.status().adopted);
  EXPECT_TRUE(f.supervisor.status().healthy);
}

TEST_P(Supervisor, HungAdoptedDaemonIsKilledAndRestarted) {
  Fixture f(GetParam());
  const DaemonPid adopted = f.launcher.Plant();
  f.launcher.pid_file = adopted;
  f.Start();
  f.For(seconds(2));
  f.api.hangs = true;
  f.For(seconds(15));
  EXPECT_THAT(f.launcher.At(adopted).signals, ElementsAre(SIGKILL));
  EXPECT_EQ(f.starts(), 1U);
}

TEST_P(Supervisor, AdoptedDaemonIsNeverRestartedInTheReference) {
  Fixture f(GetParam(), {Deviation::kAdoptedRestarted});
  f.ExpectBroken("daemon-comes-back");
  const DaemonPid adopted = f.launcher.Plant();
  f.launcher.pid_file = adopted;
  f.Start();
  f.For(seconds(2));
  f.api.answer = Gone();
  f.For(hours(1));
  EXPECT_FALSE(f.launcher.At(adopted).alive);
  EXPECT_EQ(f.starts(), 0U);
}

TEST_P(Supervisor, DeadAdoptedDaemonIsNeverRestartedInTheReference) {
  Fixture f(GetParam(), {Deviation::kAdoptedRestarted});
  f.ExpectBroken("daemon-comes-back");
  f.launcher.pid_file = f.launcher.Plant();
  f.Start();
  f.launcher.End(*f.launcher.pid_file);
  f.api.answer = Gone();
  f.For(hours(1));
  EXPECT_EQ(f.starts(), 0U);
}

TEST_P(Supervisor, AdoptedDaemonThatBecameAnotherProgramIsNotKilled) {
  Fixture f(GetParam());
  const DaemonPid adopted = f.launcher.Plant();
  f.launcher.pid_file = adopted;
  f.Start();
  f.For(seconds(2));
  f.launcher.At(adopted).ours = false;
  f.api.next = {Gone(), Gone(), Gone()};
  f.For(seconds(5));
  EXPECT_TRUE(f.launcher.At(adopted).signals.empty());
  EXPECT_EQ(f.starts(), 1U);
  EXPECT_THAT(f.told, ElementsAre("adopted", "not-adopted", "started"));
}

std::vector<std::int64_t> PausesMs(const std::vector<Duration>& times) {
  std::vector<std::int64_t> pauses;
  for (std::size_t i = 1; i < times.size(); ++i) {
    pauses.push_back(std::chrono::duration_cast<milliseconds>(times[i] - times[i - 1]).count());
  }
  return pauses;
}

TEST_P(Supervisor, RestartsAreSpaced) {
  Fixture f(GetParam());
  f.launcher.on_start = [&](DaemonPid pid) { f.launcher.End(pid); };
  f.Start();
  f.For(seconds(150));
  EXPECT_THAT(PausesMs(f.launcher.start_times),
              ElementsAre(100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000));
}

TEST_P(Supervisor, StartsThatFailLaterAreRepeatedUntilOneSucceeds) {
  Fixture f(GetParam());
  f.Start();
  f.launcher.start_result = Fail(ErrorCode::kNotFound, "no such program");
  f.launcher.End(f.pid());
  f.For(seconds(10));
  EXPECT_EQ(f.pid(), 0);
  EXPECT_THAT(f.told, testing::Contains("start-failed"));
  f.launcher.start_result = Status();
  f.For(seconds(30));
  EXPECT_NE(f.pid(), 0);
}

TEST_P(Supervisor, PausesBeginAgainAfterALongHealthyLife) {
  Fixture f(GetParam());
  f.Start();
  for (int i = 0; i < 5; ++i) {
    f.For(seconds(40));
    f.launcher.End(f.pid());
    f.For(milliseconds(150));
    EXPECT_EQ(f.starts(), static_cast<std::size_t>(i) + 2);
  }
}

}  // namespace
}  // namespace libcontainerd
