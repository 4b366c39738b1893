#include "scenarios/recording_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

using testing::Texts;

constexpr const char* kReady = R"({"kind":"ready","seq":1,"t":0.01})";
constexpr const char* kEvents =
    R"({"kind":"rpc_begin","t":0.1,"conn":1,"call":1,"rpc":"Events","request":{}})";
constexpr const char* kSignal =
    R"({"kind":"rpc_begin","t":0.1,"conn":1,"call":2,"rpc":"Signal","request":{"id":"c1"}})";

// The message for a wire file of these lines; "" if it is read.
std::string WireProblem(const std::vector<std::string>& lines) {
  const auto recording = ParseRecording(Texts(lines, {kReady}));
  if (recording) return {};
  EXPECT_EQ(recording.error().code, ErrorCode::kInvalidArgument);
  return recording.error().message;
}

std::string ClientProblem(const std::vector<std::string>& lines) {
  const auto recording = ParseRecording(Texts({kEvents}, lines));
  if (recording) return {};
  EXPECT_EQ(recording.error().code, ErrorCode::kInvalidArgument);
  return recording.error().message;
}

std::string HintsProblem(const std::string& hints) {
  RecordingTexts texts = Texts({kEvents}, {kReady});
  texts.hints = hints;
  const auto recording = ParseRecording(texts);
  return recording ? std::string() : recording.error().message;
}

TEST(RecordingReader, ReadsTheSmallestRecording) {
  EXPECT_EQ(WireProblem({kEvents}), "");
}

TEST(RecordingReader, IgnoresFieldsThatNobodyKnowsAndBlankLines) {
  EXPECT_EQ(WireProblem({kEvents, "", R"({"kind":"note","t":0.2,"note":"hi","mood":[1]})"}), "");
}

TEST(RecordingReader, BrokenJson) {
  EXPECT_EQ(WireProblem({kEvents, R"({"kind":"note",,"t":0.2})"}),
            "w.jsonl:2: broken JSON at column 16, expected one JSON object");
}

TEST(RecordingReader, LastLineCutShort) {
  RecordingTexts texts = Texts({kEvents}, {kReady});
  texts.wire += R"({"kind":"note","t":0.)";
  EXPECT_EQ(ParseRecording(texts).error().message,
            "w.jsonl:2: the last line is cut short, expected a JSON object and a newline");
}

TEST(RecordingReader, LastLineWithoutItsNewlineIsFine) {
  RecordingTexts texts = Texts({kEvents}, {kReady});
  texts.wire += R"({"kind":"note","t":0.2})";
  EXPECT_TRUE(ParseRecording(texts));
}

TEST(RecordingReader, NotAnObject) {
  EXPECT_EQ(WireProblem({"[1]"}), "w.jsonl:1: the line is an array, expected one JSON object");
}

TEST(RecordingReader, EmptyFile) {
  EXPECT_EQ(WireProblem({}), "w.jsonl: is empty, expected JSON lines");
  EXPECT_EQ(ClientProblem({"", " "}), "w.client.jsonl: is empty, expected JSON lines");
}

TEST(RecordingReader, UnknownKind) {
  EXPECT_EQ(WireProblem({R"({"kind":"evnt","t":0.2})"}),
            "w.jsonl:1: unknown kind \"evnt\", expected one of event, rpc_begin, rpc, conn_open, "
            "conn_close, listener_down, listener_up, upstream_dial_error, rst, note");
  EXPECT_EQ(ClientProblem({R"({"kind":"stat","t":0.2,"seq":1})"}),
            "w.client.jsonl:1: unknown kind \"stat\", expected one of ready, bye, state, result, "
            "attach, output, eof, stdin-close-error, log");
}

