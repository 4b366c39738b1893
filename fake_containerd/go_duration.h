// Durations as Go's flag package reads and writes them: "2m", "1h15m30.5s", "300ms", "0".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libcontainerd/runtime.h"

namespace fake_containerd {

// None for a text that Go's time.ParseDuration refuses too, and for what does not fit.
std::optional<libcontainerd::Duration> ParseGoDuration(std::string_view text);

// As Go's Duration.String(): "1h0m2.5s", "300ms", "1.5µs", "0s". ParseGoDuration reads it as the
// same.
std::string PrintGoDuration(libcontainerd::Duration duration);

}  // namespace fake_containerd
