// Time taken: by the clock on the wall, or by this thread's own share of a processor, which for
// what runs on one thread is the same on a busy machine.
#pragma once

#include <ctime>

namespace bench {

class Stopwatch {
 public:
  enum class Of : unsigned char { kWall, kThread };
  explicit Stopwatch(Of what = Of::kWall)
      : clock_(what == Of::kWall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID), begin_(Now()) {}

  double seconds() const { return Now() - begin_; }

 private:
  double Now() const {
    timespec now{};
    ::clock_gettime(clock_, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }

  clockid_t clock_;
  double begin_;
};

}  // namespace bench
