// Recorder: writes journal entries stamped with a runtime's time, and tells whoever waits that
// something happened.
//
// Threads: any. The listener is called on the recording thread, after the entry; it must be quick.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "containerd_v0.pb.h"
#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"
#include "scenarios/journal.h"

namespace scenarios {

class Recorder {
 public:
  // Both outlive the recorder. Set the listener before anything records.
  Recorder(libcontainerd::Runtime& runtime, Journal& journal, std::function<void()> listener = {})
      : runtime_(runtime), journal_(journal), listener_(std::move(listener)) {}

  Journal& journal() { return journal_; }

  // While silent, nothing is recorded.
  void SetSilent(bool silent) { silent_.store(silent, std::memory_order_release); }

  // An entry of that kind about that process, for the caller to fill in further.
  Entry About(EntryKind kind, std::string_view id = {}, std::string_view process = {},
              std::string_view what = {});
  void Record(Entry entry);
  // Marks an *_end entry with how it ended, and records it.
  void RecordEnd(Entry entry, const libcontainerd::Status& status);
  void RecordEvent(EntryKind kind, const types::Event& event, std::string_view text = {});
  // By the stream of that RPC, which reads the stored log only if so.
  void RecordDelivery(const types::Event& event, std::uint64_t stream, bool stored_only);
  // A snapshot.
  void RecordCount(std::string_view what, std::uint64_t count, std::string_view when);
  void Note(std::string_view text);

  // How many entries of one kind were recorded, for waits.
  std::uint64_t count(EntryKind kind) const {
    return counts_[static_cast<std::size_t>(kind)].load(std::memory_order_acquire);
  }

 private:
  Entry OfEvent(EntryKind kind, const types::Event& event);

  libcontainerd::Runtime& runtime_;
  Journal& journal_;
  std::function<void()> listener_;
  std::atomic<bool> silent_ = false;
  std::atomic<std::uint64_t> counts_[static_cast<std::size_t>(EntryKind::kNote) + 1] = {};
};

}  // namespace scenarios
