// Signals by number, as they stand on the wire and in a process's behaviour: Linux's, on any
// machine.
#pragma once

#include <cstdint>

namespace fake_containerd {

inline constexpr std::uint32_t kSigKill = 9;
inline constexpr std::uint32_t kSigCont = 18;
inline constexpr std::uint32_t kSigStop = 19;
inline constexpr std::uint32_t kHighestSignal = 64;

}  // namespace fake_containerd
