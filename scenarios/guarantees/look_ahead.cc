#include "scenarios/guarantees/look_ahead.h"

#include <utility>

#include "scenarios/guarantees/judging.h"

namespace scenarios {

LookAhead::LookAhead(const Journal& journal)
    : words_(journal),
      start_process_(journal.Find("start-process")),
      pause_(journal.Find("pause")),
      resume_(journal.Find("resume")) {
  for (const Entry& entry : journal.entries()) Visit(entry);
}

void LookAhead::Visit(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::kRpcBegin:
      has_rpcs_ = true;
      VisitCreate(entry);
      if (entry.what == words_.events_rpc && entry.flag && entry.id != Symbol{}) {
        last_reads_[entry.id] = entry.number;
      }
      break;
    case EntryKind::kCallBegin:
      has_creates_ |= entry.what == words_.create;
      VisitRestore(entry);
      break;
    case EntryKind::kCallEnd:
      VisitRestore(entry);
      break;
    case EntryKind::kCallbackBegin:  // it is taken for running
      if (entry.what == words_.restore) SawStart(entry.id);
      break;
    case EntryKind::kCallbackEnd:
      if (!entry.failed) break;
      for (const std::uint64_t number : restoring_[entry.id]) refusals_[number].insert(entry.text);
      break;
    case EntryKind::kEventEmitted:
      if (entry.what != words_.start) break;
      has_starts_ = true;
      SawStart(entry.id);
      break;
    case EntryKind::kRpcEnd:
      if (entry.what == words_.create_rpc && !Failed(entry)) SawStart(entry.id);
      VisitCreate(entry);
      break;
    case EntryKind::kEventDelivered:
      if (entry.flag) VisitStored(entry);
      VisitCreate(entry);
      break;
    case EntryKind::kNote:
      if (!words_.IsEngineGone(entry)) break;
      for (const Symbol id : restored_) {
        if (!restoring_[id].empty()) own_reads_.insert(last_reads_[id]);
      }
      restoring_ = {};
      break;
    default:
      break;
  }
}

void LookAhead::VisitCreate(const Entry& entry) {
  if (entry.kind == EntryKind::kEventDelivered) {
    if (entry.what != words_.start || entry.flag) return;
    Asked& asked = asked_[entry.id];
    if (asked.seq != 0 && ++asked.starts == 2) started_twice_.insert(asked.seq);
  } else if (entry.what == words_.create_rpc) {
    Asked& asked = asked_[entry.id];
    if (entry.kind == EntryKind::kRpcBegin) asked = {entry.number, entry.seq};
    if (entry.kind == EntryKind::kRpcEnd && entry.number == asked.number) asked = {};
  }
}

void LookAhead::VisitRestore(const Entry& entry) {
  if (entry.what != words_.restore) return;
  if (entry.kind == EntryKind::kCallBegin) {
    restoring_[entry.id].push_back(entry.number);
    restored_.insert(entry.id);
    return;
  }
  std::erase(restoring_[entry.id], entry.number);
  own_reads_.insert(last_reads_[entry.id]);
  if (!saw_start_.contains(entry.number)) without_start_.insert(entry.number);
  // It fails with the error of the callback that the engine refused.
  const auto refused = refusals_.find(entry.number);
  const bool by_engine = refused != refusals_.end() && refused->second.contains(entry.text);
  if (Failed(entry) && !by_engine) failed_restores_.insert(entry.number);
}

void LookAhead::SawStart(Symbol id) {
  for (const std::uint64_t number : restoring_[id]) saw_start_.insert(number);
}

// Nothing shows another life in front of the log's first start, unless an exit does.
void LookAhead::VisitStored(const Entry& event) {
  Read& read = reads_[ReadKey(event)];
  const bool start = event.what == words_.start;
  if (words_.IsInitExit(event)) {
    read.parted = true;
    read.last_exit = read.last_part = event.seq;
  }
  if (start) {
    read.last_exit = 0;
    read.last_part = event.seq;
  }
  if (start && std::exchange(read.parted, true)) read.last_start = event.seq;
  if (event.what == words_.oom && !read.parted) read.last_vague = event.seq;
  if (start || event.what == start_process_ || event.what == pause_ || event.what == resume_) {
    read.last_shown = event.seq;
  }
}

}  // namespace scenarios
