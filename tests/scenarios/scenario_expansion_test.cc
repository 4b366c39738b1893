// Scenario files: variables and groups, and the bounds of what they expand to.
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/scenario_text_checks.h"

namespace scenarios {
namespace {

using ::testing::ElementsAre;

// The actions as they are printed.
std::vector<std::string> Lines(const Scenario& scenario) {
  std::vector<std::string> lines;
  for (const Action& action : scenario.actions) lines.push_back(PrintAction(action));
  return lines;
}

std::string ExpansionError(const std::string& text, const ParseOptions& options = {}) {
  const auto scenario = ParseScenario(text, "s.json", options);
  return scenario ? "" : scenario.error().message;
}

TEST(ScenarioExpansion, RepeatCounts) {
  const Scenario scenario = Parsed(R"({"actions": [
    {"repeat": 2, "as": "i", "actions": [
      {"do": "create", "id": "c${i}"},
      {"repeat": 2, "actions": [{"do": "exit", "id": "c${i}", "code": "${i+10}"}]}]},
    {"repeat": 0, "actions": [{"do": "settle"}]}]})");
  EXPECT_THAT(
      Lines(scenario),
      ElementsAre(R"({"do": "create", "id": "c0"})", R"({"do": "exit", "id": "c0", "code": 10})",
                  R"({"do": "exit", "id": "c0", "code": 10})", R"({"do": "create", "id": "c1"})",
                  R"({"do": "exit", "id": "c1", "code": 11})",
                  R"({"do": "exit", "id": "c1", "code": 11})"));
  EXPECT_EQ(scenario.actions[5].place.text(), "s.json:4:33");
  ExpectRoundTrip(scenario);
}

TEST(ScenarioExpansion, ForEachGivesEachValue) {
  const Scenario scenario = Parsed(R"({
    "variables": {"ids": ["a", 2, true], "code": 3},
    "actions": [
      {"for_each": "${ids}", "as": "x", "actions": [{"do": "oom", "id": "${x}"}]},
      {"for_each": [{"y": [1]}], "as": "x", "actions": [
        {"do": "create", "id": "c", "spec": {"a${code}": "${x}", "b": ["$${x}", "-${code}-"]}}]}]})");
  EXPECT_THAT(
      Lines(scenario),
      ElementsAre(
          R"({"do": "oom", "id": "a"})", R"({"do": "oom", "id": "2"})",
          R"({"do": "oom", "id": "true"})",
          R"({"do": "create", "id": "c", "spec": {"a3": {"y": [1]}, "b": ["$${x}", "-3-"]}})"));
  ExpectRoundTrip(scenario);
}

TEST(ScenarioExpansion, Reckons) {
  const Scenario scenario = Parsed(R"({
    "variables": {"a": 7, "b": -2, "s": "x"},
    "actions": [
      {"do": "note", "text": "${a+1} ${a-1} ${a*b} ${a%3} ${ a + b } ${2*3} ${s}${a}"},
      {"do": "note", "text": "$$${a} $$$${a} ${a}$ $ {a} }"}],
    "tags": ["t${a}"], "setup": {"retain_count": "${a}", "faults": "disk.log=${a}*full"}})");
  EXPECT_EQ(scenario.tags, std::vector<std::string>{"t7"});
  EXPECT_EQ(scenario.setup.retain_count, 7);
  EXPECT_EQ(scenario.setup.faults, "disk.log=7*full");
  EXPECT_EQ(std::get<action::Note>(scenario.actions[0].what).text, "8 6 -14 1 5 6 x7");
  EXPECT_EQ(std::get<action::Note>(scenario.actions[1].what).text, "$${a} $$${a} 7$ $ {a} }");
  ExpectRoundTrip(scenario);
}

