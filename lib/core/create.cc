// Create: bundle, streams, attach, RPC, start callback — and what becomes of each when a later step
// fails.

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "lib/core/client_impl.h"
#include "lib/core/daemon_errors.h"
#include "lib/core/event.h"
#include "lib/core/lossy_reader.h"
#include "lib/core/spec.h"

namespace libcontainerd {
namespace {

std::uint32_t InitPid(const types::CreateContainerResponse& response) {
  for (const types::Process& process : response.container().processes()) {
    if (process.pid() == kInitProcess) return process.systempid();
  }
  return 0;
}

// A container starts once: one that another follows was of an earlier life. The end, if none came.
std::vector<HeldEvent>::const_iterator LastStart(const std::vector<HeldEvent>& held) {
  const auto last = std::find_if(held.rbegin(), held.rend(), [](const HeldEvent& each) {
    return each.event.type() == kStartContainerEvent;
  });
  return last == held.rend() ? held.end() : std::prev(last.base());
}

}  // namespace

Awaitable<Status> Client::Impl::Create(std::string id, std::string spec_json,
                                       CreateOptions create) {
  if (closed) co_return Fail(ClosedError());
  if (Status valid = CheckContainerId(id); !valid) co_return valid;
  if (IsActive(id) && !Planted(Mutant::kCreateWhileActive)) {
    co_return Fail(ErrorCode::kAlreadyExists, "Container " + id + " is already active");
  }
  auto spec = ReadSpec(spec_json);
  if (!spec) co_return Fail(spec.error());

  const Deadline deadline(ports.runtime, create.timeout.value_or(options.timing.create_deadline));
  const ContainerPtr container = Begin(id, Container::Phase::kStarting);
  container->inherited = spec->process.SerializeAsString();
  const bool terminal = spec->process.terminal();
  co_await container->operations.Lock(deadline.left());  // nobody else has it: granted at once
  OperationLock lock(container);

  const auto disk = std::make_shared<DiskSteps>(ports.runtime, scope_);
  const std::string what = "container " + id;
  auto making = ports.bundles.Create(id, std::move(spec_json), spec->root);
  Status started = co_await DiskSteps::Do(disk, what, std::move(making), deadline.left());
  if (started) started = co_await Start(container, std::move(create), terminal, disk, deadline);
  if (!started || !Planted(Mutant::kStartCallbackHoldsLock)) lock.Release();
  if (!started) {
    if (container->phase == Container::Phase::kCondemned) co_return started;
    DropHeldEvents(*container);
    // The first error is the one to report. Of a file system that hangs the caller need not see
    // the end; until then the id is active.
    const auto cleaning = std::make_shared<DiskSteps>(ports.runtime, scope_);
    auto clear = ClearFailedCreate(container, disk);
    static_cast<void>(
        co_await DiskSteps::Do(cleaning, what, std::move(clear), CleaningTime(deadline)));
    co_return started;
  }
  if (container->phase ==
      Container::Phase::kStarting) {  // reference behaviour: success without a container
    Forget(container);
    co_return started;
  }
  co_return co_await FinishStart(container, container->system_pid);
}

Awaitable<Status> Client::Impl::ClearFailedCreate(ContainerPtr container,
                                                  std::shared_ptr<DiskSteps> disk) {
  co_await DiskSteps::Idle(disk);
  Status removed;
  if (!Planted(Mutant::kFailedCreateKeepsBundle)) {
    removed = co_await ports.bundles.Remove(container->id);
  }
  if (!Planted(Mutant::kFailedCreateStaysTracked)) Forget(container);
  co_return removed;
}

Awaitable<Status> Client::Impl::Start(ContainerPtr container, CreateOptions create, bool terminal,
                                      std::shared_ptr<DiskSteps> disk, Deadline deadline) {
  const std::string what = "container " + container->id;
  auto reading = ports.bundles.ReadConfig(container->id);
  auto config = co_await DiskSteps::Do(disk, what, std::move(reading), deadline.left());
  if (!config) {
    if (!Acts(Deviation::kUnreadableSpecIsError)) co_return Status();
    co_return Fail(config.error());
  }
  const std::string init(kInitProcess);
  StdioPaths paths = StdioPaths::In(ports.bundles.PathOf(container->id), init);
  auto opening = ports.stdio.Open(paths, terminal);
  auto streams = co_await DiskSteps::Do(disk, what, std::move(opening), deadline.left());
  if (!streams) co_return Fail(streams.error());
  IoPipe pipe;
  container->stdio = MakeStdio(container->id, init, std::move(*streams), pipe);

  if (Planted(Mutant::kFifoTimeout)) TimeStreamsOut(container);

  const bool late = Planted(Mutant::kAttachAfterCreate);
  Status attached;
  if (late) attached = co_await RequestCreate(container, create, paths, deadline);
  if (attached) attached = co_await Attach(container->id, init, std::move(pipe));
  if (attached && deadline.left() == Duration::zero()) {
    attached = Fail(AttachOutOfTime(container->id));
  }
  if (attached && !late)
    attached = co_await RequestCreate(container, std::move(create), std::move(paths), deadline);
  if (!attached && !Planted(Mutant::kFailedCreateKeepsReaders)) container->stdio.Abandon();
  co_return attached;
}

Awaitable<Status> Client::Impl::RequestCreate(ContainerPtr container, CreateOptions create,
                                              StdioPaths paths, Deadline deadline) {
  types::CreateContainerRequest request;
  request.set_id(container->id);
  request.set_bundlepath(ports.bundles.PathOf(container->id));
  request.set_stdin(std::move(paths.in));
  request.set_stdout(std::move(paths.out));
  request.set_stderr(std::move(paths.err));
  request.set_checkpoint(create.checkpoint);
  request.set_checkpointdir(create.checkpoint_dir);
  request.set_nopivotroot(options.no_pivot_root);
  request.set_runtime(create.runtime);
  for (std::string& argument : create.runtime_args) request.add_runtimeargs(std::move(argument));

  container->create_sent = true;
  container->began = ThisMoment();
  auto reply = co_await Send(std::move(request), deadline.left());
  if (!reply) {
    const bool unresolved =
        OutcomeUnknown(reply.error()) && Acts(Deviation::kUnknownOutcomeResolved);
    if (unresolved) Condemn(container, /*may_not_exist=*/true);
    co_return Fail(reply.error());
  }
  container->system_pid = InitPid(*reply);
  if (!container->exit_held || ExitInDoubt(*container)) container->stdio.Started();
  co_await AskWhoseExit(container, deadline);
  if (container->phase == Container::Phase::kStarting)
    container->phase = Container::Phase::kRunning;
  co_return Status();
}

// The daemon tells of a start before it tells of that life's exit. Where it told of none, a
// container may have exited that nobody here tracked and that had the id until the create came. So
// may one before that which was restored, if the log was silent then and is read later.
bool Client::Impl::MayBeEarlier(const Container& container) const {
  if (!Acts(Deviation::kStaleEventsDropped)) return false;
  return container.restored ? container.unrecorded : !container.start_told;
}
bool Client::Impl::ExitInDoubt(const Container& container) const {
  if (!MayBeEarlier(container)) return false;
  const std::vector<HeldEvent>& held = container.held_events;
  const auto exit =
      std::ranges::find_if(held, [](const HeldEvent& each) { return IsInitExit(each.event); });
  if (exit == held.end()) return false;
  const auto start = LastStart(held);
  return container.unrecorded || start == held.end() || exit < start;
}

// The daemon forgets a container before it tells of its exit: whom it still knows has not exited.
// Nor does one that exited start: an exit behind a start is this life's. All that came before the
// start is of the life before.
Awaitable<void> Client::Impl::AskWhoseExit(ContainerPtr container, Deadline deadline) {
  std::vector<HeldEvent>& held = container->held_events;
  const auto exit_in = [&held](auto from) {
    return std::any_of(from, held.cend(),
                       [](const HeldEvent& each) { return IsInitExit(each.event); });
  };
  const auto start = [&held] { return LastStart(held); };
  if (!ExitInDoubt(*container)) co_return;
  if (!exit_in(start())) {
    types::StateRequest request;
    request.set_id(container->id);
    auto state = co_await Send(std::move(request), deadline.left());
    const bool known = state || SaysInitDied(state.error());
    // It started behind that exit, and has ended since, or the daemon told of its start late.
    const bool starting = container->phase == Container::Phase::kStarting;
    if (starting && !known && start() != held.end() && SaysContainerNotFound(state.error())) {
      const Duration pause = std::min(options.timing.gone_grace, deadline.left());
      static_cast<void>(co_await container->ended.Sleep(pause));
    }
    if (!ExitInDoubt(*container)) co_return;
    if (!known && !exit_in(start())) co_return;
  }
  dropped.earlier_life += static_cast<std::uint64_t>(start() - held.begin());
  held.erase(held.begin(), start());
  container->exit_held = exit_in(held.cbegin());
}

// It runs as far as anybody knows.
Awaitable<void> Client::Impl::SettleExit(ContainerPtr container) {
  co_await AskWhoseExit(container, Deadline(ports.runtime, options.timing.call_deadline));
  container->settling = false;
  if (!closed) ApplyHeldEvents(container);
}

void Client::Impl::ApplyHeldEvents(const ContainerPtr& container) {
  for (const HeldEvent& held : std::exchange(container->held_events, {})) {
    ApplyEvent(container, held.event, held.receipt);
  }
}

// The start callback goes through the container's queue before any event that came during the
// create.
Awaitable<Status> Client::Impl::FinishStart(ContainerPtr container, std::uint32_t system_pid) {
  auto result = std::make_shared<OneShot<Status>>(ports.runtime);
  QueuedCallback start;
  start.info.state = ContainerState::kStart;
  start.info.system_pid = system_pid;
  start.result = result;
  container->callbacks.Push(std::move(start));
  if (Planted(Mutant::kEventsDuringCreateLost)) DropHeldEvents(*container);
  ApplyHeldEvents(container);
  if (Planted(Mutant::kCreateReturnsEarly)) co_return Status();
  co_return co_await result->Wait();
}

// The engine closes its end when it likes: Close() waits for that as for any other call of its own.
Awaitable<Result<types::UpdateProcessResponse>> Client::Impl::CloseStdin(
    std::shared_ptr<Impl> self, types::UpdateProcessRequest request) {
  if (!self) co_return Fail(ClosedError());
  auto sending = self->Send(std::move(request), self->options.timing.call_deadline);
  co_return co_await Track(self, std::move(sending));
}

AttachedStdio Client::Impl::MakeStdio(const std::string& id, const std::string& process,
                                      std::unique_ptr<ProcessStdio> streams, IoPipe& pipe) {
  pipe = streams->TakePipe();
  if (Planted(Mutant::kOutputsSwapped)) std::swap(pipe.out, pipe.err);
  if (Planted(Mutant::kOutputLosesLastChunk)) {
    pipe.out = std::make_unique<LossyReader>(std::move(pipe.out));
  }
  if (!closers_context_) {
    closers_context_ = std::make_shared<const StdinCloser::Context>(StdinCloser::Context{
        .runtime = ports.runtime,
        .scope = scope_,
        .reference = options.reference,
        .tell_daemon = [self = weak_from_this()](types::UpdateProcessRequest request) {
          return CloseStdin(self.lock(), std::move(request));
        }});
  }
  auto closer = std::make_shared<StdinCloser>(closers_context_, id, process, std::move(pipe.in));
  pipe.in = closer->MakeWriter();
  return AttachedStdio{.streams = std::move(streams), .stdin_closer = std::move(closer)};
}

void Client::Impl::DropHeldEvents(Container& container) {
  const std::vector<HeldEvent> held = std::exchange(container.held_events, {});
  dropped.failed_start += held.size();
}

// The create failed, yet its container may run: kill it, absorb its exit, then clean up.
void Client::Impl::Condemn(const ContainerPtr& container, bool may_not_exist) {
  container->phase = Container::Phase::kCondemned;
  EndWaiters(*container, ContainerExited(container->id));  // nobody is told of what they wait for
  const bool exited = std::ranges::any_of(
      container->held_events, [](const HeldEvent& held) { return IsInitExit(held.event); });
  const bool doubted = ExitInDoubt(*container);
  const bool told = std::ranges::any_of(container->held_events, [](const HeldEvent& held) {
    return held.event.type() == kStartContainerEvent;
  });
  container->start_told |= told || !may_not_exist;
  DropHeldEvents(*container);
  if (closed) return;
  if (exited && !doubted) {
    scope_->Spawn(ForgetCondemned(container, nullptr));
  } else {
    scope_->Spawn(KillCondemned(container, may_not_exist || doubted));
  }
}

Awaitable<void> Client::Impl::KillCondemned(ContainerPtr container, bool may_not_exist) {
  const Timing& timing = options.timing;
  Duration pause = timing.reconnect_first;
  bool existed = container->restored || !may_not_exist;
  bool signalled = false;
  std::optional<Duration> empty_since;  // the daemon knows it, and no process of it
  if (may_not_exist && !container->restored) {
    container->rare.Make().restore_disk = std::make_shared<DiskSteps>(ports.runtime, scope_);
    types::Process process;
    static_cast<void>(process.ParseFromString(container->inherited));
    StdioPaths paths =
        StdioPaths::In(ports.bundles.PathOf(container->id), std::string(kInitProcess));
    co_await DiscardOutputs(container, std::move(paths), process.terminal(),
                            Deadline(ports.runtime, timing.call_deadline));
  }
  while (container->phase == Container::Phase::kCondemned && !container->ended.stopped()) {
    if (may_not_exist) {
      types::StateRequest request;
      request.set_id(container->id);
      auto state = co_await SendWhile(container, std::move(request), timing.call_deadline);
      if (!state && SaysContainerNotFound(state.error())) {
        // The daemon forgets a container before it tells of its exit, which must not find the next
        // life of this id.
        if (existed) {
          const bool silent = co_await container->ended.Sleep(timing.gone_grace);
          if (!silent) co_return;  // it came, and does the rest
        }
        co_return co_await ForgetCondemned(container, nullptr);
      }
      may_not_exist = !state;
      existed = existed || state.has_value();
      // State calls a frozen one running.
      if (state && signalled) co_await Thaw(container);
    }
    if (!may_not_exist) {
      constexpr std::uint32_t kSigkill = 9;
      Status killed = co_await SendSignal(container, container->id, std::string(kInitProcess),
                                          kSigkill, timing.call_deadline);
      // A start that the daemon's end cut short leaves a container without a process behind.
      // However late it was begun, no start takes longer than a create may.
      const bool empty = !killed && SaysProcessNotFound(killed.error());
      if (!empty) empty_since.reset();
      if (empty && !empty_since) empty_since = ports.runtime.Now();
      if (empty && ports.runtime.Now() - *empty_since >= timing.create_deadline)
        co_return co_await ForgetCondemned(container, nullptr);
      // Its exit event does the rest; if none comes, State says whether it is gone.
      may_not_exist = true;
      signalled = signalled || killed;
      pause = killed ? timing.state_event_deadline : pause;
    }
    const bool slept = co_await container->ended.Sleep(pause);
    if (!slept) co_return;
    pause = std::min(2 * pause, timing.reconnect_longest);
  }
}

// A frozen process does not die.
Awaitable<void> Client::Impl::Thaw(ContainerPtr container) {
  types::UpdateContainerRequest request;
  request.set_id(container->id);
  request.set_pid(std::string(kInitProcess));
  request.set_status("running");
  static_cast<void>(
      co_await SendWhile(container, std::move(request), options.timing.call_deadline));
}

// The receipt, of the exit that led here, lasts until the bundle is gone.
Awaitable<void> Client::Impl::ForgetCondemned(ContainerPtr container, EventReceipt /*receipt*/) {
  if (container->phase != Container::Phase::kCondemned) co_return;
  container->phase = Container::Phase::kGone;
  container->ended.Stop();
  if (container->stdio.reopened) container->stdio.ProcessGone();
  for (const auto& output : container->rare->discarded) output->Close();
  co_await RemoveBundle(container);
  Forget(container);
}

}  // namespace libcontainerd
