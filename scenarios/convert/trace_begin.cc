// How a call begins and ends, and what must be so before it.
#include <algorithm>

#include "fake_containerd/behaviour_text.h"
#include "libcontainerd/timing.h"
#include "scenarios/convert/trace_actions.h"
#include "scenarios/convert/trace_calls.h"
#include "scenarios/convert/trace_failures.h"
#include "scenarios/replay_inference.h"

namespace scenarios {

using libcontainerd::Status;
using libcontainerd::Timing;

namespace {

bool Attaches(const PlannedCall& call) {
  return call.kind == CallKind::kCreate || call.kind == CallKind::kAddProcess ||
         (call.kind == CallKind::kRestore && call.live);
}

bool IsFatal(std::uint32_t signal, const TracedProcess& process) {
  return signal == kSigKill || process.status == kKilledBy + signal;
}

}  // namespace

std::string TraceActions::LabelOf(const PlannedCall& call) {
  std::string label = std::string(CallKindName(call.kind)) + " " + call.id;
  if (!call.process.empty()) label += "/" + call.process;
  const int count = ++labels_[label];
  return count == 1 ? label : label + " " + std::to_string(count);
}

std::string TraceActions::ExecutedPointOf(std::size_t rpc) const {
  const RecordedRpc& recorded = recording_.rpcs[rpc];
  std::string point = "rpc." + recorded.method + ".executed@" + RpcContainer(recorded);
  if (recorded.method == "AddProcess") point += "/" + RpcProcess(recorded);
  return point;
}

bool TraceActions::TakesTheDaemonsTime(std::size_t call) const {
  const PlannedCall& planned = plan_.calls[call];
  const RecordedRpc& rpc = recording_.rpcs[*planned.rpc];
  if (!rpc.reply || rpc.reply->code == ErrorCode::kOk) return false;
  const auto failure = StartFailureOf(planned, *rpc.reply);
  return failure && failure->kind == fake_containerd::FailureKind::kStartTimeout;
}

Status TraceActions::Begin(std::size_t index) {
  const PlannedCall& call = plan_.calls[index];
  const RecordedCommand& command = recording_.commands[call.command];
  AwaitReturned(command.begin);
  if (!engine_there_) return {};
  // Ours lets them in as they come, so each comes before the next begins.
  const bool overlaps = std::ranges::any_of(
      running_, [&](const auto& other) { return plan_.calls[other.first].id == call.id; });
  if (overlaps) Settle();
  PrepareEngine(index);
  PrepareProcess(index);
  PrepareRefusal(index);
  Running running;
  running.label = LabelOf(call);
  const bool refused = processes_.RefusedByOurs(index);
  const bool replied = call.rpc && !refused && Succeeded(recording_.rpcs[*call.rpc]);
  const bool waits = call.kind == CallKind::kCreate || call.kind == CallKind::kAddProcess ||
                     call.kind == CallKind::kPause || call.kind == CallKind::kResume;
  running.held = replied && waits && !call.attach_error;
  if (running.held) Push(action::Hold{.point = ExecutedPointOf(*call.rpc)});
  if (replied) KillBy(call);
  if (call.kind == CallKind::kRestore) KillByRestore(call);
  if (replied && (call.kind == CallKind::kPause || call.kind == CallKind::kResume))
    ++pauses_[std::string(CallKindName(call.kind)) + " " + call.id];
  action::CallTerms terms;
  terms.returns = ReturnsOf(original_.commands[call.command], run_.calls[index]);
  terms.wait = false;
  terms.call = running.label;
  auto made = ActionOfCall(call, terms);
  if (!made) return libcontainerd::Fail(made.error());
  Push(std::move(*made));
  running_[index] = std::move(running);
  if (!call.rpc || refused) Await(index);
  return {};
}

// --- What must be so before

// What the process will do that the call starts: begin at all, and mind signals.
void TraceActions::PrepareProcess(std::size_t index) {
  const PlannedCall& call = plan_.calls[index];
  const TracedProcess* process = processes_.OfCall(index);
  if (process == nullptr || processes_.RefusedByOurs(index)) return;
  fake_containerd::Behaviour behaviour;
  const RecordedRpc& rpc = recording_.rpcs[*call.rpc];
  if (rpc.reply && rpc.reply->code != ErrorCode::kOk)
    behaviour.start_failure = StartFailureOf(call, *rpc.reply);
  for (const std::uint32_t signal : process->signals) {
    constexpr std::uint32_t kSigStop = 19;
    constexpr std::uint32_t kHighest = 64;
    const bool ignorable = signal > 0 && signal <= kHighest && signal != kSigStop;
    if (ignorable && !IsFatal(signal, *process)) behaviour.signals[signal] = {};
  }
  const std::string text = fake_containerd::PrintBehaviour(behaviour);
  std::string& before = behaviours_[process->id + "/" + process->process];
  if (before == text) return;
  before = text;
  Push(action::Behave{.id = process->id, .process = process->process, .behaviour = text});
}

bool TraceActions::FollowsFromLife(const PlannedCall& call, const std::string& text) {
  const auto there = [&](const TracedProcess& process) {
    return process.id == call.id && process.is_init() &&
           (Of(process).life == Life::kRuns || Of(process).held);
  };
  const bool container = std::ranges::any_of(processes_.all(), there);
  if (text == "containerd: container not found") return !container;
  if (text != "containerd: process not found for container") return false;
  const std::string name = call.process.empty() ? "init" : call.process;
  return container && Living(call.id, name) == nullptr;
}

void TraceActions::PrepareRefusal(std::size_t index) {
  const PlannedCall& call = plan_.calls[index];
  if (!call.rpc || processes_.RefusedByOurs(index) || call.kind == CallKind::kRestore) return;
  const RecordedRpc& rpc = recording_.rpcs[*call.rpc];
  if (!rpc.reply || rpc.reply->code == ErrorCode::kOk) return;
  const std::string& text = rpc.reply->error;
  if (StartFailureOf(call, *rpc.reply) || FollowsFromState(call.kind, text)) return;
  if (FollowsFromLife(call, text) || !daemon_up_) return;
  Push(action::SetFaults{.plan = RefusalRule(rpc)});
}

// What the engine does in the callbacks that the call leads to.
void TraceActions::PrepareEngine(std::size_t index) {
  const PlannedCall& call = plan_.calls[index];
  if (call.attach_error) {
    const std::string name = call.kind == CallKind::kCreate ? "init" : call.process;
    Push(action::Fail{.point = "callback.attach@" + call.id + "/" + name,
                      .error = "UNKNOWN " + *call.attach_error});
  }
  if (call.start_error) {
    Push(action::Fail{.point = "callback.start-container@" + call.id,
                      .error = "UNKNOWN " + *call.start_error});
  }
  if (!Attaches(call) || processes_.RefusedByOurs(index) || !call.rpc) return;
  if (call.close_stdin_at_attach == closes_at_attach_) return;
  closes_at_attach_ = call.close_stdin_at_attach;
  Push(action::CloseStdinAtAttach{.on = closes_at_attach_});
}

// A signal that ends a process ends it at once; when it was told of, and in which order, the holds
// say.
void TraceActions::KillBy(const PlannedCall& call) {
  if (call.kind != CallKind::kSignal && call.kind != CallKind::kSignalProcess) return;
  TracedProcess* process = Living(call.id, call.kind == CallKind::kSignal ? "init" : call.process);
  if (process == nullptr || !IsFatal(call.signal, *process)) return;
  if (process->is_init()) TakeExecsAlong(*process);
  WriteRest(*process);
  if (process->status) HoldExit(*process);
  Die(*process);
}

// One that ends its container does so itself.
void TraceActions::KillByRestore(const PlannedCall& call) {
  if (call.live || call.tracked) return;
  TracedProcess* process = Living(call.id, "init");
  const auto fatal = [&](std::uint32_t signal) { return IsFatal(signal, *process); };
  if (process == nullptr || !std::ranges::any_of(process->signals, fatal)) return;
  for (TracedProcess* exec : LivingExecs(call.id)) Die(*exec);
  Die(*process);
}

// --- How it ends

void TraceActions::AwaitReturned(RecordedTime t) {
  std::vector<std::size_t> returned;
  for (const auto& [call, running] : running_) {
    if (recording_.commands[plan_.calls[call].command].t <= t) returned.push_back(call);
  }
  for (const std::size_t call : returned) Await(call);
}

// Ours gives an exit that may still be written down some time, where the recorded one has none.
bool TraceActions::LooksForTheUnknown(const PlannedCall& call) {
  return call.kind == CallKind::kRestore &&
         std::ranges::none_of(processes_.all(),
                              [&](const auto& each) { return each.id == call.id; });
}

void TraceActions::Await(std::size_t call) {
  const auto found = running_.find(call);
  if (found == running_.end()) return;
  if (LooksForTheUnknown(plan_.calls[call])) AdvanceTo(now_ + Timing().restore_unknown_wait);
  const bool returns = run_.calls[call].ended;
  if (returns) Push(action::Await{.call = found->second.label});
  running_.erase(found);
}

}  // namespace scenarios
