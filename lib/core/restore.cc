// Restore: what becomes of a container that an earlier engine left behind.
//
// The stored log is read before State is asked: what stands in it happened before State's answer,
// so that an init exit in the log of a container that runs is that of a life before. What happens
// later arrives as events, which are held until the container's fate is known.
//
// Reference: client.Restore, restore and setExited of libcontainerd/client_linux.go; the deviations
// stand where they act.

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/core/client_impl.h"
#include "lib/core/daemon_errors.h"
#include "lib/core/life_in_log.h"
#include "lib/core/no_time.h"
#include "lib/core/stored_log.h"

namespace libcontainerd {
namespace {

constexpr std::uint32_t kSigterm = 15;
constexpr std::uint32_t kSigkill = 9;
// The exit code of a container whose own is not to be had.
constexpr std::uint32_t kUnknownExitCode = 255;
// A restore without a deadline of its own sends so many requests at most that each may take its
// time: the log, State, SIGTERM, resume, SIGKILL, and once more the log and State.
constexpr int kRequests = 7;

const types::Process* InitOf(const types::Container& container) {
  for (const types::Process& process : container.processes()) {
    if (process.pid() == kInitProcess) return &process;
  }
  return nullptr;
}

// An exit that came while State was asked: one that is gone has the exit that was looked for; one
// that runs ended since State looked, or another before it did.
bool IsOutdated(const std::vector<HeldEvent>& came) {
  return std::ranges::any_of(came, [](const HeldEvent& each) { return IsInitExit(each.event); });
}

Error OutOfTime(const std::string& id) {
  return Error{ErrorCode::kDeadlineExceeded,
               "container " + id + ": the restore did not end in time"};
}

// What the reference goes by: the last event since the cursor, whichever it is, or else of the
// whole log.
const types::Event* LastEvent(const std::vector<types::Event>& log,
                              std::optional<WallTime> handled_until) {
  if (log.empty()) return nullptr;
  if (handled_until) {
    for (auto event = log.rbegin(); event != log.rend(); ++event) {
      if (TimestampOf(*event) > *handled_until) return &*event;
    }
  }
  return &log.back();
}

// Disk work that has no error of its own.
Awaitable<Status> WithoutPath(Awaitable<std::string> finding) {
  static_cast<void>(co_await std::move(finding));
  co_return Status();
}

}  // namespace

// What log and State said of it.
struct Client::Impl::Found {
  bool runs = false;
  bool stopped = false;
  types::Container state;            // as far as the daemon knows it
  Status log;                        // whether it could be read
  std::vector<types::Event> events;  // of the log, and what came on its own before State was asked
  std::vector<types::Event> early;   // of these, what came on its own
  std::size_t delivered = 0;         // and of these the last so many while this restore ran
  LifeInLog life;
  Container::Moment asked;  // when State was, for the last time
  Duration waited{0};       // so far, for the disk and for its exit

