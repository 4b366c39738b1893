#include "lib/core/event.h"

#include <algorithm>
#include <string>
#include <utility>

namespace libcontainerd {
namespace {

// FNV-1a, with a separator after each part so that ("ab","c") and ("a","bc") differ.
std::uint64_t HashNames(const types::Event& event) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto add = [&hash](const std::string& text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    hash = (hash ^ 0xffU) * 0x100000001b3U;
  };
  add(event.id());
  add(event.type());
  add(event.pid());
  return hash;
}

}  // namespace

WallTime TimestampOf(const types::Event& event) {
  constexpr std::int64_t kFirst = -9'214'560'000;  // 1678-01-01
  constexpr std::int64_t kLast = 9'214'646'399;    // 2261-12-31
  constexpr std::int32_t kLongestFraction = 999'999'999;
  const std::int64_t seconds = std::clamp(event.timestamp().seconds(), kFirst, kLast);
  const std::int32_t nanos = std::clamp(event.timestamp().nanos(), 0, kLongestFraction);
  return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos));
}

void SetTimestamp(WallTime time, google::protobuf::Timestamp& timestamp) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  timestamp.set_seconds(seconds.count());
  timestamp.set_nanos(static_cast<std::int32_t>((since_epoch - seconds).count()));
}

bool SeenEvents::Insert(const types::Event& event) {
  if (!event.has_timestamp()) return true;
  const Identity identity{HashNames(event), event.timestamp().seconds(), event.timestamp().nanos()};
  if (!seen_.insert(identity).second) return false;
  order_.push_back(identity);
  if (order_.size() > capacity_) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

void UnclaimedEvents::Add(types::Event event) {
  events_.push_back(std::move(event));
  if (events_.size() > capacity_) events_.pop_front();
}

std::vector<types::Event> UnclaimedEvents::Take(const std::string& id) {
  std::vector<types::Event> taken;
  for (const types::Event& event : events_) {
    if (event.id() == id) taken.push_back(event);
  }
  std::erase_if(events_, [&](const types::Event& event) { return event.id() == id; });
  return taken;
}

}  // namespace libcontainerd
