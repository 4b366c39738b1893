#include "fake_containerd/pattern.h"

#include <algorithm>

#include "fake_containerd/world/digest.h"

namespace fake_containerd {
namespace {

constexpr std::uint64_t kWordSize = 8;
constexpr std::size_t kPiece = 65536;

// SplitMix64's output function over a counter: any word can be had without those before it.
std::uint64_t WordAt(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t word = seed + (index + 1) * 0x9e3779b97f4a7c15U;
  word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
  return word ^ (word >> 31U);
}

}  // namespace

std::string PatternBytes(std::uint64_t seed, std::uint64_t offset, std::size_t count) {
  const std::uint64_t skipped = offset % kWordSize;
  const std::uint64_t words = (skipped + count + kWordSize - 1) / kWordSize;
  std::string bytes;
  bytes.resize(static_cast<std::size_t>(words * kWordSize));
  std::size_t place = 0;
  for (std::uint64_t i = 0; i < words; ++i) {
    std::uint64_t word = WordAt(seed, offset / kWordSize + i);
    for (std::uint64_t byte = 0; byte < kWordSize; ++byte, word >>= 8U) {
      bytes[place++] = static_cast<char>(word & 255U);
    }
  }
  bytes.erase(0, static_cast<std::size_t>(skipped));
  bytes.resize(count);
  return bytes;
}

std::string PatternSha256(std::uint64_t seed, std::uint64_t size) {
  Sha256 digest;
  for (std::uint64_t offset = 0; offset < size; offset += kPiece) {
    const std::uint64_t count = std::min<std::uint64_t>(kPiece, size - offset);
    digest.Update(PatternBytes(seed, offset, static_cast<std::size_t>(count)));
  }
  return digest.Hex();
}

}  // namespace fake_containerd
