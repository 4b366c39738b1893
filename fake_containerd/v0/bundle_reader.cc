#include "fake_containerd/v0/bundle_reader.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "fake_containerd/world/checkpoints.h"

namespace fake_containerd::v0 {
namespace {

using Json = nlohmann::json;
using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
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
  explicit Reader(const Json& object) : object_(object) {}

  bool ok() const { return ok_; }
  const Json* Object(const char* name) { return Get(name, Json::value_t::object); }
  std::string Text(const char* name) {
    const Json* found = Get(name, Json::value_t::string);
    return found == nullptr ? std::string() : found->get<std::string>();
  }
  bool Flag(const char* name) {
    const Json* found = Get(name, Json::value_t::boolean);
    return found != nullptr && found->get<bool>();
  }
  std::uint64_t Number(const char* name) {
    const Json* found = Field(name);
    if (found == nullptr) return 0;
    ok_ = ok_ && found->is_number_unsigned();
    return found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  }
  std::vector<std::string> Texts(const char* name) {
    std::vector<std::string> texts;
    const Json* found = Get(name, Json::value_t::array);
    if (found == nullptr) return texts;
    for (const Json& item : *found) {
      ok_ = ok_ && item.is_string();
      if (item.is_string()) texts.push_back(item.get<std::string>());
    }
    return texts;
  }
  // Absent, negative and absurd numbers limit nothing.
  std::optional<std::uint64_t> Limit(const char* name) const {
    const Json* found = Field(name);
    if (found == nullptr || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
  }
  const Json* Array(const char* name) { return Get(name, Json::value_t::array); }
  void Merge(const Reader& other) { ok_ = ok_ && other.ok_; }
  const Json* Field(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

 private:
  const Json* Get(const char* name, Json::value_t type) {
    const Json* found = Field(name);
    if (found == nullptr) return nullptr;
    ok_ = ok_ && found->type() == type;
    return found->type() == type ? found : nullptr;
  }

  const Json& object_;
  bool ok_ = true;
};

void ReadUser(Reader& process, ProcessUser& user) {
  const Json* object = process.Object("user");
  if (object == nullptr) return;
  Reader reader(*object);
  user.uid = static_cast<std::uint32_t>(reader.Number("uid"));
  user.gid = static_cast<std::uint32_t>(reader.Number("gid"));
  if (const Json* groups = reader.Array("additionalGids")) {
    for (const Json& group : *groups) {
      if (group.is_number_unsigned()) user.additional_gids.push_back(group.get<std::uint32_t>());
    }
  }
  process.Merge(reader);
}

void ReadLimits(Reader& process, std::vector<ResourceLimit>& limits) {
  const Json* array = process.Array("rlimits");
  if (array == nullptr) return;
  for (const Json& item : *array) {
    if (!item.is_object()) continue;
    Reader reader(item);
    limits.push_back({reader.Text("type"), reader.Number("soft"), reader.Number("hard")});
    process.Merge(reader);
  }
}

// A list in 2016, an object with one list per set since.
std::vector<std::string> ReadCapabilities(Reader& process) {
  const Json* found = process.Field("capabilities");
  if (found == nullptr || !found->is_object()) return process.Texts("capabilities");
  Reader sets(*found);
  return sets.Texts("bounding");
}

void ReadAnnotations(Reader& root, std::map<std::string, std::string>& annotations) {
  const Json* object = root.Object("annotations");
  if (object == nullptr) return;
  Reader reader(*object);
  for (const auto& [name, value] : object->items()) annotations[name] = reader.Text(name.c_str());
  root.Merge(reader);
}

void ReadResources(Reader& linux_section, Resources& resources) {
  const Json* object = linux_section.Object("resources");
  if (object == nullptr) return;
  Reader reader(*object);
  if (const Json* memory = reader.Object("memory")) {
    const Reader limits(*memory);
    resources.memory_limit = limits.Limit("limit");
    resources.memory_swap = limits.Limit("swap");
    resources.memory_reservation = limits.Limit("reservation");
    resources.kernel_memory_limit = limits.Limit("kernel");
  }
  if (const Json* cpu = reader.Object("cpu")) {
    const Reader limits(*cpu);
    resources.cpu_shares = limits.Limit("shares");
    resources.cpu_period = limits.Limit("period");
    resources.cpu_quota = limits.Limit("quota");
  }
  if (const Json* pids = reader.Object("pids")) {
    resources.pids_limit = Reader(*pids).Limit("limit");
  }
  linux_section.Merge(reader);
}

bool ReadSpec(const Json& config, BundleSpec& spec) {
  Reader root(config);
  ReadAnnotations(root, spec.annotations);
  if (const Json* linux_section = root.Object("linux")) {
    Reader reader(*linux_section);
    spec.cgroups_path = reader.Text("cgroupsPath");
    ReadResources(reader, spec.resources);
    root.Merge(reader);
  }
  if (const Json* object = root.Object("process")) {
    Reader reader(*object);
    ProcessSpec& process = spec.process;
    process.terminal = reader.Flag("terminal");
    process.args = reader.Texts("args");
    process.env = reader.Texts("env");
    process.cwd = reader.Text("cwd");
    process.capabilities = ReadCapabilities(reader);
    process.apparmor_profile = reader.Text("apparmorProfile");
    process.selinux_label = reader.Text("selinuxLabel");
    process.no_new_privileges = reader.Flag("noNewPrivileges");
    ReadUser(reader, process.user);
    ReadLimits(reader, process.rlimits);
    root.Merge(reader);
  }
  return root.ok();
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
  Json config;
  try {
    config = Json::parse(text);
  } catch (const Json::parse_error& error) {
    if (error.byte > text.size()) return Fail(ErrorCode::kFailedPrecondition, "unexpected EOF");
    const std::string culprit = text.substr(error.byte == 0 ? 0 : error.byte - 1, 1);
    return Fail(ErrorCode::kUnknown,
                "invalid character '" + culprit + "' looking for beginning of value");
  }
  BundleSpec spec;
  if (!config.is_object() || !ReadSpec(config, spec)) {
    return Fail(ErrorCode::kUnknown,
                "json: cannot unmarshal config.json into Go value of type specs.Spec");
  }
  if (Reader(config).Field("linux") == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "config.json: linux: missing, expected an object");
  }
  return spec;
}

}  // namespace fake_containerd::v0
