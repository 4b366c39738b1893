// What must hold for the plan of every recorded trace.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "scenarios/replay_content.h"
#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

class TracePlan : public ::testing::TestWithParam<std::string> {
 protected:
  TracePlan() : recording_(testing::ReadTrace(GetParam())), plan_(PlanReplay(recording_)) {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      place_[{plan_.steps[i].kind, plan_.steps[i].index}].push_back(i);
    }
  }

  // Where a step stands; nothing if there is none.
  std::optional<std::size_t> Place(StepKind kind, std::size_t index) const {
    const auto found = place_.find({kind, index});
    if (found == place_.end()) return std::nullopt;
    return found->second.front();
  }
  std::size_t Steps(StepKind kind, std::size_t index) const {
    const auto found = place_.find({kind, index});
    return found == place_.end() ? 0 : found->second.size();
  }
  std::size_t PendingOf(PendingKind kind, std::size_t index) const {
    std::size_t count = 0;
    for (const Pending& pending : plan_.pending) {
      count += pending.kind == kind && pending.index == index ? 1 : 0;
    }
    return count;
  }
  // Both are steps: the first stands before the second.
  void ExpectBefore(std::optional<std::size_t> before, std::optional<std::size_t> after,
                    const std::string& what) const {
    if (before && after) {
      EXPECT_LT(*before, *after) << what;
    }
  }
  const RecordedCommand& Command(const PlannedCall& call) const {
    return recording_.commands[call.command];
  }

  Recording recording_;
  ReplayPlan plan_;
  std::map<std::pair<StepKind, std::size_t>, std::vector<std::size_t>> place_;
};

TEST_P(TracePlan, HoldsEachRequestReplyAndEventOnce) {
  const std::set<std::size_t> raw(plan_.raw_rpcs.begin(), plan_.raw_rpcs.end());
  for (std::size_t i = 0; i < recording_.rpcs.size(); ++i) {
    const RecordedRpc& rpc = recording_.rpcs[i];
    if (raw.contains(i)) {
      EXPECT_FALSE(plan_.conns.contains(rpc.conn));
      continue;
    }
    if (rpc.method == "Events" && rpc.Request<types::EventsRequest>().storedonly()) {
      EXPECT_EQ(Steps(StepKind::kExpectRpc, i), 0U);  // answered from what was stored
      continue;
    }
    EXPECT_EQ(Steps(StepKind::kExpectRpc, i) + PendingOf(PendingKind::kRequest, i), 1U) << rpc.line;
    EXPECT_EQ(Steps(StepKind::kSendReply, i) + PendingOf(PendingKind::kReply, i),
              rpc.reply ? 1U : 0U)
        << rpc.line;
  }
  std::set<std::pair<int, int>> stored_reads;  // by the clients
  for (const RecordedRpc& rpc : recording_.rpcs) {
    const bool stored = rpc.method == "Events" && rpc.Request<types::EventsRequest>().storedonly();
    if (stored && plan_.conns.contains(rpc.conn)) stored_reads.emplace(rpc.conn, rpc.call);
  }
  const std::set<std::size_t> raw_events(plan_.raw_events.begin(), plan_.raw_events.end());
  for (std::size_t i = 0; i < recording_.events.size(); ++i) {
    const bool stored =
        stored_reads.contains({recording_.events[i].conn, recording_.events[i].call});
    EXPECT_EQ(Steps(StepKind::kSendEvent, i) + PendingOf(PendingKind::kEvent, i) +
                  (raw_events.contains(i) || stored ? 1U : 0U),
              1U)
        << recording_.events[i].line;
  }
}

