#include <unordered_map>
#include <unordered_set>

#include "scenarios/guarantees/event_identity.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/made_up_exit_codes.h"

namespace scenarios {
namespace {

class RepetitionJudge {
 public:
  explicit RepetitionJudge(const Evidence& evidence)
      : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) {
      if (words_.IsEngineGone(entry)) {
        seen_.clear();
        repeated_.clear();
      }
      if (entry.kind == EntryKind::kEventDelivered) Delivered(entry);
      if (entry.kind == EntryKind::kCallbackBegin) CalledBack(entry);
    }
    return std::move(findings_).Conclude();
  }

 private:
  struct Key {
    std::uint64_t subject;  // id and process
    std::uint64_t outcome;  // state and code

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return (key.subject * 0x9e3779b97f4a7c15 ^ key.outcome) * 0x9e3779b97f4a7c15;
    }
  };
  struct Repetition {
    std::uint64_t first;
    std::uint64_t again;
  };

  void Delivered(const Entry& event) {
    const auto [seen, fresh] = seen_.try_emplace(IdentityOf(event), event.seq);
    if (fresh) return;
    findings_.Observe();
    const bool of_exec = event.what == words_.exit && event.process != words_.init;
    const Symbol state = of_exec ? words_.exit_process : event.what;
    repeated_[KeyOf(event.id, of_exec ? event.process : Symbol{}, state, event.code)] =
        Repetition{seen->second, event.seq};
  }

  void CalledBack(const Entry& callback) {
    if (evidence_.causes().EventOf(callback) != 0) return;  // by an event of its own
    if (callback.what == words_.start || callback.what == words_.restore) return;
    const bool exit = callback.what == words_.exit;
    const bool exit_process = callback.what == words_.exit_process;
    const bool made_up = (exit && callback.code == kGoneWithoutExit) ||
                         (exit_process && callback.code == kKilledWithInit);
    const Life* life = evidence_.lives().Of(callback);
    // The pause that a restore tells of.
    const bool told = callback.what == words_.pause && life != nullptr && life->restored;
    if (made_up || told) return;
    const Symbol process = exit_process ? callback.process : Symbol{};
    const auto found = repeated_.find(KeyOf(callback.id, process, callback.what, callback.code));
    if (found == repeated_.end()) return;
    findings_.Add(SubjectName(evidence_.journal(), callback) + ": " +
                      evidence_.journal().Text(callback.what) +
                      " was called back again for an event that was delivered again",
                  {found->second.first, found->second.again, callback.seq});
  }

  static Key KeyOf(Symbol id, Symbol process, Symbol state, std::uint32_t code) {
    return {PairKey(id, process), PairKey(state, Symbol{code})};
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  std::unordered_map<EventIdentity, std::uint64_t, EventIdentityHash> seen_;
  std::unordered_map<Key, Repetition, KeyHash> repeated_;
};

Judgement JudgeReplayIsIdempotent(const Evidence& evidence) {
  return RepetitionJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kReplayIsIdempotent{
    "replay-is-idempotent",
    "An event that is delivered again to the same engine (same id, type, process and timestamp) "
    "causes no second callback, wherever its stream was cut or repeated.",
    "without an event that was delivered twice",
    &JudgeReplayIsIdempotent,
};

}  // namespace scenarios
