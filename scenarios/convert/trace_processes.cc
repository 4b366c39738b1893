#include "scenarios/convert/trace_processes.h"

#include "scenarios/replay_inference.h"
#include "scenarios/replay_unheard.h"

namespace scenarios {

TracedProcesses::TracedProcesses(const Recording& recording, const ReplayPlan& plan,
                                 const ReplayRun& run)
    : recording_(recording), plan_(plan), run_(run) {
  FindProcesses();
  FindExits();
  FindUnheardExits();
  FindStreams();
  FindSignals();
}

TracedProcess* TracedProcesses::OfCall(std::size_t call) {
  const auto found = by_call_.find(call);
  return found == by_call_.end() ? nullptr : &processes_[found->second];
}

bool TracedProcesses::RefusedByOurs(std::size_t call) const {
  const CallOutcome& outcome = run_.calls[call];
  return outcome.error && outcome.error->code == ErrorCode::kAlreadyExists &&
         outcome.error->message.ends_with(" is already active");
}

void TracedProcesses::FindProcesses() {
  for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
    const PlannedCall& call = plan_.calls[c];
    const bool starts = call.kind == CallKind::kCreate || call.kind == CallKind::kAddProcess;
    if (!starts || !call.rpc) continue;
    TracedProcess process;
    process.call = c;
    process.id = call.id;
    process.process = call.kind == CallKind::kCreate ? "init" : call.process;
    process.started = Succeeded(recording_.rpcs[*call.rpc]);
    process.ours = process.started && !RefusedByOurs(c) && !call.attach_error && !call.start_error;
    by_call_[c] = processes_.size();
    processes_.push_back(std::move(process));
  }
}

void TracedProcesses::FindExits() {
  for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
    const ReplayStep& step = plan_.steps[s];
    if (step.kind != StepKind::kSendEvent) continue;
    const types::Event& event = recording_.events[step.index].event;
    const std::optional<std::size_t>& call = plan_.event_call[step.index];
    TracedProcess* process = event.type() == "exit" && call ? OfCall(*call) : nullptr;
    if (process == nullptr || process->exit_step) continue;
    process->exit_step = s;
    process->status = event.status();
  }
}

// The last one of that name that had been asked for by then.
TracedProcess* TracedProcesses::At(const std::string& id, const std::string& name, RecordedTime t) {
  TracedProcess* found = nullptr;
  for (TracedProcess& process : processes_) {
    const PlannedCall& call = plan_.calls[process.call];
    if (process.id != id || process.process != name || !process.started) continue;
    if (recording_.rpcs[*call.rpc].t <= t) found = &process;
  }
  return found;
}

void TracedProcesses::FindUnheardExits() {
  for (const types::Event& event : EventsNobodyHeard(recording_, plan_)) {
    if (event.type() != "exit") continue;
    const RecordedTime t = WallTimeOf(event).time_since_epoch() - plan_.wall_offset;
    TracedProcess* process = At(event.id(), event.pid(), t);
    if (process == nullptr || process->unheard) continue;
    if (process->status && *process->status != event.status()) continue;
    process->unheard = t;
    process->status = event.status();
  }
}

void TracedProcesses::FindStreams() {
  for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
    const ReplayStep& step = plan_.steps[s];
    if (step.kind == StepKind::kProcessOutput) {
      const Attachment& attachment = plan_.attachments[*plan_.output_attachment[step.index]];
      if (TracedProcess* process = OfCall(attachment.origin))
        process->outputs.push_back(step.index);
    } else if (step.kind == StepKind::kProcessEof) {
      const Attachment& attachment = plan_.attachments[*plan_.eof_attachment[step.index]];
      if (TracedProcess* process = OfCall(attachment.origin)) process->eof_steps.push_back(s);
    }
  }
}

// Those of restores too.
void TracedProcesses::FindSignals() {
  for (const RecordedRpc& rpc : recording_.rpcs) {
    if (rpc.method != "Signal" || !plan_.conns.contains(rpc.conn) || !Succeeded(rpc)) continue;
    const auto& request = rpc.Request<types::SignalRequest>();
    TracedProcess* process = At(request.id(), request.pid(), rpc.t);
    if (process != nullptr) process->signals.push_back(request.signal());
  }
}

}  // namespace scenarios
