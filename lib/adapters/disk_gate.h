// DiskGate: lets a few pieces of disk work run at a time, so that thousands of containers that
// start, or end, together do not take a thread each. Work that takes long does not count any more:
// a file system that hangs holds up nobody else for longer than that.
//
// Threads: the executor's thread; the work itself runs off it.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "libcontainerd/async.h"

namespace libcontainerd {

class DiskGate {
 public:
  explicit DiskGate(Runtime& runtime) : runtime_(runtime) {}
  DiskGate(const DiskGate&) = delete;
  DiskGate& operator=(const DiskGate&) = delete;

  // OffExecutor, first come first served.
  template <class Work>
  static Awaitable<std::invoke_result_t<Work&>> Run(std::shared_ptr<DiskGate> gate, Work work) {
    if (gate->running_ >= kAtOnce || !gate->waiting_.empty()) {
      auto turn = std::make_shared<OneShot<Unit>>(gate->runtime_);
      gate->waiting_.push_back(turn);
      co_await turn->Wait();
    } else {
      ++gate->running_;
    }
    const Place place(gate);
    co_return co_await OffExecutor(gate->runtime_, std::move(work));
  }

 private:
  static constexpr std::size_t kAtOnce = 16;
  static constexpr Duration kLong = std::chrono::milliseconds(100);

  // Held by what runs, until it ended or took long.
  class Place {
   public:
    explicit Place(std::shared_ptr<DiskGate> gate)
        : gate_(std::move(gate)), held_(std::make_shared<bool>(true)) {
      timer_ = gate_->runtime_.StartTimer(kLong, [gate = gate_, held = held_] {
        if (std::exchange(*held, false)) gate->Leave();
      });
    }
    ~Place() {
      gate_->runtime_.CancelTimer(timer_);
      if (std::exchange(*held_, false)) gate_->Leave();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::shared_ptr<DiskGate> gate_;
    std::shared_ptr<bool> held_;
    TimerId timer_{};
  };

  void Leave() {
    if (waiting_.empty()) {
      --running_;
      return;
    }
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next->Set(Unit());  // it takes over the place
  }

  Runtime& runtime_;
  std::size_t running_ = 0;
  std::deque<std::shared_ptr<OneShot<Unit>>> waiting_;
};

}  // namespace libcontainerd
