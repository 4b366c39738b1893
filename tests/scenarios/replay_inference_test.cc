// Single inferences, on small recordings made for them.
#include "scenarios/replay_inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kOpen = R"({"kind":"conn_open","t":0.01,"conn":1})";
constexpr const char* kEventsRpc =
    R"({"kind":"rpc_begin","t":0.02,"conn":1,"call":1,"rpc":"Events","request":{}})";
constexpr const char* kClientReady = R"({"kind":"ready","seq":1,"t":0.01})";

struct Small {
  Small(std::vector<std::string> wire, std::vector<std::string> client, std::string hints = {}) {
    wire.insert(wire.begin(), {kOpen, kEventsRpc});
    client.insert(client.begin(), kClientReady);
    RecordingTexts texts = testing::Texts(wire, client);
    if (!hints.empty()) texts.hints = std::move(hints);
    auto read = ParseRecording(texts);
    if (!read) {
      ADD_FAILURE() << read.error().message;
      return;
    }
    recording = std::move(*read);
    plan = PlanReplay(recording);
    words = testing::AllStepWords(recording, plan);
  }

  Recording recording;
  ReplayPlan plan;
  std::vector<std::string> words;
};

std::string Begin(double t, int call, const std::string& method, const std::string& request) {
  return R"({"kind":"rpc_begin","conn":1,"t":)" + std::to_string(t) + R"(,"call":)" +
         std::to_string(call) + R"(,"rpc":")" + method + R"(","request":)" + request + "}";
}
std::string Reply(double t, int call, int frame, const std::string& method,
                  const std::string& rest = R"("response":{})") {
  return R"({"kind":"rpc","conn":1,"t":)" + std::to_string(t) + R"(,"call":)" +
         std::to_string(call) + R"(,"frame":)" + std::to_string(frame) + R"(,"rpc":")" + method +
         R"(",)" + rest + "}";
}
std::string Event(double t, int frame, const std::string& event) {
  return R"({"kind":"event","conn":1,"call":1,"t":)" + std::to_string(t) + R"(,"frame":)" +
         std::to_string(frame) + R"(,"event":)" + event + "}";
}
std::string Result(double t, double dur_ms, int n, const std::string& rest) {
  return R"({"kind":"result","t":)" + std::to_string(t) + R"(,"dur_ms":)" + std::to_string(dur_ms) +
         R"(,"n":)" + std::to_string(n) + R"(,"seq":)" + std::to_string(n * 10) + "," + rest + "}";
}

TEST(Inference, UnknownCommandCannotBeJudged) {
  const Small small({}, {Result(0.5, 1, 1, R"("cmd":"frobnicate","ok":true)")});
  ASSERT_EQ(small.plan.cannot_judge.size(), 1U);
  EXPECT_EQ(small.plan.cannot_judge[0].what, "w.client.jsonl:2: unknown command \"frobnicate\"");
}

TEST(Inference, RequestsOfOneMethodAreToldApartByTimeAndOutcome) {
  const Small small({Begin(0.10, 2, "Signal", R"({"id":"c1","pid":"init","signal":15})"),
                     Begin(0.11, 3, "Signal", R"({"id":"c1","pid":"init","signal":9})"),
                     Reply(0.20, 3, 4, "Signal", R"("code":2,"error":"no such process")"),
                     Reply(0.21, 2, 5, "Signal")},
                    {Result(0.22, 130, 1,
                            R"("cmd":"signal","id":"c1","ok":false,)"
                            R"("error":"rpc error: code = 2 desc = no such process")"),
                     Result(0.23, 140, 2, R"("cmd":"signal","id":"c1","ok":true)")});
  ASSERT_EQ(small.plan.calls.size(), 2U);
  EXPECT_EQ(small.recording.commands[small.plan.calls[0].command].n, 1);
  EXPECT_EQ(small.plan.calls[0].signal, 9U);  // by its answer, though the other request came first
  EXPECT_EQ(small.plan.calls[1].signal, 15U);
}

TEST(Inference, CallsDuringTheDaemonsAbsence) {
  const Small small(
      {Begin(0.10, 2, "Stats", R"({"id":"c1"})"), R"({"kind":"listener_down","t":0.2})",
       R"({"kind":"conn_close","t":0.2,"conn":1,"closed_by":"server"})"},
      {Result(0.21, 120, 1,
              R"("cmd":"stats","id":"c1","ok":false,)"
              R"("error":"rpc error: code = 13 desc = closing")"),
       Result(0.30, 10, 2,
              R"("cmd":"stats","id":"c1","ok":false,)"
              R"("error":"rpc error: code = 14 desc = gone")")});
  EXPECT_THAT(small.words,
              ElementsAre("expect-rpc Events", "call-begin stats c1", "expect-rpc Stats c1",
                          "daemon-down", "call-begin stats c1"));
  EXPECT_TRUE(small.plan.pending.empty());
}

