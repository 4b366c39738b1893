// What is not replayed, and why; what the recorded client saw; and where ours differs on purpose.
#include <algorithm>
#include <tuple>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

constexpr std::string_view kUnexplained = "belongs to no recorded call";

std::string Words(std::string_view first, const std::string& second, const std::string& third) {
  std::string words(first);
  if (!second.empty()) words += " " + second;
  if (!third.empty()) words += " " + third;
  return words;
}

class PendingList {
 public:
  explicit PendingList(Inference& work) : work_(work), recording_(work.recording) {}

  void Run() {
    AddCalls();
    AddRpcs();
    AddEvents();
    AddClientLines();
  }

 private:
  void Add(PendingKind kind, std::size_t index, SourceLine source, std::string what,
           std::string_view reason) {
    work_.plan.pending.push_back(
        Pending{kind, index, source, std::move(what), std::string(reason)});
  }

  std::string_view Reason(RecordedTime t) const {
    return work_.BeforeCut(t) ? std::string_view() : work_.plan.cut_reason;
  }

  void AddCalls() {
    for (std::size_t i = 0; i < recording_.commands.size(); ++i) {
      const RecordedCommand& command = recording_.commands[i];
      const PlannedCall* call = work_.CallOf(i);
      const bool waits = command.cmd == "wait" || command.cmd == "waiteof" ||
                         command.cmd == "write" || command.cmd == "closestdin";
      if (call == nullptr && !waits) continue;
      const std::string_view reason = Reason(command.t);
      if (reason.empty()) continue;
      Add(PendingKind::kCall, i, SourceLine{true, command.line},
          Words(command.cmd, command.id, command.pid), reason);
    }
  }

  void AddRpcs() {
    for (std::size_t i = 0; i < recording_.rpcs.size(); ++i) {
      const RecordedRpc& rpc = recording_.rpcs[i];
      const RpcRole role = work_.rpc_use[i].role;
      if (role == RpcRole::kRaw) {
        work_.plan.raw_rpcs.push_back(i);
        continue;
      }
      if (role == RpcRole::kStoredLog && work_.BeforeCut(rpc.t)) continue;
      std::string_view reason = Reason(rpc.t);
      if (reason.empty() && role == RpcRole::kUnexplained) reason = kUnexplained;
      const std::string what = Words(rpc.method, RpcContainer(rpc), RpcProcess(rpc));
      if (!work_.LiveRequest(rpc)) {
        Add(PendingKind::kRequest, i, SourceLine{false, rpc.line}, what, reason);
      }
      if (rpc.reply && !work_.LiveReply(rpc)) {
        if (reason.empty()) reason = work_.plan.cut_reason;  // only its reply came too late
        Add(PendingKind::kReply, i, SourceLine{false, rpc.reply->line}, what, reason);
      }
    }
  }

  void AddEvents() {
    for (std::size_t i = 0; i < recording_.events.size(); ++i) {
      const RecordedEvent& event = recording_.events[i];
      if (work_.Live(event)) continue;
      const auto stream = work_.rpc_by_call.find({event.conn, event.call});
      const RpcRole role =
          stream == work_.rpc_by_call.end() ? RpcRole::kRaw : work_.rpc_use[stream->second].role;
      if (role == RpcRole::kRaw) {
        work_.plan.raw_events.push_back(i);
        continue;
      }
      if (role == RpcRole::kStoredLog && work_.BeforeCut(event.t)) continue;
      std::string_view reason = Reason(event.t);
      if (reason.empty()) reason = kUnexplained;
      Add(PendingKind::kEvent, i, SourceLine{false, event.line},
          Words(event.event.type(), event.event.id(), event.event.pid()), reason);
    }
  }

  void AddClientLines() {
    for (std::size_t i = 0; i < recording_.states.size(); ++i) {
      const RecordedState& state = recording_.states[i];
      AddLine(PendingKind::kState, i, state, Words(state.state, state.id, state.process));
    }
    for (std::size_t i = 0; i < recording_.attaches.size(); ++i) {
      const RecordedAttach& attach = recording_.attaches[i];
      AddLine(PendingKind::kAttach, i, attach, Words("attach", attach.name, ""));
    }
    for (std::size_t i = 0; i < recording_.outputs.size(); ++i) {
      const RecordedOutput& output = recording_.outputs[i];
      AddLine(PendingKind::kOutput, i, output, Words("output", output.name, output.stream));
    }
    for (std::size_t i = 0; i < recording_.eofs.size(); ++i) {
      const RecordedEof& eof = recording_.eofs[i];
      AddLine(PendingKind::kEof, i, eof, Words("eof", eof.name, eof.stream));
    }
  }

  void AddLine(PendingKind kind, std::size_t index, const ClientLine& line, std::string what) {
    const std::string_view reason = Reason(line.t);
    if (!reason.empty()) Add(kind, index, SourceLine{true, line.line}, std::move(what), reason);
  }

  Inference& work_;
  const Recording& recording_;
};

