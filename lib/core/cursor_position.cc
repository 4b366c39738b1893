#include "lib/core/cursor_position.h"

#include <algorithm>
#include <utility>

namespace libcontainerd {

std::size_t CursorPosition::NextPending(std::size_t place) const {
  while (place < times_.size() && times_[place].count == 0) ++place;
  return place;
}

std::size_t CursorPosition::LowerBound(WallTime time) const {
  // Most events come in the order of their times.
  if (times_.empty() || times_.back().time < time) return times_.size();
  const auto begin = times_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto found = std::ranges::lower_bound(begin, times_.end(), time, {}, &Time::time);
  return static_cast<std::size_t>(found - times_.begin());
}

std::size_t CursorPosition::FindPending(WallTime time) const {
  const std::size_t place = LowerBound(time);
  const bool found = place < times_.size() && times_[place].time == time && times_[place].count > 0;
  return found ? place : times_.size();
}

std::optional<WallTime>& CursorPosition::HandledBelow(std::size_t place) {
  return place == times_.size() ? handled_above_ : times_[place].handled_below;
}

void CursorPosition::Note(WallTime time, std::size_t place) {
  std::optional<WallTime>& handled = HandledBelow(place);
  if (!handled || *handled < time) handled = time;
}

void CursorPosition::Handled(WallTime time) {
  if (IsOutOfReach(time)) return;
  std::size_t place = LowerBound(time);
  if (place < times_.size() && times_[place].time == time) ++place;
  Note(time, NextPending(place));
  Advance(time);
}

void CursorPosition::Begin(WallTime time) {
  if (IsOutOfReach(time)) return;
  if (times_.size() == times_.capacity() && pending_ <= times_.size() / 2) DropEnded();
  const std::size_t place = LowerBound(time);
  if (place == times_.size() || times_[place].time != time) {
    times_.insert(times_.begin() + static_cast<std::ptrdiff_t>(place), Time{.time = time});
  }
  Time& begun = times_[place];
  if (begun.count++ > 0) return;
  ++pending_;
  // What was handled in the gap that this time divides is below it or above it; if above, what is
  // below is not known any more.
  std::optional<WallTime>& gap = HandledBelow(NextPending(place + 1));
  if (gap && *gap < time) begun.handled_below = std::exchange(gap, std::nullopt);
}

void CursorPosition::End(WallTime time) {
  if (IsOutOfReach(time)) return;
  const std::size_t place = FindPending(time);
  if (place == times_.size() || --times_[place].count > 0) return;
  times_[place].handled_below.reset();
  --pending_;
  const std::size_t next = NextPending(place + 1);
  Note(time, next);
  if (place == first_) first_ = next;
  if (pending_ == 0) Clear();
  Advance(time);
}

void CursorPosition::Abandon(WallTime time) {
  if (IsOutOfReach(time)) return;
  const std::size_t place = FindPending(time);
  if (place == times_.size()) return;
  ceiling_ = time;
  // Nobody will ask about those above.
  times_.erase(times_.begin() + static_cast<std::ptrdiff_t>(place) + 1, times_.end());
  DropEnded();
}

bool CursorPosition::PassesPending() const {
  if (ceiling_ && *ceiling_ <= value_) return true;
  return pending_ > 0 && times_[first_].time <= value_;
}

void CursorPosition::Advance(WallTime handled) {
  const std::optional<WallTime>& safe = HandledBelow(first_);
  if (!safe) return;
  value_ = monotone_ ? std::max(value_, *safe) : std::min(handled, *safe);
}

void CursorPosition::DropEnded() {
  std::erase_if(times_, [](const Time& time) { return time.count == 0; });
  first_ = 0;
  pending_ = times_.size();
}

void CursorPosition::Clear() {
  constexpr std::size_t kKept = 4096;  // what many pending events needed is given back
  if (times_.capacity() > kKept) times_ = std::vector<Time>();
  times_.clear();
  first_ = 0;
}

}  // namespace libcontainerd
