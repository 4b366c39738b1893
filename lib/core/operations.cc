// Operations that change nothing of what the client tracks.

#include <utility>

#include "lib/core/client_impl.h"

namespace libcontainerd {
namespace {

Error InvalidContainer(const std::string& id) {
  return Error{ErrorCode::kInvalidArgument, "invalid container: " + id};
}

void Dismiss(LightQueue<StateWaiter>& waiters, const StateWaiter& dismissed) {
  waiters.EraseIf([&](const StateWaiter& waiter) { return waiter == dismissed; });
}

}  // namespace

Awaitable<Result<Client::Impl::OperationLock>> Client::Impl::LockOperations(std::string id,
                                                                            Duration timeout) {
  if (closed) co_return Fail(ClosedError());
  const auto found = containers.find(id);
  if (found == containers.end()) co_return Fail(InvalidContainer(id));
  const ContainerPtr container = found->second;
  if (container->exit_held) co_return Fail(InvalidContainer(id));
  const Deadline deadline(ports.runtime, timeout);
  const bool locked = co_await container->operations.Lock(timeout);
  // Refused, because its init has exited.
  if (!locked && deadline.left() > Duration::zero()) co_return Fail(InvalidContainer(id));
  if (!locked) {
    co_return Fail(ErrorCode::kDeadlineExceeded,
                   "container " + id + ": the operation before this one did not end in time");
  }
  OperationLock lock(container);
  if (!container->running()) co_return Fail(InvalidContainer(id));
  co_return lock;
}

Awaitable<Result<Client::Impl::OperationLock>> Client::Impl::LockStarted(std::string id,
                                                                         Duration timeout) {
  auto lock = co_await LockOperations(id, timeout);
  if (lock && lock->container()->system_pid == 0) {
    co_return Fail(ErrorCode::kFailedPrecondition, "No active process for container " + id);
  }
  co_return lock;
}

// Waits for nothing: a stuck operation must not keep a container from being killed.
Awaitable<Status> Client::Impl::SendSignal(ContainerPtr lives, std::string id, std::string process,
                                           std::uint32_t signal, Duration timeout) {
  std::optional<OperationLock> turn;
  if (!lives && Planted(Mutant::kSignalWaitsForOperations)) {
    auto lock = co_await LockOperations(id, timeout);
    if (!lock) co_return Fail(lock.error());
    turn.emplace(std::move(*lock));
  }
  types::SignalRequest request;
  request.set_id(id);
  request.set_pid(process);
  request.set_signal(signal);
  auto reply = co_await SendWhile(std::move(lives), std::move(request), timeout);
  if (!reply) co_return Fail(reply.error());
  co_return Status();
}

Awaitable<Status> Client::Impl::Resize(std::string id, std::string name, std::uint32_t width,
                                       std::uint32_t height, Duration timeout) {
  types::UpdateProcessRequest request;
  request.set_id(id);
  request.set_pid(name);
  request.set_width(width);
  request.set_height(height);
  auto reply = co_await CallTracked(std::move(id), std::move(request), timeout);
  if (!reply) co_return Fail(reply.error());
  co_return Status();
}

Awaitable<Result<std::vector<std::uint32_t>>> Client::Impl::Pids(std::string id, Duration timeout) {
  types::StateRequest request;
  request.set_id(id);
  auto reply = co_await Send(std::move(request), timeout);
  if (!reply) co_return Fail(reply.error());
  for (const types::Container& container : reply->containers()) {
    if (container.id() != id) continue;
    co_return std::vector<std::uint32_t>(container.pids().begin(), container.pids().end());
  }
  co_return Fail(ErrorCode::kInternal, "invalid state response");
}

Awaitable<Status> Client::Impl::UpdateResources(std::string id, types::UpdateResource resources,
                                                Duration timeout) {
  const Deadline deadline(ports.runtime, timeout);
  auto lock = co_await LockStarted(id, timeout);
  if (!lock) co_return Fail(lock.error());
  types::UpdateContainerRequest request;
  request.set_id(id);
  request.set_pid(std::string(kInitProcess));
  *request.mutable_resources() = std::move(resources);
  auto reply = co_await Send(std::move(request), deadline.left());
  if (!reply) co_return Fail(reply.error());
  co_return Status();
}

// Pause and Resume: the request, then the wait for the event's callback.
Awaitable<Status> Client::Impl::ChangeState(std::string id, ContainerState state,
                                            CallOptions call) {
  const Deadline deadline(ports.runtime, CallDeadline(call));
  auto lock = co_await LockStarted(id, deadline.left());
  if (!lock) co_return Fail(lock.error());
  const ContainerPtr container = lock->container();
  auto waiter = std::make_shared<StateWait>(ports.runtime);
  auto& waiters = container->WaitersFor(state);

  // Before the request, because the event may overtake the reply.
  if (Acts(Deviation::kWaiterRegisteredFirst)) waiters.push_back(waiter);
  types::UpdateContainerRequest request;
  request.set_id(id);
  request.set_pid(std::string(kInitProcess));
  request.set_status(state == ContainerState::kPause ? "paused" : "running");
  auto reply = co_await Send(std::move(request), deadline.left());
  if (!reply) {
    Dismiss(waiters, waiter);
    co_return Fail(reply.error());
  }
  waiter->answered = true;
  if (!Acts(Deviation::kWaiterRegisteredFirst)) waiters.push_back(waiter);
  lock->Release();

  Duration patience = call.timeout ? deadline.left() : options.timing.state_event_deadline;
  if (Planted(Mutant::kNoDeadline)) patience = kForEver;
  const TimerId timer = ports.runtime.StartTimer(patience, [container, waiter, id, state] {
    Dismiss(container->WaitersFor(state), waiter);
    const std::string name(ContainerStateName(state));
    waiter->ended.Set(Fail(ErrorCode::kDeadlineExceeded,
                           "container " + id + ": no " + name + " event came in time"));
  });
  Status status = co_await waiter->ended.Wait();
  ports.runtime.CancelTimer(timer);
  co_return status;
}

}  // namespace libcontainerd
