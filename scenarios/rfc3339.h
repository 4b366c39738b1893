// Points in time as text: of recorded messages, and of the cursor.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace scenarios {

struct UnixTime {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};
// RFC 3339, up to nanoseconds; nothing if it is not.
std::optional<UnixTime> ParseRfc3339(std::string_view text);
// The same in nanoseconds since the epoch; nothing if 64 bits do not hold it, either.
std::optional<std::int64_t> ParseRfc3339Nanoseconds(std::string_view text);

}  // namespace scenarios
