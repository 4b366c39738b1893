#include "scenarios/guarantees/lives.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "scenarios/guarantees/event_identity.h"
#include "scenarios/guarantees/exec_attempts.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

struct SeenEvent {
  LifeIndex life;
  std::uint32_t delivered_to = 0;  // the engine, counted from 1
  std::uint64_t delivered = 0;     // to it, for the first time
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
  std::vector<std::uint64_t> unclaimed;    // delivered to an engine that has not restored it
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
        execs_(journal),
        create_(journal.Find("create")),
        restore_(journal.Find("restore")),
        create_container_(journal.Find("CreateContainer")),
        start_(journal.Find("start-container")),
        exit_(journal.Find("exit")),
        pause_(journal.Find("pause")),
        resume_(journal.Find("resume")),
        oom_(journal.Find("oom")),
        init_(journal.Find("init")),
        events_rpc_(journal.Find("Events")),
        close_(journal.Find("close")),
        engine_gone_(journal.Find(kEngineGoneNote)) {}

  Lives Cut() {
    LookAhead();
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
  // What decides how the rest is read.
  void LookAhead() {
    for (const Entry& entry : journal_.entries()) {
      if (entry.kind == EntryKind::kRpcBegin && entry.what == create_container_) has_rpcs_ = true;
      if (entry.kind == EntryKind::kCallBegin && entry.what == create_) has_calls_ = true;
      if (entry.kind == EntryKind::kCallEnd && entry.what == restore_ && Failed(entry)) {
        failed_restores_.insert(entry.number);
      }
      if (entry.kind == EntryKind::kEventDelivered && entry.flag && entry.what == start_) {
        last_starts_[ReadKey(entry)] = entry.seq;
      }
    }
  }

  std::uint64_t KnownAt(std::uint64_t delivered) const {
    return delivered == 0 ? 0 : result_.KnownAt(journal_.entries()[delivered - 1]);
  }

  static bool Failed(const Entry& entry) { return entry.failed || entry.code != 0; }

  LifeIndex Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        return CallBegin(entry);
      case EntryKind::kCallEnd:
        return CallEnd(entry);
      case EntryKind::kRpcBegin:
        if (entry.what == events_rpc_ && entry.flag) result_.any_stored_read_ = true;
        return entry.what == create_container_ ? RpcBegin(entry) : kNoLife;
      case EntryKind::kRpcEnd:
        if (entry.what == events_rpc_ && !Failed(entry)) EndStoredRead(entry);
        return entry.what == create_container_ ? RpcEnd(entry) : kNoLife;
      case EntryKind::kNote:
        if (entry.text == engine_gone_) EngineGone(entry);
        return kNoLife;
      case EntryKind::kEventEmitted:
        return EventEmitted(entry);
      case EntryKind::kEventDelivered:
        return EventDelivered(entry);
      case EntryKind::kCallbackBegin:
        return CallbackBegin(entry);
      case EntryKind::kCallbackEnd:
        return CallbackEnd(entry);
      default:
        return kNoLife;
    }
  }

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
      const LifeIndex source = restored ? LeftBehind(container.latest) : kNoLife;
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
    closing_ |= entry.what == close_;
    if (entry.what == create_) {
      Container& container = containers_[entry.id];
      container.creates.push_back({entry.number, entry.seq});
      const bool tracked = container.latest != kNoLife && At(container.latest).exit_begin == 0 &&
                           !At(container.latest).Failed();
      if (!has_rpcs_ && !tracked) {
        return Begin(container, entry, &container.creates.back(), false);
      }
    } else if (entry.what == restore_) {
      Container& container = containers_[entry.id];
      if (failed_restores_.contains(entry.number)) {
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
    if (entry.what != create_ && entry.what != restore_) return kNoLife;
    Container& container = containers_[entry.id];
    std::vector<OpenCall>& open = entry.what == create_ ? container.creates : container.restores;
    const auto call = FindNumber(open, entry.number);
    if (call == open.end()) return kNoLife;
    OpenCall ended = *call;
    open.erase(call);
    if (entry.what == create_ && ended.life != kNoLife && Failed(entry) &&
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
    if (entry.what == create_ && ended.life == kNoLife && !Failed(entry)) {
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
    const auto rpc = FindNumber(container.rpcs, entry.number);
    if (rpc == container.rpcs.end()) return kNoLife;
    const LifeIndex life = rpc->life;
    container.rpcs.erase(rpc);
    At(life).rpc_end = entry.seq;
    At(life).rpc_failed = Failed(entry);
    return life;
  }

  bool IsInitExit(const Entry& entry) const {
    return entry.what == exit_ && entry.process == init_;
  }

  // The others are never called back.
  bool IsCalledBack(const Entry& entry) const {
    return entry.what == exit_ || entry.what == oom_ || entry.what == pause_ ||
           entry.what == resume_;
  }

  LifeIndex EventEmitted(const Entry& entry) {
    if (entry.what == start_) StartEmitted(entry);
    if (!IsCalledBack(entry)) return kNoLife;
    const LifeIndex life = LifeAt(containers_[entry.id].latest, entry.stamp);
    const bool first = events_.try_emplace(IdentityOf(entry), SeenEvent{life}).second;
    if (!first || life == kNoLife) return kNoLife;
    if (IsInitExit(entry) && At(life).exit_emitted == 0) At(life).exit_emitted = entry.seq;
    if (entry.what == oom_ && At(life).oom_emitted == 0) At(life).oom_emitted = entry.seq;
    return life;
  }

  // The life that a restore takes over, if the latest is that one, or was refused because of it.
  LifeIndex LeftBehind(LifeIndex latest) {
    while (latest != kNoLife && At(latest).Failed()) {
      const LifeIndex before = At(latest).previous;
      const bool refused = At(latest).rpc_failed && before != kNoLife &&
                           At(before).engine_gone != 0 && At(before).exit_emitted == 0;
      if (!refused) return kNoLife;
      latest = before;
    }
    return latest;
  }

  // A create of an engine that crashed went on without it.
  void StartEmitted(const Entry& entry) {
    Container& container = containers_[entry.id];
    const bool known = container.latest != kNoLife && At(container.latest).exit_emitted == 0 &&
                       !At(container.latest).Failed();
    if (known || !has_rpcs_ || gone_ == 0 || !container.rpcs.empty()) return;
    const LifeIndex life = Begin(container, entry, nullptr, false);
    engine_of_[life] = engine_ - 1;
    At(life).superseded = true;
    At(life).engine_gone = gone_;
  }

  LifeIndex EventDelivered(const Entry& entry) {
    if (entry.flag) stored_[entry.number].push_back(entry.seq);
    if (!IsCalledBack(entry)) return kNoLife;
    const auto [event, unannounced] = events_.try_emplace(IdentityOf(entry), SeenEvent{kNoLife});
    SeenEvent& seen = event->second;
    if (unannounced && !IsBeforeLastStart(entry)) {
      seen.life = LifeAt(containers_[entry.id].latest, entry.stamp);
    }
    if (seen.delivered_to == engine_) {
      if (!entry.flag) result_.known_.try_emplace(seen.delivered, entry.seq);
      return kNoLife;
    }
    const LifeIndex life = Latest(seen.life);
    if (life != kNoLife && engine_of_[life] != engine_) {
      containers_[entry.id].unclaimed.push_back(entry.seq);
      return kNoLife;
    }
    return Deliver(entry, seen, life);
  }

  LifeIndex Deliver(const Entry& entry, SeenEvent& seen, LifeIndex life) {
    seen.delivered_to = engine_;
    seen.delivered = entry.seq;
    if (life == kNoLife) return kNoLife;
    if (entry.what == exit_ && entry.process != init_ && execs_.Absorbs(entry)) return kNoLife;
    if (IsInitExit(entry) && At(life).exit_delivered == 0) At(life).exit_delivered = entry.seq;
    if (entry.what == oom_ && At(life).oom_delivered == 0) At(life).oom_delivered = entry.seq;
    return life;
  }

  // A restore has come.
  void Claim(Container& container, LifeIndex life) {
    for (const std::uint64_t seq : std::exchange(container.unclaimed, {})) {
      const Entry& entry = journal_.entries()[seq - 1];
      SeenEvent& seen = events_.find(IdentityOf(entry))->second;
      if (seen.delivered_to == engine_ || Latest(seen.life) != life) continue;
      result_.unclaimed_.insert(seq);
      result_.of_entry_[seq - 1] = Deliver(entry, seen, life);
    }
  }

  void EndStoredRead(const Entry& end) {
    const auto read = stored_.find(end.number);
    if (read == stored_.end()) return;
    for (const std::uint64_t seq : read->second) {
      result_.known_.try_emplace(seq, end.seq);
      const auto event = events_.find(IdentityOf(journal_.entries()[seq - 1]));
      if (event == events_.end() || event->second.delivered_to != engine_) continue;
      result_.known_.try_emplace(event->second.delivered, end.seq);
    }
    stored_.erase(read);
  }

  static std::uint64_t ReadKey(const Entry& entry) {
    return entry.number << 32 | static_cast<std::uint32_t>(entry.id);
  }

  // Nobody saw it emitted, and the log tells of a start behind it.
  bool IsBeforeLastStart(const Entry& entry) const {
    if (!entry.flag) return false;
    const auto start = last_starts_.find(ReadKey(entry));
    return start != last_starts_.end() && entry.seq < start->second;
  }

  // The same container's latest life.
  LifeIndex Latest(LifeIndex life) {
    while (life != kNoLife && At(life).next != kNoLife && At(At(life).next).continues == life) {
      life = At(life).next;
    }
    return life;
  }

  // An event that is older than the exit of the container before belongs to that, whenever it shows
  // up.
  LifeIndex LifeAt(LifeIndex latest, std::int64_t stamp) {
    if (latest == kNoLife) return kNoLife;
    LifeIndex first = latest;
    while (At(first).continues != kNoLife) first = At(first).continues;
    const LifeIndex previous = At(first).previous;
    if (previous == kNoLife) return latest;
    const std::uint64_t exit = std::max(At(previous).exit_emitted, At(previous).exit_delivered);
    const bool earlier = exit != 0 && stamp < journal_.entries()[exit - 1].stamp;
    return earlier ? previous : latest;
  }

  // Nothing of what was under way ends any more.
  void EngineGone(const Entry& note) {
    ++engine_;
    gone_ = note.seq;
    closing_ = false;
    stored_.clear();
    for (Container& container : containers_.values()) {
      for (const LifeIndex life : {container.latest, container.unfinished}) {
        if (life == kNoLife || At(life).exit_end != 0 || At(life).Failed()) continue;
        At(life).superseded = true;
        if (At(life).engine_gone == 0) At(life).engine_gone = note.seq;
      }
      container.unfinished = kNoLife;
      container.creates.clear();
      container.restores.clear();
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
    const bool start = entry.what == start_ || entry.what == restore_;
    if (start && At(life).start_begin == 0) At(life).start_begin = entry.seq;
    if (entry.what == exit_) {
      if (At(life).exit_begin == 0) At(life).exit_begin = entry.seq;
      if (life == container.unfinished) container.unfinished = kNoLife;
    }
    container.callbacks.push_back({entry.number, entry.seq, life});
    return life;
  }

  LifeIndex LifeOfCallback(Container& container, const Entry& entry) {
    const bool none = container.latest == kNoLife;
    if (entry.what == start_) {
      OpenCall* creating = Unused(container.creates);
      const bool alone = !has_rpcs_ && !has_calls_;
      const bool again = creating != nullptr && !none && At(container.latest).exit_begin != 0;
      return none || alone || again ? Begin(container, entry, creating, false) : container.latest;
    }
    const bool awaited = !none && At(container.latest).restored &&
                         At(container.latest).start_begin == 0 &&
                         At(container.latest).exit_begin == 0;
    if (entry.what == restore_ && !awaited) return Begin(container, entry, nullptr, true);
    // A restore that failed once its container was taken over.
    const bool over =
        none || At(container.latest).superseded || At(container.latest).exit_begin != 0;
    if (entry.what == exit_ && over && container.failed_restore) {
      OpenCall restore = *container.failed_restore;
      return Begin(container, entry, &restore, true);
    }
    if (none || container.unfinished == kNoLife) return container.latest;
    const Life& latest = At(container.latest);
    const bool exit_of_older = entry.what == exit_ && latest.exit_delivered == 0 &&
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
    if (ended.seq == life.exit_begin) life.exit_end = entry.seq;
    return ended.life;
  }

  const Journal& journal_;
  ExecAttempts execs_;
  const Symbol create_;
  const Symbol restore_;
  const Symbol create_container_;
  const Symbol start_;
  const Symbol exit_;
  const Symbol pause_;
  const Symbol resume_;
  const Symbol oom_;
  const Symbol init_;
  const Symbol events_rpc_;
  const Symbol close_;
  const Symbol engine_gone_;

  bool has_rpcs_ = false;
  bool has_calls_ = false;
  bool closing_ = false;
  std::uint64_t gone_ = 0;                             // the note of the engine before
  std::unordered_set<std::uint64_t> failed_restores_;  // by number: they led to nothing
  SymbolMap<Container> containers_;
  std::unordered_map<EventIdentity, SeenEvent, EventIdentityHash> events_;
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> stored_;  // of reads under way
  std::unordered_map<std::uint64_t, std::uint64_t> last_starts_;  // in the log, by id and read
  std::uint32_t engine_ = 1;
  std::vector<std::uint32_t> engine_of_;  // by life
  Lives result_;
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
