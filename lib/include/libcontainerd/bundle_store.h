// BundleStore: the port for bundle directories, <state dir>/<container id>/ with config.json in it.
//
// The bundle of a container whose root is mapped to another user of the host (a user namespace) is
// elsewhere, in a directory that this user may pass through, and belongs to it. An engine that was
// restarted finds it again: nothing about it is kept but what is on the disk.
//
// Threads: the executor's thread; an implementation moves disk work off it.
#pragma once

#include <string>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"
#include "libcontainerd/file_ownership.h"

namespace libcontainerd {

class BundleStore {
 public:
  virtual ~BundleStore() = default;

  // The directory of a container's bundle, as the latest Create() or Find() of that id told; where
  // one of the host's root would be, if none did. Never looks at the disk.
  virtual std::string PathOf(const std::string& id) const = 0;
  // Looks where the bundle is, for PathOf() from then on: before the first use of a bundle that
  // another process made. Without a bundle, where one of the host's root would be.
  virtual Awaitable<std::string> Find(std::string id) = 0;
  // Removes older bundles of that id, makes a new one (0700) that belongs to `root`, and writes
  // `config_json` into it. On an error nothing is left of the bundle.
  virtual Awaitable<Status> Create(std::string id, std::string config_json, FileOwner root) = 0;
  // The text of config.json, wherever the bundle is.
  virtual Awaitable<Result<std::string>> ReadConfig(std::string id) = 0;
  // Removes the bundle whole, wherever it is; a missing one is fine.
  virtual Awaitable<Status> Remove(std::string id) = 0;
  // Engines up to 1.11.0 mounted a container's root at <bundle>/rootfs. Unmounts what is mounted
  // there (lazily: whoever still uses it keeps it) and removes the directory, if it is empty then;
  // nothing there is fine. On an error something is still mounted: Remove() would delete through
  // it.
  virtual Awaitable<Status> ReleaseRootfs(std::string id) = 0;
};

}  // namespace libcontainerd
