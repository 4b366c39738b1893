// BundleStore, Stdio and CursorStore in memory, for worlds without a file system. Both sides of a
// simulation share one MemoryFifos; removing a bundle removes the FIFOs in it, as removing a
// directory does.
//
// Threads: the executor's thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "libcontainerd/bundle_store.h"
#include "libcontainerd/cursor_store.h"
#include "libcontainerd/memory_fifos.h"
#include "libcontainerd/stdio.h"

namespace libcontainerd {

class MemoryBundleStore final : public BundleStore {
 public:
  MemoryBundleStore(MemoryFifos& fifos, std::string state_dir)
      : fifos_(fifos), state_dir_(std::move(state_dir)) {}

  // A mapped root's bundle is in <state dir>.UID.GID, as if the state directory were closed to it.
  std::string PathOf(const std::string& id) const override;
  Awaitable<std::string> Find(std::string id) override;
  Awaitable<Status> Create(std::string id, std::string config_json, FileOwner root) override;
  Awaitable<Result<std::string>> ReadConfig(std::string id) override;
  Awaitable<Status> Remove(std::string id) override;
  Awaitable<Status> ReleaseRootfs(std::string id) override;

  // As an engine up to 1.11.0 left it: something is mounted at the bundle's rootfs.
  void MountRootfs(const std::string& id) { rootfs_mounts_.insert(id); }
  bool rootfs_mounted(const std::string& id) const { return rootfs_mounts_.contains(id); }

  // config.json by bundle path: what the daemon's side reads.
  const std::map<std::string, std::string>& configs() const { return configs_; }

 private:
  void Erase(const std::string& id);

  MemoryFifos& fifos_;
  std::string state_dir_;
  std::map<std::string, std::string> configs_;
  std::set<std::string> rootfs_mounts_;
  std::map<std::string, std::string> elsewhere_;  // bundles of mapped roots, by id
};

class MemoryStdio final : public Stdio {
 public:
  MemoryStdio(Runtime& runtime, MemoryFifos& fifos) : runtime_(runtime), fifos_(fifos) {}

  Awaitable<Result<std::unique_ptr<ProcessStdio>>> Open(StdioPaths paths, bool terminal) override;
  Awaitable<Status> Remove(StdioPaths paths) override;

 private:
  Runtime& runtime_;
  MemoryFifos& fifos_;
};

// Outlives a simulated engine's restart as a file does.
class MemoryCursorStore final : public CursorStore {
 public:
  MemoryCursorStore() = default;
  explicit MemoryCursorStore(std::string text) : text_(std::move(text)) {}

  Awaitable<Result<std::string>> Read() override;
  Awaitable<Status> Write(std::string text) override;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace libcontainerd
