#include <unordered_map>

#include "scenarios/guarantees/event_queue.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/lives.h"
#include "scenarios/made_up_exit_codes.h"

namespace scenarios {
namespace {

class CodeJudge {
 public:
  explicit CodeJudge(const Evidence& evidence)
      : journal_(evidence.journal()),
        lives_(evidence.lives()),
        exit_(evidence.journal().Find("exit")),
        exit_process_(evidence.journal().Find("exit-process")),
        init_(evidence.journal().Find("init")) {}

  Judgement Judge() {
    for (const Entry& entry : journal_.entries()) {
      const LifeIndex life = lives_.IndexOf(entry);
      switch (entry.kind) {
        case EntryKind::kEventEmitted:
        case EntryKind::kEventDropped:
          any_event_ = true;
          break;
        case EntryKind::kEventDelivered:
          any_event_ = true;
          if (life != kNoLife && entry.what == exit_ && entry.process != init_) {
            exec_exits_[{life, entry.process}].Push(&entry);
          }
          break;
        case EntryKind::kCallbackBegin:
          if (life == kNoLife) break;
          if (entry.what == exit_) JudgeExit(entry, lives_[life]);
          if (entry.what == exit_process_) JudgeExec(entry, life);
          break;
        default:
          break;
      }
    }
    if (!any_event_) return {};
    return std::move(findings_).Conclude();
  }

 private:
  using ExecKey = std::pair<LifeIndex, Symbol>;
  struct ExecKeyHash {
    std::size_t operator()(const ExecKey& key) const {
      return (std::uint64_t{key.first} << 32 ^ static_cast<std::uint64_t>(key.second)) *
             0x9e3779b97f4a7c15;
    }
  };

  void JudgeExit(const Entry& callback, const Life& life) {
    findings_.Observe();
    const bool known = life.exit_delivered != 0 && life.exit_delivered < callback.seq;
    // Of a restore without any read of the stored log nobody can tell.
    if (!known && life.restored && !lives_.AnyStoredRead()) return;
    const std::uint32_t expected =
        known ? journal_.entries()[life.exit_delivered - 1].code : kGoneWithoutExit;
    if (callback.code == expected) return;
    // What the log told in the same moment, or in a read that did not end, may have come too late.
    const bool certain = life.exit_known != 0 && life.exit_known < callback.seq &&
                         (life.exit_known == life.exit_delivered ||
                          journal_.entries()[life.exit_known - 1].t != callback.t);
    // Nor can it be told from the exit of a life before, if a sign of life stood behind it.
    if (known && (!certain || life.exit_doubtful) && callback.code == kGoneWithoutExit) return;
    findings_.Add(LifeName(journal_, life) + ": exit code " + std::to_string(callback.code) +
                      " was called back, " +
                      (known ? "init's exit had status " + std::to_string(expected)
                             : "but no exit of init had been delivered, which is 255"),
                  {known ? life.exit_delivered : 0, callback.seq});
  }

  void JudgeExec(const Entry& callback, LifeIndex index) {
    findings_.Observe();
    EventQueue& exits = exec_exits_[{index, callback.process}];
    const Life& life = lives_[index];
    const Entry* last = exits.Back();
    // An exit in front of the one that fits was absorbed: its add-process had failed.
    while (!exits.empty()) {
      if (exits.Pop()->code == callback.code) return;
    }
    const bool behind_init =
        last != nullptr && life.exit_delivered != 0 && last->seq > life.exit_delivered;
    if (callback.code == kKilledWithInit && (last == nullptr || behind_init)) return;
    findings_.Add(LifeName(journal_, life) + ", " + journal_.Text(callback.process) +
                      ": exit code " + std::to_string(callback.code) + " was called back, " +
                      (last != nullptr ? "its exit had status " + std::to_string(last->code)
                                       : "but no exit of it had been delivered, which is 137"),
                  {last != nullptr ? last->seq : 0, callback.seq});
  }

  const Journal& journal_;
  const Lives& lives_;
  Findings findings_;
  bool any_event_ = false;
  std::unordered_map<ExecKey, EventQueue, ExecKeyHash> exec_exits_;
  const Symbol exit_;
  const Symbol exit_process_;
  const Symbol init_;
};

Judgement JudgeTrueExitCode(const Evidence& evidence) {
  return CodeJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kTrueExitCode{
    "true-exit-code",
    "An exit callback carries the status of its own life's init, as delivered or read in the "
    "stored "
    "log before the callback began, and 255 where none was; never an exec's status and never an "
    "invented 0. It may be 255, too, where something stood behind the exit in the log that "
    "only a living container causes, which might be another life's then. An exit-process carries "
    "the status of its own process, or "
    "137 where init's exit came first.",
    "without events, or without an exit or exit-process callback",
    &JudgeTrueExitCode,
};

}  // namespace scenarios
