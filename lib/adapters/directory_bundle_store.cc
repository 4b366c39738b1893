#include "libcontainerd/directory_bundle_store.h"

#include <utility>

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

}  // namespace

DirectoryBundleStore::DirectoryBundleStore(Runtime& runtime, Options options)
    : runtime_(runtime), options_(std::move(options)) {}

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

}  // namespace libcontainerd
