#include "lib/core/cursor_keeper.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "lib/core/no_time.h"
#include "lib/runtime/recycling_allocator.h"
#include "libcontainerd/time_text.h"

namespace libcontainerd {

// Shared with the receipts, whose memory may outlive it.
struct CursorKeeper::Ledger {
  Ledger(WallTime start, bool monotone) : position(start, monotone) {}

  void End(WallTime time) {
    if (frozen) return;
    position.End(time);
    on_moved();
  }

  CursorPosition position;
  RecyclingAllocator<Receipt> receipts;
  std::function<void()> on_moved;
  bool frozen = false;
};

class CursorKeeper::Receipt final : public PendingEvent {
 public:
  explicit Receipt(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
  ~Receipt() override {
    if (kept_ && !abandoned_) ledger_->End(time_);
  }
  void Abandon() override {
    if (std::exchange(abandoned_, true)) return;
    if (kept_ && !ledger_->frozen) ledger_->position.Abandon(time_);
  }

  void Begin(WallTime time) { time_ = time; }
  WallTime time() const { return time_; }
  bool abandoned() const { return abandoned_; }
  // From now on its end is the event's.
  void Keep() { kept_ = true; }

 private:
  std::shared_ptr<Ledger> ledger_;
  WallTime time_{};
  bool kept_ = false;
  bool abandoned_ = false;
};

CursorKeeper::CursorKeeper(Runtime& runtime, CursorStore& store, Timing timing,
                           ReferenceBehaviour reference)
    : runtime_(runtime),
      store_(store),
      timing_(timing),
      reference_(reference),
      retry_(runtime, 2 * timing.cursor_interval,
             std::max(2 * timing.cursor_interval, timing.reconnect_longest)),
      scope_(runtime),
      stop_(runtime) {}

CursorKeeper::~CursorKeeper() {
  Freeze();
}

Awaitable<Result<WallTime>> CursorKeeper::Load() {
  Result<std::string> text = co_await store_.Read();
  if (!text) co_return Fail(std::move(text).error());
  const std::optional<WallTime> parsed = ParseTime(*text);
  stored_ = parsed;
  const bool replays = reference_.Acts(Deviation::kCorruptCursorReplays);
  const WallTime corrupt = replays ? WallTime() : kNoTime;
  const WallTime otherwise = text->empty() ? runtime_.WallNow() : corrupt;
  ledger_ = std::make_shared<Ledger>(parsed.value_or(otherwise),
                                     reference_.Acts(Deviation::kCursorMonotone));
  ledger_->on_moved = [this] { OnMoved(); };
  co_return ledger_->position.value();
}

const EventReceipt& CursorKeeper::Deliver(WallTime time) {
  if (!receipt_) {
    auto receipt = std::allocate_shared<Receipt>(ledger_->receipts, ledger_);
    at_hand_ = receipt.get();
    receipt_ = std::move(receipt);
  }
  at_hand_->Begin(time);
  return receipt_;
}

// Most events lead to nothing: their receipt comes back at once, and costs no allocation.
void CursorKeeper::Delivered() {
  if (ledger_->frozen) {
    receipt_.reset();
    return;
  }
  const WallTime time = at_hand_->time();
  const bool kept = receipt_.use_count() > 1;
  if (!kept && !at_hand_->abandoned()) {
    ledger_->position.Handled(time);
    OnMoved();
    return;
  }
  ledger_->position.Begin(time);
  if (at_hand_->abandoned()) {
    ledger_->position.Abandon(time);
  } else if (reference_.Acts(Deviation::kCursorAfterCallback)) {
    at_hand_->Keep();
  } else {
    ledger_->position.End(time);
    OnMoved();
  }
  receipt_.reset();
}

void CursorKeeper::Freeze() {
  if (!ledger_) return;
  ledger_->frozen = true;
  ledger_->on_moved = [] {};
}

// What a pending event holds back is written when that event ends, and no time at all never.
bool CursorKeeper::HasToWrite() const {
  const CursorPosition& position = ledger_->position;
  return position.value() != stored_ && position.value() != kNoTime && !position.PassesPending();
}

void CursorKeeper::OnMoved() {
  if (writing_ || ledger_->frozen || !HasToWrite()) return;
  writing_ = true;
  scope_.Spawn(WriteUntilStored());
}

Awaitable<void> CursorKeeper::WriteUntilStored() {
  while (!stop_.stopped() && HasToWrite()) {
    co_await WriteOnce();
    const Duration pause = failure_ ? retry_.Next() : timing_.cursor_interval;
    const bool slept = co_await stop_.Sleep(pause);
    if (!slept) break;
  }
  writing_ = false;
}

Awaitable<void> CursorKeeper::WriteOnce() {
  const WallTime value = ledger_->position.value();
  std::string text = FormatTime(value);
  if (reference_.Has(Mutant::kCursorInTwoWrites)) {
    Awaitable<Status> half = store_.Write(text.substr(0, text.size() / 2));
    static_cast<void>(co_await std::move(half));
  }
  Awaitable<Status> write = store_.Write(std::move(text));
  Status written = co_await std::move(write);
  if (written) {
    stored_ = value;
    failure_.reset();
    retry_.Reset();
  } else {
    failure_ = std::move(written).error();
  }
}

Awaitable<void> CursorKeeper::Close() {
  stop_.Stop();
  co_await scope_.Join();
  if (ledger_ && HasToWrite()) co_await WriteOnce();
}

WallTime CursorKeeper::value() const {
  return ledger_ ? ledger_->position.value() : WallTime();
}

}  // namespace libcontainerd
