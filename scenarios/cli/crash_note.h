// A last word when the program crashes: which seeds it was at. Without it a run of thousands that
// ends in SIGSEGV would leave nothing to do again.
//
// Threads: any. One for the whole process, as signal handlers are.
#pragma once

#include <cstdint>

namespace scenarios {

// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT say, on standard error, which runs had
// begun and not ended, before they do what they do. Handlers of others (a sanitizer's) stay.
void InstallCrashNote();
void NoteSeedBegun(std::uint64_t seed);
void NoteSeedEnded(std::uint64_t seed);

}  // namespace scenarios
