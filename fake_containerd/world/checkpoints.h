// Checkpoints: the checkpoint directories, in memory. As in containerd they belong to nobody: a container lists whatever
// directory it is asked about.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fake_containerd/world/model.h"

namespace fake_containerd {

class Checkpoints {
 public:
  // kCheckpointExists when the name is in use there.
  WorldStatus Create(const std::string& directory, const CheckpointOptions& options);
  // An unknown one is fine.
  void Delete(const std::string& directory, const std::string& name);
  // By name. kCheckpointDirectory when nothing was ever made there.
  WorldResult<std::vector<CheckpointOptions>> List(const std::string& directory) const;
  bool Contains(const std::string& directory, const std::string& name) const;

 private:
  std::map<std::string, std::map<std::string, CheckpointOptions>> directories_;
};

// As Go's filepath.Join: cleaned, empty parts left out.
std::string JoinPath(const std::string& directory, const std::string& name);

}  // namespace fake_containerd
