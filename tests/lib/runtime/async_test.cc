#include "libcontainerd/async.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libcontainerd/simulated_runtime.h"
#include "tests/lib/runtime/message_of.h"
#include "tests/lib/runtime/run_coroutine.h"

namespace libcontainerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Log = std::vector<std::string>;

Awaitable<void> Append(Log& log, std::string text) {
  log.push_back(std::move(text));
  co_return;
}

Awaitable<void> AppendLater(Runtime& runtime, Duration delay, Log& log, std::string text) {
  co_await Sleep(runtime, delay);
  log.push_back(std::move(text));
}

Awaitable<void> Throw(std::string text) {
  throw std::runtime_error(text);
  co_return;
}

Awaitable<void> AppendValue(OneShot<std::string>& shot, Log& log) {
  log.push_back(co_await shot.Wait());
}

TEST(OneShot, AValueSetBeforeTheWaitIsThere) {
  SimulatedRuntime runtime(1);
  OneShot<std::string> shot(runtime);
  EXPECT_FALSE(shot.is_set());
  shot.Set("first");
  shot.Set("second");
  EXPECT_TRUE(shot.is_set());
  EXPECT_EQ(RunCoroutine(runtime, shot.Wait()), "first");
}

TEST(OneShot, TheWaiterResumesAsAStepOfItsOwn) {
  SimulatedRuntime runtime(1);
  OneShot<std::string> shot(runtime);
  Log log;
  Spawn(runtime, AppendValue(shot, log));
  runtime.RunReady();
  shot.Set("value");
  shot.Set("ignored");
  EXPECT_EQ(log, Log{}) << "resumed inside Set()";
  runtime.RunReady();
  EXPECT_EQ(log, Log{"value"});
}

TEST(OneShot, CarriesWhatOnlyMoves) {
  SimulatedRuntime runtime(1);
  OneShot<std::unique_ptr<int>> shot(runtime);
  asio::post(runtime.executor(), [&] { shot.Set(std::make_unique<int>(5)); });
  EXPECT_EQ(*RunCoroutine(runtime, shot.Wait()), 5);
}

Awaitable<void> HoldWhileWaiting(std::shared_ptr<int> held, OneShot<std::string>& shot) {
  co_await shot.Wait();
  *held = 1;
}

