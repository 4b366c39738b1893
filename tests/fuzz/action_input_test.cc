#include "fuzz/action_input.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/catalogue.h"
#include "scenarios/scenario_text.h"

namespace fuzz {
namespace {

using ::testing::HasSubstr;

std::string Refusal(const std::string& text) {
  const auto admitted = Admit(text);
  return admitted ? "" : admitted.error().message;
}

std::string WithActions(const std::string& actions) {
  return "{\"actions\": [" + actions + "]}";
}
std::string WithSetup(const std::string& setup) {
  return "{\"setup\": {" + setup + "}, \"actions\": []}";
}

TEST(ActionInput, RefusesWhatIsNoScenario) {
  EXPECT_THAT(Refusal("{"), HasSubstr("input.json:1:"));
  EXPECT_THAT(Refusal(WithActions(R"({"do": "craete"})")), HasSubstr("did you mean"));
}

TEST(ActionInput, RefusesWhatTakesTooLong) {
  EXPECT_EQ(Refusal(std::string(kMostInputBytes + 1, ' ')), "too many bytes");
  EXPECT_EQ(Refusal(WithActions(R"({"repeat": 151, "actions": [{"do": "settle"}]})")),
            "more actions than are run");
  EXPECT_EQ(
      Refusal(WithActions(R"({"parallel": [[{"repeat": 150, "actions": [{"do": "settle"}]}]]})")),
      "more actions than are run");
  EXPECT_EQ(Refusal(WithActions(R"({"do": "emit", "type": "oom", "id": "a", "times": 301})")),
            "too often");
  EXPECT_EQ(Refusal(WithActions(R"({"do": "pause", "id": "a", "timeout": "11m"})")),
            "a duration that is too long");
  EXPECT_EQ(Refusal(WithActions(R"({"do": "hang-daemon", "for": "11m"})")),
            "a duration that is too long");
  EXPECT_EQ(
      Refusal(WithActions(R"({"do": "advance", "by": "20m"}, {"do": "advance", "by": "11m"})")),
      "advances too far");
  EXPECT_EQ(Refusal(WithActions(R"({"do": "behave", "id": "a", "behaviour": "pattern=1M"})")),
            "a behaviour that does too much");
  EXPECT_EQ(Refusal(WithActions(R"({"do": "behave", "id": "a", "behaviour": "children=200"})")),
            "a behaviour that does too much");
  EXPECT_EQ(Refusal(WithActions(R"x({"do": "faults", "plan": "event.exit=delay(1h)"})x")),
            "faults that take too long");
  EXPECT_EQ(Refusal(WithSetup(R"x("faults": "event.exit=delay(1h)")x")),
            "faults that take too long");
  EXPECT_EQ(Refusal(WithSetup(R"("choices": {"log_delay": "1h"})")), "choices that take too long");
  EXPECT_EQ(Refusal(WithSetup(R"("timing": {"restore_poll": "1ms"})")),
            "restore_poll is too short");
  EXPECT_EQ(Refusal(WithSetup(R"("timing": {"call_deadline": "11m"})")),
            "call_deadline is too long");
}

TEST(ActionInput, TakesMostOfTheLibraryAndPassesIt) {
  std::size_t admitted = 0;
  for (const scenarios::CarriedFile& file : scenarios::CarriedFiles()) {
    const auto scenario = Admit(std::string(file.text));
    if (!scenario) continue;
    ++admitted;
    EXPECT_EQ(FailureOf(RunInput(*scenario)), "") << file.path;
  }
  EXPECT_GT(admitted, scenarios::CarriedFiles().size() * 9 / 10);
}

// A planted defect is seen, and told with the scenario.
TEST(ActionInput, TellsWhatIsBroken) {
  constexpr const char* kText = R"({
    "actions": [{"do": "create", "id": "web"},
                {"do": "oom-kill", "id": "web"},
                {"do": "settle"},
                {"do": "create", "id": "web"},
                {"do": "exit", "id": "web", "code": 3},
                {"do": "settle"}]})";
  const auto scenario = Admit(kText);
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(FailureOf(RunInput(*scenario)), "");
  const std::string failure = FailureOf(RunInput(*scenario, {"oom-flag-inherited"}));
  EXPECT_THAT(failure, HasSubstr("oom-flag"));
  EXPECT_THAT(failure, HasSubstr("the scenario, as it ran:\n" + PrintScenario(*scenario)));
}

TEST(ActionInput, MutantsAndDeviationsOfTheInputDoNotCount) {
  const auto scenario = Admit(R"({
    "setup": {"mutants": ["oom-not-called-back"], "deviations_off": ["cursor-monotone"]},
    "actions": [{"do": "create", "id": "web"}],
    "guarantees": {"held": ["one-exit"]}})");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_TRUE(scenario->setup.mutants.empty());
  EXPECT_TRUE(scenario->setup.deviations_off.empty());
  EXPECT_TRUE(scenario->guarantees.held.empty());
}

// Fuzzers name what they found crash-SHA1, without an extension.
TEST(ActionInput, ArtefactsAreScenariosForTheProgram) {
  const auto path = std::filesystem::path(::testing::TempDir()) /
                    ("crash-0a4d55a8d778e5022fab701977c5d840bbc486d0" +
                     std::to_string(::testing::UnitTest::GetInstance()->random_seed()));
  std::ofstream(path) << WithActions(R"({"do": "settle"})");
  const auto found = scenarios::FindScenarios({path.string()});
  std::filesystem::remove(path);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().scenario.actions.size(), 1U);
}

}  // namespace
}  // namespace fuzz
