#include "libcontainerd/daemon_supervisor.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace libcontainerd {
namespace {

constexpr Duration kForEver = std::chrono::hours(24 * 365);

}  // namespace

DaemonCommand MakeDaemonCommand(const DaemonOptions& options) {
  DaemonCommand command;
  command.program = options.program;
  command.arguments = {"-l",
                       "unix://" + options.socket,
                       "--shim",
                       options.shim,
                       "--metrics-interval=0",
                       "--start-timeout",
                       "2m",
                       "--state-dir",
                       options.state_dir};
  const auto add = [&command](std::initializer_list<std::string> arguments) {
    command.arguments.insert(command.arguments.end(), arguments);
  };
  if (!options.runtime.empty()) add({"--runtime", options.runtime});
  if (options.debug) add({"--debug"});
  for (const std::string& argument : options.runtime_args) add({"--runtime-args", argument});
  command.socket = options.socket;
  command.oom_score_adj = options.oom_score_adj;
  return command;
}

std::string_view DaemonEventKindName(DaemonEventKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {
      "started", "adopted", "not-adopted", "start-failed", "health-failed", "killed", "ended"};
  return kNames.at(static_cast<std::size_t>(kind));
}

// One coroutine, Watch(), does everything after Start(). It waits for one thing at a time, `wait_`,
// which the end of the daemon's process and Close() cut short.
class DaemonSupervisor::Impl {
 public:
  Impl(Ports ports, DaemonOptions options, Settings settings)
      : runtime_(ports.runtime),
        api_(ports.api),
        launcher_(ports.launcher),
        options_(std::move(options)),
        settings_(std::move(settings)),
        scope_(runtime_),
        pause_(timing().daemon_restart_first) {}

  Awaitable<Status> Start() {
    if (launcher_ != nullptr) {
      Status running = co_await Adopt();
      if (running && !process_) running = co_await Launch();
      if (!running) co_return running;
    }
    if (!closing_) scope_.Spawn(Watch());
    co_return Status();
  }

  void UpdateOptions(const DaemonOptions& options) {
    options_.runtime = options.runtime;
    options_.runtime_args = options.runtime_args;
    options_.debug = options.debug;
    options_.oom_score_adj = options.oom_score_adj;
  }

  Awaitable<Status> WaitUntilHealthy(Duration timeout) {
    if (closing_) co_return Fail(ErrorCode::kCancelled, "the health watch is closed");
    auto healthy = std::make_shared<OneShot<Status>>(runtime_);
    awaited_health_ = healthy;
    if (between_checks_) Interrupt();
    const TimerId timer = runtime_.StartTimer(timeout, [this, healthy] {
      const std::string why = last_failure_.empty() ? "it does not answer" : last_failure_;
      healthy->Set(Fail(ErrorCode::kDeadlineExceeded, why));
    });
    Status status = co_await healthy->Wait();
    runtime_.CancelTimer(timer);
    awaited_health_.reset();
    co_return status;
  }

  Awaitable<void> Close() {
    closing_ = true;
    *closed_ = true;
    Interrupt();
    if (awaited_health_) {
      awaited_health_->Set(Fail(ErrorCode::kCancelled, "the health watch is closed"));
    }
    co_await scope_.Join();
  }

  Awaitable<Status> Cleanup() {
    co_await Close();
    if (launcher_ == nullptr) co_return Status();
    Status result = co_await Terminate();
    if (!result) co_return result;
    if (process_) Forget();
    result = co_await launcher_->RemovePidFile();
    Status removed = co_await launcher_->RemoveSocket(options_.socket);
    if (result) result = std::move(removed);
    co_return result;
  }

  DaemonStatus status() const {
    return {.pid = process_ && !ended_ ? process_->pid() : 0,
            .adopted = adopted_,
            .healthy = healthy_,
            .failures = failures_,
            .starts = starts_};
  }

 private:
  const Timing& timing() const { return settings_.timing; }
  bool Acts(Deviation deviation) const { return settings_.reference.Acts(deviation); }
  bool Planted(Mutant mutant) const { return settings_.reference.Has(mutant); }
  void Tell(DaemonEventKind kind, DaemonPid pid, std::string text = {}) {
    if (settings_.observer) settings_.observer({kind, pid, std::move(text)});
  }

  // --- Waiting ---

  void Interrupt() {
    if (wait_) wait_->Set(Fail(ErrorCode::kCancelled, "interrupted"));
  }

  // An error: interrupted before `delay` had passed.
  Awaitable<Status> Pause(Duration delay) {
    auto over = std::make_shared<OneShot<Status>>(runtime_);
    wait_ = over;
    const TimerId timer = runtime_.StartTimer(delay, [over] { over->Set(Status()); });
    Status status = co_await over->Wait();
    runtime_.CancelTimer(timer);
    wait_.reset();
    co_return status;
  }

