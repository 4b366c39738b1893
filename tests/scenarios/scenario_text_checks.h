// What the tests of scenario files share.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "scenarios/scenario_text.h"

namespace scenarios {

// An empty scenario, and a failure, for what cannot be read.
inline Scenario Parsed(const std::string& text, const std::string& name = "s.json",
                       const ParseOptions& options = {}) {
  auto scenario = ParseScenario(text, name, options);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? std::move(*scenario) : Scenario{};
}

inline void ExpectRoundTrip(const Scenario& scenario) {
  const std::string printed = PrintScenario(scenario);
  const auto again = ParseScenario(printed, scenario.name + ".json");
  ASSERT_TRUE(again) << again.error().message << "\n" << printed;
  EXPECT_EQ(*again == scenario, true) << printed << PrintScenario(*again);
  EXPECT_EQ(PrintScenario(*again), printed);
}

}  // namespace scenarios
