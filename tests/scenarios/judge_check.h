// What a test expects of a judge: EXPECT_TRUE(Broken("callbacks-serial", j, {{"text", {seq,
// seq}}})).
#pragma once

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "scenarios/guarantees/guarantee.h"
#include "tests/scenarios/journal_builder.h"

namespace scenarios::testing {

[[nodiscard]] ::testing::AssertionResult Held(std::string_view name, const JournalBuilder& j,
                                              const JudgeOptions& options = {});
[[nodiscard]] ::testing::AssertionResult NotObservable(std::string_view name,
                                                       const JournalBuilder& j);
// All violations, in their order, with their full text and all entries.
[[nodiscard]] ::testing::AssertionResult Broken(std::string_view name, const JournalBuilder& j,
                                                const std::vector<Violation>& expected,
                                                const JudgeOptions& options = {});

}  // namespace scenarios::testing
