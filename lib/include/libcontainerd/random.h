// Seeded random numbers that are the same on every compiler, library and machine.
// The std:: distributions are not: they may draw differently between implementations.
//
// The generator is SplitMix64 (Steele, Lea, Flood 2014): one 64-bit word of state, any seed is
// good. Not for secrets. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace libcontainerd {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next();
  // Uniform in [0, bound). `bound` must not be 0. Unbiased: draws again where a plain modulus would
  // favour low values.
  std::uint64_t Below(std::uint64_t bound);
  // Uniform in [low, high], both included; low <= high.
  std::int64_t Between(std::int64_t low, std::int64_t high);
  // True in numerator of denominator cases; denominator must not be 0.
  bool Chance(std::uint64_t numerator, std::uint64_t denominator);

  template <class T>
  void Shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<std::size_t>(Below(i))]);
    }
  }
  // A generator whose draws do not disturb this one's.
  Random Fork() { return Random(Next()); }

 private:
  std::uint64_t state_;
};

}  // namespace libcontainerd
