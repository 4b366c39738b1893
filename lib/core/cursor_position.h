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
#include <optional>
#include <vector>

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
  std::size_t pending() const { return pending_; }  // distinct times

 private:
  // A time of events of which so many are pending: with none it has ended, and waits to be dropped.
  struct Time {
    WallTime time;
    std::size_t count = 0;
    std::optional<WallTime> handled_below{};  // the largest after the pending time before this
  };

  bool IsOutOfReach(WallTime time) const { return ceiling_ && time >= *ceiling_; }
  // Places in times_; its size, which stands for what is above all, where there is none.
  std::size_t NextPending(std::size_t place) const;
  std::size_t LowerBound(WallTime time) const;
  std::size_t FindPending(WallTime time) const;
  std::optional<WallTime>& HandledBelow(std::size_t place);
  void Note(WallTime time, std::size_t place);
  void Advance(WallTime handled);
  void DropEnded();
  void Clear();

  bool monotone_;
  WallTime value_;
  std::vector<Time> times_;  // rising
  std::size_t first_ = 0;    // that is pending; those before it have ended
  std::size_t pending_ = 0;
  std::optional<WallTime> handled_above_;  // the largest after all pending ones
  std::optional<WallTime> ceiling_;        // the smallest abandoned time: pending for ever
};

}  // namespace libcontainerd
