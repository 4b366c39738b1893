#include "scenarios/convert/trace_actions.h"

#include <algorithm>
#include <chrono>

namespace scenarios {

using libcontainerd::Status;

namespace {

constexpr RecordedTime kBehind = std::chrono::milliseconds(10);

// The event that a callback of the engine reported: the last such one before it.
std::optional<std::size_t> EventBehind(const Recording& recording, const RecordedState& state) {
  std::optional<std::size_t> found;
  for (std::size_t e = 0; e < recording.events.size(); ++e) {
    const types::Event& event = recording.events[e].event;
    const bool exec = event.type() == "exit" && event.pid() != "init";
    const std::string told = exec ? "exit-process" : event.type();
    const bool same =
        event.id() == state.id && told == state.state && (!exec || event.pid() == state.process);
    if (same && recording.events[e].t <= state.t) found = e;
  }
  return found;
}

}  // namespace

TraceActions::TraceActions(const Recording& original, const Recording& recording,
                           const ReplayPlan& plan, const ReplayRun& run)
    : original_(original),
      recording_(recording),
      plan_(plan),
      run_(run),
      processes_(recording, plan, run) {
  for (std::size_t c = 0; c < plan.calls.size(); ++c) {
    if (plan.calls[c].rpc) call_of_rpc_[*plan.calls[c].rpc] = c;
  }
  for (std::size_t f = 0; f < plan.callback_failures.size(); ++f) {
    const RecordedState& state = recording.states[plan.callback_failures[f].state];
    if (const auto event = EventBehind(recording, state)) failing_event_[*event] = f;
  }
}

libcontainerd::Result<Actions> TraceActions::Run() {
  for (step_ = 0; step_ < plan_.steps.size(); ++step_) {
    EndUnheard(plan_.steps[step_].t);
    if (Status walked = Walk(step_); !walked) {
      return libcontainerd::Fail(walked.error().code, recording_.Where(plan_.steps[step_].source) +
                                                          ": " + walked.error().message);
    }
  }
  while (!running_.empty()) Await(running_.begin()->first);
  Settle();
  return std::move(actions_);
}

Status TraceActions::Walk(std::size_t index) {
  const ReplayStep& step = plan_.steps[index];
  switch (step.kind) {
    case StepKind::kCallBegin:
      AdvanceTo(step.t);
      return Begin(step.index);
    case StepKind::kWait:
      Wait(plan_.waits[step.index]);
      break;
    case StepKind::kStdinWrite:
      AdvanceTo(step.t);
      WriteStdin(plan_.stdin_actions[step.index]);
      break;
    case StepKind::kStdinClose:
      AdvanceTo(step.t);
      CloseStdin(plan_.stdin_actions[step.index]);
      break;
    case StepKind::kExpectRpc:
      ExpectRpc(step.index);
      break;
    case StepKind::kSendReply:
      SendReply(step.index);
      break;
    case StepKind::kSendEvent:
      Event(step.index);
      break;
    case StepKind::kProcessOutput:
      Output(step.index);
      break;
    case StepKind::kProcessEof:
      Eof(step.index);
      break;
    case StepKind::kClockTo:
      AdvanceTo(step.t);
      break;
    case StepKind::kDaemonDown:
      AdvanceTo(step.t);
      DaemonDown();
      break;
    case StepKind::kDaemonUp:
      AdvanceTo(step.t);
      DaemonUp(step.t);
      break;
    case StepKind::kStreamReset:
      AdvanceTo(step.t);
      StreamReset();
      break;
    case StepKind::kClientGone:
      AdvanceTo(step.t);
      ClientGone();
      break;
    case StepKind::kClientBack:
      AdvanceTo(step.t);
      ClientBack();
      break;
  }
  return {};
}

void TraceActions::AdvanceTo(RecordedTime t) {
  if (t < now_ + kBehind) return;
  const auto by = std::chrono::floor<std::chrono::milliseconds>(t - now_);
  now_ += by;
  Push(action::Advance{.by = by});
}

// The request of a call whose reply is held has done its work by now.
void TraceActions::ExpectRpc(std::size_t rpc) {
  const auto call = call_of_rpc_.find(rpc);
  if (call == call_of_rpc_.end()) return;
  const auto running = running_.find(call->second);
  if (running != running_.end() && running->second.held) {
    action::WaitFor wait;
    wait.condition.held = ExecutedPointOf(rpc);
    Push(std::move(wait));
  }
  if (TracedProcess* process = processes_.OfCall(call->second); process && process->ours)
    Of(*process).life = Life::kRuns;
}

// How a call ends follows from its reply, but that of a restore, which looks on.
void TraceActions::SendReply(std::size_t rpc) {
  const auto call = call_of_rpc_.find(rpc);
  if (call == call_of_rpc_.end()) return;
  const auto running = running_.find(call->second);
  if (running == running_.end()) return;
  const PlannedCall& planned = plan_.calls[call->second];
  if (running->second.held) {
    Push(action::Release{.point = ExecutedPointOf(rpc)});
    running->second.held = false;
  }
  if (planned.kind == CallKind::kRestore) return;
  if (TakesTheDaemonsTime(call->second)) AdvanceTo(plan_.steps[step_].t + kBehind);
  Await(call->second);
}

void TraceActions::Wait(const PlannedWait& wait) {
  for (const std::size_t call : wait.calls) {
    if (running_.contains(call)) Await(call);
  }
  Settle();
}

void TraceActions::WriteStdin(const StdinAction& stdin_action) {
  if (Living(stdin_action.container, stdin_action.process) == nullptr) return;
  action::WriteStdin write;
  write.id = stdin_action.container;
  write.process = stdin_action.process;
  write.text = stdin_action.data;
  Push(std::move(write));
}

void TraceActions::CloseStdin(const StdinAction& stdin_action) {
  if (Living(stdin_action.container, stdin_action.process) == nullptr) return;
  Push(action::CloseStdin{.id = stdin_action.container, .process = stdin_action.process});
}

void TraceActions::DaemonDown() {
  daemon_up_ = false;
  down_since_ = now_;
  Push(action::StopDaemon{});
}

// The engine finds it again a while later: its pauses grow with the time that it was away.
void TraceActions::DaemonUp(RecordedTime t) {
  constexpr RecordedTime kFirstPause = std::chrono::milliseconds(200);
  constexpr RecordedTime kLongestPause = std::chrono::seconds(5);
  EndAtRestart(t);
  daemon_up_ = true;
  Push(action::StartDaemon{});
  const RecordedTime pause = std::min(kLongestPause, now_ - down_since_ + kFirstPause);
  if (engine_there_) AdvanceTo(now_ + pause);
}

// A stream breaks when something is sent on it: an event about nobody.
void TraceActions::StreamReset() {
  Push(action::SetFaults{.plan = "stream.send=1*break"});
  Push(action::Emit{.type = "live", .id = "nobody"});
  Settle();
  AdvanceTo(now_ + std::chrono::milliseconds(200));
}

void TraceActions::ClientGone() {
  // They never end.
  running_.clear();
  engine_there_ = false;
  Push(action::StopEngine{.crash = true});
}

void TraceActions::ClientBack() {
  engine_there_ = true;
  Push(action::StartEngine{});
}

}  // namespace scenarios
