// Which connection is the client's, where a replay must stop, and which RPCs belong to which
// command.
#include <algorithm>
#include <tuple>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

constexpr RecordedTime kNever = RecordedTime::max();

const std::map<std::string_view, CallKind>& CallWords() {
  static const std::map<std::string_view, CallKind> words = [] {
    std::map<std::string_view, CallKind> result;
    for (int i = 0; i <= static_cast<int>(CallKind::kRestore); ++i) {
      result[CallKindName(static_cast<CallKind>(i))] = static_cast<CallKind>(i);
    }
    return result;
  }();
  return words;
}

// Commands that are none of the client's calls.
bool IsDriverWord(std::string_view word) {
  for (const std::string_view known : {"write", "closestdin", "wait", "waiteof", "join", "sleep",
                                       "dump", "set", "quit", "tag", "updateoptions"}) {
    if (word == known) return true;
  }
  return false;
}

std::set<int> ConnectionsWithStream(const Recording& recording) {
  std::set<int> conns;
  for (const RecordedRpc& rpc : recording.rpcs) {
    if (IsEventStream(rpc)) conns.insert(rpc.conn);
  }
  return conns;
}

// Connections of the clients, each opened once the one before had ended, or by a client that had
// just begun. Others that open while one is there are questions by hand. One without an event
// stream is a client's if a call explains a request on it.
bool UpdateContainerFits(const RecordedRpc& rpc, std::string_view status) {
  return rpc.method == "UpdateContainer" &&
         rpc.Request<types::UpdateContainerRequest>().status() == status;
}

// Could this call have led to that request?
bool Fits(const PlannedCall& call, const RecordedRpc& rpc) {
  if (RpcContainer(rpc) != call.id) return false;
  const std::string process = call.process.empty() ? "init" : call.process;
  switch (call.kind) {
    case CallKind::kCreate:
      return rpc.method == "CreateContainer";
    case CallKind::kAddProcess:
      return rpc.method == "AddProcess" && RpcProcess(rpc) == call.process;
    case CallKind::kSignal:
      return rpc.method == "Signal" && RpcProcess(rpc) == "init";
    case CallKind::kSignalProcess:
      return rpc.method == "Signal" && RpcProcess(rpc) == process;
    case CallKind::kResize:
      return rpc.method == "UpdateProcess" && !IsCloseStdin(rpc) && RpcProcess(rpc) == process;
    case CallKind::kPause:
      return UpdateContainerFits(rpc, "paused");
    case CallKind::kResume:
      return UpdateContainerFits(rpc, "running");
    case CallKind::kUpdate:
      return UpdateContainerFits(rpc, "");
    case CallKind::kStats:
      return rpc.method == "Stats";
    case CallKind::kPids:
      return rpc.method == "State";
    case CallKind::kCreateCheckpoint:
      return rpc.method == "CreateCheckpoint";
    case CallKind::kListCheckpoints:
      return rpc.method == "ListCheckpoint";
    case CallKind::kDeleteCheckpoint:
      return rpc.method == "DeleteCheckpoint";
    case CallKind::kRestore:
      return rpc.method == "State";
    case CallKind::kSummary:
      return false;
  }
  return false;
}

RecordedTime EndOfConnection(const Recording& recording, int conn) {
  for (const RecordedConnectionLine& line : recording.connection_lines) {
    if (line.change == ConnectionChange::kClose && line.conn == conn) return line.t;
  }
  return kNever;
}

bool OpenedByNewClient(const Recording& recording, RecordedTime opened) {
  return std::any_of(
      recording.markers.begin(), recording.markers.end(), [&](const RecordedMarker& marker) {
        const RecordedTime apart = marker.t > opened ? marker.t - opened : opened - marker.t;
        return marker.ready && marker.lib > 1 && apart < kReadySlack;
      });
}

bool CarriesACall(const Inference& work, int conn) {
  return std::any_of(
      work.recording.rpcs.begin(), work.recording.rpcs.end(), [&](const RecordedRpc& rpc) {
        return rpc.conn == conn &&
               std::any_of(work.plan.calls.begin(), work.plan.calls.end(),
                           [&](const PlannedCall& call) {
                             const RecordedCommand& command = work.CommandOf(call);
                             return Fits(call, rpc) && rpc.t + kTimeSlack >= command.begin &&
                                    rpc.t <= command.t + kTimeSlack;
                           });
      });
}

// Connections of the clients, each opened once the one before had ended, or by a client that had
// just begun. Others that open while one is there are questions by hand. One without an event
// stream is a client's if a call explains a request on it.
void FindClientConnections(Inference& work) {
  const std::set<int> with_stream = ConnectionsWithStream(work.recording);
  work.plan.conns = {work.plan.conn};
  RecordedTime end = EndOfConnection(work.recording, work.plan.conn);
  for (const RecordedConnectionLine& line : work.recording.connection_lines) {
    if (line.change != ConnectionChange::kOpen || line.conn <= work.plan.conn) continue;
    if (line.t < end && !OpenedByNewClient(work.recording, line.t)) continue;
    if (!with_stream.contains(line.conn) && !CarriesACall(work, line.conn)) continue;
    work.plan.conns.insert(line.conn);
    end = EndOfConnection(work.recording, line.conn);
  }
}

void CutAt(Inference& work, RecordedTime t, std::string_view reason) {
  if (work.plan.cut && *work.plan.cut <= t) return;
  work.plan.cut = t;
  work.plan.cut_reason = reason;
}

