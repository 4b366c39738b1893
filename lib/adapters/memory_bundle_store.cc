#include "libcontainerd/memory_world.h"

#include <utility>

namespace libcontainerd {

Awaitable<Status> MemoryBundleStore::Create(std::string id, std::string config_json) {
  const std::string path = PathOf(id);
  fifos_.RemoveBelow(path + "/");
  configs_[path] = std::move(config_json);
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
  const std::string path = PathOf(id);
  fifos_.RemoveBelow(path + "/");
  configs_.erase(path);
  co_return Status();
}

Awaitable<Status> MemoryBundleStore::ReleaseRootfs(std::string id) {
  rootfs_mounts_.erase(id);
  co_return Status();
}

}  // namespace libcontainerd
