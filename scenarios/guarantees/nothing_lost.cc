#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scenarios/guarantees/event_identity.h"
#include "scenarios/guarantees/judging.h"

namespace scenarios {
namespace {

using libcontainerd::Duration;

// An event that the daemon emitted for a life that the engine followed.
struct Emission {
  const Entry* event;
  bool delivered = false;
};

// From when on a stream would have shown what was emitted, and from which timestamp on.
struct Request {
  const Entry* begin = nullptr;
  const Entry* end = nullptr;
};

class LossJudge {
 public:
  explicit LossJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    if (last_end_ == nullptr && !evidence_.journal().entries().empty()) {
      last_end_ = &evidence_.journal().entries().back();
    }
    // Only for what is missing: that is rare.
    for (const auto& [identity, emission] : emissions_) {
      if (!emission.delivered) missing_.push_back(emission.event);
    }
    std::ranges::sort(missing_, {}, &Entry::seq);
    for (const Entry* event : missing_) JudgeMissing(*event);
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kEventEmitted:
        if (evidence_.lives().IndexOf(entry) != kNoLife && last_end_ == nullptr) Emitted(entry);
        break;
      case EntryKind::kEventDelivered:
        // A read of the log that fails may have been made use of.
        if (evidence_.lives().KnownAt(entry) != 0 || evidence_.causes().CallbackOf(entry) != 0) {
          Delivered(entry);
        }
        break;
      case EntryKind::kEventDropped:
        // Text tells who lost it; the log's loss is the daemon's own.
        if (evidence_.journal().Text(entry.text).starts_with("the log's")) {
          emissions_.erase(IdentityOf(entry));
          not_stored_.insert(IdentityOf(entry));
        }
        break;
      case EntryKind::kRpcBegin:
        if (entry.what == words_.events_rpc) Opened(entry);
        break;
      case EntryKind::kRpcEnd:
        if (entry.what == words_.events_rpc) Ended(entry);
        break;
      case EntryKind::kCallBegin:
        if (words_.IsClosing(entry) && last_end_ == nullptr) last_end_ = &entry;
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) last_end_ = &entry;
        if (entry.text == words_.engine_back) Back();
        break;
      default:
        break;
    }
  }

  // What the engine that went away had not heard of is its successor's to find.
  void Back() {
    last_end_ = nullptr;
    live_ = nullptr;
  }

  void Emitted(const Entry& event) {
    if (event.what == words_.start || not_stored_.contains(IdentityOf(event))) return;
    emissions_.try_emplace(IdentityOf(event), Emission{&event, false});
  }

  void Delivered(const Entry& event) {
    const auto found = emissions_.find(IdentityOf(event));
    if (found == emissions_.end()) return;
    found->second.delivered = true;
    if (any_stream_) findings_.Observe();
  }

  void Opened(const Entry& rpc) {
    any_stream_ = true;
    by_number_[rpc.number] = requests_.size();
    requests_.push_back({.begin = &rpc});
    if (!rpc.flag) live_ = &rpc;
  }

  void Ended(const Entry& rpc) {
    const auto found = by_number_.find(rpc.number);
    if (found != by_number_.end()) requests_[found->second].end = &rpc;
  }

  void JudgeMissing(const Entry& event) {
    if (!any_stream_) return;
    const Life& life = evidence_.lives()[Latest(evidence_.lives().IndexOf(event))];
    if (life.superseded) return;  // nobody restored it
    // Nobody follows a container that never started, or that is called back as gone already.
    const bool over = life.exit_begin != 0 && life.exit_begin < event.seq;
    if (over || life.Failed() || life.start_begin == 0 || life.start_failed) return;
    // The client had settled it without the event: gone without an exit, or an exec along with it.
    const bool settled = life.exit_delivered != 0 || life.exit_begin != 0;
    if (settled) return;
    findings_.Observe();
    const Duration interval = evidence_.options().timing.reconcile_interval;
    const Duration bound = interval + evidence_.options().promptly;
    const Entry* reopened = nullptr;
    for (const Request& request : requests_) {
      if (request.begin->seq < event.seq || request.begin->stamp >= event.stamp) continue;
      const bool of_it = request.begin->id == Symbol{} || request.begin->id == event.id;
      if (!of_it) continue;
      const bool answered = request.begin->flag && request.end != nullptr && !Failed(*request.end);
      if (answered) return;  // it was asked for, and the log no longer had it
      const bool cut_short = request.begin->flag && last_end_->kind == EntryKind::kCallBegin &&
                             (request.end == nullptr || request.end->seq > last_end_->seq);
      if (cut_short && request.begin->seq < last_end_->seq) return;  // the client was closed
    }
    for (const Request& request : requests_) {
      const bool later = !request.begin->flag && request.begin->seq > event.seq;
      if (!later || !Stayed(request)) continue;
      reopened = request.begin;
      break;
    }
    const bool waited = live_ != nullptr && live_->seq < event.seq && Until() > event.t + bound;
    if (reopened == nullptr && !waited) return;
    findings_.Add(SubjectName(evidence_.journal(), event) + ": " +
                      evidence_.journal().Text(event.what) +
                      " was never delivered, and the stored log was not read again" +
                      (reopened != nullptr ? " after the stream had been reopened" : ""),
                  {event.seq, reopened != nullptr ? reopened->seq : 0});
  }

  // The same container's latest life.
  LifeIndex Latest(LifeIndex life) const {
    const Lives& lives = evidence_.lives();
    while (lives[life].next != kNoLife && lives[lives[life].next].continues == life) {
      life = lives[life].next;
    }
    return life;
  }

  // Long enough to read the stored log.
  bool Stayed(const Request& request) const {
    const Duration end = request.end != nullptr ? request.end->t : Until();
    return end > request.begin->t + evidence_.options().promptly;
  }
  Duration Until() const { return last_end_->t; }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  std::unordered_map<EventIdentity, Emission, EventIdentityHash> emissions_;
  std::unordered_set<EventIdentity, EventIdentityHash> not_stored_;
  std::vector<Request> requests_;
  std::unordered_map<std::uint64_t, std::size_t> by_number_;
  std::vector<const Entry*> missing_;
  const Entry* live_ = nullptr;      // the latest live stream
  const Entry* last_end_ = nullptr;  // of the client, or the journal
  bool any_stream_ = false;
};

Judgement JudgeNothingLost(const Evidence& evidence) {
  return LossJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kNothingLostOnReconnect{
    "nothing-lost-on-reconnect",
    "An event that the daemon still has in its log reaches the client: after each subscription, "
    "and "
    "at an interval, the stored log is read once more from before the event.",
    "without emitted events of a container that the client follows, or without an event stream",
    &JudgeNothingLost,
};

}  // namespace scenarios
