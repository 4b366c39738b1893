// Backoff: the pauses between attempts. Each is twice the one before, up to a longest, and is
// shortened by a random part of up to a quarter so that clients do not come in step.
//
// Threads: the executor's thread.
#pragma once

#include <algorithm>

#include "libcontainerd/random.h"
#include "libcontainerd/runtime.h"

namespace libcontainerd {

class Backoff {
 public:
  Backoff(Runtime& runtime, Duration first, Duration longest)
      : runtime_(runtime), first_(first), longest_(longest), next_(first) {}

  // How long to pause now.
  Duration Next() {
    const Duration pause = next_;
    next_ = std::min(2 * pause, longest_);
    const auto quarter = static_cast<std::uint64_t>(std::max<Duration::rep>(pause.count(), 0)) / 4;
    return pause - Duration(static_cast<Duration::rep>(Random(runtime_.Draw()).Below(quarter + 1)));
  }
  // An attempt went well: the next pause is the first again.
  void Reset() { next_ = first_; }

 private:
  Runtime& runtime_;
  Duration first_;
  Duration longest_;
  Duration next_;
};

}  // namespace libcontainerd
