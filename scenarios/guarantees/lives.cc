#include "scenarios/guarantees/lives.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "scenarios/guarantees/event_identity.h"
#include "scenarios/guarantees/exec_attempts.h"
#include "scenarios/guarantees/held_emissions.h"
#include "scenarios/guarantees/incarnations.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/look_ahead.h"
#include "scenarios/guarantees/succession.h"
#include "scenarios/guarantees/symbol_map.h"
#include "scenarios/guarantees/words.h"

namespace scenarios {
namespace {

struct SeenEvent {
  LifeIndex life;
  std::uint32_t delivered_to = 0;  // the engine, counted from 1
  std::uint64_t delivered = 0;     // to it, for the first time
  std::uint64_t read = 0;          // the latest read of the stored log that told of it
};

struct OpenCall {
  std::uint64_t number;
  std::uint64_t seq;
  LifeIndex life = kNoLife;
};

struct Container {
  LifeIndex latest = kNoLife;
  LifeIndex unfinished = kNoLife;  // the life before it, while that lacks its exit callback
  std::vector<OpenCall> creates;   // these four: under way
  std::vector<OpenCall> restores;
  std::vector<OpenCall> rpcs;
  std::vector<OpenCall> callbacks;
  std::vector<OpenCall> left_rpcs;       // of an engine that is gone: the daemon goes on with them
  std::vector<std::uint64_t> unclaimed;  // delivered to an engine that has not restored it
  std::optional<OpenCall> failed_restore;  // an exit may come of it all the same
};

auto FindNumber(std::vector<OpenCall>& open, std::uint64_t number) {
  return std::ranges::find(open, number, &OpenCall::number);
}

}  // namespace

class LifeCutter {
 public:
  explicit LifeCutter(const Journal& journal)
      : journal_(journal),
        ahead_(journal),
        words_(journal),
        execs_(words_),
        held_(journal, words_) {}

  Lives Cut() {
    result_.of_entry_.assign(journal_.entries().size(), kNoLife);
    for (const Entry& entry : journal_.entries()) {
      const std::uint64_t absorbed = execs_.Visit(entry);
      if (absorbed != 0) result_.of_entry_[absorbed - 1] = kNoLife;
      result_.of_entry_[entry.seq - 1] = Visit(entry);
    }
    for (Life& life : result_.lives_) {
      life.exit_known = KnownAt(life.exit_delivered);
      life.oom_known = KnownAt(life.oom_delivered);
    }
    return std::move(result_);
  }

 private:
  std::uint64_t KnownAt(std::uint64_t delivered) const {
    return delivered == 0 ? 0 : result_.KnownAt(EntryAt(delivered));
  }

