#include "lib/runtime/recycling_allocator.h"

#include <map>
#include <memory>

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

TEST(RecyclingAllocator, GivesABlockOutAgain) {
  RecyclingAllocator<int> allocator;
  int* const first = allocator.allocate(1);
  allocator.deallocate(first, 1);
  EXPECT_EQ(allocator.allocate(1), first);
  int* const second = allocator.allocate(1);
  EXPECT_NE(second, first);
  allocator.deallocate(first, 1);
  allocator.deallocate(second, 1);
}

TEST(RecyclingAllocator, CopiesShareTheirBlocks) {
  RecyclingAllocator<int> allocator;
  RecyclingAllocator<long> other(allocator);
  EXPECT_TRUE(other == allocator);
  EXPECT_FALSE(RecyclingAllocator<int>() == allocator);
}

TEST(RecyclingAllocator, OtherSizesPassThrough) {
  RecyclingAllocator<int> allocator;
  allocator.deallocate(allocator.allocate(1), 1);
  int* const many = allocator.allocate(100);
  many[99] = 1;
  allocator.deallocate(many, 100);
}

// The last copy may be in the control block that is given back through it.
TEST(RecyclingAllocator, OutlivesWhoMadeIt) {
  std::shared_ptr<int> kept;
  {
    const RecyclingAllocator<int> allocator;
    kept = std::allocate_shared<int>(allocator, 5);
  }
  EXPECT_EQ(*kept, 5);
  kept.reset();
}

TEST(RecyclingAllocator, ServesAMap) {
  std::map<int, int, std::less<>, RecyclingAllocator<std::pair<const int, int>>> map;
  for (int i = 0; i < 1000; ++i) {
    map.emplace(i, i);
    if (i >= 10) map.erase(i - 10);
  }
  EXPECT_EQ(map.size(), 10U);
  EXPECT_EQ(map.begin()->first, 990);
}

}  // namespace
}  // namespace libcontainerd
