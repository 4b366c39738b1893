// CursorKeeper: follows which events have been handled, and keeps the cursor in its store.
//
// Every delivered event gets a receipt. While somebody holds a copy of it, the cursor does not pass
// the event. The store is written at most once per Timing::cursor_interval, one write at a time; a
// write that fails is remembered and tried again, ever less often, and disturbs nothing else.
//
// Threads: the executor's thread. Receipts may outlive the keeper.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lib/core/backoff.h"
#include "lib/core/cursor_position.h"
#include "lib/core/stop.h"
#include "libcontainerd/cursor_store.h"
#include "libcontainerd/event_receipt.h"
#include "libcontainerd/reference_behaviour.h"
#include "libcontainerd/timing.h"

namespace libcontainerd {

class CursorKeeper {
 public:
  // `store` outlives the keeper.
  CursorKeeper(Runtime& runtime, CursorStore& store, Timing timing, ReferenceBehaviour reference);
  ~CursorKeeper();  // Close() must have returned
  CursorKeeper(const CursorKeeper&) = delete;
  CursorKeeper& operator=(const CursorKeeper&) = delete;

  // Reads the store: where the events are to begin. Absent or empty: now; text that is no time: the
  // beginning of all times. Once, before anything else.
  Awaitable<Result<WallTime>> Load();

  // An event of that time is handed over: copies of the receipt go to whoever may have to do
  // something about it; then Delivered() says that all of them have it. The receipt is valid until
  // then, and used again if nobody kept it.
  const EventReceipt& Deliver(WallTime time);
  void Delivered();

  // The cursor moves no more, whatever is handled later.
  void Freeze();
  // Writes it once more, if the store does not have it, and returns when nothing of the keeper
  // runs. After Freeze().
  Awaitable<void> Close();

  WallTime value() const;
  // Why the store does not have the cursor; nothing once a write succeeded.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Ledger;
  class Receipt;

  bool HasToWrite() const;
  void OnMoved();
  Awaitable<void> WriteUntilStored();
  Awaitable<void> WriteOnce();

  Runtime& runtime_;
  CursorStore& store_;
  Timing timing_;
  ReferenceBehaviour reference_;
  std::shared_ptr<Ledger> ledger_;
  EventReceipt receipt_;        // of the event at hand, or a spare one
  Receipt* at_hand_ = nullptr;  // the same
  std::optional<WallTime> stored_;
  std::optional<Error> failure_;
  Backoff retry_;
  bool writing_ = false;
  TaskScope scope_;
  StopSignal stop_;
};

}  // namespace libcontainerd
