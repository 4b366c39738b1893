// EventLog: the daemon's memory of events, with containerd 0.2's way of cutting it.
//
// Past `retain_count` appended events the log is cut to retain_count - 1 and the count begins at 0
// again, so its length swings up to about twice. On a start what an EventLogStore has is read, then
// it is emptied. Without a store the log itself stands for one, as if it were a file that outlives
// the daemon: nothing is kept twice.
//
// Threads: the executor's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "fake_containerd/world/event_list.h"
#include "fake_containerd/world/model.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

// The status of a process whose own is lost or cannot be read.
inline constexpr std::uint32_t kUnreadableStatus = 255;

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

class EventLog {
 public:
  static constexpr int kDefaultRetainCount = 500;

  // A null store: in memory only. retain_count <= 0: unlimited.
  EventLog(std::unique_ptr<EventLogStore> store, int retain_count);

  // Begins a daemon's life: reads the store and empties it. An error stops the start; the log is
  // then empty. What the damage took is added to `lost`.
  libcontainerd::Status Load(LogDamage damage = LogDamage::kNone,
                             std::vector<Event>* lost = nullptr);
  // The event is in memory even if the store fails; the store's first failure is kept.
  void Append(const Event& event);
  // As Append() with a store that fails so.
  void AppendUnwritten(const Event& event, libcontainerd::Error failure);
  const EventList& events() const { return events_; }
  const std::optional<libcontainerd::Error>& store_failure() const { return store_failure_; }

 private:
  libcontainerd::Result<std::vector<Event>> ReadStored();
  void Cut();
  void Keep(const Event& event);
  void Note(const libcontainerd::Status& status);

  std::unique_ptr<EventLogStore> store_;
  int retain_count_;
  std::size_t count_ = 0;
  EventList events_;
  std::optional<libcontainerd::Error> store_failure_;

  // What a file would have, without a store: what a start that failed left in it, and of events_
  // those from stored_from_ on but for the unwritten ones.
  std::vector<Event> left_;
  std::size_t stored_from_ = 0;
  std::vector<std::size_t> unwritten_;  // indices into events_, rising
};

}  // namespace fake_containerd
