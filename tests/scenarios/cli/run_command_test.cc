// The commands that run scenarios, as their user meets them: what is printed, exit codes, bad
// input, and what is left in the report directory.
#include "scenarios/cli/run_command.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/museum_command.h"
#include "scenarios/cli/orders_command.h"

namespace scenarios {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kGood = R"({
  "intent": "A container exits with its own code.", "tags": ["lifecycle"],
  "actions": [
    {"do": "create", "id": "web"},
    {"do": "exit", "id": "web", "code": 3},
    {"do": "expect", "callbacks": {"web": ["start-container", "exit 3"]}}
  ]
})";
constexpr const char* kBad = R"({
  "intent": "An exec is blamed for the container's memory.", "tags": ["oom"],
  "setup": {"deviations_off": ["exec-oom-flag-clear"]},
  "actions": [
    {"do": "create", "id": "web"},
    {"do": "add-process", "id": "web", "process": "e1"},
    {"do": "oom", "id": "web"}, {"do": "settle"},
    {"do": "exit", "id": "web", "process": "e1"}, {"do": "settle"}
  ]
})";

std::optional<std::string> NoShardVariable(const char*) {
  return std::nullopt;
}

class RunCommandTest : public testing::Test {
 protected:
  RunCommandTest() {
    std::string pattern = (fs::temp_directory_path() / "run-command-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    command_.options.transport = "loopback";
    command_.options.seed = "7";
    command_.options.report_dir = directory_ + "/out";
  }
  ~RunCommandTest() override { fs::remove_all(directory_); }

  std::string File(const std::string& name, const std::string& text) {
    std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  std::string Report(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_ + "/out/" + name).rdbuf();
    return text.str();
  }
  int Run(const Environment& environment = NoShardVariable) {
    out_.str("");
    err_.str("");
    return RunRunCommand(command_, environment, out_, err_);
  }

  std::string directory_;
  RunCommand command_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(RunCommandTest, WhatPassesIsSaidAndReported) {
  command_.words = {File("good.json", kGood)};
  EXPECT_EQ(Run(), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("drydock run: seed 7, 1 runs\n"));
  EXPECT_THAT(out_.str(), ContainsRegex("passed +loopback +good "));
  EXPECT_THAT(out_.str(), HasSubstr("1 passed, 0 failed, 0 cannot judge, 0 skipped\n"));
  EXPECT_THAT(Report("junit.xml"), HasSubstr("good"));
  EXPECT_FALSE(fs::exists(directory_ + "/out/good.journal.jsonl"));
  command_.options.keep = "always";
  EXPECT_EQ(Run(), kExitHeld);
  EXPECT_TRUE(fs::exists(directory_ + "/out/good.journal.jsonl"));
}

TEST_F(RunCommandTest, AFailureSaysAllThatIsNeeded) {
  const std::string file = File("bad.json", kBad);
  command_.words = {file};
  EXPECT_EQ(Run(), kExitBroken);
  EXPECT_THAT(out_.str(), HasSubstr("oom-flag-exec-clear"));
  EXPECT_THAT(out_.str(), HasSubstr(FindGuarantee("oom-flag-exec-clear")->sentence));
  EXPECT_THAT(out_.str(), HasSubstr("web/e1"));
  EXPECT_THAT(out_.str(), HasSubstr("drydock run " + file + " --seed 7 --transport loopback"));
  EXPECT_THAT(out_.str(), HasSubstr("B31"));
  EXPECT_THAT(Report("junit.xml"), HasSubstr("<failure"));
  EXPECT_TRUE(fs::exists(directory_ + "/out/bad.journal.jsonl"));
}

TEST_F(RunCommandTest, OneBadDoesNotHideTheOthers) {
  File("a-good.json", kGood);
  File("b-bad.json", kBad);
  File("c-good.json", kGood);
  command_.words = {directory_};
  EXPECT_EQ(Run(), kExitBroken);
  EXPECT_THAT(out_.str(), HasSubstr("2 passed, 1 failed"));
}

TEST_F(RunCommandTest, PatternsChoose) {
  File("good.json", kGood);
  File("bad.json", kBad);
  command_.words = {directory_};
  command_.options.focus = {"life*"};  // a tag
  EXPECT_EQ(Run(), kExitHeld);
  command_.options.focus = {};
  command_.options.skip = {"ba?"};
  EXPECT_EQ(Run(), kExitHeld);
  command_.options.skip = {"*"};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_EQ(err_.str(), "drydock: no scenario is left by --focus and --skip\n");
}

TEST_F(RunCommandTest, ShardsDivideTheWork) {
  for (const char* name : {"a.json", "b.json", "c.json", "d.json", "e.json"}) File(name, kGood);
  command_.words = {directory_};
  command_.options.shard = "2/3";
  EXPECT_EQ(Run(), kExitHeld);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("2 runs, shard 2/3"), HasSubstr(" b "), HasSubstr(" e "),
                                Not(HasSubstr(" a "))));
  command_.options.shard = "";
  EXPECT_EQ(Run([](const char* name) -> std::optional<std::string> {
              if (std::string(name) == "CI_NODE_INDEX") return "3";
              if (std::string(name) == "CI_NODE_TOTAL") return "3";
              return std::nullopt;
            }),
            kExitHeld);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("shard 3/3"), HasSubstr(" c ")));
}

