#include "fuzz/scenario_mutator.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fuzz/action_input.h"
#include "scenarios/catalogue.h"
#include "scenarios/scenario_text.h"
#include "scenarios/text/words.h"

namespace fuzz {
namespace {

using scenarios::Action;
using scenarios::Actions;

constexpr std::size_t kMost = kMostInputBytes;

std::vector<std::string> LibraryTexts() {
  std::vector<std::string> texts;
  for (const scenarios::CarriedFile& file : scenarios::CarriedFiles()) {
    texts.emplace_back(file.text);
  }
  return texts;
}

// How often each action stands there, groups by "parallel" and "later".
void Count(const Actions& actions, std::map<std::string, int>& counts) {
  for (const Action& each : actions) {
    if (const auto* later = std::get_if<scenarios::action::Later>(&each.what)) {
      ++counts["later"];
      Count(later->actions, counts);
    } else if (const auto* parallel = std::get_if<scenarios::action::Parallel>(&each.what)) {
      ++counts["parallel"];
      for (const Actions& branch : parallel->branches) Count(branch, counts);
    } else {
      std::visit(
          [&]<class T>(const T&) {
            if constexpr (!scenarios::Group<T>) ++counts[std::string(T::kWord)];
          },
          each.what);
    }
  }
}

// Each change of a change: what comes of long searches, too.
TEST(ScenarioMutator, TenThousandChangesAreScenarios) {
  std::vector<std::string> texts = LibraryTexts();
  libcontainerd::Random random(1);
  std::map<std::string, int> words;
  int small = 0;
  const std::string smallest = PrintScenario(SmallScenario());
  for (int i = 0; i < 10'000; ++i) {
    std::string& text = texts[random.Below(texts.size())];
    const std::string& other = texts[random.Below(texts.size())];
    const std::uint64_t seed = random.Next();
    const std::string changed =
        i % 5 == 0 ? SpliceTexts(text, other, kMost, seed) : MutateText(text, kMost, seed);
    const auto scenario = scenarios::ParseScenario(changed, "changed.json");
    ASSERT_TRUE(scenario) << scenario.error().message << "\nseed " << seed << ", of:\n" << text;
    ASSERT_TRUE(Admit(changed)) << Admit(changed).error().message << "\n" << changed;
    small += changed == smallest ? 1 : 0;
    Count(scenario->actions, words);
    text = changed;
  }
  for (const std::string_view word : scenarios::ActionWords()) {
    EXPECT_GT(words[std::string(word)], 0) << word;
  }
  EXPECT_GT(words["later"], 0);
  EXPECT_GT(words["parallel"], 0);
  EXPECT_LT(small, 500) << "changes are given up too often";
}

TEST(ScenarioMutator, InsertedActionsCoverTheVocabulary) {
  libcontainerd::Random random(1);
  std::map<std::string, int> words;
  for (int i = 0; i < 3'000; ++i) Count({RandomAction(random)}, words);
  for (const std::string_view word : scenarios::ActionWords()) {
    EXPECT_GT(words[std::string(word)], 5) << word;
  }
}

TEST(ScenarioMutator, EveryPartOfTheSetupChanges) {
  std::string text = PrintScenario(SmallScenario());
  libcontainerd::Random random(2);
  std::set<std::string> seen;
  for (int i = 0; i < 5'000; ++i) {
    text = MutateText(text, 4'000, random.Next());
    const auto scenario = Admit(text);
    ASSERT_TRUE(scenario) << scenario.error().message;
    const scenarios::Setup& setup = scenario->setup;
    if (!setup.timing.empty()) seen.insert("timing");
    if (!setup.choices.text.empty()) seen.insert("choices");
    if (!setup.faults.empty()) seen.insert("faults");
    if (setup.retain_count) seen.insert("retain_count");
    if (setup.subscriber_queue) seen.insert("subscriber_queue");
    if (setup.daemon != "external") seen.insert("daemon");
    // What would break guarantees on purpose never comes in.
    EXPECT_TRUE(setup.mutants.empty());
    EXPECT_TRUE(setup.deviations_off.empty());
  }
  EXPECT_EQ(seen, (std::set<std::string>{"timing", "choices", "faults", "retain_count",
                                         "subscriber_queue", "daemon"}));
}

TEST(ScenarioMutator, WhatIsNoScenarioCountsAsTheSmallOne) {
  libcontainerd::Random random(4);
  for (const char* text : {"", "{", "\xff", R"({"actions": [{"do": "craete"}]})"}) {
    EXPECT_TRUE(Admit(MutateText(text, kMost, random.Next()))) << text;
    EXPECT_TRUE(Admit(SpliceTexts(text, text, kMost, random.Next()))) << text;
  }
}

TEST(ScenarioMutator, KeepsToTheGivenSize) {
  const std::vector<std::string> texts = LibraryTexts();
  libcontainerd::Random random(5);
  for (const std::size_t most : {0U, 10U, 150U, 400U}) {
    for (const std::string& text : texts) {
      EXPECT_LE(MutateText(text, most, random.Next()).size(), most);
      EXPECT_LE(SpliceTexts(text, texts[0], most, random.Next()).size(), most);
    }
  }
}

TEST(ScenarioMutator, TheSameSeedGivesTheSameChange) {
  const std::vector<std::string> texts = LibraryTexts();
  int different = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string& text = texts[seed % texts.size()];
    EXPECT_EQ(MutateText(text, kMost, seed), MutateText(text, kMost, seed));
    different += MutateText(text, kMost, seed) != MutateText(text, kMost, seed + 1) ? 1 : 0;
  }
  EXPECT_GT(different, 40);
}

}  // namespace
}  // namespace fuzz
