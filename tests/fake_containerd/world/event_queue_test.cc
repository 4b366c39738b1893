#include "fake_containerd/world/event_queue.h"

#include <deque>

#include <gtest/gtest.h>

#include "libcontainerd/random.h"

namespace fake_containerd {
namespace {

Event WithStatus(std::uint32_t number) {
  return Event{.container = {.id = "a container whose id is long " + std::to_string(number)},
               .process = "",
               .status = number};
}

// Beside a deque, with draws that let it grow, run empty and go round.
TEST(EventQueue, DoesAsADequeDoes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    libcontainerd::Random random(seed);
    EventQueue queue;
    std::deque<Event> model;
    Event taken;
    for (std::uint32_t i = 0; i < 2'000; ++i) {
      if (random.Below(100) < (i / 500 % 2 == 0 ? 70U : 40U)) {
        queue.Push(WithStatus(i));
        model.push_back(WithStatus(i));
      } else if (!model.empty()) {
        ASSERT_EQ(queue.front(), model.front()) << "seed " << seed << ", step " << i;
        queue.Pop(taken);
        ASSERT_EQ(taken, model.front()) << "seed " << seed << ", step " << i;
        model.pop_front();
      }
      ASSERT_EQ(queue.size(), model.size()) << "seed " << seed << ", step " << i;
    }
    queue.Clear();
    EXPECT_TRUE(queue.empty());
  }
}

TEST(EventQueue, IsUsableAfterAVeryLongOne) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 10'000; ++i) queue.Push(WithStatus(i));
  queue.Clear();
  queue.Push(WithStatus(7));
  Event taken;
  queue.Pop(taken);
  EXPECT_EQ(taken.status, 7U);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace fake_containerd
