// How a ReplayPlan comes about: the working state and its stages, in the order in which PlanReplay
// runs them. Only the replay_*.cc files and their tests need this.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/recording.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

// The two files' clocks agree, but a line's time is taken a moment before or after the thing
// itself.
inline constexpr RecordedTime kTimeSlack = std::chrono::microseconds(200);
// How far an engine's first connection and its word that it is ready may be apart.
inline constexpr RecordedTime kReadySlack = std::chrono::milliseconds(500);

enum class RpcRole : std::uint8_t {
  kUnexplained,  // on a client's connection, but belongs to nothing
  kCall,         // of `call`
  kCloseStdin,   // of the process that `call` started
  kEventStream,
  kRestore,    // a request sent inside a restore
  kStoredLog,  // a read of the stored events, by a restore
  kRaw,        // by hand
};

struct RpcUse {
  RpcRole role = RpcRole::kUnexplained;
  std::optional<std::size_t> call;  // plan.calls
};

// Where the daemon or the engine goes away or comes back.
struct Boundary {
  StepKind kind = StepKind::kDaemonDown;
  std::size_t index = 0;  // as in ReplayStep
  RecordedTime t{0};
  SourceLine source;
};

struct Inference {
  explicit Inference(const Recording& source);

  const Recording& recording;
  ReplayPlan plan;

  std::map<std::pair<int, int>, std::size_t> rpc_by_call;  // conn, call -> recording.rpcs
  std::vector<RpcUse> rpc_use;                             // by recording.rpcs
  std::map<std::size_t, std::size_t> command_call;         // recording.commands -> plan.calls
  std::map<std::size_t, std::size_t> attach_attachment;    // recording.attaches -> plan.attachments
  std::map<std::size_t, std::size_t> state_event;          // recording.states -> recording.events
  std::map<std::size_t, std::size_t>
      close_action;  // recording.rpcs (closeStdin) -> plan.stdin_actions

  void Note(SourceLine source, const std::string& what) {
    plan.notes.push_back(recording.Where(source) + ": " + what);
  }
  const RecordedCommand& CommandOf(const PlannedCall& call) const {
    return recording.commands[call.command];
  }
  bool BeforeCut(RecordedTime t) const { return !plan.cut || t < *plan.cut; }
  const PlannedCall* CallOf(std::size_t command) const {
    const auto found = command_call.find(command);
    return found == command_call.end() ? nullptr : &plan.calls[found->second];
  }
  bool Live(const ClientLine& line) const { return BeforeCut(line.t); }
  bool Live(const RecordedEvent& event) const;
  bool LiveRequest(const RecordedRpc& rpc) const;  // its reply need not be
  bool LiveReply(const RecordedRpc& rpc) const;
};

// Is `rpc` the client's event stream, or a question about the past?
bool IsEventStream(const RecordedRpc& rpc);
bool IsCloseStdin(const RecordedRpc& rpc);
// The container and process that a request is about; "" where it has none.
std::string RpcContainer(const RecordedRpc& rpc);
std::string RpcProcess(const RecordedRpc& rpc);
// An error that the reference says itself, before it asks the daemon.
bool IsLocalRefusal(const RecordedCommand& command);
bool Succeeded(const RecordedRpc& rpc);  // the daemon's answer was OK

void FindFirstConnection(Inference& work);  // plan.conn
void MatchCalls(Inference& work);           // calls, conns, cut, rpc_use
void InferArguments(Inference& work);       // the calls' arguments
void MatchAttaches(Inference& work);        // attachments
void MatchStreams(Inference& work);         // their outputs and eofs
void MatchStdin(Inference& work);           // stdin_actions, close_stdin_at_attach
void MatchEvents(Inference& work);          // event_call, state_event
void InferFailures(Inference& work);        // attach_error, start_error, callback_failures
void InferContents(Inference& work);        // patterns of the attachments' streams
void InferWaits(Inference& work);           // waits
// When the engine that said that it was ready then began: its connection may have been seen before.
RecordedTime EngineBegan(const Inference& work, RecordedTime ready);
std::vector<Boundary> FindBoundaries(const Inference& work);  // before the cut, in their order
void OrderSteps(Inference& work);                             // steps
void MarkDeviations(Inference& work);                         // their deviations
void ListPending(Inference& work);  // pending, observed, raw_rpcs, raw_events

}  // namespace scenarios
