// ReplayPlan: what a replayer does with a recording, inferred from it (recording.h).
//
// `steps` is one total order for a lock-step replay of the recorded clients, one after the other,
// on all their connections. The replayer does a step, lets everything come to rest, and does the
// next one:
//
//   kCallBegin      index: calls           start that client call; do not wait for it
//   kWait           index: waits           check that all of it has happened by now
//   kStdinWrite     index: stdin_actions   the engine writes `data`
//   kStdinClose     index: stdin_actions   the engine closes stdin
//   kExpectRpc      index: recording.rpcs  the client has sent this request; match it by method, id
//   and pid, never by
//                                          position. Method "Events": it opened its event stream
//   kSendReply      index: recording.rpcs  the daemon answers it. Method "Events": the daemon ends
//   the stream kSendEvent      index: recording.events kProcessOutput  index: recording.outputs the
//   process writes; see output_attachment and OutputBytes kProcessEof     index: recording.eofs the
//   process closes that stream; see eof_attachment kClockTo        nothing but time passes, until
//   `t`
//   kDaemonDown     index: connection_lines  nobody answers any more: streams end, requests fail
//   kDaemonUp       index: connection_lines  it answers again; `index` may be a listener_up, after
//   a
//                                          restart, or the connection that the client made
//   kStreamReset    index: connection_lines  the event stream breaks, nothing else does
//   kClientGone     index: connection_lines  the engine's process dies; containers live on
//   kClientBack     index: markers           a new engine with the same state directory
//
// Server steps stand in wire order (events and trailers by frame; what came between a reply's
// message and its trailers goes before the reply). A call begins after everything that had returned
// before it began; an RPC is expected after its call began; a process writes after its create or
// add-process was asked for and closes its streams before its exit is sent, if the client saw it
// so. All else goes by recorded time. `t` never decreases.
//
// A step with a `deviation` is one where our client differs from the recorded one on purpose
// (docs/deviations.md has the names): the RPC need not come, or the event is about a process that
// we do not have.
//
// What follows a reset of a single request is not in `steps` but in `pending`.
// A command that nobody knows is in `cannot_judge`. RPCs sent by hand on other connections are in
// `raw_rpcs`; their effects are events like any other.
//
// Indices are into the Recording that the plan was made from. PlanReplay never fails: what
// contradicts itself or cannot be inferred is said in `notes`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/recording.h"

namespace scenarios {

enum class CallKind : std::uint8_t {
  kCreate,
  kAddProcess,
  kSignal,
  kSignalProcess,
  kResize,
  kPause,
  kResume,
  kStats,
  kPids,
  kSummary,
  kUpdate,
  kCreateCheckpoint,
  kListCheckpoints,
  kDeleteCheckpoint,
  kRestore,
};
// The command's word: "create".
std::string_view CallKindName(CallKind kind);

// A client call with its arguments. What it returned: Recording::commands[command].
struct PlannedCall {
  CallKind kind = CallKind::kCreate;
  std::size_t command = 0;
  std::string id;
  std::string process;  // kAddProcess, kSignalProcess, kResize
  // False: no request tells the arguments (the call was refused before), they are minimal.
  bool arguments_known = false;

  std::string spec_json;  // kCreate: an OCI spec
  bool terminal = false;  // kCreate, kAddProcess
  std::string runtime;
  std::vector<std::string> runtime_args;
  types::AddProcessRequest process_spec;  // kAddProcess
  std::uint32_t signal = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  types::UpdateResource resources;
  std::string checkpoint;      // also kCreate: start from it
  std::string checkpoint_dir;  // likewise
  bool exit = false;           // kCreateCheckpoint