TEST_F(RunCommandTest, ASeedIsDrawnAndPrintedFirst) {
  command_.words = {File("good.json", kGood)};
  command_.options.seed = "";
  EXPECT_EQ(Run(), kExitHeld);
  EXPECT_THAT(out_.str(), ContainsRegex("^drydock run: seed [0-9]+, 1 runs\n"));
  command_.options.seed = "28898a0f";
  EXPECT_EQ(Run(), kExitHeld);
  EXPECT_THAT(out_.str(), HasSubstr("seed 680102415,"));
}

TEST_F(RunCommandTest, BadInputIsUsage) {
  const auto fails = [&](const std::function<void(RunCommand&)>& change) {
    const RunCommand before = command_;
    command_.words = {File("good.json", kGood)};
    change(command_);
    EXPECT_EQ(Run(), kExitUsage);
    command_ = before;
    return err_.str();
  };
  EXPECT_THAT(fails([](RunCommand& run) { run.words = {"lost-paws"}; }),
              HasSubstr("\"lost-paws\": neither a file, a directory nor a scenario's name"));
  EXPECT_THAT(fails([](RunCommand& run) { run.words = {"create-and-exot"}; }),
              HasSubstr("did you mean \"create-and-exit\"?"));
  EXPECT_THAT(fails([](RunCommand& run) { run.options.transport = "pigeon"; }),
              HasSubstr("transport \"pigeon\": expected socket, inprocess or loopback, or all"));
  EXPECT_THAT(fails([](RunCommand& run) { run.options.seed = "x"; }), HasSubstr("seed \"x\""));
  EXPECT_THAT(fails([](RunCommand& run) { run.options.timeout = "soon"; }),
              HasSubstr("timeout \"soon\": expected a duration (as 60s, 2m)"));
  EXPECT_THAT(fails([](RunCommand& run) { run.options.keep = "some"; }),
              HasSubstr("keep \"some\": expected always or failure"));
  EXPECT_THAT(fails([](RunCommand& run) { run.options.variables = {"x"}; }),
              HasSubstr("variable \"x\": expected NAME=VALUE"));
  EXPECT_THAT(
      fails([&](RunCommand& run) { run.words = {File("torn.json", "{\n  \"actions\": [")}; }),
      HasSubstr("torn.json:2:"));
}

TEST_F(RunCommandTest, AMutantIsPlantedByName) {
  command_.words = {File("good.json", kGood)};
  command_.mutants = {"exit-called-back-twice"};
  EXPECT_EQ(Run(), kExitBroken);
  EXPECT_THAT(out_.str(), HasSubstr("--mutant exit-called-back-twice"));
  command_.mutants = {"no-such-mutant"};
  EXPECT_EQ(Run(), kExitCannotJudge);
  EXPECT_THAT(out_.str(), HasSubstr("no mutant \"no-such-mutant\""));
}

TEST_F(RunCommandTest, OrdersRunsAllOfThem) {
  OrdersCommand orders;
  orders.options = command_.options;
  orders.word = "six-events-any-order";
  EXPECT_EQ(RunOrdersCommand(orders, NoShardVariable, out_, err_), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("720 orders of these 6 actions: 720 of 720 runs passed\n"));
  orders.bound = 50;
  out_.str("");
  EXPECT_EQ(RunOrdersCommand(orders, NoShardVariable, out_, err_), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("50 of 720 orders of these 6 actions: 50 of 50 runs passed\n"));
  orders.word = File("good.json", kGood);
  EXPECT_EQ(RunOrdersCommand(orders, NoShardVariable, out_, err_), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("expected exactly one \"parallel\" among its actions"));
}

