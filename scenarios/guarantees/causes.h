// Causes: which delivered event led to which callback, first in first out per life, state and
// process.
//
// One pass, linear in the journal. Refers to entries by seq.
#pragma once

#include <cstdint>
#include <vector>

#include "scenarios/guarantees/lives.h"
#include "scenarios/journal.h"

namespace scenarios {

class Causes {
 public:
  // Of the callback that a delivered event led to: the seq of its begin; 0 if none.
  std::uint64_t CallbackOf(const Entry& delivered) const { return partner_[delivered.seq - 1]; }
  // Of the event that led to a callback: the seq of its delivery; 0 if none.
  std::uint64_t EventOf(const Entry& callback_begin) const {
    return partner_[callback_begin.seq - 1];
  }
  // The seq of a callback's end; 0 if it never ended.
  std::uint64_t EndOf(std::uint64_t callback_begin) const {
    return callback_begin == 0 ? 0 : end_[callback_begin - 1];
  }

 private:
  friend Causes FindCauses(const Journal& journal, const Lives& lives);
  std::vector<std::uint64_t> partner_;  // by seq - 1
  std::vector<std::uint64_t> end_;      // likewise
};

Causes FindCauses(const Journal& journal, const Lives& lives);

}  // namespace scenarios
