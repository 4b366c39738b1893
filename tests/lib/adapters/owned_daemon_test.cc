// The supervisor over real processes, real sockets and a clock that is stepped: the fake-containerd
// program, killed, hung, slow, useless, adopted.
#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <optional>

#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/adapters/files.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/daemon_supervisor.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/process_daemon_launcher.h"
#include "tests/fake_containerd/temporary_directory.h"
#include "tests/lib/adapters/child_output.h"

namespace libcontainerd::test {
namespace {

using namespace std::chrono_literals;
using fake_containerd::TemporaryDirectory;

// What the supervisor tells, and its health checks, so that the test's thread can wait for both.
class Observed final : public ContainerdApi {
 public:
  explicit Observed(ContainerdApi& api) : api_(api) {}

  void Tell(const DaemonEvent& event) {
    const std::lock_guard lock(mutex_);
    ++told_[event.kind];
    last_pid_[event.kind] = event.pid;
    last_text_[event.kind] = event.text;
    changed_.notify_all();
  }
  std::size_t Count(DaemonEventKind kind) {
    const std::lock_guard lock(mutex_);
    return told_[kind];
  }
  DaemonPid LastPid(DaemonEventKind kind) {
    const std::lock_guard lock(mutex_);
    return last_pid_[kind];
  }
  std::string LastText(DaemonEventKind kind) {
    const std::lock_guard lock(mutex_);
    return last_text_[kind];
  }
  bool WaitFor(DaemonEventKind kind, std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                             [&] { return told_[kind] >= count; });
  }
  // No check is under way.
  bool WaitForChecks() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                             [&] { return running_ == 0; });
  }
  int running() {
    const std::lock_guard lock(mutex_);
    return running_;
  }

  Awaitable<Status> Unary(Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, Duration timeout) override {
    return api_.Unary(method, request, response, timeout);
  }
  std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& sink) override {
    return api_.Events(std::move(request), sink);
  }
  Awaitable<Status> CheckHealth(Duration timeout) override {
    CountChecks(1);
    Status status = co_await api_.CheckHealth(timeout);
    CountChecks(-1);
    co_return status;
  }

 private:
  void CountChecks(int difference) {
    const std::lock_guard lock(mutex_);
    running_ += difference;
    changed_.notify_all();
  }

  ContainerdApi& api_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::map<DaemonEventKind, std::size_t> told_;
  std::map<DaemonEventKind, DaemonPid> last_pid_;
  std::map<DaemonEventKind, std::string> last_text_;
  int running_ = 0;
};

