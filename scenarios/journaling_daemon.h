// Writes the life of an owned daemon's process into the journal, as the client sees and shapes it.
//
// Threads: as the port. What is decorated outlives its decorator.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libcontainerd/daemon_launcher.h"
#include "scenarios/recorder.h"

namespace scenarios {

class JournalingDaemonLauncher final : public libcontainerd::DaemonLauncher {
 public:
  JournalingDaemonLauncher(Recorder& recorder, libcontainerd::DaemonLauncher& launcher)
      : recorder_(recorder), launcher_(launcher) {}

  libcontainerd::Awaitable<libcontainerd::Result<libcontainerd::StartedDaemon>> Start(
      libcontainerd::DaemonCommand command) override;
  libcontainerd::Awaitable<std::unique_ptr<libcontainerd::DaemonProcess>> Find(
      libcontainerd::DaemonPid pid) override;
  libcontainerd::Awaitable<libcontainerd::Result<std::optional<libcontainerd::DaemonPid>>>
  ReadPidFile() override {
    return launcher_.ReadPidFile();
  }
  libcontainerd::Awaitable<libcontainerd::Status> WritePidFile(
      libcontainerd::DaemonPid pid) override {
    return launcher_.WritePidFile(pid);
  }
  libcontainerd::Awaitable<libcontainerd::Status> RemovePidFile() override {
    return launcher_.RemovePidFile();
  }
  libcontainerd::Awaitable<libcontainerd::Status> RemoveSocket(std::string path) override {
    return launcher_.RemoveSocket(std::move(path));
  }

 private:
  Recorder& recorder_;
  libcontainerd::DaemonLauncher& launcher_;
};

}  // namespace scenarios
