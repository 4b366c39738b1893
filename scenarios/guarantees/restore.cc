#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include "scenarios/guarantees/busy.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

using libcontainerd::Duration;

// What the daemon last said of a container before its restore, and what was done with it.
class PauseJudge {
 public:
  explicit PauseJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    for (Container& container : containers_.values()) Missing(container, nullptr);
    return std::move(findings_).Conclude();
  }

 private:
  struct Container {
    const Entry* emitted = nullptr;    // the latest pause or resume
    const Entry* delivered = nullptr;  // to the engine before
    const Entry* read = nullptr;       // in the stored log, since the restore began
    const Entry* restoring = nullptr;  // the call
    const Entry* restored = nullptr;   // the callback, until the next one comes
    const Entry* paused_by = nullptr;  // the event that says that it was paused
    std::int64_t over = 0;             // since the restore began: the timestamp of init's last exit
    bool ambiguous = false;            // something happened during the restore
  };

  void Visit(const Entry& entry) {
    const bool of_pause = entry.what == words_.pause || entry.what == words_.resume;
    switch (entry.kind) {
      case EntryKind::kEventEmitted:
        if (of_pause) {
          Container& container = containers_[entry.id];
          container.emitted = &entry;
          if (container.restoring != nullptr) container.ambiguous = true;
        }
        break;
      case EntryKind::kEventDelivered:
        if (of_pause && evidence_.lives().KnownAt(entry) != 0) Delivered(entry);
        if (entry.what == words_.start && entry.flag) StartRead(entry);
        if (words_.IsInitExit(entry)) Exited(entry);
        break;
      case EntryKind::kCallBegin:
        if (entry.what == words_.restore) {
          Container& container = containers_[entry.id];
          container.restoring = &entry;
          container.read = nullptr;
          container.over = 0;
          container.ambiguous = false;
        }
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.restore) containers_[entry.id].restoring = nullptr;
        break;
      case EntryKind::kCallbackBegin:
        CalledBack(entry);
        break;
      case EntryKind::kCallbackEnd:  // refused: nothing more is told
        if (entry.what == words_.restore && entry.failed) containers_[entry.id].restored = nullptr;
        break;
      case EntryKind::kRpcBegin:
        if (entry.what == words_.create_rpc) containers_[entry.id] = {};
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          for (Container& container : containers_.values()) container.restored = nullptr;
        }
        break;
      default:
        break;
    }
  }

  void Delivered(const Entry& event) {
    Container& container = containers_[event.id];
    if (container.restoring != nullptr && event.flag) {
      if (event.stamp < container.over) return;
      // Two reads may be under way at once.
      if (container.read == nullptr || container.read->stamp <= event.stamp) {
        container.read = &event;
      }
    } else {
      container.delivered = &event;
    }
  }

  // What stands before it was an earlier life's, and so it is with what it is newer than.
  void StartRead(const Entry& start) {
    Container& container = containers_[start.id];
    const Entry* read = container.read;
    if (read != nullptr && (read->number == start.number || read->stamp <= start.stamp)) {
      container.read = nullptr;
    }
  }
  void Exited(const Entry& exit) {
    Container& container = containers_[exit.id];
    if (container.restoring == nullptr) return;
    container.over = std::max(container.over, exit.stamp);
    if (container.read != nullptr && container.read->stamp < exit.stamp) container.read = nullptr;
  }

  void CalledBack(const Entry& callback) {
    Container& container = containers_[callback.id];
    if (callback.what == words_.restore) {
      const Life* life = evidence_.lives().Of(callback);
      if (life == nullptr || container.ambiguous) return;
      const Entry* last = container.read;
      if (last == nullptr) last = Retained(container) ? container.emitted : nullptr;
      container.paused_by = last != nullptr && last->what == words_.pause ? last : nullptr;
      container.restored = &callback;
      if (container.paused_by != nullptr) findings_.Observe();
      return;
    }
    if (container.restored == nullptr) return;
    const Entry& restored = *container.restored;
    if (callback.what == words_.pause) {
      container.restored = nullptr;
      const bool own = evidence_.causes().EventOf(callback) != 0;
      const bool was_resumed =
          container.emitted != nullptr && container.emitted->what == words_.resume;
      if (container.paused_by != nullptr || own || !was_resumed) return;
      findings_.Observe();
      findings_.Add(
          Name(callback) + ": pause was called back after restore though it was not paused",
          {container.emitted->seq, restored.seq, callback.seq});
      return;
    }
    // What came of it meanwhile may be called back, but not in front.
    Missing(container, &callback);
  }

  // Nobody has read the log, so it may still have it.
  bool Retained(const Container& container) const {
    return container.emitted != nullptr && !evidence_.lives().AnyStoredRead();
  }

  void Missing(Container& container, const Entry* instead) {
    const Entry* restored = std::exchange(container.restored, nullptr);
    const Entry* paused_by = std::exchange(container.paused_by, nullptr);
    if (restored == nullptr || paused_by == nullptr) return;
    findings_.Add(Name(*restored) + ": it was paused, and restore was called back without pause " +
                      "behind it",
                  {paused_by->seq, restored->seq, instead != nullptr ? instead->seq : 0});
  }

  std::string Name(const Entry& callback) const {
    const Life* life = evidence_.lives().Of(callback);
    return life == nullptr ? evidence_.journal().Text(callback.id)
                           : LifeName(evidence_.journal(), *life);
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  SymbolMap<Container> containers_;
};

