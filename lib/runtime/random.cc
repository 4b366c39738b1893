#include "libcontainerd/random.h"

namespace libcontainerd {

std::uint64_t Random::Next() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

std::uint64_t Random::Below(std::uint64_t bound) {
  // The low `2^64 mod bound` values are the surplus that would make small results likelier.
  const std::uint64_t surplus = (0 - bound) % bound;
  std::uint64_t draw = Next();
  while (draw < surplus) draw = Next();
  return draw % bound;
}

std::int64_t Random::Between(std::int64_t low, std::int64_t high) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t offset = span == 0 ? Next() : Below(span);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

bool Random::Chance(std::uint64_t numerator, std::uint64_t denominator) {
  return Below(denominator) < numerator;
}

}  // namespace libcontainerd