// One remote's daemon: runtime, connection, launcher and supervisor on a state directory.
class Owner {
 public:
  Owner(SteppableClock& clock, const std::string& state_dir, int output, DaemonOptions options,
        Timing timing)
      : clock_(clock),
        runtime_(&clock),
        api_(std::move(*ConnectUnixSocket(runtime_, options.socket))),
        observed_(*api_),
        launcher_(runtime_, {.pid_file = state_dir + "/docker-containerd.pid",
                             .stdout_fd = output,
                             .stderr_fd = output}) {
    DaemonSupervisor::Settings settings;
    settings.timing = timing;
    settings.observer = [this](const DaemonEvent& event) { observed_.Tell(event); };
    supervisor_.emplace(DaemonSupervisor::Ports{runtime_, observed_, &launcher_},
                        std::move(options), std::move(settings));
  }
  ~Owner() {
    Close();
    api_.reset();  // ends a check that is under way
    runtime_.Drain();
    OnExecutor(runtime_, [this] { supervisor_.reset(); });
    EXPECT_FALSE(runtime_.failure());
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  std::string Start() {
    const Status started = WaitFor(runtime_, supervisor_->Start());
    return started ? "" : started.error().message;
  }
  void Close() { WaitFor(runtime_, supervisor_->Close()); }
  // Steps on while it waits: the time between SIGTERM and SIGKILL is the clock's.
  Status Cleanup(Duration step = {}) {
    std::promise<Status> promise;
    std::future<Status> cleaned = promise.get_future();
    Spawn(runtime_, Keep(supervisor_->Cleanup(), &promise));
    Settle();
    if (step > Duration::zero()) clock_.AdvanceBy(step);
    return cleaned.get();
  }
  DaemonStatus status() {
    DaemonStatus status;
    OnExecutor(runtime_, [&] { status = supervisor_->status(); });
    return status;
  }
  Observed& observed() { return observed_; }
  DaemonSupervisor& supervisor() { return *supervisor_; }
  ThreadedRuntime& runtime() { return runtime_; }

  // One pause of the watch, and the check after it.
  void Step(Duration step = 500ms) {
    Settle();
    clock_.AdvanceBy(step);
    Settle();
    EXPECT_TRUE(observed_.WaitForChecks());
    Settle();
  }
  template <class Condition>
  bool StepUntil(Condition condition, Duration step = 500ms) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      Step(step);
    }
    return true;
  }
  // gRPC connects in real time, during which no step may be taken: they would be failures.
  bool StepUntilHealthy() {
    bool connected = false;
    for (int i = 0; i < 100 && !connected; ++i) connected = ReadStoredEvents();
    if (!connected) return false;
    return StepUntil([this] { return status().healthy; });
  }
  // The end of a process is told in real time, the pause before the next start is the clock's.
  bool StepUntilStarted(std::size_t count) {
    return StepUntil([&] { return observed_.Count(DaemonEventKind::kStarted) >= count; }, 100ms);
  }
  // A check that nobody answers, to its deadline.
  void HangingStep() {
    Settle();
    clock_.AdvanceBy(500ms);
    Settle();
    EXPECT_EQ(observed_.running(), 1);
    clock_.AdvanceBy(3s);
    EXPECT_TRUE(observed_.WaitForChecks());
    Settle();
  }

 private:
  static Awaitable<void> Keep(Awaitable<Status> call, std::promise<Status>* promise) {
    promise->set_value(co_await std::move(call));
  }

  // From a timer to what the supervisor does next it is some steps of the executor.
  void Settle() {
    for (int i = 0; i < 20; ++i) runtime_.Drain();
  }

  // Waits for a server to connect to, as event streams do. False when it went away.
  bool ReadStoredEvents() {
    class Sink final : public EventSink {
     public:
      void OnEvents(std::span<const types::Event>) override {}
      void OnEnd(Status status) override { end.set_value(status.has_value()); }
      std::promise<bool> end;
    } sink;
    types::EventsRequest request;
    request.mutable_timestamp()->set_seconds(1);
    request.set_storedonly(true);
    std::unique_ptr<EventStream> stream;
    OnExecutor(runtime_, [&] { stream = api_->Events(request, sink); });
    std::future<bool> end = sink.end.get_future();
    const bool ended =
        end.wait_for(std::chrono::milliseconds(kPatienceMs)) == std::future_status::ready;
    OnExecutor(runtime_, [&] { stream.reset(); });
    return ended && end.get();
  }

  SteppableClock& clock_;
  ThreadedRuntime runtime_;
  std::unique_ptr<ContainerdApi> api_;
  Observed observed_;
  ProcessDaemonLauncher launcher_;
  std::optional<DaemonSupervisor> supervisor_;
};

class OwnedDaemon : public testing::Test {
 protected:
  OwnedDaemon() {
    std::filesystem::create_symlink(FAKE_CONTAINERD, path("docker-containerd"));
    options_.program = path("docker-containerd");
    options_.socket = path("docker-containerd.sock");
    options_.state_dir = path("containerd");
    options_.debug = true;
    timing_.daemon_start_grace = std::chrono::hours(24);
  }

  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string pid_file() const { return path("docker-containerd.pid"); }
  std::unique_ptr<Owner> MakeOwner() {
    return std::make_unique<Owner>(clock_, directory_.path().string(), output_.fd(), options_,
                                   timing_);
  }
  // Returns when every thread of it stands still; until then one might answer.
  static void Stop(DaemonPid pid) {
    ::kill(pid, SIGSTOP);
    siginfo_t stopped{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &stopped, WSTOPPED | WNOWAIT), 0);
  }
  void UseScript(const std::string& body) {
    std::filesystem::remove(path("docker-containerd"));
    WriteScript(path("docker-containerd"), body);
  }
  bool WaitForServing() { return output_.WaitFor("grpc api on " + options_.socket + "\n"); }
  static constexpr char kExecFake[] = "exec " FAKE_CONTAINERD " \"$@\"\n";

  TemporaryDirectory directory_;
  ChildOutput output_;
  SteppableClock clock_;
  DaemonOptions options_;
  Timing timing_;
};

TEST_F(OwnedDaemon, ServesAndWritesItsPid) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  EXPECT_TRUE(owner->StepUntilHealthy());
  EXPECT_EQ(*ReadFile(pid_file()), std::to_string(owner->status().pid));
  EXPECT_TRUE(std::filesystem::exists(path("containerd/events.log")));
}

