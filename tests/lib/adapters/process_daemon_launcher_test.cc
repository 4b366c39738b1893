// Real child processes: shell scripts that tell what they were given.
#include "libcontainerd/process_daemon_launcher.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/adapters/files.h"
#include "libcontainerd/blocking_client.h"
#include "tests/fake_containerd/temporary_directory.h"
#include "tests/lib/adapters/child_output.h"

namespace libcontainerd::test {
namespace {

using fake_containerd::TemporaryDirectory;
using ::testing::HasSubstr;
using ::testing::Not;

// Blocks on a FIFO that nobody opens, in the shell itself.
constexpr char kStay[] = "read line < \"$(dirname \"$0\")/gate\"\n";

class Launcher : public testing::Test {
 protected:
  Launcher() { ::mkfifo((path() + "/gate").c_str(), 0600); }
  ~Launcher() override {
    OnExecutor(runtime_, [this] { process_.reset(); });
    launcher_.reset();
    EXPECT_FALSE(runtime_.failure());
  }

  std::string path() const { return directory_.path().string(); }
  std::string pid_file() const { return path() + "/docker-containerd.pid"; }
  std::string socket() const { return path() + "/docker-containerd.sock"; }

  DaemonCommand Command(const std::string& body) {
    DaemonCommand command;
    command.program = path() + "/docker-containerd";
    WriteScript(command.program, body);
    command.socket = socket();
    command.arguments = {"-l", "unix://" + socket(), "--debug"};
    return command;
  }
  // The text of the failure, or empty.
  std::string Start(const DaemonCommand& command) {
    Result<StartedDaemon> started = WaitFor(runtime_, launcher_->Start(command));
    if (!started) return started.error().message;
    process_ = std::move(started->process);
    return "";
  }
  // Starts it and reads all that it says until "ready".
  std::string OutputOf(const std::string& body, std::function<void(DaemonCommand&)> change = {}) {
    DaemonCommand command = Command(body + "echo ready\n" + kStay);
    if (change) change(command);
    EXPECT_EQ(Start(command), "");
    EXPECT_TRUE(output_.WaitFor("ready\n"));
    return output_.text();
  }
  std::future<void> WhenEnded(DaemonProcess& process) {
    auto promise = std::make_shared<std::promise<void>>();
    OnExecutor(runtime_, [&] { process.WhenEnded([promise] { promise->set_value(); }); });
    return promise->get_future();
  }
  static bool Came(std::future<void>& future) {
    return future.wait_for(std::chrono::milliseconds(kPatienceMs)) == std::future_status::ready;
  }

