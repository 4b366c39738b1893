// Recording: a trace of the real daemon and the reference client, as typed lines.
//
// Two files make one: NAME.jsonl, what a proxy saw on the wire, and NAME.client.jsonl, what the
// client did with it, on the same clock. A third, NAME.hints.json, is optional and written by hand:
// it holds what neither file tells (see RecordingHints). ReadRecording checks everything that it
// reads; replay_plan.h infers what a replayer needs.
//
// Requests, responses and events are real protobuf messages, shared and never changed: copying a
// Recording is cheap. Paths in the files are placeholders such as ${STATE_DIR}; they stay text
// until WithPlaceholders.
//
// Threads: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "containerd_v0.pb.h"
#include "libcontainerd/error.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using RecordedTime = std::chrono::nanoseconds;  // since the recording began
using SharedMessage = std::shared_ptr<const google::protobuf::Message>;

// Where something was read: a line of one of the two files.
struct SourceLine {
  bool client = false;  // in NAME.client.jsonl
  int line = 0;         // from 1

  friend bool operator==(const SourceLine&, const SourceLine&) = default;
};

// --- NAME.jsonl
// -------------------------------------------------------------------------------------------------

struct RecordedEvent {
  int line = 0;
  RecordedTime t{0};
  int conn = 0;
  int call = 0;  // of the Events stream that it came on
  std::int64_t frame = 0;
  types::Event event;
};

// How a call ended on the wire.
struct RecordedReply {
  int line = 0;
  RecordedTime t{0};                   // of the trailers
  std::optional<RecordedTime> t_data;  // of the reply message
  std::optional<std::int64_t> frame_data;
  std::int64_t frame = 0;  // of the trailers: the reply's place in the server's order
  ErrorCode code = ErrorCode::kOk;
  std::string error;       // text, without gRPC's own words
  SharedMessage response;  // null for an error and for the end of a stream
};

struct RecordedRpc {
  int line = 0;
  RecordedTime t{0};  // of the request: the reply's exact t_begin where there is one
  int conn = 0;
  int call = 0;        // unique within `conn`
  std::string method;  // "CreateContainer"
  SharedMessage request;
  std::optional<RecordedReply> reply;  // absent: none before the connection or the recording ended

  template <class Message>
  const Message& Request() const {
    return static_cast<const Message&>(*request);
  }
  template <class Message>
  const Message& Response() const {
    return static_cast<const Message&>(*reply->response);
  }
};

enum class ConnectionChange : std::uint8_t {
  kOpen,
  kClose,
  kListenerDown,
  kListenerUp,
  kDialError,  // the proxy did not reach the daemon
  kReset,      // of one call, by RST_STREAM
  kNote,       // what the driver did at that moment
};

struct RecordedConnectionLine {
  int line = 0;
  RecordedTime t{0};
  ConnectionChange change = ConnectionChange::kNote;
  int conn = 0;            // 0: not about one connection
  int call = 0;            // kReset
  bool by_client = false;  // kClose, kReset: otherwise by the server
  std::string text;        // kNote: the note; kReset: the error code's name
};

// --- NAME.client.jsonl
// -----------------------------------------------------------------------------------------------

// What every client line begins with. `order` sorts the lines of one client as they happened.
struct ClientLine {
  int line = 0;
  RecordedTime t{0};
  int lib = 1;  // which client: 2 is a second one
  std::int64_t order = 0;
};

struct RecordedCommand : ClientLine {  // t: when it ended
  std::string cmd;
  std::int64_t n = 0;  // its number in the driver's script
  RecordedTime begin{0};
  std::string id;   // container
  std::string pid;  // process
  bool ok = false;
  std::string error;  // as recorded
  ErrorCode code =
      ErrorCode::kOk;      // of "rpc error: code = N desc = TEXT"; kUnknown for any other text
  bool from_rpc = false;   // `error` has that form
  std::string error_text;  // TEXT, or all of `error`
  nlohmann::json value;    // null if absent
};

struct RecordedState : ClientLine {
  std::string state;  // "start-container", "exit", …
  std::string id;
  std::uint32_t pid = 0;
  std::uint32_t exit_code = 0;
  std::string process;  // of an exit-process
  bool oom_killed = false;
};

struct RecordedAttach : ClientLine {
  std::string name;  // the container's id for init, else the process's name
  bool terminal = false;
};

struct RecordedOutput : ClientLine {
  std::string name;
  std::string stream;  // "stdout", "stderr"
  std::uint64_t length = 0;
  std::optional<std::string> data;  // absent: only the length is known
};

struct RecordedEof : ClientLine {
  std::string name;
  std::string stream;
  std::uint64_t total = 0;
  std::string sha256;  // hex; empty when nothing came
};

struct RecordedStdinCloseError : ClientLine {
  std::string name;
  std::string error;
};

struct RecordedLog : ClientLine {
  std::string level;
  std::string text;
};

struct RecordedMarker : ClientLine {
  bool ready = false;  // otherwise "bye"
};

// --- NAME.hints.json
// -------------------------------------------------------------------------------------------------

// What a person found out by studying a trace. Everything is optional:
//   {"comment": "why",
//    "writes":     [{"n": 2, "container": "c1", "process": "init", "data": "hello\n"}],  bytes of a
//    `write` command "closestdin": [{"n": 6, "container": "c1", "process": "init"}], whose stdin a
//    command closed "streams":    [{"line": 20, "attach": 18}],   a client line (output or eof)
//    belongs to the attach on that line "attaches":   [{"line": 18, "n": 3}],         a client line
//    (attach) belongs to the command with that number "events":     [{"line": 34, "n": 9}]} a wire
//    line (event) is about the process of that command
// Commands are those of the first client.
struct RecordingHints {
  struct Stdin {
    std::int64_t n = 0;
    std::string container;
    std::string process;
    std::string data;  // writes only
  };
  std::vector<Stdin> writes;
  std::vector<Stdin> closes;
  std::map<int, int> stream_attach;            // line -> attach line
  std::map<int, std::int64_t> attach_command;  // attach line -> n
  std::map<int, std::int64_t> event_command;   // wire line -> n
};

// -------------------------------------------------------------------------------------------------

struct Recording {
  std::string wire_file;  // the paths, for messages
  std::string client_file;

  std::vector<RecordedRpc> rpcs;  // all of these in the order of their lines
  std::vector<RecordedEvent> events;
  std::vector<RecordedConnectionLine> connection_lines;

  std::vector<RecordedCommand> commands;
  std::vector<RecordedState> states;
  std::vector<RecordedAttach> attaches;
  std::vector<RecordedOutput> outputs;
  std::vector<RecordedEof> eofs;
  std::vector<RecordedStdinCloseError> stdin_close_errors;
  std::vector<RecordedLog> logs;
  std::vector<RecordedMarker> markers;

  RecordingHints hints;
  std::vector<std::string> notes;  // "FILE:LINE: what the reader left out"

  // "FILE:LINE".
  std::string Where(SourceLine source) const;

  // A copy in which ${NAME} is replaced by values.at("NAME") in all texts, messages included; bytes
  // that processes wrote stay as they are, and so does a placeholder without a value.
  Recording WithPlaceholders(const std::map<std::string, std::string>& values) const;
};

// Replaces ${NAME} as above in one text.
std::string SubstitutePlaceholders(std::string_view text,
                                   const std::map<std::string, std::string>& values);

}  // namespace scenarios
