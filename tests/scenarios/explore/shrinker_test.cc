// The shrinker, asked about failures that are known in full: what must be left is exactly what the
// failure needs.
#include "scenarios/explore/shrinker.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/explore/generator.h"
#include "scenarios/explore/simpler.h"
#include "scenarios/scenario_text.h"

namespace scenarios {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

template <class T>
std::size_t CountOf(const Actions& actions) {
  std::size_t count = 0;
  for (const Action& each : actions) {
    count += std::holds_alternative<T>(each.what) ? 1 : 0;
    if (const auto* later = std::get_if<action::Later>(&each.what))
      count += CountOf<T>(later->actions);
    if (const auto* parallel = std::get_if<action::Parallel>(&each.what)) {
      for (const Actions& branch : parallel->branches) count += CountOf<T>(branch);
    }
  }
  return count;
}

Scenario Read(const std::string& text) {
  auto scenario = ParseScenario(text, "test.json");
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? *scenario : Scenario{};
}

TEST(Shrinker, LeavesOnlyWhatTheFailureNeeds) {
  const auto fails = [](const Scenario& candidate) {
    return CountOf<action::Create>(candidate.actions) >= 1 &&
           CountOf<action::Exit>(candidate.actions) >= 2;
  };
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Scenario original = DrawScenario(seed).scenario;
    if (!fails(original)) continue;
    const Shrunk shrunk = Shrink(original, fails);
    EXPECT_TRUE(shrunk.complete) << "seed " << seed;
    EXPECT_TRUE(fails(shrunk.scenario)) << "seed " << seed;
    EXPECT_EQ(CountActions(shrunk.scenario.actions), 3U) << "seed " << seed << "\n"
                                                         << PrintScenario(shrunk.scenario);
    EXPECT_EQ(shrunk.scenario.setup.faults, "") << "seed " << seed;
    EXPECT_EQ(shrunk.scenario.setup.daemon, "external") << "seed " << seed;
  }
}

TEST(Shrinker, UndoesGroupsButKeepsWhatIsInThem) {
  const Scenario original = Read(R"({"intent": "x", "actions": [
    {"after": "7s", "actions": [{"do": "oom", "id": "w2"}]}, {"do": "settle"},
    {"parallel": [[{"do": "exit", "id": "w1", "code": 3}], [{"do": "settle"}]]}
  ]})");
  const Shrunk shrunk = Shrink(original, [](const Scenario& candidate) {
    return CountOf<action::Oom>(candidate.actions) == 1 &&
           CountOf<action::Exit>(candidate.actions) == 1;
  });
  Actions expected = Read(R"({"intent": "x", "actions": [
    {"do": "exit", "id": "w1"}, {"do": "oom", "id": "w1"}]})")
                         .actions;
  EXPECT_EQ(shrunk.scenario.actions, expected) << PrintScenario(shrunk.scenario);
}

TEST(Shrinker, FindsTheSmallestTimeThatStillFails) {
  const Scenario original = Read(R"({"intent": "x", "actions": [{"do": "advance", "by": "47s"}]})");
  const Shrunk shrunk = Shrink(original, [](const Scenario& candidate) {
    Duration all{0};
    for (const Action& each : candidate.actions) {
      if (const auto* advance = std::get_if<action::Advance>(&each.what)) all += advance->by;
    }
    return all >= std::chrono::milliseconds(900);
  });
  ASSERT_EQ(shrunk.scenario.actions.size(), 1U);
  EXPECT_EQ(std::get<action::Advance>(shrunk.scenario.actions[0].what).by, std::chrono::seconds(1));
}

TEST(Shrinker, JoinsTimesAndPrefersThePlainOrder) {
  const Scenario original = Read(R"({"intent": "x", "actions": [
    {"do": "advance", "by": "1s"}, {"do": "advance", "by": "1s"},
    {"do": "exit", "id": "w1"}, {"do": "create", "id": "w1"}]})");
  const Shrunk shrunk = Shrink(original, [](const Scenario& candidate) {
    Duration all{0};
    for (const Action& each : candidate.actions) {
      if (const auto* advance = std::get_if<action::Advance>(&each.what)) all += advance->by;
    }
    return all >= std::chrono::seconds(2) && CountOf<action::Create>(candidate.actions) == 1 &&
           CountOf<action::Exit>(candidate.actions) == 1;
  });
  std::vector<std::size_t> kinds;
  for (const Action& each : shrunk.scenario.actions) kinds.push_back(each.what.index());
  EXPECT_EQ(kinds.size(), 3U) << PrintScenario(shrunk.scenario);
  EXPECT_TRUE(std::ranges::is_sorted(kinds)) << PrintScenario(shrunk.scenario);
}

TEST(Shrinker, PrefersTheSmallestSeed) {
  Scenario original = DrawScenario(12345).scenario;
  original.actions.resize(1);
  const auto even = [](const Scenario& candidate) {
    return candidate.setup.seed.value_or(0) % 2 == 1;
  };
  EXPECT_EQ(Shrink(original, even).scenario.setup.seed, 1U);
}

TEST(Shrinker, StopsWhenTheTimeIsUp) {
  const Scenario original = DrawScenario(7).scenario;
  const Shrunk shrunk = Shrink(original, [](const Scenario&) { return true; },
                               {.time = std::chrono::milliseconds(0)});
  EXPECT_FALSE(shrunk.complete);
  EXPECT_EQ(shrunk.scenario, original);
  EXPECT_EQ(shrunk.tried, 0U);
}

// Whatever is simpler is simpler for good: no two values are each simpler than the other.
TEST(Simpler, EndsForEveryActionThatIsDrawn) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Shrunk shrunk =
        Shrink(DrawScenario(seed).scenario,
               [&](const Scenario& candidate) { return CountActions(candidate.actions) > 0; },
               {.tries = 20'000});
    EXPECT_TRUE(shrunk.complete) << "seed " << seed;
    EXPECT_EQ(CountActions(shrunk.scenario.actions), 1U) << "seed " << seed;
  }
}

TEST(Simpler, FaultsLoseRulesTermsAndChance) {
  const auto plans = SimplerFaults("event.exit=2*off->50.0%3*delay(2s); stream.send=1*break");
  EXPECT_THAT(plans, Contains("stream.send=1*break\n")) << testing::PrintToString(plans);
  EXPECT_THAT(plans, Contains("event.exit=2*off->3*delay(2s)\nstream.send=1*break\n"))
      << testing::PrintToString(plans);
  EXPECT_THAT(plans, Contains("event.exit=2*off\nstream.send=1*break\n"));
  EXPECT_THAT(SimplerFaults("no plan"), testing::IsEmpty());
}

TEST(Simpler, AnEventOnceMoreStaysThat) {
  const Action again{action::Emit{.type = "oom", .id = "w1", .times = 2, .timestamp = "again"}, {}};
  const Action once{action::Emit{.type = "oom", .id = "w1", .timestamp = "again"}, {}};
  EXPECT_THAT(SimplerActions(again), ElementsAre(once));
}

TEST(Simpler, ARequiredFieldStays) {
  const Action kill{action::Kill{.id = "w2", .process = "e1", .signal = 9}, {}};
  EXPECT_THAT(SimplerActions(kill), Not(Contains(Action{action::Kill{.id = ""}, {}})));
  EXPECT_THAT(SimplerActions(kill), ElementsAre(Action{action::Kill{.id = "w2"}, {}}));
}

}  // namespace
}  // namespace scenarios
