#include "libcontainerd/simulated_runtime.h"

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libcontainerd/async.h"

namespace libcontainerd {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(SimulatedRuntime, TimersRunByDeadlineAndEqualOnesByStart) {
  SimulatedRuntime runtime(1);
  std::vector<int> log;
  runtime.StartTimer(seconds(2), [&] { log.push_back(2); });
  runtime.StartTimer(seconds(1), [&] { log.push_back(10); });
  runtime.StartTimer(seconds(1), [&] { log.push_back(11); });
  runtime.StartTimer(seconds(-1), [&] { log.push_back(0); });
  EXPECT_EQ(runtime.RunReady(), 0U) << "time stands still";
  runtime.Run();
  EXPECT_EQ(log, (std::vector<int>{0, 10, 11, 2}));
  EXPECT_EQ(runtime.Now(), seconds(2));
  EXPECT_EQ(runtime.WallNow(), SimulatedRuntime::kDefaultEpoch + seconds(2));
}

TEST(SimulatedRuntime, TheEarliestTimerWaitsUntilNothingIsReady) {
  SimulatedRuntime runtime(1);
  std::vector<int> log;
  runtime.StartTimer(Duration::zero(), [&] { log.push_back(2); });
  asio::post(runtime.executor(), [&] {
    log.push_back(0);
    asio::post(runtime.executor(), [&] { log.push_back(1); });
  });
  runtime.Run();
  EXPECT_EQ(log, (std::vector<int>{0, 1, 2}));
}

TEST(SimulatedRuntime, AnythingPostedRunsLaterNeverInline) {
  SimulatedRuntime runtime(1);
  std::vector<int> log;
  asio::post(runtime.executor(), [&] {
    asio::dispatch(runtime.executor(), [&] { log.push_back(2); });
    log.push_back(1);
  });
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(runtime.RunReady(), 2U);
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(SimulatedRuntime, TheSeedChoosesAmongWhatIsReady) {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimulatedRuntime runtime(seed);
    std::vector<int> log;
    for (int i = 0; i < 3; ++i) asio::post(runtime.executor(), [&log, i] { log.push_back(i); });
    runtime.RunReady();
    orders.insert(log);
  }
  EXPECT_EQ(orders.size(), 6U) << "every order of three steps comes up";
}

TEST(SimulatedRuntime, ACancelledTimerDoesNotRunEvenWhenItWasDue) {
  SimulatedRuntime runtime(1);
  bool ran = false;
  auto owned = std::make_shared<int>(0);
  TimerId second{};
  runtime.StartTimer(seconds(1), [&] { runtime.CancelTimer(second); });
  second = runtime.StartTimer(seconds(1), [&ran, owned] { ran = true; });
  runtime.Run();
  EXPECT_FALSE(ran);
  EXPECT_EQ(owned.use_count(), 1) << "the task is destroyed";
  runtime.CancelTimer(second);
}

TEST(SimulatedRuntime, AdvanceToRunsWhatIsDueAndStopsThere) {
  SimulatedRuntime runtime(1);
  std::vector<int> log;
  runtime.StartTimer(seconds(1), [&] {
    log.push_back(1);
    runtime.StartTimer(seconds(1), [&] { log.push_back(2); });
    runtime.StartTimer(seconds(9), [&] { log.push_back(10); });
  });
  runtime.AdvanceTo(seconds(5));
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
  EXPECT_EQ(runtime.Now(), seconds(5));
  runtime.AdvanceTo(seconds(3));
  EXPECT_EQ(runtime.Now(), seconds(5)) << "time never goes back";
  runtime.AdvanceTo(seconds(10));
  EXPECT_EQ(log, (std::vector<int>{1, 2, 10}));
}

TEST(SimulatedRuntime, RunUntilStopsAtTheConditionAtRestAndAtTheLimit) {
  SimulatedRuntime runtime(1);
  int ticks = 0;
  Task tick;
  std::function<void()> start = [&] {
    runtime.StartTimer(seconds(1), [&] {
      if (++ticks < 100) start();
    });
  };
  start();
  EXPECT_TRUE(runtime.RunUntil([&] { return ticks == 3; }));
  EXPECT_EQ(runtime.Now(), seconds(3));
  EXPECT_FALSE(runtime.RunUntil([] { return false; }, std::chrono::milliseconds(2500)));
  EXPECT_EQ(ticks, 5);
  EXPECT_EQ(runtime.Now(), std::chrono::milliseconds(5500)) << "the limit has passed";
  EXPECT_FALSE(runtime.RunUntil([] { return false; }));
  EXPECT_EQ(ticks, 100);
  EXPECT_EQ(runtime.Now(), seconds(100)) << "at rest, time stands where the last timer was";
}

TEST(SimulatedRuntime, ATimerThatNeverComesDoesNotOverflow) {
  SimulatedRuntime runtime(1);
  bool ran = false;
  runtime.StartTimer(Duration::max(), [&] { ran = true; });
  runtime.Run(hours(24 * 365));
  EXPECT_FALSE(ran);
  EXPECT_FALSE(runtime.RunUntil([&] { return false; }, seconds(1)));
}

TEST(SimulatedRuntime, BlockingWorkIsOneMoreStep) {
  SimulatedRuntime runtime(1);
  bool ran = false;
  runtime.RunBlocking([&] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_EQ(runtime.RunReady(), 1U);
  EXPECT_TRUE(ran);
}

TEST(SimulatedRuntime, AnExceptionOutOfAPlainStepLeavesThroughRun) {
  SimulatedRuntime runtime(1);
  bool ran = false;
  asio::post(runtime.executor(), [] { throw std::runtime_error("step"); });
  EXPECT_THROW(runtime.RunReady(), std::runtime_error);
  asio::post(runtime.executor(), [&] { ran = true; });
  runtime.RunReady();
  EXPECT_TRUE(ran);
}

// --- the end, with everything still under way
// -------------------------------------------------------------------

struct CountsDeaths {
  explicit CountsDeaths(int& counter) : deaths(counter) {}
  ~CountsDeaths() { ++deaths; }
  int& deaths;
};

Awaitable<void> SleepHolding(Runtime& runtime, int& deaths) {
  const CountsDeaths held(deaths);
  co_await Sleep(runtime, hours(1));
}

Awaitable<void> WaitForOwnOneShot(Runtime& runtime, int& deaths) {
  const CountsDeaths held(deaths);
  const auto shot = std::make_shared<OneShot<Unit>>(runtime);
  co_await shot->Wait();
}

Awaitable<void> JoinOwnScope(Runtime& runtime, int& deaths) {
  const CountsDeaths held(deaths);
  TaskScope scope(runtime);
  scope.Spawn(WaitForOwnOneShot(runtime, deaths));
  co_await scope.Join();
}

Awaitable<void> WaitForLock(AsyncMutex& mutex, int& deaths) {
  const CountsDeaths held(deaths);
  co_await mutex.Lock(hours(1));
  co_await mutex.Lock(hours(1));
}

Awaitable<void> NeverFinishOff(Runtime& runtime, int& deaths) {
  const CountsDeaths held(deaths);
  auto work = [] { return 1; };
  co_await OffExecutor(runtime, std::move(work));
  co_await WaitForOwnOneShot(runtime, deaths);
}

Awaitable<void> CancelWhenUnwound(Runtime& runtime, int& deaths) {
  struct Canceller {
    Runtime& runtime;
    TimerId timer;
    int& deaths;
    ~Canceller() {
      runtime.CancelTimer(timer);
      runtime.StartTimer(seconds(1), [] {});
      Spawn(runtime, SleepHolding(runtime, deaths));
      ++deaths;
    }
  };
  const Canceller held{runtime, runtime.StartTimer(hours(2), [] {}), deaths};
  co_await Sleep(runtime, hours(1));
}

TEST(SimulatedRuntime, ItsEndUnwindsEveryCoroutineThatStillWaits) {
  int deaths = 0;
  {
    SimulatedRuntime runtime(1);
    AsyncMutex mutex(runtime);
    Spawn(runtime, SleepHolding(runtime, deaths));
    Spawn(runtime, WaitForOwnOneShot(runtime, deaths));
    Spawn(runtime, JoinOwnScope(runtime, deaths));  // two deaths
    Spawn(runtime, WaitForLock(mutex, deaths));
    Spawn(runtime, NeverFinishOff(runtime, deaths));  // two deaths
    Spawn(runtime, CancelWhenUnwound(runtime, deaths));
    runtime.RunReady();
    EXPECT_EQ(deaths, 0);
  }
  EXPECT_EQ(deaths, 8);
}

TEST(SimulatedRuntime, ItsEndDropsWhatWasNeverBegun) {
  auto owned = std::make_shared<int>(0);
  {
    SimulatedRuntime runtime(1);
    asio::post(runtime.executor(), [owned] {});
    runtime.RunBlocking([owned] {});
    runtime.StartTimer(seconds(1), [owned] {});
    EXPECT_EQ(owned.use_count(), 4);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace libcontainerd