// What a replay does not have: the reset of a single request, and two engines at once.
void FindCut(Inference& work) {
  for (const RecordedConnectionLine& line : work.recording.connection_lines) {
    if (line.change != ConnectionChange::kReset || line.by_client) continue;
    const auto call = work.rpc_by_call.find({line.conn, line.call});
    const bool stream =
        call != work.rpc_by_call.end() && IsEventStream(work.recording.rpcs[call->second]);
    if (stream || !work.plan.conns.contains(line.conn)) continue;
    CutAt(work, line.t, "needs the reset of a request");
  }
  for (const RecordedMarker& marker : work.recording.markers) {
    if (!marker.ready || marker.lib <= 1) continue;
    for (const RecordedConnectionLine& line : work.recording.connection_lines) {
      const bool opened_before = line.change == ConnectionChange::kOpen &&
                                 work.plan.conns.contains(line.conn) &&
                                 line.t < EngineBegan(work, marker.t);
      if (!opened_before || EndOfConnection(work.recording, line.conn) <= marker.t) continue;
      CutAt(work, marker.t, "needs two engines at once");
    }
  }
}

// Does the request's answer agree with what the command returned?
bool Agrees(const RecordedCommand& command, const RecordedRpc& rpc) {
  if (!rpc.reply) return !command.ok;
  if (!command.from_rpc) return Succeeded(rpc);  // success, or a callback of the engine failed
  return rpc.reply->code == command.code && rpc.reply->error == command.error_text;
}

// The best of the requests that nobody owns yet: one whose answer agrees, then the first.
std::optional<std::size_t> FindRequest(const Inference& work, const PlannedCall& call) {
  const RecordedCommand& command = work.CommandOf(call);
  if (IsLocalRefusal(command)) return std::nullopt;
  std::optional<std::size_t> best;
  std::tuple<bool, RecordedTime> best_rank;
  for (std::size_t i = 0; i < work.recording.rpcs.size(); ++i) {
    const RecordedRpc& rpc = work.recording.rpcs[i];
    const bool by_hand = !work.plan.conns.contains(rpc.conn);
    if (by_hand || work.rpc_use[i].role != RpcRole::kUnexplained) continue;
    if (rpc.t + kTimeSlack < command.begin || rpc.t > command.t + kTimeSlack) continue;
    if (!Fits(call, rpc)) continue;
    const std::tuple<bool, RecordedTime> rank(!Agrees(command, rpc), rpc.t);
    if (!best || rank < best_rank) {
      best = i;
      best_rank = rank;
    }
  }
  return best;
}

// What is left on the client's connections once every call has its request.
void NameOtherRequests(Inference& work) {
  for (std::size_t i = 0; i < work.recording.rpcs.size(); ++i) {
    const RecordedRpc& rpc = work.recording.rpcs[i];
    RpcUse& use = work.rpc_use[i];
    if (!work.plan.conns.contains(rpc.conn)) {
      use.role = RpcRole::kRaw;
    } else if (use.role != RpcRole::kUnexplained) {
      continue;
    } else if (IsEventStream(rpc)) {
      use.role = RpcRole::kEventStream;
    } else if (IsCloseStdin(rpc)) {
      use.role = RpcRole::kCloseStdin;  // MatchStdin finds whose
    }
    for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
      const PlannedCall& call = work.plan.calls[c];
      const RecordedCommand& command = work.CommandOf(call);
      const bool inside = rpc.t + kTimeSlack >= command.begin && rpc.t <= command.t + kTimeSlack;
      if (use.role == RpcRole::kUnexplained && call.kind == CallKind::kRestore && inside &&
          RpcContainer(rpc) == call.id) {
        use = RpcUse{rpc.method == "Events" ? RpcRole::kStoredLog : RpcRole::kRestore, c};
      }
    }
  }
}

void ListCalls(Inference& work) {
  const Recording& recording = work.recording;
  std::vector<std::size_t> order(recording.commands.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const RecordedCommand& left = recording.commands[a];
    const RecordedCommand& right = recording.commands[b];
    return std::tie(left.begin, left.lib, left.n) < std::tie(right.begin, right.lib, right.n);
  });
  for (const std::size_t index : order) {
    const RecordedCommand& command = recording.commands[index];
    const auto word = CallWords().find(command.cmd);
    if (word != CallWords().end()) {
      work.command_call[index] = work.plan.calls.size();
      PlannedCall call;
      call.kind = word->second;
      call.command = index;
      call.id = command.id;
      if (call.kind == CallKind::kAddProcess || call.kind == CallKind::kSignalProcess ||
          call.kind == CallKind::kResize) {
        call.process = command.pid;
      }
      work.plan.calls.push_back(std::move(call));
    } else if (!IsDriverWord(command.cmd)) {
      const SourceLine source{true, command.line};
      work.plan.cannot_judge.push_back(CannotJudge{
          source, recording.Where(source) + ": unknown command \"" + command.cmd + "\""});
    }
  }
}

}  // namespace

void FindFirstConnection(Inference& work) {
  const std::set<int> with_stream = ConnectionsWithStream(work.recording);
  if (!with_stream.empty()) work.plan.conn = *with_stream.begin();
}

void MatchCalls(Inference& work) {
  ListCalls(work);
  FindClientConnections(work);
  FindCut(work);
  for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
    PlannedCall& call = work.plan.calls[c];
    call.rpc = FindRequest(work, call);
    if (call.rpc) work.rpc_use[*call.rpc] = RpcUse{RpcRole::kCall, c};
  }
  NameOtherRequests(work);
  for (std::size_t i = 0; i < work.recording.rpcs.size(); ++i) {
    const RpcUse& use = work.rpc_use[i];
    if (!use.call) continue;
    PlannedCall& call = work.plan.calls[*use.call];
    const bool restores = call.kind == CallKind::kRestore && use.role != RpcRole::kStoredLog;
    if (restores) call.restore_rpcs.push_back(i);
  }
}

}  // namespace scenarios
