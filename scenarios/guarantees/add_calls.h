// AddCalls: which call of add-process an AddProcess request was sent for. Calls of one container
// take turns, so it is the oldest one that waits, if that can still be sent: one that waits for a
// container whose exit has been called back will be refused.
//
// Fed with all entries of a journal in order.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "scenarios/guarantees/symbol_map.h"
#include "scenarios/guarantees/words.h"
#include "scenarios/journal.h"

namespace scenarios {

class AddCalls {
 public:
  // `words` outlives it.
  explicit AddCalls(const Words& words) : words_(words) {}

  // The number of the call that the entry, the begin of an AddProcess, was sent for; 0 if nobody
  // waits for one, and for all other entries.
  std::uint64_t Visit(const Entry& entry);

 private:
  struct Call {
    std::uint64_t number;
    std::uint64_t seq;
  };
  std::uint64_t Sent(const Entry& rpc);

  const Words& words_;
  SymbolMap<std::uint64_t> exited_;  // the end of the latest exit callback, by id
  std::unordered_map<std::uint64_t, std::vector<Call>> waiting_;  // by id and name, oldest first
};

}  // namespace scenarios
