#include <algorithm>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// One process's stdin from its opening on.
struct Stdin {
  std::uint64_t opened = 0;
  std::uint64_t opening = 0;    // its number
  std::uint64_t closed = 0;     // by the engine
  std::uint64_t flushed = 0;    // all of it was taken then
  std::uint64_t succeeded = 0;  // its create or add-process, on the wire
  std::uint64_t request = 0;    // that RPC's number
  bool failed = false;          // its call or attach
  std::uint64_t gone = 0;       // when the client knew
  std::uint64_t gone_when_flushed = 0;
  bool late = false;                  // it was gone, or the client closing, when its call returned
  std::vector<std::uint64_t> told{};  // closeStdin RPCs
};

class StdinJudge {
 public:
  explicit StdinJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    for (const std::uint64_t key : order_) Conclude(stdins_[key]);
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kStdioOpened:
        if (entry.what == Symbol{} || entry.what == words_.stdin_stream) {
          Stdin& opened = Of(entry);
          Conclude(opened);
          opened = {};
          opened.opened = entry.seq;
          opened.opening = entry.number;
        }
        break;
      case EntryKind::kStdioClosed:
        if (entry.what == words_.stdin_stream) Closed(entry);
        break;
      case EntryKind::kAttachEnd:
        if (entry.failed) Of(entry).failed = true;
        break;
      case EntryKind::kCallBegin:
        if (words_.IsClosing(entry)) over_ = true;
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.create && Failed(entry)) {
          Of(entry.id, words_.init).failed |= evidence_.lives().Of(entry) != nullptr;
        }
        if (entry.what == words_.add_process && Failed(entry)) Of(entry).failed = true;
        if (entry.what == words_.create) Returned(Of(entry.id, words_.init), entry.id);
        if (entry.what == words_.add_process) Returned(Of(entry), entry.id);
        if (entry.what == words_.restore && !Failed(entry)) restored_[entry.id] = entry.seq;
        break;
      case EntryKind::kRpcBegin:
        Asked(entry);
        break;
      case EntryKind::kRpcEnd:
        Answered(entry);
        break;
      case EntryKind::kEventDelivered:
        if (entry.what == words_.exit && !entry.flag &&
            evidence_.lives().IndexOf(entry) != kNoLife) {
          Gone(entry);
        }
        break;
      case EntryKind::kCallbackBegin:
        if (entry.what == words_.exit) gone_[entry.id] = entry.seq;
        if (entry.what == words_.exit_process) Of(entry).gone = entry.seq;
        if (entry.what == words_.restore) restored_[entry.id] = entry.seq;
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          for (const std::uint64_t key : order_) stdins_[key] = {};
          over_ = false;
        }
        break;
      default:
        break;
    }
  }

  Stdin& Of(const Entry& entry) { return Of(entry.id, entry.process); }
  Stdin& Of(Symbol id, Symbol process) {
    const std::uint64_t key = PairKey(id, process);
    const auto [found, added] = stdins_.try_emplace(key);
    if (added) order_.push_back(key);
    return found->second;
  }

  void Gone(const Entry& exit) {
    if (exit.process == words_.init) gone_[exit.id] = exit.seq;
    Of(exit).gone = exit.seq;
  }

  void Returned(Stdin& of, Symbol id) { of.late |= over_ || GoneSince(of, id) != 0; }

  void Closed(const Entry& entry) {
    Stdin& closing = Of(entry);
    // An earlier one may be closed late.
    if (closing.opened == 0 || closing.opening != entry.number) return;
    if (!entry.flag) closing.closed = entry.seq;
    if (!entry.flag || over_) return;
    closing.flushed = entry.seq;
    closing.gone_when_flushed = GoneSince(closing, entry.id);
  }

  std::uint64_t GoneSince(const Stdin& of, Symbol id) {
    return std::max(of.gone, gone_[id] > of.opened ? gone_[id] : 0);
  }

  void Asked(const Entry& rpc) {
    if (rpc.what == words_.create_rpc) {
      Of(rpc.id, words_.init).request = rpc.number;
    } else if (rpc.what == words_.add_process_rpc) {
      Of(rpc).request = rpc.number;
    } else if (rpc.what == words_.update_process_rpc && rpc.flag) {
      Told(rpc);
    }
  }

  void Answered(const Entry& rpc) {
    const bool create = rpc.what == words_.create_rpc;
    if (!create && rpc.what != words_.add_process_rpc) return;
    const auto found = stdins_.find(PairKey(rpc.id, create ? words_.init : rpc.process));
    if (found == stdins_.end() || found->second.request != rpc.number || Failed(rpc)) return;
    found->second.succeeded = rpc.seq;
  }

  void Told(const Entry& rpc) {
    Stdin& told = Of(rpc);
    findings_.Observe();
    const std::string name = SubjectName(evidence_.journal(), rpc);
    told.told.push_back(rpc.seq);
    const bool started = told.succeeded != 0 || restored_[rpc.id] != 0;
    if (told.told.size() > 1) {
      std::vector<std::uint64_t> entries = told.told;
      findings_.Add(name + ": closeStdin was sent " + std::to_string(told.told.size()) + " times",
                    std::move(entries));
    } else if (!started && told.request != 0) {
      findings_.Add(name + ": closeStdin was sent without a successful reply to its start",
                    {told.closed, rpc.seq});
    } else if (told.opened != 0 && told.closed == 0) {
      findings_.Add(name + ": closeStdin was sent though the engine had not closed stdin",
                    {told.opened, rpc.seq});
    }
  }

  void Conclude(const Stdin& stdin_of) {
    if (stdin_of.flushed == 0 || stdin_of.failed || stdin_of.succeeded == 0) return;
    findings_.Observe();
    if (!stdin_of.told.empty() || stdin_of.gone_when_flushed != 0 || stdin_of.late) return;
    const Entry& closed = evidence_.At(stdin_of.closed);
    findings_.Add(SubjectName(evidence_.journal(), closed) +
                      ": the engine closed stdin and closeStdin was never sent",
                  {stdin_of.closed, stdin_of.flushed});
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  bool over_ = false;
  std::unordered_map<std::uint64_t, Stdin> stdins_;  // by id and process
  std::vector<std::uint64_t> order_;
  SymbolMap<std::uint64_t> gone_;      // by id
  SymbolMap<std::uint64_t> restored_;  // likewise
};