  Awaitable<void> WaitForEnd(Duration timeout) {
    const Duration deadline = runtime_.Now() + timeout;
    while (process_ && !ended_ && runtime_.Now() < deadline) {
      const bool waited_enough = (co_await Pause(deadline - runtime_.Now())).has_value();
      if (waited_enough || closing_) break;
    }
  }

  // As WaitForEnd, but nothing cuts it short.
  Awaitable<void> WaitForEndClosed(Duration timeout) {
    const Duration deadline = runtime_.Now() + timeout;
    while (!ended_ && runtime_.Now() < deadline) {
      static_cast<void>(co_await Pause(deadline - runtime_.Now()));
    }
  }

  // --- The process ---

  void Hold(std::unique_ptr<DaemonProcess> process, bool adopted) {
    process_ = std::move(process);
    adopted_ = adopted;
    ended_ = false;
    healthy_ = false;
    healthy_since_start_ = false;
    failures_ = 0;
    started_at_ = runtime_.Now();
    process_->WhenEnded([this] {
      ended_ = true;
      healthy_ = false;
      Tell(DaemonEventKind::kEnded, process_->pid());
      if (ReactsToEnd()) Interrupt();
    });
  }

  void Forget() { process_.reset(); }

  // The reference has no way to wait for an adopted daemon.
  bool ReactsToEnd() const { return closing_ || !adopted_ || Acts(Deviation::kAdoptedRestarted); }

  Awaitable<Status> Adopt() {
    const Result<std::optional<DaemonPid>> written = co_await launcher_->ReadPidFile();
    if (!written) co_return Fail(written.error());
    if (!*written) co_return Status();
    const DaemonPid pid = **written;
    std::unique_ptr<DaemonProcess> found = co_await launcher_->Find(pid);
    if (!found) co_return Status();
    if (Acts(Deviation::kAdoptionNeedsProof)) {
      DaemonCommand command = MakeDaemonCommand(options_);
      const bool ours = co_await found->IsDaemon(std::move(command));
      if (!ours) {
        Tell(DaemonEventKind::kNotAdopted, pid, "the PID file names another program's process");
        if (Planted(Mutant::kForeignKilled)) static_cast<void>(found->Signal(SIGKILL));
        co_return Status();
      }
    }
    Hold(std::move(found), /*adopted=*/true);
    Tell(DaemonEventKind::kAdopted, pid);
    co_return Status();
  }

  Awaitable<Status> Launch() {
    DaemonCommand command = MakeDaemonCommand(options_);
    Result<StartedDaemon> started = co_await launcher_->Start(std::move(command));
    Status status;
    if (started) {
      ++starts_;
      const DaemonPid pid = started->process->pid();
      Hold(std::move(started->process), /*adopted=*/false);
      Tell(DaemonEventKind::kStarted, pid, std::move(started->warning));
      status = co_await launcher_->WritePidFile(pid);
      // Without its PID written nobody would find it again.
      if (!status) static_cast<void>(process_->Signal(SIGKILL));
    } else {
      status = Fail(std::move(started).error());
    }
    if (!status) Tell(DaemonEventKind::kStartFailed, 0, status.error().message);
    co_return status;
  }

  // --- The watch ---

  Awaitable<void> Watch() {
    while (!closing_) {
      if (NeedsStart()) {
        if (Planted(Mutant::kDeadDaemonStaysDead)) break;
        co_await Restart();
        continue;
      }
      between_checks_ = true;
      static_cast<void>(co_await Pause(HealthPause()));
      between_checks_ = false;
      if (closing_ || NeedsStart()) continue;
      const Status health = co_await Check();
      if (closing_ || NeedsStart()) continue;
      Note(health);
      if (EndsTheWatch(health)) break;
      if (!CountsAsDead(health)) continue;
      co_await KillHung();
      // The reference waits here for ever, for it has no way to see an adopted daemon end.
      if (!closing_ && !NeedsStart()) static_cast<void>(co_await Pause(kForEver));
    }
  }

  // Whoever waits for it need not wait longer than it takes.
  Duration HealthPause() const {
    return awaited_health_ ? std::min(timing().health_interval, timing().daemon_ready_poll)
                           : timing().health_interval;
  }

  bool NeedsStart() const { return launcher_ != nullptr && (!process_ || ended_) && ReactsToEnd(); }

  Awaitable<Status> Check() {
    auto over = std::make_shared<OneShot<Status>>(runtime_);
    wait_ = over;
    Spawn(runtime_, CheckAndTell(&api_, timing().health_deadline, closed_, over));
    Status status = co_await over->Wait();
    wait_.reset();
    co_return status;
  }

  // Outlives this object if the API takes its time.
  static Awaitable<void> CheckAndTell(ContainerdApi* api, Duration deadline,
                                      std::shared_ptr<bool> closed,
                                      std::shared_ptr<OneShot<Status>> over) {
    if (*closed) co_return;
    Status status = co_await api->CheckHealth(deadline);
    over->Set(std::move(status));
  }

