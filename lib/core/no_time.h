// The time that means none, as Go's zero time does.
#pragma once

#include "libcontainerd/runtime.h"

namespace libcontainerd {

// On the wire it is 0001-01-01, which containerd takes for no time at all: it replays nothing, and
// refuses questions about the stored events since then.
inline constexpr WallTime kNoTime = WallTime::min();

}  // namespace libcontainerd
