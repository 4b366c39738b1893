// That the properties can fail: planted defects are found, by name and by number, and what is found
// is small.
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/mutant_hunt.h"
#include "tests/property/property.h"

namespace scenarios::property {
namespace {

// The same ones with a mutant and without.
constexpr int kCases = 400;

class PropertyCatches : public testing::TestWithParam<Family> {};

TEST_P(PropertyCatches, ItsMutants) {
  ASSERT_FALSE(GetParam().finds.empty());
  PropertyOptions options;
  options.cases = kCases;
  const PropertyOutcome sound = CheckFamily(GetParam(), options);
  ASSERT_TRUE(sound.held) << "not because of a mutant: " << sound.text;
  for (const std::string& mutant : GetParam().finds) {
    options.mutants = {mutant};
    // That what fails is shrunk is looked at once: it takes the longest.
    options.shrink = mutant == GetParam().finds.front();
    const PropertyOutcome outcome = CheckFamily(GetParam(), options);
    EXPECT_FALSE(outcome.held) << GetParam().name << " misses " << mutant;
    EXPECT_THAT(outcome.text, testing::HasSubstr("RC_PARAMS=\"reproduce="));
    if (options.shrink) {
      EXPECT_LE(outcome.actions, 12U) << mutant << " was not shrunk:\n" << outcome.text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, PropertyCatches, testing::ValuesIn(Families()),
                         [](const auto& tested) { return TestNameOf(tested.param); });

// How many of all mutants the properties alone find. More of them with DRYDOCK_PROPERTY_CASES.
TEST(PropertyCatchRate, IsWhatItWas) {
  PropertyOptions options;
  options.cases = PropertyCases(150);
  options.shrink = false;
  for (const Family& family : Families()) {
    const PropertyOutcome sound = CheckFamily(family, options);
    ASSERT_TRUE(sound.held) << "not because of a mutant: " << sound.text;
  }
  std::size_t caught = 0;
  std::vector<std::string> missed;
  const std::vector<MutantName> mutants = AllMutantNames();
  for (const MutantName& mutant : mutants) {
    options.mutants = {std::string(mutant.name)};
    std::string by;
    for (const Family& family : Families()) {
      const PropertyOutcome outcome = CheckFamily(family, options);
      if (outcome.held) continue;
      by = std::string(family.name) + ", case " + std::to_string(outcome.cases + 1) + ":";
      for (const std::string& each : outcome.broken) by += " " + each;
      break;
    }
    std::cout << std::left << std::setw(32) << mutant.name << (by.empty() ? "missed" : by)
              << std::endl;
    if (by.empty()) {
      missed.emplace_back(mutant.name);
    } else {
      ++caught;
    }
  }
  std::cout << caught << " of " << mutants.size() << " mutants caught by the properties; missed:";
  for (const std::string& each : missed) std::cout << ' ' << each;
  std::cout << std::endl;
  EXPECT_GE(caught, 42U);
}

}  // namespace
}  // namespace scenarios::property
