// CursorPosition: how far the events have been handled, as arithmetic on their timestamps.
//
// The position is the timestamp of an event below which nothing delivered is pending, the largest
// such one that is known. Whoever begins again after it misses nothing: what is pending, or comes
// with an older timestamp than it, is delivered again.
//
// Memory is in proportion to the events that are pending, not to those that were handled.
//
// Threads: the executor's thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "libcontainerd/runtime.h"

namespace libcontainerd {

class CursorPosition {
 public:
  // Not monotone: it follows each handled event, back too.
  CursorPosition(WallTime start, bool monotone) : monotone_(monotone), value_(start) {}

  // An event of that time was delivered and is handled already.
  void Handled(WallTime time);
  // One was delivered and is pending. For each, later, End() or Abandon().
  void Begin(WallTime time);
  void End(WallTime time);
  // It will never be handled: the position stays below it.
  void Abandon(WallTime time);

  WallTime value() const { return value_; }
  // An event that is pending was delivered late, after the position had passed it: stored now, the
  // position would lose it.
  bool PassesPending() const;
  std::size_t pending() const { return pending_.size(); }  // distinct times

 private:
  struct Pending {
    std::size_t count = 0;
    std::optional<WallTime> handled_below{};  // the largest after the pending time before this
  };
  using Place = std::map<WallTime, Pending>::iterator;

  bool IsOutOfReach(WallTime time) const { return ceiling_ && time >= *ceiling_; }
  std::optional<WallTime>& HandledBelow(Place place);
  void Note(WallTime time, Place place);
  void Advance(WallTime handled);

  bool monotone_;
  WallTime value_;
  std::map<WallTime, Pending> pending_;
  std::optional<WallTime> handled_above_;  // the largest after all pending ones
  std::optional<WallTime> ceiling_;        // the smallest abandoned time: pending for ever
};

}  // namespace libcontainerd
