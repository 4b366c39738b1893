// The example engine, run as a program: on its own fake, and on a socket that somebody else serves.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"

namespace fake_containerd {
namespace {

using ::testing::HasSubstr;

struct Ran {
  int exit_code = -1;
  std::string output;
};

// Both of its outputs. The paths of the tests need no quoting.
Ran RunEngine(const std::string& arguments) {
  Ran ran;
  const std::string command = DRYDOCK_ENGINE_EXAMPLE + (" " + arguments) + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    ran.output.append(buffer.data(), count);
  }
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) ran.exit_code = WEXITSTATUS(status);
  return ran;
}

std::multiset<std::string> LinesOf(const std::string& text) {
  std::multiset<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Output and callbacks come in any order.
const std::multiset<std::string> kLines = {"example: start-container ",
                                           "example: exit-process echo", "example: exit ",
                                           "echo wrote: hello", "init wrote: and good bye"};

class Fake {
 public:
  Fake() {
    EXPECT_TRUE(fake.Start());
    fake.SetBehaviourOf("/bin/cat", {.steps = {step::EchoStdin{}, step::Exit{0}}});
    fake.SetBehaviourOf("/bin/echo", {.steps = {step::Write{.data = "hello\n"}, step::Exit{0}}});
  }
  std::string arguments() const { return fake.socket_path() + " " + fake.directory() + " /"; }
  // All that is left is the socket and its lock.
  void ExpectNothingLeft() {
    EXPECT_FALSE(fake.Inspect("example"));
    EXPECT_FALSE(std::filesystem::exists(fake.directory() + "/example"));
  }
  FakeContainerd fake;
};

TEST(EngineExample, RunsOutOfTheBox) {
  const Ran ran = RunEngine("");
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_EQ(LinesOf(ran.output), kLines);
}

TEST(EngineExample, RunsOnASocket) {
  Fake fake;
  const Ran ran = RunEngine(fake.arguments());
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_EQ(LinesOf(ran.output), kLines);
  fake.ExpectNothingLeft();
  EXPECT_TRUE(fake.fake.Stop());
}

TEST(EngineExample, CleansUpWhenSomethingFails) {
  Fake fake;
  fake.fake.SetBehaviour(
      "example", "echo",
      {.start_failure = StartFailure{.kind = FailureKind::kNotInPath, .subject = "echo"}});
  const Ran ran = RunEngine(fake.arguments());
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, HasSubstr("executable file not found in $PATH"));
  EXPECT_THAT(ran.output, HasSubstr("example: exit "));
  fake.ExpectNothingLeft();
}

TEST(EngineExample, SaysThatNobodyListens) {
  const Ran ran = RunEngine("/dev/null/containerd.sock /dev/null /");
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, HasSubstr("Failed to connect to containerd"));
}

TEST(EngineExample, IsSmall) {
  std::ifstream file(DRYDOCK_SOURCE_DIR "/docs/examples/engine.cc");
  const auto lines = std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  EXPECT_GT(lines, 50);
  EXPECT_LT(lines, 150);
}

}  // namespace
}  // namespace fake_containerd
