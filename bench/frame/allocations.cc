#include "bench/frame/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace bench {
namespace {

thread_local std::size_t allocations = 0;
std::atomic<std::size_t> live_bytes = 0;

void* Allocate(std::size_t size) {
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  ++allocations;
  live_bytes.fetch_add(::malloc_usable_size(block), std::memory_order_relaxed);
  return block;
}

void Free(void* block) noexcept {
  if (block == nullptr) return;
  live_bytes.fetch_sub(::malloc_usable_size(block), std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

std::size_t Allocations() {
  return allocations;
}
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
