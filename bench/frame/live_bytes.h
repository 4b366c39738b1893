// What this program holds of operator new: link bench_live_bytes into a bench, and into nothing
// else. All threads together.
#pragma once

#include <cstddef>

namespace bench {

// Given out by operator new and not given back, each block rounded up as glibc's malloc rounds
// what it is asked for. The same blocks always come to the same bytes: what malloc really took may
// be 16 bytes more, where the rest of a free block would have been too small for another.
std::size_t LiveBytes();

}  // namespace bench
