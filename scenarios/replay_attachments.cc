// Which call each attach belongs to, and which attachment each output: lines name only a process,
// and names repeat.
#include <algorithm>
#include <tuple>

#include "scenarios/replay_content.h"
#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

// How late a reply's line may be compared with what the client made of it.
constexpr RecordedTime kReplySlack = std::chrono::milliseconds(5);
// Steps of the search for owners of outputs; far more than any trace needs.
constexpr int kSearchBudget = 20000;

// When the reference could attach this call's process; nothing if it could not have been then. A
// create attaches before its request, an add-process after its reply, a restore after State's.
std::optional<RecordedTime> AttachTime(const Inference& work, const PlannedCall& call,
                                       const RecordedAttach& attach) {
  const RecordedCommand& command = work.CommandOf(call);
  if (attach.t + kTimeSlack < command.begin || attach.t > command.t + kTimeSlack) {
    return std::nullopt;
  }
  const RecordedRpc* rpc = call.rpc ? &work.recording.rpcs[*call.rpc] : nullptr;
  if (call.kind == CallKind::kCreate && call.id == attach.name) {
    if (rpc != nullptr && rpc->t + kTimeSlack < attach.t) return std::nullopt;
    return command.begin;
  }
  if (call.kind == CallKind::kRestore && call.id == attach.name) {
    if (rpc == nullptr || !Succeeded(*rpc)) return std::nullopt;
    return rpc->reply->t_data.value_or(rpc->reply->t);
  }
  if (call.kind == CallKind::kAddProcess && call.process == attach.name) {
    if (rpc == nullptr || !Succeeded(*rpc)) return std::nullopt;
    const RecordedTime replied = rpc->reply->t_data.value_or(rpc->reply->t);
    if (replied > attach.t + kReplySlack) return std::nullopt;
    return replied;
  }
  return std::nullopt;
}

std::optional<std::size_t> FindAttachingCall(const Inference& work, const RecordedAttach& attach,
                                             const std::set<std::size_t>& taken) {
  const auto hint = work.recording.hints.attach_command.find(attach.line);
  std::optional<std::size_t> best;
  RecordedTime best_time{0};
  for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
    const RecordedCommand& command = work.CommandOf(work.plan.calls[c]);
    if (command.lib != attach.lib || taken.contains(c)) continue;
    if (hint != work.recording.hints.attach_command.end()) {
      if (command.n == hint->second) return c;
      continue;
    }
    const std::optional<RecordedTime> time = AttachTime(work, work.plan.calls[c], attach);
    if (!time || (best && best_time <= *time)) continue;
    best = c;
    best_time = *time;
  }
  return best;
}

// The create whose process a restore took over: the last one before it.
std::size_t OriginOf(const Inference& work, std::size_t restore) {
  const PlannedCall& call = work.plan.calls[restore];
  std::size_t origin = restore;
  for (std::size_t c = 0; c < work.plan.calls.size(); ++c) {
    const PlannedCall& other = work.plan.calls[c];
    if (work.CommandOf(other).begin >= work.CommandOf(call).begin) break;
    if (other.kind == CallKind::kCreate && other.id == call.id && other.rpc) origin = c;
  }
  return origin;
}

// One line of a stream: an output or its end.
struct StreamLine {
  std::int64_t order = 0;
  int line = 0;
  bool eof = false;
  std::size_t index = 0;  // recording.outputs or recording.eofs
};

// The lines of one stream name ("e1" stdout) and who may own them.
class OwnerSearch {
 public:
  OwnerSearch(Inference& work, std::vector<std::size_t> attachments, std::vector<StreamLine> lines,
              bool err)
      : work_(work),
        attachments_(std::move(attachments)),
        lines_(std::move(lines)),
        err_(err),
        owner_(lines_.size(), 0) {}

  void Run() {
    const bool searched = attachments_.size() > 1 && Search(0);
    if (!searched) AssignInOrder();
  }

 private:
  Attachment::Stream& Stream(std::size_t attachment) {
    Attachment& owner = work_.plan.attachments[attachment];
    return err_ ? owner.err : owner.out;
  }

  // Attached before the line, not at its end yet, and not excluded by a hint.
  bool MayOwn(std::size_t attachment, const StreamLine& line) {
    const RecordedAttach& attach =
        work_.recording.attaches[work_.plan.attachments[attachment].attach];
    const auto hint = work_.recording.hints.stream_attach.find(line.line);
    if (hint != work_.recording.hints.stream_attach.end() && hint->second != attach.line) {
      return false;
    }
    return attach.order <= line.order && !Stream(attachment).eof;
  }

  // Total and sha256 are those of the outputs given to this attachment.
  bool EndFits(std::size_t attachment, const StreamLine& line) {
    const RecordedEof& eof = work_.recording.eofs[line.index];
    std::uint64_t total = 0;
    std::string bytes;
    bool known = true;
    for (const std::size_t index : Stream(attachment).outputs) {
      const RecordedOutput& output = work_.recording.outputs[index];
      total += output.length;
      known &= output.data.has_value();
      if (known) bytes += *output.data;
    }
    return total == eof.total && (!known || eof.sha256.empty() || Sha256Hex(bytes) == eof.sha256);
  }

  void Give(std::size_t attachment, const StreamLine& line) {
    Attachment::Stream& stream = Stream(attachment);
    if (line.eof) {
      stream.eof = line.index;
      work_.plan.eof_attachment[line.index] = attachment;
    } else {
      stream.outputs.push_back(line.index);
      work_.plan.output_attachment[line.index] = attachment;
    }
  }

