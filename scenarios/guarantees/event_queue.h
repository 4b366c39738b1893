// EventQueue: delivered events that wait to be joined with their callbacks, first in first out.
// There is one per life and process, mostly with one event in it, so it is built for being small.
#pragma once

#include <cstddef>
#include <vector>

#include "scenarios/journal.h"

namespace scenarios {

class EventQueue {
 public:
  void Push(const Entry* event) { events_.push_back(event); }
  bool empty() const { return next_ == events_.size(); }
  // Null when empty.
  const Entry* Back() const { return empty() ? nullptr : events_.back(); }
  const Entry* Pop() { return events_[next_++]; }

 private:
  std::vector<const Entry*> events_;
  std::size_t next_ = 0;
};

}  // namespace scenarios