TEST(ScenarioExpansion, OneOfIsDrawnFromTheSeed) {
  const std::string text = R"({"actions": [
    {"one_of": [[{"do": "oom", "id": "a", "call": "x"}], [], [{"do": "settle"}, {"do": "settle"}]]}
  ]})";
  // oom has no label; the whole is refused, whatever is drawn.
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(ExpansionError(text, {.seed = seed}),
              "s.json:2:43: actions[0].one_of[0][0].call is unknown, expected one of do, id");
  }
  const std::string good = R"({"actions": [
    {"one_of": [[{"do": "pids", "id": "a", "call": "x"}], [{"do": "stats", "id": "b", "call": "x"}]]},
    {"do": "await", "call": "x"}]})";
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Scenario scenario = Parsed(good, "s.json", {.seed = seed});
    EXPECT_EQ(Lines(scenario), Lines(Parsed(good, "s.json", {.seed = seed})));
    EXPECT_EQ(scenario.actions.size(), 2U);
    seen.insert(Lines(scenario));
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST(ScenarioExpansion, VariablesFromOutsideReplaceThoseOfTheFile) {
  const std::string text = R"({"variables": {"n": 1, "id": "a"}, "actions": [
    {"repeat": "${n}", "actions": [{"do": "oom", "id": "${id}"}]}]})";
  EXPECT_EQ(Lines(Parsed(text, "s.json", {.variables = {{"n", "2"}, {"id", "b c"}}})),
            std::vector<std::string>(2, R"({"do": "oom", "id": "b c"})"));
  EXPECT_EQ(ExpansionError(text, {.variables = {{"n", "many"}}}),
            "s.json:2:16: actions[0].repeat is no whole number from 0 to 100000");
  EXPECT_EQ(ExpansionError(text, {.variables = {{"m", "2"}}}),
            "s.json:1:1: the scenario has no variable \"m\", which is given from outside");
}

TEST(ScenarioExpansion, IsBounded) {
  const auto repeated = [](const std::string& actions) {
    return "{\"actions\": [{\"repeat\": 100000, \"actions\": [" + actions + "]}]}";
  };
  EXPECT_EQ(ExpansionError(repeated(R"({"do": "settle"})")),
            "s.json:1:45: actions[0].actions[0] expands to too much, expected at most 100000 "
            "actions");
  // Turns in which nothing happens count too.
  EXPECT_EQ(
      ExpansionError(repeated(R"({"for_each": [], "as": "x", "actions": [{"do": "settle"}]})")),
      "s.json:1:45: actions[0].actions[0] expands to too much, expected at most 100000 "
      "actions");
  EXPECT_EQ(ExpansionError(R"({"actions": [{"repeat": 100001, "actions": [{"do": "settle"}]}]})"),
            "s.json:1:25: actions[0].repeat is no whole number from 0 to 100000");
  const std::string megabyte(1 << 20, 'x');
  EXPECT_EQ(ExpansionError("{\"variables\": {\"m\": \"" + megabyte +
                           "\"}, \"actions\": [{\"repeat\": 1000, \"actions\": [{\"do\": \"note\", "
                           "\"text\": \"${m}${m}\"}]}]}"),
            "s.json:1:1048666: actions[0].actions[0].text expands to too much text");
}

TEST(ScenarioExpansion, GroupsAreNotNestedTooDeeply) {
  const auto nested = [](int depth) {
    std::string text = R"({"do": "settle"})";
    for (int i = 0; i < depth; ++i) text = R"({"at": "1s", "actions": [)" + text + "]}";
    return "{\"actions\": [" + text + "]}";
  };
  ExpectRoundTrip(Parsed(nested(32)));
  EXPECT_TRUE(ExpansionError(nested(33))
                  .ends_with(" is nested too deeply, expected at most 32 groups in each other"))
      << ExpansionError(nested(33));
  EXPECT_EQ(ExpansionError(nested(1000)),
            "s.json:1:1989: this is nested too deeply, expected at most 160 levels");
  EXPECT_EQ(ExpansionError(std::string(1'000'000, '[')),
            "s.json:1:161: this is nested too deeply, expected at most 160 levels");
}

TEST(ScenarioExpansion, AFileIsReadFromItsPath) {
  const auto missing = ReadScenarioFile("/proc/nowhere/s.json");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, libcontainerd::ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message,
            "scenario /proc/nowhere/s.json cannot be read: No such file or directory");
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) /
      ("scenario_expansion_test." + std::to_string(std::random_device()()));
  std::filesystem::create_directory(folder);
  const std::string path = folder / "two-words.json";
  std::ofstream(path) << R"({"actions": [{"do": "settle"}]})";
  const auto scenario = ReadScenarioFile(path);
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(scenario->name, "two-words");
  EXPECT_EQ(scenario->actions.at(0).place.text(), path + ":1:14");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace scenarios
