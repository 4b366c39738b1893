#include "libcontainerd/async.h"

#include <utility>

#include <algorithm>

namespace libcontainerd {

Awaitable<void> Sleep(Runtime& runtime, Duration delay) {
  auto start = [&runtime, delay](auto handler) {
    runtime.StartTimer(delay, [handler = std::move(handler)]() mutable { std::move(handler)(); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(start),
                                                                       asio::use_awaitable);
}

void Spawn(Runtime& runtime, Awaitable<void> coroutine) {
  // Posted first, because on an io_context's own thread co_spawn alone would begin the coroutine
  // inside this call.
  runtime.Post([&runtime, coroutine = std::move(coroutine)]() mutable {
    asio::co_spawn(runtime.executor(), std::move(coroutine),
                   [&runtime](std::exception_ptr failure) {
                     if (failure) runtime.ReportFailure(std::move(failure));
                   });
  });
}

void TaskScope::Spawn(Awaitable<void> coroutine) {
  ++running_;
  libcontainerd::Spawn(*runtime_, Tracked(std::move(coroutine)));
}

Awaitable<void> TaskScope::Tracked(Awaitable<void> coroutine) {
  try {
    co_await std::move(coroutine);
  } catch (...) {
    runtime_->ReportFailure(std::current_exception());
  }
  if (--running_ == 0 && idle_) idle_->Set(Unit());
}

Awaitable<void> TaskScope::Join() {
  while (running_ > 0) {
    idle_ = std::make_shared<OneShot<Unit>>(*runtime_);
    co_await idle_->Wait();
    idle_.reset();
  }
}

struct AsyncMutex::Waiter {
  explicit Waiter(Runtime& runtime) : granted(runtime) {}
  OneShot<bool> granted;
  TimerId timer{};
};

Awaitable<bool> AsyncMutex::Lock(Duration timeout) {
  if (!locked_) {
    locked_ = true;
    co_return true;
  }
  auto waiter = std::make_shared<Waiter>(*runtime_);
  waiters_.push_back(waiter);
  waiter->timer = runtime_->StartTimer(timeout, [this, waiter] {
    std::erase(waiters_, waiter);
    waiter->granted.Set(false);
  });
  co_return co_await waiter->granted.Wait();
}

void AsyncMutex::Unlock() {
  if (waiters_.empty()) {
    locked_ = false;
    return;
  }
  const std::shared_ptr<Waiter> next = waiters_.front();
  waiters_.erase(waiters_.begin());
  runtime_->CancelTimer(next->timer);
  next->granted.Set(true);
}

void AsyncMutex::Refuse() {
  for (const std::shared_ptr<Waiter>& waiter : std::exchange(waiters_, {})) {
    runtime_->CancelTimer(waiter->timer);
    waiter->granted.Set(false);
  }
}

}  // namespace libcontainerd
