// What single traces must come to.
#include "scenarios/replay_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSubsetOf;
using ::testing::Not;

struct Planned {
  explicit Planned(const std::string& name)
      : recording(testing::ReadTrace(name)),
        plan(PlanReplay(recording)),
        words(testing::AllStepWords(recording, plan)) {}

  // The one call on this line of the client's file.
  const PlannedCall& CallOn(int line) const {
    for (const PlannedCall& call : plan.calls) {
      if (recording.commands[call.command].line == line) return call;
    }
    ADD_FAILURE() << "no call on line " << line;
    return plan.calls.front();
  }
  std::vector<std::string> PendingWords() const {
    std::vector<std::string> list;
    for (const Pending& pending : plan.pending) {
      if (pending.kind == PendingKind::kCall) list.push_back(pending.what + ": " + pending.reason);
    }
    return list;
  }

  Recording recording;
  ReplayPlan plan;
  std::vector<std::string> words;
};

TEST(PlanReplay, StdinCat) {
  const Planned cat("stdin_cat");
  const std::vector<std::string> first(cat.words.begin(), cat.words.begin() + 20);
  EXPECT_THAT(
      first,
      ElementsAre("expect-rpc Events", "call-begin create c1", "expect-rpc CreateContainer c1",
                  "send-event start-container c1", "send-reply CreateContainer c1",
                  "stdin-write c1/init", "process-output c1/init stdout 6", "clock-to",
                  "stdin-write c1/init", "process-output c1/init stdout 6", "clock-to",
                  "stdin-close c1/init", "expect-rpc UpdateProcess c1 init closeStdin",
                  "send-reply UpdateProcess c1 init closeStdin", "process-eof c1/init stderr",
                  "process-eof c1/init stdout", "send-event exit c1 init", "wait exit c1",
                  "call-begin create c2", "expect-rpc CreateContainer c2"));
  EXPECT_EQ(cat.plan.stdin_actions[0].data, "hello\n");
  // c1 and e1 were closed by command, c2, e2 and c3 when they were attached.
  EXPECT_FALSE(cat.CallOn(5).close_stdin_at_attach);
  EXPECT_FALSE(cat.CallOn(25).close_stdin_at_attach);
  EXPECT_TRUE(cat.CallOn(21).close_stdin_at_attach);
  EXPECT_TRUE(cat.CallOn(40).close_stdin_at_attach);
  EXPECT_TRUE(cat.CallOn(49).close_stdin_at_attach);
  const auto spec = nlohmann::json::parse(cat.CallOn(5).spec_json);
  EXPECT_EQ(spec["process"]["args"], nlohmann::json({"/bin/cat"}));
  EXPECT_EQ(spec["process"]["env"][1], "HOSTNAME=c1");
  EXPECT_EQ(spec["process"]["cwd"], "/");
  EXPECT_EQ(spec["process"]["rlimits"][0]["type"], "RLIMIT_NOFILE");
  EXPECT_TRUE(spec["linux"].is_object());
}

TEST(PlanReplay, StdinCatWithoutHintsSkipsTheWrites) {
  RecordingTexts texts = testing::TraceTexts("stdin_cat");
  texts.hints.reset();
  const auto recording = ParseRecording(texts);
  ASSERT_TRUE(recording);
  const ReplayPlan plan = PlanReplay(*recording);
  EXPECT_EQ(plan.stdin_actions.size(), 2U);
  EXPECT_THAT(plan.notes,
              Contains("stdin_cat.client.jsonl:7: what was written to whose stdin is not recorded: "
                       "skipped; \"writes\" in the hints can tell"));
}

TEST(PlanReplay, WallClock) {
  const Planned cat("stdin_cat");
  RecordedTime largest{0};
  for (const RecordedEvent& event : cat.recording.events) {
    const RecordedTime wall = std::chrono::seconds(event.event.timestamp().seconds()) +
                              RecordedTime(event.event.timestamp().nanos());
    largest = std::max(largest, wall - event.t);
    EXPECT_LE(wall, cat.plan.wall_offset + event.t);
  }
  EXPECT_EQ(cat.plan.wall_offset, largest);
  // Without a single event: when the client asked for events.
  EXPECT_GT(Planned("start_timeout").plan.wall_offset, std::chrono::hours(24 * 365 * 50));
}

