// Runtime: where the client's core runs, what time it is, and where blocking work goes.
//
// Two implementations: ThreadedRuntime (one executor thread, the machine's clock or a stepped one)
// and SimulatedRuntime (no threads, virtual time, the seed orders whatever is ready). The same core
// runs on both.
//
// Threads: everything but executor() and RunBlocking() is for the executor's own thread, unless an
// implementation says more. A Runtime outlives whatever was started on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>

#include <asio/any_io_executor.hpp>

#include "libcontainerd/unique_function.h"

namespace libcontainerd {

// Nanoseconds, always: units never need to be guessed.
using Duration = std::chrono::nanoseconds;
// Time of day, for timestamps that leave the process. Timers use the monotonic Runtime::Now().
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

using Task = UniqueFunction<void()>;
enum class TimerId : std::uint64_t {};

class Runtime {
 public:
  virtual ~Runtime() = default;

  // Runs one function at a time, never inside the call that submits it. Callable from any thread.
  virtual asio::any_io_executor executor() = 0;

  // Monotonic, counted from the runtime's start. Callable from any thread.
  virtual Duration Now() const = 0;
  // Callable from any thread.
  virtual WallTime WallNow() const = 0;

  // Runs `task` on the executor once `delay` has passed.
  virtual TimerId StartTimer(Duration delay, Task task) = 0;
  // The task will not run and is destroyed; no effect if it ran already.
  virtual void CancelTimer(TimerId timer) = 0;

  // Runs `work` where blocking harms nobody: files, blocking callbacks. Never starves: the pool
  // grows on need. The simulated runtime runs it as one more step. Callable from any thread.
  virtual void RunBlocking(Task work) = 0;

  // What escaped from a spawned coroutine. It is a defect; the runtime keeps the first and hands it
  // out when it stops.
  virtual void ReportFailure(std::exception_ptr failure) = 0;
};

}  // namespace libcontainerd
