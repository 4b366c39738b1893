// BundleStore: the port for bundle directories, <state dir>/<container id>/ with config.json in it.
//
// Threads: the executor's thread; an implementation moves disk work off it.
#pragma once

#include <string>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace libcontainerd {

class BundleStore {
 public:
  virtual ~BundleStore() = default;

  // The directory that a container's bundle has or would have.
  virtual std::string PathOf(const std::string& id) const = 0;
  // Removes an older bundle of that id, makes a new one (0700) and writes `config_json` into it. On
  // an error nothing is left.
  virtual Awaitable<Status> Create(std::string id, std::string config_json) = 0;
  // The text of config.json.
  virtual Awaitable<Result<std::string>> ReadConfig(std::string id) = 0;
  // Removes the bundle whole; a missing one is fine.
  virtual Awaitable<Status> Remove(std::string id) = 0;
  // Engines up to 1.11.0 mounted a container's root at <bundle>/rootfs. Unmounts what is mounted
  // there (lazily: whoever still uses it keeps it) and removes the directory, if it is empty then;
  // nothing there is fine. On an error something is still mounted: Remove() would delete through
  // it.
  virtual Awaitable<Status> ReleaseRootfs(std::string id) = 0;
};

}  // namespace libcontainerd