TEST_P(TracePlan, HoldsEachCallAndClientLineOnce) {
  for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
    const std::size_t command = plan_.calls[c].command;
    EXPECT_EQ(Steps(StepKind::kCallBegin, c) + PendingOf(PendingKind::kCall, command), 1U)
        << recording_.commands[command].line;
  }
  std::map<std::size_t, int> seen;
  for (const ObservedContainer& container : plan_.observed) {
    for (const std::size_t state : container.states) {
      EXPECT_EQ(recording_.states[state].id, container.id);
      ++seen[state];
    }
  }
  for (std::size_t i = 0; i < recording_.states.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(seen[i]) + PendingOf(PendingKind::kState, i), 1U)
        << recording_.states[i].line;
  }
  for (std::size_t i = 0; i < recording_.outputs.size(); ++i) {
    EXPECT_EQ(Steps(StepKind::kProcessOutput, i) + PendingOf(PendingKind::kOutput, i), 1U)
        << recording_.outputs[i].line;
  }
  for (std::size_t i = 0; i < recording_.eofs.size(); ++i) {
    EXPECT_EQ(Steps(StepKind::kProcessEof, i) + PendingOf(PendingKind::kEof, i), 1U)
        << recording_.eofs[i].line;
  }
}

TEST_P(TracePlan, TimeNeverGoesBackAndServerStepsFollowTheirFrames) {
  RecordedTime last{0};
  std::pair<int, std::int64_t> frame{0, 0};  // connection, frame
  for (const ReplayStep& step : plan_.steps) {
    EXPECT_GE(step.t, last);
    last = step.t;
    std::pair<int, std::int64_t> own;
    if (step.kind == StepKind::kSendEvent) {
      own = {recording_.events[step.index].conn, recording_.events[step.index].frame};
    } else if (step.kind == StepKind::kSendReply) {
      own = {recording_.rpcs[step.index].conn, recording_.rpcs[step.index].reply->frame};
    } else {
      continue;
    }
    EXPECT_GE(own, frame) << recording_.Where(step.source);
    frame = own;
  }
}

TEST_P(TracePlan, CallsRequestsAndRepliesStandInOrder) {
  for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
    const PlannedCall& call = plan_.calls[c];
    const auto begin = Place(StepKind::kCallBegin, c);
    const std::string what = recording_.Where(SourceLine{true, Command(call).line});
    if (call.rpc) ExpectBefore(begin, Place(StepKind::kExpectRpc, *call.rpc), what);
    for (const std::size_t close : call.close_stdin_rpcs) {
      ExpectBefore(begin, Place(StepKind::kExpectRpc, close), what);
    }
  }
  for (std::size_t i = 0; i < recording_.rpcs.size(); ++i) {
    ExpectBefore(Place(StepKind::kExpectRpc, i), Place(StepKind::kSendReply, i),
                 recording_.Where(SourceLine{false, recording_.rpcs[i].line}));
  }
}

TEST_P(TracePlan, ACallBeginsAfterWhatHadReturned) {
  for (std::size_t later = 0; later < plan_.calls.size(); ++later) {
    const auto begin = Place(StepKind::kCallBegin, later);
    const RecordedCommand& command = Command(plan_.calls[later]);
    const std::string what = recording_.Where(SourceLine{true, command.line});
    for (const PlannedCall& call : plan_.calls) {
      if (Command(call).t > command.begin || !call.rpc) continue;
      ExpectBefore(Place(StepKind::kSendReply, *call.rpc), begin, what);
    }
    for (std::size_t w = 0; w < plan_.waits.size(); ++w) {
      if (recording_.commands[plan_.waits[w].command].t > command.begin) continue;
      ExpectBefore(Place(StepKind::kWait, w), begin, what);
    }
  }
}

TEST_P(TracePlan, AWaitStandsAfterTheEventOfItsCallback) {
  for (std::size_t w = 0; w < plan_.waits.size(); ++w) {
    const auto place = Place(StepKind::kWait, w);
    if (!plan_.waits[w].state || !place) continue;
    const RecordedState& state = recording_.states[*plan_.waits[w].state];
    if (state.state != "exit" && state.state != "exit-process") continue;
    bool sent = false;
    for (std::size_t i = 0; i < *place; ++i) {
      const ReplayStep& step = plan_.steps[i];
      if (step.kind != StepKind::kSendEvent) continue;
      const types::Event& event = recording_.events[step.index].event;
      const std::string process = state.state == "exit" ? "init" : state.process;
      sent |= event.type() == "exit" && event.id() == state.id && event.pid() == process &&
              event.status() == state.exit_code;
    }
    EXPECT_TRUE(sent) << recording_.Where(plan_.steps[*place].source);
  }
}

