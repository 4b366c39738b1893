// How a scenario ends: faults off, everything comes to rest, what runs is ended, and what is left
// then is written down for the judges.
#include <algorithm>

#include "scenarios/runner/stage.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Status;

namespace {

fake_containerd::ContainerKey Key(const std::string& id) {
  return {.id = id};
}

}  // namespace

std::string Stage::End(Duration patience) {
  interjection_ = {};
  LiftFaults();
  if (client_ && !closing_) {
    ComeToRest(patience);
    SnapshotRunning();
    EndProcesses(patience);
    Snapshot(kEnd);
    CloseClient();
  } else {
    EndProcesses(patience);
  }
  return Dismantle();
}

void Stage::LiftFaults() {
  Do([&] {
    failures_.Clear();
    engine_.failing.clear();
    engine_.failing_times.clear();
    engine_.ReleaseAll();
    world_->injector().ClearFaults();
    PlanChanged();
    world_->injector().SetAutonomous(true);
    world_->injector().ReleaseAll();
    world_->HoldSubscribers(false);
    KeepDaemonUp();
  });
  Settle();
  // A crash that was decided on before may have come only now.
  Do([&] { KeepDaemonUp(); });
  Settle();
}

// On the executor.
void Stage::KeepDaemonUp() {
  const bool down = !world_->daemon_running();
  if (down && options_.keeper == DaemonKeeper::kExternal) {
    static_cast<void>(world_->StartDaemon());
  }
}

// Nothing is under way, and client and daemon know the same containers. On the executor.
bool Stage::AtRest() {
  if (calls_running_ > 0 || client_->PendingCallbacks() > 0) return false;
  if (!world_->daemon_running() || watched_api_.streams() == 0) return false;
  for (const auto& tracked : client_->Tracked()) {
    if (tracked.condemned) return false;
    const auto info = world_->Inspect(Key(tracked.id));
    if (!info || info->processes.empty()) return false;
    for (const std::string& exec : tracked.processes) {
      const auto is_it = [&](const auto& process) { return process.name == exec; };
      if (std::ranges::none_of(info->processes, is_it)) return false;
    }
  }
  return true;
}

void Stage::ComeToRest(Duration patience) {
  const Duration until = runtime().Now() + patience;
  Duration step = std::chrono::milliseconds(50);
  while (true) {
    bool rest = false;
    Do([&] { rest = AtRest(); });
    if (rest || spinning_ || runtime().Now() >= until) return;
    Advance(std::min(step, until - runtime().Now()));
    step = std::min<Duration>(step * 2, std::chrono::seconds(5));
  }
}

Awaitable<Status> Stage::ThawInWorld(fake_containerd::World* world, std::string id) {
  static_cast<void>(co_await world->Resume(Key(id)));
  co_return Status();
}

// The daemon keeps what lost its process in the middle of a start, and whose exit it never hears;
// when everything else has gone, that is not waited for. On the executor.
bool Stage::AllEnded(Duration waited) {
  if (world_->container_count() == 0) return true;
  constexpr std::chrono::seconds kForDeletes{10};
  const auto empty = std::ranges::count_if(created_, [&](const std::string& id) {
    const auto info = world_->Inspect(Key(id));
    return info && info->processes.empty();
  });
  return waited >= kForDeletes && static_cast<std::size_t>(empty) == world_->container_count();
}

// Whatever still runs is killed, and the client hears of it.
void Stage::EndProcesses(Duration patience) {
  Do([&] {
    for (const std::string& id : created_) {
      const auto info = world_->Inspect(Key(id));
      if (info && info->paused) {
        Spawn(runtime(), CarryQuiet(ThawInWorld(world_.get(), id),
                                    std::make_shared<std::optional<std::string>>()));
      }
    }
  });
  Settle();
  const Duration begun = runtime().Now();
  const Duration until = begun + patience;
  Duration step = std::chrono::milliseconds(50);
  while (true) {
    bool over = false;
    Do([&] {
      world_->KillAll();
      const bool resting =
          !client_ || closing_ ||
          (client_->LiveObjects() == 0 && engine_.all_ended() && calls_running_ == 0);
      over = resting && AllEnded(runtime().Now() - begun);
    });
    if (over || spinning_ || runtime().Now() >= until) return;
    Settle();
    if (step > std::chrono::milliseconds(50)) Advance(std::min(step, until - runtime().Now()));
    step = std::min<Duration>(step + step / 2, std::chrono::seconds(5));
  }
}

void Stage::Snapshot(std::string_view when) {
  Do([&] {
    world_recorder_.RecordCount("objects", client_->LiveObjects(), when);
    world_recorder_.RecordCount("containers", client_->Tracked().size(), when);
    world_recorder_.RecordCount("readers of outputs", engine_.open_outputs(), when);
  });
}

void Stage::SnapshotRunning() {
  Do([&] {
    RecordTracked(world_recorder_, client_->Tracked());
    RecordRunning(world_recorder_, *world_,
                  std::vector<std::string>(created_.begin(), created_.end()));
  });
}

std::string Stage::Dismantle() {
  dismantled_ = true;
  const bool closed = !client_ || CloseClient();
  if (!Await(BeginQuiet([this] { return CloseStreams(this); }))) wrong_ = "an output did not end";
  Do([&] { world_->StopDaemon(); });
  WorldSettle();
  Do([&] { DropClient(closed); });
  replay_world_->Disconnect();
  Do([&] {
    happened_.on_daemon_stopped = {};
    watched_daemon_.reset();
    facade_.reset();
    world_.reset();
  });
  WorldSettle();
  if (const std::string failure = replay_world_->failure(); !failure.empty()) {
    wrong_ += "escaped from a coroutine: " + failure;
  }
  return wrong_;
}

}  // namespace scenarios
