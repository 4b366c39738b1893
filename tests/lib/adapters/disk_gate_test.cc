#include "lib/adapters/disk_gate.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "libcontainerd/threaded_runtime.h"

namespace libcontainerd {
namespace {

// Work that goes on until it is let go.
class Disk {
 public:
  int Hang() {
    std::unique_lock lock(mutex_);
    ++hanging_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return healed_; });
    return --hanging_;
  }
  void WaitFor(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(10), [&] { return hanging_ == count; }))
        << hanging_ << " of " << count;
  }
  int hanging() {
    const std::lock_guard lock(mutex_);
    return hanging_;
  }
  void Heal() {
    const std::lock_guard lock(mutex_);
    healed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool healed_ = false;
  int hanging_ = 0;
};

class DiskGateTest : public ::testing::Test {
 protected:
  ~DiskGateTest() override {
    disk_.Heal();
    while (ended_ < begun_) runtime_.Drain();
    EXPECT_EQ(runtime_.failure(), nullptr);
  }
  void Begin(int count) {
    begun_ += count;
    for (int i = 0; i < count; ++i) {
      asio::post(runtime_.executor(), [this] { Spawn(runtime_, Work()); });
    }
    for (int i = 0; i < 4; ++i) runtime_.Drain();
  }
  Awaitable<void> Work() {
    static_cast<void>(co_await DiskGate::Run(gate_, [this] { return disk_.Hang(); }));
    ++ended_;
  }

  SteppableClock clock_;
  ThreadedRuntime runtime_{&clock_};
  Disk disk_;
  std::shared_ptr<DiskGate> gate_ = std::make_shared<DiskGate>(runtime_);
  int begun_ = 0;
  std::atomic<int> ended_ = 0;
};

TEST_F(DiskGateTest, LetsAFewThroughAtATime) {
  Begin(20);
  disk_.WaitFor(16);
  runtime_.Drain();
  EXPECT_EQ(disk_.hanging(), 16);
  disk_.Heal();
  while (ended_ < begun_) runtime_.Drain();
  EXPECT_EQ(ended_, 20);
}

TEST_F(DiskGateTest, WhatHangsHoldsUpNobodyForLong) {
  Begin(16);
  disk_.WaitFor(16);
  Begin(17);
  clock_.AdvanceBy(std::chrono::milliseconds(99));
  runtime_.Drain();
  EXPECT_EQ(disk_.hanging(), 16);
  clock_.AdvanceBy(std::chrono::milliseconds(1));
  disk_.WaitFor(32);
  clock_.AdvanceBy(std::chrono::milliseconds(100));
  disk_.WaitFor(33);
}

}  // namespace
}  // namespace libcontainerd
