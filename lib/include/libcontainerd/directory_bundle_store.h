// BundleStore on the file system: <state dir>/<container id>/config.json. Disk work runs off the
// executor.
#pragma once

#include <functional>
#include <string>

#include "libcontainerd/bundle_store.h"

namespace libcontainerd {

class DirectoryBundleStore final : public BundleStore {
 public:
  struct Options {
    std::string state_dir;  // absolute; must exist
    bool keep_bundles =
        false;  // Remove() does nothing; engines take it from LIBCONTAINERD_NOCLEAN=1
    // How ReleaseRootfs() finds and takes away mounts. Empty: umount2(2) with MNT_DETACH.
    std::string mount_table = "/proc/self/mountinfo";
    std::function<Status(const std::string& mount_point)> unmount{};
  };
  DirectoryBundleStore(Runtime& runtime, Options options);

  std::string PathOf(const std::string& id) const override;
  Awaitable<Status> Create(std::string id, std::string config_json) override;
  Awaitable<Result<std::string>> ReadConfig(std::string id) override;
  Awaitable<Status> Remove(std::string id) override;
  Awaitable<Status> ReleaseRootfs(std::string id) override;

 private:
  Runtime& runtime_;
  Options options_;
};

}  // namespace libcontainerd
