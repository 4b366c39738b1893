// The same families over a real socket and real FIFOs: fewer cases, in the order that the machine
// gives them.
#include <iostream>

#include <gtest/gtest.h>

#include "tests/property/property.h"

namespace scenarios::property {
namespace {

class SocketProperty : public testing::TestWithParam<Family> {};

TEST_P(SocketProperty, Holds) {
  PropertyOptions options;
  options.transport = Transport::kSocket;
  options.cases = PropertyCases(12);
  std::cout << GetParam().name << ": " << GetParam().sentence << "; seed " << PropertySeed() << ", "
            << options.cases << " cases" << std::endl;
  const PropertyOutcome outcome = CheckFamily(GetParam(), options);
  EXPECT_TRUE(outcome.held) << outcome.text;
}

INSTANTIATE_TEST_SUITE_P(Families, SocketProperty, testing::ValuesIn(Families()),
                         [](const auto& tested) { return TestNameOf(tested.param); });

}  // namespace
}  // namespace scenarios::property
