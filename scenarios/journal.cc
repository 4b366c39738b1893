#include "scenarios/journal.h"

#include <algorithm>
#include <array>

namespace scenarios {
namespace {

constexpr std::array<std::string_view, kEntryKindCount> kKindNames = {
    "call_begin",       "call_end",
    "rpc_begin",        "rpc_end",
    "event_emitted",    "event_delivered",
    "event_dropped",    "callback_begin",
    "callback_end",     "attach_begin",
    "attach_end",       "stdio_opened",
    "stdio_written",    "stdio_read",
    "stdio_eof",        "stdio_source_eof",
    "stdio_closed",     "bundle_created",
    "bundle_removed",   "fifos_created",
    "fifos_removed",    "bundle_files",
    "cursor_read",      "cursor_writing",
    "cursor_written",   "daemon_started",
    "daemon_adopted",   "daemon_refused",
    "daemon_signalled", "daemon_ended",
    "health_checked",   "tracked",
    "running",          "snapshot",
    "fault_fired",      "held",
    "released",         "note"};
static_assert(static_cast<std::size_t>(EntryKind::kNote) + 1 == kEntryKindCount);

}  // namespace

std::string_view EntryKindName(EntryKind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

std::optional<EntryKind> EntryKindFromName(std::string_view name) {
  const auto found = std::ranges::find(kKindNames, name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<EntryKind>(found - kKindNames.begin());
}

Journal::Journal() {
  Intern("");
}

Symbol Journal::Intern(std::string_view text) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(text);
  if (found != index_.end()) return found->second;
  const auto symbol = static_cast<Symbol>(strings_.size());
  index_.emplace(strings_.emplace_back(text), symbol);
  return symbol;
}

std::uint64_t Journal::Record(Entry entry) {
  const std::lock_guard lock(mutex_);
  entry.seq = entries_.size() + 1;
  entries_.push_back(entry);
  return entry.seq;
}

std::uint64_t Journal::NextNumber() {
  const std::lock_guard lock(mutex_);
  return next_number_++;
}

Symbol Journal::Find(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(text);
  return found == index_.end() ? kNoSymbol : found->second;
}

}  // namespace scenarios
