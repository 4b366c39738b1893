// Library and museum notice every planted defect; nobody notices what is not there.
#include "scenarios/mutant_hunt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scenarios {
namespace {

std::vector<NamedScenario> All() {
  std::vector<NamedScenario> all;
  for (auto& folder : {Library(), Museum()}) {
    EXPECT_TRUE(folder);
    if (folder) all.insert(all.end(), folder->begin(), folder->end());
  }
  return all;
}

TEST(MutantHunt, EveryMutantIsCaught) {
  const std::vector<MutantName> mutants = AllMutantNames();
  EXPECT_GE(mutants.size(), 40U);
  std::vector<std::string> useless;
  std::vector<std::string> missed;
  HuntOptions options;
  options.jobs = 2;
  options.seeds = 2;
  for (const Caught& each : HuntMutants(mutants, All(), options, useless, {})) {
    if (each.scenario.empty()) missed.emplace_back(each.mutant.name);
  }
  EXPECT_THAT(missed, testing::IsEmpty()) << "drydock mutants NAME --seed 1";
  EXPECT_THAT(useless, testing::IsEmpty());
}

TEST(MutantHunt, WhoeverIsBlindCatchesNothing) {
  const auto blind = ParseScenario(
      R"({"intent": "Nothing happens.", "tags": ["lifecycle"], "actions": [{"do": "settle"}]})",
      "blind.json");
  ASSERT_TRUE(blind) << blind.error().message;
  const std::vector<NamedScenario> scenarios = {{"blind.json", false, *blind}};
  const std::vector<MutantName> mutants = {{"exit-called-back-twice", "", false}};
  std::vector<std::string> useless;
  const std::vector<Caught> caught = HuntMutants(mutants, scenarios, {}, useless, {});
  ASSERT_EQ(caught.size(), 1U);
  EXPECT_EQ(caught.front().scenario, "");
}

TEST(MutantHunt, AScenarioThatFailsAnywayProvesNothing) {
  const auto broken = ParseScenario(
      R"({"intent": "Fails.", "tags": ["lifecycle"], "actions": [{"do": "expect", "tracked": ["x"]}]})",
      "broken.json");
  ASSERT_TRUE(broken) << broken.error().message;
  const std::vector<NamedScenario> scenarios = {{"broken.json", false, *broken}};
  const std::vector<MutantName> mutants = {{"exit-called-back-twice", "", false}};
  std::vector<std::string> useless;
  const std::vector<Caught> caught = HuntMutants(mutants, scenarios, {}, useless, {});
  EXPECT_EQ(caught.front().scenario, "");
  EXPECT_THAT(useless, testing::ElementsAre("broken"));
}

}  // namespace
}  // namespace scenarios
