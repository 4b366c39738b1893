// What is asked of a supervisor: options, Cleanup, Close, waits; and a world that lives under it.
#include "libcontainerd/daemon_supervisor.h"

#include <csignal>

#include "fake_containerd/memory_process_io.h"
#include "fake_containerd/v0/facade.h"
#include "libcontainerd/loopback_containerd_api.h"
#include "tests/lib/core/supervisor_fixture.h"

namespace libcontainerd {
namespace {

using scenarios::SimulatedLauncher;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Gone;
using test::Options;
using Fixture = test::SupervisorFixture;
using ::testing::ElementsAre;

class SupervisorCalls : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, SupervisorCalls, testing::Range<std::uint64_t>(1, 9));

TEST_P(SupervisorCalls, NewOptionsCountFromTheNextStart) {
  Fixture f(GetParam());
  f.Start();
  DaemonOptions changed = Options();
  changed.socket = "/elsewhere";
  changed.debug = true;
  changed.runtime = "crun";
  changed.runtime_args = {"--a"};
  changed.oom_score_adj = 7;
  f.supervisor.UpdateOptions(changed);
  f.launcher.End(f.pid());
  f.For(seconds(1));
  ASSERT_EQ(f.starts(), 2U);
  EXPECT_THAT(
      f.launcher.commands[1].arguments,
      ElementsAre("-l", "unix:///state/docker-containerd.sock", "--shim", "docker-containerd-shim",
                  "--metrics-interval=0", "--start-timeout", "2m", "--state-dir",
                  "/state/containerd", "--runtime", "crun", "--debug", "--runtime-args", "--a"));
  EXPECT_EQ(f.launcher.commands[1].oom_score_adj, 7);
}

TEST_P(SupervisorCalls, CleanupEndsTheDaemon) {
  Fixture f(GetParam());
  f.Start();
  const DaemonPid pid = f.pid();
  const Status cleaned = f.Run(f.Cleanup());
  ASSERT_TRUE(cleaned) << cleaned.error().message;
  EXPECT_THAT(f.launcher.At(pid).signals, ElementsAre(SIGTERM));
  EXPECT_FALSE(f.launcher.pid_file);
  EXPECT_TRUE(f.launcher.socket_removed);
  f.For(hours(1));
  EXPECT_EQ(f.starts(), 1U);
}

TEST_P(SupervisorCalls, CleanupKillsADaemonThatDoesNotEnd) {
  Fixture f(GetParam());
  f.launcher.next_process = {.ignores_term = true};
  f.Start();
  const DaemonPid pid = f.pid();
  const Duration asked = f.runtime.Now();
  const Status cleaned = f.Run(f.Cleanup());
  EXPECT_TRUE(cleaned);
  EXPECT_EQ(f.runtime.Now() - asked, seconds(15));
  EXPECT_THAT(f.launcher.At(pid).signals, ElementsAre(SIGTERM, SIGKILL));
  EXPECT_FALSE(f.launcher.pid_file);
}

TEST_P(SupervisorCalls, CleanupEndsAnAdoptedDaemonToo) {
  Fixture f(GetParam());
  f.launcher.pid_file = f.launcher.Plant();
  f.Start();
  EXPECT_TRUE(f.Run(f.Cleanup()));
  EXPECT_EQ(f.launcher.living(), 0U);
}

TEST_P(SupervisorCalls, CleanupBetweenTwoStartsLeavesNoDaemon) {
  Fixture f(GetParam());
  f.Start();
  f.launcher.End(f.pid());
  f.For(milliseconds(50));
  EXPECT_TRUE(f.Run(f.Cleanup()));
  f.For(hours(1));
  EXPECT_EQ(f.launcher.living(), 0U);
  EXPECT_FALSE(f.launcher.pid_file);
}

TEST_P(SupervisorCalls, CloseLeavesTheDaemon) {
  Fixture f(GetParam());
  f.Start();
  f.Close();
  f.api.answer = Gone();
  f.For(hours(1));
  EXPECT_EQ(f.launcher.living(), 1U);
  EXPECT_EQ(f.starts(), 1U);
  EXPECT_TRUE(f.launcher.pid_file);
}

TEST_P(SupervisorCalls, CloseDoesNotWaitForAHangingCheck) {
  Fixture f(GetParam());
  f.Start();
  f.api.hangs = true;
  f.For(seconds(1));
  const Duration asked = f.runtime.Now();
  f.Close();
  EXPECT_EQ(f.runtime.Now(), asked);
}

TEST_P(SupervisorCalls, CloseAtAnyMomentOfARestart) {
  for (int ms = 0; ms < 150; ms += 7) {
    Fixture f(GetParam());
    f.Start();
    f.For(seconds(1));
    f.launcher.End(f.pid());
    f.For(milliseconds(ms));
    const Duration asked = f.runtime.Now();
    f.Close();
    EXPECT_EQ(f.runtime.Now(), asked);
    const std::size_t starts = f.starts();
    f.For(seconds(10));
    EXPECT_EQ(f.starts(), starts);
  }
}

TEST_P(SupervisorCalls, ExternalDaemonIsOnlyWatched) {
  Fixture f(GetParam(), {}, /*external=*/true);
  f.Start();
  f.For(seconds(1));
  EXPECT_TRUE(f.supervisor.status().healthy);
  f.api.answer = Gone();
  f.For(hours(1));
  EXPECT_FALSE(f.supervisor.status().healthy);
  EXPECT_EQ(f.starts(), 0U);
  f.api.answer = Status();
  f.For(seconds(1));
  EXPECT_TRUE(f.supervisor.status().healthy);
  EXPECT_TRUE(f.Run(f.Cleanup()));
  EXPECT_FALSE(f.launcher.socket_removed);
}

TEST_P(SupervisorCalls, WaitUntilHealthyEndsWithASuccess) {
  Fixture f(GetParam());
  f.api.next = {Gone(), Gone()};
  f.Start();
  EXPECT_TRUE(f.Run(f.supervisor.WaitUntilHealthy(seconds(10))));
  EXPECT_EQ(f.api.checks, 3U);
}

TEST_P(SupervisorCalls, WaitUntilHealthyTellsTheLastFailure) {
  Fixture f(GetParam());
  f.api.answer = Gone();
  f.Start();
  const Duration asked = f.runtime.Now();
  const Status waited = f.Run(f.supervisor.WaitUntilHealthy(seconds(10)));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error(), (Error{ErrorCode::kDeadlineExceeded, "connection refused"}));
  EXPECT_EQ(f.runtime.Now() - asked, seconds(10));
}