TEST(RecordingReader, MissingField) {
  EXPECT_EQ(WireProblem({R"({"kind":"note"})"}),
            "w.jsonl:1: field \"t\" is missing, expected seconds since the recording began");
  EXPECT_EQ(WireProblem({R"({"t":1})"}), "w.jsonl:1: field \"kind\" is missing, expected a string");
  EXPECT_EQ(ClientProblem({R"({"kind":"state","t":0.2,"seq":1,"id":"c1"})"}),
            "w.client.jsonl:1: field \"state\" is missing, expected a string");
  EXPECT_EQ(ClientProblem({R"({"kind":"result","t":0.2,"seq":1,"cmd":"pause","ok":false})"}),
            "w.client.jsonl:1: field \"error\" is missing, expected a string");
  EXPECT_EQ(ClientProblem({R"({"kind":"output","t":0.2,"seq":1,"name":"c","stream":"stdout"})"}),
            "w.client.jsonl:1: field \"len\" is missing, expected a whole number of at least 0");
}

TEST(RecordingReader, WrongType) {
  EXPECT_EQ(WireProblem({R"({"kind":"conn_open","t":0.2,"conn":"1"})"}),
            "w.jsonl:1: field \"conn\" is a string, expected a whole number from 1 to 2147483647");
  EXPECT_EQ(ClientProblem({R"({"kind":"attach","t":0.2,"seq":1,"name":5})"}),
            "w.client.jsonl:1: field \"name\" is a number, expected a string");
}

TEST(RecordingReader, NumberOutOfRange) {
  EXPECT_EQ(WireProblem({R"({"kind":"conn_open","t":-1,"conn":1})"}),
            "w.jsonl:1: field \"t\" is -1, expected seconds from 0 to 1000000000");
  EXPECT_EQ(WireProblem({R"({"kind":"conn_open","t":1,"conn":1.5})"}),
            "w.jsonl:1: field \"conn\" is 1.5, expected a whole number from 1 to 2147483647");
  EXPECT_EQ(ClientProblem({R"({"kind":"state","t":1,"state":"exit","id":"c","exitcode":-1})"}),
            "w.client.jsonl:1: field \"exitcode\" is -1, expected a whole number from 0 to "
            "4294967295");
}

TEST(RecordingReader, NumberTooLargeForADouble) {
  EXPECT_EQ(WireProblem({R"({"kind":"note","t":1e999})"}),
            "w.jsonl:1: a number is too large, expected numbers of at most double precision");
  EXPECT_EQ(HintsProblem(R"({"comment":1e999})"),
            "w.hints.json: a number is too large, expected numbers of at most double precision");
}

TEST(RecordingReader, TimeGoesFarBack) {
  EXPECT_EQ(WireProblem({R"({"kind":"note","t":5})", R"({"kind":"note","t":4.5})",
                         R"({"kind":"note","t":3.9})"}),
            "w.jsonl:3: field \"t\" goes back from 5000000 to 3900000 microseconds, expected lines "
            "in the order of time to within a second");
}

TEST(RecordingReader, CommandBeforeTheRecording) {
  EXPECT_EQ(ClientProblem({R"({"kind":"result","t":0.2,"cmd":"sleep","ok":true,"dur_ms":201})"}),
            "w.client.jsonl:1: field \"dur_ms\" reaches back before the recording began, expected "
            "at most 200 ms");
}

TEST(RecordingReader, BadBase64) {
  EXPECT_EQ(
      ClientProblem({R"({"kind":"output","t":1,"name":"c","stream":"stdout","data":"a*=="})"}),
      "w.client.jsonl:1: field \"data\" is not base64, expected RFC 4648 text with padding");
}

TEST(RecordingReader, LengthAndDataDisagree) {
  EXPECT_EQ(ClientProblem(
                {R"({"kind":"output","t":1,"name":"c","stream":"stdout","data":"aGk=","len":3})"}),
            "w.client.jsonl:1: field \"len\" is 3, expected 2, the length of \"data\"");
}

TEST(RecordingReader, UnknownStreamAndBadSha) {
  EXPECT_EQ(ClientProblem({R"({"kind":"eof","t":1,"name":"c","stream":"stdin","total":0})"}),
            "w.client.jsonl:1: field \"stream\" is \"stdin\", expected \"stdout\" or \"stderr\"");
  EXPECT_EQ(ClientProblem(
                {R"({"kind":"eof","t":1,"name":"c","stream":"stdout","total":0,"sha256":"ab"})"}),
            "w.client.jsonl:1: field \"sha256\" is \"ab\", expected 64 lower-case hexadecimal "
            "digits");
}

