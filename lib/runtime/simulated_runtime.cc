#include "libcontainerd/simulated_runtime.h"

#include <cassert>

#include <asio/execution.hpp>
#include <asio/execution_context.hpp>

namespace libcontainerd {

class SimulatedRuntime::Context : public asio::execution_context {
 public:
  explicit Context(SimulatedRuntime& owner) : runtime(&owner) {}
  ~Context() { shutdown(); }
  SimulatedRuntime* runtime;
};

// The smallest executor that Asio accepts: execute() appends to the ready list, nothing ever runs
// inline.
class SimulatedRuntime::Executor {
 public:
  explicit Executor(Context& context) : context_(&context) {}

  asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
  static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  Executor require(asio::execution::blocking_t::never_t) const noexcept { return *this; }

  template <class Function>
  void execute(Function&& function) const {
    context_->runtime->Submit(Task(std::forward<Function>(function)));
  }

  friend bool operator==(const Executor& a, const Executor& b) noexcept {
    return a.context_ == b.context_;
  }
  friend bool operator!=(const Executor& a, const Executor& b) noexcept { return !(a == b); }

 private:
  Context* context_;
};

SimulatedRuntime::SimulatedRuntime(std::uint64_t seed, WallTime epoch)
    : random_(seed), epoch_(epoch), context_(std::make_unique<Context>(*this)) {}

SimulatedRuntime::~SimulatedRuntime() {
  // Suspended coroutines own things that may submit or cancel while they die: let go of them one at
  // a time.
  while (!ready_.empty() || !timers_.empty()) {
    auto ready = std::exchange(ready_, {});
    auto timers = std::exchange(timers_, {});
    timer_deadlines_.clear();
  }
}

asio::any_io_executor SimulatedRuntime::executor() {
  return Executor(*context_);
}

TimerId SimulatedRuntime::StartTimer(Duration delay, Task task) {
  const std::uint64_t id = next_timer_++;
  const Duration deadline = now_ + std::max(delay, Duration::zero());
  timers_.emplace(std::pair(deadline, id), std::move(task));
  timer_deadlines_.emplace(id, deadline);
  return TimerId(id);
}

void SimulatedRuntime::CancelTimer(TimerId timer) {
  const auto found = timer_deadlines_.find(static_cast<std::uint64_t>(timer));
  if (found == timer_deadlines_.end()) return;
  const auto entry = timers_.find(std::pair(found->second, found->first));
  timer_deadlines_.erase(found);
  const Task doomed = std::move(entry->second);  // may own what calls back into this object
  timers_.erase(entry);
}

void SimulatedRuntime::RunBlocking(Task work) {
  Submit(std::move(work));
}

void SimulatedRuntime::ReportFailure(std::exception_ptr failure) {
  if (!failure_) failure_ = std::move(failure);
}

bool SimulatedRuntime::Step() {
  if (ready_.empty()) return false;
  const std::size_t chosen =
      ready_.size() == 1 ? 0 : static_cast<std::size_t>(random_.Below(ready_.size()));
  Task task = std::move(ready_[chosen]);
  ready_[chosen] = std::move(ready_.back());
  ready_.pop_back();
  task();
  return true;
}

bool SimulatedRuntime::FireNextTimer(Duration latest) {
  if (timers_.empty() || timers_.begin()->first.first > latest) return false;
  const auto entry = timers_.begin();
  now_ = std::max(now_, entry->first.first);
  timer_deadlines_.erase(entry->first.second);
  Submit(std::move(entry->second));
  timers_.erase(entry);
  return true;
}

std::size_t SimulatedRuntime::RunReady() {
  std::size_t steps = 0;
  while (Step()) ++steps;
  return steps;
}

void SimulatedRuntime::Run(Duration limit) {
  RunUntil([] { return false; }, limit);
}

bool SimulatedRuntime::RunUntil(const std::function<bool()>& condition, Duration limit) {
  const Duration latest = now_ + limit;
  while (!condition()) {
    if (!Step() && !FireNextTimer(latest)) return false;
  }
  return true;
}

void SimulatedRuntime::AdvanceTo(Duration time) {
  do {
    RunReady();
  } while (FireNextTimer(time));
  now_ = std::max(now_, time);
}

}  // namespace libcontainerd
