// A time of the wire as one of ours. Source: google/protobuf/timestamp.proto.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <google/protobuf/timestamp.pb.h>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

// A time beyond the years 1678 to 2261, which WallTime cannot hold, becomes the nearest in them:
// the daemon may send anything, and Go's zero time is in the year 1.
inline WallTime ToWallTime(const google::protobuf::Timestamp& time) {
  constexpr std::int64_t kFirst = -9'214'560'000;  // 1678-01-01
  constexpr std::int64_t kLast = 9'214'646'399;    // 2261-12-31
  constexpr std::int32_t kLongestFraction = 999'999'999;
  return WallTime(std::chrono::seconds(std::clamp(time.seconds(), kFirst, kLast)) +
                  std::chrono::nanoseconds(std::clamp(time.nanos(), 0, kLongestFraction)));
}

}  // namespace libcontainerd
