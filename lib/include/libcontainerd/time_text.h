// RFC 3339 text of a time, as Go writes and reads time.Time: nanoseconds without trailing zeros,
// any offset. The cursor is such a text, and so are the times in the daemon's event log.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

// "2016-10-05T00:00:00.5Z": always UTC.
std::string FormatTime(WallTime time);
// Nothing for text that is not a time, or one outside of what WallTime holds (the years 1678 to
// 2261).
std::optional<WallTime> ParseTime(std::string_view text);

}  // namespace libcontainerd
