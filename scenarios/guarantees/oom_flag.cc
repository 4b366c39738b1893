#include <algorithm>
#include <unordered_map>
#include <utility>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// Whether an oom counts for that exit callback. What was read in the stored log is known from
// somewhere between its delivery and the end of the read.
struct OomFacts {
  OomFacts(const Evidence& evidence, const Life& life, const Entry& callback) {
    const bool known = life.exit_delivered != 0 && life.exit_delivered < callback.seq;
    if (known) exit = life.exit_delivered;
    // Of a restore without any read of the stored log nobody can tell.
    may_count = life.restored && !evidence.lives().AnyStoredRead();
    may_count |= life.oom_possible;
    if (life.oom_delivered == 0) return;
    const Entry& oom = evidence.At(life.oom_delivered);
    if (known && oom.flag && evidence.At(exit).flag && oom.number == evidence.At(exit).number) {
      may_count |= oom.seq < exit;  // in the order of the stored log
      must_count = oom.seq < exit && !life.exit_doubtful;
      return;
    }
    // An oom behind the exit is too late, however long the exit's callback had to wait.
    const std::uint64_t first = known ? exit : callback.seq;
    const bool exit_certain = life.exit_known != 0 && life.exit_known < callback.seq;
    const std::uint64_t last = exit_certain ? life.exit_known : callback.seq;
    may_count |= life.oom_delivered < last;
    // What comes during a restore is merged with the log, in the log's order.
    const bool within = life.restored && (life.start_begin == 0 || first < life.start_begin);
    may_count |= within && life.oom_delivered < callback.seq;
    // The end of the read may come too late in the moment in which the exit comes.
    const bool same_moment =
        oom.flag && life.oom_known != 0 && evidence.At(life.oom_known).t == evidence.At(first).t;
    must_count =
        life.oom_known != 0 && life.oom_known < first && !same_moment && !life.oom_doubtful;
  }

  bool must_count = false;
  bool may_count = false;
  std::uint64_t exit = 0;  // its event
};

Judgement JudgeExact(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Lives& lives = evidence.lives();
  const Symbol exit = journal.Find("exit");
  Findings findings;
  bool any_event = false;
  for (const Entry& entry : journal.entries()) {
    any_event |= entry.kind == EntryKind::kEventDelivered ||
                 entry.kind == EntryKind::kEventEmitted || entry.kind == EntryKind::kEventDropped;
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != exit) continue;
    const Life* life = lives.Of(entry);
    if (life == nullptr) continue;
    findings.Observe();
    const OomFacts oom(evidence, *life, entry);
    if (oom.must_count && !entry.flag) {
      findings.Add(LifeName(journal, *life) +
                       ": exit is not flagged OOM-killed though an oom was delivered before it",
                   {life->oom_delivered, oom.exit, entry.seq});
    } else if (!oom.may_count && entry.flag) {
      findings.Add(
          LifeName(journal, *life) +
              ": exit is flagged OOM-killed though no oom of this life was delivered before it",
          {life->oom_delivered, oom.exit, entry.seq});
    }
  }
  if (!any_event) return {};
  return std::move(findings).Conclude();
}

Judgement JudgeExecClear(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Symbol exit_process = journal.Find("exit-process");
  Findings findings;
  for (const Entry& entry : journal.entries()) {
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != exit_process) continue;
    findings.Observe();
    if (entry.flag) {
      findings.Add(SubjectName(journal, entry) + ": exit-process is flagged OOM-killed",
                   {entry.seq});
    }
  }
  return std::move(findings).Conclude();
}

