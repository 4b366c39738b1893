// Bytes of outputs: their sha256, and a guess at those of which only the length was recorded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scenarios {

// In lower-case hexadecimal, as traces and journals write it.
std::string Sha256Hex(std::string_view bytes);

// A piece of a stream: its bytes, or only how many.
struct StreamPiece {
  std::string_view data;
  std::uint64_t length = 0;
  bool known = false;
};

// A pattern that, repeated from the stream's first byte on, fills the unknown pieces so that the
// whole has that sha256; empty if none is found. Tried are what the known pieces repeat, zeros,
// `yes`, and then every other byte for streams that are not too long.
std::string FindPattern(const std::vector<StreamPiece>& pieces, const std::string& sha256);

// `length` bytes of a repeated pattern, from `offset` of the stream on.
std::string PatternBytes(const std::string& pattern, std::uint64_t offset, std::uint64_t length);

}  // namespace scenarios
