// The one order of all steps: what must come before what, and among what is free, recorded time.
#include <algorithm>
#include <queue>
#include <tuple>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// What happens, or only orders what happens (no step).
struct Node {
  RecordedTime t{0};
  std::optional<StepKind> step;
  std::size_t index = 0;
  SourceLine source;
  std::vector<std::size_t> after;  // nodes that come later than this one
  std::size_t waiting = 0;         // how many this one still waits for
};

class Order {
 public:
  explicit Order(Inference& work) : work_(work), recording_(work.recording) {}

  void Run() {
    AddRpcs();
    AddEventsAndStates();
    AddCommands();
    AddStreams();
    AddBoundaries();
    LinkFrames();
    LinkRpcs();
    LinkWaits();
    LinkCommands();
    LinkStreams();
    Sort();
  }

 private:
  std::size_t Add(RecordedTime t, std::optional<StepKind> step, std::size_t index,
                  SourceLine source) {
    nodes_.push_back(Node{t, step, index, source, {}, 0});
    return nodes_.size() - 1;
  }

  void Link(std::size_t before, std::size_t after) {
    if (before == kNone || after == kNone || before == after) return;
    nodes_[before].after.push_back(after);
    ++nodes_[after].waiting;
  }

  void AddRpcs() {
    request_.assign(recording_.rpcs.size(), kNone);
    reply_.assign(recording_.rpcs.size(), kNone);
    for (std::size_t i = 0; i < recording_.rpcs.size(); ++i) {
      const RecordedRpc& rpc = recording_.rpcs[i];
      if (work_.LiveRequest(rpc)) {
        request_[i] = Add(rpc.t, StepKind::kExpectRpc, i, SourceLine{false, rpc.line});
      }
      if (work_.LiveReply(rpc)) {
        reply_[i] = Add(rpc.reply->t, StepKind::kSendReply, i, SourceLine{false, rpc.reply->line});
        Link(request_[i], reply_[i]);
      }
    }
  }

  void AddEventsAndStates() {
    event_.assign(recording_.events.size(), kNone);
    for (std::size_t i = 0; i < recording_.events.size(); ++i) {
      const RecordedEvent& event = recording_.events[i];
      if (!work_.Live(event)) continue;
      event_[i] = Add(event.t, StepKind::kSendEvent, i, SourceLine{false, event.line});
      const std::size_t stream = work_.rpc_by_call.at({event.conn, event.call});
      Link(request_[stream], event_[i]);
    }
    state_.assign(recording_.states.size(), kNone);
    for (std::size_t s = 0; s < recording_.states.size(); ++s) {
      const RecordedState& state = recording_.states[s];
      if (!work_.Live(state)) continue;
      state_[s] = Add(state.t, std::nullopt, s, SourceLine{true, state.line});
      const auto event = work_.state_event.find(s);
      if (event != work_.state_event.end()) Link(event_[event->second], state_[s]);
    }
  }

  // Where a command began and where it ended; a call's end is no step, it follows from its reply.
  void AddCommands() {
    begin_.assign(recording_.commands.size(), kNone);
    end_.assign(recording_.commands.size(), kNone);
    for (std::size_t i = 0; i < recording_.commands.size(); ++i) {
      const RecordedCommand& command = recording_.commands[i];
      const PlannedCall* call = work_.CallOf(i);
      if (!work_.BeforeCut(command.begin)) continue;
      const SourceLine source{true, command.line};
      const bool begins = call != nullptr;
      begin_[i] = Add(command.begin, begins ? std::optional(StepKind::kCallBegin) : std::nullopt,
                      begins ? work_.command_call.at(i) : i, source);
      if (!work_.BeforeCut(command.t)) continue;
      const bool sleeps = command.cmd == "sleep";
      end_[i] =
          Add(command.t, sleeps ? std::optional(StepKind::kClockTo) : std::nullopt, i, source);
      Link(begin_[i], end_[i]);
    }
    for (std::size_t a = 0; a < work_.plan.stdin_actions.size(); ++a) {
      const std::size_t command = work_.plan.stdin_actions[a].command;
      if (begin_[command] == kNone) continue;
      nodes_[begin_[command]].step = recording_.commands[command].cmd == "write"
                                         ? StepKind::kStdinWrite
                                         : StepKind::kStdinClose;
      nodes_[begin_[command]].index = a;
    }
    for (std::size_t w = 0; w < work_.plan.waits.size(); ++w) {
      const std::size_t command = work_.plan.waits[w].command;
      if (end_[command] == kNone) continue;
      nodes_[end_[command]].step = StepKind::kWait;
      nodes_[end_[command]].index = w;
    }
    AddLastTime();
  }