Judgement JudgeStdin(const Evidence& evidence) {
  return StdinJudge(evidence).Judge();
}

// RPCs that no call of the user explains.
class SilenceJudge {
 public:
  explicit SilenceJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    return std::move(findings_).Conclude();
  }

 private:
  struct Container {
    const Entry* gone = nullptr;  // how the client knew
    bool created = false;
    std::int64_t created_after = 0;  // the newest event
    bool start_told = false;         // of the present life
    bool silent = false;             // a restore read nothing of this life
    bool parted = false;             // … but an exit of init
    bool doubted = false;            // its exit came before that, and whose it is was not answered
    bool asked_before = false;       // one State was under way in the very moment
    std::uint64_t asked = 0;         // the latest State that asks it
    std::vector<const Entry*> calls;
    std::unordered_map<Symbol, const Entry*> execs_gone;
    std::unordered_map<Symbol, std::uint64_t> stdin_closed;  // by process
  };

  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        containers_[entry.id].calls.push_back(&entry);
        if (entry.what == words_.restore) {
          containers_[entry.id].silent = true;
          containers_[entry.id].parted = false;
        }
        break;
      case EntryKind::kCallEnd:
        std::erase_if(containers_[entry.id].calls,
                      [&](const Entry* call) { return call->number == entry.number; });
        break;
      case EntryKind::kEventDelivered:
        latest_stamp_ = std::max(latest_stamp_, entry.stamp);
        if (Explains(entry.id, words_.restore)) Read(containers_[entry.id], entry);
        if (entry.what == words_.start && entry.stamp > containers_[entry.id].created_after) {
          Container& container = containers_[entry.id];
          container.start_told = true;
          // A container starts once: an exit before this start was an earlier one's.
          container.doubted |= container.gone != nullptr && Explains(entry.id, words_.create);
        }
        if (entry.what == words_.exit && !entry.flag && IsOfLatest(entry)) {
          findings_.Observe();
          Container& container = containers_[entry.id];
          if (entry.process == words_.init && container.gone == nullptr) {
            container.gone = &entry;
            container.doubted = (container.created && !container.start_told) || container.silent;
            container.asked_before = false;
          }
          container.execs_gone[entry.process] = &entry;
        }
        break;
      case EntryKind::kCallbackBegin:
        if (entry.what == words_.exit && containers_[entry.id].gone == nullptr) {
          findings_.Observe();
          // One that would not die is stayed on.
          const Life* life = evidence_.lives().Of(entry);
          const bool given_up = life != nullptr && life->restored && life->exit_delivered == 0;
          const bool later = life != nullptr && life->exit_delivered > entry.seq;
          if (!given_up && !later) containers_[entry.id].gone = &entry;
        }
        break;
      case EntryKind::kEventEmitted:
        latest_stamp_ = std::max(latest_stamp_, entry.stamp);
        break;
      case EntryKind::kRpcEnd:
        if (entry.what == words_.state_rpc && !OutcomeUnknown(entry)) {
          Answered(containers_[entry.id], entry);
        }
        break;
      case EntryKind::kStdioClosed:
        if (entry.what == words_.stdin_stream) {
          containers_[entry.id].stdin_closed[entry.process] = entry.seq;
        }
        break;
      case EntryKind::kRpcBegin:
        Asked(entry);
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) containers_ = {};
        break;
      default:
        break;
    }
  }

  // While it is restored: what of its life is told.
  void Read(Container& container, const Entry& event) const {
    const bool exit = words_.IsInitExit(event);
    const bool late = event.what == words_.exit || event.what == words_.oom;  // may be behind it
    container.parted |= exit;
    container.silent = exit || (late && container.parted && container.silent);
  }

  // Whom the daemon knows has not exited.
  void Answered(Container& container, const Entry& state) const {
    if (!container.doubted || container.gone == nullptr) return;
    if (!Failed(state)) {
      container.gone = nullptr;
      container.doubted = false;
      container.execs_gone.erase(words_.init);
    } else if (state.number == container.asked) {
      const bool at_once = state.t == container.gone->t;
      container.doubted = at_once && !std::exchange(container.asked_before, true);
    }
  }

  // Nor is one of the life before, that comes when the next has begun, news of that.
  bool IsOfLatest(const Entry& event) const {
    const Life* life = evidence_.lives().Of(event);
    if (life == nullptr) return false;
    return life->next == kNoLife || evidence_.lives()[life->next].begin > event.seq;
  }

  void Asked(const Entry& rpc) {
    if (rpc.id == Symbol{} || rpc.what == words_.events_rpc) return;
    Container& container = containers_[rpc.id];
    if (rpc.what == words_.create_rpc) {
      container.gone = nullptr;
      container.doubted = false;
      container.created = true;
      container.created_after = latest_stamp_;
      container.start_told = false;
      container.execs_gone.clear();
      return;
    }
    if (rpc.what == words_.add_process_rpc) container.execs_gone.erase(rpc.process);
    const bool closes = rpc.what == words_.update_process_rpc && rpc.flag;
    const bool own = closes || rpc.what == words_.signal_rpc || rpc.what == words_.state_rpc;
    if (!own || (!closes && Explained(container, rpc))) return;
    if (container.doubted && (closes || rpc.what == words_.state_rpc)) {
      if (!closes) container.asked = rpc.number;
      return;
    }
    const Entry* gone = container.gone;
    if (gone == nullptr && rpc.process != Symbol{}) {
      const auto exec = container.execs_gone.find(rpc.process);
      if (exec != container.execs_gone.end()) gone = exec->second;
    }
    if (gone == nullptr) return;
    // Closing was under way in the very moment in which it ended.
    if (closes && gone->t == rpc.t && container.stdin_closed[rpc.process] < gone->seq) return;
    findings_.Add(SubjectName(evidence_.journal(), rpc) + ": " +
                      (closes ? "closeStdin" : evidence_.journal().Text(rpc.what)) +
                      " was sent though it was known to be gone",
                  {gone->seq, rpc.seq});
  }

  bool Explains(Symbol id, Symbol call) {
    return std::ranges::any_of(containers_[id].calls,
                               [&](const Entry* each) { return each->what == call; });
  }

  bool Explained(const Container& container, const Entry& rpc) const {
    return std::ranges::any_of(container.calls, [&](const Entry* call) {
      if (rpc.what == words_.signal_rpc) {
        return call->what == words_.signal || call->what == words_.signal_process ||
               call->what == words_.restore;
      }
      return call->what == words_.pids || call->what == words_.restore;
    });
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  SymbolMap<Container> containers_;
  std::int64_t latest_stamp_ = std::numeric_limits<std::int64_t>::min();
};

