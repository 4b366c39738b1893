#include <charconv>

#include "scenarios/recording_lines.h"

namespace scenarios {
namespace {

using libcontainerd::Status;
using nlohmann::json;

constexpr std::int64_t kMostUint32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::string_view kClientKinds =
    "ready, bye, state, result, attach, output, eof, stdin-close-error, log";

// Takes "rpc error: code = N desc = TEXT" apart.
void ReadErrorText(RecordedCommand& command) {
  constexpr std::string_view kBefore = "rpc error: code = ";
  constexpr std::string_view kBetween = " desc = ";
  command.error_text = command.error;
  if (command.ok) return;
  command.code = ErrorCode::kUnknown;
  const std::string_view text = command.error;
  if (!text.starts_with(kBefore)) return;
  int code = 0;
  const char* begin = text.data() + kBefore.size();
  const auto [end, problem] = std::from_chars(begin, text.data() + text.size(), code);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (problem != std::errc() || !rest.starts_with(kBetween)) return;
  command.from_rpc = true;
  command.code = libcontainerd::ErrorCodeFromNumber(code);
  command.error_text = rest.substr(kBetween.size());
}

std::string ReadStream(LineFields& fields) {
  std::string stream = fields.Text("stream");
  if (fields.ok() && stream != "stdout" && stream != "stderr") {
    fields.Problem("field \"stream\" is " + json(stream).dump() +
                   ", expected \"stdout\" or \"stderr\"");
  }
  return stream;
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Status ClientLines::Add(const json& object, int line) {
  LineFields fields(object, recording_.client_file + ":" + std::to_string(line));
  const std::string kind = fields.Text("kind");
  ClientLine base;
  base.line = line;
  base.t = clock_.Read(fields);
  base.lib = static_cast<int>(fields.IntOr("lib", 1, 1, kMostInt));
  std::int64_t& last_order = last_order_[base.lib];
  base.order = last_order = fields.IntOr("seq", last_order);
  if (!fields.ok()) return fields.Check();
  if (!Dispatch(kind, fields, base)) {
    fields.Problem("unknown kind " + json(kind).dump() + ", expected one of " +
                   std::string(kClientKinds));
  }
  return fields.Check();
}

bool ClientLines::Dispatch(const std::string& kind, LineFields& fields, const ClientLine& base) {
  if (kind == "ready" || kind == "bye") {
    recording_.markers.push_back(RecordedMarker{base, kind == "ready"});
  } else if (kind == "state") {
    AddState(fields, base);
  } else if (kind == "result") {
    AddResult(fields, base);
  } else if (kind == "attach") {
    recording_.attaches.push_back(
        RecordedAttach{base, fields.Text("name"), fields.BoolOr("terminal", false)});
  } else if (kind == "output") {
    AddOutput(fields, base);
  } else if (kind == "eof") {
    AddEof(fields, base);
  } else if (kind == "stdin-close-error") {
    recording_.stdin_close_errors.push_back(
        RecordedStdinCloseError{base, fields.Text("name"), fields.TextOr("error", "")});
  } else if (kind == "log") {
    recording_.logs.push_back(
        RecordedLog{base, fields.TextOr("level", ""), fields.TextOr("msg", "")});
  } else {
    return false;
  }
  return true;
}

void ClientLines::AddResult(LineFields& fields, const ClientLine& base) {
  RecordedCommand command;
  static_cast<ClientLine&>(command) = base;
  command.cmd = fields.Text("cmd");
  command.n = fields.IntOr("n", 0);
  command.id = fields.TextOr("id", "");
  command.pid = fields.TextOr("pid", "");
  command.ok = fields.Bool("ok");
  if (!command.ok && fields.ok()) command.error = fields.Text("error");
  ReadErrorText(command);
  const RecordedTime lasted = fields.MillisecondsOr("dur_ms", RecordedTime{0});
  if (lasted > base.t) {
    fields.Problem("field \"dur_ms\" reaches back before the recording began, expected at most " +
                   std::to_string(base.t.count() / 1'000'000) + " ms");
  }
  command.begin = base.t - lasted;
  if (fields.Has("value")) command.value = fields.Value("value");
  recording_.commands.push_back(std::move(command));
}

void ClientLines::AddState(LineFields& fields, const ClientLine& base) {
  RecordedState state;
  static_cast<ClientLine&>(state) = base;
  state.state = fields.Text("state");
  state.id = fields.Text("id");
  state.pid = static_cast<std::uint32_t>(fields.IntOr("pid", 0, 0, kMostUint32));
  state.exit_code = static_cast<std::uint32_t>(fields.IntOr("exitcode", 0, 0, kMostUint32));
  state.process = fields.TextOr("processid", "");
  state.oom_killed = fields.BoolOr("oomkilled", false);
  recording_.states.push_back(std::move(state));
}

void ClientLines::AddOutput(LineFields& fields, const ClientLine& base) {
  RecordedOutput output;
  static_cast<ClientLine&>(output) = base;
  output.name = fields.Text("name");
  output.stream = ReadStream(fields);
  output.data = fields.OptionalBase64("data");
  if (output.data) {
    output.length = output.data->size();
  } else {
    output.length = static_cast<std::uint64_t>(fields.Int("len"));
  }
  const std::int64_t length = fields.IntOr("len", static_cast<std::int64_t>(output.length));
  if (fields.ok() && static_cast<std::uint64_t>(length) != output.length) {
    fields.Problem("field \"len\" is " + std::to_string(length) + ", expected " +
                   std::to_string(output.length) + ", the length of \"data\"");
  }
  recording_.outputs.push_back(std::move(output));
}

void ClientLines::AddEof(LineFields& fields, const ClientLine& base) {
  RecordedEof eof;
  static_cast<ClientLine&>(eof) = base;
  eof.name = fields.Text("name");
  eof.stream = ReadStream(fields);
  eof.total = static_cast<std::uint64_t>(fields.IntOr("total", 0));
  eof.sha256 = fields.TextOr("sha256", "");
  if (!eof.sha256.empty() && !IsSha256(eof.sha256)) {
    fields.Problem("field \"sha256\" is " + json(eof.sha256).dump() +
                   ", expected 64 lower-case hexadecimal digits");
  }
  recording_.eofs.push_back(std::move(eof));
}

}  // namespace scenarios
