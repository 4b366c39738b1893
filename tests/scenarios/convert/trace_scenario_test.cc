// Every recorded trace as a scenario: it can be written and read, it runs on the fake's own world,
// and what is called back is what was recorded, but where a deviation says why not.
#include "scenarios/convert/trace_scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "scenarios/reports/failure_text.h"
#include "scenarios/runner/run_scenario.h"
#include "scenarios/scenario_text.h"
#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

// Of a container that a note speaks of, a deviation explains what is not as recorded.
bool Deviates(const Scenario& scenario, const std::string& id) {
  for (const Action& each : scenario.actions) {
    const auto* note = std::get_if<action::Note>(&each.what);
    if (note != nullptr && note->text.find(": container " + id + ": ") != std::string::npos)
      return true;
  }
  return false;
}

std::map<std::string, Lines> Recorded(const Recording& recording) {
  std::map<std::string, Lines> lines;
  for (const ObservedContainer& container : PlanReplay(recording).observed) {
    for (const std::size_t index : container.states) {
      const RecordedState& state = recording.states[index];
      std::string line = state.state;
      if (!state.process.empty()) line += " " + state.process;
      if (state.state.starts_with("exit")) line += " " + std::to_string(state.exit_code);
      lines[container.id].push_back(line + (state.oom_killed ? " oom" : ""));
    }
  }
  return lines;
}

std::map<std::string, Lines> CalledBack(const Journal& journal) {
  std::map<std::string, Lines> lines;
  for (const Entry& entry : journal.entries()) {
    if (entry.kind != EntryKind::kCallbackBegin) continue;
    std::string line = journal.Text(entry.what);
    const bool exits = line.starts_with("exit");
    if (entry.process != Symbol{}) line += " " + journal.Text(entry.process);
    if (exits) line += " " + std::to_string(entry.code);
    lines[journal.Text(entry.id)].push_back(line + (entry.flag ? " oom" : ""));
  }
  return lines;
}

Scenario Convert(const std::string& name, const Recording& recording) {
  auto scenario = ScenarioOfRecording(name, recording);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? std::move(*scenario) : Scenario();
}

class ConvertedTrace : public ::testing::TestWithParam<std::tuple<std::string, Transport>> {};

TEST_P(ConvertedTrace, RunsAsRecorded) {
  const auto& [name, transport] = GetParam();
  const Recording recording = testing::ReadTrace(name);
  const Scenario scenario = Convert(name, recording);
  const ScenarioResult result = RunScenario(scenario, {.transport = transport});
  ASSERT_EQ(result.verdict, ScenarioVerdict::kPassed)
      << FailureText(result) << PrintScenario(scenario);
  const std::map<std::string, Lines> ours = CalledBack(*result.journal);
  for (const auto& [id, lines] : Recorded(recording)) {
    if (Deviates(scenario, id)) continue;
    const auto found = ours.find(id);
    EXPECT_EQ(found == ours.end() ? Lines() : found->second, lines) << id << "\n"
                                                                    << PrintScenario(scenario);
  }
}

std::string NameOf(const ::testing::TestParamInfo<std::tuple<std::string, Transport>>& each) {
  return std::get<0>(each.param) + "_" + std::string(TransportName(std::get<1>(each.param)));
}

INSTANTIATE_TEST_SUITE_P(Loopback, ConvertedTrace,
                         ::testing::Combine(::testing::ValuesIn(testing::TraceNames()),
                                            ::testing::Values(Transport::kLoopback)),
                         NameOf);

#ifdef DRYDOCK_HAS_GRPC
INSTANTIATE_TEST_SUITE_P(
    OverGrpc, ConvertedTrace,
    ::testing::Combine(::testing::Values("concurrent_execs", "containerd_term_restart",
                                         "errors_lib", "exec_outlives_init_clean",
                                         "kill9_restart_client_too", "oom_init", "pause_resume_x3",
                                         "stdin_cat", "sigkill_137"),
                       ::testing::Values(Transport::kSocket, Transport::kInProcess)),
    NameOf);
