#include "bench/frame/allocations.h"

#include <cstdlib>
#include <new>

namespace bench {
namespace {

thread_local std::size_t allocations = 0;

void* Allocate(std::size_t size) {
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  ++allocations;
  return block;
}

}  // namespace

std::size_t Allocations() {
  return allocations;
}

}  // namespace bench

void* operator new(std::size_t size) {
  return bench::Allocate(size);
}
void* operator new[](std::size_t size) {
  return bench::Allocate(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}