Judgement JudgePause(const Evidence& evidence) {
  return PauseJudge(evidence).Judge();
}

Judgement JudgeAfterExit(const Evidence& evidence) {
  const Words& words = evidence.words();
  Findings findings;
  SymbolMap<std::vector<const Entry*>> open;  // non-live restores, by id
  SymbolMap<std::uint64_t> exit_begun;
  SymbolMap<std::uint64_t> exit_ended;  // the begin of the latest exit callback that ended
  SymbolMap<std::uint64_t> let_live;    // the latest restore callback
  bool any_callback = false;
  for (const Entry& entry : evidence.journal().entries()) {
    if (words.IsEngineGone(entry)) open = {};
    any_callback |= entry.kind == EntryKind::kCallbackBegin;
    if (entry.what == words.restore && entry.kind == EntryKind::kCallbackBegin) {
      let_live[entry.id] = entry.seq;
    }
    if (entry.what == words.exit && entry.kind == EntryKind::kCallbackBegin) {
      exit_begun[entry.id] = entry.seq;
    }
    if (entry.what == words.exit && entry.kind == EntryKind::kCallbackEnd) {
      exit_ended[entry.id] = exit_begun[entry.id];
    }
    if (entry.what != words.restore) continue;
    if (entry.kind == EntryKind::kCallBegin && !entry.flag) open[entry.id].push_back(&entry);
    if (entry.kind != EntryKind::kCallEnd) continue;
    std::vector<const Entry*>& calls = open[entry.id];
    const auto call = std::ranges::find(calls, entry.number, &Entry::number);
    if (call == calls.end()) continue;
    const Entry& begin = **call;
    calls.erase(call);
    // Live-restore may be the client's own setting, which no call tells of.
    if (Failed(entry) || let_live[entry.id] > begin.seq) continue;
    findings.Observe();
    if (exit_ended[entry.id] > begin.seq) continue;
    const std::uint64_t running = exit_begun[entry.id] > begin.seq ? exit_begun[entry.id] : 0;
    findings.Add(
        evidence.journal().Text(entry.id) + ": its restore without live-restore returned " +
            (running != 0 ? "before its exit callback had ended" : "without its exit callback"),
        {begin.seq, running, entry.seq});
  }
  if (!any_callback) return {};
  return std::move(findings).Conclude();
}

