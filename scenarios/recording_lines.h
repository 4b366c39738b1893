// The lines of a recording's two files and its hints, one parser each. Only recording_reader.cc
// needs this.
//
// Problems are INVALID_ARGUMENT, worded as recording_reader.h says.
#pragma once

#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "libcontainerd/error.h"
#include "scenarios/recording.h"
#include "scenarios/recording_fields.h"

namespace scenarios {

// Lines of one file are nearly in the order of their times; this much disorder is let pass.
inline constexpr RecordedTime kTimeDisorder = std::chrono::seconds(1);

class LineClock {
 public:
  // Reads field "t" of a line and checks it against the lines before.
  RecordedTime Read(LineFields& fields);

 private:
  RecordedTime latest_{0};
};

// NAME.jsonl.
class WireLines {
 public:
  explicit WireLines(Recording& recording) : recording_(recording) {}
  libcontainerd::Status Add(const nlohmann::json& object, int line);

 private:
  using CallKey = std::pair<int, int>;  // conn, call
  struct FrameMark {
    std::int64_t frame = -1;
    int event_call = 0;  // 0: not an event
  };

  void AddEvent(LineFields& fields, int line);
  void AddRpcBegin(LineFields& fields, int line);
  void AddRpc(LineFields& fields, int line);
  RecordedReply ReadReply(LineFields& fields, const RecordedRpc& rpc, int line);
  void ReadResponse(LineFields& fields, const RecordedRpc& rpc, RecordedReply& reply);
  void AddConnectionLine(LineFields& fields, int line, ConnectionChange change);
  // The call of this line; null after a problem.
  RecordedRpc* FindCall(LineFields& fields, int conn, int call, std::string_view what);
  void CheckFrame(LineFields& fields, int conn, std::int64_t frame, int event_call);

  Recording& recording_;
  LineClock clock_;
  RecordedTime t_{0};  // of the line being read
  std::map<CallKey, std::size_t> calls_;
  std::map<int, FrameMark> frames_;
};

// NAME.client.jsonl.
class ClientLines {
 public:
  explicit ClientLines(Recording& recording) : recording_(recording) {}
  libcontainerd::Status Add(const nlohmann::json& object, int line);

 private:
  // False if the kind is unknown.
  bool Dispatch(const std::string& kind, LineFields& fields, const ClientLine& base);
  void AddResult(LineFields& fields, const ClientLine& base);
  void AddState(LineFields& fields, const ClientLine& base);
  void AddOutput(LineFields& fields, const ClientLine& base);
  void AddEof(LineFields& fields, const ClientLine& base);

  Recording& recording_;
  LineClock clock_;
  std::map<int, std::int64_t> last_order_;  // by lib
};

// NAME.hints.json; `file` begins every message.
libcontainerd::Result<RecordingHints> ReadHints(const nlohmann::json& object,
                                                const std::string& file);

}  // namespace scenarios
