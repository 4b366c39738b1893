#include "scenarios/recording.h"

#include "scenarios/recording_messages.h"

namespace scenarios {
namespace {

using Values = std::map<std::string, std::string>;

void Substitute(const Values& values, std::string& text) {
  if (text.find("${") != std::string::npos) text = SubstitutePlaceholders(text, values);
}

void Substitute(const Values& values, SharedMessage& message) {
  if (!message) return;
  std::shared_ptr<google::protobuf::Message> copy(message->New());
  copy->CopyFrom(*message);
  SubstituteInMessage(values, *copy);
  message = std::move(copy);
}

void Substitute(const Values& values, nlohmann::json& value) {
  if (value.is_string()) {
    Substitute(values, value.get_ref<std::string&>());
  } else if (value.is_structured()) {
    for (nlohmann::json& member : value) Substitute(values, member);
  }
}

void SubstituteWire(const Values& values, Recording& recording) {
  for (RecordedRpc& rpc : recording.rpcs) {
    Substitute(values, rpc.request);
    if (!rpc.reply) continue;
    Substitute(values, rpc.reply->response);
    Substitute(values, rpc.reply->error);
  }
  for (RecordedEvent& event : recording.events) SubstituteInMessage(values, event.event);
  for (RecordedConnectionLine& line : recording.connection_lines) Substitute(values, line.text);
}

void SubstituteClient(const Values& values, Recording& recording) {
  for (RecordedCommand& command : recording.commands) {
    for (std::string* text : {&command.id, &command.pid, &command.error, &command.error_text}) {
      Substitute(values, *text);
    }
    Substitute(values, command.value);
  }
  for (RecordedState& state : recording.states) {
    Substitute(values, state.id);
    Substitute(values, state.process);
  }
  for (RecordedAttach& attach : recording.attaches) Substitute(values, attach.name);
  for (RecordedOutput& output : recording.outputs) Substitute(values, output.name);
  for (RecordedEof& eof : recording.eofs) Substitute(values, eof.name);
  for (RecordedStdinCloseError& line : recording.stdin_close_errors) {
    Substitute(values, line.name);
    Substitute(values, line.error);
  }
  for (RecordedLog& log : recording.logs) Substitute(values, log.text);
}

}  // namespace

std::string SubstitutePlaceholders(std::string_view text, const Values& values) {
  std::string result;
  while (!text.empty()) {
    const std::size_t begin = text.find("${");
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) break;
    result += text.substr(0, begin);
    const auto found = values.find(std::string(text.substr(begin + 2, end - begin - 2)));
    if (found != values.end()) {
      result += found->second;
      text.remove_prefix(end + 1);
    } else {  // step past the "${" only: what follows may hold another placeholder
      result += "${";
      text.remove_prefix(begin + 2);
    }
  }
  return result += text;
}

std::string Recording::Where(SourceLine source) const {
  return (source.client ? client_file : wire_file) + ":" + std::to_string(source.line);
}

Recording Recording::WithPlaceholders(const Values& values) const {
  Recording copy = *this;
  SubstituteWire(values, copy);
  SubstituteClient(values, copy);
  for (std::vector<RecordingHints::Stdin>* list : {&copy.hints.writes, &copy.hints.closes}) {
    for (RecordingHints::Stdin& hint : *list) {
      Substitute(values, hint.container);
      Substitute(values, hint.process);
    }
  }
  return copy;
}

}  // namespace scenarios