  TemporaryDirectory directory_;
  ChildOutput output_;
  ThreadedRuntime runtime_;
  std::unique_ptr<ProcessDaemonLauncher> launcher_ = std::make_unique<ProcessDaemonLauncher>(
      runtime_, ProcessDaemonLauncher::Options{
                    .pid_file = pid_file(), .stdout_fd = output_.fd(), .stderr_fd = output_.fd()});
  std::unique_ptr<DaemonProcess> process_;
};

// The numbers of /proc/PID/stat that follow the name: state, ppid, pgrp, session.
std::vector<std::string> StatFields(pid_t pid) {
  const std::string stat = *ReadFile("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream in(stat.substr(stat.rfind(')') + 2));
  std::vector<std::string> fields;
  for (std::string field; in >> field;) fields.push_back(field);
  return fields;
}

TEST_F(Launcher, RunsInASessionOfItsOwnAsOurChild) {
  OutputOf("");
  const std::vector<std::string> fields = StatFields(process_->pid());
  EXPECT_EQ(fields[1], std::to_string(::getpid()));
  EXPECT_EQ(fields[2], std::to_string(process_->pid()));
  EXPECT_EQ(fields[3], std::to_string(process_->pid()));
  EXPECT_TRUE(process_->Alive());
}

TEST_F(Launcher, GetsArgumentsEnvironmentAndStreams) {
  ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
  ::setenv("NOTIFY_SOCKETS", "kept", 1);
  const std::string told =
      OutputOf("echo \"args $*\"; env; echo error >&2; echo \"stdin $(readlink /proc/$$/fd/0)\"\n");
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("NOTIFY_SOCKETS");
  EXPECT_THAT(told, HasSubstr("args -l unix://" + socket() + " --debug\n"));
  EXPECT_THAT(told, Not(HasSubstr("NOTIFY_SOCKET=")));
  EXPECT_THAT(told, HasSubstr("NOTIFY_SOCKETS=kept\n"));
  EXPECT_THAT(told, HasSubstr("PATH="));
  EXPECT_THAT(told, HasSubstr("error\n"));
  EXPECT_THAT(told, HasSubstr("stdin /dev/null\n"));
}

TEST_F(Launcher, GetsNoneOfOurDescriptorsAndBlocksNoSignal) {
  const UniqueFd careless(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  ASSERT_TRUE(careless);
  const std::string told = OutputOf(
      "for fd in /proc/$$/fd/*; do echo \"$(readlink $fd)\"; done\n"
      // By the shell itself: while it starts another program it blocks signals.
      "while read name value; do echo \"$name $value\"; done < /proc/$$/status\n");
  EXPECT_THAT(told, HasSubstr("SigBlk: 0000000000000000\n"));
  EXPECT_THAT(told, HasSubstr("SigIgn: 0000000000000000\n"));
  // stdin is the only one that leads there.
  EXPECT_EQ(told.find("/dev/null"), told.rfind("/dev/null"));
}

TEST_F(Launcher, SetsTheOomScore) {
  const std::string told = OutputOf("echo score $(cat /proc/$$/oom_score_adj)\n",
                                    [](DaemonCommand& command) { command.oom_score_adj = 321; });
  EXPECT_THAT(told, HasSubstr("score 321\n"));
}

TEST_F(Launcher, OomScoreThatCannotBeIsAnError) {
  DaemonCommand command = Command("echo ready\n");
  command.oom_score_adj = 5000;
  EXPECT_EQ(Start(command), "write oom_score_adj 5000: invalid argument");
}

TEST_F(Launcher, MissingProgram) {
  DaemonCommand command = Command("");
  command.program = "no-such-containerd";
  EXPECT_EQ(Start(command), "exec: \"no-such-containerd\": executable file not found in $PATH");
  command.program = path() + "/absent";
  EXPECT_EQ(Start(command), "fork/exec " + path() + "/absent: no such file or directory");
}

TEST_F(Launcher, ProgramThatCannotBeRun) {
  DaemonCommand command = Command("");
  std::filesystem::permissions(command.program, std::filesystem::perms::owner_read);
  EXPECT_EQ(Start(command), "fork/exec " + command.program + ": permission denied");
  std::ofstream(command.program + ".bin") << "no program";
  command.program += ".bin";
  std::filesystem::permissions(command.program, std::filesystem::perms::owner_all);
  EXPECT_EQ(Start(command), "fork/exec " + command.program + ": exec format error");
}

TEST_F(Launcher, FindsTheProgramInPath) {
  DaemonCommand command = Command(std::string("echo ready\n") + kStay);
  command.program = "docker-containerd";
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", ("/nonexistent:" + path() + ":" + before).c_str(), 1);
  const std::string failure = Start(command);
  ::setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(failure, "");
  EXPECT_TRUE(output_.WaitFor("ready\n"));
}

TEST_F(Launcher, EndIsToldAndReaped) {
  OutputOf("");
  const pid_t pid = process_->pid();
  std::future<void> ended = WhenEnded(*process_);
  EXPECT_TRUE(process_->Signal(SIGTERM));
  ASSERT_TRUE(Came(ended));
  EXPECT_FALSE(process_->Alive());
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  // Its number may be another's by now.
  EXPECT_TRUE(process_->Signal(SIGKILL));
}

TEST_F(Launcher, EndBeforeTheQuestionIsToldToo) {
  EXPECT_EQ(Start(Command("exit 3\n")), "");
  EXPECT_TRUE(Watched(process_->pid()).WaitForEnd());  // a zombie now
  EXPECT_FALSE(process_->Alive());
  std::future<void> ended = WhenEnded(*process_);
  EXPECT_TRUE(Came(ended));
}

TEST_F(Launcher, LettingGoLeavesTheProcessAlone) {
  OutputOf("");
  const pid_t pid = process_->pid();
  std::atomic<bool> told = false;
  OnExecutor(runtime_, [&] {
    process_->WhenEnded([&told] { told = true; });
    process_.reset();
  });
  std::unique_ptr<DaemonProcess> found = WaitFor(runtime_, launcher_->Find(pid));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->Alive());
  std::future<void> ended_later = WhenEnded(*found);
  EXPECT_TRUE(found->Signal(SIGKILL));
  EXPECT_TRUE(Came(ended_later));
  OnExecutor(runtime_, [&] { found.reset(); });
  EXPECT_FALSE(told);
}

TEST_F(Launcher, ProvesIdentityByProgramAndSocket) {
  OutputOf("");
  const DaemonCommand command = Command("");
  EXPECT_TRUE(WaitFor(runtime_, process_->IsDaemon(command)));
  DaemonCommand other = command;
  other.socket = path() + "/other.sock";
  EXPECT_FALSE(WaitFor(runtime_, process_->IsDaemon(other)));
  other = command;
  other.socket.pop_back();  // the beginning of a socket's path is another path
  EXPECT_FALSE(WaitFor(runtime_, process_->IsDaemon(other)));
  other = command;
  other.program = "another-containerd";
  EXPECT_FALSE(WaitFor(runtime_, process_->IsDaemon(other)));
}

TEST_F(Launcher, OtherProgramWithTheSameArgumentsIsNotOurs) {
  const std::string program = path() + "/imitator";
  OutputOf("", [&](DaemonCommand& command) {
    std::filesystem::copy(command.program, program);
    command.program = program;
  });
  const DaemonCommand ours = Command("");
  EXPECT_FALSE(WaitFor(runtime_, process_->IsDaemon(ours)));
}

TEST_F(Launcher, EndedProcessIsNobodysDaemon) {
  OutputOf("");
  const DaemonCommand command = Command("");
  EXPECT_TRUE(process_->Signal(SIGKILL));
  EXPECT_TRUE(Watched(process_->pid()).WaitForEnd());
  EXPECT_FALSE(WaitFor(runtime_, process_->IsDaemon(command)));
  EXPECT_FALSE(WaitFor(runtime_, launcher_->Find(process_->pid())));
}

TEST_F(Launcher, FindsOnlyWhatLives) {
  EXPECT_FALSE(WaitFor(runtime_, launcher_->Find(0x3ffffff)));
  std::unique_ptr<DaemonProcess> self = WaitFor(runtime_, launcher_->Find(::getpid()));
  ASSERT_TRUE(self);
  EXPECT_EQ(self->pid(), ::getpid());
  OnExecutor(runtime_, [&] { self.reset(); });
}

TEST_F(Launcher, DaemonDiesWithItsLauncher) {
  OutputOf("");
  const pid_t pid = process_->pid();
  const Watched daemon(pid);
  launcher_.reset();
  EXPECT_TRUE(daemon.Ended());  // the launcher waited for it
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
}

TEST_F(Launcher, DaemonDiesWithItsParent) {
  const DaemonCommand command = Command(std::string("echo ready\n") + kStay);
  int numbers[2];
  ASSERT_EQ(::pipe2(numbers, O_CLOEXEC), 0);
  std::string program = DAEMON_PARENT;
  std::string file = pid_file();
  std::string daemon_program = command.program;
  std::string daemon_socket = command.socket;
  char* const arguments[] = {program.data(), file.data(), daemon_program.data(),
                             daemon_socket.data(), nullptr};
  posix_spawn_file_actions_t streams;
  posix_spawn_file_actions_init(&streams);
  posix_spawn_file_actions_adddup2(&streams, numbers[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&streams, output_.fd(), STDERR_FILENO);
  pid_t parent = 0;
  ASSERT_EQ(::posix_spawn(&parent, DAEMON_PARENT, &streams, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&streams);
  ::close(numbers[1]);
  pid_t daemon_pid = 0;
  ASSERT_EQ(::read(numbers[0], &daemon_pid, sizeof daemon_pid), sizeof daemon_pid);
  ASSERT_GT(daemon_pid, 0);
  ASSERT_TRUE(output_.WaitFor("ready\n"));
  const Watched daemon(daemon_pid);
  EXPECT_FALSE(daemon.Ended());
  ::kill(parent, SIGKILL);
  EXPECT_EQ(::waitpid(parent, nullptr, 0), parent);
  EXPECT_TRUE(daemon.WaitForEnd());
  ::close(numbers[0]);
}

TEST_F(Launcher, PidFile) {
  const auto read = [this] { return *WaitFor(runtime_, launcher_->ReadPidFile()); };
  EXPECT_EQ(read(), std::nullopt);
  EXPECT_TRUE(WaitFor(runtime_, launcher_->WritePidFile(4711)));
  EXPECT_EQ(*ReadFile(pid_file()), "4711");
  EXPECT_EQ(read(), 4711);
  EXPECT_TRUE(WaitFor(runtime_, launcher_->WritePidFile(12)));
  EXPECT_EQ(read(), 12);
  for (const char* text : {"", "x", "12x", "-3", "0", "99999999999999", " 5"}) {
    std::ofstream(pid_file()) << text;
    EXPECT_EQ(read(), std::nullopt) << text;
  }
  std::ofstream(pid_file()) << "77\n";
  EXPECT_EQ(read(), 77);
  EXPECT_TRUE(WaitFor(runtime_, launcher_->RemovePidFile()));
  EXPECT_TRUE(WaitFor(runtime_, launcher_->RemovePidFile()));
  EXPECT_FALSE(std::filesystem::exists(pid_file()));
  EXPECT_FALSE(std::filesystem::exists(pid_file() + ".tmp"));
}

TEST_F(Launcher, PidFileThatCannotBe) {
  std::filesystem::create_directory(pid_file());
  const auto read = WaitFor(runtime_, launcher_->ReadPidFile());
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("read " + pid_file() + ": "));
  const Status written = WaitFor(runtime_, launcher_->WritePidFile(1));
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("rename " + pid_file() + ": "));
  EXPECT_FALSE(std::filesystem::exists(pid_file() + ".tmp"));
}

TEST_F(Launcher, RemovesTheSocket) {
  std::ofstream(socket()) << "";
  EXPECT_TRUE(WaitFor(runtime_, launcher_->RemoveSocket(socket())));
  EXPECT_FALSE(std::filesystem::exists(socket()));
  EXPECT_TRUE(WaitFor(runtime_, launcher_->RemoveSocket(socket())));
}

}  // namespace
}  // namespace libcontainerd::test
