// A DaemonLauncher without processes: daemons that start, end, hang and refuse as a test says, and
// a ContainerdApi that shows their health. For the simulated runtime.
//
// Hooks say when a daemon begins and ends, so that a World's daemon can live and die with it.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/containerd_api.h"
#include "libcontainerd/daemon_launcher.h"

namespace libcontainerd::test {

struct SimulatedProcess {
  bool alive = true;
  bool ours = true;  // what IsDaemon says
  bool ignores_term = false;
  std::vector<int> signals{};
  std::function<void()> when_ended{};
  Duration started_at{};
};

class SimulatedLauncher final : public DaemonLauncher {
 public:
  using Process = SimulatedProcess;

  explicit SimulatedLauncher(Runtime& runtime) : runtime_(runtime) {}

  // --- What a test does ---

  DaemonPid Plant(Process process = {}) {
    const DaemonPid pid = next_pid_++;
    process.started_at = runtime_.Now();
    processes_[pid] = std::make_shared<Process>(std::move(process));
    return pid;
  }
  void End(DaemonPid pid) {
    const std::shared_ptr<Process> process = processes_.at(pid);
    if (!std::exchange(process->alive, false)) return;
    if (on_end) on_end(pid);
    if (process->when_ended)
      asio::post(runtime_.executor(), std::exchange(process->when_ended, {}));
  }
  Process& At(DaemonPid pid) { return *processes_.at(pid); }
  std::size_t living() const {
    std::size_t count = 0;
    for (const auto& [pid, process] : processes_) count += process->alive ? 1U : 0U;
    return count;
  }
  DaemonPid last_pid() const { return next_pid_ - 1; }

  std::function<void(DaemonPid)> on_start{};
  std::function<void(DaemonPid)> on_end{};
  std::vector<DaemonCommand> commands{};
  std::vector<Duration> start_times{};
  Status start_result{};
  Status write_result{};
  Process next_process{};  // what the next starts are like
  std::optional<DaemonPid> pid_file{};
  bool socket_removed = false;

  // --- The port ---

  Awaitable<Result<StartedDaemon>> Start(DaemonCommand command) override {
    co_await Sleep(runtime_, Duration(0));
    commands.push_back(command);
    start_times.push_back(runtime_.Now());
    if (!start_result) co_return Fail(start_result.error());
    StartedDaemon started;
    const DaemonPid pid = Plant(next_process);
    started.process = Hold(pid);
    if (on_start) on_start(pid);
    co_return started;
  }
  Awaitable<std::unique_ptr<DaemonProcess>> Find(DaemonPid pid) override {
    std::unique_ptr<DaemonProcess> found;
    const auto process = processes_.find(pid);
    if (process != processes_.end() && process->second->alive) found = Hold(pid);
    co_return found;
  }
  Awaitable<Result<std::optional<DaemonPid>>> ReadPidFile() override { co_return pid_file; }
  Awaitable<Status> WritePidFile(DaemonPid pid) override {
    co_await Sleep(runtime_, Duration(0));
    if (write_result) pid_file = pid;
    co_return write_result;
  }
  Awaitable<Status> RemovePidFile() override {
    pid_file.reset();
    co_return Status();
  }
  Awaitable<Status> RemoveSocket(std::string /*path*/) override {
    socket_removed = true;
    co_return Status();
  }

 private:
  class Held final : public DaemonProcess {
   public:
    Held(SimulatedLauncher& launcher, DaemonPid pid)
        : launcher_(launcher), pid_(pid), process_(launcher.processes_.at(pid)) {}
    ~Held() override { process_->when_ended = {}; }

    DaemonPid pid() const override { return pid_; }
    bool Alive() const override { return process_->alive; }
    Awaitable<bool> IsDaemon(DaemonCommand /*command*/) override {
      co_await Sleep(launcher_.runtime_, Duration(0));
      co_return process_->alive && process_->ours;
    }
    Status Signal(int signal) override {
      if (!process_->alive) return {};
      process_->signals.push_back(signal);
      if (signal == SIGKILL || (signal == SIGTERM && !process_->ignores_term)) launcher_.End(pid_);
      return {};
    }
    void WhenEnded(UniqueFunction<void()> told) override {
      auto shared = std::make_shared<UniqueFunction<void()>>(std::move(told));
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
    const DaemonPid pid_;
    const std::shared_ptr<Process> process_;
    const std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
  };

  std::unique_ptr<DaemonProcess> Hold(DaemonPid pid) { return std::make_unique<Held>(*this, pid); }

  Runtime& runtime_;
  DaemonPid next_pid_ = 100;
  std::map<DaemonPid, std::shared_ptr<Process>> processes_;
};

// Health checks as the test says; no other calls.
class SimulatedHealth final : public ContainerdApi {
 public:
  explicit SimulatedHealth(Runtime& runtime) : runtime_(runtime) {}

  // Given in turn before `answer`.
  std::vector<Status> next{};
  Status answer{};
  bool hangs = false;  // until its deadline
  std::size_t checks = 0;

  Awaitable<Status> Unary(Method, const google::protobuf::Message&, google::protobuf::Message&,
                          Duration) override {
    co_return Fail(ErrorCode::kUnimplemented, "health only");
  }
  std::unique_ptr<EventStream> Events(types::EventsRequest, EventSink&) override {
    return std::make_unique<EventStream>();
  }
  Awaitable<Status> CheckHealth(Duration timeout) override {
    ++checks;
    if (hangs) {
      co_await Sleep(runtime_, timeout);
      co_return Fail(ErrorCode::kDeadlineExceeded, "deadline exceeded");
    }
    if (next.empty()) co_return answer;
    Status first = std::move(next.front());
    next.erase(next.begin());
    co_return first;
  }

 private:
  Runtime& runtime_;
};

}  // namespace libcontainerd::test
