// How containers and execs come into being: the start workers, the shim's steps, and what can go
// wrong on the way.

#include <algorithm>
#include <utility>

#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/world/runtime_text.h"
#include "fake_containerd/world/world.h"
#include "fake_containerd/world/world_parts.h"

namespace fake_containerd {

using libcontainerd::Awaitable;

namespace {

constexpr char kGoneForExec[] = "cannot exec a container that has run and stopped";

// The real daemon makes a directory named after the id.
std::optional<FailureKind> CheckId(const std::string& id) {
  if (id.empty() || id == "." || id == "..") return FailureKind::kContainerExists;
  if (id.find('/') != std::string::npos) return FailureKind::kContainerDirectory;
  return std::nullopt;
}

}  // namespace

World::Answer<ContainerInfo> World::Create(CreateCommand command) {
  if (!running_) co_return Fails(FailureKind::kDaemonGone, command.key);
  const Life life = life_;
  const auto start = std::make_shared<Start>();
  start->command = std::move(command);
  libcontainerd::UniqueFunction<void(Reply<ContainerPtr>, MainLoop::Done)> work =
      [this, start](Reply<ContainerPtr> reply, MainLoop::Done done) {
        start->reply = std::move(reply);
        BeginCreate(start, std::move(done));
      };
  Answer<ContainerPtr> answer = Ask<ContainerPtr>(std::move(work));
  WorldResult<ContainerPtr> container = co_await std::move(answer);
  if (!container) co_return tl::unexpected(std::move(container).error());
  if (!*life) co_return Fails(FailureKind::kDaemonGone, start->command.key);
  co_return InfoOf(**container, /*with_pids=*/false);
}

void World::BeginCreate(const std::shared_ptr<Start>& start, MainLoop::Done done) {
  const CreateCommand& command = start->command;
  std::optional<FailureKind> refused = CheckId(command.key.id);
  if (!refused && containers_.contains(command.key)) refused = FailureKind::kContainerExists;
  if (!refused && containers_.size() >= options_.max_containers) {
    refused = FailureKind::kTooManyContainers;
  }
  if (!refused) refused = DiskFailure("disk.state", {command.key.id, ""});
  if (refused) {
    Failure failure = MakeFailure(*refused, command.key);
    failure.number = options_.max_containers;
    start->reply->Set(tl::unexpected(std::move(failure)));
    done();
    return;
  }
  const auto container = std::make_shared<Container>(command.key);
  container->bundle = command.bundle;
  container->labels = command.labels;
  container->runtime = command.runtime.empty() ? options_.default_runtime : command.runtime;
  container->created = runtime_.Now();
  if (files_) {
    const libcontainerd::Status recorded = files_->AddContainer({.key = command.key,
                                                                 .bundle = command.bundle,
                                                                 .labels = command.labels,
                                                                 .runtime = container->runtime});
    if (!recorded) {
      Failure failure = MakeFailure(FailureKind::kBundle, command.key);
      failure.passed_on = recorded.error();
      start->reply->Set(tl::unexpected(std::move(failure)));
      done();
      return;
    }
  }
  if (options_.observer != nullptr) options_.observer->OnContainerAdded(command.key);
  containers_.emplace(container->key, container);
  start->container = container;
  QueueStart(start, std::move(done));
}

// Ten starts run, ten wait, and the eleventh that would wait blocks the main loop.
void World::QueueStart(const std::shared_ptr<Start>& start, MainLoop::Done done) {
  if (running_starts_ < options_.start_workers) {
    ++running_starts_;
    libcontainerd::Spawn(runtime_, RunStart(start, life_));
  } else if (waiting_starts_.size() < options_.start_queue) {
    waiting_starts_.push_back(start);
  } else {
    blocked_start_ = start;
    blocked_done_ = std::move(done);
    return;
  }
  done();
}

void World::StartFinished() {
  --running_starts_;
  if (!waiting_starts_.empty()) {
    const std::shared_ptr<Start> next = waiting_starts_.front();
    waiting_starts_.pop_front();
    ++running_starts_;
    libcontainerd::Spawn(runtime_, RunStart(next, life_));
  }
  if (const auto blocked = std::exchange(blocked_start_, nullptr)) {
    QueueStart(blocked, std::move(blocked_done_));
  }
}

// The world may be gone before this begins: `life` comes from whoever spawned it.
Awaitable<void> World::RunStart(std::shared_ptr<Start> start, Life life) {
  if (!*life) co_return;
  const ContainerPtr container = start->container;
  const auto launch = std::make_shared<Launch>();
  launch->container = container;
  launch->name = kInitName;
  launch->io = start->command.io;
  launch->read_bundle = start->command.read_bundle;
  launch->checkpoint = start->command.checkpoint;
  launch->checkpoint_directory = start->command.checkpoint_directory;
  WorldResult<MemberPtr> member = MemberPtr();
  if (!Planted(Mutant::kCreateStartsNothing)) {
    Answer<MemberPtr> launching = LaunchProcess(launch);
    member = co_await std::move(launching);
  }
  if (!*life) co_return;
  if (!member) {
    const bool started = RuntimeMessage(member.error()).has_value();
    start->reply->Set(tl::unexpected(member.error()));
    AfterFailedCreate(container, started);
    StartFinished();
    co_return;
  }
  Announce(
      options_.choices.start_container,
      [start, container] { start->reply->Set(WorldResult<ContainerPtr>(container)); },
      [this, container] { EmitNow(EventKind::kStartContainer, *container); }, [] {});
  StartFinished();
}

void World::AfterFailedCreate(const ContainerPtr& container, bool emit_exit) {
  // The reply is out before the table is cleaned: until then a retry meets "file exists".
  After(options_.choices.failed_create_delete_delay, [this, container, emit_exit] {
    loop_->Push([this, container, emit_exit](MainLoop::Done done) {
      for (const MemberPtr& member : std::vector<MemberPtr>(container->members)) {
        member->process->Kill();
      }
      for (const MemberPtr& member : std::vector<MemberPtr>(container->execs->lingering)) {
        member->process->KillChildren();
      }
      Remove(container);
      const std::optional<std::uint32_t> status = options_.choices.failed_create_exit;
      if (emit_exit && status) EmitNow(EventKind::kExit, *container, kInitName, *status);
      done();
    });
  });
}

World::Answer<std::uint32_t> World::AddProcess(AddProcessCommand command) {
  const auto shared = std::make_shared<AddProcessCommand>(std::move(command));
  libcontainerd::UniqueFunction<void(Reply<std::uint32_t>, MainLoop::Done)> work =
      [this, shared](Reply<std::uint32_t> reply, MainLoop::Done done) {
        libcontainerd::Spawn(runtime_,
                             RunExec(shared, std::move(reply),
                                     std::make_shared<MainLoop::Done>(std::move(done)), life_));
      };
  Answer<std::uint32_t> answer = Ask<std::uint32_t>(std::move(work));
  co_return co_await std::move(answer);
}

// A task of the main loop from its first line to its last: that an exec may take long, everybody
// feels.
Awaitable<void> World::RunExec(std::shared_ptr<AddProcessCommand> command,
                               Reply<std::uint32_t> reply, std::shared_ptr<MainLoop::Done> done,
                               Life life) {
  if (!*life) co_return;
  const ContainerPtr container = FindContainer(command->key);
  std::optional<FailureKind> refused;
  if (!container) {
    refused = FailureKind::kContainerNotFound;
  } else if (command->name == kInitName || container->Find(command->name)) {
    refused = FailureKind::kProcessExists;
  } else {
    refused = DiskFailure("disk.state", {command->key.id, command->name});
  }
  if (refused) {
    reply->Set(Fails(*refused, command->key, command->name));
    (*done)();
    co_return;
  }
  const auto launch = std::make_shared<Launch>();
  launch->container = container;
  launch->name = command->name;
  launch->spec = command->spec;
  launch->io = command->io;
  launch->read_bundle = command->read_bundle;
  Answer<MemberPtr> launching = LaunchProcess(launch);
  const WorldResult<MemberPtr> member = co_await std::move(launching);
  if (!*life) co_return;
  if (!member) {
    reply->Set(tl::unexpected(member.error()));
    (*done)();
    co_return;
  }
  const std::uint32_t pid = (*member)->process->info().system_pid;
  Announce(
      options_.choices.start_process, [reply, pid] { reply->Set(WorldResult<std::uint32_t>(pid)); },
      [this, container, command] { EmitNow(EventKind::kStartProcess, *container, command->name); },
      [done] { (*done)(); });
}

World::Answer<void> World::ReadSpec(std::shared_ptr<Launch> launch) {
  if (!launch->read_bundle) co_return WorldStatus();
  auto reading = launch->read_bundle();
  libcontainerd::Result<BundleSpec> bundle = co_await std::move(reading);
  if (!bundle) {
    Failure failure = MakeFailure(FailureKind::kBundle, launch->container->key, launch->name);
    failure.passed_on = bundle.error();
    co_return tl::unexpected(std::move(failure));
  }
  if (launch->is_init()) {
    launch->spec = std::move(bundle->process);
    launch->container->cgroups_path = std::move(bundle->cgroups_path);
    if (!bundle->annotations.empty()) {
      launch->container->annotations.Make() = std::move(bundle->annotations);
    }
    if (bundle->resources != Resources()) {
      launch->container->resources = std::make_unique<Resources>(std::move(bundle->resources));
    }
  }
  co_return WorldStatus();
}

WorldStatus World::CheckRestore(const Launch& launch) const {
  if (!launch.checkpoint) return {};
  const ContainerKey& key = launch.container->key;
  if (!checkpoints_.Contains(launch.checkpoint_directory, *launch.checkpoint)) {
    const std::string path = JoinPath(launch.checkpoint_directory, *launch.checkpoint);
    return Fails(FailureKind::kCheckpointMissing, key, kInitName, JoinPath(path, "config.json"));
  }
  if (!options_.choices.checkpoint_tool) {
    return Fails(FailureKind::kRuntimeMessage, key, kInitName,
                 "Unable to execute CRIU command: criu");
  }
  return {};
}

// What shim and runtime do, up to a process that runs. Every wait may be the last: the life is
// checked after each.
World::Answer<World::MemberPtr> World::LaunchProcess(std::shared_ptr<Launch> launch) {
  const Life life = life_;
  const ContainerKey key = launch->container->key;
  Answer<void> reading = ReadSpec(launch);
  WorldStatus read = co_await std::move(reading);
  if (!*life) co_return Fails(FailureKind::kDaemonGone, key);
  if (!read) co_return tl::unexpected(std::move(read).error());
  WorldStatus restorable = CheckRestore(*launch);
  if (!restorable) co_return tl::unexpected(std::move(restorable).error());

  launch->behaviour = BehaviourOf(*launch);
  Answer<void> opening = OpenStreams(launch);
  WorldStatus opened = co_await std::move(opening);
  if (!*life) co_return Fails(FailureKind::kDaemonGone, key);
  if (!opened) co_return tl::unexpected(std::move(opened).error());

  // An exec's runtime freezes with the container that it enters.
  const bool frozen = !launch->is_init() && launch->container->paused;
  std::optional<Failure> failure = StartFailureOf(*launch);
  const bool hangs = frozen || (failure && failure->kind == FailureKind::kStartTimeout) ||
                     launch->behaviour.start_delay >= options_.start_timeout;
  const Duration delay = hangs ? options_.start_timeout : launch->behaviour.start_delay;
  if (delay > Duration::zero()) co_await libcontainerd::Sleep(runtime_, delay);
  if (!*life) co_return Fails(FailureKind::kDaemonGone, key);
  if (hangs) {
    failure = MakeFailure(FailureKind::kStartTimeout, key, launch->name);
  } else if (!launch->is_init() && launch->container->init() && !launch->container->running()) {
    failure = MakeFailure(FailureKind::kRuntimeMessage, key, launch->name, kGoneForExec);
  }
  if (!failure) {
    Awaitable<Injector::Verdict> passing =
        injector_->Passed("process.start", InjectionSubject{key.id, launch->name});
    const Injector::Verdict verdict = co_await std::move(passing);
    if (!*life || verdict.gone) co_return Fails(FailureKind::kDaemonGone, key);
    if (verdict.fault) failure = InjectedFailure(*launch, verdict.fault->error);
  }
  if (failure) {
    co_await ReportOnStderr(launch, *failure);
    co_return tl::unexpected(std::move(*failure));
  }
  WorldStatus recorded = RecordProcess(*launch);
  if (!recorded) co_return tl::unexpected(std::move(recorded).error());
  co_return AddMember(launch);
}

WorldStatus World::RecordProcess(const Launch& launch) {
  if (!files_) return {};
  const ContainerKey& key = launch.container->key;
  const libcontainerd::Status recorded = files_->AddProcess(key, launch.name, next_pid_);
  if (recorded) return {};
  Failure failure = MakeFailure(FailureKind::kBundle, key, launch.name);
  failure.passed_on = recorded.error();
  return tl::unexpected(std::move(failure));
}

// Who asked for it by code knows best; then the container's own words. Words that make no sense
// fail the start, as a program that complains about its arguments.
Behaviour World::BehaviourOf(const Launch& launch) const {
  ProcessRequest request;
  request.container = launch.container->key;
  request.process = launch.name;
  request.spec = launch.spec;
  request.runtime = launch.container->runtime;
  request.bundle = launch.container->bundle;
  request.annotations = launch.container->annotations.get();
  if (options_.behaviour) {
    std::optional<Behaviour> chosen = options_.behaviour(request);
    if (chosen) return std::move(*chosen);
  }
  libcontainerd::Result<Behaviour> own = BehaviourInWords(request);
  if (own) return std::move(*own);
  Behaviour refused;
  refused.start_failure =
      StartFailure{.kind = FailureKind::kRuntimeMessage, .subject = own.error().message};
  return refused;
}

Failure World::InjectedFailure(const Launch& launch, const libcontainerd::Error& error) {
  Failure failure = MakeFailure(FailureKind::kInjected, launch.container->key, launch.name);
  failure.passed_on = error;
  return failure;
}

// As the shim does before it runs anything.
World::Answer<void> World::OpenStreams(std::shared_ptr<Launch> launch) {
  const Life life = life_;
  const ContainerKey key = launch->container->key;
  const InjectionSubject subject{key.id, launch->name};
  Awaitable<Injector::Verdict> passing = injector_->Passed("fifo.open", subject);
  const Injector::Verdict verdict = co_await std::move(passing);
  if (!*life || verdict.gone) co_return Fails(FailureKind::kDaemonGone, key);
  const bool never = verdict.fault && verdict.fault->action == FaultAction::kNeverOpen;
  if (verdict.fault && !never) {
    co_return tl::unexpected(InjectedFailure(*launch, verdict.fault->error));
  }
  auto streams = io_.Open(never ? IoPaths() : launch->io, launch->spec.terminal);
  if (!streams) {
    Failure failure = MakeFailure(FailureKind::kStreamMissing, key, launch->name);
    failure.passed_on = streams.error();
    co_return tl::unexpected(std::move(failure));
  }
  launch->streams = WithFaults(std::move(*streams), launch->container->shared_key, launch->name);
  co_return WorldStatus();
}

std::optional<Failure> World::StartFailureOf(const Launch& launch) const {
  const std::optional<StartFailure>& wanted = launch.behaviour.start_failure;
  const ContainerKey& key = launch.container->key;
  const std::vector<std::string>& args = launch.spec.args;
  if (!wanted) {
    if (!args.empty()) return std::nullopt;
    return MakeFailure(FailureKind::kNoArgs, key, launch.name);
  }
  std::string subject = wanted->subject;
  if (subject.empty()) {
    if (wanted->kind == FailureKind::kRuntimeMissing) {
      subject = launch.container->runtime;
    } else if (wanted->kind == FailureKind::kBadCwd) {
      subject = launch.spec.cwd;
    } else if (!args.empty()) {
      subject = args.front();
    }
  }
  return MakeFailure(wanted->kind, key, launch.name, subject);
}

// A failed create leaves the runtime's message on the container's stderr. An exec's reaches only
// the caller.
Awaitable<void> World::ReportOnStderr(std::shared_ptr<Launch> launch, Failure failure) {
  WorldObserver* const observer = options_.observer;
  const ContainerKey& key = launch->container->key;
  const Life life = life_;
  Sha256 errors;
  const std::optional<std::string> message = RuntimeMessage(failure);
  if (message && launch->is_init() && !launch->spec.terminal) {
    errors.Update(*message);
    if (observer != nullptr) {
      observer->OnStdioBytes(key, launch->name, StdioStream::kStderr, *message);
    }
    (void)co_await launch->streams->Write(OutputStream::kStderr, *message);
    if (!*life) co_return;
  }
  if (observer != nullptr && launch->is_init()) {
    observer->OnStdioEnd(key, launch->name, StdioStream::kStdout, 0, Sha256().Hex());
    const std::uint64_t total = errors.total_bytes();
    if (!launch->spec.terminal) {
      observer->OnStdioEnd(key, launch->name, StdioStream::kStderr, total, errors.Hex());
    }
  }
  launch->streams->CloseOutputs();
  launch->streams.reset();
}

// The machine outlives the daemon's lives but not the world: Abandon() takes this away.
class World::ProcessOwner final : public SimulatedProcess::Owner {
 public:
  ProcessOwner(World& world, const MemberPtr& member, std::uint32_t pid)
      : world_(world), member_(member), pid_(pid) {}

