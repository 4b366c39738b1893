#include "bench/frame/live_bytes.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace bench {
namespace {

std::atomic<std::size_t> live_bytes = 0;

// In front of each block, because not every delete knows the size.
struct alignas(std::max_align_t) Header {
  std::size_t rounded;
};

std::size_t Rounded(std::size_t size) {
  constexpr std::size_t kUnit = 16;
  constexpr std::size_t kOwn = 8;  // malloc's, in front of each block
  constexpr std::size_t kLeast = 24;
  return (std::max(size, kLeast) + kOwn + kUnit - 1) / kUnit * kUnit - kOwn;
}

void* Allocate(std::size_t size) {
  void* const place = std::malloc(sizeof(Header) + size);
  if (place == nullptr) throw std::bad_alloc();
  auto* const header = new (place) Header{Rounded(size)};
  live_bytes.fetch_add(header->rounded, std::memory_order_relaxed);
  return header + 1;
}

void Free(void* block) noexcept {
  if (block == nullptr) return;
  Header* const header = static_cast<Header*>(block) - 1;
  live_bytes.fetch_sub(header->rounded, std::memory_order_relaxed);
  std::free(header);
}

}  // namespace

std::size_t LiveBytes() {
  return live_bytes.load(std::memory_order_relaxed);
}

}  // namespace bench

void* operator new(std::size_t size) {
  return bench::Allocate(size);
}
void* operator new[](std::size_t size) {
  return bench::Allocate(size);
}
void operator delete(void* block) noexcept {
  bench::Free(block);
}
void operator delete[](void* block) noexcept {
  bench::Free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  bench::Free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  bench::Free(block);
}