TEST(PlanReplay, ExecThenInit) {
  const Planned execs("exec_then_init");
  const std::vector<std::string> part(execs.words.begin() + 8, execs.words.begin() + 21);
  EXPECT_THAT(part,
              ElementsAre("call-begin addprocess c1 e1", "expect-rpc AddProcess c1 e1",
                          "send-event start-process c1 e1", "send-reply AddProcess c1 e1",
                          "process-output c1/e1 stderr 2", "process-output c1/e1 stdout 10",
                          "expect-rpc UpdateProcess c1 e1 closeStdin",
                          "send-reply UpdateProcess c1 e1 closeStdin", "process-eof c1/e1 stdout",
                          "process-eof c1/e1 stderr", "send-event exit c1 e1",
                          "wait exit-process c1 e1", "wait eof c1/e1"));
  // The name is used again after its first bearer's exit: two attachments, two exits, no deviation.
  const PlannedCall& first = execs.CallOn(13);
  const PlannedCall& second = execs.CallOn(39);
  EXPECT_EQ(first.process_spec.args(2), "echo from exec; echo e >&2; sleep 0.2; exit 5");
  EXPECT_EQ(second.process_spec.args(2), "echo name reused; exit 6");
  EXPECT_NE(*first.rpc, *second.rpc);
  EXPECT_THAT(execs.words, Not(Contains(::testing::HasSubstr("["))));
  const ObservedContainer& c1 = execs.plan.observed.at(0);
  ASSERT_EQ(c1.states.size(), 5U);
  EXPECT_EQ(execs.recording.states[c1.states[3]].exit_code, 6U);
  EXPECT_EQ(execs.recording.states[c1.states[4]].state, "exit");
}

TEST(PlanReplay, ErrorsLib) {
  const Planned errors("errors_lib");
  // Refused by the client itself: no request, and nothing known of the arguments.
  EXPECT_FALSE(errors.CallOn(7).rpc);
  EXPECT_FALSE(errors.CallOn(7).arguments_known);
  EXPECT_FALSE(errors.CallOn(44).rpc);
  // A failed create whose stdin had been closed at attach closes it twice, a failed add-process
  // once and by itself.
  EXPECT_TRUE(errors.CallOn(12).close_stdin_at_attach);
  EXPECT_EQ(errors.CallOn(12).close_stdin_rpcs.size(), 2U);
  EXPECT_FALSE(errors.CallOn(41).close_stdin_at_attach);
  EXPECT_EQ(errors.CallOn(41).close_stdin_rpcs.size(), 1U);
  EXPECT_THAT(errors.words, Contains("expect-rpc UpdateProcess nobin init closeStdin "
                                     "[close-stdin-after-success]"));
  // The engine's own failures.
  EXPECT_EQ(errors.CallOn(69).attach_error, "attach boom");
  EXPECT_EQ(errors.CallOn(73).attach_error, "attach boom");
  EXPECT_EQ(errors.CallOn(83).start_error, "state boom");
  EXPECT_FALSE(errors.CallOn(83).attach_error);
  EXPECT_THAT(errors.words, Contains("send-event exit c1 ea [failed-attach-kills-exec]"));
  EXPECT_THAT(errors.words, Contains("send-event exit st init [failed-start-kills]"));
  EXPECT_THAT(errors.words, Contains("call-begin addprocess c1 e9 [exec-name-busy]"));
  // Arguments from the requests.
  EXPECT_EQ(errors.CallOn(27).runtime, "/no/such/runtime");
  EXPECT_EQ(errors.CallOn(51).signal, 9U);
  EXPECT_EQ(errors.CallOn(65).width, 1U);
  // Restore and what it sent.
  EXPECT_THAT(errors.words, Contains("call-begin restore nope"));
  EXPECT_TRUE(errors.plan.pending.empty());
}

TEST(PlanReplay, Concurrent20) {
  const Planned many("concurrent20");
  // All creates begin before the first is answered, and join waits for all of them.
  std::size_t begun = 0;
  for (const std::string& words : many.words) {
    if (words.starts_with("send-reply")) break;
    begun += words.starts_with("call-begin create") ? 1 : 0;
  }
  EXPECT_EQ(begun, 20U);
  EXPECT_THAT(many.words, Contains("wait calls 20"));
  for (const PlannedCall& call : many.plan.calls) {
    EXPECT_TRUE(call.rpc);
    EXPECT_TRUE(call.close_stdin_at_attach) << call.id;
    EXPECT_EQ(call.close_stdin_rpcs.size(), 1U);
  }
  EXPECT_EQ(many.plan.observed.size(), 20U);
}

