// RFC 3339 text for the event log, as Go writes and reads time.Time: nanoseconds without trailing zeros, any offset.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fake_containerd/world/model.h"

namespace fake_containerd {

// "2016-10-05T00:00:00.5Z": always UTC.
std::string FormatTime(WallTime time);
// Nothing for text that is not a time, or one outside of what WallTime holds (the years 1678 to 2261).
std::optional<WallTime> ParseTime(std::string_view text);

}  // namespace fake_containerd
