#include "lib/core/cursor_position.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace libcontainerd {

std::optional<WallTime>& CursorPosition::HandledBelow(Place place) {
  return place == pending_.end() ? handled_above_ : place->second.handled_below;
}

void CursorPosition::Note(WallTime time, Place place) {
  std::optional<WallTime>& handled = HandledBelow(place);
  if (!handled || *handled < time) handled = time;
}

void CursorPosition::Handled(WallTime time) {
  if (IsOutOfReach(time)) return;
  Note(time, pending_.upper_bound(time));
  Advance(time);
}

void CursorPosition::Begin(WallTime time) {
  if (IsOutOfReach(time)) return;
  const auto [place, is_new] = pending_.try_emplace(time);
  ++place->second.count;
  if (!is_new) return;
  // What was handled in the gap that this time divides is below it or above it; if above, what is
  // below is not known any more.
  std::optional<WallTime>& gap = HandledBelow(std::next(place));
  if (gap && *gap < time) place->second.handled_below = std::exchange(gap, std::nullopt);
}

void CursorPosition::End(WallTime time) {
  if (IsOutOfReach(time)) return;
  const auto place = pending_.find(time);
  if (place == pending_.end() || --place->second.count > 0) return;
  Note(time, pending_.erase(place));
  Advance(time);
}

void CursorPosition::Abandon(WallTime time) {
  if (IsOutOfReach(time)) return;
  const auto place = pending_.find(time);
  if (place == pending_.end()) return;
  ceiling_ = time;
  pending_.erase(std::next(place), pending_.end());  // nobody will ask about them
}

bool CursorPosition::PassesPending() const {
  if (ceiling_ && *ceiling_ <= value_) return true;
  return !pending_.empty() && pending_.begin()->first <= value_;
}

void CursorPosition::Advance(WallTime handled) {
  const std::optional<WallTime>& safe = HandledBelow(pending_.begin());
  if (!safe) return;
  value_ = monotone_ ? std::max(value_, *safe) : std::min(handled, *safe);
}

}  // namespace libcontainerd