  void Note(const Status& health) {
    healthy_ = health.has_value();
    if (health) {
      last_failure_.clear();
      healthy_since_start_ = true;
      if (Acts(Deviation::kHealthFailuresConsecutive)) failures_ = 0;
      if (awaited_health_) awaited_health_->Set(Status());
      return;
    }
    last_failure_ = health.error().message;
    if (!InGrace()) ++failures_;
    Tell(DaemonEventKind::kHealthFailed, process_ ? process_->pid() : 0, last_failure_);
  }

  bool InGrace() const {
    return Acts(Deviation::kHealthFailuresConsecutive) && !healthy_since_start_ &&
           launcher_ != nullptr && runtime_.Now() - started_at_ < timing().daemon_start_grace;
  }

  bool EndsTheWatch(const Status& health) const {
    return !Acts(Deviation::kHealthWatchSurvives) && launcher_ != nullptr && !health &&
           health.error().message.find("is closing") != std::string::npos;
  }

  bool CountsAsDead(const Status& health) const {
    const int enough = Planted(Mutant::kKillAtFirstFailure) ? 1 : timing().health_failures;
    return launcher_ != nullptr && !health && failures_ >= enough;
  }

  // Returns when it has ended, or is none of ours, or on Close().
  Awaitable<void> KillHung() {
    failures_ = 0;
    if (!process_) co_return;
    if (adopted_ && Acts(Deviation::kAdoptionNeedsProof)) {
      DaemonCommand command = MakeDaemonCommand(options_);
      const bool ours = co_await process_->IsDaemon(std::move(command));
      if (closing_ || ended_) co_return;
      if (!ours) {
        Tell(DaemonEventKind::kNotAdopted, process_->pid(), "it runs another program by now");
        Forget();
        co_return;
      }
    }
    Tell(DaemonEventKind::kKilled, process_->pid());
    static_cast<void>(process_->Signal(SIGKILL));
    co_await WaitForEnd(kForEver);
  }

  // Until it runs, or Close().
  Awaitable<void> Restart() {
    if (healthy_since_start_ && runtime_.Now() - started_at_ >= timing().daemon_restart_longest) {
      pause_ = timing().daemon_restart_first;
    }
    Forget();
    static_cast<void>(co_await Pause(Planted(Mutant::kRestartAtOnce) ? Duration::zero() : pause_));
    if (closing_) co_return;
    pause_ = std::min(2 * pause_, timing().daemon_restart_longest);
    static_cast<void>(co_await Launch());
  }

  Awaitable<Status> Terminate() {
    if (!process_ || ended_) co_return Status();
    Status sent = process_->Signal(SIGTERM);
    if (!sent) co_return sent;
    co_await WaitForEndClosed(timing().daemon_term_wait);
    if (ended_) co_return Status();
    sent = process_->Signal(SIGKILL);
    if (!sent) co_return sent;
    co_await WaitForEndClosed(timing().daemon_term_wait);
    if (ended_) co_return Status();
    co_return Fail(ErrorCode::kDeadlineExceeded,
                   "containerd, process " + std::to_string(process_->pid()) + ", does not end");
  }

  Runtime& runtime_;
  ContainerdApi& api_;
  DaemonLauncher* const launcher_;
  DaemonOptions options_;
  const Settings settings_;
  TaskScope scope_;
  bool closing_ = false;
  const std::shared_ptr<bool> closed_ = std::make_shared<bool>(false);
  std::shared_ptr<OneShot<Status>> wait_;
  std::shared_ptr<OneShot<Status>> awaited_health_;
  bool between_checks_ = false;

  std::unique_ptr<DaemonProcess> process_;
  bool adopted_ = false;
  bool ended_ = false;
  bool healthy_ = false;
  bool healthy_since_start_ = false;
  int failures_ = 0;
  std::string last_failure_;
  std::uint64_t starts_ = 0;
  Duration started_at_{};
  Duration pause_;  // before the next start
};

DaemonSupervisor::DaemonSupervisor(Ports ports, DaemonOptions options, Settings settings)
    : impl_(std::make_unique<Impl>(ports, std::move(options), std::move(settings))) {}

DaemonSupervisor::~DaemonSupervisor() = default;

Awaitable<Status> DaemonSupervisor::Start() {
  return impl_->Start();
}
void DaemonSupervisor::UpdateOptions(const DaemonOptions& options) {
  impl_->UpdateOptions(options);
}
Awaitable<Status> DaemonSupervisor::WaitUntilHealthy(Duration timeout) {
  return impl_->WaitUntilHealthy(timeout);
}
Awaitable<void> DaemonSupervisor::Close() {
  return impl_->Close();
}
Awaitable<Status> DaemonSupervisor::Cleanup() {
  return impl_->Cleanup();
}
DaemonStatus DaemonSupervisor::status() const {
  return impl_->status();
}

}  // namespace libcontainerd
