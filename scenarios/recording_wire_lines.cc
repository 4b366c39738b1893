#include "scenarios/recording_lines.h"
#include "scenarios/recording_messages.h"

namespace scenarios {
namespace {

using libcontainerd::Status;
using nlohmann::json;

constexpr std::string_view kWireKinds =
    "event, rpc_begin, rpc, conn_open, conn_close, listener_down, listener_up, "
    "upstream_dial_error, rst, note";

const std::map<std::string_view, ConnectionChange>& ConnectionKinds() {
  static const std::map<std::string_view, ConnectionChange> kinds = {
      {"conn_open", ConnectionChange::kOpen},
      {"conn_close", ConnectionChange::kClose},
      {"listener_down", ConnectionChange::kListenerDown},
      {"listener_up", ConnectionChange::kListenerUp},
      {"upstream_dial_error", ConnectionChange::kDialError},
      {"rst", ConnectionChange::kReset},
      {"note", ConnectionChange::kNote},
  };
  return kinds;
}

std::shared_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::shared_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

std::string CallWords(int conn, int call) {
  return "call " + std::to_string(call) + " on connection " + std::to_string(conn);
}

}  // namespace

RecordedTime LineClock::Read(LineFields& fields) {
  const RecordedTime t = fields.Seconds("t");
  if (!fields.ok()) return t;
  if (t + kTimeDisorder < latest_) {
    fields.Problem("field \"t\" goes back from " + std::to_string(latest_.count() / 1000) + " to " +
                   std::to_string(t.count() / 1000) +
                   " microseconds, expected lines in the order of time to within a second");
  }
  latest_ = std::max(latest_, t);
  return t;
}

Status WireLines::Add(const json& object, int line) {
  LineFields fields(object, recording_.wire_file + ":" + std::to_string(line));
  const std::string kind = fields.Text("kind");
  t_ = clock_.Read(fields);
  if (!fields.ok()) return fields.Check();
  if (kind == "event") {
    AddEvent(fields, line);
  } else if (kind == "rpc_begin") {
    AddRpcBegin(fields, line);
  } else if (kind == "rpc") {
    AddRpc(fields, line);
  } else if (const auto found = ConnectionKinds().find(kind); found != ConnectionKinds().end()) {
    AddConnectionLine(fields, line, found->second);
  } else {
    fields.Problem("unknown kind " + json(kind).dump() + ", expected one of " +
                   std::string(kWireKinds));
  }
  return fields.Check();
}

void WireLines::AddEvent(LineFields& fields, int line) {
  RecordedEvent event;
  event.line = line;
  event.t = t_;
  event.conn = static_cast<int>(fields.Int("conn", 1, kMostInt));
  event.call = static_cast<int>(fields.Int("call", 0, kMostInt));
  event.frame = fields.Int("frame");
  std::vector<std::string> unknown;  // of no use to anybody
  JsonToMessage(fields.Object("event"), "event", fields, unknown, event.event);
  const RecordedRpc* stream = FindCall(fields, event.conn, event.call, "an event");
  if (stream == nullptr) return;
  if (stream->method != "Events") {
    fields.Problem("an event on " + CallWords(event.conn, event.call) + ", which is " +
                   stream->method + ", expected an Events call");
  }
  CheckFrame(fields, event.conn, event.frame, event.call);
  recording_.events.push_back(std::move(event));
}

void WireLines::AddRpcBegin(LineFields& fields, int line) {
  RecordedRpc rpc;
  rpc.line = line;
  rpc.t = t_;
  rpc.conn = static_cast<int>(fields.Int("conn", 1, kMostInt));
  rpc.call = static_cast<int>(fields.Int("call", 0, kMostInt));
  rpc.method = fields.Text("rpc");
  const json& request = fields.Object("request");
  if (!fields.ok()) return;
  const google::protobuf::Descriptor* type = RequestType(rpc.method);
  if (type == nullptr) {
    return fields.Problem("unknown method " + json(rpc.method).dump() + ", expected one of " +
                          MethodNames());
  }
  const auto message = NewMessage(type);
  std::vector<std::string> unknown;
  JsonToMessage(request, "request", fields, unknown, *message);
  if (!unknown.empty()) {
    fields.Problem("field \"" + unknown.front() + "\" is unknown, expected fields of " +
                   type->name());
  }
  rpc.request = message;
  if (!calls_.emplace(CallKey(rpc.conn, rpc.call), recording_.rpcs.size()).second) {
    fields.Problem(CallWords(rpc.conn, rpc.call) + " begins twice, expected a new number");
  }
  recording_.rpcs.push_back(std::move(rpc));
}

RecordedRpc* WireLines::FindCall(LineFields& fields, int conn, int call, std::string_view what) {
  if (!fields.ok()) return nullptr;
  const auto found = calls_.find(CallKey(conn, call));
  if (found != calls_.end()) return &recording_.rpcs[found->second];
  fields.Problem(std::string(what) + " on " + CallWords(conn, call) +
                 ", which never began, expected its rpc_begin line before");
  return nullptr;
}

// Frames of one connection are numbered in their order, and lines stand in it; only messages of one
// stream may share a frame.
void WireLines::CheckFrame(LineFields& fields, int conn, std::int64_t frame, int event_call) {
  FrameMark& last = frames_[conn];
  const bool shared = frame == last.frame && event_call != 0 && event_call == last.event_call;
  if (frame <= last.frame && !shared) {
    fields.Problem("field \"frame\" is " + std::to_string(frame) + " after " +
                   std::to_string(last.frame) + ", expected a greater number on connection " +
                   std::to_string(conn));
  }
  last = FrameMark{frame, event_call};
}

void WireLines::AddRpc(LineFields& fields, int line) {
  const int conn = static_cast<int>(fields.Int("conn", 1, kMostInt));
  const int call = static_cast<int>(fields.Int("call", 0, kMostInt));
  const std::string method = fields.Text("rpc");
  RecordedRpc* rpc = FindCall(fields, conn, call, "a reply");
  if (rpc == nullptr) return;
  if (rpc->method != method) {
    return fields.Problem("a reply of " + method + " to " + CallWords(conn, call) + ", expected " +
                          rpc->method);
  }
  if (rpc->reply) {
    return fields.Problem("a second reply to " + CallWords(conn, call) + ", the first is on line " +
                          std::to_string(rpc->reply->line) + ", expected one");
  }
  RecordedReply reply = ReadReply(fields, *rpc, line);
  if (const std::optional<RecordedTime> begin = fields.OptionalSeconds("t_begin")) {
    if (*begin > reply.t) fields.Problem("field \"t_begin\" is after \"t\", expected it before");
    rpc->t = *begin;
  }
  rpc->reply = std::move(reply);
}

RecordedReply WireLines::ReadReply(LineFields& fields, const RecordedRpc& rpc, int line) {
  RecordedReply reply;
  reply.line = line;
  reply.t = t_;
  reply.t_data = fields.OptionalSeconds("t_data");
  reply.frame = fields.Int("frame");
  if (fields.Has("frame_data")) reply.frame_data = fields.Int("frame_data");
  if (reply.frame_data && *reply.frame_data > reply.frame) {
    fields.Problem("field \"frame_data\" is " + std::to_string(*reply.frame_data) +
                   ", expected at most that of the trailers, " + std::to_string(reply.frame));
  }
  const std::int64_t code = fields.IntOr("code", fields.Has("error") ? 2 : 0, 0, kMostInt);
  reply.code = libcontainerd::ErrorCodeFromNumber(static_cast<int>(code));
  reply.error = fields.TextOr("error", "");
  if (reply.code == ErrorCode::kOk && fields.Has("error")) {
    fields.Problem("field \"code\" is 0 with an \"error\", expected another code");
  }
  ReadResponse(fields, rpc, reply);
  CheckFrame(fields, rpc.conn, reply.frame, 0);
  return reply;
}

void WireLines::ReadResponse(LineFields& fields, const RecordedRpc& rpc, RecordedReply& reply) {
  const bool stream = rpc.method == "Events";
  if (reply.code != ErrorCode::kOk || stream) return;
  if (!fields.Has("response")) {
    return fields.Problem("field \"response\" is missing, expected it, or \"error\" and \"code\"");
  }
  const json& response = fields.Object("response");
  if (!fields.ok()) return;
  const auto message = NewMessage(ResponseType(rpc.method));
  std::vector<std::string> unknown;
  JsonToMessage(response, "response", fields, unknown, *message);
  for (const std::string& path : unknown) {
    recording_.notes.push_back(fields.where() + ": field \"" + path + "\" is unknown and left out");
  }
  reply.response = message;
}

void WireLines::AddConnectionLine(LineFields& fields, int line, ConnectionChange change) {
  RecordedConnectionLine entry;
  entry.line = line;
  entry.t = t_;
  entry.change = change;
  if (change == ConnectionChange::kOpen || change == ConnectionChange::kClose ||
      change == ConnectionChange::kReset) {
    entry.conn = static_cast<int>(fields.Int("conn", 1, kMostInt));
  }
  if (change == ConnectionChange::kClose) {
    entry.by_client = fields.TextOr("closed_by", "client") == "client";
  } else if (change == ConnectionChange::kReset) {
    entry.call = static_cast<int>(fields.IntOr("call", 0, 0, kMostInt));
    entry.by_client = fields.BoolOr("from_client", false);
    entry.text = fields.TextOr("errcode", "");
  } else if (change == ConnectionChange::kNote) {
    entry.text = fields.TextOr("note", "");
  }
  recording_.connection_lines.push_back(std::move(entry));
}

}  // namespace scenarios
