// Threads for work that blocks. Grows by one whenever no thread is free, so that blocked callbacks
// never starve others; a thread that found nothing to do for a while ends.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

class BlockingPool {
 public:
  BlockingPool() = default;
  // Runs what is queued, then waits for every thread to end.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  void Run(Task work);

 private:
  void Work();

  std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  std::condition_variable ended_;
  std::deque<Task> queue_;
  std::size_t threads_ = 0;
  std::size_t free_ = 0;
  bool stopping_ = false;
};

}  // namespace libcontainerd
