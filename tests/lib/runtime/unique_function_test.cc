#include "libcontainerd/unique_function.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

// Kept inside, and allocated.
using Small = std::array<char, 1>;
using Large = std::array<char, 4 * UniqueFunction<int()>::kInside>;

template <class Ballast>
class UniqueFunctionTest : public ::testing::Test {};
using Sizes = ::testing::Types<Small, Large>;
TYPED_TEST_SUITE(UniqueFunctionTest, Sizes);

TYPED_TEST(UniqueFunctionTest, CallsMovesAndDestroysWhatItOwns) {
  const auto owned = std::make_shared<int>(3);
  {
    UniqueFunction<int(int)> function = [owned, ballast = TypeParam()](int more) {
      return *owned + more + static_cast<int>(ballast[0]);
    };
    EXPECT_EQ(function(4), 7);
    EXPECT_EQ(owned.use_count(), 2);
    UniqueFunction<int(int)> moved = std::move(function);
    EXPECT_FALSE(function);
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved(5), 8);
    EXPECT_EQ(owned.use_count(), 2);
    moved = [](int) { return 0; };
    EXPECT_EQ(owned.use_count(), 1);
    EXPECT_EQ(moved(5), 0);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TYPED_TEST(UniqueFunctionTest, OwnsWhatCannotBeCopied) {
  UniqueFunction<int()> function = [owned = std::make_unique<int>(9), ballast = TypeParam()] {
    return *owned + static_cast<int>(ballast[0]);
  };
  UniqueFunction<int()> moved;
  EXPECT_FALSE(moved);
  moved = std::move(function);
  EXPECT_EQ(moved(), 9);
}

// What is replaced may look at the function that it was in.
TYPED_TEST(UniqueFunctionTest, IsEmptyWhenItsTargetDies) {
  struct Watcher {
    UniqueFunction<void()>* watched;
    bool* was_empty;
    ~Watcher() { *was_empty = !*watched; }
  };
  bool was_empty = false;
  UniqueFunction<void()> function;
  function = [watcher = std::shared_ptr<Watcher>(new Watcher{&function, &was_empty}),
              ballast = TypeParam()] { static_cast<void>(ballast); };
  function = {};
  EXPECT_TRUE(was_empty);
}

}  // namespace
}  // namespace libcontainerd
