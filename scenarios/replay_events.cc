// Which process each event is about, which callback followed from it, and which callbacks the
// engine let fail.
#include <algorithm>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

// How long before an event's line its effect may have been noted.
constexpr RecordedTime kEventSlack = std::chrono::milliseconds(5);

bool IsExit(const types::Event& event) {
  return event.type() == "exit";
}
bool IsAboutInit(const types::Event& event) {
  return event.type() != "start-process" && (!IsExit(event) || event.pid() == "init");
}

// One life: what was started for a call, and what became of it.
struct Life {
  std::size_t call = 0;
  bool started = false;  // its start event came
  bool exited = false;
};

class EventMatcher {
 public:
  explicit EventMatcher(Inference& work) : work_(work) {
    for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
      const PlannedCall& call = work.plan.calls[c];
      const bool starts = call.kind == CallKind::kCreate || call.kind == CallKind::kAddProcess;
      if (!starts || !call.rpc) continue;
      const std::string process = call.kind == CallKind::kCreate ? "init" : call.process;
      lives_[{call.id, process}].push_back(Life{c, false, false});
    }
    for (auto& [name, lives] : lives_) {
      std::stable_sort(lives.begin(), lives.end(), [&](const Life& a, const Life& b) {
        return RequestOf(a).t < RequestOf(b).t;
      });
    }
  }

  void Run() {
    for (std::size_t i = 0; i < work_.recording.events.size(); ++i) {
      const RecordedEvent& event = work_.recording.events[i];
      const auto stream = work_.rpc_by_call.find({event.conn, event.call});
      if (stream == work_.rpc_by_call.end() ||
          work_.rpc_use[stream->second].role != RpcRole::kEventStream) {
        continue;
      }
      // An event that came once more, on another stream, is about the same process.
      const auto [seen, first] = calls_.emplace(event.event.SerializeAsString(), std::nullopt);
      if (first || !event.event.has_timestamp()) {
        if (const Life* life = Find(event)) seen->second = life->call;
      }
      work_.plan.event_call[i] = seen->second;
    }
  }

 private:
  const RecordedRpc& RequestOf(const Life& life) const {
    return work_.recording.rpcs[*work_.plan.calls[life.call].rpc];
  }

  // Prefers `wanted` lives, whose request came before; of several the first.
  template <class Wanted>
  Life* First(std::vector<Life>& lives, RecordedTime t, Wanted wanted) {
    for (Life& life : lives) {
      if (RequestOf(life).t <= t + kEventSlack && wanted(life)) return &life;
    }
    return nullptr;
  }

  Life* Hinted(const RecordedEvent& event, std::vector<Life>& lives) {
    const auto hint = work_.recording.hints.event_command.find(event.line);
    if (hint == work_.recording.hints.event_command.end()) return nullptr;
    for (Life& life : lives) {
      const RecordedCommand& command = work_.CommandOf(work_.plan.calls[life.call]);
      if (command.lib == 1 && command.n == hint->second) return &life;
    }
    return nullptr;
  }

  Life* Find(const RecordedEvent& event) {
    const std::string process = IsAboutInit(event.event) ? "init" : event.event.pid();
    const auto found = lives_.find({event.event.id(), process});
    if (found == lives_.end()) return nullptr;
    std::vector<Life>& lives = found->second;
    const bool start =
        event.event.type() == "start-container" || event.event.type() == "start-process";
    const auto ran = [&](const Life& life) {
      return !life.exited && (life.started || Succeeded(RequestOf(life)));
    };
    Life* life = Hinted(event, lives);
    if (life == nullptr && start) {
      life = First(lives, event.t, [&](const Life& candidate) {
        return !candidate.started && Succeeded(RequestOf(candidate));
      });
    } else if (life == nullptr) {
      life = First(lives, event.t, ran);
    }
    if (life == nullptr) {
      life = First(lives, event.t, [](const Life& candidate) { return !candidate.exited; });
    }
    if (life == nullptr) return nullptr;
    life->started |= start;
    life->exited |= IsExit(event.event);
    return life;
  }

  Inference& work_;
  std::map<std::pair<std::string, std::string>, std::vector<Life>> lives_;
  std::map<std::string, std::optional<std::size_t>> calls_;  // by event
};

