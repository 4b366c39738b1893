#include "libcontainerd/threaded_runtime.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libcontainerd/async.h"
#include "tests/lib/runtime/message_of.h"

namespace libcontainerd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Long enough to mean that something hangs.
constexpr auto kTooLong = std::chrono::seconds(30);

// Something that happens once, on any thread.
class Happening {
 public:
  void Happen() {
    const std::lock_guard lock(mutex_);
    happened_ = true;
    changed_.notify_all();  // under the lock: the waiter may destroy this as soon as it knows
  }
  [[nodiscard]] testing::AssertionResult WaitFor(const char* what) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kTooLong, [this] { return happened_; })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << what << " did not happen within 30 s";
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool happened_ = false;
};

// Runs `function` on the executor's thread and waits for its end.
void OnExecutor(ThreadedRuntime& runtime, std::function<void()> function) {
  asio::post(runtime.executor(), std::move(function));
  runtime.Drain();
}

TEST(ThreadedRuntime, EverythingRunsOnOneThreadThatIsNotTheCallers) {
  ThreadedRuntime runtime;
  EXPECT_FALSE(runtime.OnExecutorThread());
  std::atomic<int> inside = 0;
  for (int i = 0; i < 10; ++i) {
    asio::post(runtime.executor(), [&] { inside += runtime.OnExecutorThread() ? 1 : 0; });
  }
  runtime.Drain();
  EXPECT_EQ(inside, 10);
}

