// EventQueue: events first in, first out. The places of those that left are used again with the
// memory of their strings, so that a queue that is as long as it gets allocates nothing.
//
// Threads: the executor's.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "fake_containerd/world/model.h"

namespace fake_containerd {

class EventQueue {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  void Push(const Event& event) {
    if (size_ == places_.size()) Grow();
    places_[(first_ + size_) & (places_.size() - 1)] = event;
    ++size_;
  }
  const Event& front() const { return places_[first_]; }
  const Event& at(std::size_t index) const {
    return places_[(first_ + index) & (places_.size() - 1)];
  }
  // The front; what `into` was stays behind for its memory.
  void Pop(Event& into) {
    std::swap(into, places_[first_]);
    Pop();
  }
  void Pop() {
    first_ = (first_ + 1) & (places_.size() - 1);
    if (--size_ == 0 && places_.size() > kKept) {
      places_ = std::vector<Event>();
      first_ = 0;
    }
  }
  void Clear() {
    while (!empty()) Pop();
  }

 private:
  // What a longer queue needed is given back when it is empty.
  static constexpr std::size_t kKept = 2048;

  void Grow() {
    constexpr std::size_t kFirst = 4;
    std::vector<Event> more(places_.empty() ? kFirst : 2 * places_.size());
    for (std::size_t i = 0; i < size_; ++i) {
      std::swap(more[i], places_[(first_ + i) & (places_.size() - 1)]);
    }
    places_ = std::move(more);
    first_ = 0;
  }

  std::vector<Event> places_;  // a power of two of them, or none
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace fake_containerd
