#include "fake_containerd/world/event_log.h"

#include <string>
#include <utility>

namespace fake_containerd {

EventLog::EventLog(std::unique_ptr<EventLogStore> store, int retain_count)
    : store_(std::move(store)), retain_count_(retain_count) {}

libcontainerd::Status EventLog::Load(LogDamage damage, std::vector<Event>* lost) {
  count_ = 0;
  store_failure_.reset();
  libcontainerd::Result<std::vector<Event>> stored = ReadStored();
  if (!stored) return libcontainerd::Fail(std::move(stored).error());
  if (damage == LogDamage::kCorrupt) {
    const std::size_t line = stored->size() + 1;
    if (!store_) left_ = std::move(*stored);
    return libcontainerd::Fail(
        libcontainerd::ErrorCode::kDataLoss,
        "event log:" + std::to_string(line) + ": not a JSON object, expected one event");
  }
  if (store_) {
    libcontainerd::Status emptied = store_->Rewrite({});
    if (!emptied) return emptied;
  }
  std::size_t kept = stored->size();
  if (damage == LogDamage::kLost) kept = 0;
  if (damage == LogDamage::kTruncated) kept /= 2;
  const auto end = stored->begin() + static_cast<std::ptrdiff_t>(kept);
  if (lost != nullptr) lost->insert(lost->end(), end, stored->end());
  stored->erase(end, stored->end());
  events_ = EventList(std::move(*stored));
  stored_from_ = count_ = events_.size();
  return {};
}

// All of the store; the log is empty then.
libcontainerd::Result<std::vector<Event>> EventLog::ReadStored() {
  std::vector<Event> all = events_.TakeAll();
  if (store_) return store_->Read();
  std::vector<Event> stored = std::exchange(left_, {});
  auto unwritten = unwritten_.begin();
  for (std::size_t i = stored_from_; i < all.size(); ++i) {
    if (unwritten != unwritten_.end() && *unwritten == i) {
      ++unwritten;
    } else {
      stored.push_back(std::move(all[i]));
    }
  }
  stored_from_ = 0;
  unwritten_.clear();
  return stored;
}

void EventLog::Append(const Event& event) {
  Keep(event);
  if (store_) Note(store_->Append(event));
}

void EventLog::AppendUnwritten(const Event& event, libcontainerd::Error failure) {
  Keep(event);
  if (!store_) unwritten_.push_back(events_.size() - 1);
  Note(libcontainerd::Fail(std::move(failure)));
}

void EventLog::Keep(const Event& event) {
  if (retain_count_ > 0 && count_ > static_cast<std::size_t>(retain_count_)) Cut();
  events_.Append(event);
  ++count_;
}

void EventLog::Cut() {
  events_.CutTo(static_cast<std::size_t>(retain_count_ - 1));
  count_ = 0;
  if (store_) {
    Note(store_->Rewrite(events_.Copy()));
  } else {
    left_.clear();
    stored_from_ = 0;
    unwritten_.clear();
  }
}

void EventLog::Note(const libcontainerd::Status& status) {
  if (!status && !store_failure_) store_failure_ = status.error();
}

}  // namespace fake_containerd
