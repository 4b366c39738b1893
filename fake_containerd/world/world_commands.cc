// The commands that neither start nor end anything, each one task of the main loop.

#include <algorithm>
#include <utility>

#include "fake_containerd/world/signals.h"
#include "fake_containerd/world/stats_model.h"
#include "fake_containerd/world/world.h"
#include "fake_containerd/world/world_parts.h"

namespace fake_containerd {
namespace {

constexpr std::uint64_t kDefaultCpuPeriod = 100'000;  // microseconds

template <class T>
void Take(std::optional<T>& value, const std::optional<T>& update) {
  if (update) value = update;
}

}  // namespace

World::Answer<void> World::Signal(ContainerKey key, std::string process, std::uint32_t signal) {
  libcontainerd::UniqueFunction<WorldStatus(Container&)> work =
      [this, key, process, signal](Container& container) -> WorldStatus {
    const bool misses = Planted(Mutant::kExecSignalHitsInit);
    const MemberPtr member = container.Find(misses ? kInitName : process);
    if (!member) return Fails(FailureKind::kProcessNotFound, key, process);
    if (member->process->dead()) return Fails(FailureKind::kNoSuchProcess, key, process);
    if (signal > kHighestSignal) return Fails(FailureKind::kInvalidSignal, key, process);
    member->process->Signal(signal);
    return {};
  };
  co_return co_await AskNow<void>(std::move(work), key);
}

World::Answer<void> World::UpdateProcess(ContainerKey key, std::string process,
                                         ProcessUpdate update) {
  libcontainerd::UniqueFunction<WorldStatus(Container&)> work =
      [this, key, process, update](Container& container) -> WorldStatus {
    const MemberPtr member = container.Find(process);
    if (!member) return Fails(FailureKind::kProcessNotFound, key, process);
    const bool resize = update.width > 0 || update.height > 0;
    if (!update.close_stdin && !resize) return {};
    if (member->process->dead()) return Fails(FailureKind::kControlClosed, key, process);
    if (update.close_stdin && !Planted(Mutant::kCloseStdinIgnored)) member->process->CloseStdin();
    if (resize) member->process->Resize(update.width, update.height);
    return {};
  };
  co_return co_await AskNow<void>(std::move(work), key);
}

World::Answer<void> World::Pause(ContainerKey key) {
  co_return co_await ChangeState(std::move(key), /*pause=*/true);
}

World::Answer<void> World::Resume(ContainerKey key) {
  co_return co_await ChangeState(std::move(key), /*pause=*/false);
}

World::Answer<void> World::ChangeState(ContainerKey key, bool pause) {
  libcontainerd::UniqueFunction<void(Reply<void>, MainLoop::Done)> work =
      [this, key, pause](Reply<void> reply, MainLoop::Done done) {
        const ContainerPtr container = FindContainer(key);
        WorldStatus changed = Fails(FailureKind::kContainerNotFound, key);
        if (container) changed = pause ? PauseNow(*container) : ResumeNow(*container);
        if (!changed) {
          reply->Set(std::move(changed));
          done();
          return;
        }
        Announce(
            pause ? options_.choices.pause : options_.choices.resume,
            [reply] { reply->Set(WorldStatus()); },
            [this, container, pause] {
              EmitNow(pause ? EventKind::kPause : EventKind::kResume, *container);
            },
            std::move(done));
      };
  co_return co_await Ask<void>(std::move(work));
}

WorldStatus World::PauseNow(Container& container) {
  const MemberPtr init = container.init();
  if (!init) return Fails(FailureKind::kNotStarted, container.key);
  if (init->process->dead()) {
    Failure failure = MakeFailure(FailureKind::kInitJustDied, container.key);
    failure.number = init->process->info().system_pid;
    return tl::unexpected(std::move(failure));
  }
  if (container.paused) return Fails(FailureKind::kPausedAlready, container.key);
  container.paused = true;
  container.counts.Make().paused_since = runtime_.Now();
  if (Planted(Mutant::kPauseDoesNotFreeze)) return {};
  for (const MemberPtr& member : container.members) member->process->Freeze();
  return {};
}

WorldStatus World::ResumeNow(Container& container) {
  if (!container.paused) return Fails(FailureKind::kNotPaused, container.key);
  container.paused = false;
  Container::Counts& counts = container.counts.Make();
  counts.paused_before += runtime_.Now() - *counts.paused_since;
  counts.paused_since.reset();
  // A thaw lets waiting signals kill, and the dead may leave the list.
  for (const MemberPtr& member : std::vector<MemberPtr>(container.members)) {
    member->process->Thaw();
  }
  return {};
}

World::Answer<void> World::SetResources(ContainerKey key, Resources resources) {
  libcontainerd::UniqueFunction<WorldStatus(Container&)> work =
      [this, key, resources](Container& container) -> WorldStatus {
    if (resources.memory_limit && *resources.memory_limit < kLeastMemory) {
      Failure failure = MakeFailure(FailureKind::kMemoryBusy, key, "", container.cgroups_path);
      failure.number = *resources.memory_limit;
      return tl::unexpected(std::move(failure));
    }
    CountPeriods(container);  // by the old quota
    if (!container.resources) container.resources = std::make_unique<Resources>();
    Resources& now = *container.resources;
    Take(now.blkio_weight, resources.blkio_weight);
    Take(now.cpu_shares, resources.cpu_shares);
    Take(now.cpu_period, resources.cpu_period);
    Take(now.cpu_quota, resources.cpu_quota);
    Take(now.cpuset_cpus, resources.cpuset_cpus);
    Take(now.cpuset_mems, resources.cpuset_mems);
    Take(now.memory_limit, resources.memory_limit);
    Take(now.memory_swap, resources.memory_swap);
    Take(now.memory_reservation, resources.memory_reservation);
    Take(now.kernel_memory_limit, resources.kernel_memory_limit);
    Take(now.kernel_tcp_memory_limit, resources.kernel_tcp_memory_limit);
    Take(now.pids_limit, resources.pids_limit);
    return {};
  };
  co_return co_await AskNow<void>(std::move(work), key);
}

World::Answer<void> World::Find(ContainerKey key) {
  libcontainerd::UniqueFunction<WorldStatus(Container&)> work = [](Container&) -> WorldStatus {
    return {};
  };
  co_return co_await AskNow<void>(std::move(work), key);
}

World::Answer<std::vector<ContainerInfo>> World::List(ContainerKey key) {
  using Infos = std::vector<ContainerInfo>;
  libcontainerd::UniqueFunction<void(Reply<Infos>, MainLoop::Done)> work =
      [this, key](Reply<Infos> reply, MainLoop::Done done) {
        Infos infos;
        WorldResult<Infos> result;
        const std::vector<ContainerPtr> asked = FindAll(key);
        if (!key.id.empty() && asked.empty() && !Planted(Mutant::kStateListsNothing)) {
          result = Fails(FailureKind::kContainerNotFound, key);
        }
        for (const ContainerPtr& container : asked) {
          if (!result) break;
          WorldResult<ContainerInfo> info = StateOf(*container);
          if (info) {
            infos.push_back(std::move(*info));
          } else {
            result = tl::unexpected(std::move(info).error());
          }
        }
        if (result) result = std::move(infos);
        reply->Set(std::move(result));
        done();
      };
  co_return co_await Ask<Infos>(std::move(work));
}

// That container, if it is there; with an empty id all of the namespace.
std::vector<World::ContainerPtr> World::FindAll(const ContainerKey& key) const {
  std::vector<ContainerPtr> found;
  if (!key.id.empty()) {
    if (ContainerPtr container = FindContainer(key)) found.push_back(std::move(container));
    return found;
  }
  for (const auto& [candidate, container] : containers_) {
    if (container->key.space == key.space) found.push_back(container);
  }
  return found;
}

WorldResult<ContainerInfo> World::StateOf(const Container& container) const {
  const MemberPtr init = container.init();
  if (init && init->process->dead() && options_.choices.state_fails_for_dead_init) {
    Failure failure = MakeFailure(FailureKind::kInitJustDiedPids, container.key);
    failure.number = init->process->info().system_pid;
    return tl::unexpected(std::move(failure));
  }
  return InfoOf(container, /*with_pids=*/true);
}

ContainerInfo World::InfoOf(const Container& container, bool with_pids) const {
  ContainerInfo info;
  info.key = container.key;
  info.bundle = container.bundle;
  info.labels = container.labels;
  info.runtime = container.runtime;
  const bool running = container.running() && !Planted(Mutant::kRunningShownStopped);
  info.status = running ? TaskStatus::kRunning : TaskStatus::kStopped;
  info.paused = container.paused;
  for (const MemberPtr& member : container.members) {
    ProcessInfo& process = info.processes.emplace_back(member->process->info());
    if (member->io_in_bundle) process.io.Make() = IoPaths::In(container.bundle, process.name);
  }
  if (with_pids && container.running()) info.pids = PidsOf(container);
  return info;
}

std::vector<std::uint32_t> World::PidsOf(const Container& container) const {
  std::vector<std::uint32_t> pids;
  for (const MemberPtr& member : container.members) member->process->AppendPids(pids);
  for (const MemberPtr& member : container.execs->lingering) member->process->AppendPids(pids);
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::optional<ContainerInfo> World::Inspect(const ContainerKey& key) const {
  const ContainerPtr container = FindContainer(key);
  if (!container) return std::nullopt;
  ContainerInfo info = InfoOf(*container, /*with_pids=*/true);
  for (const MemberPtr& member : container->members) {
    info.activity.emplace(member->process->info().name, member->process->Activity());
  }
  return info;
}

World::Answer<TaskStats> World::Stats(ContainerKey key) {
  // Not on the loop: it answers while the loop stands still.
  if (!running_) co_return Fails(FailureKind::kDaemonGone, key);
  const ContainerPtr container = FindContainer(key);
  if (!container) co_return Fails(FailureKind::kContainerNotFound, key);
  co_return StatsOf(*container);
}

TaskStats World::StatsOf(Container& container) const {
  CountPeriods(container);
  StatsInputs inputs{.container = container.key,
                     .running = RunningTime(container),
                     .uptime = runtime_.Now(),
                     .time = runtime_.WallNow(),
                     .pids = PidsOf(container).size(),
                     .resources = container.resources ? *container.resources : Resources(),
                     .cpu_periods = container.counts->cpu_periods,
                     .memory_failures = container.counts->memory_failures};
  TaskStats stats = ModelStats(inputs);
  container.counts.Make().memory_failures = stats.memory.failures;
  const auto script = stats_scripts_.find(container.key);
  if (script != stats_scripts_.end()) {
    script->second({.container = container.key, .running = inputs.running}, stats);
  }
  return stats;
}

Duration World::RunningTime(const Container& container) const {
  const Duration until = container.counts->paused_since.value_or(runtime_.Now());
  return until - container.created - container.counts->paused_before;
}

// Whole periods since the last time, at the quota that held since.
void World::CountPeriods(Container& container) const {
  const Duration running = RunningTime(container);
  Container::Counts& counts = container.counts.Make();
  if (!container.resources || !container.resources->cpu_quota) {
    counts.periods_counted_until = running;
    return;
  }
  // The kernel takes no period above a second.
  const std::uint64_t wanted = container.resources->cpu_period.value_or(kDefaultCpuPeriod);
  const std::uint64_t microseconds = std::clamp<std::uint64_t>(wanted, 1'000, 1'000'000);
  const Duration period = std::chrono::microseconds(microseconds);
  const auto periods = (running - counts.periods_counted_until) / period;
  counts.cpu_periods += static_cast<std::uint64_t>(periods);
  counts.periods_counted_until += periods * period;
}

void World::SetStats(const ContainerKey& key, StatsScript script) {
  if (script) {
    stats_scripts_[key] = std::move(script);
  } else {
    stats_scripts_.erase(key);
  }
}

World::Answer<void> World::CreateCheckpoint(ContainerKey key, std::string directory,
                                            CheckpointOptions options) {
  libcontainerd::UniqueFunction<WorldStatus(Container&)> work =
      [this, directory, options = std::move(options)](Container& container) {
        return CheckpointNow(container, directory, options);
      };
  co_return co_await AskNow<void>(std::move(work), key);
}

WorldStatus World::CheckpointNow(Container& container, const std::string& directory,
                                 const CheckpointOptions& options) {
  const std::string where =
      directory.empty() ? JoinPath(container.bundle, "checkpoints") : directory;
  if (const auto refused = DiskFailure("disk.checkpoint", {container.key.id, ""})) {
    return Fails(*refused, container.key, "", JoinPath(where, options.name));
  }
  WorldStatus created = checkpoints_.Create(where, options);
  if (!created) return created;
  // Without the tool the directory stays behind and is listed.
  if (!options_.choices.checkpoint_tool) return Fails(FailureKind::kCheckpointTool, container.key);
  const MemberPtr init = container.init();
  if (options.exit && init && !init->process->dead()) init->process->Kill();
  return {};
}

World::Answer<void> World::DeleteCheckpoint(ContainerKey key, std::string directory,
                                            std::string name) {
  libcontainerd::UniqueFunction<WorldStatus(Container&)> work =
      [this, directory, name](Container& container) -> WorldStatus {
    const bool given = !directory.empty();
    checkpoints_.Delete(given ? directory : JoinPath(container.bundle, "checkpoints"), name);
    return {};
  };
  co_return co_await AskNow<void>(std::move(work), key);
}

World::Answer<std::vector<CheckpointOptions>> World::ListCheckpoints(ContainerKey key,
                                                                     std::string directory) {
  using Found = std::vector<CheckpointOptions>;
  libcontainerd::UniqueFunction<WorldResult<Found>(Container&)> work =
      [this, directory](Container& container) {
        const bool given = !directory.empty();
        return checkpoints_.List(given ? directory : JoinPath(container.bundle, "checkpoints"));
      };
  co_return co_await AskNow<Found>(std::move(work), key);
}

}  // namespace fake_containerd
