// The whole assembly with real parts: the fake-containerd program, sockets, FIFOs, files, and the
// machine's clock.
#include "libcontainerd/blocking_remote.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"
#include "lib/adapters/files.h"
#include "tests/fake_containerd/temporary_directory.h"
#include "tests/lib/adapters/child_output.h"

namespace libcontainerd::test {
namespace {

using namespace std::chrono_literals;
using fake_containerd::TemporaryDirectory;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kFailed[] =
    "Failed to connect to containerd. Please make sure containerd is installed in your PATH or you "
    "have specified the correct address. Got error: ";
constexpr char kSpec[] =
    R"({"process": {"args": ["/bin/program"], "cwd": "/", "user": {"uid": 0, "gid": 0}}, "linux": {}})";

// Keeps the pipes open, and a line for each callback: "c1 exit 137".
class Engine final : public BlockingBackend {
 public:
  Status StateChanged(const std::string& id, const StateInfo& info) override {
    const std::lock_guard lock(mutex_);
    std::string line = id + " " + std::string(ContainerStateName(info.state));
    if (info.state == ContainerState::kExit) line += " " + std::to_string(info.exit_code);
    lines_.push_back(std::move(line));
    changed_.notify_all();
    return {};
  }
  Status AttachStreams(const std::string&, const std::string&, IoPipe pipe) override {
    const std::lock_guard lock(mutex_);
    pipes_.push_back(std::move(pipe));
    return {};
  }
  IoPipe TakePipe() {
    const std::lock_guard lock(mutex_);
    IoPipe pipe = std::move(pipes_.back());
    pipes_.pop_back();
    return pipe;
  }
  // The pipes end before the runtime that they live on.
  void DropPipes() {
    const std::lock_guard lock(mutex_);
    pipes_.clear();
  }
  bool WaitFor(const std::string& line) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs), [&] {
      return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
    });
  }

 private:
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::vector<IoPipe> pipes_;
};

std::string Describe(const Status& status) {
  return status ? "OK" : status.error().message;
}

class BlockingRemoteTest : public testing::Test {
 protected:
  BlockingRemoteTest() {
    std::filesystem::create_symlink(FAKE_CONTAINERD, path("docker-containerd"));
    options_.state_dir = path("made/state");
    options_.daemon_program = path("docker-containerd");
    options_.daemon_stdout_fd = output_.fd();
    options_.daemon_stderr_fd = output_.fd();
  }

  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string state(const std::string& name) const { return options_.state_dir + "/" + name; }

  std::shared_ptr<BlockingRemote> Start() {
    auto started = BlockingRemote::Start(options_);
    if (started) {
      return {started->release(), [this](BlockingRemote* remote) {
                engine_.DropPipes();
                delete remote;
              }};
    }
    ADD_FAILURE() << started.error().message;
    return nullptr;
  }
  Error StartError() {
    auto started = BlockingRemote::Start(options_);
    return started ? Error{ErrorCode::kOk, "it started"} : started.error();
  }
  // Until containerd, started again, takes the call.
  static std::string CreateEventually(BlockingClient& client, const std::string& id) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (true) {
      const Status created = client.Create(id, kSpec);
      if (created || std::chrono::steady_clock::now() > end) return Describe(created);
    }
  }

  TemporaryDirectory directory_;
  ChildOutput output_;
  Engine engine_;  // before the remote, whose callbacks it gets
  BlockingRemoteOptions options_;
};

