#include "lib/core/spec.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace libcontainerd {
namespace {

using Json = nlohmann::json;

// Reads typed fields of one JSON object and keeps the first complaint, so that callers read
// straight down.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string path, Status& status)
      : object_(object), path_(std::move(path)), status_(status) {}

  const Json* Find(const char* key, Json::value_t expected, const char* expected_name) {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return nullptr;
    const bool matches = found->type() == expected || (expected == Json::value_t::number_unsigned &&
                                                       found->is_number_unsigned());
    if (matches) return &*found;
    Complain(key, expected_name, *found);
    return nullptr;
  }
  std::string String(const char* key) {
    const Json* value = Find(key, Json::value_t::string, "a string");
    return value == nullptr ? std::string() : value->get<std::string>();
  }
  bool Bool(const char* key) {
    const Json* value = Find(key, Json::value_t::boolean, "a boolean");
    return value != nullptr && value->get<bool>();
  }
  std::uint64_t Unsigned(const char* key, std::uint64_t most) {
    const Json* value = Find(key, Json::value_t::number_unsigned, "a number from 0");
    if (value == nullptr) return 0;
    const auto number = value->get<std::uint64_t>();
    if (number > most) Complain(key, "a smaller number", *value);
    return number;
  }
  template <class Add>
  void Strings(const char* key, Add add) {
    const Json* values = Find(key, Json::value_t::array, "an array of strings");
    if (values == nullptr) return;
    for (const Json& value : *values) {
      if (!value.is_string()) return Complain(key, "an array of strings", value);
      add(value.get<std::string>());
    }
  }
  void Complain(const std::string& key, const std::string& expected, const Json& got) {
    if (!status_) return;
    constexpr std::size_t kShown = 40;
    std::string text = got.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > kShown) text = text.substr(0, kShown) + "…";
    status_ = Fail(ErrorCode::kInvalidArgument,
                   "OCI spec: " + path_ + key + ": expected " + expected + ", got " + text);
  }

 private:
  const Json& object_;
  std::string path_;
  Status& status_;
};

constexpr std::uint64_t kMaxUint32 = std::numeric_limits<std::uint32_t>::max();

void ReadUser(const Json& json, types::User& user, Status& status) {
  ObjectReader reader(json, "process.user.", status);
  user.set_uid(static_cast<std::uint32_t>(reader.Unsigned("uid", kMaxUint32)));
  user.set_gid(static_cast<std::uint32_t>(reader.Unsigned("gid", kMaxUint32)));
  const Json* groups = reader.Find("additionalGids", Json::value_t::array, "an array of group ids");
  if (groups == nullptr) return;
  for (const Json& group : *groups) {
    if (!group.is_number_unsigned() || group.get<std::uint64_t>() > kMaxUint32) {
      return reader.Complain("additionalGids", "an array of group ids", group);
    }
    user.add_additionalgids(group.get<std::uint32_t>());
  }
}

void ReadRlimits(const Json& limits, types::Process& process, Status& status) {
  for (const Json& limit : limits) {
    ObjectReader reader(limit, "process.rlimits[].", status);
    if (!limit.is_object()) return reader.Complain("", "an object", limit);
    types::Rlimit* rlimit = process.add_rlimits();
    constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
    rlimit->set_type(reader.String("type"));
    rlimit->set_soft(reader.Unsigned("soft", kAny));
    rlimit->set_hard(reader.Unsigned("hard", kAny));
  }
}

// A list until 2017, an object of lists since; what bounds the process is what an exec inherits.
void ReadCapabilities(ObjectReader& reader, const Json& json, types::Process& process,
                      Status& status) {
  const auto add = [&](std::string name) { process.add_capabilities(std::move(name)); };
  const auto found = json.find("capabilities");
  if (found == json.end() || !found->is_object()) return reader.Strings("capabilities", add);
  ObjectReader(*found, "process.capabilities.", status).Strings("bounding", add);
}

// One entry of uidMappings or gidMappings, as one side sees it.
struct IdRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  std::size_t index = 0;
};

