// Every scenario of the library and the museum, over every transport that it is for: simulated with
// many seeds, over real gRPC and FIFOs once each (the runs of other seeds and of load are bench's
// and CI's).
#include <gtest/gtest.h>

#include "scenarios/catalogue.h"
#include "scenarios/reports/failure_text.h"
#include "scenarios/runner/run_scenario.h"

namespace scenarios {
namespace {

struct Case {
  NamedScenario named;
  Transport transport;
};

std::vector<Case> Cases(Transport transport) {
  std::vector<Case> cases;
  for (const auto& folder : {Library(), Museum()}) {
    if (!folder) {
      ADD_FAILURE() << folder.error().message;
      continue;
    }
    for (const NamedScenario& each : *folder) {
      if (RunsOver(each.scenario, transport)) cases.push_back({each, transport});
    }
  }
  return cases;
}

std::string NameOf(const testing::TestParamInfo<Case>& each) {
  std::string name = each.param.named.scenario.name;
  std::ranges::replace_if(
      name, [](char letter) { return std::isalnum(static_cast<unsigned char>(letter)) == 0; }, '_');
  return name;
}

class LibraryTest : public testing::TestWithParam<Case> {
 protected:
  static void Passes(std::uint64_t seed) {
    RunOptions options;
    options.transport = GetParam().transport;
    options.seed = seed;
    ScenarioResult result = RunScenario(GetParam().named.scenario, options);
    result.reproduce = "drydock run " + GetParam().named.file + " --seed " + std::to_string(seed) +
                       " --transport " + std::string(TransportName(options.transport));
    ASSERT_EQ(result.verdict, ScenarioVerdict::kPassed) << FailureText(result);
  }
};

TEST_P(LibraryTest, Passes) {
  const std::uint64_t seeds = GetParam().transport == Transport::kLoopback ? 20 : 1;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Passes(seed);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Loopback, LibraryTest, testing::ValuesIn(Cases(Transport::kLoopback)),
                         NameOf);
#ifdef DRYDOCK_HAS_GRPC
INSTANTIATE_TEST_SUITE_P(InProcess, LibraryTest, testing::ValuesIn(Cases(Transport::kInProcess)),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Socket, LibraryTest, testing::ValuesIn(Cases(Transport::kSocket)), NameOf);
#endif

TEST(Library, EveryScenarioSaysWhatItIsFor) {
  const auto library = Library();
  ASSERT_TRUE(library);
  for (const NamedScenario& each : *library) {
    EXPECT_FALSE(each.scenario.intent.empty()) << each.file;
    EXPECT_FALSE(each.scenario.tags.empty()) << each.file;
    EXPECT_FALSE(each.scenario.failure) << each.file << " belongs into the museum";
  }
}

}  // namespace
}  // namespace scenarios
