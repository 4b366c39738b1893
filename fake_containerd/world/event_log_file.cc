#include "fake_containerd/world/event_log_file.h"

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "libcontainerd/time_text.h"

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::FormatTime;
using libcontainerd::ParseTime;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

Result<std::string> TextField(const nlohmann::ordered_json& object, const char* name,
                              bool required) {
  const auto found = object.find(name);
  if (found == object.end()) {
    if (!required) return std::string();
    return Fail(ErrorCode::kDataLoss, std::string("\"") + name + "\" is missing, expected a text");
  }
  if (!found->is_string()) {
    return Fail(ErrorCode::kDataLoss,
                std::string("\"") + name + "\" is " + found->dump() + ", expected a text");
  }
  return found->get<std::string>();
}

// Older daemons wrote -1 for a status that could not be read.
Result<std::uint32_t> StatusField(const nlohmann::ordered_json& object) {
  const auto found = object.find("status");
  if (found == object.end()) return 0U;
  if (!found->is_number_integer()) {
    return Fail(ErrorCode::kDataLoss, "\"status\" is " + found->dump() + ", expected a number");
  }
  const auto number = found->get<std::int64_t>();
  if (number < 0 || number > std::numeric_limits<std::uint32_t>::max()) return kUnreadableStatus;
  return static_cast<std::uint32_t>(number);
}

}  // namespace

std::string ToLogLine(const Event& event) {
  nlohmann::ordered_json object;
  object["id"] = event.container.id;
  object["type"] = EventKindName(event.kind);
  object["timestamp"] = FormatTime(event.time);
  if (!event.process.empty()) object["pid"] = event.process;
  if (event.status != 0) object["status"] = event.status;
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<Event> FromLogLine(const std::string& line) {
  const auto object = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return Fail(ErrorCode::kDataLoss, "not a JSON object, expected one event");
  }
  const Result<std::string> id = TextField(object, "id", true);
  if (!id) return Fail(id.error());
  const Result<std::string> type = TextField(object, "type", true);
  if (!type) return Fail(type.error());
  const Result<std::string> timestamp = TextField(object, "timestamp", true);
  if (!timestamp) return Fail(timestamp.error());
  const Result<std::string> process = TextField(object, "pid", false);
  if (!process) return Fail(process.error());
  const Result<std::uint32_t> status = StatusField(object);
  if (!status) return Fail(status.error());

  const std::optional<EventKind> kind = EventKindFromName(*type);
  if (!kind) {
    return Fail(ErrorCode::kDataLoss, "\"type\" is \"" + *type + "\", expected an event's type");
  }
  const std::optional<WallTime> time = ParseTime(*timestamp);
  if (!time) {
    return Fail(ErrorCode::kDataLoss,
                "\"timestamp\" is \"" + *timestamp + "\", expected RFC 3339 text");
  }
  return Event{.kind = *kind,
               .container = {.id = *id},
               .process = *process,
               .status = *status,
               .time = *time};
}

Result<std::vector<Event>> ReadEventLog(std::istream& in, const std::string& name) {
  std::vector<Event> events;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    Result<Event> event = FromLogLine(line);
    if (!event) {
      return Fail(event.error().code,
                  name + ":" + std::to_string(number) + ": " + event.error().message);
    }
    events.push_back(std::move(*event));
  }
  return events;
}

EventLogFile::EventLogFile(std::filesystem::path path) : path_(std::move(path)) {}

Result<std::vector<Event>> EventLogFile::Read() {
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) return std::vector<Event>();
  std::ifstream in(path_);
  if (!in) return Fail(ErrorCode::kUnknown, "open " + path_.string() + ": " + std::strerror(errno));
  return ReadEventLog(in, path_.string());
}

Status EventLogFile::Rewrite(const std::vector<Event>& events) {
  out_.close();
  out_.clear();
  out_.open(path_, std::ios::trunc);
  if (!out_)
    return Fail(ErrorCode::kUnknown, "open " + path_.string() + ": " + std::strerror(errno));
  for (const Event& event : events) {
    if (Status written = Append(event); !written) return written;
  }
  return {};
}

Status EventLogFile::Append(const Event& event) {
  if (event.container.space != kDefaultNamespace) return {};
  out_ << ToLogLine(event) << '\n' << std::flush;
  if (!out_) return Fail(ErrorCode::kUnknown, "write " + path_.string() + " failed");
  return {};
}

}  // namespace fake_containerd
