// Checkpoints: the checkpoint directories, in memory or on disk. As in containerd they belong to
// nobody: a container lists whatever directory it is asked about.
//
// On disk a checkpoint is <directory>/<name>/config.json with its options. A name is one path
// element: what would lead out of its directory is refused, and only what has such a file is ever
// deleted.
//
// Threads: the executor's; small files are written on it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fake_containerd/world/model.h"

namespace fake_containerd {

class Checkpoints {
 public:
  explicit Checkpoints(bool on_disk = false) : on_disk_(on_disk) {}

  // kCheckpointExists when the name is in use there; kBundle with the disk's words when it cannot
  // be written.
  WorldStatus Create(const std::string& directory, const CheckpointOptions& options);
  // An unknown one is fine.
  void Delete(const std::string& directory, const std::string& name);
  // By name. kCheckpointDirectory when there is no such directory; kBundle with the disk's words
  // when something in it is no checkpoint.
  WorldResult<std::vector<CheckpointOptions>> List(const std::string& directory) const;
  // Somebody removed this directory, and all that is in it. What is on disk needs no word of it.
  void Forget(const std::string& directory);
  bool Contains(const std::string& directory, const std::string& name) const;

 private:
  WorldStatus CreateOnDisk(const std::string& directory, const CheckpointOptions& options) const;
  WorldResult<std::vector<CheckpointOptions>> ListDisk(const std::string& directory) const;

  const bool on_disk_;
  std::map<std::string, std::map<std::string, CheckpointOptions>> directories_;
};

// As Go's filepath.Join: cleaned, empty parts left out.
std::string JoinPath(const std::string& directory, const std::string& name);

}  // namespace fake_containerd
