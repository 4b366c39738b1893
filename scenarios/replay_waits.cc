// What wait, waiteof and join had waited for. Their arguments are not recorded; that which came
// last before they ended is.
#include <algorithm>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

// The last callback before; of `id`, when the command names a container.
std::optional<std::size_t> LastState(const Inference& work, const RecordedCommand& command) {
  std::optional<std::size_t> last;
  for (std::size_t s = 0; s < work.recording.states.size(); ++s) {
    const RecordedState& state = work.recording.states[s];
    if (state.lib != command.lib || state.order > command.order) continue;
    if (!command.id.empty() && state.id != command.id) continue;
    if (!last || work.recording.states[*last].order < state.order) last = s;
  }
  return last;
}

std::optional<std::size_t> LastEndedAttachment(const Inference& work,
                                               const RecordedCommand& command) {
  std::optional<std::size_t> last;
  std::int64_t last_order = 0;
  for (std::size_t i = 0; i < work.recording.eofs.size(); ++i) {
    const RecordedEof& eof = work.recording.eofs[i];
    const std::optional<std::size_t> owner = work.plan.eof_attachment[i];
    if (!owner || eof.lib != command.lib || eof.order > command.order) continue;
    if (!command.id.empty() && work.plan.attachments[*owner].container != command.id) continue;
    if (!last || last_order < eof.order) {
      last = owner;
      last_order = eof.order;
    }
  }
  return last;
}

}  // namespace

void InferWaits(Inference& work) {
  std::set<std::size_t> joined;  // calls
  for (std::size_t i = 0; i < work.recording.commands.size(); ++i) {
    const RecordedCommand& command = work.recording.commands[i];
    PlannedWait wait;
    wait.command = i;
    if (command.cmd == "wait") {
      wait.state = LastState(work, command);
      if (!wait.state) {
        work.Note(SourceLine{true, command.line}, "waited for a callback, but none is recorded");
      }
    } else if (command.cmd == "waiteof") {
      wait.attachment = LastEndedAttachment(work, command);
      if (!wait.attachment) {
        work.Note(SourceLine{true, command.line},
                  "waited for the end of a stream, but none is recorded");
      }
    } else if (command.cmd == "join") {
      for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
        const RecordedCommand& other = work.CommandOf(work.plan.calls[c]);
        if (other.lib != command.lib || other.order > command.order) continue;
        if (joined.insert(c).second) wait.calls.push_back(c);
      }
    } else {
      continue;
    }
    work.plan.waits.push_back(std::move(wait));
  }
}

}  // namespace scenarios
