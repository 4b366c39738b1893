// The command as its user meets it: exit codes, bad input, and what is left in the output
// directory.

#include "scenarios/cli/replay_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenarios/cli/exit_code.h"

namespace scenarios {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ReplayCommandTest : public ::testing::Test {
 protected:
  ReplayCommandTest() {
    std::string pattern = (fs::temp_directory_path() / "replay-command-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    command_.transport = "loopback";
    command_.out = directory_ + "/out";
  }
  ~ReplayCommandTest() override { fs::remove_all(directory_); }

  static std::string Trace(const std::string& name) {
    return std::string(DRYDOCK_TRACES) + "/" + name + ".jsonl";
  }
  // A copy of a trace in which each file went through `edit`.
  std::string Copy(const std::string& name,
                   const std::function<std::string(std::string)>& edit_wire) {
    const auto read = [](const std::string& path) {
      std::ostringstream text;
      text << std::ifstream(path).rdbuf();
      return text.str();
    };
    std::string wire = directory_ + "/" + name + ".jsonl";
    std::ofstream(wire) << edit_wire(read(Trace(name)));
    std::ofstream(directory_ + "/" + name + ".client.jsonl")
        << read(std::string(DRYDOCK_TRACES) + "/" + name + ".client.jsonl");
    return wire;
  }
  int Run() {
    out_.str("");
    err_.str("");
    return RunReplayCommand(command_, out_, err_);
  }
  std::vector<std::string> Left() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_))
      names.push_back(entry.path().filename());
    return names;
  }

  std::string directory_;
  ReplayCommand command_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ReplayCommandTest, HeldGivesZeroAndCompleteResults) {
  command_.files = {Trace("run_exit3"), Trace("oom_init")};
  EXPECT_EQ(Run(), kExitHeld) << out_.str() << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("2 held, 0 pending, 0 broken, 0 cannot judge"));
  for (const char* file : {"run_exit3.journal.jsonl", "oom_init.journal.jsonl", "junit.xml",
                           "report.json", "report.html", "trace.json"}) {
    EXPECT_TRUE(fs::exists(command_.out + "/" + file)) << file;
  }
  EXPECT_THAT(Left(), ::testing::UnorderedElementsAre("out"));
}

TEST_F(ReplayCommandTest, CompanionsAreSkippedAndDirectoriesSearched) {
  Copy("run_exit0", [](std::string text) { return text; });
  command_.files = {directory_, directory_ + "/run_exit0.client.jsonl"};
  EXPECT_EQ(Run(), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("replay of 1 traces"));
}

TEST_F(ReplayCommandTest, BrokenLineIsUsageAndLeavesNothing) {
  const std::string wire =
      Copy("run_exit3", [](std::string text) { return "{\"kind\":\n" + text; });
  command_.files = {Trace("run_exit0"), wire};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("run_exit3.jsonl:1: "));
  EXPECT_FALSE(fs::exists(command_.out));
  EXPECT_THAT(Left(), ::testing::UnorderedElementsAre("run_exit3.jsonl", "run_exit3.client.jsonl"));
}

TEST_F(ReplayCommandTest, EarlierResultsSurviveABadRun) {
  command_.files = {Trace("run_exit3")};
  ASSERT_EQ(Run(), kExitHeld);
  command_.files = {directory_ + "/missing.jsonl"};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_TRUE(fs::exists(command_.out + "/run_exit3.journal.jsonl"));
}

TEST_F(ReplayCommandTest, ForeignDirectoryIsNotReplaced) {
  fs::create_directory(command_.out);
  std::ofstream(command_.out + "/thesis.txt") << "years of work";
  command_.files = {Trace("run_exit3")};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("exists and has no report.json"));
  EXPECT_TRUE(fs::exists(command_.out + "/thesis.txt"));
}

TEST_F(ReplayCommandTest, UnwritableOutputIsRefusedBeforeAnythingRuns) {
  command_.files = {Trace("run_exit3")};
  command_.out = "/proc/nowhere/out";
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("/proc/nowhere"));
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ReplayCommandTest, BadOptionsSayWhatWasExpected) {
  command_.files = {Trace("run_exit3")};
  command_.speed = "fast";
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_EQ(err_.str(), "drydock: speed \"fast\": expected max, or a factor such as 1x or 10x\n");
  command_.speed = "max";
  command_.transport = "pigeon";
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_EQ(err_.str(), "drydock: transport \"pigeon\": expected socket, inprocess or loopback\n");
}

TEST_F(ReplayCommandTest, BrokenGivesOneAndSaysWhy) {
  const std::string wire = Copy("run_exit3", [](std::string text) {
    const std::string from = "\"status\":3";
    const std::size_t at = text.find(from);
    return at == std::string::npos ? text : text.replace(at, from.size(), "\"status\":4");
  });
  command_.files = {wire};
  EXPECT_EQ(Run(), kExitBroken) << out_.str();
  EXPECT_THAT(out_.str(), HasSubstr("recorded exit 3, ours exit 4"));
  for (const char* file : {"junit.xml", "report.json", "report.html"}) {
    std::ostringstream text;
    text << std::ifstream(command_.out + "/" + file).rdbuf();
    EXPECT_THAT(text.str(), HasSubstr("recorded exit 3, ours exit 4")) << file;
  }
}

TEST_F(ReplayCommandTest, RecordedPaceIsKept) {
  command_.files = {Trace("run_exit3")};
  command_.speed = "20x";
  EXPECT_EQ(Run(), kExitHeld) << out_.str();
}

TEST(ParseSpeed, TakesFactors) {
  EXPECT_EQ(ParseSpeed("max").value(), 0.0);
  EXPECT_EQ(ParseSpeed("1x").value(), 1.0);
  EXPECT_EQ(ParseSpeed("0.5x").value(), 0.5);
  for (const char* bad : {"", "x", "1", "-1x", "0x", "1xx", "nanx", "infx"}) {
    EXPECT_FALSE(ParseSpeed(bad)) << bad;
  }
}

}  // namespace
}  // namespace scenarios
