#include "fake_containerd/world/subscribers.h"

#include <utility>

#include <asio/post.hpp>

namespace fake_containerd {

struct Subscription::State {
  std::uint64_t number = 0;
  EventFilter filter;
  libcontainerd::UniqueFunction<void()> on_ready;
  std::deque<Event> queue;
  bool dormant = false;
  bool over = false;
  bool broken = false;
  bool told = false;     // on_ready is due or ran, and Next() has not come up empty since
  bool dropped = false;  // nobody holds the subscription

  bool Wants(const Event& event) const {
    return event.container.space == filter.space &&
           (filter.id.empty() || event.container.id == filter.id);
  }
};

Subscription::Subscription(std::shared_ptr<State> state) : state_(std::move(state)) {}

Subscription::~Subscription() {
  state_->dropped = true;
  state_->queue.clear();
}

std::optional<Event> Subscription::Next() {
  // The filter stands behind the queue, as in containerd: foreign events take room in it too.
  while (!state_->queue.empty()) {
    Event event = std::move(state_->queue.front());
    state_->queue.pop_front();
    if (state_->Wants(event)) return event;
  }
  state_->told = false;
  return std::nullopt;
}

bool Subscription::ended() const { return state_->over && state_->queue.empty(); }
bool Subscription::broken() const { return state_->broken; }
std::uint64_t Subscription::number() const { return state_->number; }

Subscribers::~Subscribers() { BreakAll(); }

std::unique_ptr<Subscription> Subscribers::Subscribe(EventFilter filter,
                                                     const std::vector<Event>* stored,
                                                     libcontainerd::UniqueFunction<void()> on_ready) {
  auto state = std::make_shared<Subscription::State>();
  state->number = ++last_number_;
  state->filter = std::move(filter);
  state->on_ready = std::move(on_ready);
  state->dormant = stored == nullptr;
  std::erase_if(states_, [](const auto& weak) { return weak.expired(); });
  states_.push_back(state);
  if (stored != nullptr) {
    Begin(*state, *stored);
    Wake(state);
  }
  return std::make_unique<Subscription>(state);
}

void Subscribers::Begin(Subscription::State& state, const std::vector<Event>& stored) {
  state.dormant = false;
  state.over = state.filter.stored_only;
  if (!state.filter.after) return;
  for (const Event& event : stored) {
    if (event.time > *state.filter.after && state.Wants(event)) state.queue.push_back(event);
  }
}

void Subscribers::WakeDormant(const std::vector<Event>& stored) {
  for (const auto& weak : states_) {
    const auto state = weak.lock();
    if (!state || !state->dormant) continue;
    Begin(*state, stored);
    Wake(state);
  }
}

std::vector<std::uint64_t> Subscribers::Notify(const Event& event) {
  std::vector<std::uint64_t> lost;
  for (const auto& weak : states_) {
    const auto state = weak.lock();
    if (!state || state->dormant || state->over || state->dropped) continue;
    if (state->queue.size() >= capacity_) {
      if (state->Wants(event)) lost.push_back(state->number);
      continue;
    }
    state->queue.push_back(event);
    Wake(state);
  }
  return lost;
}

void Subscribers::BreakAll() {
  for (const auto& weak : states_) {
    const auto state = weak.lock();
    if (!state || state->dormant || (state->over && state->queue.empty())) continue;
    state->over = true;
    state->broken = true;
    state->queue.clear();  // what was not yet on the wire dies with the daemon
    state->told = false;
    const bool held = std::exchange(held_, false);
    Wake(state);
    held_ = held;
  }
}

void Subscribers::Hold(bool held) {
  held_ = held;
  if (held) return;
  for (const auto& weak : states_) {
    if (const auto state = weak.lock(); state && !state->queue.empty()) Wake(state);
  }
}

void Subscribers::Wake(const std::shared_ptr<Subscription::State>& state) {
  if (held_ || state->told || state->dropped || (state->queue.empty() && !state->over)) return;
  state->told = true;
  asio::post(runtime_.executor(), [state] {
    if (!state->dropped) state->on_ready();
  });
}

}  // namespace fake_containerd
