// What processes do, and what the daemon tells of it.
#include <algorithm>
#include <chrono>
#include <span>

#include "scenarios/convert/trace_actions.h"
#include "scenarios/replay_unheard.h"

namespace scenarios {

namespace {

constexpr std::uint32_t kKilledStatus = kKilledBy + kSigKill;
// A daemon that has come back tells within this what it missed.
constexpr RecordedTime kRestart = std::chrono::milliseconds(500);

}  // namespace

TracedProcess* TraceActions::Living(const std::string& id, const std::string& name) {
  for (TracedProcess& process : processes_.all()) {
    if (process.id == id && process.process == name && Of(process).life == Life::kRuns)
      return &process;
  }
  return nullptr;
}

std::vector<TracedProcess*> TraceActions::LivingExecs(const std::string& id) {
  std::vector<TracedProcess*> execs;
  for (TracedProcess& process : processes_.all()) {
    if (process.id == id && !process.is_init() && Of(process).life == Life::kRuns)
      execs.push_back(&process);
  }
  return execs;
}

// --- Events

void TraceActions::Event(std::size_t index) {
  const types::Event& event = recording_.events[index].event;
  // What a stream repeats, the fake's does by itself.
  if (!told_.insert(event.SerializeAsString()).second) return;
  FailCallbackOf(event);
  if (event.type() == "exit") return ExitEvent(index);
  const std::optional<std::size_t>& call = plan_.event_call[index];
  TracedProcess* process = call ? processes_.OfCall(*call) : nullptr;
  if (event.type() == "start-container" || event.type() == "start-process") {
    if (process == nullptr) Emit(event);
    return;
  }
  if (event.type() == "pause" || event.type() == "resume") {
    if (!OwnPauseOrResume(event)) Emit(event);
    return;
  }
  AdvanceTo(plan_.steps[step_].t);
  if (event.type() == "oom" && Living(event.id(), "init") != nullptr) {
    Push(action::Oom{.id = event.id()});
    Settle();
  } else {
    Emit(event);
  }
}

void TraceActions::ExitEvent(std::size_t index) {
  const types::Event& event = recording_.events[index].event;
  const std::optional<std::size_t>& call = plan_.event_call[index];
  TracedProcess* process = call ? processes_.OfCall(*call) : nullptr;
  // Also of a create that failed.
  if (process == nullptr || !process->started) return Emit(event);
  // Of a process that our client has none of: it takes it for the one of that name that it has.
  if (processes_.RefusedByOurs(process->call)) return Emit(event);
  if (!process->ours) return;
  if (Of(*process).life == Life::kRuns) {
    AdvanceTo(plan_.steps[step_].t);
    End(*process);
    Settle();
  } else if (Of(*process).held) {
    AdvanceTo(plan_.steps[step_].t);
    Of(*process).held = false;
    Push(action::Release{.point = HoldPointOf(*process)});
    Settle();
  }
}

void TraceActions::Emit(const types::Event& event) {
  if (!engine_there_ || !daemon_up_) return;
  AdvanceTo(plan_.steps[step_].t);
  action::Emit emit;
  emit.type = event.type();
  emit.id = event.id();
  emit.process = event.pid();
  emit.status = event.status();
  Push(std::move(emit));
  Settle();
}

// Of a call of the client, rather than of somebody else's.
bool TraceActions::OwnPauseOrResume(const types::Event& event) {
  const auto found = pauses_.find(event.type() + " " + event.id());
  if (found == pauses_.end() || found->second == 0) return false;
  --found->second;
  return true;
}

void TraceActions::FailCallbackOf(const types::Event& event) {
  for (const auto& [index, failure] : failing_event_) {
    if (recording_.events[index].event.SerializeAsString() != event.SerializeAsString()) continue;
    const CallbackFailure& failed = plan_.callback_failures[failure];
    const RecordedState& state = recording_.states[failed.state];
    std::string point = "callback." + state.state + "@" + state.id;
    if (!state.process.empty()) point += "/" + state.process;
    Push(action::Fail{.point = point, .error = "UNKNOWN " + failed.text});
  }
}

// --- Streams

void TraceActions::Output(std::size_t output) {
  const Attachment& attachment = plan_.attachments[*plan_.output_attachment[output]];
  TracedProcess* process = processes_.OfCall(attachment.origin);
  if (process == nullptr || !process->ours || Of(*process).life != Life::kRuns) return;
  // In the order of the plan, which is that of `outputs`.
  while (Of(*process).outputs < process->outputs.size()) {
    const bool last = process->outputs[Of(*process).outputs] == output;
    WriteNext(*process);
    if (last) return;
  }
}

void TraceActions::WriteRest(TracedProcess& process) {
  while (Of(process).outputs < process.outputs.size()) WriteNext(process);
}

void TraceActions::WriteNext(TracedProcess& process) {
  const std::size_t index = process.outputs[Of(process).outputs++];
  const RecordedOutput& output = recording_.outputs[index];
  const std::optional<std::string> bytes = OutputBytes(recording_, plan_, index);
  action::Write write;
  write.id = process.id;
  write.process = process.process;
  write.stream = output.stream;
  write.text = bytes ? *bytes : std::string(output.length, '.');
  if (!write.text.empty()) Push(std::move(write));
}

// A process that ended while nobody was there to tell of it shows it by its streams.
void TraceActions::Eof(std::size_t index) {
  const Attachment& attachment = plan_.attachments[*plan_.eof_attachment[index]];
  TracedProcess* process = processes_.OfCall(attachment.origin);
  if (process == nullptr || daemon_up_ || Of(*process).life != Life::kRuns) return;
  if (!process->status || process->eof_steps.back() != step_) return;
  AdvanceTo(plan_.steps[step_].t);
  End(*process);
}

// --- Ends

// It is dead from some action on, and the daemon does not notice before its exit was told.
void TraceActions::HoldExit(TracedProcess& process) {
  Push(action::Hold{.point = HoldPointOf(process)});
  Of(process).held = true;
}

void TraceActions::Die(TracedProcess& process) {
  Of(process).life = Life::kDead;
}

// By itself, or killed within its machine.
void TraceActions::End(TracedProcess& process) {
  if (process.is_init()) TakeExecsAlong(process);
  WriteRest(process);
  Die(process);
  if (process.status == kKilledStatus) {
    Push(action::Kill{.id = process.id, .process = process.process, .signal = kSigKill});
  } else {
    Push(action::Exit{
        .id = process.id, .process = process.process, .code = process.status.value_or(0)});
  }
}

// The kernel kills them with their init. What was told of them later is told later.
void TraceActions::TakeExecsAlong(const TracedProcess& init) {
  for (TracedProcess* exec : LivingExecs(init.id)) {
    HoldExit(*exec);
    WriteRest(*exec);
    Die(*exec);
    if (exec->status && *exec->status != kKilledStatus) {
      Push(action::Exit{.id = exec->id, .process = exec->process, .code = *exec->status});
    }
  }
}

void TraceActions::EndUnheard(RecordedTime until) {
  if (!daemon_up_) return;
  for (TracedProcess& process : processes_.all()) {
    if (!process.unheard || *process.unheard > until || Of(process).life != Life::kRuns) continue;
    AdvanceTo(*process.unheard);
    End(process);
    Settle();
  }
}

// Those whose exits it tells as soon as it is back, and nothing else ended them in between.
void TraceActions::EndAtRestart(RecordedTime t) {
  for (TracedProcess& process : processes_.all()) {
    if (Of(process).life != Life::kRuns || !process.status) continue;
    RecordedTime told = process.unheard.value_or(RecordedTime::max());
    if (process.exit_step) {
      const types::Event& event = recording_.events[plan_.steps[*process.exit_step].index].event;
      told = std::min(told, WallTimeOf(event).time_since_epoch() - plan_.wall_offset);
    }
    const bool signalled =
        std::ranges::any_of(std::span(plan_.steps).subspan(step_), [&](const ReplayStep& step) {
          if (step.kind != StepKind::kCallBegin || step.t > told) return false;
          const PlannedCall& call = plan_.calls[step.index];
          return call.kind == CallKind::kSignal && call.id == process.id;
        });
    if (told <= t + kRestart && !signalled) End(process);
  }
}

}  // namespace scenarios
