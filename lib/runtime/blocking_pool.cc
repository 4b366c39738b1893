#include "lib/runtime/blocking_pool.h"

#include <chrono>
#include <thread>
#include <utility>

namespace libcontainerd {
namespace {

constexpr auto kIdleBeforeEnd = std::chrono::seconds(2);

}  // namespace

BlockingPool::~BlockingPool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

void BlockingPool::Run(Task work) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(work));
  if (queue_.size() <= free_) {
    wake_.notify_one();
    return;
  }
  ++threads_;
  // Detached, but never outliving: the destructor waits for the count, which a thread lowers as the
  // last thing it does here.
  std::thread([this] { Work(); }).detach();
}

void BlockingPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++free_;
    const bool woken =
        wake_.wait_for(lock, kIdleBeforeEnd, [this] { return stopping_ || !queue_.empty(); });
    --free_;
    if (queue_.empty() && (stopping_ || !woken)) break;
    Task work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = Task();  // what the task owns dies outside the lock
    lock.lock();
  }
  --threads_;
  // Under the lock: the destructor goes on only when this thread has let go of both.
  ended_.notify_all();
}

}  // namespace libcontainerd
