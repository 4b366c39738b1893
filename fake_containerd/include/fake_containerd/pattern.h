// A pattern: bytes that are the same wherever they are made, for outputs of any size whose readers
// can check them without having them all.
//
//   behaviour   pattern=1G:seed=7                      what the process writes
//   reader      PatternSha256(7, 1 << 30)              what its digest must be
//               PatternBytes(7, offset, chunk.size())  what a piece of it must be
//
// Threads: any; these are functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace fake_containerd {

// `count` bytes of the endless pattern of this seed, from `offset` on.
std::string PatternBytes(std::uint64_t seed, std::uint64_t offset, std::size_t count);

// SHA-256 of its first `size` bytes, in lower-case hex. About a second for each GiB.
std::string PatternSha256(std::uint64_t seed, std::uint64_t size);

}  // namespace fake_containerd
