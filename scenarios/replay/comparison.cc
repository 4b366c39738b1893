#include "scenarios/replay/comparison.h"

#include <algorithm>
#include <map>
#include <set>

#include "libcontainerd/reference_behaviour.h"
#include "scenarios/replay/callback_comparison.h"

namespace scenarios {

using libcontainerd::Deviation;
using libcontainerd::DeviationName;

namespace {

class Comparer {
 public:
  Comparer(const Recording& recording, const ReplayPlan& plan, const ReplayRun& run)
      : recording_(recording), plan_(plan), run_(run) {
    for (const Pending& pending : plan.pending) pending_.insert({pending.kind, pending.index});
    GatherWire();
    GatherCalls();
  }

  std::vector<Difference> Compare() {
    for (const std::string& stuck : run_.stuck) Report(stuck, {});
    CompareAllCallbacks();
    CompareRequests();
    CompareResults();
    CompareStreams();
    for (const std::string& difference : run_.stdin_differences) Report(difference, {});
    return std::move(differences_);
  }

 private:
  void Report(std::string what, std::string_view deviation) {
    differences_.push_back({std::move(what), deviation});
  }
  bool IsPending(PendingKind kind, std::size_t index) const {
    return pending_.contains({kind, index});
  }

  bool RefusedAsBusy(std::size_t call) const {
    const CallOutcome& outcome = run_.calls[call];
    return plan_.calls[call].kind == CallKind::kAddProcess && outcome.error &&
           outcome.error->code == ErrorCode::kAlreadyExists &&
           outcome.error->message.starts_with("Process " + plan_.calls[call].process +
                                              " of container ");
  }

  // A restore of a container that is tracked already.
  bool RefusedAsActive(std::size_t call) const {
    const CallOutcome& outcome = run_.calls[call];
    return plan_.calls[call].kind == CallKind::kRestore && plan_.calls[call].tracked &&
           outcome.error && outcome.error->code == ErrorCode::kAlreadyExists;
  }

  void GatherWire() {
    std::set<std::string> seen;
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const ReplayStep& step = plan_.steps[s];
      if (!step.deviation.empty() && step.kind == StepKind::kExpectRpc)
        rpc_deviation_[step.index] = step.deviation;
      if (step.kind == StepKind::kSendReply) {
        const RecordedRpc& rpc = recording_.rpcs[step.index];
        if (rpc.method != "CreateContainer" || !rpc.reply || rpc.reply->code != ErrorCode::kOk)
          continue;
        facts_[rpc.Request<types::CreateContainerRequest>().id()].created = s;
      }
      if (step.kind == StepKind::kSendEvent)
        GatherEvent(s, recording_.events[step.index].event, seen);
    }
  }

  void GatherEvent(std::size_t step, const types::Event& event, std::set<std::string>& seen) {
    ContainerFacts& facts = facts_[event.id()];
    facts.events.push_back(step);
    if (!seen.insert(event.SerializeAsString()).second) facts.repeated_event = true;
    if (event.type() != "exit") return;
    if (event.pid() == "init") {
      facts.init_exit = step;
    } else {
      facts.exec_exits[event.pid()].push_back(step);
    }
  }

  void GatherCalls() {
    for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
      const PlannedCall& call = plan_.calls[c];
      ContainerFacts& facts = facts_[call.id];
      if (call.kind == CallKind::kCreate) {
        if (call.start_error) facts.start_failed = true;
        if (!recording_.commands[call.command].ok) facts.create_failed = true;
      }
      if (call.kind == CallKind::kRestore && !call.tracked) {
        const bool runs = call.rpc && recording_.rpcs[*call.rpc].reply &&
                          recording_.rpcs[*call.rpc].reply->code == ErrorCode::kOk;
        facts.restored_gone |= !runs;
        facts.restored_dying |= runs && !call.live;
      }
      if (call.kind == CallKind::kAddProcess) {
        if (call.attach_error) ++facts.attaches_failed[call.process];
        if (RefusedAsBusy(c)) ++facts.execs_refused[call.process];
      }
    }
  }

  void CompareAllCallbacks() {
    std::map<std::string, std::vector<Callback>> recorded;
    std::map<std::string, std::vector<Callback>> ours;
    for (const ObservedContainer& container : plan_.observed) {
      for (const std::size_t index : container.states) {
        if (IsPending(PendingKind::kState, index)) continue;
        const RecordedState& state = recording_.states[index];
        recorded[container.id].push_back(
            {state.state, state.process, state.exit_code, state.pid, state.oom_killed});
      }
    }
    const Journal& journal = *run_.journal;
    for (const Entry& entry : journal.entries()) {
      if (entry.kind != EntryKind::kCallbackBegin) continue;
      ours[journal.Text(entry.id)].push_back({journal.Text(entry.what), journal.Text(entry.process),
                                              entry.code, entry.pid, entry.flag});
    }
    for (const auto& [id, callbacks] : ours) recorded.try_emplace(id);
    for (const auto& [id, callbacks] : recorded) {
      CompareCallbacks(id, callbacks, ours[id], facts_[id], differences_);
    }
  }

  void CompareRequests() {
    for (const std::size_t index : run_.missing_rpcs) {
      const RecordedRpc& rpc = recording_.rpcs[index];
      Report("line " + std::to_string(rpc.line) + ": " + rpc.method +
                 " was recorded, ours does not send it",
             ExplainMissingRequest(index));
    }
    for (const std::string& request : run_.unrecorded_rpcs) {
      Report("ours sends " + request + ", the recording does not", ExplainExtraRequest(request));
    }
    for (const std::string& difference : run_.request_differences)
      Report("request differs: " + difference, {});
  }

