// The cursor: its file's text, and the arithmetic of what has been handled.
//
// An input is the cursor file's text up to a zero byte, then an operation for each further byte.
// The text is loaded as at a start, whatever it is; a time that was read is written as a text that
// is read as the same time. The operations run on CursorPosition and on a list of everything that
// was delivered: the position is a time that was handled, or the first one, lies below all that is
// pending when it moves, never goes back, and is the newest handled time when nothing is pending.
//
// Not covered: the file itself (torn writes, permissions), when the cursor is written, and cursors
// that go back, as the reference's do (docs/deviations.md).
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "lib/core/cursor_keeper.h"
#include "lib/core/cursor_position.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/simulated_runtime.h"
#include "libcontainerd/time_text.h"

namespace {

using libcontainerd::WallTime;

void Require(bool holds) {
  if (!holds) std::abort();
}

libcontainerd::Awaitable<void> Load(libcontainerd::CursorKeeper& keeper,
                                    std::shared_ptr<std::optional<WallTime>> loaded) {
  auto loading = keeper.Load();
  const auto position = co_await std::move(loading);
  if (position) *loaded = *position;
}

libcontainerd::Awaitable<void> Close(libcontainerd::CursorKeeper& keeper) {
  keeper.Freeze();
  auto closing = keeper.Close();
  co_await std::move(closing);
}

// As at a start: a time is where the events begin; without a text that is now, and a text that is
// no time means from the beginning.
void LoadText(const std::string& text) {
  libcontainerd::SimulatedRuntime runtime(1);
  libcontainerd::MemoryCursorStore store(text);
  const auto loaded = std::make_shared<std::optional<WallTime>>();
  libcontainerd::CursorKeeper keeper(runtime, store, {}, {});
  libcontainerd::Spawn(runtime, Load(keeper, loaded));
  runtime.Run();
  Require(loaded->has_value());
  const auto parsed = libcontainerd::ParseTime(text);
  Require(**loaded == parsed.value_or(text.empty() ? runtime.WallNow() : WallTime()));
  if (parsed) Require(libcontainerd::ParseTime(libcontainerd::FormatTime(*parsed)) == parsed);
  libcontainerd::Spawn(runtime, Close(keeper));
  runtime.Run();
  Require(runtime.failure() == nullptr);
}

class Model {
 public:
  Model() : position_(WallTime(), true) {}

  // The two highest bits say what, the others when.
  void Do(std::uint8_t operation) {
    const WallTime time(std::chrono::seconds(1 + operation % 64));
    const WallTime before = position_.value();
    switch (operation / 64) {
      case 0:
        position_.Handled(time);
        Handled(time);
        break;
      case 1:
        position_.Begin(time);
        if (InReach(time)) ++pending_[time];
        break;
      case 2:
        if (!pending_.contains(time) || !InReach(time)) return;  // only what was begun ends
        position_.End(time);
        if (--pending_[time] == 0) pending_.erase(time);
        Handled(time);
        break;
      default:
        if (!pending_.contains(time) || !InReach(time)) return;
        position_.Abandon(time);
        ceiling_ = time;  // pending for ever; nobody asks about what is newer
        pending_.erase(std::next(pending_.find(time)), pending_.end());
    }
    Check(before);
  }

 private:
  bool InReach(WallTime time) const { return !ceiling_ || time < *ceiling_; }
  void Handled(WallTime time) {
    if (InReach(time)) handled_.insert(time);
  }

  void Check(WallTime before) const {
    const WallTime value = position_.value();
    Require(value >= before);
    Require(position_.pending() == pending_.size());
    if (value == before) return;
    Require(handled_.contains(value));
    Require(InReach(value));
    Require(pending_.empty() || value < pending_.begin()->first);
    if (pending_.empty() && !ceiling_) Require(value == *handled_.rbegin());
  }

  libcontainerd::CursorPosition position_;
  std::map<WallTime, std::size_t> pending_;  // how often
  std::set<WallTime> handled_;
  std::optional<WallTime> ceiling_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t end_of_text = input.find('\0');
  LoadText(input.substr(0, end_of_text));
  if (end_of_text == std::string::npos) return 0;
  Model model;
  for (std::size_t at = end_of_text + 1; at < size; ++at) model.Do(data[at]);
  return 0;
}