  void AddLastTime() {
    for (const RecordedMarker& marker : recording_.markers) {
      if (marker.ready || !work_.BeforeCut(marker.t)) continue;
      Add(marker.t, StepKind::kClockTo, 0, SourceLine{true, marker.line});
    }
  }

  void AddStreams() {
    output_.assign(recording_.outputs.size(), kNone);
    eof_.assign(recording_.eofs.size(), kNone);
    for (std::size_t i = 0; i < recording_.outputs.size(); ++i) {
      const RecordedOutput& output = recording_.outputs[i];
      if (!work_.plan.output_attachment[i] || !work_.Live(output)) continue;
      output_[i] = Add(output.t, StepKind::kProcessOutput, i, SourceLine{true, output.line});
    }
    for (std::size_t i = 0; i < recording_.eofs.size(); ++i) {
      const RecordedEof& eof = recording_.eofs[i];
      if (!work_.plan.eof_attachment[i] || !work_.Live(eof)) continue;
      eof_[i] = Add(eof.t, StepKind::kProcessEof, i, SourceLine{true, eof.line});
    }
  }

  // Where the daemon or the engine goes away and comes back. Everything on the wire and every call
  // stands on one side of each.
  void AddBoundaries() {
    std::size_t last = kNone;
    for (const Boundary& boundary : FindBoundaries(work_)) {
      const std::size_t node = Add(boundary.t, boundary.kind, boundary.index, boundary.source);
      Link(last, node);
      last = node;
      for (std::size_t i = 0; i < recording_.rpcs.size(); ++i) {
        Divide(request_[i], node);
        Divide(reply_[i], node);
      }
      for (const std::size_t event : event_) Divide(event, node);
      for (const std::size_t begin : begin_) Divide(begin, node);
    }
  }

  void Divide(std::size_t node, std::size_t boundary) {
    if (node == kNone) return;
    const bool before = nodes_[node].t < nodes_[boundary].t;
    Link(before ? node : boundary, before ? boundary : node);
  }

  // The server's frames on each of the clients' connections: a chain.
  void LinkFrames() {
    std::vector<std::tuple<int, std::int64_t, int, std::size_t>> frames;  // conn, frame, line, node
    for (std::size_t i = 0; i < recording_.events.size(); ++i) {
      const RecordedEvent& event = recording_.events[i];
      if (event_[i] != kNone) frames.emplace_back(event.conn, event.frame, event.line, event_[i]);
    }
    for (std::size_t i = 0; i < recording_.rpcs.size(); ++i) {
      if (reply_[i] == kNone) continue;
      const RecordedReply& reply = *recording_.rpcs[i].reply;
      frames.emplace_back(recording_.rpcs[i].conn, reply.frame, reply.line, reply_[i]);
    }
    std::sort(frames.begin(), frames.end());
    for (std::size_t i = 1; i < frames.size(); ++i) {
      if (std::get<0>(frames[i - 1]) != std::get<0>(frames[i])) continue;
      Link(std::get<3>(frames[i - 1]), std::get<3>(frames[i]));
    }
  }

  void LinkRpcs() {
    for (std::size_t c = 0; c < work_.plan.calls.size(); ++c) {
      const PlannedCall& call = work_.plan.calls[c];
      if (call.rpc) {
        Link(begin_[call.command], request_[*call.rpc]);
        Link(reply_[*call.rpc], end_[call.command]);
      }
      for (const std::size_t rpc : call.restore_rpcs) {
        Link(begin_[call.command], request_[rpc]);
        Link(reply_[rpc], end_[call.command]);
      }
      for (const std::size_t close : call.close_stdin_rpcs) {
        Link(begin_[call.command], request_[close]);
        const auto action = work_.close_action.find(close);
        if (action != work_.close_action.end()) {
          Link(begin_[work_.plan.stdin_actions[action->second].command], request_[close]);
        }
        // Only a process whose start was answered has its stdin closed.
        if (call.rpc) Link(reply_[*call.rpc], request_[close]);
      }
    }
    LinkStarts();
  }

