// Busy: for how long at least one of several things was under way.
#pragma once

#include <cstddef>

#include "libcontainerd/runtime.h"

namespace scenarios {

class Busy {
 public:
  using Duration = libcontainerd::Duration;

  void Begin(Duration t) {
    if (open_++ == 0) since_ = t;
  }
  void End(Duration t) {
    if (open_ == 0 || --open_ > 0) return;
    total_ += t - since_;
    since_ = t;
  }
  Duration Total(Duration now) const { return open_ > 0 ? total_ + (now - since_) : total_; }
  bool Open() const { return open_ > 0; }
  // Of what is under way the first begin, else the last end.
  Duration Since() const { return since_; }

 private:
  std::size_t open_ = 0;
  Duration since_{0};
  Duration total_{0};
};

}  // namespace scenarios