TEST_F(OwnedDaemon, KilledIsStartedAgain) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  ASSERT_TRUE(owner->StepUntilHealthy());
  const DaemonPid first = owner->status().pid;
  ::kill(first, SIGKILL);
  ASSERT_TRUE(owner->observed().WaitFor(DaemonEventKind::kEnded, 1));
  EXPECT_FALSE(owner->status().healthy);
  ASSERT_TRUE(owner->StepUntilStarted(2));
  ASSERT_TRUE(WaitForServing());
  EXPECT_TRUE(owner->StepUntilHealthy());
  EXPECT_NE(owner->status().pid, first);
  EXPECT_EQ(*ReadFile(pid_file()), std::to_string(owner->status().pid));
  EXPECT_EQ(owner->observed().Count(DaemonEventKind::kKilled), 0U);
}

TEST_F(OwnedDaemon, HungIsKilledAndStartedAgain) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  ASSERT_TRUE(owner->StepUntilHealthy());
  const DaemonPid first = owner->status().pid;
  const Watched process(first);
  Stop(first);
  owner->HangingStep();
  owner->HangingStep();
  EXPECT_FALSE(process.Ended());
  owner->HangingStep();
  EXPECT_TRUE(process.WaitForEnd());
  EXPECT_EQ(owner->observed().LastPid(DaemonEventKind::kKilled), first);
  ASSERT_TRUE(owner->observed().WaitFor(DaemonEventKind::kEnded, 1));
  ASSERT_TRUE(owner->StepUntilStarted(2));
  ASSERT_TRUE(WaitForServing());
  EXPECT_TRUE(owner->StepUntilHealthy());
}

TEST_F(OwnedDaemon, StoppedForAMomentIsLeftAlone) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  ASSERT_TRUE(owner->StepUntilHealthy());
  const DaemonPid pid = owner->status().pid;
  for (int i = 0; i < 3; ++i) {
    Stop(pid);
    owner->HangingStep();
    owner->HangingStep();
    ::kill(pid, SIGCONT);
    EXPECT_TRUE(owner->StepUntilHealthy());
  }
  EXPECT_EQ(owner->status().pid, pid);
  EXPECT_EQ(owner->observed().Count(DaemonEventKind::kStarted), 1U);
}

TEST_F(OwnedDaemon, SlowToServeIsWaitedFor) {
  ::mkfifo(path("gate").c_str(), 0600);
  UseScript("read line < " + path("gate") + "\n" + kExecFake);
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  for (int i = 0; i < 24; ++i) owner->Step();  // 12 s of refused connections
  EXPECT_FALSE(owner->status().healthy);
  EXPECT_EQ(owner->observed().Count(DaemonEventKind::kHealthFailed), 24U);
  std::ofstream(path("gate")) << "go\n";
  ASSERT_TRUE(WaitForServing());
  EXPECT_TRUE(owner->StepUntilHealthy());
  EXPECT_EQ(owner->observed().Count(DaemonEventKind::kStarted), 1U);
}

TEST_F(OwnedDaemon, OneThatExitsAtOnceIsStartedWithGrowingPauses) {
  UseScript("echo started\nexit 3\n");
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  Duration pause = 100ms;
  for (std::size_t i = 1; i <= 12; ++i) {
    ASSERT_TRUE(owner->observed().WaitFor(DaemonEventKind::kEnded, i));
    const Duration ended = clock_.Now();
    const auto started_again = [&] {
      return owner->observed().Count(DaemonEventKind::kStarted) > i;
    };
    ASSERT_TRUE(owner->StepUntil(started_again, pause / 8));
    // It may have ended one step before it was seen.
    EXPECT_GE(clock_.Now() - ended, pause - pause / 8) << i;
    pause = std::min<Duration>(2 * pause, 30s);
  }
}

TEST_F(OwnedDaemon, OneThatNeverServesIsKilledAfterItsGrace) {
  ::mkfifo(path("gate").c_str(), 0600);
  UseScript("echo started\nread line < " + path("gate") + "\n");
  timing_.daemon_start_grace = 30s;
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  const Watched process(owner->status().pid);
  for (int i = 0; i < 61; ++i) owner->Step();
  EXPECT_FALSE(process.Ended());
  for (int i = 0; i < 3; ++i) owner->Step();
  EXPECT_TRUE(process.WaitForEnd());
  ASSERT_TRUE(owner->observed().WaitFor(DaemonEventKind::kEnded, 1));
  EXPECT_TRUE(owner->StepUntilStarted(2));
}