// The event that a callback reports.
bool Reports(const RecordedState& state, const types::Event& event) {
  if (event.id() != state.id) return false;
  if (state.state == "exit-process") {
    return IsExit(event) && event.pid() == state.process && event.status() == state.exit_code;
  }
  if (state.state == "exit") {
    return IsExit(event) && event.pid() == "init" && event.status() == state.exit_code;
  }
  return event.type() == state.state &&
         (state.state == "pause" || state.state == "resume" || state.state == "oom");
}

void MatchStates(Inference& work) {
  std::map<std::string, std::vector<std::size_t>> live;  // by container, those without a callback
  for (std::size_t e = 0; e < work.recording.events.size(); ++e) {
    const RecordedEvent& event = work.recording.events[e];
    if (work.Live(event)) live[event.event.id()].push_back(e);
  }
  for (std::size_t s = 0; s < work.recording.states.size(); ++s) {
    const RecordedState& state = work.recording.states[s];
    const auto events = live.find(state.id);
    if (events == live.end()) continue;
    const auto found =
        std::find_if(events->second.begin(), events->second.end(), [&](std::size_t e) {
          const RecordedEvent& event = work.recording.events[e];
          return event.t <= state.t + kEventSlack && Reports(state, event.event);
        });
    if (found == events->second.end()) continue;
    work.state_event[s] = *found;
    events->second.erase(found);
  }
}

std::set<std::size_t> StartedStates(const Inference& work, const PlannedCall& call) {
  const RecordedCommand& command = work.CommandOf(call);
  std::set<std::size_t> found;
  for (std::size_t s = 0; s < work.recording.states.size(); ++s) {
    const RecordedState& state = work.recording.states[s];
    if (state.lib == command.lib && state.id == call.id && state.state == "start-container" &&
        state.t + kTimeSlack >= command.begin && state.t <= command.t + kTimeSlack) {
      found.insert(s);
    }
  }
  return found;
}

// A call that failed with a text which is neither the daemon's nor the library's own: the engine's
// callback said so.
void InferCallFailures(Inference& work) {
  std::set<std::size_t> attached;
  for (const Attachment& attachment : work.plan.attachments) attached.insert(attachment.call);
  for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
    PlannedCall& call = work.plan.calls[c];
    const RecordedCommand& command = work.CommandOf(call);
    if (call.kind != CallKind::kCreate && call.kind != CallKind::kAddProcess) continue;
    if (command.ok || command.from_rpc || IsLocalRefusal(command)) continue;
    const bool started = call.rpc && Succeeded(work.recording.rpcs[*call.rpc]);
    if (call.kind == CallKind::kCreate && started && !StartedStates(work, call).empty()) {
      call.start_error = command.error;
    } else if (attached.contains(c) && (started || call.kind == CallKind::kCreate)) {
      call.attach_error = command.error;
    } else {
      work.Note(SourceLine{true, command.line},
                "\"" + command.error + "\" came from nothing that is recorded: not reproduced");
    }
  }
}

void InferCallbackFailures(Inference& work) {
  constexpr std::string_view kBefore = "libcontainerd: backend.StateChanged(): ";
  for (const RecordedLog& log : work.recording.logs) {
    if (!std::string_view(log.text).starts_with(kBefore)) continue;
    std::optional<std::size_t> last;
    for (std::size_t s = 0; s < work.recording.states.size(); ++s) {
      const RecordedState& state = work.recording.states[s];
      const bool taken =
          std::any_of(work.plan.callback_failures.begin(), work.plan.callback_failures.end(),
                      [s](const CallbackFailure& failure) { return failure.state == s; });
      const bool later = last && state.order < work.recording.states[*last].order;
      if (state.lib == log.lib && state.order < log.order && !taken && !later &&
          state.state != "start-container") {
        last = s;
      }
    }
    if (last) {
      work.plan.callback_failures.push_back(
          CallbackFailure{*last, log.text.substr(kBefore.size())});
    } else {
      work.Note(SourceLine{true, log.line}, "a callback failed, but none is recorded before");
    }
  }
}

}  // namespace

void MatchEvents(Inference& work) {
  EventMatcher(work).Run();
  MatchStates(work);
}

void InferFailures(Inference& work) {
  InferCallFailures(work);
  InferCallbackFailures(work);
}

}  // namespace scenarios