  // A create returned after its start callback, pause and resume after theirs, and a restore after
  // those that it led to.
  void LinkStarts() {
    for (std::size_t s = 0; s < recording_.states.size(); ++s) {
      const RecordedState& state = recording_.states[s];
      if (state_[s] == kNone) continue;
      for (const PlannedCall& call : work_.plan.calls) {
        const RecordedCommand& command = work_.CommandOf(call);
        const bool fits = (call.kind == CallKind::kCreate && state.state == "start-container") ||
                          (call.kind == CallKind::kPause && state.state == "pause") ||
                          (call.kind == CallKind::kResume && state.state == "resume") ||
                          (call.kind == CallKind::kRestore && state.t <= command.t + kTimeSlack);
        if (!fits || call.id != state.id || command.lib != state.lib || !call.rpc) continue;
        if (state.t + kTimeSlack < command.begin || state.order > command.order) continue;
        if (call.kind == CallKind::kCreate) Link(reply_[*call.rpc], state_[s]);
        Link(state_[s], end_[call.command]);
      }
    }
  }

  void LinkWaits() {
    for (const PlannedWait& wait : work_.plan.waits) {
      const std::size_t end = end_[wait.command];
      if (wait.state) Link(state_[*wait.state], end);
      for (const std::size_t call : wait.calls) Link(end_[work_.plan.calls[call].command], end);
      if (!wait.attachment) continue;
      const Attachment& attachment = work_.plan.attachments[*wait.attachment];
      if (attachment.out.eof) Link(eof_[*attachment.out.eof], end);
      if (attachment.err.eof) Link(eof_[*attachment.err.eof], end);
    }
  }