#endif

TEST(TraceScenario, PrintsAndReadsBackAsTheSame) {
  for (const std::string& name : testing::TraceNames()) {
    const Scenario scenario = Convert(name, testing::ReadTrace(name));
    const std::string text = PrintScenario(scenario);
    const auto again = ParseScenario(text, name + ".json");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, scenario) << name;
    EXPECT_EQ(PrintScenario(*again), text) << name;
  }
}

TEST(TraceScenario, HoldsForManySeeds) {
  for (const std::string name : {"exec_outlives_init_clean", "errors_lib", "concurrent20"}) {
    const Scenario scenario = Convert(name, testing::ReadTrace(name));
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const ScenarioResult result = RunScenario(scenario, {.seed = seed});
      ASSERT_EQ(result.verdict, ScenarioVerdict::kPassed) << name << ", seed " << seed << "\n"
                                                          << FailureText(result);
    }
  }
}

// The actions of a small trace, as a person would write them.
TEST(TraceScenario, IsNoLongerThanItHasToBe) {
  const Scenario scenario = Convert("run_exit3", testing::ReadTrace("run_exit3"));
  Lines words;
  for (const Action& each : scenario.actions) {
    const std::string text = PrintAction(each);
    words.push_back(text.substr(8, text.find('"', 8) - 8));
  }
  EXPECT_THAT(words, ::testing::ElementsAre("advance", "close-stdin-at-attach", "hold", "create",
                                            "wait", "write", "release", "await", "advance", "exit",
                                            "advance", "settle", "expect"))
      << PrintScenario(scenario);
}

// --- What cannot be converted

// An event stream, and a client whose line `command` is the second.
Recording WithCommand(const std::string& command, const std::vector<std::string>& more = {}) {
  std::vector<std::string> wire = {
      R"({"kind":"conn_open","conn":1,"t":0.01})",
      R"({"kind":"rpc_begin","conn":1,"call":1,"rpc":"Events","request":{},"t":0.02})"};
  wire.insert(wire.end(), more.begin(), more.end());
  auto recording =
      ParseRecording(testing::Texts(wire, {R"({"kind":"ready","seq":1,"t":0.01})", command}));
  EXPECT_TRUE(recording) << recording.error().message;
  return *recording;
}

TEST(TraceScenario, ACommandThatNobodyKnowsIsNamedWithItsPlace) {
  const auto scenario = ScenarioOfRecording(
      "w",
      WithCommand(
          R"({"kind":"result","cmd":"frobnicate","n":1,"ok":true,"dur_ms":1,"seq":2,"t":0.1})"));
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().code, libcontainerd::ErrorCode::kUnimplemented);
  EXPECT_THAT(scenario.error().message, HasSubstr("w.client.jsonl:2: "));
  EXPECT_THAT(scenario.error().message, HasSubstr("frobnicate"));
}

TEST(TraceScenario, AnUpdateOfTextsIsNamedWithItsPlace) {
  const auto scenario = ScenarioOfRecording(
      "w",
      WithCommand(
          R"({"kind":"result","cmd":"update","id":"c1","n":1,"ok":true,"dur_ms":50,"seq":2,"t":0.1})",
          {R"({"kind":"rpc_begin","conn":1,"call":2,"rpc":"UpdateContainer","request":{"id":"c1","pid":"init","resources":{"cpusetCpus":"0"}},"t":0.06})",
           R"({"kind":"rpc","conn":1,"call":2,"rpc":"UpdateContainer","request":{"id":"c1","pid":"init","resources":{"cpusetCpus":"0"}},"response":{},"frame":3,"frame_data":2,"t_begin":0.06,"t_data":0.07,"t":0.08})"}));
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().message, "w.client.jsonl:2: an update cannot say \"cpusetCpus\"");
}

}  // namespace
}  // namespace scenarios