TEST_P(TracePlan, StreamsRunBetweenStartAndExit) {
  for (const Attachment& attachment : plan_.attachments) {
    const PlannedCall& call = plan_.calls[attachment.call];
    for (const Attachment::Stream* stream : {&attachment.out, &attachment.err}) {
      std::optional<std::size_t> last =
          call.rpc ? Place(StepKind::kExpectRpc, *call.rpc) : std::nullopt;
      for (const std::size_t output : stream->outputs) {
        const auto place = Place(StepKind::kProcessOutput, output);
        ExpectBefore(last, place, recording_.Where({true, recording_.outputs[output].line}));
        if (place) last = place;
      }
      if (!stream->eof) continue;
      const RecordedEof& eof = recording_.eofs[*stream->eof];
      const auto place = Place(StepKind::kProcessEof, *stream->eof);
      ExpectBefore(last, place, recording_.Where({true, eof.line}));
      for (std::size_t e = 0; e < recording_.events.size(); ++e) {
        const auto exit = Place(StepKind::kSendEvent, e);
        const bool own_exit = exit && plan_.event_call[e] == attachment.call &&
                              recording_.events[e].event.type() == "exit" &&
                              plan_.steps[*exit].deviation != "exec-name-busy";
        // Both streams were at their end before the exit was called back, but for a name used
        // twice.
        if (own_exit) {
          ExpectBefore(place, exit, recording_.Where({true, eof.line}));
        }
      }
    }
  }
}

TEST_P(TracePlan, OutputsAddUpToWhatTheReadersCounted) {
  for (const Attachment& attachment : plan_.attachments) {
    for (const Attachment::Stream* stream : {&attachment.out, &attachment.err}) {
      if (!stream->eof) continue;
      const RecordedEof& eof = recording_.eofs[*stream->eof];
      EXPECT_TRUE(stream->content_known) << eof.line;
      std::string bytes;
      for (const std::size_t output : stream->outputs) {
        bytes += OutputBytes(recording_, plan_, output).value_or("");
      }
      EXPECT_EQ(bytes.size(), eof.total) << eof.line;
      if (!eof.sha256.empty()) {
        EXPECT_EQ(Sha256Hex(bytes), eof.sha256) << eof.line;
      }
    }
  }
}

TEST_P(TracePlan, LeavesNothingUnexplained) {
  EXPECT_TRUE(plan_.notes.empty()) << plan_.notes.front();
  EXPECT_TRUE(plan_.cannot_judge.empty()) << plan_.cannot_judge.front().what;
  EXPECT_TRUE(recording_.notes.empty()) << recording_.notes.front();
  EXPECT_TRUE(plan_.pending.empty()) << plan_.pending.front().what;
  for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
    const PlannedCall& call = plan_.calls[c];
    if (!Place(StepKind::kCallBegin, c) || call.kind == CallKind::kSummary) continue;
    // A call without a request was refused by the client itself, or its attach failed.
    EXPECT_TRUE(call.rpc || !Command(call).ok) << Command(call).line;
  }
}

TEST_P(TracePlan, EveryExitHasItsProcess) {
  for (std::size_t e = 0; e < recording_.events.size(); ++e) {
    const types::Event& event = recording_.events[e].event;
    if (!Place(StepKind::kSendEvent, e) || event.pid() == "ok1") continue;  // ok1: added by hand
    ASSERT_TRUE(plan_.event_call[e]) << recording_.events[e].line;
    EXPECT_EQ(plan_.calls[*plan_.event_call[e]].id, event.id());
  }
}

INSTANTIATE_TEST_SUITE_P(All, TracePlan, ::testing::ValuesIn(testing::TraceNames()),
                         [](const auto& trace) { return trace.param; });

}  // namespace
}  // namespace scenarios
