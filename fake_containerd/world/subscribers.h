// Subscribers: who hears of events, each through a bounded queue of its own that loses silently
// when full.
//
// Threads: the executor's. A Subscription may outlive the Subscribers it came from: it has then
// ended.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "fake_containerd/world/event_list.h"
#include "fake_containerd/world/model.h"
#include "libcontainerd/unique_function.h"

namespace fake_containerd {

struct EventFilter {
  std::string space = kDefaultNamespace;
  std::string id{};  // empty: every container
  std::optional<WallTime>
      after{};               // stored events strictly after it come first; none: only live ones
  bool stored_only = false;  // the stored ones, then the end
};

// Pull side of one subscriber. Destroying it unsubscribes.
class Subscription {
 public:
  struct State;
  explicit Subscription(std::shared_ptr<State> state);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // The next event of the filter; false when there is none now, whatever `event` is then.
  bool Next(Event& event);
  // Nothing is queued and nothing will come.
  bool ended() const;
  // It ended because the daemon stopped, not because everything stored was told.
  bool broken() const;
  // It ended because too much waited to be read.
  bool cut_off() const;
  std::uint64_t number() const;  // from 1, for reports of lost events

 private:
  std::shared_ptr<State> state_;
};

class Subscribers {
 public:
  // What containerd gives each subscriber.
  static constexpr std::size_t kDefaultCapacity = 2048;

  // `max_bytes`: what may wait to be read, all subscribers together. Whose next event does not fit
  // in is cut off.
  Subscribers(Runtime& runtime, std::size_t capacity,
              std::size_t max_bytes = static_cast<std::size_t>(-1))
      : runtime_(runtime), capacity_(capacity), max_bytes_(max_bytes) {}
  ~Subscribers();
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;

  // `on_ready` runs as a step of its own when events or the end are there, and then not again
  // before Next() gave nothing. `stored` is read at once; null leaves the subscription dormant
  // until WakeDormant().
  std::unique_ptr<Subscription> Subscribe(EventFilter filter, const EventList* stored,
                                          libcontainerd::UniqueFunction<void()> on_ready);
  void WakeDormant(const EventList& stored);
  // Returns the numbers of the subscribers that lost it.
  std::vector<std::uint64_t> Notify(const Event& event);
  // Ends every live subscription as broken; dormant ones stay.
  void BreakAll();
  // While held, nobody is told that events are there: every reader is a slow one.
  void Hold(bool held);
  std::size_t waiting_bytes() const { return shared_->bytes; }

 private:
  friend class Subscription;
  // What subscriptions share with us, and outlives us.
  struct Shared {
    bool held = false;
    std::size_t bytes = 0;
  };
  void Begin(Subscription::State& state, const EventList& stored);
  void Wake(const std::shared_ptr<Subscription::State>& state);
  void End(const std::shared_ptr<Subscription::State>& state);  // as broken

  Runtime& runtime_;
  std::size_t capacity_;
  std::size_t max_bytes_;
  std::uint64_t last_number_ = 0;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::vector<std::weak_ptr<Subscription::State>> states_;
};

}  // namespace fake_containerd
