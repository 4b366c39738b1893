#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "libcontainerd/time_text.h"
#include "scenarios/guarantees/judging.h"

namespace scenarios {
namespace {

class MonotoneJudge {
 public:
  explicit MonotoneJudge(const Evidence& evidence)
      : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    FindReadsOfRestores();
    FindOomsOfRestores();
    for (const Entry& entry : evidence_.journal().entries()) {
      switch (entry.kind) {
        case EntryKind::kEventDelivered:
          Delivered(entry);
          break;
        case EntryKind::kCursorWriting:
          Written(entry);
          break;
        case EntryKind::kCursorWritten:
          if (!entry.failed) certain_ = latest_;
          break;
        case EntryKind::kNote:
          if (words_.IsEngineGone(entry)) {
            pending_ = {};
            latest_ = certain_;  // the next one begins with what it reads
          }
          if (entry.text == words_.cursor_replaced) latest_ = certain_ = nullptr;
          break;
        default:
          break;
      }
    }
    return std::move(findings_).Conclude();
  }

 private:
  using Pending = std::pair<std::int64_t, std::uint64_t>;  // timestamp, seq of the delivery

  void FindReadsOfRestores() {
    for (const Entry& entry : evidence_.journal().entries()) {
      if (entry.kind == EntryKind::kRpcBegin && entry.what == words_.events_rpc && entry.flag &&
          entry.id != Symbol{}) {
        restores_.insert(entry.number);
      }
      if (entry.kind == EntryKind::kEventDelivered && entry.flag &&
          restores_.contains(entry.number)) {
        found_by_restores_.insert(entry.stamp);
      }
    }
  }

  // While it is under way, the stream may tell of what it finds in the log.
  bool IsOfRestore(const Entry& event) const {
    if (evidence_.lives().WasUnclaimed(event)) return true;
    if (event.flag && restores_.contains(event.number)) return true;
    const Life* life = evidence_.lives().Of(event);
    const bool restoring = life != nullptr && life->restored &&
                           (life->start_begin == 0 || event.seq < life->start_begin);
    return restoring && found_by_restores_.contains(event.stamp);
  }

  // Of the ooms that a restore finds, those that came before it are not called back.
  void FindOomsOfRestores() {
    const Lives& lives = evidence_.lives();
    std::vector<std::vector<std::uint64_t>> came(lives.all().size());
    std::vector<std::size_t> told(lives.all().size());
    for (const Entry& entry : evidence_.journal().entries()) {
      const LifeIndex index = lives.IndexOf(entry);
      if (index == kNoLife || entry.what != words_.oom || !lives[index].restored) continue;
      if (entry.kind == EntryKind::kEventDelivered) {
        of_restores_[entry.seq] = 0;
        if (!entry.flag && entry.seq > lives[index].begin) came[index].push_back(entry.seq);
      }
      if (entry.kind != EntryKind::kCallbackBegin || told[index] == came[index].size()) continue;
      of_restores_[came[index][told[index]++]] = entry.seq;
    }
  }

  std::uint64_t CallbackOf(const Entry& event) const {
    const auto found = of_restores_.find(event.seq);
    return found != of_restores_.end() ? found->second : evidence_.causes().CallbackOf(event);
  }

  void Delivered(const Entry& event) {
    const std::uint64_t callback = CallbackOf(event);
    // What a restore finds, or claims, the next one will find again whatever the cursor says.
    if (callback == 0 || IsOfRestore(event)) {
      handled_at_.try_emplace(event.stamp, event.seq);
      return;
    }
    pending_.emplace(event.stamp, event.seq);
  }

  bool Handled(const Entry& event, const Entry& write) const {
    const std::uint64_t end = evidence_.causes().EndOf(CallbackOf(event));
    return end != 0 && end < write.seq;
  }

  void Written(const Entry& write) {
    findings_.Observe();
    if (latest_ != nullptr && write.stamp < latest_->stamp) {
      findings_.Add("the cursor goes back from " + Text(*latest_) + " to " + Text(write),
                    {latest_->seq, write.seq});
    }
    if (latest_ == nullptr || write.stamp > latest_->stamp) latest_ = &write;
    while (!pending_.empty() && pending_.top().first <= write.stamp) {
      const Entry& event = evidence_.At(pending_.top().second);
      if (!Handled(event, write)) {
        Blame(event, write);
        return;
      }
      handled_at_.try_emplace(event.stamp, event.seq);
      pending_.pop();
    }
  }

