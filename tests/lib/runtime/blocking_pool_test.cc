#include "lib/runtime/blocking_pool.h"

#include <atomic>
#include <future>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

TEST(BlockingPool, RunsEverythingThatWasQueuedBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    BlockingPool pool;
    for (int i = 0; i < 1000; ++i) pool.Run([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1000);
}

TEST(BlockingPool, AFreeThreadServesAgain) {
  BlockingPool pool;
  for (int i = 0; i < 200; ++i) {
    std::promise<void> promise;
    const std::future<void> done = promise.get_future();
    pool.Run([promise = std::move(promise)]() mutable { promise.set_value(); });
    done.wait();
  }
  // One may still be on its way back when the next piece comes, so not always one; never one for
  // each piece.
  EXPECT_LT(pool.threads(), 100U);
}

TEST(BlockingPool, NoThreadIsLeftAfterFinishAndLateWorkIsDestroyedUnrun) {
  BlockingPool pool;
  pool.Run([] {});
  pool.Finish();
  EXPECT_EQ(pool.threads(), 0U);
  auto owned = std::make_shared<int>(0);
  pool.Run([owned] { *owned = 1; });
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(*owned, 0);
}

}  // namespace
}  // namespace libcontainerd
