#include "libcontainerd/directory_bundle_store.h"

#include <cerrno>
#include <filesystem>
#include <sstream>
#include <utility>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/adapters/files.h"

namespace libcontainerd {
namespace {

constexpr std::string_view kConfigName = "/config.json";

Status CreateBundle(const std::string& path, const std::string& config_json) {
  Status status = RemoveTree(path);
  if (status) status = MakeDirectory(path, 0700);
  if (status) status = WriteNewFile(path + std::string(kConfigName), config_json);
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

}  // namespace

DirectoryBundleStore::DirectoryBundleStore(Runtime& runtime, Options options)
    : runtime_(runtime), options_(std::move(options)) {
  if (!options_.unmount) options_.unmount = Unmount;
}

std::string DirectoryBundleStore::PathOf(const std::string& id) const {
  return options_.state_dir + "/" + id;
}

Awaitable<Status> DirectoryBundleStore::Create(std::string id, std::string config_json) {
  return OffExecutor(runtime_, [path = PathOf(id), config_json = std::move(config_json)] {
    return CreateBundle(path, config_json);
  });
}

Awaitable<Result<std::string>> DirectoryBundleStore::ReadConfig(std::string id) {
  return OffExecutor(runtime_,
                     [path = PathOf(id) + std::string(kConfigName)] { return ReadFile(path); });
}

Awaitable<Status> DirectoryBundleStore::Remove(std::string id) {
  return OffExecutor(runtime_, [path = PathOf(id), keep = options_.keep_bundles] {
    return keep ? Status() : RemoveTree(path);
  });
}

Awaitable<Status> DirectoryBundleStore::ReleaseRootfs(std::string id) {
  return OffExecutor(runtime_, [path = PathOf(id) + "/rootfs", table = options_.mount_table,
                                unmount = options_.unmount] {
    return ReleaseMount(path, table, unmount);
  });
}

}  // namespace libcontainerd