TEST(RecordingReader, BadTimestamp) {
  EXPECT_EQ(WireProblem({kEvents, R"({"kind":"event","t":0.2,"conn":1,"call":1,"frame":3,)"
                                  R"("event":{"type":"exit","timestamp":"yesterday"}})"}),
            "w.jsonl:2: field \"event.timestamp\" is \"yesterday\", expected RFC 3339 such as "
            "2026-11-23T21:29:31.184368376Z");
}

TEST(RecordingReader, UnknownRequestField) {
  EXPECT_EQ(WireProblem({R"({"kind":"rpc_begin","t":0.1,"conn":1,"call":1,"rpc":"Signal",)"
                         R"("request":{"id":"c1","volume":11}})"}),
            "w.jsonl:1: field \"request.volume\" is unknown, expected fields of SignalRequest");
}

TEST(RecordingReader, UnknownResponseFieldIsNoted) {
  const auto recording = ParseRecording(
      Texts({kSignal, R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Signal","frame":4,)"
                      R"("response":{"extra":1}})"},
            {kReady}));
  ASSERT_TRUE(recording) << recording.error().message;
  EXPECT_EQ(recording->notes, std::vector<std::string>{
                                  "w.jsonl:2: field \"response.extra\" is unknown and left out"});
}

TEST(RecordingReader, UnknownMethod) {
  EXPECT_EQ(WireProblem({R"({"kind":"rpc_begin","t":0.1,"conn":1,"call":1,"rpc":"Fly",)"
                         R"("request":{}})"}),
            "w.jsonl:1: unknown method \"Fly\", expected one of " +
                std::string("GetServerVersion, CreateContainer, UpdateContainer, Signal, "
                            "UpdateProcess, AddProcess, CreateCheckpoint, DeleteCheckpoint, "
                            "ListCheckpoint, State, Events, Stats"));
}

TEST(RecordingReader, CallBeginsTwice) {
  EXPECT_EQ(WireProblem({kSignal, kSignal}),
            "w.jsonl:2: call 2 on connection 1 begins twice, expected a new number");
}

TEST(RecordingReader, ReplyToACallThatNeverBegan) {
  EXPECT_EQ(WireProblem({R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Signal","frame":4,)"
                         R"("response":{}})"}),
            "w.jsonl:1: a reply on call 2 on connection 1, which never began, expected its "
            "rpc_begin line before");
}

TEST(RecordingReader, SecondReplyAndReplyOfAnotherMethod) {
  const std::string reply =
      R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Signal","frame":4,"response":{}})";
  EXPECT_EQ(WireProblem({kSignal, reply, reply}),
            "w.jsonl:3: a second reply to call 2 on connection 1, the first is on line 2, expected "
            "one");
  EXPECT_EQ(WireProblem({kSignal, R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Stats",)"
                                  R"("frame":4,"response":{}})"}),
            "w.jsonl:2: a reply of Stats to call 2 on connection 1, expected Signal");
}

TEST(RecordingReader, ReplyWithoutAnAnswer) {
  EXPECT_EQ(WireProblem(
                {kSignal, R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Signal","frame":4})"}),
            "w.jsonl:2: field \"response\" is missing, expected it, or \"error\" and \"code\"");
}

TEST(RecordingReader, ReplyBeforeItsRequest) {
  EXPECT_EQ(WireProblem({kSignal, R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Signal",)"
                                  R"("frame":4,"response":{},"t_begin":0.3})"}),
            "w.jsonl:2: field \"t_begin\" is after \"t\", expected it before");
}

TEST(RecordingReader, EventOnAStreamThatNeverBegan) {
  EXPECT_EQ(WireProblem({R"({"kind":"event","t":0.2,"conn":1,"call":1,"frame":3,"event":{}})"}),
            "w.jsonl:1: an event on call 1 on connection 1, which never began, expected its "
            "rpc_begin line before");
  EXPECT_EQ(
      WireProblem({kSignal, R"({"kind":"event","t":0.2,"conn":1,"call":2,"frame":3,"event":{}})"}),
      "w.jsonl:2: an event on call 2 on connection 1, which is Signal, expected an Events "
      "call");
}