// For each life the latest one of another container that had its id before and an oom.
std::vector<LifeIndex> FindEarlierOoms(const std::vector<Life>& lives) {
  std::vector<LifeIndex> of_container(lives.size(),
                                      kNoLife);  // the life of the same one with an oom
  std::vector<LifeIndex> earlier(lives.size(), kNoLife);
  for (LifeIndex i = 0; i < lives.size(); ++i) {
    const Life& life = lives[i];
    const bool own = life.oom_delivered != 0 || life.oom_emitted != 0;
    if (life.continues != kNoLife) {
      of_container[i] = of_container[life.continues];
      earlier[i] = earlier[life.continues];
    } else if (life.previous != kNoLife) {
      const LifeIndex before = of_container[life.previous];
      earlier[i] = before != kNoLife ? before : earlier[life.previous];
    }
    if (own) of_container[i] = i;
  }
  return earlier;
}

Judgement JudgeNotInherited(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Lives& lives = evidence.lives();
  Findings findings;
  const std::vector<LifeIndex> earlier_ooms = FindEarlierOoms(lives.all());
  for (const Entry& entry : journal.entries()) {
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != evidence.words().exit) continue;
    const Life* life = lives.Of(entry);
    const LifeIndex index = life == nullptr ? kNoLife : earlier_ooms[lives.IndexOf(entry)];
    if (index == kNoLife) continue;
    const Life* earlier = &lives[index];
    findings.Observe();
    const bool own = life->oom_possible ||
                     (life->oom_delivered != 0 && life->oom_delivered < entry.seq) ||
                     (life->oom_emitted != 0 && life->oom_emitted < entry.seq);
    if (!entry.flag || own) continue;
    const std::uint64_t oom =
        earlier->oom_delivered != 0 ? earlier->oom_delivered : earlier->oom_emitted;
    findings.Add(LifeName(journal, *life) + ": exit is flagged OOM-killed because of an oom of " +
                     LifeName(journal, *earlier),
                 {oom, entry.seq});
  }
  return std::move(findings).Conclude();
}

// Whether the engine that restored asked the stored log for everything about that container, and
// got an answer.
class StoredReads {
 public:
  void Visit(const Evidence& evidence, const Entry& entry) {
    if (entry.what != evidence.words().events_rpc) return;
    if (entry.kind == EntryKind::kRpcBegin && entry.flag) open_[entry.number] = &entry;
    if (entry.kind != EntryKind::kRpcEnd) return;
    const auto begin = open_.find(entry.number);
    if (begin == open_.end()) return;
    (Failed(entry) ? failed_ : reads_).push_back(begin->second);
    open_.erase(begin);
  }
  // Since `seq`: the latest one that would have shown an event of that container and time.
  const Entry* Covering(std::uint64_t seq, const Entry& event) const {
    const auto covers = [&](const Entry* read) {
      const bool of_it = read->id == Symbol{} || read->id == event.id;
      return read->seq > seq && of_it && read->stamp < event.stamp;
    };
    const auto read = std::find_if(reads_.rbegin(), reads_.rend(), covers);
    return read == reads_.rend() ? nullptr : *read;
  }
  // Since then it could not be asked.
  bool Refused(std::uint64_t seq, Symbol id) const {
    return std::ranges::any_of(
        failed_, [&](const Entry* read) { return read->seq > seq && read->id == id; });
  }

 private:
  std::unordered_map<std::uint64_t, const Entry*> open_;
  std::vector<const Entry*> reads_;  // in the order of their ends
  std::vector<const Entry*> failed_;
};

