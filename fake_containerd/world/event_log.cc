#include "fake_containerd/world/event_log.h"

#include <algorithm>
#include <string>
#include <utility>

namespace fake_containerd {

libcontainerd::Status MemoryEventLogStore::Rewrite(const std::vector<Event>& events) {
  events_ = events;
  return {};
}

libcontainerd::Status MemoryEventLogStore::Append(const Event& event) {
  events_.push_back(event);
  return {};
}

EventLog::EventLog(std::unique_ptr<EventLogStore> store, int retain_count)
    : store_(std::move(store)), retain_count_(retain_count) {}

libcontainerd::Status EventLog::Load(LogDamage damage, std::vector<Event>* lost) {
  events_.clear();
  count_ = 0;
  store_failure_.reset();
  libcontainerd::Result<std::vector<Event>> stored = store_->Read();
  if (!stored) return libcontainerd::Fail(std::move(stored).error());
  if (damage == LogDamage::kCorrupt) {
    return libcontainerd::Fail(libcontainerd::ErrorCode::kDataLoss,
                               "event log:" + std::to_string(stored->size() + 1) +
                                   ": not a JSON object, expected one event");
  }
  libcontainerd::Status emptied = store_->Rewrite({});
  if (!emptied) return emptied;
  std::size_t kept = stored->size();
  if (damage == LogDamage::kLost) kept = 0;
  if (damage == LogDamage::kTruncated) kept /= 2;
  const auto end = stored->begin() + static_cast<std::ptrdiff_t>(kept);
  if (lost != nullptr) lost->insert(lost->end(), end, stored->end());
  stored->erase(end, stored->end());
  events_ = std::move(*stored);
  count_ = events_.size();
  return {};
}

void EventLog::Append(const Event& event) {
  Keep(event);
  Note(store_->Append(event));
}

void EventLog::AppendUnwritten(const Event& event, libcontainerd::Error failure) {
  Keep(event);
  Note(libcontainerd::Fail(std::move(failure)));
}

void EventLog::Keep(const Event& event) {
  if (retain_count_ > 0 && count_ > static_cast<std::size_t>(retain_count_)) Cut();
  events_.push_back(event);
  ++count_;
}

void EventLog::Cut() {
  const std::size_t keep = std::min(static_cast<std::size_t>(retain_count_ - 1), events_.size());
  events_.erase(events_.begin(), events_.end() - static_cast<std::ptrdiff_t>(keep));
  count_ = 0;
  Note(store_->Rewrite(events_));
}

void EventLog::Note(const libcontainerd::Status& status) {
  if (!status && !store_failure_) store_failure_ = status.error();
}

}  // namespace fake_containerd
