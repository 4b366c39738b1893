// SymbolMap<T>: a T for each symbol that is asked for. Symbols are small numbers, so this is two
// array look-ups where a hash table would be the dearest part of a judge. Visits in the order of
// first use, so results are deterministic.
#pragma once

#include <cstdint>
#include <vector>

#include "scenarios/journal.h"

namespace scenarios {

template <class T>
class SymbolMap {
 public:
  // The reference holds until the next call.
  T& operator[](Symbol symbol) {
    const auto index = static_cast<std::size_t>(symbol);
    if (index >= slots_.size()) slots_.resize(index + 1, kNone);
    if (slots_[index] == kNone) {
      slots_[index] = static_cast<std::uint32_t>(values_.size());
      values_.emplace_back();
    }
    return values_[slots_[index]];
  }

  std::vector<T>& values() { return values_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::vector<std::uint32_t> slots_;  // by symbol: where in values_
  std::vector<T> values_;
};

}  // namespace scenarios