  // The plan knows which requests a deviation makes superfluous; a name that our client found busy
  // shows in its answer.
  std::string_view ExplainMissingRequest(std::size_t index) const {
    if (const auto found = rpc_deviation_.find(index); found != rpc_deviation_.end())
      return found->second;
    for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
      const PlannedCall& call = plan_.calls[c];
      const bool is_call = call.rpc == index;
      const bool is_close =
          std::count(call.close_stdin_rpcs.begin(), call.close_stdin_rpcs.end(), index) > 0;
      if ((is_call || is_close) && RefusedAsBusy(c)) return DeviationName(Deviation::kExecNameBusy);
    }
    return {};
  }

  std::string_view ExplainExtraRequest(const std::string& request) const {
    for (const PlannedCall& call : plan_.calls) {
      if (call.attach_error && request == "Signal " + call.id + "/" + call.process) {
        return DeviationName(Deviation::kFailedAttachKillsExec);
      }
      // A look at what is tracked: all of it, or one that is missing.
      if (request == "State" || request == "State " + call.id) {
        const bool asked_itself = call.kind == CallKind::kRestore && !call.tracked;
        if (asked_itself) return DeviationName(Deviation::kRestoreExitCodeTrue);
        if (request == "State" || call.kind == CallKind::kCreate)
          return DeviationName(Deviation::kReconciled);
      }
      if (call.start_error &&
          (request == "Signal " + call.id + "/init" || request == "State " + call.id)) {
        return DeviationName(Deviation::kFailedStartKills);
      }
    }
    // The reference never asks what became of a container that runs.
    if (request.starts_with("State ")) return DeviationName(Deviation::kReconciled);
    return {};
  }

  void CompareResults() {
    for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
      const PlannedCall& call = plan_.calls[c];
      const RecordedCommand& command = recording_.commands[call.command];
      const CallOutcome& outcome = run_.calls[c];
      if (IsPending(PendingKind::kCall, call.command) || !outcome.began) continue;
      const std::string name = std::string(CallKindName(call.kind)) + " " + call.id +
                               (call.process.empty() ? "" : "/" + call.process);
      if (!outcome.ended) {
        Report(name + " never returned", {});
        continue;
      }
      const std::string recorded = command.ok ? "success" : command.error_text;
      const std::string ours = outcome.error ? outcome.error->message : "success";
      const bool same_code =
          !command.from_rpc || !outcome.error || outcome.error->code == command.code;
      if (recorded == ours && same_code) continue;
      if (Unreachable(command) && outcome.error && outcome.error->code == ErrorCode::kUnavailable)
        continue;
      Report(name + " returned \"" + recorded + "\", ours \"" + ours + "\"", ExplainResult(c));
    }
  }

  // With the daemon away both say so, each in the words of its gRPC library.
  static bool Unreachable(const RecordedCommand& command) {
    return command.from_rpc && (command.error_text == "transport is closing" ||
                                command.error_text == "grpc: the connection is unavailable");
  }

  std::string_view ExplainResult(std::size_t c) const {
    if (RefusedAsBusy(c)) return DeviationName(Deviation::kExecNameBusy);
    if (RefusedAsActive(c)) return DeviationName(Deviation::kRestoreActiveIsError);
    return {};
  }

  void CompareStreams() {
    for (std::size_t a = 0; a < plan_.attachments.size(); ++a) {
      const Attachment& attachment = plan_.attachments[a];
      const bool attach_fails = plan_.calls[attachment.call].attach_error.has_value();
      if (attach_fails || IsPending(PendingKind::kAttach, attachment.attach)) continue;
      const std::string name = attachment.container + "/" + attachment.process;
      const auto& ours = run_.streams[a];
      if (!ours[0].attached) {
        Report(name + " was attached in the recording, not in ours",
               RefusedAsBusy(attachment.call) ? DeviationName(Deviation::kExecNameBusy)
                                              : std::string_view());
        continue;
      }
      CompareStream(name + " stdout", attachment.out, ours[0]);
      CompareStream(name + " stderr", attachment.err, ours[1]);
    }
  }

  void CompareStream(const std::string& name, const Attachment::Stream& recorded,
                     const ReplayRun::Stream& ours) {
    if (!recorded.eof || IsPending(PendingKind::kEof, *recorded.eof)) return;
    const RecordedEof& eof = recording_.eofs[*recorded.eof];
    if (!ours.ended) return Report(name + " did not come to its end", {});
    if (ours.total != eof.total) {
      return Report(name + ": " + std::to_string(eof.total) + " bytes recorded, ours read " +
                        std::to_string(ours.total),
                    {});
    }
    if (recorded.content_known && !eof.sha256.empty() && ours.sha256 != eof.sha256) {
      Report(name + ": sha256 " + eof.sha256 + " recorded, ours " + ours.sha256, {});
    }
  }

  const Recording& recording_;
  const ReplayPlan& plan_;
  const ReplayRun& run_;
  std::set<std::pair<PendingKind, std::size_t>> pending_;
  std::map<std::size_t, std::string_view> rpc_deviation_;
  std::map<std::string, ContainerFacts> facts_;
  std::vector<Difference> differences_;
};

}  // namespace

std::vector<Difference> CompareRun(const Recording& recording, const ReplayPlan& plan,
                                   const ReplayRun& run) {
  const Recording placed = recording.WithPlaceholders(run.placeholders);
  return Comparer(placed, plan, run).Compare();
}

}  // namespace scenarios
