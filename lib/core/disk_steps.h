// DiskSteps: the file-system work of one operation. The operation waits for each piece no longer
// than it has time; one that hangs goes on by itself, and whoever cleans up waits for it first.
//
// Threads: the executor's thread. The work is part of the client's scope, which Close() joins.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace libcontainerd {

class DiskSteps {
 public:
  DiskSteps(Runtime& runtime, std::shared_ptr<TaskScope> scope)
      : runtime_(runtime), scope_(std::move(scope)) {}
  DiskSteps(const DiskSteps&) = delete;
  DiskSteps& operator=(const DiskSteps&) = delete;

  // What `work` returned; DEADLINE_EXCEEDED "WHAT: the file system did not answer in time" when
  // `patience` passed first.
  template <class T>
  static Awaitable<Result<T>> Do(std::shared_ptr<DiskSteps> self, std::string what,
                                 Awaitable<Result<T>> work, Duration patience) {
    auto outcome = std::make_shared<OneShot<Result<T>>>(self->runtime_);
    ++self->running_;
    self->scope_->Spawn(Carry<T>(self, std::move(work), outcome));
    const TimerId timer = self->runtime_.StartTimer(patience, [outcome, what] {
      outcome->Set(
          Fail(ErrorCode::kDeadlineExceeded, what + ": the file system did not answer in time"));
    });
    Result<T> result = co_await outcome->Wait();
    self->runtime_.CancelTimer(timer);
    co_return result;
  }
  // Returns when nothing is under way. One waiter at a time.
  static Awaitable<void> Idle(std::shared_ptr<DiskSteps> self) {
    while (self->running_ > 0) {
      self->idle_ = std::make_shared<OneShot<Unit>>(self->runtime_);
      co_await self->idle_->Wait();
    }
  }

 private:
  template <class T>
  static Awaitable<void> Carry(std::shared_ptr<DiskSteps> self, Awaitable<Result<T>> work,
                               std::shared_ptr<OneShot<Result<T>>> outcome) {
    Result<T> result = co_await std::move(work);
    outcome->Set(std::move(result));
    --self->running_;
    if (self->running_ == 0 && self->idle_) self->idle_->Set(Unit());
  }

  Runtime& runtime_;
  std::shared_ptr<TaskScope> scope_;
  std::size_t running_ = 0;
  std::shared_ptr<OneShot<Unit>> idle_;
};

}  // namespace libcontainerd
