// Exit codes that no process gave: the client makes them up where the truth is lost.
#pragma once

#include <cstdint>

namespace scenarios {

// Of what is gone and left no exit event.
inline constexpr std::uint32_t kGoneWithoutExit = 255;
// Of an exec that went with its container's init.
inline constexpr std::uint32_t kKilledWithInit = 137;

}  // namespace scenarios
