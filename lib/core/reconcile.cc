// The client's part of reconciling: what it concludes when events were lost for good. The remote
// reads the stored log (remote.cc) and hands over what it finds before it calls any of this.
//
// The reference has nothing of the kind: docs/deviations.md, "reconciled".

#include <set>
#include <utility>

#include "lib/core/client_impl.h"
#include "lib/core/daemon_errors.h"

namespace libcontainerd {
namespace {

// Of a container that is gone without a word.
constexpr std::uint32_t kUnknownStatus = 255;
// With more to ask about, one listing tells first which ones are worth a question of their own.
constexpr std::size_t kFew = 4;

void NotMissing(Container& container) {
  if (Container::Rarities* const rare = container.rare.IfMade()) rare->missing_since.reset();
}

}  // namespace

// One whose request is not answered yet may see its event on the next stream.
void Client::Impl::StreamLost(std::uint64_t loss) {
  for (const ContainerPtr& container : InOrder()) {
    for (const auto* waiters : {&container->pause_waiters, &container->resume_waiters}) {
      for (const StateWaiter& waiter : *waiters) {
        if (waiter->answered && waiter->lost_with == 0) waiter->lost_with = loss;
      }
    }
  }
}

void Client::Impl::StreamRecovered(std::uint64_t loss) {
  for (const ContainerPtr& container : InOrder()) {
    for (const ContainerState state : {ContainerState::kPause, ContainerState::kResume}) {
      const Error lost{ErrorCode::kUnavailable,
                       "container " + container->id + ": the event stream broke, and its " +
                           std::string(ContainerStateName(state)) + " event is lost"};
      container->WaitersFor(state).EraseIf([&](const StateWaiter& waiter) {
        if (waiter->lost_with == 0 || waiter->lost_with > loss) return false;
        waiter->ended.Set(Fail(lost));
        return true;
      });
    }
  }
}

Awaitable<Result<bool>> Client::Impl::FindGone() {
  if (Planted(Mutant::kLostExitNotConcluded)) co_return false;
  const Deadline deadline(ports.runtime, options.timing.call_deadline);
  auto suspects = co_await Suspects(deadline);
  if (!suspects) co_return Fail(suspects.error());
  bool missing = false;
  for (const ContainerPtr& container : *suspects) {
    if (container->settling) continue;
    auto is_missing = co_await IsMissing(container, deadline);
    if (!is_missing) co_return Fail(is_missing.error());
    if (!container->running()) continue;  // its exit came meanwhile
    if (!*is_missing) continue;
    const Duration now = ports.runtime.Now();
    std::optional<Duration>& since = container->rare.Make().missing_since;
    if (!since) since = now;
    if (now - *since >= options.timing.gone_grace) {
      ConcludeExit(container);
    } else {
      missing = true;
    }
  }
  co_return missing;
}

// The running containers that a listing does not have. Only those that ran before it was asked for
// are looked at: one whose create is in flight may be unknown still.
Awaitable<Result<std::vector<ContainerPtr>>> Client::Impl::Suspects(Deadline deadline) {
  std::vector<ContainerPtr> running;
  for (const ContainerPtr& container : InOrder()) {
    if (container->running() && !container->settling) running.push_back(container);
  }
  if (running.size() <= kFew) co_return running;
  auto listing = co_await Send(types::StateRequest(), deadline.left());
  if (!listing) co_return Fail(listing.error());
  std::set<std::string_view> known;
  for (const types::Container& container : listing->containers()) known.insert(container.id());
  std::vector<ContainerPtr> suspects;
  for (const ContainerPtr& container : running) {
    if (!known.contains(container->id)) {
      suspects.push_back(container);
    } else {
      NotMissing(*container);
    }
  }
  co_return suspects;
}

// Only "container not found" says so: "stopped" is what a container in creation shows too, and
// other errors say nothing about it. An error when the daemon did not answer.
Awaitable<Result<bool>> Client::Impl::IsMissing(ContainerPtr container, Deadline deadline) {
  types::StateRequest request;
  request.set_id(container->id);
  auto state = co_await SendWhile(container, std::move(request), deadline.left());
  if (!state && SaysContainerNotFound(state.error())) co_return true;
  if (!state && OutcomeUnknown(state.error())) co_return Fail(state.error());
  if (state) NotMissing(*container);
  co_return false;
}

// Until its callback begins, the real exit may still say how it ended.
void Client::Impl::ConcludeExit(const ContainerPtr& container) {
  container->exit_concluded = true;
  ApplyInitExit(container, kUnknownStatus, nullptr);
}

}  // namespace libcontainerd
