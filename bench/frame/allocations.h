// Counts what operator new gives out in this program: link bench_allocations into a bench, and into
// nothing else. Counted are the calling thread's own; the blocks of all threads together are
// measured in bytes.
#pragma once

#include <cstddef>

namespace bench {

// By this thread so far.
std::size_t Allocations();
// Given out by operator new and not given back, as the allocator rounds them up.
std::size_t LiveBytes();

}  // namespace bench
