// The fake-containerd program as a child process, ready when the constructor is done; killed with
// its owner.
//
// Threads: the test's.
#pragma once

#include <csignal>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/fake_containerd/temporary_directory.h"
#include "tests/lib/adapters/child_output.h"

namespace fake_containerd {

class ChildDaemon {
 public:
  explicit ChildDaemon(std::vector<std::string> more = {}) { Start(std::move(more)); }
  ~ChildDaemon() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ChildDaemon(const ChildDaemon&) = delete;
  ChildDaemon& operator=(const ChildDaemon&) = delete;

  // The same again, on the same sockets and state directory, once the one before has ended.
  void Start(std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        DRYDOCK_FAKE_CONTAINERD, "--listen",  "unix://" + socket(), "--state-dir",
        path("state"),           "--control", control_socket(),     "--debug"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    if (!more.empty() && more.back() == "--journal") arguments.push_back(path("run.jsonl"));
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output_.fd(), STDERR_FILENO);
    EXPECT_EQ(
        ::posix_spawn(&pid_, DRYDOCK_FAKE_CONTAINERD, &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    EXPECT_TRUE(output_.WaitFor("grpc api on")) << output_.text();
  }

  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string socket() const { return path("c.sock"); }
  std::string control_socket() const { return path("control.sock"); }
  pid_t pid() const { return pid_; }
  // What it says on standard error from now on.
  bool WaitForOutput(const std::string& marker) { return output_.WaitFor(marker); }

  // By SIGTERM: its exit code, or -1 when it ended otherwise.
  int Stop() {
    ::kill(pid_, SIGTERM);
    return WaitForEnd();
  }
  // The same of one that ends by itself.
  int WaitForEnd() {
    int status = 0;
    const bool ended = libcontainerd::test::Watched(pid_).WaitForEnd();
    EXPECT_TRUE(ended);
    if (!ended) ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  TemporaryDirectory directory_;
  libcontainerd::test::ChildOutput output_;
  pid_t pid_ = 0;
};

}  // namespace fake_containerd
