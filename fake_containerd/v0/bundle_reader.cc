#include "fake_containerd/v0/bundle_reader.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "fake_containerd/world/checkpoints.h"
#include "libcontainerd/json_text.h"

namespace fake_containerd::v0 {
namespace {

using Kind = libcontainerd::JsonText::Kind;
using Value = libcontainerd::JsonText::Value;
using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::JsonText;
using libcontainerd::Result;

constexpr std::size_t kLongestConfig = std::size_t{16} << 20;

Result<std::string> ReadFile(const std::string& path) {
  // A device or a pipe would never end, or never open.
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type != std::filesystem::file_type::regular &&
      type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::none &&
      type != std::filesystem::file_type::directory) {
    return Fail(ErrorCode::kInvalidArgument, "open " + path + ": is no regular file");
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    if (errno == EACCES)
      return Fail(ErrorCode::kPermissionDenied, "open " + path + ": permission denied");
    return Fail(ErrorCode::kNotFound, "open " + path + ": no such file or directory");
  }
  std::string text;
  char buffer[1 << 14];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLongestConfig) {
      return Fail(ErrorCode::kInvalidArgument,
                  "read " + path + ": has more than " + std::to_string(kLongestConfig) + " bytes");
    }
  }
  return text;
}

// Reads fields by type and remembers that one was of another: Go refuses the whole file then.
class Reader {
 public:
  explicit Reader(Value object) : object_(object) {}

  bool ok() const { return ok_; }
  std::optional<Value> Object(const char* name) { return Get(name, Kind::kObject); }
  std::string Text(std::string_view name) {
    const std::optional<Value> found = Get(name, Kind::kText);
    return found ? std::string(found->text()) : std::string();
  }
  bool Flag(const char* name) {
    const std::optional<Value> found = Get(name, Kind::kFlag);
    return found && found->flag();
  }
  std::uint64_t Number(const char* name) {
    const std::optional<Value> found = Get(name, Kind::kWhole);
    return found ? found->whole() : 0;
  }
  std::vector<std::string> Texts(const char* name) {
    std::vector<std::string> texts;
    const std::optional<Value> found = Get(name, Kind::kList);
    if (!found) return texts;
    for (const Value item : *found) {
      ok_ = ok_ && item.is(Kind::kText);
      if (item.is(Kind::kText)) texts.emplace_back(item.text());
    }
    return texts;
  }
  // Absent, negative and absurd numbers limit nothing.
  std::optional<std::uint64_t> Limit(const char* name) const {
    const std::optional<Value> found = Field(name);
    if (!found || !found->is(Kind::kWhole)) return std::nullopt;
    return found->whole();
  }
  std::optional<Value> Array(const char* name) { return Get(name, Kind::kList); }
  void Merge(const Reader& other) { ok_ = ok_ && other.ok_; }
  std::optional<Value> Field(std::string_view name) const {
    const std::optional<Value> found = object_.Find(name);
    return !found || found->is(Kind::kNull) ? std::nullopt : found;
  }

 private:
  std::optional<Value> Get(std::string_view name, Kind kind) {
    const std::optional<Value> found = Field(name);
    if (!found) return std::nullopt;
    ok_ = ok_ && found->is(kind);
    return found->is(kind) ? found : std::nullopt;
  }

  Value object_;
  bool ok_ = true;
};

void ReadUser(Reader& process, ProcessUser& user) {
  const auto object = process.Object("user");
  if (!object) return;
  Reader reader(*object);
  user.uid = static_cast<std::uint32_t>(reader.Number("uid"));
  user.gid = static_cast<std::uint32_t>(reader.Number("gid"));
  if (const auto groups = reader.Array("additionalGids")) {
    for (const Value group : *groups) {
      if (!group.is(Kind::kWhole)) continue;
      user.additional_gids.push_back(static_cast<std::uint32_t>(group.whole()));
    }
  }
  process.Merge(reader);
}

void ReadLimits(Reader& process, std::vector<ResourceLimit>& limits) {
  const auto array = process.Array("rlimits");
  if (!array) return;
  for (const Value item : *array) {
    if (!item.is(Kind::kObject)) continue;
    Reader reader(item);
    limits.push_back({reader.Text("type"), reader.Number("soft"), reader.Number("hard")});
    process.Merge(reader);
  }
}

// A list in 2016, an object with one list per set since.
std::vector<std::string> ReadCapabilities(Reader& process) {
  const auto found = process.Field("capabilities");
  if (!found || !found->is(Kind::kObject)) return process.Texts("capabilities");
  Reader sets(*found);
  return sets.Texts("bounding");
}

