// Pacing: something begun at fixed times, whether or not what was begun before has ended. Who is
// late begins at once, and whoever measures counts from the time that was due.
//
// Threads: the caller's, which sleeps in between, to the microsecond.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>

#include <sys/prctl.h>

namespace bench {

using PacingClock = std::chrono::steady_clock;

// On the clock that steady_clock reads.
inline void AwaitTime(PacingClock::time_point time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  const timespec until{.tv_sec = seconds.count(), .tv_nsec = (since - seconds).count()};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

// Calls `begin` with the number of each of `count` and the time at which it is due.
inline void Pace(std::size_t count, PacingClock::time_point first, std::chrono::nanoseconds period,
                 const std::function<void(std::size_t, PacingClock::time_point)>& begin) {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);  // for this thread; by default 50 µs
  for (std::size_t i = 0; i < count; ++i) {
    const PacingClock::time_point due = first + static_cast<std::int64_t>(i) * period;
    AwaitTime(due);
    begin(i, due);
  }
}

}  // namespace bench
