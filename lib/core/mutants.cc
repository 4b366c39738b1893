// What only planted mutants (libcontainerd/mutant.h) do; where they do it, an `if` says so.

#include <chrono>
#include <utility>

#include "lib/core/client_impl.h"

namespace libcontainerd {
namespace {

constexpr Duration kFifoTimeout = std::chrono::seconds(15);

}  // namespace

// Waits for nothing; Close() ends it.
Awaitable<void> Client::Impl::Linger(Duration time) {
  const auto over = std::make_shared<OneShot<Unit>>(ports.runtime);
  const std::uint64_t key = next_call_++;
  calls_.emplace(key, [over] { over->Set(Unit()); });
  const TimerId timer = ports.runtime.StartTimer(time, [over] { over->Set(Unit()); });
  if (!closed) co_await over->Wait();
  ports.runtime.CancelTimer(timer);
  calls_.erase(key);
}

// As the reference's one event loop: it takes the container's lock for each event.
Awaitable<void> Client::Impl::RouteInTurn(ContainerPtr container, types::Event event,
                                          EventReceipt receipt) {
  co_await for_mutants_.event_turn.Lock(kForEver);
  co_await container->operations.Lock(kForEver);
  if (closed) {
    if (receipt) receipt->Abandon();
  } else {
    Route(container, event, receipt);
  }
  container->operations.Unlock();
  for_mutants_.event_turn.Unlock();
}

Awaitable<void> Client::Impl::RunCallbackInTurn(ContainerPtr container, QueuedCallback callback,
                                                UniqueFunction<void()> done) {
  co_await for_mutants_.callback_turn.Lock(kForEver);
  BeginCallback(container, std::move(callback), [this, done = std::move(done)]() mutable {
    for_mutants_.callback_turn.Unlock();
    done();
  });
}

// The create that is still under way then has lost its readers.
void Client::Impl::TimeStreamsOut(const ContainerPtr& container) {
  ports.runtime.StartTimer(kFifoTimeout, [weak = std::weak_ptr<Container>(container)] {
    const ContainerPtr late = weak.lock();
    if (late && late->phase == Container::Phase::kStarting) late->stdio.Abandon();
  });
}

}  // namespace libcontainerd
