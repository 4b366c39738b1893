// MutantSet: which of the mutants of one kind are planted; none by default.
//
// Threads: a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace libcontainerd {

template <class Mutant, std::size_t kCount>
class MutantSet {
 public:
  constexpr MutantSet() = default;
  constexpr MutantSet(std::initializer_list<Mutant> planted) {
    for (const Mutant mutant : planted) Plant(mutant);
  }
  constexpr void Plant(Mutant mutant) { bits_ |= Bit(mutant); }
  constexpr bool Has(Mutant mutant) const { return (bits_ & Bit(mutant)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  friend constexpr bool operator==(const MutantSet&, const MutantSet&) = default;

 private:
  static_assert(kCount <= 64);
  static constexpr std::uint64_t Bit(Mutant mutant) {
    return std::uint64_t{1} << static_cast<unsigned>(mutant);
  }

  std::uint64_t bits_ = 0;
};

}  // namespace libcontainerd
