// The client's inside. Operations (create.cc, add_process.cc, operations.cc) are coroutines; events
// (event_handling.cc) are plain functions that change state and queue callbacks, and never wait.
//
// Threads: everything on the executor's thread, so nothing is locked.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/core/container.h"
#include "lib/core/disk_steps.h"
#include "lib/core/event.h"
#include "lib/runtime/recycling_allocator.h"
#include "libcontainerd/client.h"

namespace libcontainerd {

using ContainerPtr = std::shared_ptr<Container>;

class Client::Impl final : public CallbackRunner,
                           public std::enable_shared_from_this<Client::Impl> {
 public:
  // What is left of an operation's deadline.
  class Deadline {
   public:
    Deadline(Runtime& runtime, Duration timeout)
        : runtime_(runtime), at_(runtime.Now() + timeout) {}
    Duration left() const { return std::max(Duration::zero(), at_ - runtime_.Now()); }

   private:
    Runtime& runtime_;
    Duration at_;
  };
  // Holds a container's operation lock for a scope.
  class OperationLock {
   public:
    explicit OperationLock(ContainerPtr container) : container_(std::move(container)) {}
    ~OperationLock() { Release(); }
    OperationLock(OperationLock&& other) noexcept = default;
    OperationLock& operator=(OperationLock&&) = delete;
    void Release() {
      if (const ContainerPtr held = std::exchange(container_, nullptr)) held->operations.Unlock();
    }
    const ContainerPtr& container() const { return container_; }

   private:
    ContainerPtr container_;
  };

  Impl(Ports ports, Backend& backend, ClientOptions options);

  // client.cc
  Awaitable<void> Close();
  std::size_t LiveObjects() const;
  std::size_t PendingCallbacks() const;

  // restore.cc
  Awaitable<Status> Restore(std::string id, RestoreOptions restore);

  // create.cc
  Awaitable<Status> Create(std::string id, std::string spec_json, CreateOptions options);

  // add_process.cc
  Awaitable<Result<AddedProcess>> AddProcess(std::string id, std::string name, ProcessSpec process,
                                             Duration timeout);

  // operations.cc
  // `lives` as in SendWhile().
  Awaitable<Status> SendSignal(ContainerPtr lives, std::string id, std::string process,
                               std::uint32_t signal, Duration timeout);
  Awaitable<Status> Resize(std::string id, std::string name, std::uint32_t width,
                           std::uint32_t height, Duration timeout);
  Awaitable<Status> ChangeState(std::string id, ContainerState state, CallOptions call);
  Awaitable<Result<std::vector<std::uint32_t>>> Pids(std::string id, Duration timeout);
  Awaitable<Status> UpdateResources(std::string id, types::UpdateResource resources,
                                    Duration timeout);
  // For operations of tracked containers, under their operation lock.
  template <class Request>
  Awaitable<Result<ResponseOf<Request>>> CallTracked(std::string id, Request request,
                                                     Duration timeout) {
    const Deadline deadline(ports.runtime, timeout);
    auto lock = co_await LockOperations(std::move(id), timeout);
    if (!lock) co_return Fail(lock.error());
    co_return co_await Send(std::move(request), deadline.left());
  }
  // An RPC that Close() ends with CANCELLED. The port's call itself may go on for a while, on its
  // own.
  template <class Request>
  Awaitable<Result<ResponseOf<Request>>> Send(Request request, Duration timeout) {
    return SendWhile(nullptr, std::move(request), timeout);
  }
  // The same for what the client sends of its own accord: ABORTED, and nothing is sent, once that
  // container is known to be gone. Null: sent in any case.
  template <class Request>
  Awaitable<Result<ResponseOf<Request>>> SendWhile(ContainerPtr lives, Request request,
                                                   Duration timeout) {
    using Reply = Result<ResponseOf<Request>>;
    if (closed) co_return Fail(ClosedError());
    if (Planted(Mutant::kNoDeadline)) timeout = kForEver;
    auto reply = std::make_shared<OneShot<Reply>>(ports.runtime);
    const std::uint64_t key = next_call_++;
    calls_.emplace(key, [reply] { reply->Set(Fail(ClosedError())); });
    Spawn(ports.runtime, Carry(ports.api, std::move(lives), std::move(request), timeout, reply));
    Reply result = co_await reply->Wait();
    calls_.erase(key);
    if (!result && Planted(Mutant::kErrorTextLost)) {
      result = Fail(result.error().code, "rpc error");
    }
    co_return result;
  }

  // event_handling.cc
  void HandleEvent(const types::Event& event, const EventReceipt& receipt);
  // The same events may come twice, however many they are: none of them is forgotten meanwhile.
  void CatchUp(bool begins) { seen_.RememberAll(begins); }

  // reconcile.cc, called by the remote
  // The event stream ended, for the `loss`th time.
  void StreamLost(std::uint64_t loss);
  // The stored log was read, from its beginning after that loss on: who still waits for an event
  // that went with it waits in vain.
  void StreamRecovered(std::uint64_t loss);
  // Asks the daemon about the running containers. One that it does not know, and of which no exit
  // came for Timing::gone_grace, is called back as exited. True when one is missing that has not
  // been for so long: ask again then. An error when the daemon did not answer.
  Awaitable<Result<bool>> FindGone();

  // Counts an operation while it runs: Close() waits for it. One that was called but begins only
  // when the client is closed, or even destroyed, finds `self` and is refused.
  template <class T>
  static Awaitable<T> Track(std::shared_ptr<Impl> self, Awaitable<T> operation) {
    ++self->operations_running_;
    T result = co_await std::move(operation);
    --self->operations_running_;
    self->NotifyIfIdle();
    co_return result;
  }
  template <class T>
  static Awaitable<Status> WithoutValue(Awaitable<Result<T>> operation) {
    Result<T> result = co_await std::move(operation);
    if (!result) co_return Fail(result.error());
    co_return Status();
  }

  Ports ports;
  Backend& backend;
  ClientOptions options;
  // The names are their own ids. Who goes over all of them does so InOrder().
  std::unordered_map<std::string_view, ContainerPtr> containers;
  // By id. They stay even if they are forgotten meanwhile.
  std::vector<ContainerPtr> InOrder() const;
  DroppedEvents dropped;
  bool closed = false;
  bool live_restore = false;
  std::optional<WallTime> handled_until;  // by the engine before this one

  Duration CallDeadline(const CallOptions& call) const {
    return call.timeout.value_or(options.timing.call_deadline);
  }
  Awaitable<Status> Attach(const std::string& id, const std::string& process, IoPipe pipe);

 private:
  static Error AttachOutOfTime(const std::string& id) {
    return Error{ErrorCode::kDeadlineExceeded,
                 "container " + id + ": its attach did not end in time"};
  }
  static Error ClosedError() { return Error{ErrorCode::kCancelled, "the client is closed"}; }
  template <class Request, class Reply>
  static Awaitable<void> Carry(ContainerdApi& api, ContainerPtr lives, Request request,
                               Duration timeout, std::shared_ptr<OneShot<Reply>> reply) {
    if (reply->is_set()) co_return;  // the client was closed before it was sent
    if (lives && lives->ended.stopped()) {
      reply->Set(Fail(ErrorCode::kAborted, "container " + lives->id + " exited"));
      co_return;
    }
    reply->Set(co_await Call(api, std::move(request), timeout));
  }
  bool idle() const { return operations_running_ == 0 && callbacks_running_ == 0; }
  void NotifyIfIdle() {
    if (idle() && idle_) idle_->Set(Unit());
  }

  static constexpr Duration kForEver = std::chrono::hours(24 * 365);

  bool Acts(Deviation deviation) const { return options.reference.Acts(deviation); }
  bool Planted(Mutant mutant) const { return options.reference.Has(mutant); }
  // The lock of the running container of that id, or the error that operations give: "invalid
  // container: ID". Looks again once it holds the lock: the container may have exited meanwhile, or
  // its create failed.
  Awaitable<Result<OperationLock>> LockOperations(std::string id, Duration timeout);
  // As above, and "No active process for container ID" if it has no system pid.
  Awaitable<Result<OperationLock>> LockStarted(std::string id, Duration timeout);

  static Status CheckContainerId(const std::string& id);
  ContainerPtr Begin(const std::string& id, Container::Phase phase);
  // Its id may not be used for another container.
  bool IsActive(const std::string& id) const;

  // create.cc
  Awaitable<Status> Start(ContainerPtr container, CreateOptions options, bool terminal,
                          std::shared_ptr<DiskSteps> disk, Deadline deadline);
  Awaitable<Status> ClearFailedCreate(ContainerPtr container, std::shared_ptr<DiskSteps> disk);
  Duration CleaningTime(const Deadline& deadline) const {
    return std::max(deadline.left(), options.timing.cleaning_grace);
  }
  Awaitable<Status> RequestCreate(ContainerPtr container, CreateOptions options, StdioPaths paths,
                                  Deadline deadline);
  bool MayBeEarlier(const Container& container) const;
  bool ExitInDoubt(const Container& container) const;
  Awaitable<void> AskWhoseExit(ContainerPtr container, Deadline deadline);
  Awaitable<void> SettleExit(ContainerPtr container);
  void ApplyHeldEvents(const ContainerPtr& container);
  Awaitable<Status> FinishStart(ContainerPtr container, std::uint32_t system_pid);
  void Condemn(const ContainerPtr& container, bool may_not_exist);
  Awaitable<void> Thaw(ContainerPtr container);
  Awaitable<void> KillCondemned(ContainerPtr container, bool may_not_exist);
  Awaitable<void> ForgetCondemned(ContainerPtr container, EventReceipt receipt);
  static Awaitable<Result<types::UpdateProcessResponse>> CloseStdin(
      std::shared_ptr<Impl> self, types::UpdateProcessRequest request);
  AttachedStdio MakeStdio(const std::string& id, const std::string& process,
                          std::unique_ptr<ProcessStdio> streams, IoPipe& pipe);
  void DropHeldEvents(Container& container);
  void TimeStreamsOut(const ContainerPtr& container);

  // add_process.cc
  Awaitable<Result<AddedProcess>> StartExec(ContainerPtr container, std::shared_ptr<Exec> exec,
                                            ProcessSpec process, Deadline deadline);
  Awaitable<void> DiscardExec(ContainerPtr container, std::shared_ptr<Exec> exec, bool may_run,
                              Deadline deadline);
  Awaitable<Status> ClearFailedExec(ContainerPtr container, std::shared_ptr<Exec> exec,
                                    bool may_run);
  Awaitable<void> KillAbsorbed(ContainerPtr container, std::shared_ptr<Exec> exec);
  static void ForgetExec(Container& container, const std::shared_ptr<Exec>& exec);

  // restore.cc
  struct Found;
  // Disk work of a restore. One that hangs goes on by itself: RemoveBundle() gives it some time.
  template <class T>
  Awaitable<Result<T>> OnDisk(const ContainerPtr& container, Awaitable<Result<T>> work,
                              const Deadline& deadline) {
    return DiskSteps::Do(container->rare->restore_disk, "container " + container->id,
                         std::move(work),
                         std::min(options.timing.restore_disk_wait, deadline.left()));
  }
  Awaitable<Result<std::vector<types::Event>>> ReadLog(std::string id, Duration timeout);
  Awaitable<Result<std::optional<types::Container>>> AskState(std::string id, Duration timeout);
  Awaitable<Status> Look(ContainerPtr container, std::shared_ptr<Found> found, Duration log_timeout,
                         Deadline deadline);
  Awaitable<Result<std::shared_ptr<Found>>> LookFor(ContainerPtr container, Deadline deadline);
  Awaitable<Status> RestoreLive(ContainerPtr container, std::shared_ptr<Found> found,
                                Deadline deadline);
  Awaitable<Status> CallBackRestored(ContainerPtr container, std::shared_ptr<Found> found);
  Awaitable<void> KillRestored(ContainerPtr container, std::shared_ptr<Found> found,
                               Deadline deadline);
  Awaitable<void> Discard(std::shared_ptr<OutputReader> output);
  Awaitable<void> DiscardOutputs(ContainerPtr container, StdioPaths paths, bool terminal,
                                 Deadline deadline);
  Awaitable<void> ReportUndying(ContainerPtr container, Deadline deadline);
  void TakeOver(const ContainerPtr& container, const Found& found);
  void TrackExecs(const ContainerPtr& container, const Found& found);
  void ReportMissed(const ContainerPtr& container, const Found& found,
                    const std::vector<types::Event>& arrived);
  bool RestoredPaused(const Found& found) const;
  std::uint32_t GoneExitCode(const Found& found) const;
  Status LeaveAlone(const ContainerPtr& container, Error error);
  void GiveUpRestored(const ContainerPtr& container);
  void StayOn(const ContainerPtr& container);

  // event_handling.cc
  bool IsNews(const types::Event& event);
  void Route(const ContainerPtr& container, const types::Event& event, const EventReceipt& receipt);
  Awaitable<void> RouteInTurn(ContainerPtr container, types::Event event, EventReceipt receipt);
  bool IsOfEarlierLife(const Container& container, const types::Event& event) const;
  Container::Moment ThisMoment() const;
  WallTime OnEitherClock(const Container::Moment& moment) const;
  void ApplyEvent(const ContainerPtr& container, const types::Event& event,
                  const EventReceipt& receipt);
  void ApplyStateEvent(const ContainerPtr& container, ContainerState state,
                       const EventReceipt& receipt);
  void ApplyExecExit(const ContainerPtr& container, const std::string& name, std::uint32_t status,
                     const EventReceipt& receipt);
  void ApplyInitExit(const ContainerPtr& container, std::uint32_t status,
                     const EventReceipt& receipt);
  void ReportExecExit(const ContainerPtr& container, const std::shared_ptr<Exec>& exec,
                      std::uint32_t status, const EventReceipt& receipt);
  void FinishDrainingIfQuiet(const ContainerPtr& container);
  void EndDraining(const ContainerPtr& container);
  void QueueExit(const ContainerPtr& container);
  static StateWaiter TakeWaiter(Container& container, ContainerState state);
  static Error NotRestored(const Container& container) {
    return Error{ErrorCode::kAborted, "container " + container.id + " could not be restored"};
  }
  void Queue(const ContainerPtr& container, QueuedCallback&& callback);
  void CountCondemned(const Container& container);
  Awaitable<Status> OpeningsEnded(ContainerPtr container);
  Awaitable<void> RemoveBundle(ContainerPtr container);
  static void EndWaiters(Container& container, const Error& error);
  void RunCallback(const ContainerPtr& container, QueuedCallback&& callback,
                   UniqueFunction<void()>&& done) override;
  Awaitable<void> RunCallbackInTurn(ContainerPtr container, QueuedCallback callback,
                                    UniqueFunction<void()> done);
  void BeginCallback(const ContainerPtr& container, QueuedCallback&& callback,
                     UniqueFunction<void()>&& done);
  Awaitable<void> RunExitCallback(ContainerPtr container, QueuedCallback callback,
                                  UniqueFunction<void()> done);
  // A callback that runs, until its step after `done`. Those that are over are kept for the next.
  struct RunningCallback {
    ContainerPtr container;
    QueuedCallback callback;
    UniqueFunction<void()> done;
    Status status;
  };
  static constexpr std::size_t kMostSpareCallbacks = 1024;
  std::unique_ptr<RunningCallback> SpareCallback();
  void EndCallback(std::unique_ptr<RunningCallback> running);
  void CallBack(const ContainerPtr& container, const StateInfo& info,
                UniqueFunction<void(Status)> then);
  void AfterCallback(const ContainerPtr& container, QueuedCallback& callback, Status status);
  void GiveUpStarted(const ContainerPtr& container);
  void Forget(const ContainerPtr& container);
  static void AbandonReceipts(Container& container);

  // mutants.cc
  Awaitable<void> Linger(Duration time);
  // What planted mutants need; at rest without them.
  struct ForMutants {
    explicit ForMutants(Runtime& runtime) : event_turn(runtime), callback_turn(runtime) {}
    AsyncMutex event_turn;
    AsyncMutex callback_turn;
    std::set<std::string> had_oom;
    std::set<std::string> restored;
    std::vector<ContainerPtr> leaked;
  };

  // reconcile.cc
  Awaitable<Result<std::vector<ContainerPtr>>> Suspects(Deadline deadline);
  Awaitable<Result<bool>> IsMissing(ContainerPtr container, Deadline deadline);
  void ConcludeExit(const ContainerPtr& container);

  SeenEvents seen_;
  RecyclingAllocator<Exec> execs_memory_;  // of those that nobody here added: events bring many
  UnclaimedEvents unclaimed_;
  std::shared_ptr<TaskScope> scope_;
  std::set<std::shared_ptr<OutputReader>> discarding_;           // being read for nobody
  std::shared_ptr<const StdinCloser::Context> closers_context_;  // from the first process on
  std::size_t operations_running_ = 0;
  std::size_t callbacks_running_ = 0;
  std::size_t attaches_running_ = 0;
  std::vector<std::unique_ptr<RunningCallback>> spare_callbacks_;
  std::shared_ptr<OneShot<Unit>> idle_;
  bool close_ended_ = false;
  std::vector<std::shared_ptr<OneShot<Unit>>> close_waiters_;  // of further calls of Close
  std::uint64_t next_call_ = 1;
  std::map<std::uint64_t, UniqueFunction<void()>> calls_;  // how to cancel each RPC under way
  ForMutants for_mutants_;

  friend class Client;
};

}  // namespace libcontainerd
