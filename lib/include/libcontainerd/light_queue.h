// LightQueue: first in, first out, for queues of which there are very many and nearly all are
// empty: one that nothing was ever put into owns no memory. (An empty std::deque of libstdc++ owns
// some 576 bytes.)
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace libcontainerd {

template <class Item>
class LightQueue {
 public:
  LightQueue() = default;
  LightQueue(LightQueue&& other) noexcept
      : items_(std::move(other.items_)), first_(std::exchange(other.first_, 0)) {}
  LightQueue& operator=(LightQueue&& other) noexcept {
    const std::vector<Item> old = std::exchange(items_, std::move(other.items_));
    first_ = std::exchange(other.first_, 0);
    return *this;
  }

  bool empty() const { return first_ == items_.size(); }
  std::size_t size() const { return items_.size() - first_; }

  void push_back(Item item) {
    // Room that was left in front is used before more is asked for.
    if (items_.size() == items_.capacity() && first_ > items_.size() / 2) CloseUp();
    items_.push_back(std::move(item));
  }
  Item& front() { return items_[first_]; }
  const Item& front() const { return items_[first_]; }
  // The front's memory is given back when others take its place: move it out first.
  void pop_front() {
    if (++first_ == items_.size()) clear();
  }
  void clear() {
    first_ = 0;
    if (items_.capacity() > kKept) {
      // What is destroyed may look at this queue; it is empty by then.
      const std::vector<Item> dropped = std::exchange(items_, {});
    } else {
      items_.clear();
    }
  }

  // Those that `gone` holds for; it may not look at this queue.
  template <class Predicate>
  void EraseIf(Predicate gone) {
    CloseUp();
    std::erase_if(items_, std::move(gone));
  }

  // From the front to the back.
  auto begin() { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const { return items_.end(); }

 private:
  // What a longer queue needed is given back when it is empty.
  static constexpr std::size_t kKept = 16;

  void CloseUp() {
    if (first_ == 0) return;
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<Item> items_;
  std::size_t first_ = 0;
};

}  // namespace libcontainerd