TEST(PlanReplay, OverlappingExecsBeginInTheOrderOfTheirRequests) {
  for (const char* name : {"concurrent_execs", "exec_storm", "exec_same_name_concurrent"}) {
    const Planned execs(name);
    std::map<std::string, std::vector<std::string>> begun;
    std::map<std::string, std::vector<std::string>> asked;
    for (const ReplayStep& step : execs.plan.steps) {
      if (step.kind == StepKind::kCallBegin &&
          execs.plan.calls[step.index].kind == CallKind::kAddProcess) {
        begun[execs.plan.calls[step.index].id].push_back(execs.plan.calls[step.index].process);
      }
      if (step.kind == StepKind::kExpectRpc &&
          execs.recording.rpcs[step.index].method == "AddProcess") {
        const auto& request = execs.recording.rpcs[step.index].Request<types::AddProcessRequest>();
        asked[request.id()].push_back(request.pid());
      }
    }
    EXPECT_EQ(begun, asked) << name;
  }
}

TEST(PlanReplay, ExecSameNameConcurrent) {
  const Planned same("exec_same_name_concurrent");
  // Only names are recorded; the totals and hashes at the ends tell whose output is whose.
  EXPECT_THAT(same.words, Contains("process-output b/same stdout 2"));
  EXPECT_THAT(same.words, Contains("process-output a/same stdout 2"));
  for (const Attachment& attachment : same.plan.attachments) {
    if (attachment.process != "same") continue;
    ASSERT_EQ(attachment.out.outputs.size(), 1U);
    EXPECT_EQ(same.recording.outputs[attachment.out.outputs[0]].data, attachment.container + "\n");
  }
  EXPECT_THAT(same.words, Contains("wait calls 4"));
  EXPECT_THAT(same.words, Contains("wait exit-process b same"));
}

TEST(PlanReplay, ExecGrandchildHoldsIo) {
  const Planned held("exec_grandchild_holds_io");
  const std::vector<std::string> busy = {"call-begin addprocess c1 e3 [exec-name-busy]",
                                         "expect-rpc AddProcess c1 e3 [exec-name-busy]",
                                         "send-event start-process c1 e3 [exec-name-busy]",
                                         "send-event exit c1 e3 [exec-name-busy]",
                                         "process-eof c1/e3 stdout [exec-name-busy]"};
  EXPECT_THAT(busy, IsSubsetOf(held.words));
  EXPECT_THAT(held.words, Contains("send-event exit c1 e3"));  // the first one's
  const PlannedCall& first = held.CallOn(33);
  const PlannedCall& second = held.CallOn(39);
  for (std::size_t e = 0; e < held.recording.events.size(); ++e) {
    const types::Event& event = held.recording.events[e].event;
    if (event.type() != "exit" || event.pid() != "e3") continue;
    const PlannedCall& owner = held.plan.calls[*held.plan.event_call[e]];
    EXPECT_EQ(owner.command, event.status() == 7 ? second.command : first.command);
  }
}

TEST(PlanReplay, BigOutput) {
  const Planned big("big_output");
  const Attachment& c1 = big.plan.attachments.at(0);
  EXPECT_EQ(c1.container, "c1");
  EXPECT_TRUE(c1.out.content_known);
  EXPECT_EQ(c1.out.pattern, std::string(1, '\0'));
  EXPECT_TRUE(c1.err.pattern.empty());
  std::uint64_t total = 0;
  for (const std::size_t output : c1.out.outputs) {
    const auto bytes = OutputBytes(big.recording, big.plan, output);
    ASSERT_TRUE(bytes);
    total += bytes->size();
  }
  EXPECT_EQ(total, 2'000'000U);
}

TEST(PlanReplay, ClientRestart) {
  const Planned restart("client_restart_nolive");
  EXPECT_THAT(restart.plan.conns, ElementsAre(1, 2));
  EXPECT_TRUE(restart.plan.pending.empty());
  EXPECT_TRUE(restart.plan.raw_rpcs.empty());
  EXPECT_THAT(restart.words, Contains("client-gone"));
  EXPECT_THAT(restart.words, Contains("client-back"));
  // What a restore asks is part of it; what it reads of the stored log is no step.
  const PlannedCall& term = restart.plan.calls[3];
  EXPECT_EQ(term.kind, CallKind::kRestore);
  EXPECT_FALSE(term.live);
  ASSERT_EQ(term.restore_rpcs.size(), 2U);
  EXPECT_EQ(restart.recording.rpcs[term.restore_rpcs[0]].method, "State");
  EXPECT_EQ(restart.recording.rpcs[term.restore_rpcs[1]].method, "Signal");
}

