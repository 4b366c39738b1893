#include "libcontainerd/light_queue.h"

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libcontainerd/random.h"

namespace libcontainerd {
namespace {

// Beside a deque, with draws that let it grow, run empty and go on.
TEST(LightQueue, IsAQueue) {
  Random random(1);
  LightQueue<std::unique_ptr<int>> queue;
  std::deque<int> model;
  for (int i = 0; i < 20000; ++i) {
    const bool grows = (i / 300) % 2 == 0;
    if (random.Below(10) < (grows ? 7U : 3U)) {
      queue.push_back(std::make_unique<int>(i));
      model.push_back(i);
    } else if (!model.empty()) {
      ASSERT_EQ(*queue.front(), model.front());
      const std::unique_ptr<int> front = std::move(queue.front());
      queue.pop_front();
      model.pop_front();
    }
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.empty(), model.empty());
  }
  std::vector<int> left;
  for (const std::unique_ptr<int>& item : queue) left.push_back(*item);
  EXPECT_EQ(left, std::vector<int>(model.begin(), model.end()));
  queue.clear();
  EXPECT_TRUE(queue.empty());
}

TEST(LightQueue, LosesWhatIsErasedAndKeepsTheRestInOrder) {
  LightQueue<int> queue;
  for (int i = 0; i < 6; ++i) queue.push_back(i);
  queue.pop_front();
  queue.EraseIf([](int item) { return item % 2 == 0; });
  EXPECT_EQ(std::vector<int>(queue.begin(), queue.end()), (std::vector<int>{1, 3, 5}));
}

TEST(LightQueue, IsEmptyWhereItWasMovedFrom) {
  LightQueue<int> queue;
  for (int i = 0; i < 3; ++i) queue.push_back(i);
  queue.pop_front();
  LightQueue<int> other = std::move(queue);
  EXPECT_EQ(other.size(), 2U);
  queue = LightQueue<int>();
  EXPECT_TRUE(queue.empty());
  queue.push_back(7);
  EXPECT_EQ(queue.front(), 7);
  queue = std::move(other);
  EXPECT_EQ(std::vector<int>(queue.begin(), queue.end()), (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace libcontainerd