TEST(Inference, ADaemonThatComesBack) {
  const Small small(
      {R"({"kind":"listener_down","t":0.2})",
       R"({"kind":"conn_close","t":0.2,"conn":1,"closed_by":"server"})",
       R"({"kind":"listener_up","t":0.4})", R"({"kind":"conn_open","t":0.5,"conn":2})",
       R"({"kind":"rpc_begin","t":0.51,"conn":2,"call":9,"rpc":"Events","request":{}})"},
      {});
  EXPECT_THAT(small.words,
              ElementsAre("expect-rpc Events", "daemon-down", "daemon-up", "expect-rpc Events"));
  EXPECT_THAT(small.plan.conns, ElementsAre(1, 2));
}

TEST(Inference, AConnectionThatBrokeAlone) {
  const Small small(
      {R"({"kind":"conn_close","t":0.2,"conn":1,"closed_by":"server"})",
       R"({"kind":"conn_open","t":0.5,"conn":2})",
       R"({"kind":"rpc_begin","t":0.51,"conn":2,"call":9,"rpc":"Events","request":{}})"},
      {});
  EXPECT_THAT(small.words,
              ElementsAre("expect-rpc Events", "daemon-down", "daemon-up", "expect-rpc Events"));
}

TEST(Inference, AStreamThatIsReset) {
  const Small small({R"({"kind":"rst","t":0.2,"conn":1,"call":1,"errcode":"INTERNAL"})"}, {});
  EXPECT_THAT(small.words, ElementsAre("expect-rpc Events", "stream-reset"));
}

TEST(Inference, AnEngineThatComesBack) {
  const Small small(
      {R"({"kind":"conn_close","t":0.2,"conn":1,"closed_by":"client"})",
       R"({"kind":"conn_open","t":0.5,"conn":2})",
       R"({"kind":"rpc_begin","t":0.51,"conn":2,"call":9,"rpc":"Events","request":{}})"},
      {R"({"kind":"ready","t":0.505,"seq":1,"lib":2})"});
  EXPECT_THAT(small.words,
              ElementsAre("expect-rpc Events", "client-gone", "client-back", "expect-rpc Events"));
}

TEST(Inference, AnEngineThatEndsWhileTheDaemonIsAway) {
  const Small small(
      {R"({"kind":"conn_close","t":0.2,"conn":1,"closed_by":"server"})",
       R"({"kind":"conn_open","t":0.5,"conn":2})",
       R"({"kind":"rpc_begin","t":0.51,"conn":2,"call":9,"rpc":"Events","request":{}})"},
      {R"({"kind":"ready","t":0.505,"seq":1,"lib":2})"});
  EXPECT_THAT(small.words, ElementsAre("expect-rpc Events", "daemon-down", "client-gone",
                                       "client-back", "daemon-up", "expect-rpc Events"));
}

TEST(Inference, WhatHappenedBeforeTheClientConnectedIsNoReasonToStop) {
  const auto recording = ParseRecording(testing::Texts(
      {R"({"kind":"listener_down","t":0.001})", R"({"kind":"upstream_dial_error","t":0.002})",
       R"({"kind":"listener_up","t":0.003})", kOpen, kEventsRpc},
      {kClientReady}));
  ASSERT_TRUE(recording);
  EXPECT_FALSE(PlanReplay(*recording).cut);
}

TEST(Inference, AFailedCallbackIsFoundByItsLogLine) {
  const Small small({Event(0.10, 3, R"({"type":"oom","id":"c1"})")},
                    {R"({"kind":"state","t":0.11,"seq":2,"state":"oom","id":"c1"})",
                     R"({"kind":"log","t":0.12,"seq":3,"level":"error",)"
                     R"("msg":"libcontainerd: backend.StateChanged(): disk full"})"});
  ASSERT_EQ(small.plan.callback_failures.size(), 1U);
  EXPECT_EQ(small.plan.callback_failures[0].state, 0U);
  EXPECT_EQ(small.plan.callback_failures[0].text, "disk full");
}

TEST(Inference, AnUnexplainedFailureIsNoted) {
  const Small small({}, {Result(0.2, 5, 1,
                                R"("cmd":"create","id":"c1","ok":false,)"
                                R"("error":"mkdir /x: read-only file system")")});
  EXPECT_THAT(small.plan.notes,
              Contains(HasSubstr("w.client.jsonl:2: \"mkdir /x: read-only file system\" came from "
                                 "nothing that is recorded")));
  EXPECT_THAT(small.words, Contains("call-begin create c1"));
}