  std::optional<std::size_t> rpc;             // the request that it led to
  std::vector<std::size_t> close_stdin_rpcs;  // of the process that it started or took over
  // kRestore: all its unary requests, `rpc` (State) among them. What it reads of the stored log has
  // no steps: the daemon answers that from what it has emitted.
  std::vector<std::size_t> restore_rpcs;
  bool live = false;     // kRestore: with live-restore
  bool tracked = false;  // kRestore: of a container that was tracked already
  // What the engine did in its callbacks:
  bool close_stdin_at_attach = false;
  std::optional<std::string> attach_error;  // AttachStreams fails with this text
  std::optional<std::string> start_error;   // so does StateChanged(start-container)
};

// What had happened when a wait, waiteof or join ended.
struct PlannedWait {
  std::size_t command = 0;
  std::optional<std::size_t> state;       // this callback (recording.states) had ended
  std::optional<std::size_t> attachment;  // both its streams were at their end
  std::vector<std::size_t> calls;         // these had returned
};

struct StdinAction {
  std::size_t command = 0;
  std::string container;
  std::string process;
  std::string data;  // kStdinWrite
};

// One AttachStreams, and what its reader saw.
struct Attachment {
  struct Stream {
    std::vector<std::size_t> outputs;  // recording.outputs
    std::optional<std::size_t> eof;    // recording.eofs: total and sha256
    // Fills outputs of which only the length is known: byte `offset` is pattern[offset % size].
    // Empty: unknown.
    std::string pattern;
    // Every byte is known: a replay's sha256 can be compared.
    bool content_known = true;
  };
  std::size_t attach = 0;  // recording.attaches
  std::size_t call = 0;    // calls: the create, add-process or restore
  std::size_t origin = 0;  // calls: the create or add-process that started the process
  std::string container;
  std::string process;  // "init" for a create
  bool terminal = false;
  Stream out;
  Stream err;
};

enum class StepKind : std::uint8_t {
  kCallBegin,
  kWait,
  kStdinWrite,
  kStdinClose,
  kExpectRpc,
  kSendReply,
  kSendEvent,
  kProcessOutput,
  kProcessEof,
  kClockTo,
  kDaemonDown,
  kDaemonUp,
  kStreamReset,
  kClientGone,
  kClientBack,
};
std::string_view StepKindName(StepKind kind);  // "call-begin"

struct ReplayStep {
  StepKind kind = StepKind::kClockTo;
  std::size_t index = 0;
  RecordedTime t{0};
  SourceLine source;
  std::string_view deviation;  // "close-stdin-after-success"; empty: none
};

enum class PendingKind : std::uint8_t {
  kCall,
  kRequest,
  kReply,
  kEvent,
  kState,
  kAttach,
  kOutput,
  kEof
};

struct Pending {
  PendingKind kind = PendingKind::kCall;
  std::size_t index =
      0;  // kCall: recording.commands; kRequest, kReply: recording.rpcs; else the like
  SourceLine source;
  std::string what;    // "restore c1"
  std::string reason;  // "needs Restore"
};

struct CannotJudge {
  SourceLine source;
  std::string what;  // "FILE:LINE: unknown command \"frobnicate\""
};

// The callbacks of one container as the recorded client saw them.
struct ObservedContainer {
  std::string id;
  std::vector<std::size_t> states;  // recording.states, in order
};

// A callback that the engine let fail, and was logged for it.
struct CallbackFailure {
  std::size_t state = 0;  // recording.states
  std::string text;
};

struct ReplayPlan {
  int conn = 1;         // the client's first connection
  std::set<int> conns;  // all connections of the clients, in their order
  std::vector<ReplayStep> steps;

  std::vector<PlannedCall> calls;  // in the order of their begin; pending ones too
  std::vector<PlannedWait> waits;
  std::vector<StdinAction> stdin_actions;
  std::vector<Attachment> attachments;
  // By index of the recording: which attachment, or which call's process (an exec or a container's
  // life).
  std::vector<std::optional<std::size_t>> output_attachment;
  std::vector<std::optional<std::size_t>> eof_attachment;
  std::vector<std::optional<std::size_t>> event_call;
  std::vector<CallbackFailure> callback_failures;

  std::vector<ObservedContainer> observed;
  std::vector<std::size_t> raw_rpcs;    // recording.rpcs
  std::vector<std::size_t> raw_events;  // recording.events, answers to raw queries

  std::optional<RecordedTime> cut;  // from here on everything is pending …
  std::string cut_reason;           // … because of this
  std::vector<Pending> pending;
  std::vector<CannotJudge> cannot_judge;
  std::vector<std::string> notes;

  // Wall clock of the recording: WallTime(t) = wall_offset + t, in nanoseconds since the epoch.
  // Never later than the true one, since no event is seen before it happens.
  RecordedTime wall_offset{0};
};

ReplayPlan PlanReplay(const Recording& recording);

// The bytes of one output line; nothing if they are not known (its `length` is).
std::optional<std::string> OutputBytes(const Recording& recording, const ReplayPlan& plan,
                                       std::size_t output);

}  // namespace scenarios
