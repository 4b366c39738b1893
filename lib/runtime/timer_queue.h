// TimerQueue: timers by deadline, shared by both runtimes. It knows neither clock nor executor.
//
// A timer that is due leaves the order but keeps its task until Run(), so that a cancel in between
// still counts. Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

class TimerQueue {
 public:
  // `now` + `delay`, with a delay below zero as zero and one of more than a century as a century:
  // far enough to mean never, near enough not to overflow.
  static Duration Deadline(Duration now, Duration delay);

  TimerId Start(Duration deadline, Task task);
  // Destroys the task of a timer that was not run; unknown ones are fine.
  void Cancel(TimerId timer);
  // The earliest deadline of those not yet popped.
  std::optional<Duration> Next() const;
  // Takes the earliest timer out of the order if its deadline is at most `latest`. Equal deadlines
  // come in the order of their starts.
  std::optional<TimerId> PopDue(Duration latest);
  // Runs and forgets the task, unless it was cancelled.
  void Run(TimerId timer);

  bool empty() const { return timers_.empty(); }
  // Destroys all that is here. A task that is destroyed may start and cancel timers: those started
  // are kept.
  void Clear();

 private:
  struct Timer {
    Duration deadline;
    Task task;
  };
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Timer> timers_;
  std::set<std::pair<Duration, std::uint64_t>> order_;
};

}  // namespace libcontainerd
