// BundleStore on the file system: <state dir>/<container id>/config.json. Disk work runs off the
// executor.
//
// For a mapped root each component of the state directory's path that is missing or not executable
// for the world is replaced by COMPONENT.UID.GID beside it (0700, owned by UID:GID), so that the
// container's root can reach its bundle. Those directories are shared by the owner's containers and
// stay. Making them needs the privilege to give files away.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "libcontainerd/bundle_store.h"

namespace libcontainerd {

class DiskGate;

class DirectoryBundleStore final : public BundleStore {
 public:
  struct Options {
    std::string state_dir;  // absolute; must exist
    bool keep_bundles =
        false;  // Remove() does nothing; engines take it from LIBCONTAINERD_NOCLEAN=1
    // How ReleaseRootfs() finds and takes away mounts. Empty: umount2(2) with MNT_DETACH.
    std::string mount_table = "/proc/self/mountinfo";
    std::function<Status(const std::string& mount_point)> unmount{};
    FileOwnership* ownership = nullptr;  // outlives the store; null: the system's
  };
  DirectoryBundleStore(Runtime& runtime, Options options);
  DirectoryBundleStore(const DirectoryBundleStore&) = delete;
  DirectoryBundleStore& operator=(const DirectoryBundleStore&) = delete;

  std::string PathOf(const std::string& id) const override;
  Awaitable<std::string> Find(std::string id) override;
  Awaitable<Status> Create(std::string id, std::string config_json, FileOwner root) override;
  Awaitable<Result<std::string>> ReadConfig(std::string id) override;
  Awaitable<Status> Remove(std::string id) override;
  Awaitable<Status> ReleaseRootfs(std::string id) override;

 private:
  // For a function that runs off the executor: where the bundle is, or would be.
  auto Locating(std::string id);
  void Remember(const std::string& id, const std::string& path);

  std::shared_ptr<DiskGate> disk_;
  Options options_;
  SystemFileOwnership system_;
  std::map<std::string, std::string> elsewhere_;  // bundles that are not at their usual place
};

}  // namespace libcontainerd
