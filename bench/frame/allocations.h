// Counts what operator new gives out to this thread: link bench_allocations into a bench, and into
// nothing else.
#pragma once

#include <cstddef>

namespace bench {

// By this thread so far.
std::size_t Allocations();

}  // namespace bench