TEST(PlanReplay, LiveRestore) {
  const Planned restart("kill9_restart_client_too");
  EXPECT_TRUE(restart.plan.pending.empty());
  std::map<std::string, const PlannedCall*> first;
  for (const PlannedCall& call : restart.plan.calls) {
    if (call.kind == CallKind::kRestore) first.try_emplace(call.id, &call);
  }
  EXPECT_TRUE(first.at("run1")->live);
  EXPECT_TRUE(first.at("run1")->close_stdin_at_attach);
  EXPECT_FALSE(first.at("dies")->live);
  EXPECT_FALSE(first.at("run1")->tracked);
  const auto again = std::ranges::find_if(restart.plan.calls, [&](const PlannedCall& call) {
    return call.kind == CallKind::kRestore && call.id == "run1" && &call != first.at("run1");
  });
  ASSERT_NE(again, restart.plan.calls.end());
  EXPECT_TRUE(again->tracked);
  // Outputs after the restore belong to the process that the first engine created.
  const auto restored =
      std::ranges::find_if(restart.plan.attachments, [&](const Attachment& attachment) {
        return &restart.plan.calls[attachment.call] == first.at("run1");
      });
  ASSERT_NE(restored, restart.plan.attachments.end());
  EXPECT_EQ(restart.plan.calls[restored->origin].kind, CallKind::kCreate);
  EXPECT_EQ(restart.plan.calls[restored->origin].id, "run1");
  EXPECT_TRUE(restored->out.eof);
}

TEST(PlanReplay, DaemonKilled) {
  const Planned killed("kill9_restart");
  EXPECT_TRUE(killed.plan.pending.empty());
  // Connection 2 is the same client again, connection 3 a question by hand.
  EXPECT_THAT(killed.plan.conns, ElementsAre(1, 2));
  ASSERT_EQ(killed.plan.raw_rpcs.size(), 1U);
  EXPECT_EQ(killed.recording.rpcs[killed.plan.raw_rpcs[0]].conn, 3);
  EXPECT_THAT(killed.words, Contains("daemon-down"));
  EXPECT_THAT(killed.words, Contains("daemon-up"));
}

TEST(PlanReplay, EventsReplay) {
  const Planned replay("events_replay");
  // Stored events that were asked for by hand are no events of the client's stream.
  EXPECT_EQ(replay.plan.raw_rpcs.size(), 17U);
  EXPECT_EQ(replay.plan.raw_events.size(), 134U);
  EXPECT_TRUE(replay.plan.pending.empty());
  // Raw connection 12 asks for live events as a client does, and is none.
  EXPECT_FALSE(replay.plan.conns.contains(12));
  const auto& request =
      replay.recording.rpcs[replay.plan.raw_rpcs[8]].Request<types::EventsRequest>();
  EXPECT_EQ(request.timestamp().nanos(), -1);
}

TEST(PlanReplay, EventBetweenAReplysMessageAndItsTrailersGoesFirst) {
  const Planned replay("events_replay");  // c3: message 24, event 25, trailers 26
  std::size_t event = 0;
  std::size_t reply = 0;
  for (std::size_t i = 0; i < replay.words.size(); ++i) {
    if (replay.words[i] == "send-event start-container c3") event = i;
    if (replay.words[i] == "send-reply CreateContainer c3") reply = i;
  }
  EXPECT_EQ(event + 1, reply);
}

TEST(PlanReplay, CheckpointArguments) {
  const Planned checkpoint("checkpoint_error");
  const PlannedCall& exits = checkpoint.CallOn(10);
  EXPECT_EQ(exits.checkpoint, "cp1");
  EXPECT_EQ(exits.checkpoint_dir, "${RUN_DIR}/ckpt");
  EXPECT_TRUE(exits.exit);
  EXPECT_FALSE(checkpoint.CallOn(8).exit);
  EXPECT_EQ(checkpoint.CallOn(14).checkpoint, "cp2");
  EXPECT_EQ(checkpoint.CallOn(22).checkpoint, "cp9");  // create from a checkpoint
}

TEST(PlanReplay, UpdateArguments) {
  const Planned stats("stats_pids_update");
  EXPECT_EQ(stats.CallOn(16).resources.memorylimit(), 134217728U);
  EXPECT_EQ(stats.CallOn(17).resources.cpushares(), 256U);
  EXPECT_THAT(stats.words, Contains("call-begin summary c1"));
}

}  // namespace
}  // namespace scenarios
