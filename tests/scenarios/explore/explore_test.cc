// Exploration itself: every seed exactly once, also over shards and jobs; a planted defect is
// found, made small, and stays what it was; one seed is one run.
#include "scenarios/explore/explore.h"

#include <mutex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/scenario_text.h"

namespace scenarios {
namespace {

using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

std::multiset<std::uint64_t> SeedsOf(ExploreOptions options) {
  std::multiset<std::uint64_t> seeds;
  options.keep_going = true;
  Explore(options, {}, [&](const ExploredRun& run) { seeds.insert(run.seed); });
  return seeds;
}

TEST(Explore, ShardsTogetherRunTheSeedsOfTheWholeOnce) {
  const ExploreOptions whole{.seed = 100, .runs = 23, .jobs = 2};
  std::multiset<std::uint64_t> together;
  for (std::uint32_t shard = 1; shard <= 4; ++shard) {
    ExploreOptions part = whole;
    part.shard = shard;
    part.shards = 4;
    for (const std::uint64_t seed : SeedsOf(part)) together.insert(seed);
  }
  EXPECT_THAT(together, SizeIs(23));
  EXPECT_EQ(together, SeedsOf(whole));
}

// All before the first that docs/exploring.md names as open, as far as the time of a test goes.
TEST(Explore, AllHoldsWithoutADefect) {
  const ExploreOutcome outcome = Explore({.seed = 1, .runs = 5000, .jobs = 2}, {}, {});
  std::string failures;
  for (const ExploredRun& each : outcome.failures) {
    failures +=
        "drydock explore --runs 1 --seed " + std::to_string(each.seed) + ": " + each.failed + "\n";
  }
  EXPECT_THAT(failures, IsEmpty());
  EXPECT_EQ(outcome.totals.runs, 5000U);
  EXPECT_GT(outcome.totals.events, 5000U);
}

TEST(Explore, APlantedDefectIsFoundAndMadeSmall) {
  ExploreOptions options{.seed = 1, .runs = 2000, .jobs = 2};
  options.mutants = {"oom-flag-inherited"};
  const ExploreOutcome outcome = Explore(options, {}, {});
  ASSERT_THAT(outcome.failures, SizeIs(1));
  const ExploredRun& failure = outcome.failures.front();
  const SmallFailure small = ShrinkFailure(failure, {.time = std::chrono::seconds(20)});
  EXPECT_THAT(CountActions(small.shrunk.scenario.actions), Le(12U))
      << PrintScenario(small.shrunk.scenario);
  EXPECT_LE(CountActions(small.shrunk.scenario.actions), small.result.actions_before_shrinking);
  EXPECT_EQ(FailureOf(small.result), failure.failed);
  // What is written to a file fails like that, too.
  auto read = ParseScenario(PrintScenario(small.shrunk.scenario), "found.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(FailureOf(RunSimulated(*read)), failure.failed);
}

TEST(Explore, WithoutKeepGoingItIsTheFirstSeedThatFails) {
  ExploreOptions options{.seed = 1, .runs = 2000, .jobs = 2, .keep_going = true};
  options.mutants = {"oom-flag-inherited"};
  options.runs = 400;
  const ExploreOutcome all = Explore(options, {}, {});
  ASSERT_FALSE(all.failures.empty());
  options.keep_going = false;
  const ExploreOutcome first = Explore(options, {}, {});
  ASSERT_THAT(first.failures, SizeIs(1));
  EXPECT_EQ(first.failures.front().seed, all.failures.front().seed);
}

TEST(Explore, OneSeedIsOneRunWhateverLiesInMemory) {
  const ExploreOutcome outcome =
      Explore({.seed = 5000, .runs = 150, .jobs = 2, .keep_going = true, .twice = true}, {}, {});
  for (const ExploredRun& each : outcome.failures)
    ADD_FAILURE() << "seed " << each.seed << ": " << each.failed;
}

TEST(Explore, TheFingerprintTellsRunsApart) {
  const Scenario scenario = DrawScenario(9).scenario;
  Scenario other = scenario;
  other.setup.seed = 10;
  EXPECT_EQ(Fingerprint(RunSimulated(scenario)), Fingerprint(RunSimulated(scenario)));
  EXPECT_NE(Fingerprint(RunSimulated(scenario)), Fingerprint(RunSimulated(other)));
}

}  // namespace
}  // namespace scenarios
