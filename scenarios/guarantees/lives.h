// Lives: a journal cut into the lives of its containers, which most guarantees are about.
//
// A life is one create that got as far as its CreateContainer RPC, or one restore that did not fail
// (or failed and had an exit called back all the same), up to the end of its exit callback. A
// create that was refused before its RPC is no life. A restored life continues the one before it:
// the container is the same. Where a journal holds no CreateContainer RPCs at all, the create calls
// mark the lives, and where it holds no calls either, the start callbacks do.
//
// What belongs to which life:
//   events     to the life of the container that the daemon emitted them of (Incarnations) or,
//   where
//              that is not known, during which it did, however late or often they were delivered;
//              behind the next one's start-container to that, as nobody can tell any more; where
//              emissions were not recorded, to the one during which they were first delivered; in
//              either case to the life before, if their timestamp is older than its exit. Only the
//              first delivery of an event (same id, type, process and timestamp) to this engine
//              belongs to a life at all: a repetition owes the user nothing. Nor does the exit of
//              an exec whose add-process failed after it had been started. What a read of the
//              stored log brings may be made use of at once, or when the read has ended well: from
//              then on it is known for certain (KnownAt). What stands there before the container's
//              last start-container was another life's.
//   callbacks  to the latest life, or to the one before it as long as that still lacks its exit
//              callback and the latest has not been called back as started.
//
// When the engine goes away (kEngineGoneNote), the lives that it leaves behind are superseded: they
// owe nothing any more. What is delivered of them to the engine that comes back before a restore
// continues them is a stranger's at first; the restore may claim it, and it is known for certain
// once it is delivered again.
//
// One pass, linear in the journal. A Lives refers to entries by seq and holds no reference to the
// journal.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scenarios/journal.h"

namespace scenarios {

using LifeIndex = std::uint32_t;
inline constexpr LifeIndex kNoLife = 0xffffffff;

// All members of type uint64 are seqs of entries; 0: not in the journal.
struct Life {
  Symbol id{};
  std::uint32_t ordinal = 1;  // of this id's lives
  bool restored = false;      // by a restore, not by a create
  bool live = false;          // by a live restore
  bool superseded = false;    // a restore took over, or the engine went away

  // The create or restore call; without one the RPC or callback that shows the life.
  std::uint64_t begin = 0;
  std::uint64_t call_begin = 0;
  std::uint64_t call_end = 0;
  bool call_failed = false;
  bool abandoned = false;  // its create was cancelled by the client's end: it may run all the same
  std::uint64_t start_emitted = 0;  // its start-container
  std::uint64_t rpc_begin = 0;      // CreateContainer
  std::uint64_t rpc_end = 0;
  bool rpc_failed = false;
  bool rpc_refused_as_existing = false;

  std::uint64_t start_begin = 0;  // the first start-container (or, when restored, restore) callback
  std::uint64_t start_end = 0;
  bool start_failed = false;
  std::uint64_t exit_begin = 0;  // the first exit callback
  std::uint64_t exit_end = 0;

  std::uint64_t exit_emitted = 0;    // init's exit
  std::uint64_t exit_delivered = 0;  // likewise
  std::uint64_t exit_known = 0;      // for certain: KnownAt(exit_delivered)
  // In the stored log something stood behind it that only a living container causes.
  bool exit_doubtful = false;
  // In the stored log an oom stood before the start-container and behind another life: whose it is
  // cannot be told. It cannot either where nothing of the kind stood before it, but there it may
  // well be this life's.
  bool oom_doubtful = false;
  bool oom_possible = false;
  std::uint64_t oom_emitted = 0;    // the first one, of this container's
  std::uint64_t oom_delivered = 0;  // likewise
  std::uint64_t oom_known = 0;
  std::uint64_t engine_gone = 0;  // the note, if it was left behind
  // The end of the callback of its restore that failed: the engine refused it, so that nobody
  // tracks it any more, and it may be restored again.
  std::uint64_t given_up = 0;

  LifeIndex previous = kNoLife;  // of the same id
  LifeIndex next = kNoLife;
  LifeIndex continues = kNoLife;  // a restored one: the life that it took over

  // The engine was told that it runs.
  bool Started() const { return start_end != 0 && !start_failed; }
  // The engine may rely on hearing of its exit.
  bool OwesExit() const {
    return given_up == 0 && (Started() || (restored && call_end != 0 && !call_failed));
  }
  // The daemon told of its start and not of its end.
  bool Runs() const { return start_emitted != 0 && exit_emitted == 0; }
  // It may run, and nobody tracks it.
  bool LeftAlone() const { return engine_gone != 0 || given_up != 0; }
  // The create ended with an error: whatever ran is killed and its exit absorbed.
  bool Failed() const {
    if (abandoned || restored) return false;
    return call_end != 0 ? call_failed : rpc_end != 0 && rpc_failed && start_begin == 0;
  }
};

class Lives {
 public:
  const std::vector<Life>& all() const { return lives_; }
  const Life& operator[](LifeIndex index) const { return lives_[index]; }
  // The life to which an entry belongs: creates, CreateContainer RPCs, events and callbacks. Else
  // kNoLife.
  LifeIndex IndexOf(const Entry& entry) const { return of_entry_[entry.seq - 1]; }
  const Life* Of(const Entry& entry) const {
    const LifeIndex index = IndexOf(entry);
    return index == kNoLife ? nullptr : &lives_[index];
  }
  // Since when a delivered event is known for certain: its seq; if it was read in the stored log,
  // or came before a restore, that of the read's good end or of another delivery; 0 if there was
  // none.
  std::uint64_t KnownAt(const Entry& delivered) const {
    if (!delivered.flag && !unclaimed_.contains(delivered.seq)) return delivered.seq;
    const auto known = known_.find(delivered.seq);
    return known == known_.end() ? 0 : known->second;
  }
  // It came before the restore that claimed it.
  bool WasUnclaimed(const Entry& delivered) const { return unclaimed_.contains(delivered.seq); }
  // The daemon refused the create of that life, because the container runs that an earlier engine
  // left behind, or this one gave up, and nobody restored. `until`: a seq; an exit after it does
  // not count.
  bool RunsFromBefore(const Life& life, std::uint64_t until) const {
    if (life.rpc_refused_as_existing) return true;
    LifeIndex before = life.rpc_failed ? life.previous : kNoLife;
    while (before != kNoLife && lives_[before].rpc_failed) before = lives_[before].previous;
    if (before == kNoLife) return false;
    const Life& it = lives_[before];
    return it.LeftAlone() && (it.exit_emitted == 0 || it.exit_emitted > until);
  }
  bool AnyStoredRead() const { return any_stored_read_; }
  // Whether `later` is `earlier`, or continues it: the same container.
  bool SameContainer(LifeIndex earlier, LifeIndex later) const {
    while (later != earlier && later != kNoLife) later = lives_[later].continues;
    return later != kNoLife;
  }

 private:
  friend class LifeCutter;
  std::vector<Life> lives_;                                 // in the order in which they began
  std::vector<LifeIndex> of_entry_;                         // by seq - 1
  std::unordered_map<std::uint64_t, std::uint64_t> known_;  // of what was read in the stored log
  std::unordered_set<std::uint64_t> unclaimed_;  // deliveries before the restore that claimed them
  bool any_stored_read_ = false;
};

Lives CutIntoLives(const Journal& journal);

// "c1", or "c1 (life 2)" from the second on.
std::string LifeName(const Journal& journal, const Life& life);

}  // namespace scenarios
