// Virtual time on the calling thread. Whenever several steps are ready, the seed chooses which runs
// next, so one seed is one schedule: same seed, same journal, byte for byte. Time moves only when
// nothing is ready; timers then run in the order of their deadlines.
//
// Threads: none. Everything happens inside Run*() on the caller's thread. An exception out of a
// plain posted function leaves through Run*(), one out of a spawned coroutine is kept for
// failure().
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "libcontainerd/random.h"
#include "libcontainerd/runtime.h"

namespace libcontainerd {

class TimerQueue;

class SimulatedRuntime final : public Runtime {
 public:
  // The virtual time of day at Now() == 0: 2016-10-05T00:00:00Z, a day when containerd 0.2 was
  // current.
  static constexpr WallTime kDefaultEpoch{std::chrono::seconds(1475625600)};

  explicit SimulatedRuntime(std::uint64_t seed, WallTime epoch = kDefaultEpoch);
  ~SimulatedRuntime() override;
  SimulatedRuntime(const SimulatedRuntime&) = delete;
  SimulatedRuntime& operator=(const SimulatedRuntime&) = delete;

  asio::any_io_executor executor() override;
  void Post(Task step) override { Submit(std::move(step)); }
  Duration Now() const override { return now_; }
  WallTime WallNow() const override { return epoch_ + now_ + wall_readings_++ * wall_step_; }
  // From now on the time of day is a nanosecond further whenever it is asked for: whoever compares
  // two readings knows which came first, as on a machine.
  void TellReadingsApart() { wall_step_ = Duration(1); }
  std::uint64_t Draw() override { return random_.Next(); }
  TimerId StartTimer(Duration delay, Task task) override;
  void CancelTimer(TimerId timer) override;
  void RunBlocking(Task work) override;
  void ReportFailure(std::exception_ptr failure) override;

  // Runs ready steps until none is left; time stands still. Returns the number of steps.
  std::size_t RunReady();
  // Runs everything, jumping to the next timer whenever nothing is ready, until nothing is left at
  // all or `limit` of virtual time has passed since the call.
  void Run(Duration limit = std::chrono::hours(24));
  // Runs until `condition()` holds (checked between steps), false if everything came to rest or
  // `limit` passed first. After the latter Now() is where the limit ended.
  bool RunUntil(const std::function<bool()>& condition, Duration limit = std::chrono::hours(24));
  // Runs what is due, timers in order, up to that moment; Now() is `time` afterwards.
  void AdvanceTo(Duration time);

  // What a coroutine threw, if any did; the first one. A run that returns a failure has a defect.
  std::exception_ptr failure() const { return failure_; }
  // A draw that depends on every draw before it: equal last draws mean equal schedules.
  std::uint64_t Fingerprint() { return random_.Next(); }

 private:
  class Context;
  class Executor;

  bool Step();
  bool FireNextTimer(Duration latest);
  void Submit(Task task) { ready_.push_back(std::move(task)); }

  Random random_;
  WallTime epoch_;
  Duration now_{0};
  mutable std::int64_t wall_readings_ = 0;
  Duration wall_step_{0};
  std::unique_ptr<TimerQueue> timers_;
  std::vector<Task> ready_;
  std::exception_ptr failure_;
  std::unique_ptr<Context> context_;
};

}  // namespace libcontainerd
