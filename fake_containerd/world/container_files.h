// ContainerFiles: the containers that a daemon knows, on disk, as containerd 0.2 keeps them.
//
//   DIR/ID/state.json         bundle, labels, runtime
//   DIR/ID/NAME/pid           a process's system pid, once it runs
//   DIR/ID/NAME/exitStatus    how it ended, until the daemon dealt with that
//
// A container appears and disappears in one step, and a file is whole or not there, whenever the
// program dies. DIR/.new and DIR/.old are steps that were not completed, which the next start takes
// away; whatever else begins with a dot is somebody else's, and no container's id. Containers of
// other namespaces than the default have no place here.
//
// Threads: the executor's; small files are written on it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fake_containerd/world/model.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

struct StoredProcess {
  std::string name{};
  std::optional<std::uint32_t> system_pid{};
  std::optional<std::uint32_t> status{};
};

struct StoredContainer {
  ContainerKey key{};
  std::string bundle{};
  std::vector<std::string> labels{};
  std::string runtime{};
  std::vector<StoredProcess> processes{};  // by name; not written by AddContainer()
};

class ContainerFiles {
 public:
  explicit ContainerFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // By id. A container whose state.json is missing or corrupt is an error that names the file: the
  // real daemon does not start then.
  libcontainerd::Result<std::vector<StoredContainer>> Load();
  // Errors are worded as Go words them: "mkdir DIR/ID: file exists" (ALREADY_EXISTS),
  // "mkdir …: no space left on device" (UNKNOWN), …
  libcontainerd::Status AddContainer(const StoredContainer& container);
  libcontainerd::Status AddProcess(const ContainerKey& key, const std::string& process,
                                   std::uint32_t system_pid);
  // These do what they can: there is nobody to tell.
  void RecordExit(const ContainerKey& key, const std::string& process, std::uint32_t status);
  void RemoveProcess(const ContainerKey& key, const std::string& process);
  void RemoveContainer(const ContainerKey& key);

 private:
  libcontainerd::Result<StoredContainer> LoadOne(const std::filesystem::path& path) const;
  std::optional<std::filesystem::path> PathOf(const ContainerKey& key,
                                              const std::string& process) const;
  void TakeAway(const std::filesystem::path& path);

  std::filesystem::path directory_;
};

}  // namespace fake_containerd
