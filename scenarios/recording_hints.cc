#include "scenarios/recording_lines.h"

namespace scenarios {
namespace {

using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;
using nlohmann::json;

// Calls `read` with the fields of each element of the list `name`, if there is one.
template <class Read>
Status EachHint(const json& object, const std::string& file, const char* name, Read read) {
  LineFields top(object, file);
  if (!top.Has(name)) return {};
  const json& list = top.Array(name);
  if (Status status = top.Check(); !status) return status;
  std::size_t index = 0;
  for (const json& element : list) {
    const std::string where = file + ": " + name + "[" + std::to_string(index++) + "]";
    if (!element.is_object()) {
      return Fail(
          ErrorCode::kInvalidArgument,
          where + ": it is " + std::string(JsonTypeWords(element)) + ", expected an object");
    }
    LineFields fields(element, where);
    read(fields);
    if (Status status = fields.Check(); !status) return status;
  }
  return {};
}

RecordingHints::Stdin ReadStdin(LineFields& fields, bool with_data) {
  RecordingHints::Stdin hint;
  hint.n = fields.Int("n");
  hint.container = fields.Text("container");
  hint.process = fields.Text("process");
  if (with_data) hint.data = fields.Text("data");
  return hint;
}

Status CheckNames(const json& object, const std::string& file) {
  for (const auto& [name, value] : object.items()) {
    if (name != "comment" && name != "writes" && name != "closestdin" && name != "streams" &&
        name != "attaches" && name != "events") {
      return Fail(ErrorCode::kInvalidArgument,
                  file + ": unknown field " + json(name).dump() +
                      ", expected comment, writes, closestdin, streams, attaches or events");
    }
  }
  return {};
}

}  // namespace

Result<RecordingHints> ReadHints(const json& object, const std::string& file) {
  RecordingHints hints;
  Status status = CheckNames(object, file);
  const auto each = [&](const char* name, auto read) {
    if (status) status = EachHint(object, file, name, read);
  };
  each("writes", [&](LineFields& fields) { hints.writes.push_back(ReadStdin(fields, true)); });
  each("closestdin", [&](LineFields& fields) { hints.closes.push_back(ReadStdin(fields, false)); });
  each("streams", [&](LineFields& fields) {
    const int line = static_cast<int>(fields.Int("line", 1, kMostInt));
    hints.stream_attach[line] = static_cast<int>(fields.Int("attach", 1, kMostInt));
  });
  each("attaches", [&](LineFields& fields) {
    const int line = static_cast<int>(fields.Int("line", 1, kMostInt));
    hints.attach_command[line] = fields.Int("n");
  });
  each("events", [&](LineFields& fields) {
    const int line = static_cast<int>(fields.Int("line", 1, kMostInt));
    hints.event_command[line] = fields.Int("n");
  });
  if (!status) return Fail(std::move(status).error());
  return hints;
}

}  // namespace scenarios
