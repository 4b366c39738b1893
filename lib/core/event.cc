#include "lib/core/event.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "lib/core/no_time.h"
#include "libcontainerd/backend.h"
#include "libcontainerd/wire_time.h"

namespace libcontainerd {
namespace {

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;

std::uint64_t Mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * kMultiplier;
  return hash ^ (hash >> 32U);
}

// Eight bytes at a time, and the length, so that ("ab","c") and ("a","bc") differ.
std::uint64_t HashText(std::uint64_t hash, const std::string& text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  const char* next = text.data();
  std::size_t left = text.size();
  for (; left >= kWord; left -= kWord, next += kWord) {
    std::uint64_t word = 0;
    std::memcpy(&word, next, kWord);
    hash = Mix(hash, word);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, next, left);
  return Mix(Mix(hash, rest), text.size());
}

std::uint64_t HashNames(const types::Event& event) {
  return HashText(HashText(HashText(kMultiplier, event.id()), event.type()), event.pid());
}

}  // namespace

bool IsInitExit(const types::Event& event) {
  return event.type() == kExitEvent && event.pid() == kInitProcess;
}

WallTime TimestampOf(const types::Event& event) {
  return ToWallTime(event.timestamp());
}

void SetTimestamp(WallTime time, google::protobuf::Timestamp& timestamp) {
  if (time == kNoTime) {
    constexpr std::int64_t kYearOne = -62'135'596'800;
    timestamp.set_seconds(kYearOne);
    timestamp.set_nanos(0);
    return;
  }
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  timestamp.set_seconds(seconds.count());
  timestamp.set_nanos(static_cast<std::int32_t>((since_epoch - seconds).count()));
}

std::size_t SeenEvents::HashOf(const Identity& identity) {
  return static_cast<std::size_t>(
      Mix(Mix(identity.name_hash, static_cast<std::uint64_t>(identity.seconds)),
          static_cast<std::uint64_t>(identity.nanos)));
}

std::size_t SeenEvents::PlaceOf(const Identity& identity) const {
  const std::size_t mask = places_.size() - 1;
  std::size_t place = HashOf(identity) & mask;
  while (places_[place] != kNowhere && !(ring_[places_[place]] == identity)) {
    place = (place + 1) & mask;
  }
  return place;
}

// Moves up what was put behind it because its own place was taken.
void SeenEvents::Erase(std::size_t place) {
  const std::size_t mask = places_.size() - 1;
  std::size_t hole = place;
  for (std::size_t next = (hole + 1) & mask; places_[next] != kNowhere; next = (next + 1) & mask) {
    const std::size_t home = HashOf(ring_[places_[next]]) & mask;
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    places_[hole] = places_[next];
    hole = next;
  }
  places_[hole] = kNowhere;
}

void SeenEvents::Grow() {
  constexpr std::size_t kFirst = 64;
  MakeTable(std::max(kFirst, 2 * places_.size()));
}

void SeenEvents::MakeTable(std::size_t places) {
  places_.assign(places, kNowhere);
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    places_[PlaceOf(ring_[i])] = static_cast<std::uint32_t>(i);
  }
}

bool SeenEvents::Insert(const types::Event& event) {
  if (!event.has_timestamp() || capacity_ == 0) return true;
  const Identity identity{HashNames(event), event.timestamp().seconds(), event.timestamp().nanos()};
  if (places_.size() < 2 * (ring_.size() + 1)) Grow();
  std::size_t place = PlaceOf(identity);
  if (places_[place] != kNowhere) return false;
  if (ring_.size() < limit()) {
    if (oldest_ != 0) {  // all are remembered since a moment ago
      OldestFirst();
      place = PlaceOf(identity);
    }
    places_[place] = static_cast<std::uint32_t>(ring_.size());
    ring_.push_back(identity);
    return true;
  }
  Erase(PlaceOf(ring_[oldest_]));
  place = PlaceOf(identity);  // what was moved up may have left a nearer place
  ring_[oldest_] = identity;
  places_[place] = static_cast<std::uint32_t>(oldest_);
  oldest_ = (oldest_ + 1) % ring_.size();
  return true;
}

// So that the ring can grow at its end.
void SeenEvents::OldestFirst() {
  if (oldest_ == 0) return;
  std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(oldest_), ring_.end());
  oldest_ = 0;
  MakeTable(places_.size());
}

void SeenEvents::RememberAll(bool all) {
  all_ = all;
  if (all || ring_.size() <= capacity_) return;
  OldestFirst();
  ring_ = std::vector<Identity>(ring_.end() - static_cast<std::ptrdiff_t>(capacity_), ring_.end());
  places_ = std::vector<std::uint32_t>();
  MakeTable(std::bit_ceil(2 * (ring_.size() + 1)));
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
  if (std::ranges::all_of(taken, &types::Event::has_timestamp)) {
    std::ranges::stable_sort(taken, {}, TimestampOf);
  }
  return taken;
}

}  // namespace libcontainerd
