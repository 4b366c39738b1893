// StateDirectory: the directory that a fake works in; removed at the end, with all that is in it,
// if it was made for that.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <string>

#include "libcontainerd/error.h"

namespace fake_containerd {

class StateDirectory {
 public:
  // With an empty path a new one in the system's temporary directory. One that is missing is made,
  // its parent must be there. Errors: NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE, with the path.
  static libcontainerd::Result<std::unique_ptr<StateDirectory>> Make(const std::string& path);
  ~StateDirectory();
  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;

  const std::string& path() const { return path_; }  // absolute

 private:
  StateDirectory(std::string path, bool ours) : path_(std::move(path)), ours_(ours) {}

  std::string path_;
  bool ours_;
};

// Makes the directory of a daemon's state, with its parents. UNAVAILABLE when it cannot be used.
libcontainerd::Status MakeStateDirectory(const std::string& path);

// Held until it is destroyed, or the process dies: a second daemon would empty our event log.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  // UNAVAILABLE "state directory … is in use".
  libcontainerd::Status Take(const std::string& path);

 private:
  int descriptor_ = -1;
};

}  // namespace fake_containerd
