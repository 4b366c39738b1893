#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/lives.h"

namespace scenarios {
namespace {

class BoundsJudge {
 public:
  explicit BoundsJudge(const Evidence& evidence)
      : journal_(evidence.journal()), lives_(evidence.lives()) {}

  Judgement Judge() {
    for (const Entry& entry : journal_.entries()) {
      if (entry.kind == EntryKind::kCallbackBegin) CalledBack(entry);
    }
    return std::move(findings_).Conclude();
  }

 private:
  void CalledBack(const Entry& callback) {
    findings_.Observe();
    const Life* life = lives_.Of(callback);
    if (life == nullptr) {
      findings_.Add(journal_.Text(callback.id) + ": " + journal_.Text(callback.what) +
                        " was called back though no create or restore of it was accepted",
                    {callback.seq});
      return;
    }
    if (callback.seq == life->start_begin) return Started(callback, *life);
    const bool exit_alone = life->restored && callback.seq == life->exit_begin;
    const bool started = life->start_begin != 0 && life->start_begin < callback.seq;
    if (!started && !exit_alone)
      Blame(callback, *life, " was called back without a start before it", 0);
    if (life->exit_begin != 0 && callback.seq > life->exit_begin) {
      Blame(callback, *life, " was called back after its exit", life->exit_begin);
    }
  }

  void Started(const Entry& callback, const Life& life) {
    if (life.previous == kNoLife) return;
    const Life& before = lives_[life.previous];
    if (!before.Started() || before.Failed() || before.superseded) return;
    if (before.exit_end != 0 && before.exit_end < callback.seq) return;
    findings_.Add(LifeName(journal_, life) + ": " + journal_.Text(callback.what) +
                      " was called back before the exit callback of the life before it had ended",
                  {before.start_begin, before.exit_begin, callback.seq});
  }

  void Blame(const Entry& callback, const Life& life, const char* what, std::uint64_t other) {
    findings_.Add(LifeName(journal_, life) + ": " + journal_.Text(callback.what) + what,
                  {other, callback.seq});
  }

  const Journal& journal_;
  const Lives& lives_;
  Findings findings_;
};

Judgement JudgeStartFirstExitLast(const Evidence& evidence) {
  return BoundsJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kStartFirstExitLast{
    "start-first-exit-last",
    "The first callback of a life is start-container (restore, if a restore began it), the last is "
    "exit, and the exit callback has ended before the next life of that id is called back as "
    "started. "
    "A restore of a container that is gone, and one that ends it, have their exit alone.",
    "without a callback",
    &JudgeStartFirstExitLast,
};

}  // namespace scenarios