TEST(OneShot, ItsEndIsTheEndOfTheCoroutineThatWaits) {
  SimulatedRuntime runtime(1);
  auto held = std::make_shared<int>(0);
  auto shot = std::make_unique<OneShot<std::string>>(runtime);
  Spawn(runtime, HoldWhileWaiting(held, *shot));
  runtime.RunReady();
  EXPECT_EQ(held.use_count(), 2);
  shot.reset();
  runtime.RunReady();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(Sleep, SuspendsForVirtualTime) {
  SimulatedRuntime runtime(1);
  Log log;
  Spawn(runtime, AppendLater(runtime, seconds(3), log, "three"));
  Spawn(runtime, AppendLater(runtime, seconds(1), log, "one"));
  Spawn(runtime, AppendLater(runtime, seconds(2), log, "two"));
  runtime.Run();
  EXPECT_EQ(log, (Log{"one", "two", "three"}));
  EXPECT_EQ(runtime.Now(), seconds(3));
}

TEST(Spawn, NeverBeginsInsideTheCall) {
  SimulatedRuntime runtime(1);
  Log log;
  Spawn(runtime, Append(log, "ran"));
  EXPECT_EQ(log, Log{});
  runtime.RunReady();
  EXPECT_EQ(log, Log{"ran"});
}

TEST(Spawn, ReportsTheFirstExceptionThatEscapes) {
  SimulatedRuntime runtime(1);
  Spawn(runtime, Throw("first"));
  runtime.Run();
  Spawn(runtime, Throw("second"));
  runtime.Run();
  EXPECT_EQ(MessageOf(runtime.failure()), "first");
}

Awaitable<int> RunOff(Runtime& runtime, int value) {
  auto work = [value] { return value + 1; };
  co_return co_await OffExecutor(runtime, std::move(work));
}

Awaitable<std::string> RunOffAndThrow(Runtime& runtime) {
  auto work = []() -> int { throw std::runtime_error("from the work"); };
  std::string caught;
  try {
    co_await OffExecutor(runtime, std::move(work));
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  co_return caught;
}

TEST(OffExecutor, HandsBackTheResult) {
  SimulatedRuntime runtime(1);
  EXPECT_EQ(RunCoroutine(runtime, RunOff(runtime, 41)), 42);
}

TEST(OffExecutor, HandsBackTheException) {
  SimulatedRuntime runtime(1);
  EXPECT_EQ(RunCoroutine(runtime, RunOffAndThrow(runtime)), "from the work");
}

Awaitable<void> JoinAndAppend(TaskScope& scope, Log& log) {
  co_await scope.Join();
  log.emplace_back("joined");
}

TEST(TaskScope, JoinWaitsForTheLast) {
  SimulatedRuntime runtime(1);
  Log log;
  TaskScope scope(runtime);
  scope.Spawn(AppendLater(runtime, seconds(1), log, "one"));
  scope.Spawn(AppendLater(runtime, seconds(2), log, "two"));
  Spawn(runtime, JoinAndAppend(scope, log));
  EXPECT_EQ(scope.running(), 2U);
  runtime.Run();
  EXPECT_EQ(scope.running(), 0U);
  EXPECT_EQ(log, (Log{"one", "two", "joined"}));
}

TEST(TaskScope, JoinOfNothingReturnsAtOnce) {
  SimulatedRuntime runtime(1);
  Log log;
  TaskScope scope(runtime);
  Spawn(runtime, JoinAndAppend(scope, log));
  runtime.RunReady();
  EXPECT_EQ(log, Log{"joined"});
}

Awaitable<void> SpawnAnother(Runtime& runtime, TaskScope& scope, Log& log) {
  co_await Sleep(runtime, seconds(1));
  scope.Spawn(AppendLater(runtime, seconds(1), log, "child"));
  log.emplace_back("parent");
}

TEST(TaskScope, JoinAlsoWaitsForThoseThatItsCoroutinesSpawn) {
  SimulatedRuntime runtime(1);
  Log log;
  TaskScope scope(runtime);
  scope.Spawn(SpawnAnother(runtime, scope, log));
  Spawn(runtime, JoinAndAppend(scope, log));
  runtime.Run();
  EXPECT_EQ(log, (Log{"parent", "child", "joined"}));
}

TEST(TaskScope, AnEscapedExceptionIsReportedAndCountsAsTheEnd) {
  SimulatedRuntime runtime(1);
  Log log;
  TaskScope scope(runtime);
  scope.Spawn(Throw("escaped"));
  Spawn(runtime, JoinAndAppend(scope, log));
  runtime.Run();
  EXPECT_EQ(log, Log{"joined"});
  EXPECT_EQ(MessageOf(runtime.failure()), "escaped");
}

// Holds the lock for `held`, having waited up to `timeout`.
Awaitable<void> UseLock(Runtime& runtime, AsyncMutex& mutex, Duration begin, Duration timeout,
                        Duration held, Log& log, std::string name) {
  co_await Sleep(runtime, begin);
  const bool locked = co_await mutex.Lock(timeout);
  log.push_back(name + (locked ? " locked" : " timed out"));
  if (!locked) co_return;
  co_await Sleep(runtime, held);
  log.push_back(name + " unlocks");
  mutex.Unlock();
}

TEST(AsyncMutex, ServesInTheOrderOfTheCalls) {
  SimulatedRuntime runtime(1);
  AsyncMutex mutex(runtime);
  Log log;
  for (int i = 0; i < 4; ++i) {
    Spawn(runtime, UseLock(runtime, mutex, milliseconds(i), seconds(10), seconds(1), log,
                           std::string(1, static_cast<char>('a' + i))));
  }
  runtime.Run();
  EXPECT_EQ(log, (Log{"a locked", "a unlocks", "b locked", "b unlocks", "c locked", "c unlocks",
                      "d locked", "d unlocks"}));
  EXPECT_TRUE(mutex.idle());
}

TEST(AsyncMutex, AWaitEndsWithItsTimeoutAndTheNextInLineIsServed) {
  SimulatedRuntime runtime(1);
  AsyncMutex mutex(runtime);
  Log log;
  Spawn(runtime, UseLock(runtime, mutex, seconds(0), seconds(1), seconds(5), log, "a"));
  Spawn(runtime, UseLock(runtime, mutex, seconds(1), seconds(2), seconds(1), log, "b"));
  Spawn(runtime, UseLock(runtime, mutex, seconds(2), seconds(9), seconds(1), log, "c"));
  runtime.RunUntil([&] { return log.size() == 2; });
  EXPECT_EQ(runtime.Now(), seconds(3));
  EXPECT_FALSE(mutex.idle());
  runtime.Run();
  EXPECT_EQ(log, (Log{"a locked", "b timed out", "a unlocks", "c locked", "c unlocks"}));
  EXPECT_TRUE(mutex.idle());
}

TEST(AsyncMutex, AGrantAndATimeoutAtTheSameMomentAgreeOnOneOutcome) {
  // b's patience ends in the very nanosecond in which a unlocks: whichever comes first, b is told
  // once and the lock is not lost.
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedRuntime runtime(seed);
    AsyncMutex mutex(runtime);
    Log log;
    Spawn(runtime, UseLock(runtime, mutex, seconds(0), seconds(1), seconds(5), log, "a"));
    Spawn(runtime, UseLock(runtime, mutex, seconds(1), seconds(4), seconds(1), log, "b"));
    runtime.Run();
    EXPECT_TRUE(mutex.idle()) << "seed " << seed;
    EXPECT_GE(log.size(), 3U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace libcontainerd
