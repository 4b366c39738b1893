// What the engine did with the processes' stdin: writes, and closes at attach or by command.
#include <algorithm>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

// How long after `closestdin` its request may come: the reference sends init's from aside.
constexpr RecordedTime kCloseDelay = std::chrono::seconds(1);

std::set<std::size_t> AttachedCalls(const Inference& work) {
  std::set<std::size_t> calls;
  for (const Attachment& attachment : work.plan.attachments) calls.insert(attachment.call);
  return calls;
}

// The call that started the process whose stdin this request closes, or took it over: the last one
// before it.
std::optional<std::size_t> OwnerOf(const Inference& work, const std::set<std::size_t>& attached,
                                   const RecordedRpc& rpc) {
  const bool init = RpcProcess(rpc) == "init";
  std::optional<std::size_t> owner;
  for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
    const PlannedCall& call = work.plan.calls[c];
    if (work.CommandOf(call).begin > rpc.t + kTimeSlack) break;
    if (init && call.kind == CallKind::kRestore && call.id == RpcContainer(rpc)) {
      if (attached.contains(c)) owner = c;
      continue;
    }
    if (call.kind != (init ? CallKind::kCreate : CallKind::kAddProcess)) continue;
    if (call.id != RpcContainer(rpc) || (!init && call.process != RpcProcess(rpc))) continue;
    if (!call.rpc && !attached.contains(c)) continue;  // refused before anything was opened
    owner = c;
  }
  return owner;
}

class StdinMatcher {
 public:
  explicit StdinMatcher(Inference& work) : work_(work), attached_(AttachedCalls(work)) {
    for (std::size_t i = 0; i < work.recording.rpcs.size(); ++i) {
      const RecordedRpc& rpc = work.recording.rpcs[i];
      if (work.rpc_use[i].role != RpcRole::kCloseStdin) continue;
      const std::optional<std::size_t> owner = OwnerOf(work, attached_, rpc);
      if (!owner) {
        work.rpc_use[i] = RpcUse{RpcRole::kUnexplained, std::nullopt};
      } else {
        work.rpc_use[i].call = owner;
        closes_.push_back(i);
      }
    }
    std::stable_sort(closes_.begin(), closes_.end(), [&](std::size_t a, std::size_t b) {
      return work.recording.rpcs[a].t < work.recording.rpcs[b].t;
    });
  }

  void Run() {
    std::vector<std::size_t> commands;
    for (std::size_t i = 0; i < work_.recording.commands.size(); ++i) {
      const RecordedCommand& command = work_.recording.commands[i];
      if (command.cmd == "write" || command.cmd == "closestdin") {
        commands.push_back(i);
      }
    }
    std::stable_sort(commands.begin(), commands.end(), [&](std::size_t a, std::size_t b) {
      return work_.recording.commands[a].begin < work_.recording.commands[b].begin;
    });
    for (const std::size_t index : commands) {
      if (work_.recording.commands[index].cmd == "write") {
        AddWrite(index);
      } else {
        AddClose(index);
      }
    }
    CloseAtAttach();
  }

 private:
  void AddWrite(std::size_t index) {
    const RecordedCommand& command = work_.recording.commands[index];
    for (const RecordingHints::Stdin& hint : work_.recording.hints.writes) {
      if (command.lib != 1 || hint.n != command.n) continue;
      work_.plan.stdin_actions.push_back(
          StdinAction{index, hint.container, hint.process, hint.data});
      return;
    }
    work_.Note(SourceLine{true, command.line},
               "what was written to whose stdin is not recorded: skipped; \"writes\" in the hints "
               "can tell");
  }

  void AddClose(std::size_t index) {
    const RecordedCommand& command = work_.recording.commands[index];
    const RecordingHints::Stdin* hint = nullptr;
    for (const RecordingHints::Stdin& candidate : work_.recording.hints.closes) {
      if (command.lib == 1 && candidate.n == command.n) hint = &candidate;
    }
    const auto found = std::find_if(closes_.begin(), closes_.end(), [&](std::size_t rpc) {
      return hint != nullptr ? FitsHint(command, *hint, rpc) : Fits(command, rpc);
    });
    StdinAction action;
    action.command = index;
    if (found != closes_.end()) {
      action.container = RpcContainer(work_.recording.rpcs[*found]);
      action.process = RpcProcess(work_.recording.rpcs[*found]);
      work_.close_action[*found] = work_.plan.stdin_actions.size();
      closes_.erase(found);
    } else if (hint != nullptr) {
      action.container = hint->container;
      action.process = hint->process;
    } else {
      work_.Note(SourceLine{true, command.line},
                 "whose stdin was closed is not recorded: skipped; \"closestdin\" in the hints can "
                 "tell");
      return;
    }
    work_.plan.stdin_actions.push_back(std::move(action));
  }

  bool FitsHint(const RecordedCommand& command, const RecordingHints::Stdin& hint,
                std::size_t rpc) const {
    const RecordedRpc& close = work_.recording.rpcs[rpc];
    return close.t + kTimeSlack >= command.begin && RpcContainer(close) == hint.container &&
           RpcProcess(close) == hint.process;
  }

  // The request came after the command, of a process whose start was over by then.
  bool Fits(const RecordedCommand& command, std::size_t rpc) const {
    const RecordedRpc& close = work_.recording.rpcs[rpc];
    if (close.t + kTimeSlack < command.begin || close.t > command.t + kCloseDelay) return false;
    const PlannedCall& owner = work_.plan.calls[*work_.rpc_use[rpc].call];
    const RecordedCommand& start = work_.CommandOf(owner);
    return start.lib == command.lib && start.ok && start.t <= command.begin + kTimeSlack;
  }

  // Requests that no command explains: the engine closed stdin when it got the pipe, or the
  // reference closed the FIFOs of what failed. A failed create shows two when the engine had closed
  // it as well.
  void CloseAtAttach() {
    for (std::size_t i = 0; i < work_.recording.rpcs.size(); ++i) {
      if (work_.rpc_use[i].role != RpcRole::kCloseStdin) continue;
      work_.plan.calls[*work_.rpc_use[i].call].close_stdin_rpcs.push_back(i);
    }
    std::map<std::size_t, int> unexplained;  // by call
    for (const std::size_t rpc : closes_) ++unexplained[*work_.rpc_use[rpc].call];
    for (const auto& [index, count] : unexplained) {
      PlannedCall& call = work_.plan.calls[index];
      const bool started = call.rpc && Succeeded(work_.recording.rpcs[*call.rpc]);
      const bool attached = attached_.contains(index);
      call.close_stdin_at_attach = attached && count >= (started ? 1 : 2);
    }
  }

  Inference& work_;
  std::set<std::size_t> attached_;
  std::vector<std::size_t> closes_;  // closeStdin requests that no command explains (yet)
};

}  // namespace

void MatchStdin(Inference& work) {
  StdinMatcher(work).Run();
}

}  // namespace scenarios
