// The museum is whole, each entry holds as we are and breaks as the reference is, and its page is
// up to date.
#include "scenarios/museum.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "scenarios/reports/failure_text.h"

namespace scenarios {
namespace {

std::vector<NamedScenario> Entries() {
  auto museum = Museum();
  EXPECT_TRUE(museum) << museum.error().message;
  return museum ? std::move(*museum) : std::vector<NamedScenario>();
}

TEST(Museum, HasEveryFailureOnce) {
  std::set<std::string> ids;
  for (const NamedScenario& entry : Entries()) {
    ASSERT_TRUE(entry.scenario.failure) << entry.file;
    const Failure& failure = *entry.scenario.failure;
    EXPECT_TRUE(ids.insert(failure.id).second) << failure.id << " twice";
    EXPECT_TRUE(entry.scenario.name.starts_with(failure.id + "-")) << entry.file;
    EXPECT_FALSE(failure.breaks.empty()) << entry.file;
    EXPECT_EQ(failure.guard, failure.guard && !failure.mutants.empty())
        << entry.file << ": a guard needs a mutant";
    for (const std::string& name : failure.breaks) {
      EXPECT_TRUE(failure.guard || name != kExpectations)
          << entry.file << ": the reference breaks a guarantee that has a name";
    }
  }
  std::set<std::string> expected;
  for (int number = 1; number <= 65; ++number)
    expected.insert((number < 10 ? "B0" : "B") + std::to_string(number));
  EXPECT_EQ(ids, expected);
}

class MuseumTest : public testing::TestWithParam<NamedScenario> {};

TEST_P(MuseumTest, HoldsAsWeAreAndBreaksAsTheReferenceIs) {
  const Scenario& entry = GetParam().scenario;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.transport =
        RunsOver(entry, Transport::kLoopback) ? Transport::kLoopback : Transport::kSocket;
#ifndef DRYDOCK_HAS_GRPC
    if (options.transport != Transport::kLoopback) GTEST_SKIP() << "needs gRPC";
#endif
    const Exhibit exhibit = ShowFailure(entry, options);
    EXPECT_EQ(exhibit.ours.verdict, ScenarioVerdict::kPassed) << "seed " << seed << ", as we are:\n"
                                                              << FailureText(exhibit.ours);
    EXPECT_TRUE(exhibit.shown()) << "seed " << seed << ", as the reference is, it does not break "
                                 << testing::PrintToString(exhibit.not_broken) << "; it does:\n"
                                 << FailureText(exhibit.reference);
    if (HasFailure() || options.transport != Transport::kLoopback) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Entries, MuseumTest, testing::ValuesIn(Entries()),
                         [](const testing::TestParamInfo<NamedScenario>& each) {
                           return each.param.scenario.failure->id;
                         });

TEST(Museum, ItsPageIsUpToDate) {
  const std::string path = std::string(DRYDOCK_SOURCE_DIR) + "/docs/museum.md";
  const std::string rendered = RenderMuseumDocs(Entries());
  if (std::getenv("DRYDOCK_UPDATE_DOCS") != nullptr) std::ofstream(path) << rendered;
  std::ostringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_EQ(page.str(), rendered) << "run this test with DRYDOCK_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace scenarios
