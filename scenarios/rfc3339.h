// The text of a cursor as a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace scenarios {

// "2016-10-05T12:00:00.123456789Z" or with an offset such as "+02:00", in nanoseconds since the
// epoch. None for anything else.
std::optional<std::int64_t> ParseRfc3339(std::string_view text);

}  // namespace scenarios
