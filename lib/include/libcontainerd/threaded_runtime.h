// The real runtime: one executor thread, an elastic pool for blocking work, and a clock that is
// either the machine's or one that the test steps by hand.
//
// Steps run in the order in which they were submitted, from whatever threads. What escapes from a
// posted function, a timer or blocking work is kept for failure(), as from a coroutine.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

// Time that moves only when told to. Shared by the runtimes of one test, so that client and fake
// agree. Thread-safe.
class SteppableClock {
 public:
  explicit SteppableClock(WallTime epoch = WallTime(std::chrono::seconds(1475625600)))
      : epoch_(epoch) {}

  Duration Now() const { return Duration(now_.load(std::memory_order_acquire)); }
  WallTime WallNow() const { return epoch_ + Now(); }

  // Moves on; the timers that became due have been handed to their executors when this returns, in
  // order. It is one leap: what a timer starts counts from `time`. Not from an executor's thread.
  // Never moves back.
  void AdvanceTo(Duration time);
  void AdvanceBy(Duration step) { AdvanceTo(Now() + step); }

 private:
  friend class ThreadedRuntime;
  void Add(const void* owner, std::function<void()> fire_due);
  void Remove(const void* owner);

  WallTime epoch_;
  std::atomic<std::int64_t> now_{0};
  std::mutex mutex_;  // guards listeners_
  std::vector<std::pair<const void*, std::function<void()>>> listeners_;
};

class ThreadedRuntime final : public Runtime {
 public:
  // Without a clock: the machine's. The clock must outlive the runtime.
  explicit ThreadedRuntime(SteppableClock* clock = nullptr);
  // Lets blocking work end, while the executor still runs, for it may wait for the executor. Then
  // stops the executor. Timers, suspended coroutines and work still queued on the executor are
  // dropped, and so is blocking work that is submitted meanwhile. Not from the executor's thread.
  ~ThreadedRuntime() override;
  ThreadedRuntime(const ThreadedRuntime&) = delete;
  ThreadedRuntime& operator=(const ThreadedRuntime&) = delete;

  asio::any_io_executor executor() override;
  void Post(Task step) override;
  Duration Now() const override;
  WallTime WallNow() const override;
  std::uint64_t Draw() override;
  TimerId StartTimer(Duration delay, Task task) override;
  void CancelTimer(TimerId timer) override;
  void RunBlocking(Task work) override;
  // Callable from any thread.
  void ReportFailure(std::exception_ptr failure) override;

  // When the next timer is due, if there is one. The executor's thread only.
  std::optional<Duration> NextTimer() const;
  bool OnExecutorThread() const;
  // Waits until everything submitted to the executor before this call has run; with more rounds,
  // also what that submitted, and so on. Not from the executor's thread.
  void Drain(int rounds = 1);
  // Pieces of RunBlocking's work that have not ended.
  std::size_t blocking_work() const;
  std::exception_ptr failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libcontainerd
