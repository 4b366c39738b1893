// Where the bundles of containers with a mapped root are.
//
// Such a root cannot pass through directories that are closed to everybody else. So each component
// of the state directory's path that is missing or not executable for the world is replaced by one
// of its own beside it, COMPONENT.UID.GID (0700, owned by UID:GID):
//
//   /var/run/docker/libcontainerd   (docker is 0700)
//   /var/run/docker.100000.100000/libcontainerd.100000.100000
//
// Nothing remembers which were made, and permissions change: they are found again by looking.
#pragma once

#include <string>
#include <vector>

#include "libcontainerd/error.h"
#include "libcontainerd/file_ownership.h"

namespace libcontainerd {

// The directory that stands for `state_dir` (absolute) for that owner; makes what is missing of it.
// What it made stays on an error too: other containers of the owner may be using it by then.
Result<std::string> PrepareMappedDirectory(const std::string& state_dir, FileOwner owner,
                                           FileOwnership& ownership);

// Those that exist, for whatever owner. A directory that does not belong to whom its name says
// is somebody else's, and left out.
std::vector<std::string> FindMappedDirectories(const std::string& state_dir,
                                               FileOwnership& ownership);

}  // namespace libcontainerd
