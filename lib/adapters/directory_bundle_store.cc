#include "libcontainerd/directory_bundle_store.h"

#include <cerrno>
#include <filesystem>
#include <sstream>
#include <utility>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/adapters/disk_gate.h"
#include "lib/adapters/files.h"
#include "lib/adapters/mapped_directories.h"

namespace libcontainerd {
namespace {

constexpr std::string_view kConfigName = "/config.json";

bool Exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

// What an engine with other mappings left of that id as well.
Status RemoveAll(const std::string& state_dir, const std::string& id, FileOwnership& ownership) {
  Status status = RemoveTree(state_dir + "/" + id);
  for (const std::string& mapped : FindMappedDirectories(state_dir, ownership)) {
    if (status) status = RemoveTree(mapped + "/" + id);
  }
  return status;
}

// The directory is given away last: until then nobody else can put something in our way.
Status MakeBundle(const std::string& path, const std::string& config_json, FileOwner root,
                  FileOwnership& ownership) {
  const std::string config = path + std::string(kConfigName);
  Status status = MakeDirectory(path, 0700);
  if (status) status = WriteNewFile(config, config_json);
  if (status && !root.is_host_root()) status = ownership.Give(config, root);
  if (status && !root.is_host_root()) status = ownership.Give(path, root);
  if (!status) static_cast<void>(RemoveTree(path));  // the first error is the one to report
  return status;
}

// A field of the mount table: space, tab, newline and backslash stand there as three octal digits.
std::string Unescape(std::string_view field) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const bool escaped = field[i] == '\\' && field.size() - i > 3;
    if (!escaped) {
      text += field[i];
      continue;
    }
    text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                              (field[i + 3] - '0'));
    i += 3;
  }
  return text;
}

// How many mounts lie on top of each other at that path. A line of the table is
// "36 35 98:0 /root /mount/point options …".
Result<std::size_t> CountMounts(const std::string& table, const std::string& mount_point) {
  constexpr int kMountPointField = 4;
  auto content = ReadFile(table);
  if (!content) return Fail(content.error());
  std::size_t count = 0;
  std::istringstream lines(*content);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i <= kMountPointField; ++i) fields >> field;
    if (fields && Unescape(field) == mount_point) ++count;
  }
  return count;
}

Status Unmount(const std::string& mount_point) {
  if (::umount2(mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return {};
  return Fail(SystemError("unmount", mount_point, errno));
}

// The table has paths without symbolic links; the state directory is often reached through one
// (/var/run).
Status ReleaseMount(const std::string& path, const std::string& table,
                    const std::function<Status(const std::string&)>& unmount) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return Fail(SystemError("lstat", path, errno));
  }
  if (!S_ISDIR(status.st_mode)) return {};
  std::error_code error;
  const std::filesystem::path given(path);
  const auto parent = std::filesystem::canonical(given.parent_path(), error);
  if (error) return Fail(SystemError("resolve", path, error.value()));
  const std::string mount_point = parent / given.filename();
  auto mounts = CountMounts(table, mount_point);
  if (!mounts) return Fail(mounts.error());
  for (std::size_t i = 0; i < *mounts; ++i) {
    if (Status unmounted = unmount(mount_point); !unmounted) return unmounted;
  }
  ::rmdir(mount_point.c_str());  // not empty: an image's copy rather than a mount point; it stays
  return {};
}

// Returns where it is.
Result<std::string> CreateBundle(const std::string& state_dir, const std::string& id,
                                 const std::string& config_json, FileOwner root,
                                 FileOwnership& ownership) {
  if (Status cleaned = RemoveAll(state_dir, id, ownership); !cleaned) return Fail(cleaned.error());
  Result<std::string> parent = state_dir;
  if (!root.is_host_root()) parent = PrepareMappedDirectory(state_dir, root, ownership);
  if (!parent) return parent;
  std::string path = *parent + "/" + id;
  if (Status made = MakeBundle(path, config_json, root, ownership); !made) {
    return Fail(made.error());
  }
  return path;
}

std::string LocateBundle(const std::string& state_dir, const std::string& id,
                         FileOwnership& ownership) {
  std::string usual = state_dir + "/" + id;
  if (Exists(usual)) return usual;
  for (const std::string& mapped : FindMappedDirectories(state_dir, ownership)) {
    if (std::string path = mapped + "/" + id; Exists(path)) return path;
  }
  return usual;
}

}  // namespace

DirectoryBundleStore::DirectoryBundleStore(Runtime& runtime, Options options)
    : disk_(std::make_shared<DiskGate>(runtime)), options_(std::move(options)) {
  if (!options_.unmount) options_.unmount = Unmount;
  if (options_.ownership == nullptr) options_.ownership = &system_;
}

std::string DirectoryBundleStore::PathOf(const std::string& id) const {
  const auto found = elsewhere_.find(id);
  return found == elsewhere_.end() ? options_.state_dir + "/" + id : found->second;
}

void DirectoryBundleStore::Remember(const std::string& id, const std::string& path) {
  elsewhere_.erase(id);
  if (path != PathOf(id)) elsewhere_[id] = path;
}

// A bundle that this store made or found is where it was then.
auto DirectoryBundleStore::Locating(std::string id) {
  const auto found = elsewhere_.find(id);
  const std::string known = found == elsewhere_.end() ? std::string() : found->second;
  return
      [known, id = std::move(id), state_dir = options_.state_dir, ownership = options_.ownership] {
        return known.empty() ? LocateBundle(state_dir, id, *ownership) : known;
      };
}

Awaitable<std::string> DirectoryBundleStore::Find(std::string id) {
  auto locate = [id, state_dir = options_.state_dir, ownership = options_.ownership] {
    return LocateBundle(state_dir, id, *ownership);
  };
  std::string path = co_await DiskGate::Run(disk_, std::move(locate));
  Remember(id, path);
  co_return path;
}

Awaitable<Status> DirectoryBundleStore::Create(std::string id, std::string config_json,
                                               FileOwner root) {
  auto create = [id, root, config_json = std::move(config_json), state_dir = options_.state_dir,
                 ownership = options_.ownership] {
    return CreateBundle(state_dir, id, config_json, root, *ownership);
  };
  Result<std::string> path = co_await DiskGate::Run(disk_, std::move(create));
  if (!path) {
    elsewhere_.erase(id);
    co_return Fail(path.error());
  }
  Remember(id, *path);
  co_return Status();
}

Awaitable<Result<std::string>> DirectoryBundleStore::ReadConfig(std::string id) {
  return DiskGate::Run(disk_, [locate = Locating(std::move(id))] {
    return ReadFile(locate() + std::string(kConfigName));
  });
}

Awaitable<Status> DirectoryBundleStore::ReleaseRootfs(std::string id) {
  return DiskGate::Run(disk_, [locate = Locating(std::move(id)), table = options_.mount_table,
                               unmount = options_.unmount] {
    return ReleaseMount(locate() + "/rootfs", table, unmount);
  });
}

Awaitable<Status> DirectoryBundleStore::Remove(std::string id) {
  if (options_.keep_bundles) co_return Status();
  auto remove = [locate = Locating(id)] { return RemoveTree(locate()); };
  Status removed = co_await DiskGate::Run(disk_, std::move(remove));
  if (removed) elsewhere_.erase(id);
  co_return removed;
}

}  // namespace libcontainerd