TEST_F(BlockingRemoteTest, OwnsADaemonThroughAContainersLife) {
  auto remote = Start();
  ASSERT_TRUE(remote);
  struct stat found {};
  ASSERT_EQ(::stat(options_.state_dir.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  EXPECT_EQ(remote->socket_path(), state("docker-containerd.sock"));
  const DaemonStatus status = remote->daemon_status();
  EXPECT_TRUE(status.healthy);
  EXPECT_EQ(*ReadFile(state("docker-containerd.pid")), std::to_string(status.pid));

  BlockingClient& client = remote->NewClient(engine_);
  ASSERT_EQ(Describe(client.Create("c1", kSpec)), "OK");
  EXPECT_TRUE(std::filesystem::exists(state("c1/init-stdin")));
  EXPECT_EQ(Describe(client.Signal("c1", SIGKILL)), "OK");
  EXPECT_TRUE(engine_.WaitFor("c1 exit 137"));
  EXPECT_FALSE(std::filesystem::exists(state("c1")));

  const Watched daemon(status.pid);
  EXPECT_EQ(Describe(remote->Cleanup()), "OK");
  EXPECT_TRUE(daemon.Ended());
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(options_.state_dir)) {
    left.push_back(entry.path().filename());
  }
  EXPECT_THAT(left, testing::UnorderedElementsAre("containerd", "event.ts"));
  EXPECT_EQ(client.Create("c2", kSpec).error().code, ErrorCode::kCancelled);
}

TEST_F(BlockingRemoteTest, DaemonKilledComesBackAndItsContainersAreReported) {
  auto remote = Start();
  ASSERT_TRUE(remote);
  BlockingClient& client = remote->NewClient(engine_);
  ASSERT_EQ(Describe(client.Create("c1", kSpec)), "OK");
  ::kill(remote->daemon_status().pid, SIGKILL);
  EXPECT_TRUE(engine_.WaitFor("c1 exit 255"));
  EXPECT_EQ(CreateEventually(client, "c1"), "OK");
  EXPECT_EQ(remote->daemon_status().starts, 2U);
  EXPECT_EQ(Describe(remote->Cleanup()), "OK");
}

TEST_F(BlockingRemoteTest, PipesAreReadAndWrittenThroughItsRuntime) {
  fake_containerd::FakeContainerd fake;
  fake_containerd::FakeContainerdOptions fake_options;
  fake_options.directory = path("fake");
  fake_options.socket = true;
  ASSERT_TRUE(fake.Start(fake_options));
  options_.address = fake.socket_path();
  auto remote = Start();
  ASSERT_TRUE(remote);
  BlockingClient& client = remote->NewClient(engine_);
  ASSERT_EQ(Describe(client.Create("c1", kSpec)), "OK");
  EXPECT_TRUE(fake.WriteOutput("c1", "init", fake_containerd::OutputStream::kStdout, "hello"));
  IoPipe pipe = engine_.TakePipe();
  EXPECT_EQ(*WaitFor(remote->runtime(), pipe.out->Read(100)), "hello");
  EXPECT_EQ(Describe(WaitFor(remote->runtime(), pipe.in->Close())), "OK");
  EXPECT_EQ(Describe(remote->Cleanup()), "OK");
}

TEST_F(BlockingRemoteTest, SeveralClientsShareIt) {
  auto remote = Start();
  ASSERT_TRUE(remote);
  Engine other;
  BlockingClient& first = remote->NewClient(engine_);
  BlockingClient& second = remote->NewClient(other);
  ASSERT_EQ(Describe(first.Create("c1", kSpec)), "OK");
  ASSERT_EQ(Describe(second.Create("c2", kSpec)), "OK");
  EXPECT_EQ(Describe(first.Signal("c1", SIGKILL)), "OK");
  EXPECT_EQ(Describe(second.Signal("c2", SIGTERM)), "OK");
  EXPECT_TRUE(engine_.WaitFor("c1 exit 137"));
  EXPECT_TRUE(other.WaitFor("c2 exit 143"));
  other.DropPipes();
  remote.reset();
}

TEST_F(BlockingRemoteTest, CloseLeavesTheDaemonAndRefusesCalls) {
  auto remote = Start();
  ASSERT_TRUE(remote);
  BlockingClient& client = remote->NewClient(engine_);
  const Watched daemon(remote->daemon_status().pid);
  remote->Close();
  remote->Close();
  EXPECT_FALSE(daemon.Ended());
  EXPECT_EQ(client.Create("c1", kSpec).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(remote->NewClient(engine_).Create("c2", kSpec).error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(state("c2")));
  remote.reset();
  EXPECT_TRUE(daemon.Ended());
}

TEST_F(BlockingRemoteTest, NextRemoteAdoptsTheDaemonAndCanEndIt) {
  auto first = Start();
  ASSERT_TRUE(first);
  const DaemonPid pid = first->daemon_status().pid;
  first->Close();
  auto second = Start();
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->daemon_status().adopted);
  EXPECT_EQ(second->daemon_status().pid, pid);
  BlockingClient& client = second->NewClient(engine_);
  EXPECT_EQ(Describe(client.Create("c1", kSpec)), "OK");
  const Watched daemon(pid);
  EXPECT_EQ(Describe(second->Cleanup()), "OK");
  EXPECT_TRUE(daemon.Ended());
  EXPECT_FALSE(std::filesystem::exists(state("docker-containerd.sock")));
}

TEST_F(BlockingRemoteTest, UpdatedOptionsReachTheNextDaemon) {
  std::filesystem::remove(path("docker-containerd"));
  WriteScript(path("docker-containerd"), "echo \"args $*\"\nexec " FAKE_CONTAINERD " \"$@\"\n");
  auto remote = Start();
  ASSERT_TRUE(remote);
  const std::string common = "args -l unix://" + state("docker-containerd.sock") +
                             " --shim docker-containerd-shim --metrics-interval=0 "
                             "--start-timeout 2m --state-dir " +
                             state("containerd");
  ASSERT_TRUE(output_.WaitFor(common + "\n"));
  remote->UpdateOptions({.debug = true, .runtime = "runc2"});
  remote->UpdateOptions({.runtime_args = std::vector<std::string>{"--a"}, .oom_score_adj = 9});
  ::kill(remote->daemon_status().pid, SIGKILL);
  EXPECT_TRUE(output_.WaitFor(common + " --runtime runc2 --debug --runtime-args --a\n"));
  EXPECT_EQ(Describe(remote->Cleanup()), "OK");
}

TEST_F(BlockingRemoteTest, ExternalDaemonSurvivesCleanup) {
  fake_containerd::FakeContainerd fake;
  fake_containerd::FakeContainerdOptions fake_options;
  fake_options.directory = path("fake");
  fake_options.socket = true;
  const Status fake_started = fake.Start(fake_options);
  ASSERT_TRUE(fake_started) << Describe(fake_started);
  options_.address = "unix://" + fake.socket_path();
  for (int i = 0; i < 2; ++i) {
    auto remote = Start();
    ASSERT_TRUE(remote);
    EXPECT_EQ(remote->daemon_status().pid, 0);
    BlockingClient& client = remote->NewClient(engine_);
    const std::string id = "c" + std::to_string(i);
    ASSERT_EQ(Describe(client.Create(id, kSpec)), "OK");
    EXPECT_TRUE(fake.ExitInit(id, 3));
    EXPECT_TRUE(engine_.WaitFor(id + " exit 3"));
    EXPECT_EQ(Describe(remote->Cleanup()), "OK");
    EXPECT_TRUE(std::filesystem::exists(fake.socket_path()));
  }
  EXPECT_FALSE(std::filesystem::exists(state("docker-containerd.pid")));
  EXPECT_EQ(Describe(fake.Stop()), "OK");
}

// Two engines, one after the other; the containers run on meanwhile.
TEST_F(BlockingRemoteTest, LiveRestoreIsSwitchedForAllClients) {
  fake_containerd::FakeContainerd fake;
  fake_containerd::FakeContainerdOptions fake_options;
  fake_options.directory = path("fake");
  fake_options.socket = true;
  ASSERT_TRUE(fake.Start(fake_options));
  options_.address = fake.socket_path();
  {
    auto first = Start();
    ASSERT_TRUE(first);
    BlockingClient& client = first->NewClient(engine_);
    for (const char* id : {"c1", "c2", "c3"}) EXPECT_EQ(Describe(client.Create(id, kSpec)), "OK");
  }
  options_.live_restore = true;
  auto second = Start();
  ASSERT_TRUE(second);
  BlockingClient& client = second->NewClient(engine_);
  EXPECT_EQ(Describe(client.Restore("c1")), "OK");
  EXPECT_TRUE(engine_.WaitFor("c1 restore"));
  second->UpdateOptions({.live_restore = false});
  EXPECT_EQ(Describe(client.Restore("c2")), "OK");
  EXPECT_TRUE(engine_.WaitFor("c2 exit 143"));
  second->UpdateOptions({.live_restore = true});
  EXPECT_EQ(Describe(second->NewClient(engine_).Restore("c3")), "OK");
  EXPECT_TRUE(engine_.WaitFor("c3 restore"));
  EXPECT_EQ(Describe(second->Cleanup()), "OK");
}

TEST_F(BlockingRemoteTest, FailuresSayWhatToDo) {
  options_.daemon_program = "no-such-containerd";
  EXPECT_EQ(
      StartError().message,
      kFailed + std::string("exec: \"no-such-containerd\": executable file not found in $PATH"));

  options_.state_dir = "/proc/state";
  EXPECT_EQ(StartError().message,
            kFailed + std::string("mkdir /proc/state: no such file or directory"));

  options_.state_dir = "";
  EXPECT_EQ(StartError(), (Error{ErrorCode::kInvalidArgument,
                                 kFailed + std::string("no state directory was given")}));

  options_.state_dir = path("state");
  options_.address = "/" + std::string(200, 'x');
  EXPECT_EQ(StartError().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(StartError().message, StartsWith(kFailed));
}

TEST_F(BlockingRemoteTest, NobodyAtTheAddress) {
  options_.address = path("absent.sock");
  options_.timing.daemon_ready_deadline = 200ms;
  const Error error = StartError();
  EXPECT_EQ(error.code, ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(error.message, StartsWith(kFailed));
  EXPECT_THAT(error.message, HasSubstr("No such file or directory"));
}

TEST_F(BlockingRemoteTest, DaemonThatNeverServesIsEndedAgain) {
  std::filesystem::remove(path("docker-containerd"));
  ::mkfifo(path("gate").c_str(), 0600);
  WriteScript(path("docker-containerd"), "echo \"pid $$.\"\nread line < " + path("gate") + "\n");
  options_.timing.daemon_ready_deadline = 300ms;
  EXPECT_THAT(StartError().message, StartsWith(kFailed));
  ASSERT_TRUE(output_.WaitFor("pid "));
  ASSERT_TRUE(output_.WaitFor(".\n"));
  const std::string text = output_.text();
  const pid_t pid = std::atoi(text.substr(text.find("pid ") + 4).c_str());
  EXPECT_TRUE(Watched(pid).Ended());
  EXPECT_FALSE(std::filesystem::exists(state("docker-containerd.pid")));
}

TEST(BlockingRemoteOptionsTest, TakenFromTheEnvironment) {
  BlockingRemoteOptions options;
  ::unsetenv("LIBCONTAINERD_NOCLEAN");
  ::unsetenv("DOCKER_RAMDISK");
  options.TakeFromEnvironment();
  EXPECT_FALSE(options.keep_bundles);
  EXPECT_FALSE(options.no_pivot_root);
  ::setenv("LIBCONTAINERD_NOCLEAN", "0", 1);
  options.TakeFromEnvironment();
  EXPECT_FALSE(options.keep_bundles);
  ::setenv("LIBCONTAINERD_NOCLEAN", "1", 1);
  ::setenv("DOCKER_RAMDISK", "yes", 1);
  options.TakeFromEnvironment();
  EXPECT_TRUE(options.keep_bundles);
  EXPECT_TRUE(options.no_pivot_root);
  ::unsetenv("LIBCONTAINERD_NOCLEAN");
  ::unsetenv("DOCKER_RAMDISK");
}

}  // namespace
}  // namespace libcontainerd::test
