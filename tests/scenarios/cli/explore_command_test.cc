// drydock explore and drydock merge as their users meet them.
#include "scenarios/cli/explore_command.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/merge_command.h"
#include "scenarios/cli/run_command.h"
#include "scenarios/reports/scenario_report.h"

namespace scenarios {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::optional<std::string> NoVariable(const char*) {
  return std::nullopt;
}

class ExploreCommandTest : public testing::Test {
 protected:
  ExploreCommandTest() {
    std::string pattern = (fs::temp_directory_path() / "explore-command-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    command_.seed = "1";
    command_.runs = 40;
    command_.jobs = 1;
    command_.shrink_for = "20s";
    command_.report_dir = directory_ + "/out";
  }
  ~ExploreCommandTest() override { fs::remove_all(directory_); }

  int Run(const Environment& environment = NoVariable) {
    out_.str("");
    err_.str("");
    return RunExploreCommand(command_, environment, "/bin/false", out_, err_);
  }

  std::string directory_;
  ExploreCommand command_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ExploreCommandTest, SaysSeedFirstAndWhatItCameToLast) {
  ASSERT_EQ(Run(), kExitHeld) << out_.str() << err_.str();
  EXPECT_TRUE(out_.str().starts_with("drydock explore: seed 1, 40 runs\n")) << out_.str();
  EXPECT_THAT(out_.str(), ContainsRegex("\n40 runs, [0-9]+ events, .*: 0 failed\n"));
  const auto report = LoadReport(command_.report_dir);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->run.explored.at("runs"), 40U);
  EXPECT_TRUE(report->scenarios.empty());
}

TEST_F(ExploreCommandTest, OneRunPrintsWhatWasDrawnBeforeIt) {
  command_.runs = 1;
  EXPECT_EQ(Run(), kExitHeld);
  EXPECT_THAT(out_.str(),
              ContainsRegex("^drydock explore: seed 1, 1 run\ndrawn: [0-9]+ containers"));
}

TEST_F(ExploreCommandTest, ACommitIsASeed) {
  command_.seed = "7c0ffee1";
  command_.runs = 2;
  EXPECT_EQ(Run(), kExitHeld);
  EXPECT_THAT(out_.str(), HasSubstr("drydock explore: seed 2081423073, 2 runs\n"));
}

TEST_F(ExploreCommandTest, AFailureIsTheOriginalAndASmallFileThatReproducesIt) {
  command_.mutants = {"oom-flag-inherited"};
  command_.runs = 3000;
  ASSERT_EQ(Run(), kExitBroken) << out_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr(", mutant oom-flag-inherited\n"), HasSubstr("\ndrawn: "),
                    HasSubstr("\nshrunk from "), HasSubstr("oom-flag"),
                    HasSubstr("reproduce: drydock run "), HasSubstr("over the socket: ")));
  const auto report = LoadReport(command_.report_dir);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->scenarios.size(), 1U);
  EXPECT_GT(report->scenarios[0].actions_before_shrinking, report->scenarios[0].actions);
  EXPECT_THAT(report->scenarios[0].reproduce, HasSubstr(command_.report_dir));
  EXPECT_TRUE(fs::exists(command_.report_dir + "/" + report->scenarios[0].name + ".original.json"));

  // What it printed is all that is needed.
  RunCommand again;
  again.words = {command_.report_dir + "/" + report->scenarios[0].name + ".json"};
  again.options.transport = "loopback";
  again.options.report_dir = "";
  std::ostringstream said;
  EXPECT_EQ(RunRunCommand(again, NoVariable, said, said), kExitBroken) << said.str();
}

TEST_F(ExploreCommandTest, ShardsMergeIntoTheWhole) {
  MergeCommand merge;
  for (int shard = 1; shard <= 3; ++shard) {
    command_.report_dir = directory_ + "/shard-" + std::to_string(shard);
    ASSERT_EQ(Run([&](const char* name) -> std::optional<std::string> {
                if (name == std::string("CI_NODE_INDEX")) return std::to_string(shard);
                if (name == std::string("CI_NODE_TOTAL")) return "3";
                return std::nullopt;
              }),
              kExitHeld);
    EXPECT_THAT(out_.str(), HasSubstr(", shard " + std::to_string(shard) + "/3"));
    merge.directories.push_back(command_.report_dir);
  }
  merge.report_dir = directory_ + "/all";
  EXPECT_EQ(RunMergeCommand(merge, out_, err_), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("40 runs; report in "));
  const auto report = LoadReport(merge.report_dir);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->run.explored.at("runs"), 40U);

  merge.directories.pop_back();
  EXPECT_EQ(RunMergeCommand(merge, out_, err_), kExitCannotJudge);
  EXPECT_THAT(err_.str(), HasSubstr("drydock: shard 3 is missing\n"));
  merge.directories.push_back(merge.directories.front());
  EXPECT_EQ(RunMergeCommand(merge, out_, err_), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("are both of shard 1"));
}

TEST_F(ExploreCommandTest, ReportsOfDifferentRunsDoNotMerge) {
  ASSERT_EQ(Run(), kExitHeld);
  const std::string first = command_.report_dir;
  command_.seed = "2";
  command_.report_dir = directory_ + "/other";
  ASSERT_EQ(Run(), kExitHeld);
  EXPECT_EQ(RunMergeCommand(
                {.directories = {first, command_.report_dir}, .report_dir = directory_ + "/all"},
                out_, err_),
            kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("are of different runs: seed 1 and 2"));
  EXPECT_FALSE(fs::exists(directory_ + "/all"));
}

TEST_F(ExploreCommandTest, BadInputIsUsage) {
  const auto says = [&](const std::string& text) {
    EXPECT_EQ(Run(), kExitUsage);
    EXPECT_THAT(err_.str(), HasSubstr(text));
  };
  command_.focus = {"creat"};
  says("--focus \"creat\": no kind of action has such a name or theme; names are create ");
  command_.focus = {};
  command_.time = "soon";
  says("--for \"soon\": expected a duration");
  command_.time = "";
  command_.shrink_for = "x";
  says("--shrink-for \"x\": expected a duration");
  command_.shrink_for = "1s";
  command_.seed = "-1";
  says("seed \"-1\": expected a number below 2^64, or a commit's hash");
}

TEST_F(ExploreCommandTest, AnotherProcessThatFailsIsSaid) {
  command_.check_determinism = true;
  EXPECT_EQ(Run(), kExitCannotJudge);  // /bin/false
  EXPECT_THAT(err_.str(), HasSubstr("the other process ended with "));
}

TEST_F(ExploreCommandTest, FingerprintsAreOfSeeds) {
  command_.fingerprints = true;
  command_.runs = 3;
  EXPECT_EQ(Run(), kExitHeld);
  EXPECT_THAT(out_.str(), testing::MatchesRegex("1 [0-9]+\n2 [0-9]+\n3 [0-9]+\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("drydock")));
}

}  // namespace
}  // namespace scenarios
