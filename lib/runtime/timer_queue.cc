#include "lib/runtime/timer_queue.h"

#include <algorithm>

namespace libcontainerd {
namespace {

constexpr Duration kNever = std::chrono::hours(100 * 365 * 24);

}  // namespace

Duration TimerQueue::Deadline(Duration now, Duration delay) {
  return now + std::clamp(delay, Duration::zero(), kNever);
}

TimerId TimerQueue::Start(Duration deadline, Task task) {
  const std::uint64_t id = next_++;
  timers_.emplace(id, Timer{deadline, std::move(task)});
  order_.emplace(deadline, id);
  return TimerId{id};
}

void TimerQueue::Cancel(TimerId timer) {
  const auto doomed = timers_.extract(static_cast<std::uint64_t>(timer));
  if (!doomed.empty()) order_.erase(std::pair(doomed.mapped().deadline, doomed.key()));
  // The task dies last: it may own what calls back into this object.
}

std::optional<Duration> TimerQueue::Next() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

std::optional<TimerId> TimerQueue::PopDue(Duration latest) {
  if (order_.empty() || order_.begin()->first > latest) return std::nullopt;
  const TimerId timer{order_.begin()->second};
  order_.erase(order_.begin());
  return timer;
}

void TimerQueue::Run(TimerId timer) {
  auto found = timers_.extract(static_cast<std::uint64_t>(timer));
  if (!found.empty()) found.mapped().task();
}

void TimerQueue::Clear() {
  order_.clear();
  const auto doomed = std::exchange(timers_, {});
}

}  // namespace libcontainerd
