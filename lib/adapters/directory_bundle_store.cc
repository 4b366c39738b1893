#include "libcontainerd/directory_bundle_store.h"

#include <utility>

#include <sys/stat.h>

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

Awaitable<Status> DirectoryBundleStore::Remove(std::string id) {
  if (options_.keep_bundles) co_return Status();
  auto remove = [locate = Locating(id)] { return RemoveTree(locate()); };
  Status removed = co_await DiskGate::Run(disk_, std::move(remove));
  if (removed) elsewhere_.erase(id);
  co_return removed;
}

}  // namespace libcontainerd