TEST_F(OwnedDaemon, MissingProgramFailsTheStart) {
  std::filesystem::remove(path("docker-containerd"));
  const auto owner = MakeOwner();
  EXPECT_EQ(owner->Start(),
            "fork/exec " + path("docker-containerd") + ": no such file or directory");
  EXPECT_FALSE(std::filesystem::exists(pid_file()));
}

TEST_F(OwnedDaemon, ProgramThatVanishedIsTriedUntilItIsBack) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  std::filesystem::rename(path("docker-containerd"), path("away"));
  ::kill(owner->status().pid, SIGKILL);
  ASSERT_TRUE(owner->observed().WaitFor(DaemonEventKind::kEnded, 1));
  ASSERT_TRUE(owner->StepUntil(
      [&] { return owner->observed().Count(DaemonEventKind::kStartFailed) > 0; }, 100ms));
  std::filesystem::rename(path("away"), path("docker-containerd"));
  ASSERT_TRUE(owner->StepUntilStarted(2));
  EXPECT_TRUE(WaitForServing());
}

TEST_F(OwnedDaemon, ForeignProcessInThePidFileIsLeftAlone) {
  ::mkfifo(path("gate").c_str(), 0600);
  const pid_t foreign = ::fork();
  if (foreign == 0) {
    ::execl("/bin/sh", "sh", "-c", ("read line < " + path("gate")).c_str(), nullptr);
    ::_exit(127);
  }
  ASSERT_GT(foreign, 0);
  std::ofstream(pid_file()) << foreign;
  {
    const auto owner = MakeOwner();
    ASSERT_EQ(owner->Start(), "");
    EXPECT_EQ(owner->observed().LastPid(DaemonEventKind::kNotAdopted), foreign);
    EXPECT_FALSE(owner->status().adopted);
    EXPECT_NE(owner->status().pid, foreign);
    EXPECT_EQ(*ReadFile(pid_file()), std::to_string(owner->status().pid));
    EXPECT_TRUE(owner->Cleanup());
  }
  const Watched process(foreign);
  EXPECT_FALSE(process.Ended());
  ::kill(foreign, SIGKILL);
  EXPECT_EQ(::waitpid(foreign, nullptr, 0), foreign);
}

TEST_F(OwnedDaemon, SecondRemoteAdoptsItAndRestartsIt) {
  auto first = MakeOwner();
  ASSERT_EQ(first->Start(), "");
  ASSERT_TRUE(WaitForServing());
  const DaemonPid pid = first->status().pid;
  first->Close();

  const auto second = MakeOwner();
  ASSERT_EQ(second->Start(), "");
  EXPECT_EQ(second->status().pid, pid);
  EXPECT_TRUE(second->status().adopted);
  EXPECT_TRUE(second->StepUntilHealthy());
  EXPECT_EQ(second->observed().Count(DaemonEventKind::kStarted), 0U);

  first.reset();  // takes its child along
  ASSERT_TRUE(second->observed().WaitFor(DaemonEventKind::kEnded, 1));
  ASSERT_TRUE(second->StepUntilStarted(1));
  ASSERT_TRUE(WaitForServing());
  EXPECT_TRUE(second->StepUntilHealthy());
  EXPECT_FALSE(second->status().adopted);
}

TEST_F(OwnedDaemon, HungAdoptedOneIsKilledAndStartedAgain) {
  const auto first = MakeOwner();
  ASSERT_EQ(first->Start(), "");
  ASSERT_TRUE(WaitForServing());
  const DaemonPid pid = first->status().pid;
  first->Close();
  const auto second = MakeOwner();
  ASSERT_EQ(second->Start(), "");
  ASSERT_TRUE(second->StepUntilHealthy());
  Stop(pid);
  for (int i = 0; i < 3; ++i) second->HangingStep();
  ASSERT_TRUE(second->observed().WaitFor(DaemonEventKind::kEnded, 1));
  EXPECT_EQ(second->observed().LastPid(DaemonEventKind::kKilled), pid);
  ASSERT_TRUE(second->StepUntilStarted(1));
  EXPECT_TRUE(WaitForServing());
}

TEST_F(OwnedDaemon, CleanupEndsItAndRemovesItsTraces) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  const Watched process(owner->status().pid);
  const Status cleaned = owner->Cleanup();
  EXPECT_TRUE(cleaned) << cleaned.error().message;
  EXPECT_TRUE(process.Ended());
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    left.push_back(entry.path().filename());
  }
  EXPECT_THAT(left, testing::UnorderedElementsAre("docker-containerd", "containerd"));
}