void ReadAnnotations(Reader& root, std::map<std::string, std::string>& annotations) {
  const auto object = root.Object("annotations");
  if (!object) return;
  Reader reader(*object);
  for (auto each = object->begin(); each != object->end(); ++each) {
    annotations[std::string(each.name())] = reader.Text(each.name());
  }
  root.Merge(reader);
}

void ReadResources(Reader& linux_section, Resources& resources) {
  const auto object = linux_section.Object("resources");
  if (!object) return;
  Reader reader(*object);
  if (const auto memory = reader.Object("memory")) {
    const Reader limits(*memory);
    resources.memory_limit = limits.Limit("limit");
    resources.memory_swap = limits.Limit("swap");
    resources.memory_reservation = limits.Limit("reservation");
    resources.kernel_memory_limit = limits.Limit("kernel");
  }
  if (const auto cpu = reader.Object("cpu")) {
    const Reader limits(*cpu);
    resources.cpu_shares = limits.Limit("shares");
    resources.cpu_period = limits.Limit("period");
    resources.cpu_quota = limits.Limit("quota");
  }
  if (const auto pids = reader.Object("pids")) {
    resources.pids_limit = Reader(*pids).Limit("limit");
  }
  linux_section.Merge(reader);
}

bool ReadSpec(Value config, BundleSpec& spec) {
  Reader root(config);
  ReadAnnotations(root, spec.annotations);
  if (const auto linux_section = root.Object("linux")) {
    Reader reader(*linux_section);
    spec.cgroups_path = reader.Text("cgroupsPath");
    ReadResources(reader, spec.resources);
    root.Merge(reader);
  }
  if (const auto object = root.Object("process")) {
    Reader reader(*object);
    ProcessSpec& process = spec.process;
    process.terminal = reader.Flag("terminal");
    process.args = reader.Texts("args");
    process.env = reader.Texts("env");
    process.cwd = reader.Text("cwd");
    Privileges privileges;
    privileges.capabilities = ReadCapabilities(reader);
    privileges.apparmor_profile = reader.Text("apparmorProfile");
    privileges.selinux_label = reader.Text("selinuxLabel");
    privileges.no_new_privileges = reader.Flag("noNewPrivileges");
    ReadUser(reader, process.user);
    ReadLimits(reader, privileges.rlimits);
    if (privileges != Privileges()) process.privileges.Make() = std::move(privileges);
    root.Merge(reader);
  }
  return root.ok();
}

// Of what is no JSON.
libcontainerd::Error SyntaxError(const std::string& text) {
  try {
    [[maybe_unused]] const nlohmann::json parsed = nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    if (error.byte > text.size()) return {ErrorCode::kFailedPrecondition, "unexpected EOF"};
    const std::string culprit = text.substr(error.byte == 0 ? 0 : error.byte - 1, 1);
    return {ErrorCode::kUnknown,
            "invalid character '" + culprit + "' looking for beginning of value"};
  } catch (const nlohmann::json::exception&) {
    // A number beyond all numbers.
  }
  return {ErrorCode::kUnknown,
          "json: cannot unmarshal config.json into Go value of type specs.Spec"};
}

}  // namespace

Awaitable<Result<std::string>> FileBundleReader::ReadConfig(std::string bundle) {
  auto read = [path = JoinPath(bundle, "config.json")] { return ReadFile(path); };
  Awaitable<Result<std::string>> reading = libcontainerd::OffExecutor(runtime_, std::move(read));
  co_return co_await std::move(reading);
}

Awaitable<Result<std::string>> MemoryBundleReader::ReadConfig(std::string bundle) {
  std::optional<std::string> text;
  if (lookup_) {
    text = lookup_(bundle);
  } else if (const auto found = configs_.find(bundle); found != configs_.end()) {
    text = found->second;
  }
  if (text) co_return std::move(*text);
  co_return Fail(ErrorCode::kNotFound,
                 "open " + JoinPath(bundle, "config.json") + ": no such file or directory");
}

Result<BundleSpec> ParseConfig(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Fail(ErrorCode::kOutOfRange, "EOF");
  }
  const std::optional<JsonText> config = JsonText::Parse(text);
  if (!config) return Fail(SyntaxError(text));
  BundleSpec spec;
  if (!config->root().is(Kind::kObject) || !ReadSpec(config->root(), spec)) {
    return Fail(ErrorCode::kUnknown,
                "json: cannot unmarshal config.json into Go value of type specs.Spec");
  }
  if (!Reader(config->root()).Field("linux")) {
    return Fail(ErrorCode::kInvalidArgument, "config.json: linux: missing, expected an object");
  }
  return spec;
}

}  // namespace fake_containerd::v0