Judgement JudgeSilence(const Evidence& evidence) {
  return SilenceJudge(evidence).Judge();
}

Judgement JudgeDouble(const Evidence& evidence) {
  const Words& words = evidence.words();
  const Lives& lives = evidence.lives();
  Findings findings;
  for (const Entry& entry : evidence.journal().entries()) {
    if (entry.kind != EntryKind::kRpcBegin || entry.what != words.create_rpc) continue;
    findings.Observe();
    const Life* life = lives.Of(entry);
    if (life == nullptr || life->previous == kNoLife) continue;
    const Life& before = lives[life->previous];
    const bool over = before.exit_end != 0 && before.exit_end < entry.seq;
    const bool failed = before.Failed() && std::max(before.call_end, before.rpc_end) < entry.seq;
    const bool left = before.engine_gone != 0 && before.engine_gone < entry.seq;
    const bool given_up = before.given_up != 0 && before.given_up < entry.seq;
    if (over || failed || left || given_up) continue;
    findings.Add(LifeName(evidence.journal(), *life) +
                     ": CreateContainer was sent while the life before was still tracked",
                 {before.begin, before.exit_begin < entry.seq ? before.exit_begin : 0, entry.seq});
  }
  return std::move(findings).Conclude();
}

}  // namespace

constinit const Guarantee kCloseStdinOnce{
    "close-stdin-once",
    "If the engine closed stdin of a process that lives, exactly one closeStdin is sent for it, "
    "and "
    "only after the successful reply of its create or add-process; else none is.",
    "without a closeStdin, or a stdin that was closed and flushed",
    &JudgeStdin,
};

constinit const Guarantee kSilentAfterExit{
    "silent-after-exit",
    "Once a container or exec is known to be gone, no RPC is sent for it but those of the user's "
    "own calls, and one State that asks whose an exit is that came before the start.",
    "without an exit",
    &JudgeSilence,
};

constinit const Guarantee kNoDoubleCreate{
    "no-double-create",
    "No CreateContainer is sent for an id before the exit callback of its life before has ended "
    "(or "
    "its create has failed).",
    "without a CreateContainer",
    &JudgeDouble,
};

}  // namespace scenarios
