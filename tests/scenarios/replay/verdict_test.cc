// A verdict that cannot fail is worth nothing: each way in which our client could differ from a
// recording is planted in the recording, and must be called broken.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "scenarios/replay/trace_result.h"
#include "scenarios/reports/replay_report.h"
#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TraceResult Replay(const Recording& recording, ReplayOptions options = {}) {
  options.transport = Transport::kLoopback;
  return ReplayTrace("planted", recording, options);
}

std::vector<std::string> Unexplained(const TraceResult& result) {
  std::vector<std::string> texts;
  for (const Difference& difference : result.differences) {
    if (difference.deviation.empty()) texts.push_back(difference.what);
  }
  return texts;
}

std::vector<std::string> Explanations(const TraceResult& result) {
  std::vector<std::string> names;
  for (const Difference& difference : result.differences) names.emplace_back(difference.deviation);
  return names;
}

RecordedState& StateOf(Recording& recording, const std::string& state) {
  for (RecordedState& candidate : recording.states) {
    if (candidate.state == state) return candidate;
  }
  throw std::runtime_error("no state " + state);
}

TEST(Verdict, WrongExitCodeIsBroken) {
  Recording recording = testing::ReadTrace("run_exit3");
  StateOf(recording, "exit").exit_code = 4;
  const TraceResult result = Replay(recording);
  EXPECT_EQ(result.verdict, TraceVerdict::kBroken);
  EXPECT_THAT(Unexplained(result), Contains("container c1: recorded exit 4, ours exit 3"));
}

TEST(Verdict, WrongOomFlagOfAnExitIsBroken) {
  Recording recording = testing::ReadTrace("oom_init");
  StateOf(recording, "exit").oom_killed = false;
  EXPECT_EQ(Replay(recording).verdict, TraceVerdict::kBroken);
}

TEST(Verdict, OomFlagOfAnExecIsExplained) {
  Recording recording = testing::ReadTrace("exec_then_init");
  StateOf(recording, "exit-process").oom_killed = true;
  const TraceResult result = Replay(recording);
  EXPECT_THAT(Unexplained(result), IsEmpty());
  EXPECT_THAT(Explanations(result), Contains("exec-oom-flag-clear"));
}

TEST(Verdict, MissingCallbackIsBroken) {
  Recording recording = testing::ReadTrace("pause_resume_x3");
  RecordedState extra = StateOf(recording, "pause");
  recording.states.push_back(extra);
  const TraceResult result = Replay(recording);
  EXPECT_THAT(Unexplained(result), Contains("container c1: recorded pause, ours has none"));
}

TEST(Verdict, ExtraCallbackIsBroken) {
  Recording recording = testing::ReadTrace("pause_resume_x3");
  std::erase_if(recording.states,
                [](const RecordedState& state) { return state.state == "resume"; });
  const TraceResult result = Replay(recording);
  EXPECT_THAT(Unexplained(result),
              Contains("container c1: ours has resume, the recording does not"));
}

TEST(Verdict, WrongOrderIsBroken) {
  Recording recording = testing::ReadTrace("pause_resume_x3");
  std::swap(StateOf(recording, "pause").state, StateOf(recording, "resume").state);
  const TraceResult result = Replay(recording);
  EXPECT_THAT(Unexplained(result), Contains(HasSubstr("ours after it")));
}

TEST(Verdict, WrongOutputIsBroken) {
  Recording recording = testing::ReadTrace("exec_then_init");
  for (RecordedEof& eof : recording.eofs) {
    if (!eof.sha256.empty()) eof.sha256[0] = eof.sha256[0] == '0' ? '1' : '0';
  }
  const TraceResult result = Replay(recording);
  EXPECT_EQ(result.verdict, TraceVerdict::kBroken);
}

TEST(Verdict, WrongErrorTextIsBroken) {
  Recording recording = testing::ReadTrace("errors_lib");
  bool planted = false;
  for (RecordedCommand& command : recording.commands) {
    if (command.cmd != "signal" || !command.from_rpc) continue;
    command.error_text = "containerd: something else";
    planted = true;
  }
  ASSERT_TRUE(planted);
  EXPECT_EQ(Replay(recording).verdict, TraceVerdict::kBroken);
}

TEST(Verdict, UnknownCommandCannotBeJudged) {
  Recording recording = testing::ReadTrace("run_exit0");
  RecordedCommand unknown = recording.commands.front();
  unknown.cmd = "frobnicate";
  recording.commands.push_back(unknown);
  const TraceResult result = Replay(recording);
  EXPECT_EQ(result.verdict, TraceVerdict::kCannotJudge);
  EXPECT_THAT(result.cannot_judge, Contains(HasSubstr("frobnicate")));
}

struct SwitchedOff {
  libcontainerd::Deviation deviation;
  const char* trace;
};

// With a deviation off our client does what the recorded one did, and the explanation is not needed
// any more: so the explanation was the right one.
class DeviationOff : public ::testing::TestWithParam<SwitchedOff> {};

TEST_P(DeviationOff, NeedsNoExplanation) {
  const std::string name(DeviationName(GetParam().deviation));
  const Recording recording = testing::ReadTrace(GetParam().trace);
  EXPECT_THAT(Explanations(Replay(recording)), Contains(name));
  ReplayOptions options;
  options.reference = libcontainerd::ReferenceBehaviour({GetParam().deviation});
  EXPECT_THAT(Explanations(Replay(recording, options)), ::testing::Not(Contains(name)));
}

INSTANTIATE_TEST_SUITE_P(
    All, DeviationOff,
    ::testing::Values(
        SwitchedOff{libcontainerd::Deviation::kCloseStdinAfterSuccess, "start_timeout"},
        SwitchedOff{libcontainerd::Deviation::kExecNameBusy, "exec_grandchild_holds_io"},
        SwitchedOff{libcontainerd::Deviation::kExecExitsBeforeExit, "exec_outlives_init_clean"},
        SwitchedOff{libcontainerd::Deviation::kFailedAttachKillsExec, "errors_lib"},
        SwitchedOff{libcontainerd::Deviation::kFailedStartKills, "errors_lib"}),
    [](const auto& param_info) {
      std::string name(DeviationName(param_info.param.deviation));
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace scenarios
