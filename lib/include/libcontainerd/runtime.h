// Runtime: where the client's core runs, what time it is, and where blocking work goes.
//
// Two implementations: ThreadedRuntime (one executor thread, the machine's clock or a stepped one)
// and SimulatedRuntime (no threads, virtual time, the seed orders whatever is ready). The same core
// runs on both.
//
// Threads: everything but executor(), Post() and RunBlocking() is for the executor's own thread,
// unless an implementation says more.
//
// Ownership: a Runtime outlives whatever was started on it. Its destructor unwinds the coroutines
// that still wait: what their locals' destructors use must live until then, or be joined before
// (TaskScope).
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>

#include <asio/any_io_executor.hpp>

#include "libcontainerd/unique_function.h"

namespace libcontainerd {

// Nanoseconds, always: units never need to be guessed.
using Duration = std::chrono::nanoseconds;
// Time of day, for timestamps that leave the process. Timers use the monotonic Runtime::Now().
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

using Task = UniqueFunction<void()>;
enum class TimerId : std::uint64_t {};

class SuspendedWait;

class Runtime {
 public:
  Runtime() = default;
  virtual ~Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Runs one function at a time. What is posted never runs inside the call that submits it.
  // Callable from any thread.
  virtual asio::any_io_executor executor() = 0;

  // A step of the executor, as by asio::post() to it but without its type-erased detour: for what
  // happens for every event. Callable from any thread.
  virtual void Post(Task step) = 0;

  // Monotonic, counted from the runtime's start. Callable from any thread.
  virtual Duration Now() const = 0;
  // Callable from any thread.
  virtual WallTime WallNow() const = 0;

  // 64 random bits, for what should not keep step with others, such as pauses: the seed's in a
  // simulated runtime.
  virtual std::uint64_t Draw() = 0;

  // Runs `task` on the executor once `delay` has passed, as a step of its own even if that is at
  // once. Timers run in the order of their deadlines, those with equal ones in the order in which
  // they were started. A delay below zero counts as zero, one beyond a hundred years as never.
  virtual TimerId StartTimer(Duration delay, Task task) = 0;
  // The task will not run, even if it was due already, and is destroyed; no effect if it began.
  virtual void CancelTimer(TimerId timer) = 0;

  // Runs `work` where blocking harms nobody: files, blocking callbacks. Never starves: the pool
  // grows on need. The simulated runtime runs it as one more step. Callable from any thread.
  virtual void RunBlocking(Task work) = 0;

  // What escaped from a spawned coroutine. It is a defect; the runtime keeps the first and hands it
  // out when it stops.
  virtual void ReportFailure(std::exception_ptr failure) = 0;

 protected:
  // For an implementation's destructor, while executor() still takes work: destroys every coroutine
  // that is suspended on something of async.h. Such a coroutine often owns the very object that
  // would resume it, so nothing else would ever free it.
  void UnwindSuspended();

 private:
  friend class SuspendedWait;
  SuspendedWait* first_suspended_ = nullptr;
  SuspendedWait* last_suspended_ = nullptr;
};

// A coroutine's wait for something of async.h, listed with its runtime from its beginning to its
// end. Threads: the executor's.
class SuspendedWait {
 public:
  explicit SuspendedWait(Runtime& runtime);
  virtual ~SuspendedWait();
  SuspendedWait(const SuspendedWait&) = delete;
  SuspendedWait& operator=(const SuspendedWait&) = delete;

  // Destroys this object, and with it the coroutine.
  virtual void Abandon() = 0;

 protected:
  Runtime& runtime() const { return runtime_; }

 private:
  Runtime& runtime_;
  SuspendedWait* previous_;
  SuspendedWait* next_ = nullptr;
};

// What escaped, in words; empty if nothing did.
std::string DescribeFailure(const std::exception_ptr& failure);

}  // namespace libcontainerd