// The kernel refuses such maps too, but only once the container starts, and without saying where.
Status CheckRanges(const std::string& map, const std::string& side, std::vector<IdRange> ranges) {
  constexpr std::uint64_t kLastId = kMaxUint32 - 1;  // the last number means "none"
  const auto place = [&](const IdRange& range) {
    return map + "[" + std::to_string(range.index) + "]";
  };
  for (const IdRange& range : ranges) {
    if (range.first + range.size - 1 <= kLastId) continue;
    return Fail(ErrorCode::kInvalidArgument,
                "OCI spec: " + place(range) + ": " + side + " " + std::to_string(range.first) +
                    " and size " + std::to_string(range.size) + " go beyond the last id, " +
                    std::to_string(kLastId));
  }
  std::ranges::sort(ranges, {},
                    [](const IdRange& range) { return std::pair(range.first, range.index); });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    const IdRange& before = ranges[i - 1];
    if (before.first + before.size <= ranges[i].first) continue;
    const auto [first, second] = std::minmax(
        before, ranges[i], [](const IdRange& a, const IdRange& b) { return a.index < b.index; });
    return Fail(ErrorCode::kInvalidArgument,
                "OCI spec: " + place(second) + ": " + side + " overlaps " + place(first));
  }
  return {};
}

// The host's id of the container's id 0; 0 where nothing maps it.
std::uint32_t ReadMappedRoot(ObjectReader& section, const char* key, Status& status) {
  const std::string map = std::string("linux.") + key;
  const Json* entries = section.Find(key, Json::value_t::array, "an array of mappings");
  if (entries == nullptr || !status) return 0;
  std::vector<IdRange> inside;
  std::vector<IdRange> outside;
  std::uint32_t root = 0;
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const Json& entry = (*entries)[i];
    ObjectReader reader(entry, map + "[" + std::to_string(i) + "].", status);
    if (!entry.is_object()) {
      section.Complain(std::string(key) + "[" + std::to_string(i) + "]", "an object", entry);
      return 0;
    }
    const std::uint64_t container_id = reader.Unsigned("containerID", kMaxUint32);
    const std::uint64_t host_id = reader.Unsigned("hostID", kMaxUint32);
    const std::uint64_t size = reader.Unsigned("size", kMaxUint32);
    if (size == 0) {
      const Json none = 0;
      reader.Complain("size", "a number from 1", entry.contains("size") ? entry["size"] : none);
    }
    if (!status) return 0;
    inside.push_back({container_id, size, i});
    outside.push_back({host_id, size, i});
    if (container_id == 0) root = static_cast<std::uint32_t>(host_id);
  }
  status = CheckRanges(map, "containerID", std::move(inside));
  if (status) status = CheckRanges(map, "hostID", std::move(outside));
  return root;
}

}  // namespace

Result<FileOwner> ReadRootOfSpec(std::string_view spec_json) {
  const Json spec = Json::parse(spec_json, nullptr, /*allow_exceptions=*/false);
  if (spec.is_discarded() || !spec.is_object()) {
    return Fail(ErrorCode::kInvalidArgument, "OCI spec: expected a JSON object");
  }
  Status status;
  ObjectReader top(spec, "", status);
  const Json* section = top.Find("linux", Json::value_t::object, "an object");
  FileOwner root;
  if (section != nullptr) {
    ObjectReader reader(*section, "linux.", status);
    root.uid = ReadMappedRoot(reader, "uidMappings", status);
    if (status) root.gid = ReadMappedRoot(reader, "gidMappings", status);
  }
  if (!status) return Fail(status.error());
  return root;
}

Result<types::Process> ReadProcessOfSpec(std::string_view spec_json) {
  const Json spec = Json::parse(spec_json, nullptr, /*allow_exceptions=*/false);
  if (spec.is_discarded() || !spec.is_object()) {
    return Fail(ErrorCode::kInvalidArgument, "OCI spec: expected a JSON object");
  }
  Status status;
  ObjectReader top(spec, "", status);
  const Json* json = top.Find("process", Json::value_t::object, "an object");
  types::Process process;
  if (!status) return Fail(status.error());
  if (json == nullptr) return process;

  ObjectReader reader(*json, "process.", status);
  process.set_terminal(reader.Bool("terminal"));
  process.set_cwd(reader.String("cwd"));
  process.set_apparmorprofile(reader.String("apparmorProfile"));
  process.set_selinuxlabel(reader.String("selinuxLabel"));
  process.set_nonewprivileges(reader.Bool("noNewPrivileges"));
  reader.Strings("args", [&](std::string value) { process.add_args(std::move(value)); });
  reader.Strings("env", [&](std::string value) { process.add_env(std::move(value)); });
  ReadCapabilities(reader, *json, process, status);
  process.mutable_user();
  if (const Json* user = reader.Find("user", Json::value_t::object, "an object")) {
    ReadUser(*user, *process.mutable_user(), status);
  }
  if (const Json* limits = reader.Find("rlimits", Json::value_t::array, "an array")) {
    ReadRlimits(*limits, process, status);
  }
  if (!status) return Fail(status.error());
  return process;
}

}  // namespace libcontainerd
