// The few coroutine pieces that the core is written with, on top of Asio's awaitable.
//
// Rules that keep GCC 12 honest: coroutine parameters by value (or references that outlive the
// coroutine), and no braced temporaries inside a co_await expression.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

template <class T>
using Awaitable = asio::awaitable<T, asio::any_io_executor>;

// A value that is set once and waited for by at most one coroutine. Set() and Wait() belong to the
// executor's thread. The waiter resumes as a step of its own, never inside Set(). Setting twice
// keeps the first value.
template <class T>
class OneShot {
 public:
  explicit OneShot(Runtime& runtime) : runtime_(&runtime) {}

  void Set(T value) {
    if (set_) return;
    set_ = true;
    if (waiter_) {
      waiter_(std::move(value));
    } else {
      value_.emplace(std::move(value));
    }
  }
  bool is_set() const { return set_; }

  Awaitable<T> Wait() {
    if (value_) co_return std::move(*value_);
    auto start = [this](auto handler) {
      waiter_ = [runtime = runtime_, handler = std::move(handler)](T value) mutable {
        asio::post(runtime->executor(),
                   [handler = std::move(handler), value = std::move(value)]() mutable {
                     std::move(handler)(std::move(value));
                   });
      };
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(
        std::move(start), asio::use_awaitable);
  }

 private:
  Runtime* runtime_;
  bool set_ = false;
  std::optional<T> value_;
  UniqueFunction<void(T)> waiter_;
};

struct Unit {};

// Suspends for `delay` of the runtime's time.
Awaitable<void> Sleep(Runtime& runtime, Duration delay);

// Starts a coroutine that nobody awaits. What escapes from it goes to Runtime::ReportFailure.
void Spawn(Runtime& runtime, Awaitable<void> coroutine);

// Runs `work` off the executor and resumes with its result on the executor.
template <class Work>
Awaitable<std::invoke_result_t<Work&>> OffExecutor(Runtime& runtime, Work work) {
  using Value = std::invoke_result_t<Work&>;
  auto done = std::make_shared<OneShot<Value>>(runtime);
  runtime.RunBlocking([&runtime, done, work = std::move(work)]() mutable {
    asio::post(runtime.executor(),
               [done = std::move(done), value = work()]() mutable { done->Set(std::move(value)); });
  });
  co_return co_await done->Wait();
}

// Counts coroutines and lets their owner wait for the last of them: members must not die before
// Join() returned.
class TaskScope {
 public:
  explicit TaskScope(Runtime& runtime) : runtime_(&runtime) {}

  void Spawn(Awaitable<void> coroutine);
  std::size_t running() const { return running_; }
  // One Join at a time.
  Awaitable<void> Join();

 private:
  Awaitable<void> Tracked(Awaitable<void> coroutine);

  Runtime* runtime_;
  std::size_t running_ = 0;
  std::shared_ptr<OneShot<Unit>> idle_;
};

// Mutual exclusion between coroutines, first come first served. Belongs to the executor's thread.
class AsyncMutex {
 public:
  explicit AsyncMutex(Runtime& runtime) : runtime_(&runtime) {}

  // Resumes true when the lock is held, false when `timeout` passed first. Unlock() exactly once
  // after true.
  Awaitable<bool> Lock(Duration timeout);
  void Unlock();
  bool idle() const { return !locked_ && waiters_.empty(); }

 private:
  struct Waiter;
  Runtime* runtime_;
  bool locked_ = false;
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace libcontainerd
