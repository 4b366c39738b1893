#include "scenarios/journaling_daemon.h"

#include <utility>

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::DaemonCommand;
using libcontainerd::DaemonPid;
using libcontainerd::DaemonProcess;
using libcontainerd::Result;
using libcontainerd::StartedDaemon;
using libcontainerd::Status;

namespace {

Entry AboutDaemon(EntryKind kind, DaemonPid pid) {
  Entry entry;
  entry.kind = kind;
  entry.pid = static_cast<std::uint32_t>(pid);
  return entry;
}

class JournalingDaemonProcess final : public DaemonProcess {
 public:
  JournalingDaemonProcess(Recorder& recorder, std::unique_ptr<DaemonProcess> process)
      : recorder_(recorder), process_(std::move(process)) {}

  DaemonPid pid() const override { return process_->pid(); }
  bool Alive() const override { return process_->Alive(); }
  Awaitable<bool> IsDaemon(DaemonCommand command) override {
    const bool ours = co_await process_->IsDaemon(std::move(command));
    recorder_.Record(
        AboutDaemon(ours ? EntryKind::kDaemonAdopted : EntryKind::kDaemonRefused, pid()));
    co_return ours;
  }
  Status Signal(int signal) override {
    Entry entry = AboutDaemon(EntryKind::kDaemonSignalled, pid());
    entry.code = static_cast<std::uint32_t>(signal);
    recorder_.Record(entry);
    return process_->Signal(signal);
  }
  void WhenEnded(libcontainerd::UniqueFunction<void()> told) override {
    process_->WhenEnded([&recorder = recorder_, pid = pid(), told = std::move(told)]() mutable {
      recorder.Record(AboutDaemon(EntryKind::kDaemonEnded, pid));
      told();
    });
  }

 private:
  Recorder& recorder_;
  std::unique_ptr<DaemonProcess> process_;
};

}  // namespace

Awaitable<Result<StartedDaemon>> JournalingDaemonLauncher::Start(DaemonCommand command) {
  Result<StartedDaemon> started = co_await launcher_.Start(std::move(command));
  const Status status = started ? Status() : libcontainerd::Fail(started.error());
  recorder_.RecordEnd(
      AboutDaemon(EntryKind::kDaemonStarted, started ? started->process->pid() : 0), status);
  if (started) {
    started->process =
        std::make_unique<JournalingDaemonProcess>(recorder_, std::move(started->process));
  }
  co_return started;
}

Awaitable<std::unique_ptr<DaemonProcess>> JournalingDaemonLauncher::Find(DaemonPid pid) {
  std::unique_ptr<DaemonProcess> found = co_await launcher_.Find(pid);
  if (found) found = std::make_unique<JournalingDaemonProcess>(recorder_, std::move(found));
  co_return found;
}

}  // namespace scenarios
