#include "lib/core/stop.h"

#include <utility>

namespace libcontainerd {

void StopSignal::Stop() {
  stopped_ = true;
  for (const auto& sleeper : std::exchange(sleepers_, {})) sleeper->Set(false);
}

Awaitable<bool> StopSignal::Sleep(Duration delay) {
  if (stopped_) co_return false;
  auto sleeper = std::make_shared<OneShot<bool>>(runtime_);
  sleepers_.push_back(sleeper);
  const TimerId timer = runtime_.StartTimer(delay, [sleeper] { sleeper->Set(true); });
  const bool slept = co_await sleeper->Wait();
  runtime_.CancelTimer(timer);
  std::erase(sleepers_, sleeper);
  co_return slept;
}

}  // namespace libcontainerd