TEST_F(OwnedDaemon, CleanupKillsOneThatIsStopped) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  const Watched process(owner->status().pid);
  Stop(owner->status().pid);
  const Status cleaned = owner->Cleanup(15s);
  EXPECT_TRUE(cleaned) << cleaned.error().message;
  EXPECT_TRUE(process.Ended());
  EXPECT_FALSE(std::filesystem::exists(pid_file()));
  EXPECT_FALSE(std::filesystem::exists(options_.socket));
}

TEST_F(OwnedDaemon, CloseLeavesItServing) {
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  ASSERT_TRUE(WaitForServing());
  const Watched process(owner->status().pid);
  owner->Close();
  for (int i = 0; i < 20; ++i) owner->Step();
  EXPECT_FALSE(process.Ended());
  EXPECT_TRUE(std::filesystem::exists(pid_file()));
  EXPECT_TRUE(std::filesystem::exists(options_.socket));
}

TEST_F(OwnedDaemon, NewOptionsReachTheNextStart) {
  UseScript("echo \"args $*\"\n" + std::string(kExecFake));
  const auto owner = MakeOwner();
  ASSERT_EQ(owner->Start(), "");
  const std::string common = "args -l unix://" + options_.socket +
                             " --shim docker-containerd-shim --metrics-interval=0 "
                             "--start-timeout 2m --state-dir " +
                             options_.state_dir;
  ASSERT_TRUE(output_.WaitFor(common + " --debug\n"));
  ASSERT_TRUE(WaitForServing());
  DaemonOptions changed = options_;
  changed.runtime = "/usr/bin/runc";
  changed.runtime_args = {"--systemd-cgroup=true"};
  OnExecutor(owner->runtime(), [&] { owner->supervisor().UpdateOptions(changed); });
  ::kill(owner->status().pid, SIGKILL);
  ASSERT_TRUE(owner->observed().WaitFor(DaemonEventKind::kEnded, 1));
  ASSERT_TRUE(owner->StepUntilStarted(2));
  EXPECT_TRUE(output_.WaitFor(common + " --runtime /usr/bin/runc --debug --runtime-args "
                                       "--systemd-cgroup=true\n"));
  EXPECT_TRUE(WaitForServing());
}

// The program itself, as an engine's supervisor or a person runs it.
TEST_F(OwnedDaemon, ProgramEndsWithZeroOnASignalAndElseWithOneLine) {
  ThreadedRuntime runtime;
  ProcessDaemonLauncher launcher(
      runtime, {.pid_file = pid_file(), .stdout_fd = output_.fd(), .stderr_fd = output_.fd()});
  // A shell tells what the program returned; `exec` would take its place.
  UseScript(FAKE_CONTAINERD
            " \"$@\" & trap 'kill -s TERM $!' TERM\nwait $!\n"
            "wait $! ; echo \"code $?\"\n");
  const auto run = [&](const std::vector<std::string>& arguments) {
    DaemonCommand command;
    command.program = options_.program;
    command.arguments = arguments;
    Result<StartedDaemon> started = WaitFor(runtime, launcher.Start(command));
    EXPECT_TRUE(started);
    return std::move(started->process);
  };
  const std::string state = path("state");
  auto process = run({"-l", "unix://" + options_.socket, "--state-dir", state, "--debug"});
  ASSERT_TRUE(WaitForServing());
  EXPECT_TRUE(process->Signal(SIGTERM));
  EXPECT_TRUE(output_.WaitFor("code 0\n"));
  EXPECT_FALSE(std::filesystem::exists(options_.socket));
  OnExecutor(runtime, [&] { process = nullptr; });

  process = run({"--start-timeout", "soon"});
  EXPECT_TRUE(
      output_.WaitFor("fake-containerd: --start-timeout: \"soon\" is no duration (as 2m)\n"
                      "code 2\n"));
  OnExecutor(runtime, [&] { process = nullptr; });
  process = run({"-l", "unix://" + path("absent/c.sock"), "--state-dir", state});
  EXPECT_TRUE(output_.WaitFor("absent/c.sock"));
  EXPECT_TRUE(output_.WaitFor("\ncode 1\n"));
  OnExecutor(runtime, [&] { process = nullptr; });
}

}  // namespace
}  // namespace libcontainerd::test
