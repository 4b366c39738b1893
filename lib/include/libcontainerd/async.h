// The few coroutine pieces that the core is written with, on top of Asio's awaitable.
//
// Rules that keep GCC 12 honest: coroutine parameters by value (or references that outlive the
// coroutine), and no braced temporaries inside a co_await expression.
#pragma once

#include <coroutine>
#include <cstddef>
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
// keeps the first value. Destroying it destroys the coroutine that waits.
template <class T>
class OneShot {
 public:
  explicit OneShot(Runtime& runtime) : runtime_(runtime) {}
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;

  void Set(T value) {
    if (set_) return;
    set_ = true;
    if (waiter_) {
      const std::unique_ptr<Waiter> waiter = std::move(waiter_);
      waiter->Resume(std::move(value));
    } else {
      value_.emplace(std::move(value));
    }
  }
  bool is_set() const { return set_; }

  Awaitable<T> Wait() {
    if (value_) co_return std::move(*value_);
    auto start = [this](auto handler) {
      waiter_ = std::make_unique<WaiterWith<decltype(handler)>>(*this, std::move(handler));
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(
        std::move(start), asio::use_awaitable);
  }

 private:
  class Waiter : public SuspendedWait {
   public:
    explicit Waiter(OneShot& owner) : SuspendedWait(owner.runtime_), owner_(owner) {}
    virtual void Resume(T value) = 0;
    void Abandon() final { const std::unique_ptr<Waiter> self = std::move(owner_.waiter_); }

   private:
    OneShot& owner_;
  };
  template <class Handler>
  class WaiterWith final : public Waiter {
   public:
    WaiterWith(OneShot& owner, Handler handler) : Waiter(owner), handler_(std::move(handler)) {}
    void Resume(T value) override {
      this->runtime().Post([handler = std::move(handler_), value = std::move(value)]() mutable {
        std::move(handler)(std::move(value));
      });
    }

   private:
    Handler handler_;
  };

  Runtime& runtime_;
  bool set_ = false;
  std::optional<T> value_;
  std::unique_ptr<Waiter> waiter_;
};

struct Unit {};

// Suspends for `delay` of the runtime's time.
Awaitable<void> Sleep(Runtime& runtime, Duration delay);

// Starts a coroutine that nobody awaits; it begins as a step of its own, never inside Spawn(). What
// escapes from it goes to Runtime::ReportFailure.
void Spawn(Runtime& runtime, Awaitable<void> coroutine);

// Runs `work` off the executor and resumes with its result, or the exception that escaped from it,
// on the executor. Of work that the runtime's end overtook nothing comes back: the coroutine is
// unwound with the others.
template <class Work>
Awaitable<std::invoke_result_t<Work&>> OffExecutor(Runtime& runtime, Work work) {
  using Value = std::invoke_result_t<Work&>;
  struct Outcome {
    std::optional<Value> value;
    std::exception_ptr failure;
  };
  auto done = std::make_shared<OneShot<Outcome>>(runtime);
  runtime.RunBlocking([&runtime, done, work = std::move(work)]() mutable {
    Outcome outcome;
    try {
      outcome.value.emplace(work());
    } catch (...) {
      outcome.failure = std::current_exception();
    }
    asio::post(runtime.executor(),
               [done = std::move(done), outcome = std::move(outcome)]() mutable {
                 done->Set(std::move(outcome));
               });
  });
  Outcome outcome = co_await done->Wait();
  if (outcome.failure) std::rethrow_exception(outcome.failure);
  co_return std::move(*outcome.value);
}

// Counts coroutines and lets their owner wait for the last of them: members must not die before
// Join() returned. What escapes from one goes to Runtime::ReportFailure.
class TaskScope {
 public:
  explicit TaskScope(Runtime& runtime) : runtime_(&runtime) {}
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

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
  AsyncMutex(const AsyncMutex&) = delete;
  AsyncMutex& operator=(const AsyncMutex&) = delete;

  // Resumes true when the lock is held, false when `timeout` passed or Refuse() came first.
  // Unlock() exactly once after true.
  Awaitable<bool> Lock(Duration timeout);
  void Unlock();
  // Whoever waits now waits no longer.
  void Refuse();
  bool idle() const { return !locked_ && waiters_.empty(); }

 private:
  struct Waiter;
  Runtime* runtime_;
  bool locked_ = false;
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace libcontainerd
