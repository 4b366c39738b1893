#include "lib/core/spec.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "libcontainerd/json_text.h"

namespace libcontainerd {
namespace {

using Kind = JsonText::Kind;
using Value = JsonText::Value;

// Reads typed fields of one JSON object and keeps the first complaint, so that callers read
// straight down.
class ObjectReader {
 public:
  // `path` outlives it.
  ObjectReader(Value object, std::string_view path, Status& status)
      : object_(object), path_(path), status_(status) {}

  std::optional<Value> Find(const char* key, Kind expected, const char* expected_name) {
    const std::optional<Value> found = object_.Find(key);
    if (!found || found->is(Kind::kNull)) return std::nullopt;
    if (found->is(expected)) return found;
    Complain(key, expected_name, found->raw());
    return std::nullopt;
  }
  std::string String(const char* key) {
    const std::optional<Value> value = Find(key, Kind::kText, "a string");
    return value ? std::string(value->text()) : std::string();
  }
  bool Bool(const char* key) {
    const std::optional<Value> value = Find(key, Kind::kFlag, "a boolean");
    return value && value->flag();
  }
  std::uint64_t Unsigned(const char* key, std::uint64_t most) {
    const std::optional<Value> value = Find(key, Kind::kWhole, "a number from 0");
    if (!value) return 0;
    if (value->whole() > most) Complain(key, "a smaller number", value->raw());
    return value->whole();
  }
  template <class Add>
  void Strings(const char* key, Add add) {
    const std::optional<Value> values = Find(key, Kind::kList, "an array of strings");
    if (!values) return;
    for (const Value value : *values) {
      if (!value.is(Kind::kText)) return Complain(key, "an array of strings", value.raw());
      add(std::string(value.text()));
    }
  }
  void Complain(const std::string& key, const std::string& expected, std::string_view got) {
    if (!status_) return;
    constexpr std::size_t kShown = 40;
    // In the words of a parser that writes too.
    using Json = nlohmann::json;
    std::string text = Json::parse(got, nullptr, /*allow_exceptions=*/false)
                           .dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > kShown) text = text.substr(0, kShown) + "…";
    status_ = Fail(ErrorCode::kInvalidArgument, "OCI spec: " + std::string(path_) + key +
                                                    ": expected " + expected + ", got " + text);
  }

 private:
  const Value object_;
  const std::string_view path_;
  Status& status_;
};

constexpr std::uint64_t kMaxUint32 = std::numeric_limits<std::uint32_t>::max();

void ReadUser(Value json, types::User& user, Status& status) {
  ObjectReader reader(json, "process.user.", status);
  user.set_uid(static_cast<std::uint32_t>(reader.Unsigned("uid", kMaxUint32)));
  user.set_gid(static_cast<std::uint32_t>(reader.Unsigned("gid", kMaxUint32)));
  const auto groups = reader.Find("additionalGids", Kind::kList, "an array of group ids");
  if (!groups) return;
  for (const Value group : *groups) {
    if (!group.is(Kind::kWhole) || group.whole() > kMaxUint32) {
      return reader.Complain("additionalGids", "an array of group ids", group.raw());
    }
    user.add_additionalgids(static_cast<std::uint32_t>(group.whole()));
  }
}

void ReadRlimits(Value limits, types::Process& process, Status& status) {
  for (const Value limit : limits) {
    ObjectReader reader(limit, "process.rlimits[].", status);
    if (!limit.is(Kind::kObject)) return reader.Complain("", "an object", limit.raw());
    types::Rlimit* rlimit = process.add_rlimits();
    constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
    rlimit->set_type(reader.String("type"));
    rlimit->set_soft(reader.Unsigned("soft", kAny));
    rlimit->set_hard(reader.Unsigned("hard", kAny));
  }
}

// A list until 2017, an object of lists since; what bounds the process is what an exec inherits.
void ReadCapabilities(ObjectReader& reader, Value json, types::Process& process, Status& status) {
  const auto add = [&](std::string name) { process.add_capabilities(std::move(name)); };
  const auto found = json.Find("capabilities");
  if (!found || !found->is(Kind::kObject)) return reader.Strings("capabilities", add);
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
  const auto entries = section.Find(key, Kind::kList, "an array of mappings");
  if (!entries || !status) return 0;
  std::vector<IdRange> inside;
  std::vector<IdRange> outside;
  std::uint32_t root = 0;
  std::size_t i = 0;
  for (const Value entry : *entries) {
    const std::string path = map + "[" + std::to_string(i) + "].";
    ObjectReader reader(entry, path, status);
    if (!entry.is(Kind::kObject)) {
      section.Complain(std::string(key) + "[" + std::to_string(i) + "]", "an object", entry.raw());
      return 0;
    }
    const std::uint64_t container_id = reader.Unsigned("containerID", kMaxUint32);
    const std::uint64_t host_id = reader.Unsigned("hostID", kMaxUint32);
    const std::uint64_t size = reader.Unsigned("size", kMaxUint32);
    if (size == 0) {
      const auto given = entry.Find("size");
      reader.Complain("size", "a number from 1", given ? given->raw() : "0");
    }
    if (!status) return 0;
    inside.push_back({container_id, size, i});
    outside.push_back({host_id, size, i});
    if (container_id == 0) root = static_cast<std::uint32_t>(host_id);
    ++i;
  }
  status = CheckRanges(map, "containerID", std::move(inside));
  if (status) status = CheckRanges(map, "hostID", std::move(outside));
  return root;
}

Status ReadRoot(Value spec, FileOwner& root) {
  Status status;
  ObjectReader top(spec, "", status);
  const auto section = top.Find("linux", Kind::kObject, "an object");
  if (!section) return status;
  ObjectReader reader(*section, "linux.", status);
  root.uid = ReadMappedRoot(reader, "uidMappings", status);
  if (status) root.gid = ReadMappedRoot(reader, "gidMappings", status);
  return status;
}

Status ReadProcess(Value spec, types::Process& process) {
  Status status;
  ObjectReader top(spec, "", status);
  const auto json = top.Find("process", Kind::kObject, "an object");
  if (!json) return status;

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
  if (const auto user = reader.Find("user", Kind::kObject, "an object")) {
    ReadUser(*user, *process.mutable_user(), status);
  }
  if (const auto limits = reader.Find("rlimits", Kind::kList, "an array")) {
    ReadRlimits(*limits, process, status);
  }
  return status;
}

}  // namespace

Result<ContainerSpec> ReadSpec(std::string_view spec_json) {
  const std::optional<JsonText> spec = JsonText::Parse(spec_json);
  if (!spec || !spec->root().is(Kind::kObject)) {
    return Fail(ErrorCode::kInvalidArgument, "OCI spec: expected a JSON object");
  }
  ContainerSpec read;
  Status status = ReadProcess(spec->root(), read.process);
  if (status) status = ReadRoot(spec->root(), read.root);
  if (!status) return Fail(std::move(status).error());
  return read;
}

}  // namespace libcontainerd
