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

}  // namespace fake_containerd
