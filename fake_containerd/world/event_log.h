// EventLog: the daemon's memory of events, with containerd 0.2's way of cutting it.
//
// Past `retain_count` appended events the log is cut to retain_count - 1 and the count begins at 0
// again, so its length swings up to about twice. Kept in an EventLogStore beside memory; on a start
// the store is read, then emptied.
//
// Threads: the executor's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "fake_containerd/world/model.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

class EventLogStore {
 public:
  virtual ~EventLogStore() = default;
  // Everything in it; what is not an event is an error.
  virtual libcontainerd::Result<std::vector<Event>> Read() = 0;
  // Replaces everything.
  virtual libcontainerd::Status Rewrite(const std::vector<Event>& events) = 0;
  virtual libcontainerd::Status Append(const Event& event) = 0;
};

// What happened to the log while no daemon held it.
enum class LogDamage : std::uint8_t { kNone, kLost, kTruncated, kCorrupt };

// Outlives a simulated daemon's restarts as a file does, without one.
class MemoryEventLogStore final : public EventLogStore {
 public:
  libcontainerd::Result<std::vector<Event>> Read() override { return events_; }
  libcontainerd::Status Rewrite(const std::vector<Event>& events) override;
  libcontainerd::Status Append(const Event& event) override;

 private:
  std::vector<Event> events_;
};

class EventLog {
 public:
  static constexpr int kDefaultRetainCount = 500;

  // retain_count <= 0: unlimited.
  EventLog(std::unique_ptr<EventLogStore> store, int retain_count);

  // Begins a daemon's life: reads the store and empties it. An error stops the start; the log is
  // then empty. What the damage took is added to `lost`.
  libcontainerd::Status Load(LogDamage damage = LogDamage::kNone,
                             std::vector<Event>* lost = nullptr);
  // The event is in memory even if the store fails; the store's first failure is kept.
  void Append(const Event& event);
  // As Append() with a store that fails so.
  void AppendUnwritten(const Event& event, libcontainerd::Error failure);
  const std::vector<Event>& events() const { return events_; }
  const std::optional<libcontainerd::Error>& store_failure() const { return store_failure_; }

 private:
  void Cut();
  void Keep(const Event& event);
  void Note(const libcontainerd::Status& status);

  std::unique_ptr<EventLogStore> store_;
  int retain_count_;
  std::size_t count_ = 0;
  std::vector<Event> events_;
  std::optional<libcontainerd::Error> store_failure_;
};

}  // namespace fake_containerd
