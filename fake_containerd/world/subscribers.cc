#include "fake_containerd/world/subscribers.h"

#include <utility>

#include "fake_containerd/world/event_queue.h"

namespace fake_containerd {

namespace {

std::size_t SizeOf(const Event& event) {
  return sizeof event + event.container.space.size() + event.container.id.size() +
         event.process.size();
}

}  // namespace

struct Subscription::State {
  std::shared_ptr<Subscribers::Shared> shared;
  std::uint64_t number = 0;
  EventFilter filter;
  libcontainerd::UniqueFunction<void()> on_ready;
  EventQueue queue;
  bool dormant = false;
  bool over = false;
  bool broken = false;
  bool told = false;     // on_ready is due or ran, and Next() has not come up empty since
  bool dropped = false;  // nobody holds the subscription
  bool cut_off = false;  // too much waited

  void Queue(const Event& event) {
    shared->bytes += SizeOf(event);
    queue.Push(event);
  }
  void Take(Event& event) {
    queue.Pop(event);
    shared->bytes -= SizeOf(event);
  }
  void Clear() {
    for (; !queue.empty(); queue.Pop()) shared->bytes -= SizeOf(queue.front());
  }

  bool Wants(const Event& event) const {
    return event.container.space == filter.space &&
           (filter.id.empty() || event.container.id == filter.id);
  }
};

Subscription::Subscription(std::shared_ptr<State> state) : state_(std::move(state)) {}

Subscription::~Subscription() {
  state_->dropped = true;
  state_->Clear();
}

bool Subscription::Next(Event& event) {
  // The filter stands behind the queue, as in containerd: foreign events take room in it too.
  while (!state_->queue.empty() && !state_->shared->held) {
    state_->Take(event);
    if (state_->Wants(event)) return true;
  }
  state_->told = false;
  return false;
}

bool Subscription::ended() const {
  return state_->over && state_->queue.empty();
}
bool Subscription::broken() const {
  return state_->broken;
}
bool Subscription::cut_off() const {
  return state_->cut_off;
}
std::uint64_t Subscription::number() const {
  return state_->number;
}

Subscribers::~Subscribers() {
  BreakAll();
}

std::unique_ptr<Subscription> Subscribers::Subscribe(
    EventFilter filter, const EventList* stored, libcontainerd::UniqueFunction<void()> on_ready) {
  auto state = std::make_shared<Subscription::State>();
  state->shared = shared_;
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

void Subscribers::Begin(Subscription::State& state, const EventList& stored) {
  state.dormant = false;
  state.over = state.filter.stored_only;
  if (!state.filter.after) return;
  stored.ForEachOf(state.filter.id, [&](const Event& event) {
    if (event.time > *state.filter.after && state.Wants(event)) state.Queue(event);
  });
}

void Subscribers::WakeDormant(const EventList& stored) {
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
    if (shared_->bytes + SizeOf(event) > max_bytes_) {
      state->cut_off = true;
      End(state);
      continue;
    }
    state->Queue(event);
    Wake(state);
  }
  return lost;
}

void Subscribers::BreakAll() {
  for (const auto& weak : states_) {
    const auto state = weak.lock();
    if (!state || state->dormant || (state->over && state->queue.empty())) continue;
    End(state);  // what was not yet on the wire dies with the daemon
  }
}

void Subscribers::End(const std::shared_ptr<Subscription::State>& state) {
  state->over = true;
  state->broken = true;
  state->Clear();
  state->told = false;
  const bool held = std::exchange(shared_->held, false);
  Wake(state);
  shared_->held = held;
}

void Subscribers::Hold(bool held) {
  shared_->held = held;
  if (held) return;
  for (const auto& weak : states_) {
    if (const auto state = weak.lock(); state && !state->queue.empty()) Wake(state);
  }
}

void Subscribers::Wake(const std::shared_ptr<Subscription::State>& state) {
  if (shared_->held || state->told || state->dropped || (state->queue.empty() && !state->over))
    return;
  state->told = true;
  runtime_.Post([state] {
    if (!state->dropped) state->on_ready();
  });
}

}  // namespace fake_containerd