  void Take(std::size_t attachment, const StreamLine& line) {
    Attachment::Stream& stream = Stream(attachment);
    if (line.eof) {
      stream.eof.reset();
      work_.plan.eof_attachment[line.index].reset();
    } else {
      stream.outputs.pop_back();
      work_.plan.output_attachment[line.index].reset();
    }
  }

  // Depth first, older attachments before younger ones, without recursion. True: all lines from
  // `position` on have owners that agree with every end. False: nothing was given away.
  bool Search(std::size_t position) {
    std::vector<std::size_t> choice(lines_.size() + 1, 0);  // the next one to try, by line
    int budget = kSearchBudget;
    while (position < lines_.size()) {
      const StreamLine& line = lines_[position];
      std::size_t& next = choice[position];
      while (next < attachments_.size() && !(MayOwn(attachments_[next], line) &&
                                             (!line.eof || EndFits(attachments_[next], line)))) {
        ++next;
      }
      if (next < attachments_.size() && --budget > 0) {
        owner_[position] = attachments_[next++];
        Give(owner_[position], line);
        choice[++position] = 0;
        continue;
      }
      if (position == 0 || budget <= 0) {
        while (position > 0) Undo(position);
        return false;
      }
      Undo(position);
    }
    return true;
  }

  void Undo(std::size_t& position) {
    --position;
    Take(owner_[position], lines_[position]);
  }

  void AssignInOrder() {
    for (const StreamLine& line : lines_) {
      const auto owner =
          std::find_if(attachments_.begin(), attachments_.end(),
                       [&](std::size_t attachment) { return MayOwn(attachment, line); });
      if (owner != attachments_.end()) Give(*owner, line);
    }
  }

  Inference& work_;
  std::vector<std::size_t> attachments_;
  std::vector<StreamLine> lines_;
  bool err_;
  std::vector<std::size_t> owner_;
};

using StreamName = std::tuple<int, std::string, bool>;  // client, name, stderr?

std::map<StreamName, std::vector<StreamLine>> LinesByStream(const Recording& recording) {
  std::map<StreamName, std::vector<StreamLine>> lines;
  for (std::size_t i = 0; i < recording.outputs.size(); ++i) {
    const RecordedOutput& output = recording.outputs[i];
    lines[{output.lib, output.name, output.stream == "stderr"}].push_back(
        StreamLine{output.order, output.line, false, i});
  }
  for (std::size_t i = 0; i < recording.eofs.size(); ++i) {
    const RecordedEof& eof = recording.eofs[i];
    lines[{eof.lib, eof.name, eof.stream == "stderr"}].push_back(
        StreamLine{eof.order, eof.line, true, i});
  }
  for (auto& [name, list] : lines) {
    std::stable_sort(list.begin(), list.end(), [](const StreamLine& a, const StreamLine& b) {
      return std::pair(a.order, a.line) < std::pair(b.order, b.line);
    });
  }
  return lines;
}

void NoteUnowned(Inference& work) {
  for (std::size_t i = 0; i < work.recording.outputs.size(); ++i) {
    const RecordedOutput& output = work.recording.outputs[i];
    if (work.plan.output_attachment[i] || !work.Live(output)) continue;
    work.Note(SourceLine{true, output.line},
              "output of \"" + output.name + "\", which was not attached: not replayed");
  }
  for (std::size_t i = 0; i < work.recording.eofs.size(); ++i) {
    const RecordedEof& eof = work.recording.eofs[i];
    if (work.plan.eof_attachment[i] || !work.Live(eof)) continue;
    work.Note(SourceLine{true, eof.line},
              "end of \"" + eof.name + "\", which was not attached: not replayed");
  }
}

}  // namespace

void MatchAttaches(Inference& work) {
  std::set<std::size_t> taken;
  for (std::size_t i = 0; i < work.recording.attaches.size(); ++i) {
    const RecordedAttach& attach = work.recording.attaches[i];
    const std::optional<std::size_t> found = FindAttachingCall(work, attach, taken);
    if (!found) {
      if (work.Live(attach)) {
        work.Note(SourceLine{true, attach.line},
                  "attach of \"" + attach.name + "\" belongs to no recorded call");
      }
      continue;
    }
    taken.insert(*found);
    PlannedCall& call = work.plan.calls[*found];
    const bool init = call.kind != CallKind::kAddProcess;
    call.live |= call.kind == CallKind::kRestore;
    Attachment attachment;
    attachment.attach = i;
    attachment.call = *found;
    attachment.origin = call.kind == CallKind::kRestore ? OriginOf(work, *found) : *found;
    attachment.container = call.id;
    attachment.process = init ? "init" : call.process;
    attachment.terminal = attach.terminal;
    work.attach_attachment[i] = work.plan.attachments.size();
    work.plan.attachments.push_back(std::move(attachment));
  }
}

void MatchStreams(Inference& work) {
  std::map<std::pair<int, std::string>, std::vector<std::size_t>> by_name;
  for (std::size_t a = 0; a < work.plan.attachments.size(); ++a) {
    const RecordedAttach& attach = work.recording.attaches[work.plan.attachments[a].attach];
    by_name[{attach.lib, attach.name}].push_back(a);
  }
  for (auto& [name, lines] : LinesByStream(work.recording)) {
    const auto& [lib, process, is_stderr] = name;
    const auto owners = by_name.find({lib, process});
    if (owners == by_name.end()) continue;
    OwnerSearch(work, owners->second, std::move(lines), is_stderr).Run();
  }
  NoteUnowned(work);
}

}  // namespace scenarios