  LifeIndex Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        return CallBegin(entry);
      case EntryKind::kCallEnd:
        return CallEnd(entry);
      case EntryKind::kRpcBegin:
        if (entry.what == words_.events_rpc && entry.flag) result_.any_stored_read_ = true;
        return entry.what == words_.create_rpc ? RpcBegin(entry) : kNoLife;
      case EntryKind::kRpcEnd:
        if (entry.what == words_.events_rpc && !Failed(entry)) EndStoredRead(entry);
        return entry.what == words_.create_rpc ? RpcEnd(entry) : kNoLife;
      case EntryKind::kNote:
        if (entry.text == words_.engine_gone) EngineGone(entry);
        return kNoLife;
      case EntryKind::kEventEmitted:
        return EventEmitted(entry);
      case EntryKind::kEventDelivered:
        return EventDelivered(entry);
      case EntryKind::kHeld:
        if (held_.Concerns(entry))
          held_.Held(entry, succession_.Living(containers_[entry.id].latest));
        return kNoLife;
      case EntryKind::kReleased:
        held_.Released(entry);
        return kNoLife;
      case EntryKind::kCallbackBegin:
        return CallbackBegin(entry);
      case EntryKind::kCallbackEnd:
        return CallbackEnd(entry);
      default:
        return kNoLife;
    }
  }

  const Entry& EntryAt(std::uint64_t seq) const { return journal_.entries()[seq - 1]; }
  // The reference holds until the next life begins.
  Life& At(LifeIndex index) { return result_.lives_[index]; }

  LifeIndex Begin(Container& container, const Entry& shown_by, OpenCall* call, bool restored) {
    const auto index = static_cast<LifeIndex>(result_.lives_.size());
    engine_of_.push_back(engine_);
    Life& life = result_.lives_.emplace_back();
    life.id = shown_by.id;
    life.restored = restored;
    life.begin = call != nullptr ? call->seq : shown_by.seq;
    if (call != nullptr) Assign(*call, index);
    life.previous = container.latest;
    container.unfinished = kNoLife;
    container.failed_restore.reset();
    if (container.latest != kNoLife) {
      Life& previous = At(container.latest);
      previous.next = index;
      life.ordinal = previous.ordinal + 1;
      const bool unfinished =
          previous.exit_begin == 0 && previous.start_begin != 0 && !previous.Failed();
      if (unfinished && restored) previous.superseded = true;
      if (unfinished && !restored && !previous.superseded) container.unfinished = container.latest;
      // The same container: what the daemon emitted of it is this life's now.
      const LifeIndex source =
          restored ? succession_.TakenOver(container.latest, shown_by) : kNoLife;
      if (source != kNoLife) {
        Life& present = At(index);
        present.continues = source;
        present.exit_emitted = At(source).exit_emitted;
        present.oom_emitted = At(source).oom_emitted;
      }
    }
    container.latest = index;
    if (restored) Claim(container, index);
    return index;
  }

  void Assign(OpenCall& call, LifeIndex index) {
    call.life = index;
    At(index).call_begin = call.seq;
    result_.of_entry_[call.seq - 1] = index;
  }

  // The oldest one under way that led to no life yet; null if there is none.
  static OpenCall* Unused(std::vector<OpenCall>& calls) {
    const auto found = std::ranges::find(calls, kNoLife, &OpenCall::life);
    return found == calls.end() ? nullptr : &*found;
  }

  LifeIndex CallBegin(const Entry& entry) {
    closing_ |= entry.what == words_.close;
    if (entry.what == words_.create) {
      Container& container = containers_[entry.id];
      container.creates.push_back({entry.number, entry.seq});
      const bool tracked = container.latest != kNoLife && At(container.latest).exit_begin == 0 &&
                           !At(container.latest).Failed();
      if (!ahead_.has_rpcs() && !tracked) {
        return Begin(container, entry, &container.creates.back(), false);
      }
    } else if (entry.what == words_.restore) {
      Container& container = containers_[entry.id];
      if (ahead_.LedToNothing(entry)) {
        container.failed_restore = OpenCall{entry.number, entry.seq};
        return kNoLife;
      }
      container.restores.push_back({entry.number, entry.seq});
      const LifeIndex life = Begin(container, entry, &container.restores.back(), true);
      At(life).live = entry.flag;
      return life;
    }
    return kNoLife;
  }

  LifeIndex CallEnd(const Entry& entry) {
    if (entry.what != words_.create && entry.what != words_.restore) return kNoLife;
    Container& container = containers_[entry.id];
    std::vector<OpenCall>& open =
        entry.what == words_.create ? container.creates : container.restores;
    const auto call = FindNumber(open, entry.number);
    if (call == open.end()) return kNoLife;
    OpenCall ended = *call;
    open.erase(call);
    if (entry.what == words_.create && ended.life != kNoLife && Failed(entry) &&
        At(ended.life).rpc_begin != 0 && At(ended.life).rpc_end == 0) {
      // Its RPC is still under way: if another create waits, the RPC is that one's and this call
      // was refused.
      OpenCall* other = Unused(open);
      if (other != nullptr && other->seq < At(ended.life).rpc_begin) {
        At(ended.life).begin = other->seq;
        Assign(*other, ended.life);
        result_.of_entry_[ended.seq - 1] = kNoLife;
        return kNoLife;
      }
    }
    // A success without an RPC claims a life that nothing else shows.
    if (entry.what == words_.create && ended.life == kNoLife && !Failed(entry)) {
      Begin(container, entry, &ended, false);
    }
    if (ended.life == kNoLife) return kNoLife;
    At(ended.life).call_end = entry.seq;
    At(ended.life).call_failed = Failed(entry);
    At(ended.life).abandoned =
        closing_ && entry.code == static_cast<std::uint32_t>(libcontainerd::ErrorCode::kCancelled);
    return ended.life;
  }

  LifeIndex RpcBegin(const Entry& entry) {
    Container& container = containers_[entry.id];
    const LifeIndex life = Begin(container, entry, Unused(container.creates), false);
    At(life).rpc_begin = entry.seq;
    container.rpcs.push_back({entry.number, entry.seq, life});
    return life;
  }

  LifeIndex RpcEnd(const Entry& entry) {
    Container& container = containers_[entry.id];
    const bool present = FindNumber(container.rpcs, entry.number) != container.rpcs.end();
    std::vector<OpenCall>& rpcs = present ? container.rpcs : container.left_rpcs;
    const auto rpc = FindNumber(rpcs, entry.number);
    if (rpc == rpcs.end()) return kNoLife;
    const LifeIndex life = rpc->life;
    rpcs.erase(rpc);
    if (!present && Failed(entry) && OutcomeUnknown(entry)) return kNoLife;
    At(life).rpc_end = entry.seq;
    At(life).rpc_failed = Failed(entry);
    At(life).rpc_refused_as_existing =
        entry.code == static_cast<std::uint32_t>(libcontainerd::ErrorCode::kAlreadyExists);
    if (Failed(entry) && !OutcomeUnknown(entry)) At(life).abandoned = false;
    if (!present && Failed(entry)) TakeOverBefore(life);
    return life;
  }

  // A restore came before that was known: what it took over is the container that was there.
  void TakeOverBefore(LifeIndex refused) {
    const LifeIndex restored = At(refused).next;
    const LifeIndex before = succession_.LeftBehind(refused);
    if (restored == kNoLife || At(restored).continues != refused || before == kNoLife) return;
    At(restored).continues = before;
    At(restored).exit_emitted = At(before).exit_emitted;
    At(restored).oom_emitted = At(before).oom_emitted;
  }

  LifeIndex EventEmitted(const Entry& entry) {
    if (entry.what == words_.start) incarnations_.Note(entry, StartEmitted(entry));
    if (!words_.IsCalledBack(entry)) return kNoLife;
    const LifeIndex life = LifeOfEmission(entry);
    incarnations_.Note(entry, succession_.Origin(life));
    if (!events_.try_emplace(IdentityOf(entry), SeenEvent{life}).second) return kNoLife;
    if (life == kNoLife) return kNoLife;
    if (words_.IsInitExit(entry) && At(life).exit_emitted == 0) At(life).exit_emitted = entry.seq;
    if (entry.what == words_.oom && At(life).oom_emitted == 0) At(life).oom_emitted = entry.seq;
    return life;
  }

  LifeIndex LifeOfEmission(const Entry& entry) {
    const auto held = held_.Take(entry);
    const LifeIndex latest = containers_[entry.id].latest;
    // Behind the start-container of the next one nobody can tell that who is told of it.
    const LifeIndex root = succession_.Origin(latest);
    const bool behind_start = root != kNoLife && At(root).start_emitted != 0;
    const LifeIndex bearer = behind_start ? kNoLife : incarnations_.Of(entry);
    if (bearer != kNoLife) return succession_.Latest(bearer);
    if (held) return *held;
    const LifeIndex ended = words_.IsInitExit(entry) ? kNoLife : succession_.EndedBefore(latest);
    return LifeAt(ended != kNoLife ? ended : succession_.Living(latest), entry.stamp);
  }

  // The life that has started: kNoLife if nobody asked for it.
  LifeIndex StartEmitted(const Entry& entry) {
    Container& container = containers_[entry.id];
    const LifeIndex root = succession_.Origin(container.latest);
    const bool behind_exit = root != kNoLife && At(root).rpc_begin != 0 &&
                             At(root).start_emitted == 0 && At(root).exit_emitted != 0 &&
                             !incarnations_.IsAnothers(root, entry);
    const Life* const latest = root == kNoLife ? nullptr : &At(container.latest);
    const bool known = latest != nullptr && latest->exit_emitted == 0 && latest->exit_begin == 0 &&
                       !latest->Failed();
    LifeIndex started = incarnations_.Of(entry);
    if (started == kNoLife) started = succession_.UntoldBefore(container.latest);
    if (started == kNoLife && (behind_exit || known)) started = root;
    if (started != kNoLife) {
      if (At(started).start_emitted == 0) At(started).start_emitted = entry.seq;
      return started;
    }
    // A create of an engine that crashed went on without it.
    if (!ahead_.has_rpcs() || gone_ == 0 || !container.rpcs.empty()) return kNoLife;
    if (IsBeingRestored(container.latest)) {  // that is what it finds in the end
      Life& restored = At(container.latest);
      restored.continues = kNoLife;
      restored.start_emitted = entry.seq;
      restored.exit_emitted = restored.oom_emitted = 0;
      restored.exit_delivered = restored.oom_delivered = 0;
      return container.latest;
    }
    const LifeIndex life = Begin(container, entry, nullptr, false);
    engine_of_[life] = engine_ - 1;
    At(life).start_emitted = entry.seq;
    At(life).superseded = true;
    At(life).engine_gone = gone_;
    return life;
  }

  LifeIndex EventDelivered(const Entry& entry) {
    if (entry.flag) stored_[entry.number].push_back(entry.seq);
    if (!words_.IsCalledBack(entry)) return kNoLife;
    const auto [event, unannounced] = events_.try_emplace(IdentityOf(entry), SeenEvent{kNoLife});
    SeenEvent& seen = event->second;
    if (unannounced && !ahead_.IsBeforeLastStart(entry)) {
      seen.life = LifeAt(succession_.Living(containers_[entry.id].latest), entry.stamp);
    }
    // What one read tells twice has its place where it stands first.
    if (entry.flag && std::exchange(seen.read, entry.number) == entry.number) return kNoLife;
    const LifeIndex asking = AskedFor(entry);
    if (asking != kNoLife && words_.IsInitExit(entry)) {
      At(asking).exit_doubtful |= ahead_.IsBeforeSignOfLife(entry);
    }
    if (asking != kNoLife && entry.what == words_.oom) {
      const bool start_lost = succession_.MayRun(asking) && ahead_.IsBehindLastExit(entry);
      const bool doubtful = ahead_.IsBeforeLastStart(entry) || start_lost;
      At(asking).oom_doubtful |= doubtful;
      At(asking).oom_possible |= doubtful || ahead_.IsVague(entry) ||
                                 (succession_.MayRun(asking) && ahead_.IsOfLastPart(entry));
    }
    if (asking != kNoLife && ahead_.IsBeforeLastStart(entry)) Withdraw(At(asking), entry);
    if (asking != kNoLife && !ahead_.IsBeforeLastStart(entry) && !succession_.MayRun(asking)) {
      PreferTo(At(asking), entry);
      return Deliver(entry, seen, asking);
    }
    if (seen.delivered_to == engine_) {
      if (!entry.flag) result_.known_.try_emplace(seen.delivered, entry.seq);
      return kNoLife;
    }
    LifeIndex life = succession_.Latest(seen.life);
    const LifeIndex latest = containers_[entry.id].latest;
    const bool stranger = latest == kNoLife;
    // Nobody knows more of that container than the restore that looks for it.
    const bool alone = IsBeingRestored(latest) && At(latest).previous == kNoLife;
    if (life == kNoLife && alone && !ahead_.IsBeforeLastStart(entry)) life = latest;
    if (stranger || (life != kNoLife && (engine_of_[life] != engine_ || At(life).given_up != 0))) {
      containers_[entry.id].unclaimed.push_back(entry.seq);
      return kNoLife;
    }
    if (IsBeingRestored(life) && words_.IsInitExit(entry) && !succession_.MayRun(life))
      PreferTo(At(life), entry);
    return Deliver(entry, seen, life);
  }

  // The restore that reads of an event for itself, and has not told of an exit yet.
  LifeIndex AskedFor(const Entry& entry) {
    if (!ahead_.IsOfOwnRead(entry)) return kNoLife;
    const LifeIndex latest = containers_[entry.id].latest;
    return IsBeingRestored(latest) && At(latest).exit_begin == 0 ? latest : kNoLife;
  }

  bool IsBeingRestored(LifeIndex life) {
    if (life == kNoLife || engine_of_[life] != engine_) return false;
    return At(life).restored && At(life).call_end == 0;
  }

  // The last exit is the one that counts, with what stands between it and the one before. The
  // restore's own read knows the order better than what came before it.
  void PreferTo(Life& life, const Entry& later) const {
    const auto same_read = [&](std::uint64_t seq) {
      return EntryAt(seq).flag == later.flag && EntryAt(seq).number == later.number;
    };
    if (later.what == words_.oom && life.oom_delivered != 0 && !same_read(life.oom_delivered)) {
      life.oom_delivered = 0;
    }
    if (!words_.IsInitExit(later) || life.exit_delivered == 0) return;
    const Entry& exit = EntryAt(life.exit_delivered);
    const bool again = IdentityOf(exit) == IdentityOf(later);
    // What the log does not have yet stands behind it. Each has its place in one order only.
    if (!again && !same_read(exit.seq) && exit.stamp > later.stamp) {
      if (life.oom_delivered != 0 && same_read(life.oom_delivered)) life.oom_delivered = 0;
      return;
    }
    if (again && life.oom_delivered != 0 && !same_read(life.oom_delivered)) return;
    const bool earlier = life.oom_delivered != 0 &&
                         (same_read(exit.seq) ? life.oom_delivered < exit.seq
                                              : EntryAt(life.oom_delivered).stamp < exit.stamp);
    if (!again && earlier) life.oom_delivered = 0;
    life.exit_delivered = 0;
  }

  // The restore's own read knows that it was another life's.
  void Withdraw(Life& life, const Entry& earlier) const {
    for (std::uint64_t* delivered : {&life.exit_delivered, &life.oom_delivered}) {
      if (*delivered != 0 && IdentityOf(EntryAt(*delivered)) == IdentityOf(earlier)) *delivered = 0;
    }
  }

  LifeIndex Deliver(const Entry& entry, SeenEvent& seen, LifeIndex life) {
    seen.delivered_to = engine_;
    seen.delivered = entry.seq;
    if (life == kNoLife) return kNoLife;
    if (entry.what == words_.exit && entry.process != words_.init && execs_.Absorbs(entry))
      return kNoLife;
    if (words_.IsInitExit(entry) && At(life).exit_delivered == 0)
      At(life).exit_delivered = entry.seq;
    if (words_.IsInitExit(entry) && ahead_.IsBeforeSignOfLife(entry)) At(life).exit_doubtful = true;
    if (entry.what == words_.oom && At(life).oom_delivered == 0) At(life).oom_delivered = entry.seq;
    return life;
  }

  // A restore has come.
  void Claim(Container& container, LifeIndex life) {
    std::vector<std::uint64_t> claimed = std::exchange(container.unclaimed, {});
    std::ranges::stable_sort(claimed, {}, [&](std::uint64_t seq) { return EntryAt(seq).stamp; });
    // One that ended is the one whose exit came last.
    LifeIndex ended = kNoLife;
    for (const std::uint64_t seq : claimed) {
      if (words_.IsInitExit(EntryAt(seq)))
        ended = events_.find(IdentityOf(EntryAt(seq)))->second.life;
    }
    ended = succession_.Origin(ended);
    for (const std::uint64_t seq : claimed) {
      const Entry& entry = EntryAt(seq);
      SeenEvent& seen = events_.find(IdentityOf(entry))->second;
      if (seen.delivered_to == engine_) continue;
      const bool present = succession_.MayRun(life) || ended == kNoLife;
      const bool of_it = present
                             ? succession_.Latest(seen.life) == life
                             : words_.IsInitExit(entry) || succession_.Origin(seen.life) == ended;
      const bool unknown = seen.life == kNoLife && At(life).previous == kNoLife;
      if (entry.what == words_.oom && IsOfStart(life, seen.life)) At(life).oom_possible = true;
      if (!of_it && !unknown) continue;
      if (!succession_.MayRun(life)) PreferTo(At(life), entry);
      result_.unclaimed_.insert(seq);
      result_.of_entry_[seq - 1] = Deliver(entry, seen, life);
    }
  }

  // Of a create that was still under way: the restore may come to what that makes.
  bool IsOfStart(LifeIndex restored, LifeIndex created) {
    return At(restored).continues == kNoLife && created != kNoLife && !At(created).restored &&
           At(created).start_emitted == 0 && At(created).exit_emitted == 0;
  }

  void EndStoredRead(const Entry& end) {
    const auto read = stored_.find(end.number);
    if (read == stored_.end()) return;
    for (const std::uint64_t seq : read->second) {
      result_.known_.try_emplace(seq, end.seq);
      const auto event = events_.find(IdentityOf(EntryAt(seq)));
      if (event == events_.end() || event->second.delivered_to != engine_) continue;
      result_.known_.try_emplace(event->second.delivered, end.seq);
    }
    stored_.erase(read);
  }

  // An event that is older than the exit of the container before belongs to that, whenever it shows
  // up.
  LifeIndex LifeAt(LifeIndex latest, std::int64_t stamp) {
    if (latest == kNoLife) return kNoLife;
    const Life& present = At(succession_.Origin(latest));
    const LifeIndex previous = present.previous;
    if (previous == kNoLife) return latest;
    std::uint64_t until = std::max(At(previous).exit_emitted, At(previous).exit_delivered);
    // Its exit was concluded without an event, or is late.
    const bool ended = At(previous).exit_begin != 0 || At(previous).LeftAlone();
    if (until == 0 && ended) until = present.start_emitted;
    const bool earlier = until != 0 && stamp < EntryAt(until).stamp;
    return earlier ? previous : latest;
  }

  // Nothing of what was under way ends any more.
  void EngineGone(const Entry& note) {
    ++engine_;
    gone_ = note.seq;
    execs_.EngineGone();
    closing_ = false;
    stored_.clear();
    for (Container& container : containers_.values()) {
      for (const LifeIndex life : {container.latest, container.unfinished}) {
        if (life == kNoLife || At(life).exit_end != 0) continue;
        if (At(life).Failed() && !At(life).Runs()) continue;
        At(life).superseded = true;
        if (At(life).engine_gone == 0) At(life).engine_gone = note.seq;
      }
      container.unfinished = kNoLife;
      container.creates.clear();
      container.restores.clear();
      std::ranges::move(container.rpcs, std::back_inserter(container.left_rpcs));
      container.rpcs.clear();
      container.callbacks.clear();
      container.failed_restore.reset();
      container.unclaimed.clear();
    }
  }

  LifeIndex CallbackBegin(const Entry& entry) {
    Container& container = containers_[entry.id];
    const LifeIndex life = LifeOfCallback(container, entry);
    if (life == kNoLife) return kNoLife;
    const bool start = entry.what == words_.start || entry.what == words_.restore;
    if (start && At(life).start_begin == 0) At(life).start_begin = entry.seq;
    if (entry.what == words_.exit) {
      if (At(life).exit_begin == 0) At(life).exit_begin = entry.seq;
      if (life == container.unfinished) container.unfinished = kNoLife;
    }
    container.callbacks.push_back({entry.number, entry.seq, life});
    return life;
  }

  LifeIndex LifeOfCallback(Container& container, const Entry& entry) {
    const bool none = container.latest == kNoLife;
    if (entry.what == words_.start) {
      OpenCall* creating = Unused(container.creates);
      const bool alone = !ahead_.has_rpcs() && !ahead_.has_creates();
      const bool again = creating != nullptr && !none && At(container.latest).exit_begin != 0;
      return none || alone || again ? Begin(container, entry, creating, false) : container.latest;
    }
    const bool awaited = !none && At(container.latest).restored &&
                         At(container.latest).start_begin == 0 &&
                         At(container.latest).exit_begin == 0;
    if (entry.what == words_.restore && !awaited) return Begin(container, entry, nullptr, true);
    // A restore that failed once its container was taken over.
    const bool over =
        none || At(container.latest).superseded || At(container.latest).exit_begin != 0;
    if (entry.what == words_.exit && over && container.failed_restore) {
      OpenCall restore = *container.failed_restore;
      return Begin(container, entry, &restore, true);
    }
    if (none || container.unfinished == kNoLife) return container.latest;
    const Life& latest = At(container.latest);
    const bool exit_of_older = entry.what == words_.exit && latest.exit_delivered == 0 &&
                               At(container.unfinished).exit_delivered != 0;
    return latest.start_begin == 0 || exit_of_older ? container.unfinished : container.latest;
  }

  LifeIndex CallbackEnd(const Entry& entry) {
    Container& container = containers_[entry.id];
    const auto callback = FindNumber(container.callbacks, entry.number);
    if (callback == container.callbacks.end()) return kNoLife;
    const OpenCall ended = *callback;
    container.callbacks.erase(callback);
    Life& life = At(ended.life);
    if (ended.seq == life.start_begin) {
      life.start_end = entry.seq;
      life.start_failed = entry.failed;
    }
    const bool restores = std::ranges::any_of(
        container.restores, [&](const OpenCall& call) { return call.life == ended.life; });
    const bool of_restore =
        entry.what == words_.restore || entry.what == words_.pause || entry.what == words_.resume;
    if (restores && entry.failed && of_restore) life.given_up = entry.seq;
    if (ended.seq == life.exit_begin) life.exit_end = entry.seq;
    return ended.life;
  }

  const Journal& journal_;
  Lives result_;
  const LookAhead ahead_;
  const Succession succession_{result_.lives_, ahead_};
  const Words words_;
  ExecAttempts execs_;
  HeldEmissions held_;
  Incarnations incarnations_;

  bool closing_ = false;
  std::uint64_t gone_ = 0;  // the note of the engine before
  SymbolMap<Container> containers_;
  std::unordered_map<EventIdentity, SeenEvent, EventIdentityHash> events_;
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> stored_;  // of reads under way
  std::uint32_t engine_ = 1;
  std::vector<std::uint32_t> engine_of_;  // by life
};

Lives CutIntoLives(const Journal& journal) {
  return LifeCutter(journal).Cut();
}

std::string LifeName(const Journal& journal, const Life& life) {
  std::string name = journal.Text(life.id);
  if (life.ordinal > 1) name += " (life " + std::to_string(life.ordinal) + ")";
  return name;
}

}  // namespace scenarios