TEST(RecordingReader, FramesDoNotIncrease) {
  const std::string event5 =
      R"({"kind":"event","t":0.2,"conn":1,"call":1,"frame":5,"event":{"type":"oom"}})";
  EXPECT_EQ(WireProblem({kEvents, kSignal, event5,
                         R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Signal","frame":5,)"
                         R"("response":{}})"}),
            "w.jsonl:4: field \"frame\" is 5 after 5, expected a greater number on connection 1");
  // Two messages of one stream may share a frame.
  EXPECT_EQ(WireProblem({kEvents, event5, event5}), "");
}

TEST(RecordingReader, DataAfterTrailers) {
  EXPECT_EQ(WireProblem({kSignal, R"({"kind":"rpc","t":0.2,"conn":1,"call":2,"rpc":"Signal",)"
                                  R"("frame":4,"frame_data":5,"response":{}})"}),
            "w.jsonl:2: field \"frame_data\" is 5, expected at most that of the trailers, 4");
}

TEST(RecordingReader, Hints) {
  EXPECT_EQ(HintsProblem(R"({"comment":"nothing"})"), "");
  EXPECT_EQ(HintsProblem("{\n  \"writes\": ]\n}"),
            "w.hints.json:2: broken JSON at column 13, expected one JSON object");
  EXPECT_EQ(HintsProblem("[]"), "w.hints.json:1: the file is an array, expected one JSON object");
  EXPECT_EQ(HintsProblem(R"({"write":[]})"),
            "w.hints.json: unknown field \"write\", expected comment, writes, closestdin, streams, "
            "attaches or events");
  EXPECT_EQ(HintsProblem(R"({"writes":[{"n":2,"container":"c1","process":"init"}]})"),
            "w.hints.json: writes[0]: field \"data\" is missing, expected a string");
  EXPECT_EQ(HintsProblem(R"({"events":[{"line":1,"n":2},7]})"),
            "w.hints.json: events[1]: it is a number, expected an object");
}

TEST(RecordingReader, NameOfAnotherKindOfFile) {
  EXPECT_EQ(ReadRecording("a.txt").error().message,
            "a.txt: not the name of a recording, expected NAME.jsonl or NAME.client.jsonl");
}

TEST(RecordingReader, MissingFileAndDirectory) {
  const std::string missing = std::string(DRYDOCK_TRACES) + "/no-such-trace.jsonl";
  EXPECT_EQ(ReadRecording(missing).error().message,
            missing + ": cannot be opened (No such file or directory), expected a readable file");
  EXPECT_EQ(ReadRecording(missing).error().code, ErrorCode::kInvalidArgument);
}

TEST(RecordingReader, EitherFileNamesTheRecording) {
  const std::string base = std::string(DRYDOCK_TRACES) + "/stdin_cat";
  const auto by_wire = ReadRecording(base + ".jsonl");
  const auto by_client = ReadRecording(base + ".client.jsonl");
  ASSERT_TRUE(by_wire);
  ASSERT_TRUE(by_client);
  EXPECT_EQ(by_wire->rpcs.size(), by_client->rpcs.size());
  EXPECT_EQ(by_wire->commands.size(), 19U);
  EXPECT_EQ(by_wire->hints.writes.size(), 3U);
  EXPECT_EQ(by_wire->Where(SourceLine{true, 7}), base + ".client.jsonl:7");
}

TEST(RecordingReader, TakesErrorTextsApart) {
  const Recording recording = testing::ReadTrace("errors_lib");
  const RecordedCommand& busy = recording.commands[14];
  EXPECT_TRUE(busy.from_rpc);
  EXPECT_EQ(busy.code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(busy.error_text, "mkdir ${CONTAINERD_DIR}/c1/e9: file exists");
  const RecordedCommand& active = recording.commands[1];
  EXPECT_FALSE(active.from_rpc);
  EXPECT_EQ(active.code, ErrorCode::kUnknown);
  EXPECT_EQ(active.error_text, "Container c1 is already active");
}

}  // namespace
}  // namespace scenarios