TEST(ThreadedRuntime, StepsRunInTheOrderOfSubmissionWhicheverThreadSubmits) {
  ThreadedRuntime runtime;
  std::vector<int> log;
  Happening inner_posted;
  Happening outer_posted;
  asio::post(runtime.executor(), [&] {
    asio::post(runtime.executor(), [&] { log.push_back(1); });
    inner_posted.Happen();
    EXPECT_TRUE(outer_posted.WaitFor("the other thread's post"));
  });
  ASSERT_TRUE(inner_posted.WaitFor("the first step"));
  asio::post(runtime.executor(), [&] { log.push_back(2); });
  outer_posted.Happen();
  runtime.Drain();
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(ThreadedRuntime, TimersOfTheRealClockRunByDeadline) {
  ThreadedRuntime runtime;
  std::vector<int> log;
  Happening last;
  const Duration begin = runtime.Now();
  Duration end{};
  OnExecutor(runtime, [&] {
    runtime.StartTimer(milliseconds(30), [&] {
      log.push_back(3);
      end = runtime.Now();
      last.Happen();
    });
    runtime.StartTimer(milliseconds(10), [&] { log.push_back(1); });
    runtime.StartTimer(milliseconds(20), [&] { log.push_back(2); });
    runtime.StartTimer(Duration::zero(), [&] { log.push_back(0); });
    const TimerId cancelled = runtime.StartTimer(milliseconds(5), [&] { log.push_back(-1); });
    runtime.CancelTimer(cancelled);
  });
  ASSERT_TRUE(last.WaitFor("the last timer"));
  EXPECT_EQ(log, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_GE(end - begin, milliseconds(30));
}

TEST(ThreadedRuntime, ADueTimerThatIsCancelledBeforeItRunsDoesNotRun) {
  SteppableClock clock;
  ThreadedRuntime runtime(&clock);
  bool ran = false;
  OnExecutor(runtime, [&] {
    auto second = std::make_shared<TimerId>();
    runtime.StartTimer(seconds(1), [&runtime, second] { runtime.CancelTimer(*second); });
    *second = runtime.StartTimer(seconds(1), [&] { ran = true; });
  });
  clock.AdvanceTo(seconds(1));
  runtime.Drain();
  EXPECT_FALSE(ran);
}

TEST(ThreadedRuntime, ASteppedClockMovesAllItsRuntimesWithoutWallTime) {
  SteppableClock clock;
  ThreadedRuntime one(&clock);
  ThreadedRuntime other(&clock);
  std::vector<int> log;
  bool other_ran = false;
  OnExecutor(one, [&] {
    one.StartTimer(hours(2), [&] { log.push_back(2); });
    one.StartTimer(hours(1), [&] { log.push_back(1); });
  });
  OnExecutor(other, [&] { other.StartTimer(hours(1), [&] { other_ran = true; }); });

  clock.AdvanceTo(hours(1) - milliseconds(1));
  one.Drain();
  EXPECT_EQ(log, std::vector<int>{});
  clock.AdvanceBy(milliseconds(1));
  one.Drain();
  other.Drain();
  EXPECT_EQ(log, (std::vector<int>{1}));
  EXPECT_TRUE(other_ran);
  EXPECT_EQ(one.Now(), hours(1));
  EXPECT_EQ(one.WallNow(), clock.WallNow());
  clock.AdvanceTo(seconds(1));
  EXPECT_EQ(clock.Now(), hours(1)) << "never back";
  clock.AdvanceTo(hours(3));
  one.Drain();
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(ThreadedRuntime, AZeroDelayPassesOnAClockThatStands) {
  SteppableClock clock;
  ThreadedRuntime runtime(&clock);
  Happening fired;
  bool inside_the_call = true;
  OnExecutor(runtime, [&] {
    runtime.StartTimer(Duration::zero(), [&] { fired.Happen(); });
    inside_the_call = false;
  });
  ASSERT_TRUE(fired.WaitFor("a timer of no delay"));
  EXPECT_FALSE(inside_the_call);
}

Awaitable<void> SetFlag(bool& flag) {
  flag = true;
  co_return;
}

TEST(ThreadedRuntime, SpawnNeverBeginsInsideTheCallOnTheExecutorsOwnThread) {
  ThreadedRuntime runtime;
  bool begun = false;
  bool begun_inside = false;
  OnExecutor(runtime, [&] {
    Spawn(runtime, SetFlag(begun));
    begun_inside = begun;
  });
  runtime.Drain();
  EXPECT_FALSE(begun_inside);
  EXPECT_TRUE(begun);
}

TEST(ThreadedRuntime, ThePoolGrowsSoThatBlockedWorkStarvesNobody) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  Happening all_block;
  std::atomic<int> blocked = 0;
  std::atomic<int> ended = 0;
  ThreadedRuntime runtime;  // first to go: its work uses the above
  for (int i = 0; i < 100; ++i) {
    runtime.RunBlocking([&, released] {
      if (++blocked == 100) all_block.Happen();
      released.wait();
      ++ended;
    });
  }
  EXPECT_TRUE(all_block.WaitFor("a hundred pieces of work at once"));
  Happening another;
  runtime.RunBlocking([&] { another.Happen(); });
  EXPECT_TRUE(another.WaitFor("work beside a hundred blocked ones"));
  EXPECT_EQ(ended, 0);
  release.set_value();
}

Awaitable<void> WorkOff(ThreadedRuntime& runtime, std::thread::id& where, bool& back,
                        Happening& over) {
  auto work = [] { return std::this_thread::get_id(); };
  where = co_await OffExecutor(runtime, std::move(work));
  back = runtime.OnExecutorThread();
  over.Happen();
}

TEST(ThreadedRuntime, OffExecutorLeavesTheExecutorAndComesBack) {
  ThreadedRuntime runtime;
  std::thread::id where;
  std::thread::id executor;
  bool back = false;
  Happening over;
  OnExecutor(runtime, [&] {
    executor = std::this_thread::get_id();
    Spawn(runtime, WorkOff(runtime, where, back, over));
  });
  ASSERT_TRUE(over.WaitFor("the coroutine's end"));
  EXPECT_NE(where, std::thread::id());
  EXPECT_NE(where, executor);
  EXPECT_TRUE(back);
}

TEST(ThreadedRuntime, BlockingWorkMayWaitForTheExecutorWhileTheRuntimeEnds) {
  bool answered = false;
  {
    ThreadedRuntime runtime;
    Happening begun;
    runtime.RunBlocking([&] {
      begun.Happen();
      Happening answer;
      asio::post(runtime.executor(), [&] { answer.Happen(); });
      answered = answer.WaitFor("the executor's answer");
    });
    EXPECT_TRUE(begun.WaitFor("blocking work"));
  }
  EXPECT_TRUE(answered);
}

TEST(ThreadedRuntime, WhatEscapesAnywhereIsKeptAndTheRuntimeGoesOn) {
  {
    ThreadedRuntime runtime;
    asio::post(runtime.executor(), [] { throw std::runtime_error("posted"); });
    runtime.Drain();
    EXPECT_EQ(MessageOf(runtime.failure()), "posted");
    asio::post(runtime.executor(), [] { throw std::runtime_error("later"); });
    runtime.Drain();
    EXPECT_EQ(MessageOf(runtime.failure()), "posted") << "the first is kept";
  }
  {
    ThreadedRuntime runtime;
    Happening begun;
    runtime.RunBlocking([&] {
      begun.Happen();
      throw std::runtime_error("blocking");
    });
    EXPECT_TRUE(begun.WaitFor("blocking work"));
    Happening next;
    runtime.RunBlocking([&] { next.Happen(); });
    EXPECT_TRUE(next.WaitFor("blocking work after a failure"));
  }
}

struct CountsDeathsAtomically {
  explicit CountsDeathsAtomically(std::atomic<int>& counter) : deaths(counter) {}
  ~CountsDeathsAtomically() { ++deaths; }
  std::atomic<int>& deaths;
};

Awaitable<void> SleepHoldingOnThread(Runtime& runtime, std::atomic<int>& deaths) {
  const CountsDeathsAtomically held(deaths);
  co_await Sleep(runtime, hours(1));
}

Awaitable<void> WaitForOwnOneShotOnThread(Runtime& runtime, std::atomic<int>& deaths) {
  const CountsDeathsAtomically held(deaths);
  const auto shot = std::make_shared<OneShot<Unit>>(runtime);
  co_await shot->Wait();
}

Awaitable<void> StartTimerWhenUnwound(Runtime& runtime, std::atomic<int>& deaths) {
  struct Starter {
    Runtime& runtime;
    std::atomic<int>& deaths;
    ~Starter() {
      runtime.StartTimer(seconds(1), [] {});
      ++deaths;
    }
  };
  const Starter held{runtime, deaths};
  co_await Sleep(runtime, hours(1));
}

TEST(ThreadedRuntime, ItsEndUnwindsWhatStillWaits) {
  std::atomic<int> deaths = 0;
  {
    ThreadedRuntime runtime;
    OnExecutor(runtime, [&] {
      Spawn(runtime, SleepHoldingOnThread(runtime, deaths));
      Spawn(runtime, WaitForOwnOneShotOnThread(runtime, deaths));
      Spawn(runtime, StartTimerWhenUnwound(runtime, deaths));
      auto held = std::make_shared<CountsDeathsAtomically>(deaths);
      runtime.StartTimer(hours(1), [held] {});
    });
    runtime.Drain();
  }
  EXPECT_EQ(deaths, 4);
}

}  // namespace
}  // namespace libcontainerd