Judgement JudgeSurvives(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  Findings findings;
  StoredReads reads;
  SymbolMap<std::uint64_t> not_stored;  // the oom that the log lost, by id
  for (const Entry& entry : journal.entries()) {
    reads.Visit(evidence, entry);
    if (entry.kind == EntryKind::kEventDropped && entry.what == evidence.words().oom) {
      not_stored[entry.id] = entry.seq;
    }
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != evidence.words().exit) continue;
    const Life* life = evidence.lives().Of(entry);
    if (life == nullptr || life->continues == kNoLife) continue;
    std::uint64_t oom = life->oom_emitted;
    for (LifeIndex before = life->continues; oom == 0 && before != kNoLife;) {
      oom = evidence.lives()[before].oom_delivered;
      before = evidence.lives()[before].continues;
    }
    const std::uint64_t read = life->oom_delivered < entry.seq ? life->oom_delivered : 0;
    if (oom == 0 || oom > life->begin) {
      if (read == 0 || !evidence.At(read).flag || life->oom_known == 0 ||
          life->oom_known > entry.seq) {
        continue;
      }
      oom = read;  // its emission was not recorded
    }
    // An oom behind init's exit is too late.
    const std::uint64_t exit = life->exit_emitted;
    if (exit != 0 && exit < oom) continue;
    findings.Observe();
    if (entry.flag || not_stored[entry.id] != 0) continue;
    if (life->oom_doubtful || life->exit_doubtful) continue;
    const Entry* covering = reads.Covering(life->begin, evidence.At(oom));
    if (read == 0 && covering != nullptr) continue;  // the log no longer had it
    if (read == 0 && reads.Refused(life->begin, entry.id)) continue;
    if (read != 0 && life->exit_delivered != 0 && read > life->exit_delivered) continue;
    findings.Add(
        LifeName(journal, *life) +
            ": exit is not flagged OOM-killed though an oom before the restore " +
            (read != 0 ? "stood in the stored log" : "was not looked for in the stored log"),
        {oom, life->begin, read, entry.seq});
  }
  return std::move(findings).Conclude();
}

class OomCallbacks {
 public:
  explicit OomCallbacks(const Evidence& evidence)
      : evidence_(evidence), counts_(evidence.lives().all().size()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) {
      if (evidence_.words().IsClosing(entry) && closed_ == 0) closed_ = entry.seq;
      if (evidence_.words().IsEngineGone(entry)) closed_ = 0;
      const LifeIndex life = evidence_.lives().IndexOf(entry);
      if (entry.what != evidence_.words().oom || life == kNoLife) continue;
      if (entry.kind == EntryKind::kEventDelivered) Delivered(entry, life);
      if (entry.kind == EntryKind::kCallbackBegin) CalledBack(entry, life);
    }
    for (LifeIndex i = 0; i < counts_.size(); ++i) Conclude(evidence_.lives()[i], counts_[i]);
    return std::move(findings_).Conclude();
  }

 private:
  struct Counts {
    std::vector<std::uint64_t> owed;  // deliveries that must be called back
    std::size_t possible = 0;         // those that may be
    std::vector<std::uint64_t> late;  // those that must not
    std::vector<std::uint64_t> callbacks;
  };

  void Delivered(const Entry& event, LifeIndex index) {
    findings_.Observe();
    const Life& life = evidence_.lives()[index];
    const std::uint64_t known = evidence_.lives().KnownAt(event);
    Counts& counts = counts_[index];
    const Entry* exit = life.exit_delivered == 0 ? nullptr : &evidence_.At(life.exit_delivered);
    const bool same_read =
        exit != nullptr && exit->flag && event.flag && exit->number == event.number;
    const bool behind_exit =
        same_read ? exit->seq < event.seq : life.exit_known != 0 && life.exit_known < event.seq;
    if (behind_exit) {
      counts.late.push_back(event.seq);
      return;
    }
    // What was read in the stored log may have come too late.
    const bool uncertain =
        event.flag && !same_read &&
        (known == 0 ||
         (exit != nullptr && (exit->seq < known || evidence_.At(known).t == exit->t)));
    const bool after_exit = exit != nullptr && !same_read && exit->seq < event.seq;
    // Before its restore's callback an oom counts for the flag; near a container's end without an
    // exit event nobody can tell whether it came in time.
    const bool before_restore =
        life.restored && (life.start_begin == 0 || event.seq < life.start_begin);
    const bool no_exit_event =
        life.exit_begin != 0 && (exit == nullptr || exit->seq > life.exit_begin);
    const bool unheard = (closed_ != 0 && life.exit_begin == 0) || life.superseded;
    const bool never_started = !life.Started();
    if (before_restore || no_exit_event || unheard || never_started || uncertain || after_exit) {
      ++counts.possible;
    } else {
      counts.owed.push_back(event.seq);
    }
  }

  void CalledBack(const Entry& callback, LifeIndex life) {
    findings_.Observe();
    counts_[life].callbacks.push_back(callback.seq);
  }

  void Conclude(const Life& life, Counts& counts) {
    const std::string name = LifeName(evidence_.journal(), life);
    const std::size_t allowed = counts.owed.size() + counts.possible;
    if (counts.callbacks.size() > allowed) {
      std::vector<std::uint64_t> entries(
          counts.callbacks.begin() + static_cast<std::ptrdiff_t>(allowed), counts.callbacks.end());
      entries.insert(entries.end(), counts.late.begin(), counts.late.end());
      findings_.Add(name + ": oom was called back " + Times(counts.callbacks.size()) + ", but " +
                        Times(allowed) + " an oom was delivered within its life",
                    std::move(entries));
    } else if (counts.callbacks.size() < counts.owed.size() && closed_ == 0) {
      std::vector<std::uint64_t> entries(
          counts.owed.begin() + static_cast<std::ptrdiff_t>(counts.callbacks.size()),
          counts.owed.end());
      findings_.Add(name + ": oom was called back " + Times(counts.callbacks.size()) + ", but " +
                        Times(counts.owed.size()) + " an oom was delivered within its life",
                    std::move(entries));
    } else if (counts.callbacks.size() < counts.owed.size() && counts.owed.back() < closed_) {
      BlameBeforeClose(name, counts);
    }
  }

  // Closing ends callbacks that had not begun, but not those of a life that ended before.
  void BlameBeforeClose(const std::string& name, const Counts& counts) {
    const Life* life = evidence_.lives().Of(evidence_.At(counts.owed.back()));
    if (life == nullptr || life->exit_begin == 0 || life->exit_begin > closed_) return;
    findings_.Add(name + ": oom was called back " + Times(counts.callbacks.size()) + ", but " +
                      Times(counts.owed.size()) + " an oom was delivered within its life",
                  {counts.owed.begin() + static_cast<std::ptrdiff_t>(counts.callbacks.size()),
                   counts.owed.end()});
  }

  static std::string Times(std::size_t count) {
    return count == 1 ? "once" : std::to_string(count) + " times";
  }

  const Evidence& evidence_;
  Findings findings_;
  std::vector<Counts> counts_;  // by life
  std::uint64_t closed_ = 0;
};

