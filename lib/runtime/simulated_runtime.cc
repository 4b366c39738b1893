#include "libcontainerd/simulated_runtime.h"

#include <algorithm>
#include <optional>

#include <asio/execution.hpp>
#include <asio/execution_context.hpp>

#include "lib/runtime/timer_queue.h"

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
    : random_(seed),
      epoch_(epoch),
      timers_(std::make_unique<TimerQueue>()),
      context_(std::make_unique<Context>(*this)) {}

SimulatedRuntime::~SimulatedRuntime() {
  // What dies here may submit, start or cancel while it does (unwinding a coroutine is itself a
  // submitted step).
  do {
    const auto dropped = std::exchange(ready_, {});
    timers_->Clear();
    UnwindSuspended();
  } while (!ready_.empty() || !timers_->empty());
}

asio::any_io_executor SimulatedRuntime::executor() {
  return Executor(*context_);
}

TimerId SimulatedRuntime::StartTimer(Duration delay, Task task) {
  return timers_->Start(TimerQueue::Deadline(now_, delay), std::move(task));
}

void SimulatedRuntime::CancelTimer(TimerId timer) {
  timers_->Cancel(timer);
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
  const std::optional<Duration> next = timers_->Next();
  const std::optional<TimerId> timer = timers_->PopDue(latest);
  if (!timer) return false;
  now_ = std::max(now_, *next);
  Submit([this, timer = *timer] { timers_->Run(timer); });
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
  const Duration latest = TimerQueue::Deadline(now_, limit);
  while (!condition()) {
    if (Step() || FireNextTimer(latest)) continue;
    if (timers_->Next()) now_ = latest;  // not at rest: the limit passed
    return false;
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