TEST_F(RunCommandTest, OrdersThatSwapWhatConcernsDifferentContainersAreLeftOut) {
  OrdersCommand orders;
  orders.options = command_.options;
  orders.word = File("two.json", R"({
    "intent": "Two containers end as they like.", "tags": ["lifecycle"],
    "actions": [
      {"do": "create", "id": "a"}, {"do": "create", "id": "b"},
      {"parallel": [
        [{"do": "oom", "id": "a"}], [{"do": "oom", "id": "b"}],
        [{"do": "signal", "id": "a", "signal": 9, "returns": "any"}],
        [{"do": "signal", "id": "b", "signal": 9, "returns": "any"}]
      ]}
    ]
  })");
  EXPECT_EQ(RunOrdersCommand(orders, NoShardVariable, out_, err_), kExitHeld) << err_.str();
  const std::string differ =
      "24 orders of these 4 actions; 4 that differ (the others swap what concerns different "
      "containers)";
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(differ + "\n"),
                                HasSubstr(differ + ": 4 of 4 runs passed\n"), HasSubstr("4 runs")));
  out_.str("");
  orders.bound = 3;
  EXPECT_EQ(RunOrdersCommand(orders, NoShardVariable, out_, err_), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("24 orders of these 4 actions; 3 drawn of those that differ"));
  out_.str("");
  orders.bound = 24;
  orders.all = true;
  EXPECT_EQ(RunOrdersCommand(orders, NoShardVariable, out_, err_), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("24 orders of these 4 actions: 24 of 24 runs passed\n"));
}

TEST_F(RunCommandTest, AnOrderThatFailsIsAFileThatReproducesIt) {
  OrdersCommand orders;
  orders.options = command_.options;
  orders.word = File("race.json", R"({
    "intent": "Fails when the exit comes first.", "tags": ["lifecycle"],
    "actions": [
      {"do": "create", "id": "a"}, {"do": "create", "id": "b"},
      {"parallel": [
        [{"do": "exit", "id": "a"}, {"do": "settle"}],
        [{"do": "expect", "callbacks": {"a": ["start-container"]}}]
      ]}
    ]
  })");
  EXPECT_EQ(RunOrdersCommand(orders, NoShardVariable, out_, err_), kExitBroken) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("3 orders of these 3 actions: "));
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(directory_ + "/out")) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("race-order-") && name.ends_with(".json")) files.push_back(name);
  }
  ASSERT_FALSE(files.empty());
  command_.words = {directory_ + "/out/" + files.front()};
  command_.options.report_dir = "";
  EXPECT_EQ(Run(), kExitBroken);
}

TEST_F(RunCommandTest, TheMuseumTellsBothStories) {
  MuseumCommand museum;
  museum.options = command_.options;
  museum.run = "B31";
  EXPECT_EQ(RunMuseumCommand(museum, NoShardVariable, out_, err_), kExitHeld) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("As we are: passed"), HasSubstr("As the reference is"),
                                HasSubstr("oom-flag-exec-clear")));
  museum.run = "create-and-exit";
  EXPECT_EQ(RunMuseumCommand(museum, NoShardVariable, out_, err_), kExitUsage);
  museum.run = "";
  museum.list = true;
  out_.str("");
  EXPECT_EQ(RunMuseumCommand(museum, NoShardVariable, out_, err_), kExitHeld);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("B01 "), HasSubstr("B65 ")));
}

TEST_F(RunCommandTest, TheReadmesScenarioPasses) {
  std::ostringstream page;
  page << std::ifstream(std::string(DRYDOCK_SOURCE_DIR) + "/README.md").rdbuf();
  const std::string text = page.str();
  const std::size_t fence = text.find("```json\n");
  ASSERT_NE(fence, std::string::npos);
  const std::size_t begin = fence + std::string("```json\n").size();
  command_.words = {File("readme.json", text.substr(begin, text.find("```", begin) - begin))};
  for (const char* seed : {"1", "2", "3", "4", "5"}) {
    command_.options.seed = seed;
    EXPECT_EQ(Run(), kExitHeld) << out_.str() << err_.str();
  }
}

TEST_F(RunCommandTest, ListNamesEverything) {
  EXPECT_EQ(RunListCommand({.words = {}, .names_only = true}, out_, err_), kExitHeld);
  EXPECT_THAT(out_.str(), HasSubstr("create-and-exit\n"));
  out_.str("");
  EXPECT_EQ(RunListCommand({.words = {"create-and-exit"}}, out_, err_), kExitHeld);
  EXPECT_THAT(out_.str(), HasSubstr("leaves nothing behind.  [lifecycle]\n"));
}

TEST_F(RunCommandTest, MutantsSaysWhoCatchesWhat) {
  MutantsCommand mutants;
  mutants.options = command_.options;
  mutants.names = {"exit-called-back-twice"};
  EXPECT_EQ(RunMutantsCommand(mutants, out_, err_), kExitHeld) << err_.str() << out_.str();
  EXPECT_THAT(out_.str(), HasSubstr("1 of 1 mutants caught\n"));
  out_.str("");
  mutants.random = 3;
  mutants.options.seed = "1";
  EXPECT_NE(RunMutantsCommand(mutants, out_, err_), kExitUsage) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("drydock mutants: seed 1, 1 mutants, 3 scenarios\n"));
  EXPECT_THAT(out_.str(), HasSubstr("1 of 1 mutants caught\n"));
  mutants.names = {"no-such-mutant"};
  EXPECT_EQ(RunMutantsCommand(mutants, out_, err_), kExitUsage);
}

}  // namespace
}  // namespace scenarios
