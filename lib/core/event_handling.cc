// What events do to a container. Plain functions: state changes at once, callbacks are queued,
// nothing waits.
//
// Reference: container.handleEvent of libcontainerd/container_linux.go; the deviations stand where
// they act.

#include <utility>

#include "lib/core/client_impl.h"
#include "lib/core/event.h"

namespace libcontainerd {
namespace {

// What a process killed together with its container exits with.
constexpr std::uint32_t kKilledStatus = 137;

}  // namespace

void Client::Impl::HandleEvent(const types::Event& event, const EventReceipt& receipt) {
  if (closed) {
    if (receipt) receipt->Abandon();
    return;
  }
  if (!IsNews(event) && Acts(Deviation::kDuplicateEventsDropped)) {
    ++dropped.duplicate;
    return;
  }
  const auto found = containers.find(event.id());
  if (found == containers.end()) {
    ++dropped.unknown_container;
    unclaimed_.Add(event);
    return;
  }
  const ContainerPtr container = found->second;
  if (Planted(Mutant::kOneQueueForAll)) {
    scope_->Spawn(RouteInTurn(container, event, receipt));
  } else {
    Route(container, event, receipt);
  }
}

bool Client::Impl::IsNews(const types::Event& event) {
  const bool by_time_only = Planted(Mutant::kDuplicatesIgnorePid);
  const bool at_any_time = Planted(Mutant::kDuplicatesIgnoreTime);
  if (!by_time_only && !at_any_time) return seen_.Insert(event);
  types::Event like = event;
  if (by_time_only) like.clear_pid();
  if (at_any_time) like.mutable_timestamp()->Clear();
  return seen_.Insert(like);
}

void Client::Impl::Route(const ContainerPtr& container, const types::Event& event,
                         const EventReceipt& receipt) {
  if (container->phase == Container::Phase::kRestoring) {
    container->rare->restore_receipts->Add(receipt);
    container->held_events.push_back({event, nullptr});
    return;
  }
  if (Acts(Deviation::kStaleEventsDropped) && IsOfEarlierLife(*container, event)) {
    ++dropped.earlier_life;
    return;
  }
  const bool starting =
      container->phase == Container::Phase::kStarting && Acts(Deviation::kStartCalledBackFirst);
  const bool doubted = (container->running() || container->phase == Container::Phase::kEnding) &&
                       !container->settling && IsInitExit(event) && MayBeEarlier(*container);
  if (!starting && !doubted && !container->settling) {
    ApplyEvent(container, event, receipt);
    return;
  }
  container->held_events.push_back({event, receipt});
  if (IsInitExit(event) && Acts(Deviation::kExitEndsWaiters)) {
    container->exit_held = true;
    container->operations.Refuse();
  }
  if (!doubted) return;
  container->settling = true;
  scope_->Spawn(SettleExit(container));
}

// An event stamped before this life's create was sent, or an exit before its restore saw it run.
bool Client::Impl::IsOfEarlierLife(const Container& container, const types::Event& event) const {
  if (container.phase == Container::Phase::kStarting && !container.create_sent) return true;
  if (!event.has_timestamp()) return false;
  const WallTime time = TimestampOf(event);
  if (time < OnEitherClock(container.began)) return true;
  const std::optional<Container::Moment>& ran_at = container.rare->ran_at;
  return ran_at && IsInitExit(event) && time < OnEitherClock(*ran_at);
}

Container::Moment Client::Impl::ThisMoment() const {
  return {ports.runtime.WallNow(), ports.runtime.Now()};
}
// The earlier one, so that a clock set back meanwhile does not make present events look old.
WallTime Client::Impl::OnEitherClock(const Container::Moment& moment) const {
  const Container::Moment now = ThisMoment();
  return std::min(moment.wall, now.wall - (now.t - moment.t));
}

void Client::Impl::ApplyEvent(const ContainerPtr& container, const types::Event& event,
                              const EventReceipt& receipt) {
  const std::string& type = event.type();
  if (type == kExitEvent) {
    if (event.pid() == kInitProcess) {
      ApplyInitExit(container, event.status(), receipt);
    } else {
      ApplyExecExit(container, event.pid(), event.status(), receipt);
    }
  } else if (type == kOomEvent) {
    ApplyStateEvent(container, ContainerState::kOom, receipt);
  } else if (type == kPauseEvent) {
    ApplyStateEvent(container, ContainerState::kPause, receipt);
  } else if (type == kResumeEvent) {
    const bool misread = Planted(Mutant::kResumeCalledPause);
    ApplyStateEvent(container, misread ? ContainerState::kPause : ContainerState::kResume, receipt);
  } else if (type == kStartContainerEvent) {
    container->start_told = true;
  }  // start-process and whatever a later daemon invents need nothing
}

void Client::Impl::ApplyStateEvent(const ContainerPtr& container, ContainerState state,
                                   const EventReceipt& receipt) {
  if (container->phase == Container::Phase::kCondemned) {
    CountCondemned(*container);
    return;
  }
  const bool too_late = state == ContainerState::kOom && Planted(Mutant::kOomAfterExitCounts);
  if (!container->alive() && !too_late) {
    if (container->exit_concluded && state == ContainerState::kOom) container->oom = true;
    ++dropped.after_exit;
    return;
  }
  if (state == ContainerState::kOom) {
    container->oom = !Planted(Mutant::kOomFlagLost);
    if (Planted(Mutant::kOomFlagInherited)) for_mutants_.had_oom.insert(container->id);
    if (Planted(Mutant::kOomNotCalledBack)) return;
  }
  if (container->phase == Container::Phase::kEnding) return;
  QueuedCallback callback;
  callback.info.state = state;
  // A call that comes while the callback waits or runs needs an event of its own.
  if (state != ContainerState::kOom) callback.waiter = TakeWaiter(*container, state);
  if (callback.waiter && Planted(Mutant::kWaiterReleasedEarly)) {
    callback.waiter->ended.Set(Status());
  }
  callback.receipt = receipt;
  Queue(container, std::move(callback));
}

// The oldest one; null if nobody waits.
StateWaiter Client::Impl::TakeWaiter(Container& container, ContainerState state) {
  LightQueue<StateWaiter>& waiters = container.WaitersFor(state);
  if (waiters.empty()) return nullptr;
  StateWaiter oldest = std::move(waiters.front());
  waiters.pop_front();
  return oldest;
}

// Every callback of an event but a restore's.
void Client::Impl::Queue(const ContainerPtr& container, QueuedCallback&& callback) {
  const ContainerState state = callback.info.state;
  const bool twice =
      (state == ContainerState::kExit && Planted(Mutant::kExitCalledBackTwice)) ||
      (state == ContainerState::kExitProcess && Planted(Mutant::kExecExitCalledBackTwice));
  if (twice) {
    auto& overtaken = container->rare.Make().overtaken;
    overtaken = std::make_unique<QueuedCallback>();
    overtaken->info = callback.info;
  }
  const bool waits = Planted(Mutant::kCallbacksSwapped) && state != ContainerState::kExit;
  if (waits && !container->rare->overtaken) {
    container->rare.Make().overtaken = std::make_unique<QueuedCallback>(std::move(callback));
    return;
  }
  container->callbacks.Push(std::move(callback));
  if (container->rare->overtaken) {
    const auto overtaken = std::move(container->rare.Make().overtaken);
    container->callbacks.Push(std::move(*overtaken));
  }
}

void Client::Impl::ApplyExecExit(const ContainerPtr& container, const std::string& name,
                                 std::uint32_t status, const EventReceipt& receipt) {
  if (container->phase == Container::Phase::kCondemned) {
    CountCondemned(*container);
    return;
  }
  if (container->phase == Container::Phase::kEnding) {
    container->exec_exited = true;
    if (!Acts(Deviation::kRestoreWaitsForInit)) container->ended.Stop();
    return;
  }
  if (container->phase == Container::Phase::kExiting ||
      container->phase == Container::Phase::kGone) {
    ++dropped.after_exit;
    return;
  }
  const std::shared_ptr<Exec> exec = container->execs.Find(name);
  Container::Rarities* const rare = container->rare.IfMade();
  if (!exec && rare != nullptr && std::erase(rare->unborn_execs, name) != 0) {
    ++dropped.failed_start;
    return;
  }
  if (!exec) {  // added by somebody else
    auto foreign = std::allocate_shared<Exec>(execs_memory_);
    foreign->name = name;
    // Or by an engine before this one, whose FIFOs are left to be removed.
    if (container->restored && Acts(Deviation::kRestoreTracksExecs)) {
      foreign->paths = StdioPaths::In(ports.bundles.PathOf(container->id), name);
    }
    container->execs.Put(foreign);  // nobody may have its name until that is told
    ReportExecExit(container, foreign, status, receipt);
    return;
  }
  switch (exec->phase) {
    case Exec::Phase::kStarting:
      if (Planted(Mutant::kExecExitOvertakesAttach)) {
        ReportExecExit(container, exec, status, receipt);
      } else if (!exec->held_exit) {
        exec->held_exit = status;
        exec->held_receipt = receipt;
      }
      return;
    case Exec::Phase::kRunning:
      if (Planted(Mutant::kExecExitIgnored)) return;
      ReportExecExit(container, exec, status, receipt);
      FinishDrainingIfQuiet(container);
      return;
    case Exec::Phase::kExited:
      ++dropped.after_exit;
      return;
    case Exec::Phase::kAbsorbed:
      ++dropped.failed_start;
      ForgetExec(*container, exec);
      return;
  }
}

void Client::Impl::ReportExecExit(const ContainerPtr& container, const std::shared_ptr<Exec>& exec,
                                  std::uint32_t status, const EventReceipt& receipt) {
  exec->phase = Exec::Phase::kExited;
  exec->stdio.ProcessGone();
  QueuedCallback callback;
  callback.info.state = ContainerState::kExitProcess;
  callback.info.process = exec->name;
  callback.info.exit_code = status;
  callback.info.oom_killed = container->oom && !Acts(Deviation::kExecOomFlagClear);
  callback.exec = exec;
  callback.receipt = receipt;
  if (Planted(Mutant::kExecCodeAsExit)) container->exit_status = status;
  Queue(container, std::move(callback));
}

void Client::Impl::ApplyInitExit(const ContainerPtr& container, std::uint32_t status,
                                 const EventReceipt& receipt) {
  if (container->phase == Container::Phase::kCondemned) {
    CountCondemned(*container);
    if (!container->restored && MayBeEarlier(*container))
      return;  // the next State tells whose it is
    container->ended.Stop();
    container->stdio.ProcessGone();
    if (!closed) scope_->Spawn(ForgetCondemned(container, receipt));
    return;
  }
  if (!container->alive()) {
    container->exit_seen = true;
    if (std::exchange(container->exit_concluded, false)) {  // not yet called back: now it is known
      container->exit_status = status;
      container->exit_receipt = receipt;
      return;
    }
    ++dropped.after_exit;
    return;
  }
  if (Planted(Mutant::kExitSignalLost) && status > 128) status -= 128;
  container->phase = Container::Phase::kDraining;
  container->exit_status = status;
  container->exit_receipt = receipt;
  container->ended.Stop();
  container->stdio.ProcessGone();
  for (const std::shared_ptr<Exec>& exec : container->execs) {  // they end with it
    if (exec->stdio.stdin_closer) exec->stdio.stdin_closer->Gone();
  }
  if (Acts(Deviation::kExitEndsWaiters)) {
    container->operations.Refuse();
    EndWaiters(*container, ContainerExited(container->id));
  }
  if (!Acts(Deviation::kExecExitsBeforeExit)) {
    QueueExit(container);
    return;
  }
  container->drain_timer =
      ports.runtime.StartTimer(options.timing.exec_exit_grace, [this, container] {
        container->drain_timer.reset();
        EndDraining(container);
      });
  FinishDrainingIfQuiet(container);
}

// Those whose callback is on its way are released by that; these have nothing to wait for.
void Client::Impl::EndWaiters(Container& container, const Error& error) {
  for (LightQueue<StateWaiter>* waiters : {&container.pause_waiters, &container.resume_waiters}) {
    for (const StateWaiter& waiter : *waiters) waiter->ended.Set(Fail(error));
    waiters->clear();
  }
}

void Client::Impl::FinishDrainingIfQuiet(const ContainerPtr& container) {
  if (container->phase != Container::Phase::kDraining) return;
  for (const std::shared_ptr<Exec>& exec : container->execs) {
    if (exec->phase == Exec::Phase::kStarting || exec->phase == Exec::Phase::kRunning) return;
  }
  EndDraining(container);
}

// The execs that said nothing in time were killed with their container; an add-process still under
// way fails.
void Client::Impl::EndDraining(const ContainerPtr& container) {
  if (container->drain_timer) ports.runtime.CancelTimer(*container->drain_timer);
  container->drain_timer.reset();
  // One that nobody is told of is forgotten at once.
  const ExecTable execs = container->execs;
  for (const std::shared_ptr<Exec>& exec : execs) {
    if (exec->phase == Exec::Phase::kStarting) exec->container_exited = true;
    if (exec->phase == Exec::Phase::kRunning)
      ReportExecExit(container, exec, kKilledStatus, container->exit_receipt);
  }
  QueueExit(container);
}

void Client::Impl::QueueExit(const ContainerPtr& container) {
  container->phase = Container::Phase::kExiting;
  QueuedCallback callback;
  callback.info.state = ContainerState::kExit;
  callback.info.exit_code = container->exit_status;
  callback.info.oom_killed = container->oom;
  if (Container::Rarities* const rare = container->rare.IfMade()) {
    callback.result = std::exchange(rare->exit_result, nullptr);
  }
  Queue(container, std::move(callback));
}

// What still comes of a container that is being got rid of.
void Client::Impl::CountCondemned(const Container& container) {
  ++(container.restored ? dropped.after_exit : dropped.failed_start);
}

void Client::Impl::RunCallback(const ContainerPtr& container, QueuedCallback&& callback,
                               UniqueFunction<void()>&& done) {
  if (closed || container->given_up) {
    if (callback.receipt) callback.receipt->Abandon();
    const Error closing{ErrorCode::kCancelled, "the client is closing"};
    if (callback.result) callback.result->Set(Fail(closing));
    if (callback.waiter)
      callback.waiter->ended.Set(Fail(closed ? closing : NotRestored(*container)));
    done();
    return;
  }
  if (Planted(Mutant::kCallbacksOverlap)) std::exchange(done, UniqueFunction<void()>([] {}))();
  if (Planted(Mutant::kOneCallbackQueue)) {
    scope_->Spawn(RunCallbackInTurn(container, std::move(callback), std::move(done)));
  } else {
    BeginCallback(container, std::move(callback), std::move(done));
  }
}

void Client::Impl::BeginCallback(const ContainerPtr& container, QueuedCallback&& callback,
                                 UniqueFunction<void()>&& done) {
  ++callbacks_running_;
  if (container->silent && callback.info.state != ContainerState::kExit) {
    // Nobody is told of it, and so nobody's call succeeds by it.
    if (callback.waiter) {
      callback.waiter->ended.Set(Fail(ContainerExited(container->id)));
      callback.waiter.reset();
    }
    AfterCallback(container, callback, Status());
    done();
    return;
  }
  const bool has_fifos = callback.exec && !callback.exec->paths.in.empty();
  if (callback.info.state == ContainerState::kExit || has_fifos) {
    scope_->Spawn(RunExitCallback(container, std::move(callback), std::move(done)));
    return;
  }
  auto running = SpareCallback();
  running->container = container;
  running->callback = std::move(callback);
  running->done = std::move(done);
  const StateInfo& info = running->callback.info;
  // `done` may be called on any thread, and after the client's end: it touches nothing of the
  // client before the step on the executor.
  backend.StateChanged(
      container->id, info,
      [this, runtime = &ports.runtime, running = std::move(running)](Status status) mutable {
        running->status = std::move(status);
        runtime->Post(
            [this, running = std::move(running)]() mutable { EndCallback(std::move(running)); });
      });
}

std::unique_ptr<Client::Impl::RunningCallback> Client::Impl::SpareCallback() {
  if (spare_callbacks_.empty()) return std::make_unique<RunningCallback>();
  std::unique_ptr<RunningCallback> spare = std::move(spare_callbacks_.back());
  spare_callbacks_.pop_back();
  return spare;
}

void Client::Impl::EndCallback(std::unique_ptr<RunningCallback> running) {
  AfterCallback(running->container, running->callback, std::move(running->status));
  running->done();
  if (spare_callbacks_.size() >= kMostSpareCallbacks) return;
  running->container.reset();
  running->callback = QueuedCallback();
  running->done = {};
  running->status = Status();
  spare_callbacks_.push_back(std::move(running));
}

// Bundle or FIFOs go before the engine hears of the exit, so that it may begin again at once.
Awaitable<void> Client::Impl::RunExitCallback(ContainerPtr container, QueuedCallback callback,
                                              UniqueFunction<void()> done) {
  if (callback.exec) {
    if (!Planted(Mutant::kExecFifosKept)) {
      static_cast<void>(co_await ports.stdio.Remove(callback.exec->paths));
    }
  } else if (!callback.may_live && !Planted(Mutant::kBundleKept) &&
             !Planted(Mutant::kBundleRemovedLate)) {
    co_await RemoveBundle(container);
  }
  if (container->silent) {
    AfterCallback(container, callback, Status());
    done();
    co_return;
  }
  if (!callback.exec) {  // what came while it waited
    container->exit_concluded = false;
    callback.receipt = std::exchange(container->exit_receipt, nullptr);
    callback.info.exit_code = container->exit_status;
    callback.info.oom_killed = container->oom;
  }
  auto called_back = std::make_shared<OneShot<Status>>(ports.runtime);
  CallBack(container, callback.info,
           [called_back](Status status) { called_back->Set(std::move(status)); });
  Status status = co_await called_back->Wait();
  if (!callback.exec && Planted(Mutant::kBundleRemovedLate)) co_await RemoveBundle(container);
  AfterCallback(container, callback, std::move(status));
  done();
}

// The FIFOs that a restore is opening would be made again behind the removal.
Awaitable<Status> Client::Impl::OpeningsEnded(ContainerPtr container) {
  co_await DiskSteps::Idle(container->rare->restore_disk);
  co_return Status();
}

// What stands in the way of the removal is not an engine's to mend while it hears of an exit.
Awaitable<void> Client::Impl::RemoveBundle(ContainerPtr container) {
  if (container->rare->restore_disk) {
    const auto waiting = std::make_shared<DiskSteps>(ports.runtime, scope_);
    static_cast<void>(co_await DiskSteps::Do(waiting, "container " + container->id,
                                             OpeningsEnded(container),
                                             options.timing.restore_disk_wait));
  }
  if (container->restored) {
    Status released = co_await ports.bundles.ReleaseRootfs(container->id);
    if (!released) co_return;
  }
  static_cast<void>(co_await ports.bundles.Remove(container->id));
}

void Client::Impl::CallBack(const ContainerPtr& container, const StateInfo& info,
                            UniqueFunction<void(Status)> then) {
  backend.StateChanged(
      container->id, info,
      [runtime = &ports.runtime, then = std::move(then)](Status status) mutable {
        runtime->Post([then = std::move(then), status = std::move(status)]() mutable {
          then(std::move(status));
        });
      });
}

void Client::Impl::AfterCallback(const ContainerPtr& container, QueuedCallback& callback,
                                 Status status) {
  const ContainerState state = callback.info.state;
  if (state == ContainerState::kPause || state == ContainerState::kResume) {
    if (!callback.waiter && !Acts(Deviation::kWaiterRegisteredFirst)) {
      callback.waiter = TakeWaiter(*container, state);
    }
    if (callback.waiter) callback.waiter->ended.Set(Status());
  }
  if (callback.exec) container->execs.Remove(callback.exec);
  if (callback.result) {
    if (!status && state == ContainerState::kStart) GiveUpStarted(container);
    const bool restores = state == ContainerState::kRestore || state == ContainerState::kPause ||
                          state == ContainerState::kResume;
    if (!status && restores) GiveUpRestored(container);
    callback.result->Set(std::move(status));
  }
  if (state == ContainerState::kExit && callback.may_live) {
    StayOn(container);
  } else if (state == ContainerState::kExit && !Planted(Mutant::kExitLeavesTracked)) {
    Forget(container);
  }
  callback.receipt.reset();
  --callbacks_running_;
  NotifyIfIdle();
}

// The start callback failed. Whatever the container does from here on, the engine does not hear of
// it.
void Client::Impl::GiveUpStarted(const ContainerPtr& container) {
  if (!Acts(Deviation::kFailedStartKills)) {
    if (container->running()) Forget(container);
    return;
  }
  container->silent = true;
  if (container->running()) Condemn(container, /*may_not_exist=*/false);
}

void Client::Impl::Forget(const ContainerPtr& container) {
  if (Planted(Mutant::kQueuesLeak)) for_mutants_.leaked.push_back(container);
  if (Container::Rarities* const rare = container->rare.IfMade()) rare->restore_receipts.reset();
  container->phase = Container::Phase::kGone;
  container->ended.Stop();
  const auto found = containers.find(container->id);
  if (found == containers.end() || found->second != container) return;
  containers.erase(found);
}

}  // namespace libcontainerd