  void Ended() override {
    if (const MemberPtr ended = member_.lock()) world_.OnEnded(ended);
  }
  void Oom(bool child) override {
    if (const MemberPtr struck = member_.lock()) world_.OnOom(struck, child);
  }
  std::uint32_t NextPid() override { return world_.next_pid_++; }
  void Released() override { world_.processes_.erase(pid_); }
  bool LosesLastByte() const override { return world_.Planted(Mutant::kOutputByteLost); }

 private:
  World& world_;
  const std::weak_ptr<Member> member_;
  const std::uint32_t pid_;
};

World::MemberPtr World::AddMember(const std::shared_ptr<Launch>& launch) {
  const ContainerPtr& container = launch->container;
  auto member = std::make_shared<Member>();
  member->container = container;
  ProcessInfo info{.name = launch->name, .system_pid = next_pid_++, .spec = launch->spec, .io = {}};
  member->io_in_bundle = launch->io == IoPaths::In(container->bundle, launch->name);
  if (!member->io_in_bundle) info.io.Make() = launch->io;
  const std::uint32_t pid = info.system_pid;
  member->process = std::make_shared<SimulatedProcess>(
      runtime_, options_.observer, container->shared_key, std::move(info),
      std::move(launch->behaviour), std::move(launch->streams),
      std::make_unique<ProcessOwner>(*this, member, pid));
  processes_[pid] = member->process;
  auto place = container->members.end();
  if (member->is_init()) {
    place = container->members.begin();
    container->init_pid = pid;
  }
  container->members.insert(place, member);
  if (container->paused) member->process->Freeze();
  member->process->Start();
  return member;
}

}  // namespace fake_containerd