Judgement JudgeCalledBack(const Evidence& evidence) {
  return OomCallbacks(evidence).Judge();
}

}  // namespace

constinit const Guarantee kOomFlagExact{
    "oom-flag-exact",
    "An exit callback is flagged OOM-killed exactly when an oom of its own life was delivered, or "
    "read in the stored log, before init's exit (before the callback, if there was no exit event).",
    "without events, or without an exit callback",
    &JudgeExact,
};

constinit const Guarantee kOomFlagExecClear{
    "oom-flag-exec-clear",
    "An exit-process callback is never flagged OOM-killed.",
    "without an exit-process callback",
    &JudgeExecClear,
};

constinit const Guarantee kOomFlagNotInherited{
    "oom-flag-not-inherited",
    "The exit of a container is never flagged OOM-killed because of an oom of another container "
    "that had its id before.",
    "without the exit callback of a container whose id had an oom in an earlier one's life",
    &JudgeNotInherited,
};

constinit const Guarantee kOomCalledBack{
    "oom-called-back",
    "Each oom that is delivered within a life is called back once; one that comes after init's "
    "exit "
    "is not.",
    "without an oom that was delivered or called back",
    &JudgeCalledBack,
};

constinit const Guarantee kOomSurvivesRestore{
    "oom-survives-restore",
    "An oom of the same container before its restore flags its exit, if it still stands in the "
    "stored log.",
    "without the exit callback of a restored container that had an oom before the restore",
    &JudgeSurvives,
};

}  // namespace scenarios
