#include <unordered_map>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/lives.h"

namespace scenarios {
namespace {

class StartJudge {
 public:
  explicit StartJudge(const Evidence& evidence)
      : journal_(evidence.journal()),
        lives_(evidence.lives()),
        extra_starts_(lives_.all().size()),
        create_(evidence.journal().Find("create")),
        start_(evidence.journal().Find("start-container")) {}

  Judgement Judge() {
    bool any_callback = false;
    for (const Entry& entry : journal_.entries()) {
      const bool begins = entry.kind == EntryKind::kCallbackBegin;
      any_callback |= begins;
      if (begins && entry.what == start_) {
        CalledBack(entry);
      } else if (entry.kind == EntryKind::kCallEnd && entry.what == create_) {
        Returned(entry);
      }
    }
    // Calls that failed are judged by the absence of starts, so somebody must have watched the
    // callbacks.
    if (!any_callback && !any_success_) return {};
    for (std::size_t i = 0; i < extra_starts_.size(); ++i) {
      if (!extra_starts_[i].empty()) BlameExtras(lives_.all()[i], extra_starts_[i]);
    }
    return std::move(findings_).Conclude();
  }

 private:
  void CalledBack(const Entry& callback) {
    const Life* life = lives_.Of(callback);
    if (life == nullptr || callback.seq == life->start_begin) return;
    extra_starts_[lives_.IndexOf(callback)].push_back(callback.seq);
  }

  void Returned(const Entry& end) {
    findings_.Observe();
    const bool failed = end.failed || end.code != 0;
    any_success_ |= !failed;
    const Life* life = lives_.Of(end);
    if (life == nullptr) return;  // it was refused
    const bool ended = life->start_end != 0 && life->start_end < end.seq;
    const std::string name = LifeName(journal_, *life);
    if (failed) {
      if (!ended || life->start_failed) return;
      findings_.Add(name + ": create failed though its start-container had succeeded",
                    {life->start_begin, life->start_end, end.seq});
    } else if (life->start_begin == 0) {
      findings_.Add(name + ": create succeeded without start-container",
                    {life->call_begin, end.seq});
    } else if (!ended) {
      findings_.Add(name + ": create succeeded before its start-container had ended",
                    {life->start_begin, life->start_end, end.seq});
    } else if (life->start_failed) {
      findings_.Add(name + ": create succeeded though its start-container had failed",
                    {life->start_begin, life->start_end, end.seq});
    }
  }

  void BlameExtras(const Life& life, std::vector<std::uint64_t> starts) {
    starts.push_back(life.start_begin);
    std::string what = LifeName(journal_, life) + ": start-container was called back " +
                       std::to_string(starts.size()) + " times";
    findings_.Add(std::move(what), std::move(starts));
  }

  const Journal& journal_;
  const Lives& lives_;
  Findings findings_;
  bool any_success_ = false;
  std::vector<std::vector<std::uint64_t>> extra_starts_;  // by life
  const Symbol create_;
  const Symbol start_;
};

Judgement JudgeCreateStartsOnce(const Evidence& evidence) {
  return StartJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kCreateStartsOnce{
    "create-starts-once",
    "A create succeeds exactly when its container was called back as started once, and that "
    "callback "
    "succeeded and ended before the create returned.",
    "without a create that returned, or when all creates failed and no callback was recorded",
    &JudgeCreateStartsOnce,
};

}  // namespace scenarios
