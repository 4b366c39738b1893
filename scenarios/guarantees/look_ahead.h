// LookAhead: what of a journal decides how the rest of it is read: which kinds of entries there are
// at all, which restores led to something, and in what order a read of the stored log told things.
//
// A part of the cut into lives; one pass before that.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scenarios/guarantees/symbol_map.h"
#include "scenarios/guarantees/words.h"
#include "scenarios/journal.h"

namespace scenarios {

class LookAhead {
 public:
  explicit LookAhead(const Journal& journal);

  bool has_rpcs() const { return has_rpcs_; }
  bool has_creates() const { return has_creates_; }
  bool has_starts() const { return has_starts_; }  // start-containers are emitted

  // A restore that failed, and not because the engine refused what it called back.
  bool LedToNothing(const Entry& restore) const {
    return failed_restores_.contains(restore.number);
  }
  // It came to its end, and nothing showed a start meanwhile.
  bool EndedWithoutStart(const Entry& restore) const {
    return without_start_.contains(restore.number);
  }
  // While the create whose CreateContainer that is was asked for, two start-containers came: the
  // first of them was of an earlier life, whose events can be told from its own then.
  bool StartsTwice(std::uint64_t create_rpc) const { return started_twice_.contains(create_rpc); }
  // The delivery is by the read of the stored log that a restore went by.
  bool IsOfOwnRead(const Entry& delivered) const {
    return delivered.flag && own_reads_.contains(delivered.number);
  }
  // Of deliveries: behind it the same read tells of a start, and before that of another life.
  bool IsBeforeLastStart(const Entry& delivered) const {
    return delivered.flag && delivered.seq < reads_.at(ReadKey(delivered)).last_start;
  }
  // … of something that only a living container causes.
  bool IsBeforeSignOfLife(const Entry& delivered) const {
    return delivered.flag && delivered.seq < reads_.at(ReadKey(delivered)).last_shown;
  }
  // An oom before which the same read tells neither of a start nor of an exit.
  bool IsVague(const Entry& oom) const {
    return oom.flag && oom.seq <= reads_.at(ReadKey(oom)).last_vague;
  }

  // Before it the same read tells of an exit, and of no start since.
  bool IsBehindLastExit(const Entry& delivered) const {
    if (!delivered.flag) return false;
    const Read& read = reads_.at(ReadKey(delivered));
    return read.last_exit != 0 && delivered.seq > read.last_exit;
  }
  // Before it the same read tells of a start or an exit, and behind it of neither.
  bool IsOfLastPart(const Entry& delivered) const {
    if (!delivered.flag) return false;
    const Read& read = reads_.at(ReadKey(delivered));
    return read.last_part != 0 && delivered.seq > read.last_part;
  }

 private:
  // What one read tells of one container.
  struct Read {
    bool parted = false;          // a life stood there before what follows
    std::uint64_t last_exit = 0;  // with no start behind it
    std::uint64_t last_part = 0;  // start or exit
    std::uint64_t last_start = 0;
    std::uint64_t last_shown = 0;
    std::uint64_t last_vague = 0;
  };
  static std::uint64_t ReadKey(const Entry& entry) {
    return entry.number << 32 | static_cast<std::uint32_t>(entry.id);
  }
  struct Asked {
    std::uint64_t number = 0;  // of a CreateContainer under way
    std::uint64_t seq = 0;
    int starts = 0;  // delivered since
  };
  void Visit(const Entry& entry);
  void VisitCreate(const Entry& entry);
  void VisitRestore(const Entry& entry);
  void VisitStored(const Entry& event);
  void SawStart(Symbol id);

  const Words words_;
  const Symbol start_process_;
  const Symbol pause_;
  const Symbol resume_;
  bool has_rpcs_ = false;
  bool has_creates_ = false;
  bool has_starts_ = false;
  SymbolMap<Asked> asked_;                           // the latest of each id
  std::unordered_set<std::uint64_t> started_twice_;  // CreateContainers, by seq
  SymbolMap<std::vector<std::uint64_t>> restoring_;  // restores under way, by id
  std::unordered_set<Symbol> restored_;              // ids
  // With which errors callbacks failed while a restore was under way, by its number.
  std::unordered_map<std::uint64_t, std::unordered_set<Symbol>> refusals_;
  std::unordered_set<std::uint64_t> failed_restores_;  // by number
  std::unordered_set<std::uint64_t> saw_start_;        // likewise
  std::unordered_set<std::uint64_t> without_start_;    // likewise
  SymbolMap<std::uint64_t> last_reads_;          // of the stored log, by whose id was asked for
  std::unordered_set<std::uint64_t> own_reads_;  // of these the last one before a restore's end
  std::unordered_map<std::uint64_t, Read> reads_;
};

}  // namespace scenarios