  std::string Bundle(const std::string& otherwise) const {
    return state.bundlepath().empty() ? otherwise : state.bundlepath();
  }
};

Awaitable<Status> Client::Impl::Restore(std::string id, RestoreOptions restore) {
  if (closed) co_return Fail(ClosedError());
  if (Status valid = CheckContainerId(id); !valid) co_return valid;
  if (IsActive(id)) {
    if (!Acts(Deviation::kRestoreActiveIsError)) co_return Status();
    co_return Fail(ErrorCode::kAlreadyExists, "container " + id + " is already active");
  }
  const Timing& timing = options.timing;
  const Duration usual =
      timing.restore_term_wait + timing.restore_kill_wait + kRequests * timing.call_deadline;
  const Deadline deadline(ports.runtime, restore.timeout.value_or(usual));
  const bool live = restore.live.value_or(live_restore);

  const ContainerPtr container = Begin(id, Container::Phase::kRestoring);
  container->restored = true;
  container->rare.Make().restore_receipts = std::make_shared<EventReceipts>();
  container->rare.Make().restore_disk = std::make_shared<DiskSteps>(ports.runtime, scope_);
  co_await container->operations.Lock(deadline.left());  // nobody else has it: granted at once
  OperationLock lock(container);
  auto looked = co_await LookFor(container, deadline);
  if (!looked) co_return LeaveAlone(container, looked.error());
  const std::shared_ptr<Found> found = *looked;
  if (found->runs && live) {
    Status restored = co_await RestoreLive(container, found, deadline);
    // Callbacks may call operations of their container.
    if (!Planted(Mutant::kOneQueueForAll)) lock.Release();
    if (restored) restored = co_await CallBackRestored(container, found);
    if (!restored && !Acts(Deviation::kRestoreFailsLoudly)) co_return Status();
    co_return restored;
  }
  const auto exited = std::make_shared<OneShot<Status>>(ports.runtime);
  container->rare.Make().exit_result = exited;
  TakeOver(container, *found);
  if (found->runs) {
    container->phase = Container::Phase::kEnding;
    for (const HeldEvent& held : std::exchange(container->held_events, {})) {
      ApplyEvent(container, held.event, container->rare->restore_receipts);
    }
    lock.Release();
    if (Planted(Mutant::kRestoreRemembersExit) && !for_mutants_.restored.insert(id).second) {
      Status sent = co_await SendSignal(container, id, std::string(kInitProcess), kSigterm,
                                        timing.call_deadline);
      co_return sent;
    }
    co_await KillRestored(container, found, deadline);
    if (container->phase == Container::Phase::kEnding) {
      container->rare.Make().exit_result = nullptr;
      if (closed) co_return Fail(ClosedError());
      const bool an_execs = container->exec_exited && !Acts(Deviation::kRestoreWaitsForInit);
      if (an_execs) co_return Status();
      co_return LeaveAlone(container, OutOfTime(id));
    }
  } else {
    if (Planted(Mutant::kRestoreAwaitsEvent) && !found->life.exit_status) {
      container->phase = Container::Phase::kEnding;
      co_return Status();
    }
    container->exit_status = GoneExitCode(*found);
    container->exit_receipt = container->rare->restore_receipts;
    QueueExit(container);
    lock.Release();
  }
  if (found->runs && Planted(Mutant::kRestoreMissesExit)) co_await Linger(4 * usual);
  if (Planted(Mutant::kRestoreReturnsEarly)) co_return Status();
  co_return co_await exited->Wait();
}

Awaitable<Result<std::vector<types::Event>>> Client::Impl::ReadLog(std::string id,
                                                                   Duration timeout) {
  if (closed) co_return Fail(ClosedError());
  const std::uint64_t key = next_call_++;
  const auto events = std::make_shared<std::vector<types::Event>>();
  const auto reading = std::make_shared<StoredLogReading>(
      ports.runtime, [events](std::span<const types::Event> taken) {
        events->insert(events->end(), taken.begin(), taken.end());
      });
  calls_.emplace(key, [reading] { reading->GiveUp(ClosedError()); });
  const Duration bound = std::min(timeout, options.timing.stored_log_deadline);
  // Without a cursor that it could read the reference asks since no time.
  const WallTime since = handled_until == kNoTime ? kNoTime : WallTime();
  Status read = co_await StoredLogReading::Read(reading, ports.api, since, std::move(id), bound);
  calls_.erase(key);
  if (closed) co_return Fail(ClosedError());
  if (!read) co_return Fail(std::move(read).error());
  co_return std::move(*events);
}

// Nothing when the daemon does not know it.
Awaitable<Result<std::optional<types::Container>>> Client::Impl::AskState(std::string id,
                                                                          Duration timeout) {
  types::StateRequest request;
  request.set_id(id);
  auto reply = co_await Send(std::move(request), std::min(options.timing.call_deadline, timeout));
  if (closed) co_return Fail(ClosedError());
  if (!reply && SaysContainerNotFound(reply.error())) co_return std::nullopt;
  if (!reply) co_return Fail(reply.error());
  auto& containers_listed = *reply->mutable_containers();
  const auto listed = std::ranges::find(containers_listed, id, &types::Container::id);
  if (listed != containers_listed.end()) co_return std::move(*listed);
  if (Planted(Mutant::kEmptyStateMeansRunning)) {
    types::Container nothing;
    nothing.set_id(id);
    co_return nothing;
  }
  co_return Fail(ErrorCode::kInternal, "invalid state response");
}

// The log, then State: once.
Awaitable<Status> Client::Impl::Look(ContainerPtr container, std::shared_ptr<Found> found,
                                     Duration log_timeout, Deadline deadline) {
  auto log = co_await ReadLog(container->id, log_timeout);
  found->log = log ? Status() : Status(Fail(log.error()));
  found->delivered += container->held_events.size();
  for (HeldEvent& held : std::exchange(container->held_events, {})) {
    found->early.push_back(std::move(held.event));
  }
  found->events = MergeEvents(log ? std::move(*log) : std::vector<types::Event>(), found->early);

  found->asked = ThisMoment();
  auto state = co_await AskState(container->id, deadline.left());
  if (!state) co_return Fail(state.error());
  found->state = state->value_or(types::Container());
  found->stopped = state->has_value() && found->state.status() == "stopped";
  const bool stopped_is_gone = Acts(Deviation::kRestoreStoppedIsGone);
  found->runs = state->has_value() && !(found->stopped && stopped_is_gone);
  if (found->runs && !found->log) co_return found->log;
  found->life = found->runs ? LifeOfRunning(found->events) : LifeOfGone(found->events);
  co_return Status();
}

// Looks until it is sure: of one that runs at once; of one that is gone when its exit is known, or
// has been waited for.
Awaitable<Result<std::shared_ptr<Client::Impl::Found>>> Client::Impl::LookFor(
    ContainerPtr container, Deadline deadline) {
  const Timing& timing = options.timing;
  const auto found = std::make_shared<Found>();
  found->early = unclaimed_.Take(container->id);
  // From here on PathOf() knows where an earlier engine put it.
  auto finding = WithoutPath(ports.bundles.Find(container->id));
  const Duration began = ports.runtime.Now();
  Status known = co_await OnDisk(container, std::move(finding), deadline);
  if (!known) co_return Fail(known.error());
  const Duration on_disk = found->waited = ports.runtime.Now() - began;
  std::optional<Duration> missing_since;
  Duration log_timeout = deadline.left();
  while (true) {
    Status looked = co_await Look(container, found, log_timeout, deadline);
    if (!looked) co_return Fail(looked.error());
    const bool outdated = IsOutdated(container->held_events);
    if (outdated && Acts(Deviation::kRestoreExitCodeTrue)) continue;
    if (found->runs) co_return found;
    // A create may be in flight behind a `stopped`, unless a life began that has no exit yet.
    const bool begun = found->life.known && !found->life.exit_status;
    const bool sure = !found->stopped || begun;
    if (sure && (found->life.exit_status || !Acts(Deviation::kRestoreExitCodeTrue))) {
      co_return found;
    }
    if (!missing_since) missing_since = ports.runtime.Now();
    const bool worth_waiting = found->stopped || found->life.known;
    const Duration patience =
        worth_waiting ? std::max(timing.restore_exit_wait - on_disk, timing.restore_unknown_wait)
                      : timing.restore_unknown_wait;
    const Duration left = *missing_since + patience - ports.runtime.Now();
    if (left <= Duration::zero()) co_return found;
    if (deadline.left() == Duration::zero()) co_return Fail(OutOfTime(container->id));
    const Duration pause = std::min({timing.restore_poll, left, deadline.left()});
    const bool slept = co_await container->ended.Sleep(pause);
    if (!slept) co_return Fail(ClosedError());
    found->waited = on_disk + ports.runtime.Now() - *missing_since;
    log_timeout = std::min(std::max(left, timing.restore_poll), deadline.left());
  }
}

std::uint32_t Client::Impl::GoneExitCode(const Found& found) const {
  if (Planted(Mutant::kRestoreAlways255)) return kUnknownExitCode;
  if (Planted(Mutant::kRestoreReadsPastLog) && found.events.empty()) return types::Event().status();
  if (Acts(Deviation::kRestoreExitCodeTrue)) {
    return found.life.exit_status.value_or(kUnknownExitCode);
  }
  if (!found.log) return 0;
  const types::Event* last = LastEvent(found.events, handled_until);
  if (last == nullptr) return 1;
  return last->type() == kExitEvent ? last->status() : 0;
}

// From here on the container is as the log says, and what the log says does not happen again.
void Client::Impl::TakeOver(const ContainerPtr& container, const Found& found) {
  container->oom = found.life.oom && Acts(Deviation::kRestoreKeepsOom);
  container->unrecorded = !found.life.known && container->held_events.empty();
  if (const types::Process* init = InitOf(found.state)) {
    container->system_pid = init->systempid();
    container->inherited = init->SerializeAsString();
  }
  const WallTime nothing_before =
      found.life.began_after ? *found.life.began_after + Duration(1) : WallTime();
  const Container::Moment now = ThisMoment();
  container->began = {nothing_before, now.t - (now.wall - nothing_before)};
  if (found.runs) container->rare.Make().ran_at = found.asked;
  for (const types::Event& event : found.events) seen_.Insert(event);
  SeenEvents known(found.events.size() + container->held_events.size());
  for (const types::Event& event : found.events) known.Insert(event);
  std::erase_if(container->held_events, [&](const HeldEvent& held) {
    const bool news = known.Insert(held.event);
    const bool old =
        Acts(Deviation::kStaleEventsDropped) && IsOfEarlierLife(*container, held.event);
    if (news && old) ++dropped.earlier_life;
    return !news || old;
  });
}

// Its streams and its execs. The engine is given the streams before anything is called back.
Awaitable<Status> Client::Impl::RestoreLive(ContainerPtr container, std::shared_ptr<Found> found,
                                            Deadline deadline) {
  const std::string init(kInitProcess);
  const types::Process* process = InitOf(found->state);
  const std::string bundle = found->Bundle(ports.bundles.PathOf(container->id));
  auto opening =
      ports.stdio.Open(StdioPaths::In(bundle, init), process != nullptr && process->terminal());
  auto streams = co_await OnDisk(container, std::move(opening), deadline);
  if (!streams) co_return LeaveAlone(container, streams.error());
  IoPipe pipe;
  container->stdio = MakeStdio(container->id, init, std::move(*streams), pipe);
  container->stdio.reopened = true;
  container->stdio.streams->PeerOpened();
  Status attached = co_await Attach(container->id, init, std::move(pipe));
  if (attached && closed) attached = Fail(ClosedError());
  if (attached && deadline.left() == Duration::zero()) {
    attached = Fail(AttachOutOfTime(container->id));
  }
  if (!attached) co_return LeaveAlone(container, attached.error());
  container->stdio.stdin_closer->Started();
  co_return Status();
}

Awaitable<Status> Client::Impl::CallBackRestored(ContainerPtr container,
                                                 std::shared_ptr<Found> found) {
  std::vector<types::Event> arrived(
      found->early.end() - static_cast<std::ptrdiff_t>(found->delivered), found->early.end());
  for (const HeldEvent& held : container->held_events) arrived.push_back(held.event);
  TakeOver(container, *found);
  container->phase = Container::Phase::kRunning;
  TrackExecs(container, *found);

  std::vector<std::shared_ptr<OneShot<Status>>> results;
  const auto call_back = [&](ContainerState state) {
    QueuedCallback callback;
    callback.info.state = state;
    callback.info.system_pid = container->system_pid;
    callback.result = std::make_shared<OneShot<Status>>(ports.runtime);
    results.push_back(callback.result);
    container->callbacks.Push(std::move(callback));
  };
  call_back(ContainerState::kRestore);
  const types::Event* last = LastEvent(found->events, handled_until);
  const bool resumed =
      !Acts(Deviation::kRestorePauseFromLog) && last != nullptr && last->type() == kResumeEvent;
  if (RestoredPaused(*found) || resumed) {
    const ContainerState state = resumed ? ContainerState::kResume : ContainerState::kPause;
    call_back(state);
  }
  ReportMissed(container, *found, arrived);
  for (const HeldEvent& held : std::exchange(container->held_events, {})) {
    ApplyEvent(container, held.event, container->rare->restore_receipts);
  }
  container->rare.Make().restore_receipts.reset();
  Status first_failure;
  for (const auto& result : results) {
    Status status = co_await result->Wait();
    if (first_failure) first_failure = std::move(status);
  }
  co_return first_failure;
}

bool Client::Impl::RestoredPaused(const Found& found) const {
  if (Planted(Mutant::kRestoreForgetsPause)) return false;
  if (Acts(Deviation::kRestorePauseFromLog)) return found.life.paused;
  const types::Event* last = LastEvent(found.events, handled_until);
  return last != nullptr && last->type() == kPauseEvent;
}

// Those that State lists, and those whose exit is still to come: a process leaves the list when it
// ends, but its exit waits for its streams.
void Client::Impl::TrackExecs(const ContainerPtr& container, const Found& found) {
  if (!Acts(Deviation::kRestoreTracksExecs)) return;
  const std::string bundle = found.Bundle(ports.bundles.PathOf(container->id));
  const auto track = [&](const std::string& name) {
    if (name == kInitProcess || container->execs.Find(name)) return;
    auto exec = std::make_shared<Exec>();
    exec->name = name;
    exec->phase = Exec::Phase::kRunning;
    exec->paths = StdioPaths::In(bundle, name);
    container->execs.Put(std::move(exec));
  };
  for (const types::Process& process : found.state.processes()) track(process.pid());
  for (const std::string& name : found.life.execs) track(name);
}

// What stands in the log and nobody was told of: exits of execs while no engine listened, and what
// arrived while this restore was under way. A stream begins a little before the cursor, so that
// what arrives may have been handled all the same.
void Client::Impl::ReportMissed(const ContainerPtr& container, const Found& found,
                                const std::vector<types::Event>& arrived) {
  SeenEvents arrivals(arrived.size() + found.life.ooms.size() + found.life.exec_exits.size());
  for (const types::Event& event : arrived) arrivals.Insert(event);
  const auto has_arrived = [&](const types::Event& event) {
    return event.has_timestamp() && !arrivals.Insert(event);
  };
  std::vector<types::Event> missed;
  const auto earlier = [](const types::Event& left, const types::Event& right) {
    return TimestampOf(left) < TimestampOf(right);
  };
  std::ranges::merge(found.life.ooms, found.life.exec_exits, std::back_inserter(missed), earlier);
  const std::string bundle = found.Bundle(ports.bundles.PathOf(container->id));
  for (const types::Event& event : missed) {
    if (event.type() == kOomEvent) {
      const bool handled = handled_until && TimestampOf(event) <= *handled_until;
      if (has_arrived(event) && !handled) {
        ApplyStateEvent(container, ContainerState::kOom, container->rare->restore_receipts);
      }
      continue;
    }
    const bool unhandled = handled_until ? TimestampOf(event) > *handled_until : has_arrived(event);
    if (!unhandled) continue;
    auto exec = std::make_shared<Exec>();
    exec->name = event.pid();
    if (Acts(Deviation::kRestoreTracksExecs)) {
      exec->paths = StdioPaths::In(bundle, exec->name);
    }
    if (!container->execs.Find(exec->name)) container->execs.Put(exec);  // busy until that is told
    ReportExecExit(container, exec, event.status(), container->rare->restore_receipts);
  }
}

// An error before anything was called back: as if the restore had not been tried.
Status Client::Impl::LeaveAlone(const ContainerPtr& container, Error error) {
  for (HeldEvent& held : std::exchange(container->held_events, {})) {
    unclaimed_.Add(std::move(held.event));
  }
  for (const auto& output : container->rare->discarded) output->Close();
  container->stdio.Abandon();
  Forget(container);
  return Fail(std::move(error));
}

// The engine refused it in a callback. It runs on, nobody hears of it, and it may be restored
// again.
void Client::Impl::GiveUpRestored(const ContainerPtr& container) {
  container->given_up = true;
  EndWaiters(*container, NotRestored(*container));
  if (container->drain_timer) ports.runtime.CancelTimer(*container->drain_timer);
  container->drain_timer.reset();
  container->stdio.Abandon();
  Forget(container);
}

Awaitable<void> Client::Impl::KillRestored(ContainerPtr container, std::shared_ptr<Found> found,
                                           Deadline deadline) {
  const Timing& timing = options.timing;
  const std::string init(kInitProcess);
  const auto ending = [container] { return container->phase == Container::Phase::kEnding; };
  const auto request_time = [&] { return std::min(timing.call_deadline, deadline.left()); };
  const Duration began = ports.runtime.Now();
  const types::Process* process = InitOf(found->state);
  StdioPaths paths =
      StdioPaths::In(found->Bundle(ports.bundles.PathOf(container->id)), std::string(kInitProcess));
  co_await DiscardOutputs(container, std::move(paths), process != nullptr && process->terminal(),
                          deadline);
  found->waited += ports.runtime.Now() - began;
  // What a signal or resume answers does not matter: the wait shows whether it worked.
  if (!ending() || closed) co_return;
  static_cast<void>(co_await SendSignal(container, container->id, init, kSigterm, request_time()));
  if (RestoredPaused(*found) && Acts(Deviation::kRestoreResumesPaused) && ending() && !closed) {
    types::UpdateContainerRequest request;
    request.set_id(container->id);
    request.set_pid(init);
    request.set_status("running");
    auto resumed = co_await SendWhile(container, std::move(request), request_time());
    if (!resumed && Planted(Mutant::kRestoreResumeErrorHangs)) co_await Linger(kForEver);
  }
  // What was spent on finding out that it runs, and on its streams, is taken from its time to end
  // by itself.
  const Duration polite = std::max(Duration::zero(), timing.restore_term_wait - found->waited);
  bool waited = co_await container->ended.Sleep(std::min(polite, deadline.left()));
  if (!waited || deadline.left() == Duration::zero()) co_return;
  static_cast<void>(co_await SendSignal(container, container->id, init, kSigkill, request_time()));
  waited = co_await container->ended.Sleep(std::min(timing.restore_kill_wait, deadline.left()));
  if (!waited || deadline.left() == Duration::zero()) co_return;
  co_await ReportUndying(container, deadline);
}

// No exit came. If it is gone all the same, the event was lost on its way and the log has the code.
Awaitable<void> Client::Impl::ReportUndying(ContainerPtr container, Deadline deadline) {
  const Duration request_time = std::min(options.timing.call_deadline, deadline.left());
  auto state = co_await AskState(container->id, request_time);
  const bool gone = state && !state->has_value();
  std::optional<std::uint32_t> status;
  if (gone) {
    auto log = co_await ReadLog(container->id, request_time);
    if (log) status = LifeOfGone(*log).exit_status;
  }
  if (closed || container->phase != Container::Phase::kEnding) co_return;
  if (gone) {
    co_return ApplyInitExit(container, status.value_or(kUnknownExitCode),
                            container->rare->restore_receipts);
  }
  container->phase = Container::Phase::kExiting;
  container->exit_status = kUnknownExitCode;
  QueuedCallback callback;
  callback.info.state = ContainerState::kExit;
  callback.info.exit_code = container->exit_status;
  callback.info.oom_killed = container->oom;
  callback.result = std::exchange(container->rare.Make().exit_result, nullptr);
  callback.may_live = true;
  container->callbacks.Push(std::move(callback));
}

// It was called back as ended but may run still: its id stays active until it has really gone.
void Client::Impl::StayOn(const ContainerPtr& container) {
  if (!Acts(Deviation::kRestoreStaysOn)) {
    for (const auto& output : container->rare->discarded) output->Close();
    return Forget(container);
  }
  if (!container->exit_seen) return Condemn(container, /*may_not_exist=*/true);
  container->phase = Container::Phase::kCondemned;
  if (!closed) scope_->Spawn(ForgetCondemned(container, nullptr));
}

// Its children may hold an output longer than their container is tracked; the client does not wait
// for them when it closes.
Awaitable<void> Client::Impl::Discard(std::shared_ptr<OutputReader> output) {
  if (closed) co_return;
  discarding_.insert(output);
  constexpr std::size_t kChunk = 65536;
  bool more = true;
  while (more) {
    auto data = co_await output->Read(kChunk);
    more = data && !data->empty();
  }
  discarding_.erase(output);
}

// A process that nobody reads from would block on its output, and never see the signal.
Awaitable<void> Client::Impl::DiscardOutputs(ContainerPtr container, StdioPaths paths,
                                             bool terminal, Deadline deadline) {
  auto opening = ports.stdio.Open(std::move(paths), terminal);
  auto streams = co_await OnDisk(container, std::move(opening), deadline);
  if (!streams || closed) co_return;  // without its FIFOs nothing can block on them
  (*streams)->PeerOpened();
  IoPipe pipe = (*streams)->TakePipe();
  container->stdio.streams = std::move(*streams);
  container->stdio.reopened = true;
  const bool ends = container->phase == Container::Phase::kEnding ||
                    container->phase == Container::Phase::kCondemned;
  if (!ends) container->stdio.ProcessGone();
  for (std::unique_ptr<OutputReader>* output : {&pipe.out, &pipe.err}) {
    std::shared_ptr<OutputReader> reader = std::move(*output);
    container->rare.Make().discarded.push_back(reader);
    scope_->Spawn(Discard(std::move(reader)));
  }
}

}  // namespace libcontainerd
