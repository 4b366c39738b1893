#include "fake_containerd/world/checkpoints.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

namespace fake_containerd {

std::string JoinPath(const std::string& directory, const std::string& name) {
  if (directory.empty() && name.empty()) return "";
  std::string path = directory;
  if (!directory.empty() && !name.empty()) path += "/";
  path += name;
  std::string clean = std::filesystem::path(path).lexically_normal().string();
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using libcontainerd::ErrorCode;

constexpr char kConfigName[] = "config.json";

tl::unexpected<Failure> Refused(FailureKind kind, std::string subject,
                                libcontainerd::Error passed_on = {}) {
  Failure failure;
  failure.kind = kind;
  failure.subject = std::move(subject);
  failure.passed_on = std::move(passed_on);
  return tl::unexpected<Failure>(std::move(failure));
}

tl::unexpected<Failure> Refused(const std::string& what, const std::string& path,
                                const std::error_code& error) {
  const ErrorCode code =
      error == std::errc::permission_denied ? ErrorCode::kPermissionDenied : ErrorCode::kUnknown;
  return Refused(FailureKind::kBundle, path, {code, what + " " + path + ": " + error.message()});
}

bool IsFileName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

std::string ToText(const CheckpointOptions& options) {
  const Json json = {
      {"name", options.name},   {"tcp", options.tcp},   {"unixSockets", options.unix_sockets},
      {"shell", options.shell}, {"exit", options.exit}, {"emptyNS", options.empty_namespaces}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<CheckpointOptions> FromText(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  CheckpointOptions options;
  try {
    options.name = json.value("name", "");
    options.tcp = json.value("tcp", false);
    options.unix_sockets = json.value("unixSockets", false);
    options.shell = json.value("shell", false);
    options.exit = json.value("exit", false);
    options.empty_namespaces = json.value("emptyNS", std::vector<std::string>());
  } catch (const Json::exception&) {  // a field of another type
    return std::nullopt;
  }
  return options;
}

}  // namespace

WorldStatus Checkpoints::Create(const std::string& directory, const CheckpointOptions& options) {
  const std::string clean = JoinPath(directory, "");
  if (on_disk_) return CreateOnDisk(clean, options);
  // Without a name it is the directory itself, which is made all the same.
  auto& entries = directories_[clean];
  if (options.name.empty() || !entries.try_emplace(options.name, options).second) {
    return Refused(FailureKind::kCheckpointExists, JoinPath(clean, options.name));
  }
  return {};
}

void Checkpoints::Forget(const std::string& directory) {
  const std::string clean = JoinPath(directory, "");
  std::erase_if(directories_, [&](const auto& entry) {
    return entry.first == clean || entry.first.starts_with(clean + "/");
  });
}

WorldStatus Checkpoints::CreateOnDisk(const std::string& directory,
                                      const CheckpointOptions& options) const {
  const std::string path = JoinPath(directory, options.name);
  if (!options.name.empty() && !IsFileName(options.name)) {
    return Refused("mkdir", path, std::make_error_code(std::errc::invalid_argument));
  }
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Refused("mkdir", directory, error);
  if (options.name.empty()) return Refused(FailureKind::kCheckpointExists, path);
  if (!fs::create_directory(path, error)) {
    if (error) return Refused("mkdir", path, error);
    return Refused(FailureKind::kCheckpointExists, path);
  }
  const std::string file = JoinPath(path, kConfigName);
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  out << ToText(options) << std::flush;
  if (!out) return Refused("write", file, std::error_code(errno, std::generic_category()));
  return {};
}

void Checkpoints::Delete(const std::string& directory, const std::string& name) {
  const std::string clean = JoinPath(directory, "");
  if (on_disk_) {
    const std::string path = JoinPath(clean, name);
    std::error_code ignored;
    if (!IsFileName(name) || fs::is_symlink(path, ignored)) return;
    if (!fs::is_regular_file(JoinPath(path, kConfigName), ignored)) return;
    fs::remove_all(path, ignored);
    return;
  }
  const auto found = directories_.find(clean);
  if (found != directories_.end()) found->second.erase(name);
}

WorldResult<std::vector<CheckpointOptions>> Checkpoints::List(const std::string& directory) const {
  if (on_disk_) return ListDisk(directory);
  const auto found = directories_.find(JoinPath(directory, ""));
  if (found == directories_.end()) return Refused(FailureKind::kCheckpointDirectory, directory);
  std::vector<CheckpointOptions> options;
  for (const auto& [name, entry] : found->second) options.push_back(entry);
  return options;
}

WorldResult<std::vector<CheckpointOptions>> Checkpoints::ListDisk(
    const std::string& directory) const {
  std::error_code error;
  std::vector<std::string> paths;
  fs::directory_iterator entries(directory, error);
  if (error) {
    if (error == std::errc::no_such_file_or_directory) {
      return Refused(FailureKind::kCheckpointDirectory, directory);
    }
    return Refused("open", directory, error);
  }
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  std::vector<CheckpointOptions> found;
  for (const std::string& path : paths) {
    const std::string file = JoinPath(path, kConfigName);
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::optional<CheckpointOptions> options = FromText(text);
    if (!options) {
      return Refused(FailureKind::kBundle, file,
                     {ErrorCode::kUnknown, file + ": no checkpoint, expected a JSON object"});
    }
    found.push_back(*options);
  }
  return found;
}

bool Checkpoints::Contains(const std::string& directory, const std::string& name) const {
  if (on_disk_) {
    std::error_code ignored;
    return IsFileName(name) &&
           fs::is_regular_file(JoinPath(JoinPath(directory, name), kConfigName), ignored);
  }
  const auto found = directories_.find(JoinPath(directory, ""));
  return found != directories_.end() && found->second.contains(name);
}

}  // namespace fake_containerd
