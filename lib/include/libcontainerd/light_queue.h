// LightQueue: first in, first out, for queues of which there are very many and nearly all are
// empty: one that nothing was ever put into is a pointer and owns no memory. (An empty std::deque
// of libstdc++ owns some 576 bytes.)
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace libcontainerd {

template <class Item>
class LightQueue {
 public:
  LightQueue() = default;
  LightQueue(LightQueue&& other) noexcept : content_(std::move(other.content_)) {}
  LightQueue& operator=(LightQueue&& other) noexcept {
    // What is destroyed may look at this queue; it is the other one by then.
    const std::unique_ptr<Content> old = std::exchange(content_, std::move(other.content_));
    return *this;
  }

  bool empty() const { return size() == 0; }
  std::size_t size() const { return content_ ? content_->items.size() - content_->first : 0; }

  void push_back(Item item) {
    if (!content_) content_ = std::make_unique<Content>();
    std::vector<Item>& items = content_->items;
    // Room that was left in front is used before more is asked for.
    if (items.size() == items.capacity() && content_->first > items.size() / 2) CloseUp();
    items.push_back(std::move(item));
  }
  Item& front() { return content_->items[content_->first]; }
  const Item& front() const { return content_->items[content_->first]; }
  // The front's memory is given back when others take its place: move it out first.
  void pop_front() {
    if (++content_->first == content_->items.size()) clear();
  }
  void clear() {
    if (!content_) return;
    content_->first = 0;
    if (content_->items.capacity() > kKept) {
      // What is destroyed may look at this queue; it is empty by then.
      const std::vector<Item> dropped = std::exchange(content_->items, {});
    } else {
      content_->items.clear();
    }
  }

  // Those that `gone` holds for; it may not look at this queue.
  template <class Predicate>
  void EraseIf(Predicate gone) {
    if (!content_) return;
    CloseUp();
    std::erase_if(content_->items, std::move(gone));
  }

  // From the front to the back.
  Item* begin() { return empty() ? nullptr : &front(); }
  Item* end() { return begin() + size(); }
  const Item* begin() const { return empty() ? nullptr : &front(); }
  const Item* end() const { return begin() + size(); }

 private:
  // What a longer queue needed is given back when it is empty.
  static constexpr std::size_t kKept = 16;

  struct Content {
    std::vector<Item> items;
    std::size_t first = 0;
  };

  void CloseUp() {
    std::vector<Item>& items = content_->items;
    if (content_->first == 0) return;
    items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(content_->first));
    content_->first = 0;
  }

  std::unique_ptr<Content> content_;
};

}  // namespace libcontainerd
