#include "fake_containerd/world/container_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

namespace fake_containerd {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

using Json = nlohmann::ordered_json;

constexpr char kStateName[] = "state.json";
constexpr char kPidName[] = "pid";
constexpr char kStatusName[] = "exitStatus";
constexpr char kNewName[] = ".new";
constexpr char kOldName[] = ".old";

// Go's words and the API's code for them.
tl::unexpected<libcontainerd::Error> Refused(const char* what, const fs::path& path,
                                             std::error_code error) {
  ErrorCode code = ErrorCode::kUnknown;
  std::string words = error.message();
  if (error == std::errc::file_exists || error == std::errc::directory_not_empty) {
    code = ErrorCode::kAlreadyExists;
    words = "file exists";
  } else if (error == std::errc::no_such_file_or_directory) {
    code = ErrorCode::kNotFound;
  } else if (error == std::errc::permission_denied) {
    code = ErrorCode::kPermissionDenied;
  }
  if (!words.empty() && words.front() >= 'A' && words.front() <= 'Z') {
    words.front() = static_cast<char>(words.front() - 'A' + 'a');
  }
  return Fail(code, std::string(what) + " " + path.string() + ": " + words);
}

bool IsOneElement(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

// Whole or not at all: under another name first.
Status WriteFile(const fs::path& path, const std::string& text) {
  const fs::path unfinished = path.string() + ".tmp";
  errno = 0;
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  if (!out) return Refused("write", path, std::error_code(errno, std::generic_category()));
  out.close();
  std::error_code error;
  fs::rename(unfinished, path, error);
  if (error) return Refused("rename", path, error);
  return {};
}

std::optional<std::string> ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Nothing for a file that is missing, or is no number: the real daemon treats both alike.
std::optional<std::uint32_t> ReadNumber(const fs::path& path) {
  const std::optional<std::string> text = ReadFile(path);
  std::uint32_t number = 0;
  if (!text) return std::nullopt;
  const char* const end = text->data() + text->size();
  const auto [last, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || last != end) return std::nullopt;
  return number;
}

}  // namespace

Result<std::vector<StoredContainer>> ContainerFiles::Load() {
  std::error_code error;
  for (const char* unfinished : {kNewName, kOldName}) {
    fs::remove_all(directory_ / unfinished, error);
  }
  std::vector<fs::path> paths;
  fs::directory_iterator entries(directory_, error);
  if (error) return Refused("open", directory_, error);
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    if (entry.path().filename().string().front() == '.') continue;  // of others who work here too
    if (entry.is_directory(ignored)) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<StoredContainer> containers;
  for (const fs::path& path : paths) {
    Result<StoredContainer> container = LoadOne(path);
    if (!container) return Fail(std::move(container).error());
    containers.push_back(std::move(*container));
  }
  return containers;
}

Result<StoredContainer> ContainerFiles::LoadOne(const fs::path& path) const {
  const fs::path file = path / kStateName;
  const std::optional<std::string> text = ReadFile(file);
  if (!text) {
    return Refused("open", file, std::make_error_code(std::errc::no_such_file_or_directory));
  }
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  StoredContainer container;
  container.key.id = path.filename().string();
  try {
    container.bundle = json.at("bundle").get<std::string>();
    container.labels = json.at("labels").get<std::vector<std::string>>();
    container.runtime = json.at("runtime").get<std::string>();
  } catch (const Json::exception&) {  // no object, or a field is missing or of another type
    return Fail(ErrorCode::kDataLoss,
                file.string() + ": corrupt, expected an object with bundle, labels and runtime");
  }
  std::error_code error;
  std::vector<fs::path> processes;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) processes.push_back(entry.path());
  }
  std::ranges::sort(processes);
  for (const fs::path& process : processes) {
    container.processes.push_back({.name = process.filename().string(),
                                   .system_pid = ReadNumber(process / kPidName),
                                   .status = ReadNumber(process / kStatusName)});
  }
  return container;
}

// Nothing for what has no place in the directory.
std::optional<fs::path> ContainerFiles::PathOf(const ContainerKey& key,
                                               const std::string& process) const {
  if (key.space != kDefaultNamespace || !IsOneElement(key.id)) return std::nullopt;
  const fs::path path = directory_ / key.id;
  if (process.empty()) return path;
  if (!IsOneElement(process)) return std::nullopt;
  return path / process;
}

Status ContainerFiles::AddContainer(const StoredContainer& container) {
  if (container.key.space != kDefaultNamespace) return {};
  const auto path = PathOf(container.key, "");
  if (!path) {
    return Refused("mkdir", directory_ / container.key.id,
                   std::make_error_code(std::errc::invalid_argument));
  }
  std::error_code error;
  const auto status = fs::symlink_status(*path, error);
  if (fs::exists(status)) {
    return Refused("mkdir", *path, std::make_error_code(std::errc::file_exists));
  }
  if (error && status.type() != fs::file_type::not_found) return Refused("mkdir", *path, error);
  const fs::path unfinished = directory_ / kNewName;
  fs::remove_all(unfinished, error);
  fs::create_directory(unfinished, error);
  if (error) return Refused("mkdir", *path, error);
  const Json json = {
      {"bundle", container.bundle}, {"labels", container.labels}, {"runtime", container.runtime}};
  Status written =
      WriteFile(unfinished / kStateName, json.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!written) return written;
  fs::rename(unfinished, *path, error);
  if (error) return Refused("mkdir", *path, error);
  return {};
}

Status ContainerFiles::AddProcess(const ContainerKey& key, const std::string& process,
                                  std::uint32_t system_pid) {
  if (key.space != kDefaultNamespace) return {};
  const auto path = PathOf(key, process);
  if (!path) {
    return Refused("mkdir", directory_ / key.id / process,
                   std::make_error_code(std::errc::invalid_argument));
  }
  std::error_code error;
  if (!fs::create_directory(*path, error)) {
    return Refused("mkdir", *path, error ? error : std::make_error_code(std::errc::file_exists));
  }
  return WriteFile(*path / kPidName, std::to_string(system_pid));
}

void ContainerFiles::RecordExit(const ContainerKey& key, const std::string& process,
                                std::uint32_t status) {
  const auto path = PathOf(key, process);
  std::error_code ignored;
  if (!path || !fs::is_directory(*path, ignored)) return;
  static_cast<void>(WriteFile(*path / kStatusName, std::to_string(status)));
}

void ContainerFiles::RemoveProcess(const ContainerKey& key, const std::string& process) {
  if (const auto path = PathOf(key, process)) TakeAway(*path);
}

void ContainerFiles::RemoveContainer(const ContainerKey& key) {
  if (const auto path = PathOf(key, "")) TakeAway(*path);
}

void ContainerFiles::TakeAway(const fs::path& path) {
  std::error_code ignored;
  const fs::path old = directory_ / kOldName;
  fs::remove_all(old, ignored);
  fs::rename(path, old, ignored);
  fs::remove_all(old, ignored);
}

}  // namespace fake_containerd
