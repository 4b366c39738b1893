#include "libcontainerd/memory_world.h"

#include <utility>

namespace libcontainerd {

std::string MemoryBundleStore::PathOf(const std::string& id) const {
  const auto found = elsewhere_.find(id);
  return found == elsewhere_.end() ? state_dir_ + "/" + id : found->second;
}

Awaitable<std::string> MemoryBundleStore::Find(std::string id) {
  co_return PathOf(id);
}

Awaitable<Status> MemoryBundleStore::Create(std::string id, std::string config_json,
                                            FileOwner root) {
  Erase(id);
  if (!root.is_host_root()) {
    elsewhere_[id] =
        state_dir_ + "." + std::to_string(root.uid) + "." + std::to_string(root.gid) + "/" + id;
  }
  configs_[PathOf(id)] = std::move(config_json);
  co_return Status();
}

Awaitable<Result<std::string>> MemoryBundleStore::ReadConfig(std::string id) {
  const std::string path = PathOf(id);
  const auto found = configs_.find(path);
  if (found == configs_.end()) {
    co_return Fail(ErrorCode::kNotFound,
                   "open " + path + "/config.json: no such file or directory");
  }
  co_return found->second;
}

Awaitable<Status> MemoryBundleStore::Remove(std::string id) {
  Erase(id);
  co_return Status();
}

Awaitable<Status> MemoryBundleStore::ReleaseRootfs(std::string id) {
  rootfs_mounts_.erase(id);
  co_return Status();
}

void MemoryBundleStore::Erase(const std::string& id) {
  const std::string path = PathOf(id);
  fifos_.RemoveBelow(path + "/");
  configs_.erase(path);
  elsewhere_.erase(id);
}

}  // namespace libcontainerd
