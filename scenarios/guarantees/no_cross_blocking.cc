#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

using libcontainerd::Duration;

// Something of a container that takes its time: a call, an RPC, an attach, a callback.
struct Activity {
  const Entry* begin = nullptr;
  const Entry* end = nullptr;
};

// What keeps a container's own callbacks waiting.
struct Own {
  std::size_t open = 0;
  Duration free_since{0};  // when the last of them ended
};

class BlockingJudge {
 public:
  explicit BlockingJudge(const Evidence& evidence)
      : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallbackBegin:
        CalledBack(entry);
        Begin(entry, true);
        break;
      case EntryKind::kAttachBegin:
        Begin(entry, true);
        break;
      case EntryKind::kCallBegin:
        if (entry.what == words_.create || entry.what == words_.add_process ||
            entry.what == words_.restore) {
          Begin(entry, true);
        }
        break;
      case EntryKind::kRpcBegin:
        // An exit may have to wait for the State that tells whose it is.
        if (entry.id != Symbol{}) Begin(entry, entry.what == words_.state_rpc);
        break;
      case EntryKind::kCallbackEnd:
      case EntryKind::kAttachEnd:
      case EntryKind::kCallEnd:
      case EntryKind::kRpcEnd:
        End(entry);
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          open_.clear();
          for (Own& own : own_.values()) own = Own{.open = 0, .free_since = entry.t};
          recent_ = {};
        }
        break;
      default:
        break;
    }
  }

  void Begin(const Entry& entry, bool holds_own) {
    open_.emplace(entry.number, Open{&entry, holds_own});
    ++open_of_[entry.id];
    ++open_count_;
    if (holds_own) ++own_[entry.id].open;
  }

  void End(const Entry& entry) {
    const auto found = open_.find(entry.number);
    if (found == open_.end()) return;
    const Open open = found->second;
    open_.erase(found);
    const Symbol id = open.begin->id;
    --open_of_[id];
    --open_count_;
    if (open.holds_own) {
      --own_[id].open;
      own_[id].free_since = entry.t;
    }
    // The two that ended last, of different containers.
    const Activity ended{open.begin, &entry};
    if (recent_[0].begin == nullptr || recent_[0].begin->id == id) {
      if (recent_[0].begin == nullptr || recent_[0].begin->t >= open.begin->t ||
          recent_[0].end->t < entry.t) {
        recent_[0] = ended;
      }
    } else {
      recent_[1] = recent_[0];
      recent_[0] = ended;
    }
  }

  void CalledBack(const Entry& callback) {
    const std::uint64_t cause = evidence_.causes().EventOf(callback);
    if (cause == 0) return;
    const std::size_t others = open_count_ - open_of_[callback.id];
    const std::uint64_t known = evidence_.lives().KnownAt(evidence_.At(cause));
    if (known == 0 || known > callback.seq) return;  // the read of the log still goes on
    const Duration delivered = evidence_.At(known).t;
    const Activity* blocker = RecentOther(callback, delivered);
    if (others == 0 && blocker == nullptr) return;
    findings_.Observe();
    const Own& own = own_[callback.id];
    if (own.open > 0) return;  // it waits for its own create or add-process
    const Duration ready = std::max(delivered, own.free_since);
    const JudgeOptions& options = evidence_.options();
    const Duration due = ready + options.timing.exec_exit_grace + options.promptly;
    if (!evidence_.Late(due, callback.t)) return;
    const Entry* culprit = OpenOther(callback, ready);
    blocker = RecentOther(callback, ready);
    if (culprit == nullptr && blocker != nullptr) culprit = blocker->begin;
    if (culprit == nullptr) return;
    findings_.Add(
        SubjectName(evidence_.journal(), callback) + ": " +
            evidence_.journal().Text(callback.what) + " was called back " +
            std::to_string(
                std::chrono::duration_cast<std::chrono::milliseconds>(callback.t - ready).count()) +
            " ms after it could be, while " + Describe(*culprit) + " was under way",
        {cause, culprit->seq, callback.seq});
  }

  // Of another container, under way from before `since` until after it.
  const Activity* RecentOther(const Entry& callback, Duration since) const {
    for (const Activity& activity : recent_) {
      if (activity.begin == nullptr || activity.begin->id == callback.id) continue;
      if (activity.begin->t <= since && activity.end->t > since) return &activity;
    }
    return nullptr;
  }
  // The oldest that still is. Only asked for a violation.
  const Entry* OpenOther(const Entry& callback, Duration since) const {
    const Entry* oldest = nullptr;
    for (const auto& [number, open] : open_) {
      if (open.begin->id == callback.id || open.begin->t > since) continue;
      if (oldest == nullptr || open.begin->seq < oldest->seq) oldest = open.begin;
    }
    return oldest;
  }

  std::string Describe(const Entry& begin) const {
    const bool attach = begin.kind == EntryKind::kAttachBegin;
    const bool callback = begin.kind == EntryKind::kCallbackBegin;
    const std::string what = attach ? "attach" : evidence_.journal().Text(begin.what);
    return (callback ? "the callback " : "the ") + what + " of " +
           SubjectName(evidence_.journal(), begin);
  }

  struct Open {
    const Entry* begin;
    bool holds_own;
  };

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  std::unordered_map<std::uint64_t, Open> open_;  // by number
  SymbolMap<std::size_t> open_of_;                // how many, by id
  std::size_t open_count_ = 0;
  SymbolMap<Own> own_;
  std::array<Activity, 2> recent_;
};

Judgement JudgeNoCrossBlocking(const Evidence& evidence) {
  return BlockingJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kNoCrossBlocking{
    "no-cross-blocking",
    "From its event's delivery on, a callback waits for nothing but its own container: no RPC, "
    "attach, restore or callback of another one delays it.",
    "without a callback of an event while something of another container was under way",
    &JudgeNoCrossBlocking,
};

}  // namespace scenarios
