// RecyclingAllocator: for objects that come and go one by one, all of one size: nodes of a map,
// what std::allocate_shared makes. A block that is given back is kept for the next one. Copies,
// also of other types, share the blocks; the last of them frees what is kept.
//
// Threads: one at a time, as whatever uses it.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace libcontainerd {

// The blocks that are kept. All of the size of the first; others pass through.
class RecycledBlocks {
 public:
  static constexpr std::size_t kMost = 4096;

  RecycledBlocks() = default;
  ~RecycledBlocks() {
    for (void* const block : blocks_) ::operator delete(block);
  }
  RecycledBlocks(const RecycledBlocks&) = delete;
  RecycledBlocks& operator=(const RecycledBlocks&) = delete;

  void* Take(std::size_t size) {
    if (size != size_ || blocks_.empty()) return ::operator new(size);
    void* const block = blocks_.back();
    blocks_.pop_back();
    return block;
  }
  void Return(void* block, std::size_t size) {
    if (size_ == 0) size_ = size;
    if (size != size_ || blocks_.size() >= kMost) {
      ::operator delete(block);
      return;
    }
    try {
      blocks_.push_back(block);
    } catch (const std::bad_alloc&) {
      ::operator delete(block);
    }
  }

 private:
  std::size_t size_ = 0;
  std::vector<void*> blocks_;
};

template <class T>
class RecyclingAllocator {
 public:
  using value_type = T;

  RecyclingAllocator() : blocks_(std::make_shared<RecycledBlocks>()) {}
  template <class U>
  RecyclingAllocator(const RecyclingAllocator<U>& other) noexcept : blocks_(other.blocks_) {}

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    return static_cast<T*>(blocks_->Take(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t count) { blocks_->Return(block, count * sizeof(T)); }

  template <class U>
  bool operator==(const RecyclingAllocator<U>& other) const noexcept {
    return blocks_ == other.blocks_;
  }

 private:
  template <class U>
  friend class RecyclingAllocator;
  std::shared_ptr<RecycledBlocks> blocks_;
};

}  // namespace libcontainerd
