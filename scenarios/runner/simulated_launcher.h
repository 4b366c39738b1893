// SimulatedLauncher: a DaemonLauncher without processes: daemons that start, end, hang and refuse
// as somebody says. Hooks say when a daemon begins and ends, so that a World's daemon can live and
// die with it.
//
// Threads: the executor's.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/daemon_launcher.h"

namespace scenarios {

struct SimulatedDaemon {
  bool alive = true;
  bool ours = true;  // what IsDaemon says
  bool ignores_term = false;
  std::vector<int> signals{};
  std::function<void()> when_ended{};
  libcontainerd::Duration started_at{};
};

class SimulatedLauncher final : public libcontainerd::DaemonLauncher {
 public:
  using Process = SimulatedDaemon;

  explicit SimulatedLauncher(libcontainerd::Runtime& runtime) : runtime_(runtime) {}

  // --- What a test does ---

  libcontainerd::DaemonPid Plant(Process process = {}) {
    const libcontainerd::DaemonPid pid = next_pid_++;
    process.started_at = runtime_.Now();
    processes_[pid] = std::make_shared<Process>(std::move(process));
    return pid;
  }
  void End(libcontainerd::DaemonPid pid) {
    const std::shared_ptr<Process> process = processes_.at(pid);
    if (!std::exchange(process->alive, false)) return;
    if (on_end) on_end(pid);
    if (process->when_ended)
      asio::post(runtime_.executor(), std::exchange(process->when_ended, {}));
  }
  Process& At(libcontainerd::DaemonPid pid) { return *processes_.at(pid); }
  std::size_t living() const {
    std::size_t count = 0;
    for (const auto& [pid, process] : processes_) count += process->alive ? 1U : 0U;
    return count;
  }
  libcontainerd::DaemonPid last_pid() const { return next_pid_ - 1; }

  std::function<void(libcontainerd::DaemonPid)> on_start{};
  std::function<void(libcontainerd::DaemonPid)> on_end{};
  std::vector<libcontainerd::DaemonCommand> commands{};
  std::vector<libcontainerd::Duration> start_times{};
  libcontainerd::Status start_result{};
  libcontainerd::Status write_result{};
  Process next_process{};  // what the next starts are like
  std::optional<libcontainerd::DaemonPid> pid_file{};
  bool socket_removed = false;

  // --- The port ---

  libcontainerd::Awaitable<libcontainerd::Result<libcontainerd::StartedDaemon>> Start(
      libcontainerd::DaemonCommand command) override {
    co_await libcontainerd::Sleep(runtime_, libcontainerd::Duration(0));
    commands.push_back(command);
    start_times.push_back(runtime_.Now());
    if (!start_result) co_return libcontainerd::Fail(start_result.error());
    libcontainerd::StartedDaemon started;
    const libcontainerd::DaemonPid pid = Plant(next_process);
    started.process = Hold(pid);
    if (on_start) on_start(pid);
    co_return started;
  }
  libcontainerd::Awaitable<std::unique_ptr<libcontainerd::DaemonProcess>> Find(
      libcontainerd::DaemonPid pid) override {
    std::unique_ptr<libcontainerd::DaemonProcess> found;
    const auto process = processes_.find(pid);
    if (process != processes_.end() && process->second->alive) found = Hold(pid);
    co_return found;
  }
  libcontainerd::Awaitable<libcontainerd::Result<std::optional<libcontainerd::DaemonPid>>>
  ReadPidFile() override {
    co_return pid_file;
  }
  libcontainerd::Awaitable<libcontainerd::Status> WritePidFile(
      libcontainerd::DaemonPid pid) override {
    co_await libcontainerd::Sleep(runtime_, libcontainerd::Duration(0));
    if (write_result) pid_file = pid;
    co_return write_result;
  }
  libcontainerd::Awaitable<libcontainerd::Status> RemovePidFile() override {
    pid_file.reset();
    co_return libcontainerd::Status();
  }
  libcontainerd::Awaitable<libcontainerd::Status> RemoveSocket(std::string /*path*/) override {
    socket_removed = true;
    co_return libcontainerd::Status();
  }

 private:
  class Held final : public libcontainerd::DaemonProcess {
   public:
    Held(SimulatedLauncher& launcher, libcontainerd::DaemonPid pid)
        : launcher_(launcher), pid_(pid), process_(launcher.processes_.at(pid)) {}
    ~Held() override { process_->when_ended = {}; }

    libcontainerd::DaemonPid pid() const override { return pid_; }
    bool Alive() const override { return process_->alive; }
    libcontainerd::Awaitable<bool> IsDaemon(libcontainerd::DaemonCommand /*command*/) override {
      co_await libcontainerd::Sleep(launcher_.runtime_, libcontainerd::Duration(0));
      co_return process_->alive && process_->ours;
    }
    libcontainerd::Status Signal(int signal) override {
      if (!process_->alive) return {};
      process_->signals.push_back(signal);
      if (signal == SIGKILL || (signal == SIGTERM && !process_->ignores_term)) launcher_.End(pid_);
      return {};
    }
    void WhenEnded(libcontainerd::UniqueFunction<void()> told) override {
      auto shared = std::make_shared<libcontainerd::UniqueFunction<void()>>(std::move(told));
      auto tell = [shared, here = std::weak_ptr<bool>(here_)] {
        if (!here.expired()) (*shared)();
      };
      if (process_->alive) {
        process_->when_ended = tell;
      } else {
        asio::post(launcher_.runtime_.executor(), tell);
      }
    }

   private:
    SimulatedLauncher& launcher_;
    const libcontainerd::DaemonPid pid_;
    const std::shared_ptr<Process> process_;
    const std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
  };

  std::unique_ptr<libcontainerd::DaemonProcess> Hold(libcontainerd::DaemonPid pid) {
    return std::make_unique<Held>(*this, pid);
  }

  libcontainerd::Runtime& runtime_;
  libcontainerd::DaemonPid next_pid_ = 100;
  std::map<libcontainerd::DaemonPid, std::shared_ptr<Process>> processes_;
};

}  // namespace scenarios