class BoundJudge {
 public:
  explicit BoundJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    if (evidence_.journal().entries().empty()) return {};
    const Entry& last = evidence_.journal().entries().back();
    for (const auto& restore : restores_) Conclude(restore, last, false);
    return std::move(findings_).Conclude();
  }

 private:
  struct Restore {
    const Entry* begin;
    Duration busy;  // until then
  };

  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        if (entry.what == words_.restore) {
          findings_.Observe();
          restores_.push_back({&entry, BusyOf(entry.id, entry.t)});
        }
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.restore) Returned(entry);
        break;
      case EntryKind::kCallbackBegin:
      case EntryKind::kAttachBegin:
        busy_[entry.id].Begin(entry.t);
        break;
      case EntryKind::kCallbackEnd:
      case EntryKind::kAttachEnd:
        busy_[entry.id].End(entry.t);
        break;
      case EntryKind::kRpcBegin:
        if (IsOfCalls(entry)) {
          rpcs_.insert(entry.number);
          Asked(entry).Begin(entry.t);
        }
        break;
      case EntryKind::kRpcEnd:
        // Those of an engine that is gone end late.
        if (rpcs_.erase(entry.number) > 0) Asked(entry).End(entry.t);
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          restores_.clear();
          busy_ = {};
          everybodys_ = {};
          rpcs_.clear();
        }
        break;
      default:
        break;
    }
  }

  // The live stream is nobody's wait.
  bool IsOfCalls(const Entry& rpc) const { return rpc.what != words_.events_rpc || rpc.flag; }
  Busy& Asked(const Entry& rpc) { return rpc.id == Symbol{} ? everybodys_ : busy_[rpc.id]; }
  Duration BusyOf(Symbol id, Duration now) { return busy_[id].Total(now) + everybodys_.Total(now); }

  void Returned(const Entry& end) {
    const auto restore = std::ranges::find(restores_, end.number,
                                           [](const Restore& open) { return open.begin->number; });
    if (restore == restores_.end()) return;
    Conclude(*restore, end, true);
    restores_.erase(restore);
  }

  void Conclude(const Restore& restore, const Entry& end, bool returned) {
    const libcontainerd::Timing& timing = evidence_.options().timing;
    const Duration bound =
        std::max(timing.restore_term_wait + timing.restore_kill_wait, timing.restore_exit_wait);
    const Duration busy = BusyOf(restore.begin->id, end.t) - restore.busy;
    const Duration due = restore.begin->t + bound + evidence_.options().promptly + busy;
    const bool late = returned ? evidence_.Late(due, end.t) : evidence_.Missed(due);
    if (!late) return;
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(end.t - restore.begin->t - busy);
    findings_.Add(evidence_.journal().Text(restore.begin->id) + ": its restore " +
                      (returned ? "took " : "has taken ") + std::to_string(took.count()) +
                      " ms beside its RPCs and callbacks" + (returned ? "" : " and never returned"),
                  {restore.begin->seq, returned ? end.seq : 0});
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  std::vector<Restore> restores_;           // under way
  SymbolMap<Busy> busy_;                    // RPCs, callbacks and attaches, by id
  std::unordered_set<std::uint64_t> rpcs_;  // under way, by number
  Busy everybodys_;                         // reads of the whole stored log
};

Judgement JudgeBound(const Evidence& evidence) {
  return BoundJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kPauseSurvivesRestore{
    "pause-survives-restore",
    "A live restore of a container that was paused, as far as the stored log still tells, is "
    "called "
    "back restore and then pause; that of one that was not is not called back pause.",
    "without the restore callback of a container that was paused or called back so",
    &JudgePause,
};

constinit const Guarantee kRestoreAfterExit{
    "restore-after-exit",
    "A restore without live-restore succeeds only after the exit callback of its container has "
    "ended.",
    "without callbacks, or without a restore without live-restore that succeeded",
    &JudgeAfterExit,
};

constinit const Guarantee kRestoreBounded{
    "restore-bounded",
    "A restore ends within the time that it may wait for an exit (12 s: SIGTERM, SIGKILL, giving "
    "up), beside its RPCs, attaches and callbacks.",
    "without a restore",
    &JudgeBound,
};

}  // namespace scenarios