  void Blame(const Entry& event, const Entry& write) {
    // Another event of the same time was handled before this one came.
    const auto twin = handled_at_.find(write.stamp);
    if (event.stamp == write.stamp && twin != handled_at_.end() && twin->second < event.seq) return;
    const std::uint64_t callback = CallbackOf(event);
    findings_.Add("the cursor " + Text(write) + " passes the " +
                      evidence_.journal().Text(event.what) + " of " +
                      SubjectName(evidence_.journal(), event) + ", whose callback has not ended",
                  {event.seq, callback < write.seq ? callback : 0, write.seq});
    pending_.pop();  // once is enough
  }

  std::string Text(const Entry& write) const { return evidence_.journal().Text(write.text); }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  const Entry* latest_ = nullptr;
  const Entry* certain_ = nullptr;  // the latest whose writing did not fail
  std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
  std::unordered_set<std::uint64_t> restores_;          // reads of the log about one container …
  std::unordered_set<std::int64_t> found_by_restores_;  // timestamps, in the stored log
  std::unordered_map<std::uint64_t, std::uint64_t> of_restores_;  // ooms and their callbacks
  std::unordered_map<std::int64_t, std::uint64_t> handled_at_;    // timestamp: seq of the delivery
};

Judgement JudgeMonotone(const Evidence& evidence) {
  return MonotoneJudge(evidence).Judge();
}

class TornJudge {
 public:
  explicit TornJudge(const Evidence& evidence)
      : journal_(evidence.journal()), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : journal_.entries()) {
      switch (entry.kind) {
        case EntryKind::kCursorWriting:
          Writing(entry);
          break;
        case EntryKind::kCursorWritten:
          if (!entry.failed && writing_ != nullptr && writing_->number == entry.number) {
            written_ = writing_;
            replaced_ = false;
            maybe_.clear();
          }
          break;
        case EntryKind::kCursorRead:
          if (!entry.failed) Read(entry);
          break;
        case EntryKind::kNote:
          if (entry.text == words_.cursor_replaced) {
            written_ = writing_ = nullptr;
            replaced_ = true;
            maybe_.clear();
          }
          break;
        default:
          break;
      }
    }
    return std::move(findings_).Conclude();
  }

 private:
  void Writing(const Entry& write) {
    findings_.Observe();
    writing_ = &write;
    maybe_.push_back(&write);
    if (libcontainerd::ParseTime(journal_.Text(write.text))) return;
    findings_.Add("what is written as the cursor is no time: \"" + journal_.Text(write.text) + "\"",
                  {write.seq});
  }

  // The last that was written, or one whose writing did not end well.
  void Read(const Entry& read) {
    // An earlier run's, or what somebody put there.
    if (written_ == nullptr && (maybe_.empty() || replaced_)) return;
    findings_.Observe();
    if (written_ != nullptr && read.text == written_->text) return;
    if (written_ == nullptr && read.text == Symbol{}) return;
    for (const Entry* write : maybe_) {
      if (read.text == write->text) return;
    }
    // Nothing of this run was written for certain: it may be what stood there before.
    if (written_ == nullptr && libcontainerd::ParseTime(journal_.Text(read.text))) return;
    std::vector<std::uint64_t> entries{read.seq};
    if (written_ != nullptr) entries.push_back(written_->seq);
    for (const Entry* write : maybe_) entries.push_back(write->seq);
    findings_.Add("the cursor reads \"" + journal_.Text(read.text) + "\", which was never written",
                  std::move(entries));
  }

  const Journal& journal_;
  const Words& words_;
  Findings findings_;
  const Entry* written_ = nullptr;  // for certain
  const Entry* writing_ = nullptr;
  bool replaced_ = false;            // since then
  std::vector<const Entry*> maybe_;  // begun since then
};

Judgement JudgeTorn(const Evidence& evidence) {
  return TornJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kCursorMonotone{
    "cursor-monotone",
    "The cursor never goes back, and never reaches the timestamp of a delivered event whose "
    "callback has not ended; but for what a restore finds in the stored log, which the next one "
    "finds again.",
    "without a write of the cursor",
    &JudgeMonotone,
};

constinit const Guarantee kCursorNeverTorn{
    "cursor-never-torn",
    "Whatever is written as the cursor is a time, and whenever the file is read, after a crash "
    "too, "
    "it holds what was written last, or what was being written.",
    "without a write of the cursor",
    &JudgeTorn,
};

}  // namespace scenarios
