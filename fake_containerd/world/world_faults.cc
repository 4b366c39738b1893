// What the injector's verdicts mean in the world: how the daemon crashes and comes back, how events
// get lost, doubled and changed, and what the disk says.

#include <array>
#include <charconv>
#include <utility>

#include <asio/post.hpp>

#include "fake_containerd/world/world.h"
#include "fake_containerd/world/world_parts.h"
#include "libcontainerd/time_text.h"

namespace fake_containerd {

using libcontainerd::Fail;
using libcontainerd::Status;

namespace {

// In the order of EventKind.
constexpr std::array<std::string_view, 7> kEventPoints{
    "event.start-container", "event.start-process", "event.exit", "event.oom",
    "event.pause",           "event.resume",        "event.live"};

void ChangeField(Event& event, const std::string& field, const std::string& value) {
  if (field == "id") event.container.id = value;
  if (field == "pid") event.process = value;
  if (field == "type") event.kind = EventKindFromName(value).value_or(event.kind);
  if (field == "timestamp") event.time = libcontainerd::ParseTime(value).value_or(event.time);
  if (field == "status") {
    std::from_chars(value.data(), value.data() + value.size(), event.status);
  }
}

LogDamage DamageOf(const std::optional<FaultTerm>& fault) {
  if (!fault) return LogDamage::kNone;
  switch (fault->action) {
    case FaultAction::kLostLog:
      return LogDamage::kLost;
    case FaultAction::kTruncateLog:
      return LogDamage::kTruncated;
    case FaultAction::kCorruptLog:
      return LogDamage::kCorrupt;
    default:
      return LogDamage::kNone;
  }
}

}  // namespace

Injector::Hooks World::InjectorHooks() {
  Injector::Hooks hooks;
  hooks.emit = [this](Event event) { Emit(std::move(event)); };
  hooks.panic = [this] { CrashSoon(std::nullopt); };
  hooks.restart = [this](Duration delay) { CrashSoon(delay); };
  hooks.hang = [this](Duration duration) { StallLoop(duration); };
  hooks.faults_changed = [this] { FlushReordered(); };
  hooks.held = [this](const HeldItem& item) {
    if (options_.observer != nullptr) options_.observer->OnHeld(item);
  };
  hooks.released = [this](const HeldItem& item) {
    if (options_.observer != nullptr) options_.observer->OnReleased(item);
  };
  hooks.fired = [this](const FiredFault& fault) {
    if (options_.observer != nullptr) options_.observer->OnFaultFired(fault);
  };
  return hooks;
}

// A step of its own: the daemon cannot go away under the very step that decides it. Until then the
// injector lets nothing pass.
void World::CrashSoon(std::optional<Duration> restart_after) {
  asio::post(runtime_.executor(), [this, alive = std::weak_ptr<int>(alive_), restart_after] {
    if (alive.expired()) return;
    StopDaemon();
    if (!restart_after) {
      if (options_.observer != nullptr) options_.observer->OnDaemonPanicked();
      return;
    }
    runtime_.StartTimer(*restart_after, [this, alive] {
      if (!alive.expired()) (void)StartDaemon();  // start_failure() keeps what went wrong
    });
  });
}

Status World::LoadContainers(std::vector<StoredContainer>& stored) {
  if (!files_) return {};
  libcontainerd::Result<std::vector<StoredContainer>> found = files_->Load();
  if (!found) return Fail(std::move(found).error());
  stored = std::move(*found);
  return {};
}

Status World::FinishStart(const Injector::Verdict& verdict) {
  starting_ = false;
  start_failure_.reset();
  std::vector<StoredContainer> stored;
  Status started;
  if (verdict.gone) {
    started = Fail(libcontainerd::ErrorCode::kUnavailable, "the daemon was stopped");
  } else if (verdict.fault && verdict.fault->action == FaultAction::kError) {
    started = Fail(verdict.fault->error);
  } else {
    started = LoadContainers(stored);
  }
  if (started) {
    std::vector<Event> lost;
    const bool forgets = Planted(Mutant::kLogLostOnStart);
    started = log_.Load(forgets ? LogDamage::kLost : DamageOf(verdict.fault), &lost);
    for (const Event& event : lost) ReportLost(event, "the log's alone: a fault took it", false);
  }
  if (started) {
    BeginLife(stored);
  } else {
    start_failure_ = started.error();
  }
  return started;
}

void World::Publish(const Event& event) {
  if (injector_->quiet()) return Tell(event);
  const InjectionSubject subject{event.container.id, event.process};
  injector_->Pass(
      kEventPoints.at(static_cast<std::size_t>(event.kind)), subject,
      [this, event](const Injector::Verdict& verdict) { PublishAfter(verdict, event); });
}

void World::PublishAfter(const Injector::Verdict& verdict, Event event) {
  if (verdict.gone) return ReportLost(event, kDiedFirst, true);
  if (verdict.fault) {
    switch (verdict.fault->action) {
      case FaultAction::kDrop:
        return ReportLost(event, "the log's too: a fault took it", true);
      case FaultAction::kReorder:
        reordered_.push_back({verdict.fault->count, std::move(event)});
        return;
      case FaultAction::kDuplicate:
        Tell(event);
        break;
      case FaultAction::kChange:
        ChangeField(event, verdict.fault->field, verdict.fault->value);
        break;
      default:
        break;
    }
  }
  Tell(event);
  TellReordered();
}

// One more event went out.
void World::TellReordered() {
  std::vector<Reordered> due;
  for (Reordered& waiting : reordered_) {
    if (--waiting.after == 0) due.push_back(waiting);
  }
  std::erase_if(reordered_, [](const Reordered& waiting) { return waiting.after == 0; });
  for (const Reordered& waiting : due) Tell(waiting.event);
}

// What a plan that is over held back comes now.
void World::FlushReordered() {
  for (const Reordered& waiting : std::exchange(reordered_, {})) Tell(waiting.event);
}

void World::ReportLost(const Event& event, std::string_view why, bool emitted) {
  if (options_.observer != nullptr) options_.observer->OnEventLost(event, why, emitted);
}

void World::ReportUnsent(const Event& event, std::uint64_t subscriber) {
  if (options_.observer != nullptr) options_.observer->OnEventDropped(event, subscriber);
}

void World::WriteToLog(const Event& event) {
  if (injector_->quiet()) return log_.Append(event);
  const InjectionSubject subject{event.container.id, event.process};
  const std::optional<FaultTerm> fault = injector_->Draw("disk.log", subject).fault;
  if (!fault) return log_.Append(event);
  const bool full = fault->action == FaultAction::kFull;
  ReportLost(event, "the log's file alone: a fault of the disk", false);
  log_.AppendUnwritten(event, {libcontainerd::ErrorCode::kUnknown,
                               std::string("write events.log: ") +
                                   (full ? "no space left on device" : "read-only file system")});
}

std::optional<FailureKind> World::DiskFailure(std::string_view point,
                                              const InjectionSubject& subject) {
  const std::optional<FaultTerm> fault = injector_->Draw(point, subject).fault;
  if (!fault) return std::nullopt;
  return fault->action == FaultAction::kFull ? FailureKind::kDiskFull : FailureKind::kDiskReadOnly;
}

std::unique_ptr<ProcessStreams> World::WithFaults(std::unique_ptr<ProcessStreams> streams,
                                                  SharedKey container, std::string process) {
  return std::make_unique<FaultyStreams>(runtime_, std::move(streams), injector_,
                                         std::move(container), std::move(process), held_open_);
}

}  // namespace fake_containerd
