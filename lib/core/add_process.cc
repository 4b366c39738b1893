// AddProcess: a further process of a running container.

#include <algorithm>
#include <utility>

#include "lib/core/client_impl.h"
#include "lib/core/daemon_errors.h"

namespace libcontainerd {
namespace {

template <class Values, class Target>
void Replace(const std::optional<Values>& values, Target* target) {
  if (values) target->Assign(values->begin(), values->end());
}

// The container's own process is the template; what the caller gave replaces it.
types::AddProcessRequest MakeRequest(const std::string& template_on_wire, const ProcessSpec& given,
                                     const StdioPaths& paths) {
  types::Process inherited;
  inherited.ParseFromString(template_on_wire);
  types::AddProcessRequest request;
  request.set_terminal(given.terminal);
  request.mutable_args()->Assign(given.args.begin(), given.args.end());
  *request.mutable_env() = inherited.env();
  Replace(given.env, request.mutable_env());
  request.set_cwd(given.cwd.value_or(inherited.cwd()));
  *request.mutable_user() = given.user.value_or(inherited.user());
  *request.mutable_capabilities() = inherited.capabilities();
  Replace(given.capabilities, request.mutable_capabilities());
  *request.mutable_rlimits() = inherited.rlimits();
  request.set_apparmorprofile(inherited.apparmorprofile());
  request.set_selinuxlabel(inherited.selinuxlabel());
  request.set_nonewprivileges(inherited.nonewprivileges());
  request.set_stdin(paths.in);
  request.set_stdout(paths.out);
  request.set_stderr(paths.err);
  return request;
}

}  // namespace

Awaitable<Result<AddedProcess>> Client::Impl::AddProcess(std::string id, std::string name,
                                                         ProcessSpec process, Duration timeout) {
  const Deadline deadline(ports.runtime, timeout);
  auto lock = co_await LockOperations(id, timeout);
  if (!lock) co_return Fail(lock.error());
  const ContainerPtr container = lock->container();
  if (name.empty() || name.find('/') != std::string::npos) {
    co_return Fail(ErrorCode::kInvalidArgument,
                   "process name \"" + name + "\": expected a file name");
  }
  // The daemon accepts a name whose process ended while its children still hold its stdio, and then
  // reports two exits for it that nobody can tell apart.
  const std::shared_ptr<Exec> previous = container->execs.Find(name);
  if (Acts(Deviation::kExecNameBusy) && (previous || name == kInitProcess)) {
    co_return Fail(ErrorCode::kAlreadyExists,
                   "Process " + name + " of container " + id + " is already active");
  }
  auto exec = std::make_shared<Exec>();
  exec->name = name;
  container->execs.Put(exec);
  if (Container::Rarities* const rare = container->rare.IfMade()) {
    std::erase(rare->unborn_execs, name);
  }
  auto added = co_await StartExec(container, exec, std::move(process), deadline);
  // The reference's behaviour: the name is its last bearer's again.
  if (!added && previous && previous->phase != Exec::Phase::kExited) {
    if (!container->execs.Find(name)) container->execs.Put(previous);
  }
  co_return added;
}

Awaitable<Result<AddedProcess>> Client::Impl::StartExec(ContainerPtr container,
                                                        std::shared_ptr<Exec> exec,
                                                        ProcessSpec process, Deadline deadline) {
  exec->paths = StdioPaths::In(ports.bundles.PathOf(container->id), exec->name);
  exec->disk = std::make_shared<DiskSteps>(ports.runtime, scope_);
  auto opening = ports.stdio.Open(exec->paths, process.terminal);
  const std::string what = "process " + exec->name;
  auto streams = co_await DiskSteps::Do(exec->disk, what, std::move(opening), deadline.left());
  if (!streams) {
    co_await DiscardExec(container, exec, /*may_run=*/false, deadline);
    co_return Fail(streams.error());
  }
  IoPipe pipe;
  exec->stdio = MakeStdio(container->id, exec->name, std::move(*streams), pipe);

  types::AddProcessRequest request = MakeRequest(container->inherited, process, exec->paths);
  request.set_id(container->id);
  request.set_pid(exec->name);
  auto reply = co_await Send(std::move(request), deadline.left());
  if (!reply) {
    const bool may_run = OutcomeUnknown(reply.error()) && Acts(Deviation::kUnknownOutcomeResolved);
    co_await DiscardExec(container, exec, may_run, deadline);
    co_return Fail(reply.error());
  }
  exec->stdio.streams->PeerOpened();

  Status attached = co_await Attach(container->id, exec->name, std::move(pipe));
  // One that is being got rid of takes its execs along, and nobody would hear of their exits.
  const bool condemned = container->silent || container->phase == Container::Phase::kCondemned;
  if (attached && (exec->container_exited || condemned)) {
    attached = Fail(ContainerExited(container->id));
  }
  if (!attached && Acts(Deviation::kFailedAttachKillsExec)) {
    const bool may_run = !exec->held_exit && !exec->container_exited && !condemned;
    co_await DiscardExec(container, exec, may_run, deadline);
    co_return Fail(attached.error());
  }
  exec->phase = Exec::Phase::kRunning;
  exec->stdio.stdin_closer->Started();
  const EventReceipt held = std::exchange(exec->held_receipt, nullptr);
  if (exec->held_exit) ReportExecExit(container, exec, *exec->held_exit, held);
  FinishDrainingIfQuiet(container);
  if (!attached) co_return Fail(attached.error());
  co_return AddedProcess{.system_pid = reply->systempid()};
}

// A failed add-process leaves nothing: no FIFOs, no process, no callback.
Awaitable<void> Client::Impl::DiscardExec(ContainerPtr container, std::shared_ptr<Exec> exec,
                                          bool may_run, Deadline deadline) {
  exec->phase = Exec::Phase::kAbsorbed;
  exec->clearing = true;
  if (exec->held_exit) ++dropped.failed_start;
  exec->held_receipt.reset();
  exec->stdio.Abandon();
  const auto cleaning = std::make_shared<DiskSteps>(ports.runtime, scope_);
  const std::string what = "process " + exec->name;
  auto clear = ClearFailedExec(container, exec, may_run);
  // The first error is the one to report.
  static_cast<void>(
      co_await DiskSteps::Do(cleaning, what, std::move(clear), CleaningTime(deadline)));
}

// The name stays busy until the files are gone and the process is.
Awaitable<Status> Client::Impl::ClearFailedExec(ContainerPtr container, std::shared_ptr<Exec> exec,
                                                bool may_run) {
  exec->gone = !may_run || closed;
  if (!exec->gone) scope_->Spawn(KillAbsorbed(container, exec));
  co_await DiskSteps::Idle(exec->disk);
  Status removed;
  // Another life of that id may have an exec of that name by now, and FIFOs in the same place.
  const auto present = containers.find(container->id);
  const bool own = present == containers.end() || present->second == container;
  if (own && Acts(Deviation::kFailedExecRemovesFifos)) {
    removed = co_await ports.stdio.Remove(exec->paths);
  }
  exec->clearing = false;
  if (exec->gone && !Planted(Mutant::kFailedExecKeepsName)) ForgetExec(*container, exec);
  FinishDrainingIfQuiet(container);
  co_return removed;
}

void Client::Impl::ForgetExec(Container& container, const std::shared_ptr<Exec>& exec) {
  exec->gone = true;
  if (exec->clearing) return;
  container.execs.Remove(exec);
}

// Its exit event frees the name. Asks again while the daemon cannot be reached: an exec that nobody
// tracks would be reported with its exit, and until then it would run. Init's exit ends it anyway.
Awaitable<void> Client::Impl::KillAbsorbed(ContainerPtr container, std::shared_ptr<Exec> exec) {
  constexpr std::uint32_t kSigkill = 9;
  Duration pause = options.timing.reconnect_first;
  while (true) {
    types::SignalRequest request;
    request.set_id(container->id);
    request.set_pid(exec->name);
    request.set_signal(kSigkill);
    auto killed = co_await SendWhile(container, std::move(request), options.timing.call_deadline);
    if (killed) co_return;
    if (!OutcomeUnknown(killed.error())) {
      container->rare.Make().unborn_execs.push_back(exec->name);
      co_return ForgetExec(*container, exec);
    }
    const bool slept = co_await container->ended.Sleep(pause);
    if (!slept) co_return;
    pause = std::min(2 * pause, options.timing.reconnect_longest);
  }
}

}  // namespace libcontainerd
