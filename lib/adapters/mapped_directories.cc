#include "lib/adapters/mapped_directories.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "lib/adapters/files.h"

namespace libcontainerd {
namespace {

using Path = std::filesystem::path;

std::vector<std::string> Components(const std::string& directory) {
  std::vector<std::string> components;
  for (const Path& part : Path(directory).lexically_normal().relative_path()) {
    if (!part.empty()) components.push_back(part.string());
  }
  return components;
}

std::string Suffix(FileOwner owner) {
  return "." + std::to_string(owner.uid) + "." + std::to_string(owner.gid);
}

std::optional<std::uint32_t> ReadId(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

// "state.1000.2000" for the component "state".
std::optional<FileOwner> OwnerInName(std::string_view name, const std::string& component) {
  if (!name.starts_with(component + ".")) return std::nullopt;
  name.remove_prefix(component.size() + 1);
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto uid = ReadId(name.substr(0, dot));
  const auto gid = ReadId(name.substr(dot + 1));
  if (!uid || !gid) return std::nullopt;
  return FileOwner{.uid = *uid, .gid = *gid};
}

bool IsRealDirectory(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

// Missing, or closed to the container's root.
Result<bool> MustBeReplaced(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) return (found.st_mode & S_IXOTH) == 0;
  if (errno == ENOENT) return true;
  return Fail(SystemError("stat", path, errno));
}

// Makes the directory, or takes it as it is if it is that owner's. One that is still ours was left
// between making and giving it.
Status EnsureOwned(const std::string& path, FileOwner owner, FileOwnership& ownership) {
  Status made = MakeDirectory(path, 0700);
  if (made) return ownership.Give(path, owner);
  if (made.error().code != ErrorCode::kAlreadyExists) return made;
  if (!IsRealDirectory(path)) {
    return Fail(ErrorCode::kAlreadyExists, "mkdir " + path + ": exists and is not a directory");
  }
  const auto found = ownership.Of(path);
  if (!found) return Fail(found.error());
  if (*found == owner) return {};
  if (found->uid == ::geteuid()) return ownership.Give(path, owner);
  return Fail(ErrorCode::kPermissionDenied, "mkdir " + path + ": exists and belongs to " +
                                                std::to_string(found->uid) + ":" +
                                                std::to_string(found->gid));
}

class Search {
 public:
  Search(const std::string& state_dir, FileOwnership& ownership)
      : components_(Components(state_dir)), ownership_(ownership) {}

  std::vector<std::string> Run() {
    Visit("/", 0, std::nullopt);
    std::sort(found_.begin(), found_.end());
    return std::move(found_);
  }

 private:
  // `owner`: of the replaced components so far; one path has one owner.
  void Visit(const Path& parent, std::size_t depth, std::optional<FileOwner> owner) {
    if (depth == components_.size()) {
      if (owner) found_.push_back(parent.string());
      return;
    }
    const std::string& component = components_[depth];
    std::error_code error;
    if (std::filesystem::is_directory(parent / component, error)) {
      Visit(parent / component, depth + 1, owner);
    }
    std::filesystem::directory_iterator entries(parent, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      const auto named = OwnerInName(name, component);
      if (!named || (owner && owner != named)) continue;
      if (BelongsTo(*named, parent / name)) Visit(parent / name, depth + 1, named);
    }
  }
  bool BelongsTo(FileOwner owner, const Path& path) {
    if (!IsRealDirectory(path.string())) return false;
    const auto found = ownership_.Of(path.string());
    return found && *found == owner;
  }

  std::vector<std::string> components_;
  FileOwnership& ownership_;
  std::vector<std::string> found_;
};

}  // namespace

Result<std::string> PrepareMappedDirectory(const std::string& state_dir, FileOwner owner,
                                           FileOwnership& ownership) {
  Path path = "/";
  for (const std::string& component : Components(state_dir)) {
    path /= component;
    const auto replaced = MustBeReplaced(path.string());
    if (!replaced) return Fail(replaced.error());
    if (!*replaced) continue;
    path += Suffix(owner);
    if (Status owned = EnsureOwned(path.string(), owner, ownership); !owned) {
      return Fail(owned.error());
    }
  }
  return path.string();
}

std::vector<std::string> FindMappedDirectories(const std::string& state_dir,
                                               FileOwnership& ownership) {
  return Search(state_dir, ownership).Run();
}

}  // namespace libcontainerd