// Two execs named x, one in each container; the order of their attaches is all there is.
std::vector<std::string> TwoExecs() {
  return {Begin(0.10, 2, "AddProcess", R"({"id":"a","pid":"x","args":["p"]})"),
          Begin(0.11, 3, "AddProcess", R"({"id":"b","pid":"x","args":["q"]})"),
          Reply(0.12, 3, 4, "AddProcess"), Reply(0.13, 2, 5, "AddProcess")};
}
std::vector<std::string> TwoExecsClient() {
  return {R"({"kind":"attach","t":0.14,"seq":2,"name":"x"})",
          R"({"kind":"attach","t":0.15,"seq":3,"name":"x"})",
          R"({"kind":"output","t":0.16,"seq":4,"name":"x","stream":"stdout","data":"aGk="})",
          R"({"kind":"eof","t":0.17,"seq":5,"name":"x","stream":"stdout","total":0})",
          R"({"kind":"eof","t":0.18,"seq":6,"name":"x","stream":"stdout","total":2})",
          Result(0.20, 105, 1, R"("cmd":"addprocess","id":"a","pid":"x","ok":true)"),
          Result(0.21, 110, 2, R"("cmd":"addprocess","id":"b","pid":"x","ok":true)")};
}

TEST(Inference, AmbiguousNamesGoByReplyAndAttachOrder) {
  const Small small(TwoExecs(), TwoExecsClient());
  ASSERT_EQ(small.plan.attachments.size(), 2U);
  EXPECT_EQ(small.plan.attachments[0].container, "b");  // answered first
  EXPECT_EQ(small.plan.attachments[1].container, "a");
  EXPECT_EQ(small.plan.output_attachment[0], 0U);  // attached first
  EXPECT_EQ(small.plan.eof_attachment[0], 1U);     // whose total is 0
  EXPECT_EQ(small.plan.eof_attachment[1], 0U);
}

TEST(Inference, HintsOverrule) {
  const Small small(TwoExecs(), TwoExecsClient(),
                    R"({"attaches":[{"line":2,"n":1}],"streams":[{"line":4,"attach":3}]})");
  ASSERT_EQ(small.plan.attachments.size(), 2U);
  EXPECT_EQ(small.plan.attachments[0].container, "a");
  EXPECT_EQ(small.plan.attachments[1].container, "b");
  EXPECT_EQ(small.plan.output_attachment[0], 1U);
}

TEST(Inference, OutputsOfUnknownContentKeepTheirLengths) {
  std::vector<std::string> client = TwoExecsClient();
  client[2] = R"({"kind":"output","t":0.16,"seq":4,"name":"x","stream":"stdout","len":2})";
  client[4] = R"({"kind":"eof","t":0.18,"seq":6,"name":"x","stream":"stdout","total":2,"sha256":)"
              R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})";
  const Small small(TwoExecs(), client);
  EXPECT_FALSE(small.plan.attachments[0].out.content_known);
  EXPECT_EQ(OutputBytes(small.recording, small.plan, 0), std::nullopt);
  EXPECT_THAT(small.plan.notes, Contains(HasSubstr("no pattern gives its sha256")));
}

TEST(Inference, ASecondClientBesideTheFirstIsPending) {
  const Small small(
      {R"({"kind":"conn_open","t":0.30,"conn":2})",
       R"({"kind":"rpc_begin","t":0.31,"conn":2,"call":9,"rpc":"Events","request":{}})"},
      {R"({"kind":"ready","t":0.29,"seq":1,"lib":2})",
       R"({"kind":"result","t":0.4,"seq":2,"lib":2,"n":1,"cmd":"stats","id":"c1","ok":false,)"
       R"("error":"rpc error: code = 2 desc = x"})"});
  ASSERT_EQ(small.plan.pending.size(), 2U);
  EXPECT_EQ(small.plan.pending[0].reason, "needs two engines at once");
  EXPECT_EQ(small.plan.pending[1].reason, "needs two engines at once");
}

TEST(Inference, ContradictionsEndInANote) {
  // The reply stands before an event that its own call waits for: frames say one thing, results the
  // other.
  const Small small({Begin(0.10, 2, "Signal", R"({"id":"c1","pid":"init","signal":9})"),
                     Event(0.11, 3, R"({"type":"exit","id":"c1","pid":"init","status":137})"),
                     Begin(0.30, 3, "CreateContainer", R"({"id":"c1"})"),
                     Reply(0.31, 3, 6, "CreateContainer"), Reply(0.32, 2, 8, "Signal")},
                    {R"({"kind":"state","t":0.12,"seq":2,"state":"exit","id":"c1","exitcode":137})",
                     Result(0.20, 105, 1, R"("cmd":"signal","id":"c1","ok":true)"),
                     Result(0.35, 60, 2, R"("cmd":"create","id":"c1","ok":true)")});
  EXPECT_THAT(small.plan.notes, Contains(HasSubstr("circle")));
  EXPECT_EQ(small.plan.steps.size(), 8U);  // and still everything is there
}

}  // namespace
}  // namespace scenarios
