// What random scenarios are made of: the same for a seed, everything in the vocabulary, always
// readable.
#include "scenarios/explore/generator.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/explore/action_drawer.h"
#include "scenarios/scenario_text.h"

namespace scenarios {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Generator, OneSeedIsOneScenario) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Explored first = DrawScenario(seed);
    const Explored second = DrawScenario(seed);
    EXPECT_EQ(first.scenario, second.scenario) << "seed " << seed;
    EXPECT_EQ(first.swarm.text(), second.swarm.text()) << "seed " << seed;
  }
  EXPECT_NE(DrawScenario(1).scenario.actions, DrawScenario(2).scenario.actions);
}

// A machine or compiler that draws otherwise would not reproduce what another found.
TEST(Generator, ASeedIsTheSameEverywhere) {
  EXPECT_THAT(DrawScenario(1).swarm.text(), HasSubstr(" containers, "));
  libcontainerd::Random random(1);
  const Swarm swarm = DrawSwarm(random, {});
  EXPECT_EQ(swarm.weights.size(), ActionKinds().size());
}

TEST(Generator, WhatIsDrawnIsAScenarioFile) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Scenario scenario = DrawScenario(seed).scenario;
    const auto read = ParseScenario(PrintScenario(scenario), "explored.json");
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error().message;
    Scenario named = *read;
    named.name = scenario.name;
    EXPECT_EQ(named, scenario) << "seed " << seed;
  }
}

void CountWords(const Actions& actions, std::set<std::size_t>& words) {
  for (const Action& each : actions) {
    words.insert(each.what.index());
    if (const auto* later = std::get_if<action::Later>(&each.what))
      CountWords(later->actions, words);
    if (const auto* parallel = std::get_if<action::Parallel>(&each.what)) {
      for (const Actions& branch : parallel->branches) CountWords(branch, words);
    }
  }
}

// All that drives client and fake; not what looks at them: expect, wait, await, note, cue, summary.
TEST(Generator, EverythingThatDrivesIsDrawn) {
  std::set<std::size_t> words;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    CountWords(DrawScenario(seed).scenario.actions, words);
  constexpr std::size_t kOnlyLooks = 6;
  EXPECT_EQ(words.size(), std::variant_size_v<action::What> - kOnlyLooks);
}

TEST(Generator, EveryPointIsDrawn) {
  std::set<std::string> points;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Swarm swarm = DrawScenario(seed).swarm;
    points.insert(swarm.points.begin(), swarm.points.end());
  }
  EXPECT_GT(points.size(), 40U);
}

TEST(Generator, SwarmsLeaveKindsOut) {
  std::size_t without_pause = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    if (DrawScenario(seed).swarm.weights[static_cast<std::size_t>(ActionKind::kPause)] == 0)
      ++without_pause;
  }
  EXPECT_GT(without_pause, 50U);
  EXPECT_LT(without_pause, 150U);
}

TEST(Generator, WishesCome) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Swarm swarm = DrawScenario(seed, {.focus = {"oom"}, .skip = {"restor*", "pause"}}).swarm;
    const auto weight = [&](ActionKind kind) {
      return swarm.weights[static_cast<std::size_t>(kind)];
    };
    EXPECT_GT(weight(ActionKind::kOom), 0U) << "seed " << seed;
    EXPECT_EQ(weight(ActionKind::kRestore), 0U) << "seed " << seed;
    EXPECT_EQ(weight(ActionKind::kResume), 0U) << "seed " << seed << ": the theme is skipped";
    EXPECT_GT(weight(ActionKind::kCreate), 0U) << "seed " << seed;
  }
}

TEST(Generator, PatternsOfKinds) {
  EXPECT_EQ(KindsThatFit("create"), 1U);
  EXPECT_EQ(KindsThatFit("pause"), 2U) << "a theme: pause and resume";
  EXPECT_EQ(KindsThatFit("*"), ActionKinds().size());
  EXPECT_EQ(KindsThatFit("creat"), 0U);
}

// Each kind comes to at least one action whatever was drawn before.
TEST(ActionDrawer, EachKindComesToSomething) {
  libcontainerd::Random random(3);
  Swarm swarm = DrawSwarm(random, {.focus = {"*"}});
  ActionDrawer drawer(random, swarm);
  for (int round = 0; round < 50; ++round) {
    for (const ActionKindInfo& kind : ActionKinds())
      EXPECT_THAT(drawer.DrawOf(kind.kind), testing::Not(IsEmpty())) << kind.name;
  }
}

}  // namespace
}  // namespace scenarios
