#include "libcontainerd/client.h"

#include <algorithm>
#include <utility>

#include "lib/core/client_impl.h"

namespace libcontainerd {

Client::Impl::Impl(Ports client_ports, Backend& client_backend, ClientOptions client_options)
    : ports(client_ports),
      backend(client_backend),
      options(client_options),
      scope_(std::make_shared<TaskScope>(ports.runtime)),
      for_mutants_(ports.runtime) {}

Status Client::Impl::CheckContainerId(const std::string& id) {
  if (id.empty() || id == "." || id == ".." || id.find('/') != std::string::npos) {
    return Fail(ErrorCode::kInvalidArgument, "container id \"" + id + "\": expected a file name");
  }
  return {};
}

ContainerPtr Client::Impl::Begin(const std::string& id, Container::Phase phase) {
  auto container =
      std::make_shared<Container>(ports.runtime, id, static_cast<CallbackRunner&>(*this));
  container->phase = phase;
  container->began = ThisMoment();
  container->oom = for_mutants_.had_oom.contains(id);
  containers.erase(id);  // the name is the object's
  containers.emplace(container->id, container);
  return container;
}

std::vector<ContainerPtr> Client::Impl::InOrder() const {
  std::vector<ContainerPtr> all;
  all.reserve(containers.size());
  for (const auto& [id, container] : containers) all.push_back(container);
  std::ranges::sort(all, {},
                    [](const ContainerPtr& each) -> const std::string& { return each->id; });
  return all;
}

bool Client::Impl::IsActive(const std::string& id) const {
  const auto found = containers.find(id);
  if (found == containers.end()) return false;
  const bool exit_known = found->second->phase == Container::Phase::kExiting;
  return !exit_known || Acts(Deviation::kActiveUntilCalledBack);
}

Awaitable<void> Client::Impl::Close() {
  if (std::exchange(closed, true)) {
    if (close_ended_) co_return;
    const auto ended = close_waiters_.emplace_back(std::make_shared<OneShot<Unit>>(ports.runtime));
    co_await ended->Wait();
    co_return;
  }
  for (const ContainerPtr& container : InOrder()) {
    container->ended.Stop();
    AbandonReceipts(*container);
    EndWaiters(*container, Error{ErrorCode::kCancelled, "the client is closing"});
    if (container->drain_timer) ports.runtime.CancelTimer(*container->drain_timer);
    if (container->stdio.stdin_closer) container->stdio.stdin_closer->Detach();
    for (const std::shared_ptr<Exec>& exec : container->execs) {
      if (exec->stdio.stdin_closer) exec->stdio.stdin_closer->Detach();
    }
  }
  for (const auto& output : std::vector(discarding_.begin(), discarding_.end())) output->Close();
  for (auto& [key, cancel] : calls_) cancel();
  while (!idle()) {
    idle_ = std::make_shared<OneShot<Unit>>(ports.runtime);
    co_await idle_->Wait();
  }
  co_await scope_->Join();
  containers.clear();
  close_ended_ = true;
  for (const auto& waiter : close_waiters_) waiter->Set(Unit());
}

// Of what will not be done any more. Queued callbacks abandon theirs when their turn comes.
void Client::Impl::AbandonReceipts(Container& container) {
  const auto abandon = [](const EventReceipt& receipt) {
    if (receipt) receipt->Abandon();
  };
  for (const HeldEvent& held : container.held_events) abandon(held.receipt);
  for (const std::shared_ptr<Exec>& exec : container.execs) abandon(exec->held_receipt);
  abandon(container.exit_receipt);
  abandon(container.rare->restore_receipts);
}

std::size_t Client::Impl::LiveObjects() const {
  std::size_t count = containers.size() + scope_->running() + operations_running_ +
                      callbacks_running_ + attaches_running_;
  count += for_mutants_.leaked.size();
  for (const auto& [id, container] : containers) {
    count += container->callbacks.size() + container->execs.size() + container->held_events.size() +
             container->pause_waiters.size() + container->resume_waiters.size();
  }
  return count;
}

std::size_t Client::Impl::PendingCallbacks() const {
  std::size_t count = callbacks_running_ + attaches_running_;
  // A mailbox counts the one that runs, which is counted already.
  for (const auto& [id, container] : containers) {
    count += std::max<std::size_t>(container->callbacks.size(), 1) - 1;
  }
  return count;
}

Awaitable<Status> Client::Impl::Attach(const std::string& id, const std::string& process,
                                       IoPipe pipe) {
  auto attached = std::make_shared<OneShot<Status>>(ports.runtime);
  ++attaches_running_;
  backend.AttachStreams(
      id, process, std::move(pipe), [attached, executor = ports.runtime.executor()](Status status) {
        asio::post(executor, [attached, status = std::move(status)] { attached->Set(status); });
      });
  Status status = co_await attached->Wait();
  --attaches_running_;
  co_return status;
}

Client::Client(Ports ports, Backend& backend, ClientOptions options)
    : impl_(std::make_shared<Impl>(ports, backend, options)) {}

Client::~Client() = default;

Awaitable<void> Client::Close() {
  return impl_->Close();
}

Awaitable<Status> Client::Create(std::string id, std::string spec_json, CreateOptions options) {
  return Impl::Track(impl_, impl_->Create(std::move(id), std::move(spec_json), std::move(options)));
}

Awaitable<Result<AddedProcess>> Client::AddProcess(std::string id, std::string name,
                                                   ProcessSpec process, CallOptions options) {
  const Duration timeout = options.timeout.value_or(impl_->options.timing.add_process_deadline);
  return Impl::Track(
      impl_, impl_->AddProcess(std::move(id), std::move(name), std::move(process), timeout));
}

Awaitable<Status> Client::Signal(std::string id, std::uint32_t signal, CallOptions options) {
  return Impl::Track(impl_, impl_->SendSignal(nullptr, std::move(id), std::string(kInitProcess),
                                              signal, impl_->CallDeadline(options)));
}

Awaitable<Status> Client::SignalProcess(std::string id, std::string name, std::uint32_t signal,
                                        CallOptions options) {
  if (impl_->options.reference.Has(Mutant::kSignalToInit)) name = kInitProcess;
  return Impl::Track(impl_, impl_->SendSignal(nullptr, std::move(id), std::move(name), signal,
                                              impl_->CallDeadline(options)));
}

Awaitable<Status> Client::Resize(std::string id, std::string name, std::uint32_t width,
                                 std::uint32_t height, CallOptions options) {
  return Impl::Track(impl_, impl_->Resize(std::move(id), std::move(name), width, height,
                                          impl_->CallDeadline(options)));
}

Awaitable<Status> Client::Pause(std::string id, CallOptions options) {
  return Impl::Track(impl_, impl_->ChangeState(std::move(id), ContainerState::kPause, options));
}

Awaitable<Status> Client::Resume(std::string id, CallOptions options) {
  return Impl::Track(impl_, impl_->ChangeState(std::move(id), ContainerState::kResume, options));
}

Awaitable<Result<types::StatsResponse>> Client::Stats(std::string id, CallOptions options) {
  types::StatsRequest request;
  request.set_id(id);
  return Impl::Track(impl_, impl_->Send(std::move(request), impl_->CallDeadline(options)));
}

Awaitable<Result<std::vector<std::uint32_t>>> Client::GetPidsForContainer(std::string id,
                                                                          CallOptions options) {
  return Impl::Track(impl_, impl_->Pids(std::move(id), impl_->CallDeadline(options)));
}

Awaitable<Result<std::vector<std::string>>> Client::Summary(std::string /*id*/) {
  co_return std::vector<std::string>();
}

Awaitable<Status> Client::UpdateResources(std::string id, types::UpdateResource resources,
                                          CallOptions options) {
  return Impl::Track(impl_, impl_->UpdateResources(std::move(id), std::move(resources),
                                                   impl_->CallDeadline(options)));
}

Awaitable<Status> Client::CreateCheckpoint(std::string id, std::string name,
                                           std::string checkpoint_dir, bool exit,
                                           CallOptions options) {
  types::CreateCheckpointRequest request;
  request.set_id(id);
  request.set_checkpointdir(checkpoint_dir);
  types::Checkpoint& checkpoint = *request.mutable_checkpoint();
  checkpoint.set_name(name);
  checkpoint.set_exit(exit);
  checkpoint.set_tcp(true);
  checkpoint.set_unixsockets(true);
  checkpoint.set_shell(false);
  checkpoint.add_emptyns("network");
  return Impl::Track(impl_, Impl::WithoutValue(impl_->CallTracked(std::move(id), std::move(request),
                                                                  impl_->CallDeadline(options))));
}

Awaitable<Status> Client::DeleteCheckpoint(std::string id, std::string name,
                                           std::string checkpoint_dir, CallOptions options) {
  types::DeleteCheckpointRequest request;
  request.set_id(id);
  request.set_name(name);
  request.set_checkpointdir(checkpoint_dir);
  return Impl::Track(impl_, Impl::WithoutValue(impl_->CallTracked(std::move(id), std::move(request),
                                                                  impl_->CallDeadline(options))));
}

Awaitable<Result<types::ListCheckpointResponse>> Client::ListCheckpoints(std::string id,
                                                                         std::string checkpoint_dir,
                                                                         CallOptions options) {
  types::ListCheckpointRequest request;
  request.set_id(id);
  request.set_checkpointdir(checkpoint_dir);
  return Impl::Track(
      impl_, impl_->CallTracked(std::move(id), std::move(request), impl_->CallDeadline(options)));
}

Awaitable<Result<types::GetServerVersionResponse>> Client::GetServerVersion(CallOptions options) {
  return Impl::Track(impl_,
                     impl_->Send(types::GetServerVersionRequest(), impl_->CallDeadline(options)));
}

Awaitable<Status> Client::Restore(std::string id, RestoreOptions options) {
  return Impl::Track(impl_, impl_->Restore(std::move(id), options));
}

void Client::SetLiveRestore(bool live) {
  impl_->live_restore = live;
}

void Client::SetHandledUntil(WallTime time) {
  impl_->handled_until = time;
}

void Client::HandleEvents(std::span<const types::Event> events) {
  for (const types::Event& event : events) impl_->HandleEvent(event, nullptr);
}
void Client::HandleEvent(const types::Event& event, EventReceipt receipt) {
  impl_->HandleEvent(event, receipt);
}

std::vector<TrackedContainer> Client::Tracked() const {
  std::vector<TrackedContainer> tracked;
  for (const ContainerPtr& container : impl_->InOrder()) {
    TrackedContainer entry{.id = container->id,
                           .system_pid = container->system_pid,
                           .oom = container->oom,
                           .processes = {},
                           .condemned = container->phase == Container::Phase::kCondemned};
    for (const std::shared_ptr<Exec>& exec : container->execs) {
      entry.processes.push_back(exec->name);
    }
    tracked.push_back(std::move(entry));
  }
  return tracked;
}

std::size_t Client::LiveObjects() const {
  return impl_->LiveObjects();
}
std::size_t Client::PendingCallbacks() const {
  return impl_->PendingCallbacks();
}
DroppedEvents Client::dropped_events() const {
  return impl_->dropped;
}

}  // namespace libcontainerd
