#include "lib/runtime/blocking_pool.h"

#include <chrono>
#include <utility>

namespace libcontainerd {
namespace {

constexpr auto kIdleBeforeEnd = std::chrono::seconds(2);

void Join(std::list<std::thread> threads) {
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

BlockingPool::~BlockingPool() {
  Finish();
}

void BlockingPool::Run(Task work) {
  Threads over;
  {
    const std::lock_guard lock(mutex_);
    if (finishing_) return;  // `work` dies outside the lock, with its parameter
    over = std::exchange(over_, {});
    queue_.push_back(std::move(work));
    ++unfinished_;
    if (queue_.size() <= free_) {
      wake_.notify_one();
    } else {
      const auto self = running_.emplace(running_.end());
      *self = std::thread([this, self] { Work(self); });  // it waits for the lock first
    }
  }
  Join(std::move(over));
}

void BlockingPool::Finish() {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  wake_.notify_all();
  ended_.wait(lock, [this] { return running_.empty(); });
  Threads over = std::exchange(over_, {});
  lock.unlock();
  Join(std::move(over));
}

std::size_t BlockingPool::unfinished() const {
  const std::lock_guard lock(mutex_);
  return unfinished_;
}

std::size_t BlockingPool::threads() const {
  const std::lock_guard lock(mutex_);
  return running_.size();
}

void BlockingPool::Work(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  while (true) {
    ++free_;
    const bool woken =
        wake_.wait_for(lock, kIdleBeforeEnd, [this] { return finishing_ || !queue_.empty(); });
    --free_;
    if (queue_.empty() && (finishing_ || !woken)) break;
    Task work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = Task();  // what the task owns dies outside the lock
    lock.lock();
    --unfinished_;
  }
  over_.splice(over_.end(), running_, self);
  ended_.notify_all();
}

}  // namespace libcontainerd