void ListObserved(Inference& work) {
  std::map<std::string, std::size_t> place;
  std::vector<std::size_t> order;
  for (std::size_t s = 0; s < work.recording.states.size(); ++s) {
    if (work.Live(work.recording.states[s])) order.push_back(s);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const RecordedState& left = work.recording.states[a];
    const RecordedState& right = work.recording.states[b];
    return std::tie(left.lib, left.order) < std::tie(right.lib, right.order);
  });
  for (const std::size_t s : order) {
    const std::string& id = work.recording.states[s].id;
    const auto [found, first] = place.emplace(id, work.plan.observed.size());
    if (first) work.plan.observed.push_back(ObservedContainer{id, {}});
    work.plan.observed[found->second].states.push_back(s);
  }
}

// Walks the steps and keeps what is known of the processes at each.
class DeviationMarker {
 public:
  explicit DeviationMarker(Inference& work) : work_(work), recording_(work.recording) {}

  void Run() {
    for (ReplayStep& step : work_.plan.steps) step.deviation = DeviationOf(step);
  }

 private:
  std::string_view DeviationOf(const ReplayStep& step) {
    switch (step.kind) {
      case StepKind::kCallBegin:
        return AtBegin(step.index);
      case StepKind::kExpectRpc:
      case StepKind::kSendReply:
        return OfRpc(step.index);
      case StepKind::kSendEvent:
        return AtEvent(step.index);
      case StepKind::kProcessOutput:
        return OfStream(work_.plan.output_attachment[step.index]);
      case StepKind::kProcessEof:
        return OfStream(work_.plan.eof_attachment[step.index]);
      case StepKind::kClientGone:
        tracked_.clear();
        return {};
      default:
        return {};
    }
  }

  bool Started(const PlannedCall& call) const {
    return call.rpc && Succeeded(recording_.rpcs[*call.rpc]);
  }

  // A name that ours refuses: "init", or one whose last bearer is not gone yet.
  std::string_view AtBegin(std::size_t index) {
    PlannedCall& call = work_.plan.calls[index];
    if (call.kind == CallKind::kCreate && Started(call)) tracked_.insert(call.id);
    if (call.kind == CallKind::kRestore) return AtRestore(call);
    if (call.kind != CallKind::kAddProcess || !call.rpc) return {};
    const auto bearer = bearers_.find({call.id, call.process});
    if (call.process == "init" || bearer != bearers_.end()) {
      refused_.insert(index);
      return "exec-name-busy";
    }
    if (Started(call)) bearers_[{call.id, call.process}] = index;
    return {};
  }

  // One of a container that is tracked: ours says so, the reference asks the daemon all the same.
  std::string_view AtRestore(PlannedCall& call) {
    call.tracked = !tracked_.insert(call.id).second;
    if (!call.tracked && !Started(call)) tracked_.erase(call.id);  // it was gone
    return call.tracked ? "restore-active-is-error" : std::string_view();
  }

  std::string_view OfRpc(std::size_t rpc) {
    const RpcUse& use = work_.rpc_use[rpc];
    if (!use.call) return {};
    if (work_.plan.calls[*use.call].tracked) return "restore-active-is-error";
    if (refused_.contains(*use.call)) return "exec-name-busy";
    if (use.role != RpcRole::kCloseStdin) return {};
    const auto [said, first] = closes_.emplace(rpc, std::string_view());
    if (!first) return said->second;  // the reply of a request that was judged already
    const PlannedCall& owner = work_.plan.calls[*use.call];
    const bool again = !closed_.insert(*use.call).second;
    if (!Started(owner) || owner.attach_error || again) {
      said->second = "close-stdin-after-success";
    } else if (gone_.contains(*use.call)) {
      said->second = "silent-after-exit";
    }
    return said->second;
  }

  std::string_view AtEvent(std::size_t index) {
    const std::optional<std::size_t> subject = work_.plan.event_call[index];
    if (!subject) return {};
    const PlannedCall& call = work_.plan.calls[*subject];
    if (recording_.events[index].event.type() == "exit") {
      gone_.insert(*subject);
      if (recording_.events[index].event.pid() == "init") tracked_.erase(call.id);
      const auto bearer = bearers_.find({call.id, call.process});
      if (bearer != bearers_.end() && bearer->second == *subject) bearers_.erase(bearer);
      if (call.kind == CallKind::kCreate) {  // its execs are gone with it
        std::erase_if(bearers_, [&](const auto& entry) { return entry.first.first == call.id; });
      }
    }
    if (refused_.contains(*subject)) return "exec-name-busy";
    if (recording_.events[index].event.type() != "exit") return {};
    if (call.start_error) return "failed-start-kills";
    if (call.attach_error) return "failed-attach-kills-exec";
    return {};
  }

  std::string_view OfStream(std::optional<std::size_t> attachment) const {
    if (!attachment) return {};
    const bool refused = refused_.contains(work_.plan.attachments[*attachment].call);
    return refused ? "exec-name-busy" : std::string_view();
  }

  Inference& work_;
  const Recording& recording_;
  std::map<std::pair<std::string, std::string>, std::size_t> bearers_;  // exec name -> its call
  std::set<std::string> tracked_;                                       // containers
  std::set<std::size_t> refused_;                                       // calls
  std::set<std::size_t> gone_;                      // calls whose process exited
  std::set<std::size_t> closed_;                    // calls with a closeStdin
  std::map<std::size_t, std::string_view> closes_;  // closeStdin RPCs
};

}  // namespace

void MarkDeviations(Inference& work) {
  DeviationMarker(work).Run();
}

void ListPending(Inference& work) {
  PendingList(work).Run();
  ListObserved(work);
}

}  // namespace scenarios
