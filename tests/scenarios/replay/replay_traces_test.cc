// Every recorded trace through the real client, over each transport: the product's main promise.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <tuple>

#include "scenarios/replay/trace_result.h"
#include "scenarios/reports/replay_report.h"
#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

using ::testing::Combine;
using ::testing::ValuesIn;

std::vector<Transport> BuiltTransports() {
#ifdef DRYDOCK_HAS_GRPC
  return {Transport::kLoopback, Transport::kInProcess, Transport::kSocket};
#else
  return {Transport::kLoopback};
#endif
}

class EveryTrace : public ::testing::TestWithParam<std::tuple<std::string, Transport>> {};

TEST_P(EveryTrace, HoldsAsFarAsItIsReplayed) {
  const auto& [name, transport] = GetParam();
  ReplayOptions options;
  options.transport = transport;
  const TraceResult result = ReplayTrace(name, testing::ReadTrace(name), options);
  EXPECT_EQ(result.unexplained(), 0U) << ReplayComplaints(result);
  EXPECT_EQ(result.broken_guarantees(), 0U) << ReplayComplaints(result);
  EXPECT_THAT(result.cannot_judge, ::testing::IsEmpty());
  EXPECT_EQ(result.verdict, result.pending.empty() ? TraceVerdict::kHeld : TraceVerdict::kPending);
  EXPECT_GT(result.calls, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, EveryTrace,
                         Combine(ValuesIn(testing::TraceNames()), ValuesIn(BuiltTransports())),
                         [](const auto& param_info) {
                           return std::get<0>(param_info.param) + "_" +
                                  std::string(TransportName(std::get<1>(param_info.param)));
                         });

std::string JournalText(const TraceResult& result) {
  std::ostringstream text;
  WriteJournal(*result.journal, text);
  return text.str();
}

TEST(LoopbackReplay, GivesTheSameJournalForTheSameSeed) {
  for (const std::string name : {"exec_storm", "concurrent20", "errors_lib"}) {
    ReplayOptions options;
    options.transport = Transport::kLoopback;
    options.seed = 42;
    const std::string first = JournalText(ReplayTrace(name, testing::ReadTrace(name), options));
    // Heap junk in between: nothing may depend on where objects lie.
    std::vector<std::unique_ptr<char[]>> junk;
    for (std::size_t i = 1; i < 2000; ++i) junk.push_back(std::make_unique<char[]>(i * 7 % 513));
    const std::string second = JournalText(ReplayTrace(name, testing::ReadTrace(name), options));
    EXPECT_EQ(first, second) << name;
  }
}

TEST(LoopbackReplay, HoldsForManySeeds) {
  for (const std::string name :
       {"exec_outlives_init_clean", "errors_lib", "oom_init", "stdin_cat"}) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      ReplayOptions options;
      options.transport = Transport::kLoopback;
      options.seed = seed;
      const TraceResult result = ReplayTrace(name, testing::ReadTrace(name), options);
      ASSERT_EQ(result.unexplained() + result.broken_guarantees(), 0U)
          << name << ", seed " << seed << "\n"
          << ReplayComplaints(result);
    }
  }
}

}  // namespace
}  // namespace scenarios
