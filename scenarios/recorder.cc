#include "scenarios/recorder.h"

#include <utility>

#include "libcontainerd/wire_time.h"

namespace scenarios {

Entry Recorder::About(EntryKind kind, std::string_view id, std::string_view process,
                      std::string_view what) {
  Entry entry;
  entry.kind = kind;
  entry.id = journal_.Intern(id);
  entry.process = journal_.Intern(process);
  entry.what = journal_.Intern(what);
  return entry;
}

void Recorder::Record(Entry entry) {
  if (silent_.load(std::memory_order_acquire)) return;
  entry.t = runtime_.Now();
  journal_.Record(entry);
  counts_[static_cast<std::size_t>(entry.kind)].fetch_add(1, std::memory_order_acq_rel);
  if (listener_) listener_();
}

void Recorder::RecordEnd(Entry entry, const libcontainerd::Status& status) {
  entry.failed = !status;
  if (!status) {
    const bool carries_code = entry.kind == EntryKind::kCallEnd ||
                              entry.kind == EntryKind::kRpcEnd ||
                              entry.kind == EntryKind::kHealthChecked;
    if (carries_code) entry.code = static_cast<std::uint32_t>(status.error().code);
    entry.text = journal_.Intern(status.error().message);
  }
  Record(entry);
}

Entry Recorder::OfEvent(EntryKind kind, const types::Event& event) {
  Entry entry = About(kind, event.id(), event.pid(), event.type());
  entry.code = event.status();
  entry.stamp = libcontainerd::ToWallTime(event.timestamp()).time_since_epoch().count();
  return entry;
}

void Recorder::RecordEvent(EntryKind kind, const types::Event& event, std::string_view text) {
  Entry entry = OfEvent(kind, event);
  entry.text = journal_.Intern(text);
  Record(entry);
}

void Recorder::RecordDelivery(const types::Event& event, std::uint64_t stream, bool stored_only) {
  Entry entry = OfEvent(EntryKind::kEventDelivered, event);
  entry.number = stream;
  entry.flag = stored_only;
  Record(entry);
}

void Recorder::RecordCount(std::string_view what, std::uint64_t count, std::string_view when) {
  Entry entry = About(EntryKind::kSnapshot, {}, {}, what);
  entry.number = count;
  entry.text = journal_.Intern(when);
  Record(entry);
}

void Recorder::Note(std::string_view text) {
  Entry entry;
  entry.text = journal_.Intern(text);
  Record(entry);
}

}  // namespace scenarios
