// EventBurst: events on their way, collected until somebody takes them all. Messages that it is
// done with are kept, and so is their memory: filling a burst again allocates nothing.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "containerd_v0.pb.h"

namespace libcontainerd {

class EventBurst {
 public:
  // A message whose fields have values of an earlier use: set every one.
  types::Event& Add() {
    if (size_ == events_.size()) events_.emplace_back();
    return events_[size_++];
  }
  // What was added last is not one.
  void DropLast() { --size_; }
  // Field by field: protobuf's own copy would free the timestamp and allocate another.
  void Add(const types::Event& event) {
    types::Event& copy = Add();
    copy.set_type(event.type());
    copy.set_id(event.id());
    copy.set_status(event.status());
    copy.set_pid(event.pid());
    if (event.has_timestamp()) {
      copy.mutable_timestamp()->set_seconds(event.timestamp().seconds());
      copy.mutable_timestamp()->set_nanos(event.timestamp().nanos());
    } else {
      copy.clear_timestamp();
    }
  }
  types::Event& at(std::size_t index) { return events_[index]; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::span<const types::Event> events() const { return {events_.data(), size_}; }
  void Clear() {
    if (size_ > kKept) events_.resize(kKept);
    size_ = 0;
  }
  void swap(EventBurst& other) noexcept {
    events_.swap(other.events_);
    std::swap(size_, other.size_);
  }

 private:
  static constexpr std::size_t kKept = 2048;  // what a replay of a long log leaves behind is not

  std::vector<types::Event> events_;
  std::size_t size_ = 0;
};

}  // namespace libcontainerd
