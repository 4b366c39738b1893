// Every family of properties in virtual time: many cases, each a schedule of its own.
#include <iostream>

#include <gtest/gtest.h>

#include "tests/property/property.h"

namespace scenarios::property {
namespace {

class SimulatedProperty : public testing::TestWithParam<Family> {};

TEST_P(SimulatedProperty, Holds) {
  PropertyOptions options;
  options.cases = PropertyCases(1000);
  std::cout << GetParam().name << ": " << GetParam().sentence << "; seed " << PropertySeed() << ", "
            << options.cases << " cases" << std::endl;
  const PropertyOutcome outcome = CheckFamily(GetParam(), options);
  EXPECT_TRUE(outcome.held) << outcome.text;
}

INSTANTIATE_TEST_SUITE_P(Families, SimulatedProperty, testing::ValuesIn(Families()),
                         [](const auto& tested) { return TestNameOf(tested.param); });

}  // namespace
}  // namespace scenarios::property