  // Begins stand in the order of their times, each after everything that had ended by then.
  void LinkCommands() {
    std::vector<std::size_t> begins;
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < recording_.commands.size(); ++i) {
      if (begin_[i] != kNone) begins.push_back(i);
      if (end_[i] != kNone) ends.push_back(i);
    }
    const std::vector<RecordedTime> start = EffectiveBegins();
    for (const std::size_t i : begins) nodes_[begin_[i]].t = start[i];
    std::stable_sort(begins.begin(), begins.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(start[a], RequestTime(a), recording_.commands[a].n) <
             std::tuple(start[b], RequestTime(b), recording_.commands[b].n);
    });
    std::stable_sort(ends.begin(), ends.end(), [&](std::size_t a, std::size_t b) {
      return recording_.commands[a].t < recording_.commands[b].t;
    });
    std::vector<std::size_t> place(recording_.commands.size(), 0);
    for (std::size_t i = 0; i < begins.size(); ++i) place[begins[i]] = i;
    std::size_t ended = 0;
    for (std::size_t i = 0; i < begins.size(); ++i) {
      if (i > 0) Link(begin_[begins[i - 1]], begin_[begins[i]]);
      // Some last no time at all: nothing ends before its own begin.
      while (ended < ends.size() && place[ends[ended]] < i &&
             recording_.commands[ends[ended]].t <= recording_.commands[begins[i]].begin) {
        Link(end_[ends[ended++]], begin_[begins[i]]);
      }
    }
  }

  RecordedTime RequestTime(std::size_t command) const {
    const PlannedCall* call = work_.CallOf(command);
    return call != nullptr && call->rpc ? recording_.rpcs[*call->rpc].t
                                        : recording_.commands[command].begin;
  }

  // Overlapping calls of one container exclude each other, and the reference let them in in the
  // order of their requests, not quite that in which they began. Ours lets them in as they come: so
  // the later one begins no sooner.
  std::vector<RecordedTime> EffectiveBegins() const {
    std::vector<RecordedTime> start;
    for (const RecordedCommand& command : recording_.commands) start.push_back(command.begin);
    std::map<std::string, std::vector<std::size_t>> by_id;  // commands with a request
    for (const PlannedCall& call : work_.plan.calls) {
      const bool free = call.kind == CallKind::kSignal || call.kind == CallKind::kSignalProcess ||
                        call.kind == CallKind::kStats || call.kind == CallKind::kPids;
      if (call.rpc && !free && begin_[call.command] != kNone)
        by_id[call.id].push_back(call.command);
    }
    for (auto& [id, commands] : by_id) {
      std::stable_sort(commands.begin(), commands.end(), [&](std::size_t a, std::size_t b) {
        return RequestTime(a) < RequestTime(b);
      });
      for (std::size_t i = 1; i < commands.size(); ++i) {
        start[commands[i]] = std::max(start[commands[i]], start[commands[i - 1]]);
      }
    }
    return start;
  }

  // A process writes once it was asked for, answers what was written to it afterwards, and closes
  // its streams before the exit whose callback the client saw after their ends.
  void LinkStreams() {
    for (const Attachment& attachment : work_.plan.attachments) {
      for (const Attachment::Stream* stream : {&attachment.out, &attachment.err}) {
        std::size_t last = kNone;
        for (const std::size_t output : stream->outputs) {
          LinkLine(attachment, output_[output], last, recording_.outputs[output]);
        }
        if (stream->eof)
          LinkLine(attachment, eof_[*stream->eof], last, recording_.eofs[*stream->eof]);
      }
    }
  }

  void LinkLine(const Attachment& attachment, std::size_t node, std::size_t& last,
                const ClientLine& line) {
    if (node == kNone) return;
    const PlannedCall& call = work_.plan.calls[attachment.call];
    if (call.rpc) Link(request_[*call.rpc], node);
    Link(begin_[call.command], node);
    Link(last, node);
    last = node;
    for (const StdinAction& action : work_.plan.stdin_actions) {
      if (action.container != attachment.container || action.process != attachment.process)
        continue;
      if (recording_.commands[action.command].begin <= line.t) Link(begin_[action.command], node);
    }
    for (const auto& [s, event] : ExitsOf(attachment)) {
      if (line.order < recording_.states[s].order) Link(node, event_[event]);
    }
  }

  // Exit callbacks of the attachment's process, and their events.
  const std::vector<std::pair<std::size_t, std::size_t>>& ExitsOf(const Attachment& attachment) {
    if (exits_.empty()) {
      for (const auto& [s, event] : work_.state_event) {
        const RecordedState& state = recording_.states[s];
        if (state.state != "exit" && state.state != "exit-process") continue;
        const std::string process = state.state == "exit" ? "init" : state.process;
        exits_[{state.id, process}].emplace_back(s, event);
      }
    }
    return exits_[{attachment.container, attachment.process}];
  }

  // The free node of the smallest time first. Should the recording contradict itself, the earliest
  // goes first all the same, and a note says so.
  void Sort() {
    using Entry =
        std::tuple<RecordedTime, bool, int, std::size_t>;  // client lines last, then by line
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> free;
    std::set<Entry> blocked;
    const auto entry = [&](std::size_t i) {
      return Entry(nodes_[i].t, nodes_[i].source.client, nodes_[i].source.line, i);
    };
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].waiting == 0) {
        free.push(entry(i));
      } else {
        blocked.insert(entry(i));
      }
    }
    RecordedTime now{0};
    while (!free.empty() || !blocked.empty()) {
      if (free.empty()) {
        const Entry first = *blocked.begin();
        blocked.erase(blocked.begin());
        nodes_[std::get<3>(first)].waiting = 0;
        work_.Note(
            nodes_[std::get<3>(first)].source,
            "stands in a circle of things that wait for each other: put in place by its time");
        free.push(first);
      }
      const std::size_t i = std::get<3>(free.top());
      free.pop();
      now = std::max(now, nodes_[i].t);
      if (nodes_[i].step) {
        work_.plan.steps.push_back(
            ReplayStep{*nodes_[i].step, nodes_[i].index, now, nodes_[i].source, {}});
      }
      for (const std::size_t next : nodes_[i].after) {
        if (nodes_[next].waiting == 0 || --nodes_[next].waiting > 0) continue;
        blocked.erase(entry(next));
        free.push(entry(next));
      }
    }
  }

  Inference& work_;
  const Recording& recording_;
  std::vector<Node> nodes_;
  // Nodes by index of the recording; kNone: not part of the order.
  std::vector<std::size_t> request_, reply_, event_, state_, begin_, end_, output_, eof_;
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<std::size_t, std::size_t>>>
      exits_;
};

}  // namespace

void OrderSteps(Inference& work) {
  Order(work).Run();
}

}  // namespace scenarios
