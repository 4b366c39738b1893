#include "lib/runtime/timer_queue.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

using std::chrono::seconds;

std::vector<int> RunAllDue(TimerQueue& queue, std::vector<int>& log, Duration latest) {
  while (const std::optional<TimerId> timer = queue.PopDue(latest)) queue.Run(*timer);
  return std::exchange(log, {});
}

TEST(TimerQueue, PopsByDeadlineThenByStart) {
  TimerQueue queue;
  std::vector<int> log;
  queue.Start(seconds(2), [&] { log.push_back(2); });
  queue.Start(seconds(1), [&] { log.push_back(10); });
  queue.Start(seconds(1), [&] { log.push_back(11); });
  EXPECT_EQ(queue.Next(), seconds(1));
  EXPECT_EQ(RunAllDue(queue, log, seconds(1)), (std::vector<int>{10, 11}));
  EXPECT_EQ(RunAllDue(queue, log, seconds(2)), (std::vector<int>{2}));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.Next(), std::nullopt);
}

TEST(TimerQueue, ACancelCountsUntilTheTaskRuns) {
  TimerQueue queue;
  bool ran = false;
  auto owned = std::make_shared<int>(0);
  const TimerId timer = queue.Start(seconds(1), [&ran, owned] { ran = true; });
  const std::optional<TimerId> due = queue.PopDue(seconds(1));
  ASSERT_EQ(due, timer);
  queue.Cancel(timer);
  EXPECT_EQ(owned.use_count(), 1);
  queue.Run(timer);
  EXPECT_FALSE(ran);
  queue.Cancel(timer);  // unknown by now
}

TEST(TimerQueue, ATaskMayDestroyStartAndCancelOthers) {
  TimerQueue queue;
  std::vector<int> log;
  const TimerId other = queue.Start(seconds(1), [&] { log.push_back(2); });
  queue.Start(Duration::zero(), [&] {
    log.push_back(1);
    queue.Cancel(other);
    queue.Start(seconds(1), [&] { log.push_back(3); });
  });
  EXPECT_EQ(RunAllDue(queue, log, seconds(1)), (std::vector<int>{1, 3}));
}

TEST(TimerQueue, ClearKeepsWhatADyingTaskStarts) {
  struct StartsWhenDestroyed {
    explicit StartsWhenDestroyed(TimerQueue* target) : queue(target) {}
    ~StartsWhenDestroyed() {
      queue->Start(seconds(5), [] {});
    }
    TimerQueue* queue;
  };
  TimerQueue queue;
  queue.Start(seconds(1), [held = std::make_unique<StartsWhenDestroyed>(&queue)] {});
  queue.Clear();
  EXPECT_EQ(queue.Next(), seconds(5));
}

TEST(TimerQueue, DeadlinesNeitherGoBackNorOverflow) {
  EXPECT_EQ(TimerQueue::Deadline(seconds(7), seconds(-1)), seconds(7));
  EXPECT_EQ(TimerQueue::Deadline(seconds(7), seconds(1)), seconds(8));
  EXPECT_GT(TimerQueue::Deadline(seconds(7), Duration::max()), std::chrono::hours(24 * 365));
}

}  // namespace
}  // namespace libcontainerd
