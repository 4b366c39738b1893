#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "scenarios/guarantees/event_queue.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/lives.h"
#include "scenarios/guarantees/symbol_map.h"
#include "scenarios/made_up_exit_codes.h"

namespace scenarios {
namespace {

// Joins each callback with the delivered event that caused it, first in first out per life, state
// and process.
class OrderJudge {
 public:
  explicit OrderJudge(const Evidence& evidence)
      : journal_(evidence.journal()),
        lives_(evidence.lives()),
        progress_(lives_.all().size()),
        exit_(evidence.journal().Find("exit")),
        exit_process_(evidence.journal().Find("exit-process")),
        pause_(evidence.journal().Find("pause")),
        resume_(evidence.journal().Find("resume")),
        oom_(evidence.journal().Find("oom")),
        init_(evidence.journal().Find("init")),
        words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : journal_.entries()) {
      if (entry.kind == EntryKind::kEventDelivered) {
        any_event_ = true;
        Delivered(entry);
      } else if (entry.kind == EntryKind::kCallbackBegin) {
        CalledBack(entry);
      } else if (entry.kind == EntryKind::kRpcEnd && entry.what == words_.state_rpc &&
                 entry.failed && entry.text == words_.container_not_found) {
        missing_[entry.id] = entry.seq;
      } else if (entry.what == words_.add_process) {
        const std::uint64_t exec = PairKey(entry.id, entry.process);
        if (entry.kind == EntryKind::kCallBegin) ++adding_[exec];
        if (entry.kind == EntryKind::kCallEnd) --adding_[exec];
      } else if (words_.IsEngineGone(entry)) {
        adding_.clear();
      }
    }
    if (!any_event_) return {};
    for (Progress& progress : progress_) BlameEarlyExecs(progress);
    return std::move(findings_).Conclude();
  }

 private:
  struct Progress {
    const Entry* event = nullptr;           // the latest one that was called back …
    const Entry* callback = nullptr;        // … and its callback
    std::vector<const Entry*> early_execs;  // exit-process without any reason so far
  };
  // State and, for an exit, the process.
  using Key = std::pair<LifeIndex, std::uint64_t>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return (key.second ^ std::uint64_t{key.first} << 16) * 0x9e3779b97f4a7c15;
    }
  };

  bool IsCaused(const Entry& callback) const {
    return callback.what == exit_ || callback.what == exit_process_ || callback.what == pause_ ||
           callback.what == resume_ || callback.what == oom_;
  }

  void Delivered(const Entry& event) {
    const LifeIndex life = lives_.IndexOf(event);
    if (life == kNoLife) return;
    const Symbol process = event.what == exit_ ? event.process : Symbol{};
    waiting_[{life, PairKey(event.what, process)}].Push(&event);
    const bool of_exec = event.what == exit_ && event.process != init_;
    if (!of_exec) return;
    const auto adding = adding_.find(PairKey(event.id, event.process));
    if (adding != adding_.end() && adding->second > 0) held_.insert(event.seq);
  }

  void CalledBack(const Entry& callback) {
    const LifeIndex life = lives_.IndexOf(callback);
    if (life == kNoLife || !IsCaused(callback)) return;
    findings_.Observe();
    Progress& progress = progress_[life];
    EventQueue& waiting = waiting_[{life, EventKeyOf(callback)}];
    const Entry* passed = nullptr;  // it fits, but something delivered later was called back
    while (!waiting.empty()) {
      const Entry* event = waiting.Pop();
      if (event->flag) return;  // the stored log is merged whenever it has been read
      if (callback.what == pause_ && event->seq < lives_[life].start_begin)
        return;  // the restore's
      if (progress.event == nullptr || event->seq > progress.event->seq) {
        // Brought forward: what was delivered between init's exit and it may still come.
        if (IsBroughtForward(callback, *event, lives_[life])) return;
        progress.event = event;
        progress.callback = &callback;
        return;
      }
      if (held_.contains(event->seq)) return;
      passed = event;
    }
    if (passed == nullptr) return WithoutEvent(callback, lives_[life], progress);
    findings_.Add(Name(callback) + ": " + journal_.Text(callback.what) + " was called back after " +
                      journal_.Text(progress.callback->what) +
                      ", but its event was delivered before the event of that",
                  {passed->seq, progress.event->seq, progress.callback->seq, callback.seq});
  }

  std::uint64_t EventKeyOf(const Entry& callback) const {
    if (callback.what == exit_) return PairKey(exit_, init_);
    if (callback.what == exit_process_) return PairKey(exit_, callback.process);
    return PairKey(callback.what, Symbol{});
  }

  bool IsBroughtForward(const Entry& callback, const Entry& event, const Life& life) const {
    return callback.what == exit_process_ && life.exit_delivered != 0 &&
           event.seq > life.exit_delivered;
  }

  void WithoutEvent(const Entry& callback, const Life& life, Progress& progress) {
    if (callback.what == exit_process_) {
      const bool init_gone = life.exit_delivered != 0 && life.exit_delivered < callback.seq;
      if (!init_gone && missing_[callback.id] < life.begin)
        progress.early_execs.push_back(&callback);
      return;
    }
    if (callback.what == exit_ && callback.code == kGoneWithoutExit) {
      progress.early_execs.clear();  // a container that is just gone takes its execs along
      return;
    }
    // A restore tells of a pause that the engine before it had been told of.
    const bool restored_paused =
        callback.what == pause_ && life.restored && progress.event == nullptr;
    if (!restored_paused) Blame(callback);
  }

  void BlameEarlyExecs(Progress& progress) {
    for (const Entry* callback : progress.early_execs) Blame(*callback);
  }

  void Blame(const Entry& callback) {
    findings_.Add(Name(callback) + ": " + journal_.Text(callback.what) +
                      " was called back though no such event of this life had been delivered",
                  {callback.seq});
  }

  std::string Name(const Entry& callback) const {
    std::string name = LifeName(journal_, *lives_.Of(callback));
    if (callback.what == exit_process_) name += ", " + journal_.Text(callback.process);
    return name;
  }

  const Journal& journal_;
  const Lives& lives_;
  Findings findings_;
  bool any_event_ = false;
  std::vector<Progress> progress_;  // by life
  std::unordered_map<Key, EventQueue, KeyHash> waiting_;
  const Symbol exit_;
  const Symbol exit_process_;
  const Symbol pause_;
  const Symbol resume_;
  const Symbol oom_;
  const Symbol init_;
  const Words& words_;
  SymbolMap<std::uint64_t> missing_;               // the daemon did not know it any more, by id
  std::unordered_map<std::uint64_t, int> adding_;  // calls of add-process under way, by exec
  std::unordered_set<std::uint64_t> held_;         // exits that came during such a call
};

Judgement JudgeCallbacksInOrder(const Evidence& evidence) {
  return OrderJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kCallbacksInOrder{
    "callbacks-in-order",
    "The callbacks of a life come in the order in which its events were delivered, and none "
    "without its event. Four exceptions: an exit-process that init's exit brought forward, one "
    "whose exit came while its add-process was under way, the exit with code 255 of a container "
    "that is gone without an exit event (with the exit-processes before it), and the pause that a "
    "restore tells of. What was read in the stored log may come later.",
    "without delivered events, or without a callback that an event causes",
    &JudgeCallbacksInOrder,
};

}  // namespace scenarios
