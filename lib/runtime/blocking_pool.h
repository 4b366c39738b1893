// Threads for work that blocks. Grows by one whenever no thread is free, so that blocked callbacks
// never starve others; a thread that found nothing to do for a while ends.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

class BlockingPool {
 public:
  BlockingPool() = default;
  // As Finish().
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // `work` must not throw. Destroyed unrun after Finish() began.
  void Run(Task work);
  // Runs what is queued and returns when every thread has ended. Once only, and not from one of
  // them.
  void Finish();
  // Pieces of work that are queued or run now.
  std::size_t unfinished() const;
  // Threads that have not ended.
  std::size_t threads() const;

 private:
  using Threads = std::list<std::thread>;

  void Work(Threads::iterator self);

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  std::condition_variable ended_;
  std::deque<Task> queue_;
  Threads running_;
  Threads over_;  // ended, to be joined
  std::size_t free_ = 0;
  std::size_t unfinished_ = 0;
  bool finishing_ = false;
};

}  // namespace libcontainerd