TEST_P(SupervisorCalls, WaitUntilHealthyEndsWithClose) {
  Fixture f(GetParam());
  f.api.answer = Gone();
  f.Start();
  std::optional<Status> waited;
  Spawn(f.runtime, Fixture::Keep(f.supervisor.WaitUntilHealthy(seconds(10)), &waited));
  f.For(seconds(1));
  EXPECT_FALSE(waited);
  f.Close();
  f.runtime.RunReady();
  ASSERT_TRUE(waited);
  EXPECT_EQ(waited->error().code, ErrorCode::kCancelled);
}

// The daemon of a World lives and dies with the simulated process.
TEST_P(SupervisorCalls, WorldsDaemonComesBack) {
  SimulatedRuntime runtime(GetParam());
  MemoryFifos fifos(runtime);
  fake_containerd::MemoryProcessIo io(fifos);
  fake_containerd::World world(runtime, io, {});
  fake_containerd::v0::MemoryBundleReader bundles;
  fake_containerd::v0::Facade facade(world, bundles, {});
  LoopbackContainerdApi api(runtime, facade);
  SimulatedLauncher launcher(runtime);
  launcher.on_start = [&](DaemonPid) { EXPECT_TRUE(world.StartDaemon()); };
  launcher.on_end = [&](DaemonPid) { world.StopDaemon(); };
  DaemonSupervisor supervisor({.runtime = runtime, .api = api, .launcher = &launcher}, Options(),
                              {});
  std::optional<Status> started;
  Spawn(runtime, Fixture::Keep(supervisor.Start(), &started));
  ASSERT_TRUE(runtime.RunUntil([&] { return started && supervisor.status().healthy; }));
  launcher.End(launcher.last_pid());
  EXPECT_FALSE(world.daemon_running());
  ASSERT_TRUE(runtime.RunUntil([&] { return world.daemon_running(); }));
  ASSERT_TRUE(runtime.RunUntil([&] { return supervisor.status().healthy; }, seconds(5)));
  EXPECT_EQ(supervisor.status().starts, 2U);
  std::optional<Status> cleaned;
  Spawn(runtime, Fixture::Keep(supervisor.Cleanup(), &cleaned));
  ASSERT_TRUE(runtime.RunUntil([&] { return cleaned.has_value(); }));
  EXPECT_FALSE(world.daemon_running());
  EXPECT_FALSE(runtime.failure());
}

}  // namespace
}  // namespace libcontainerd
