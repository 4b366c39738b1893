// StopSignal: ends the sleeps of a component's coroutines when it closes.
//
// Threads: the executor's thread.
#pragma once

#include <memory>
#include <vector>

#include "libcontainerd/async.h"

namespace libcontainerd {

class StopSignal {
 public:
  explicit StopSignal(Runtime& runtime) : runtime_(runtime) {}

  void Stop();
  bool stopped() const { return stopped_; }
  // True after `delay`; false as soon as Stop() is called.
  Awaitable<bool> Sleep(Duration delay);

 private:
  Runtime& runtime_;
  bool stopped_ = false;
  std::vector<std::shared_ptr<OneShot<bool>>> sleepers_;
};

}  // namespace libcontainerd
