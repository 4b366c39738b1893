#include "scenarios/reports/timeline.h"

#include <array>
#include <map>
#include <tuple>
#include <unordered_map>

#include "scenarios/guarantees/evidence.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, kRowCount> kRowNames = {
    "calls", "RPCs", "events", "callbacks", "stdio", "files", "daemon", "faults", "notes"};

// The kind that ends this one; kNote if nothing does.
EntryKind EndOf(EntryKind begin) {
  switch (begin) {
    case EntryKind::kCallBegin:
      return EntryKind::kCallEnd;
    case EntryKind::kRpcBegin:
      return EntryKind::kRpcEnd;
    case EntryKind::kCallbackBegin:
      return EntryKind::kCallbackEnd;
    case EntryKind::kAttachBegin:
      return EntryKind::kAttachEnd;
    case EntryKind::kCursorWriting:
      return EntryKind::kCursorWritten;
    case EntryKind::kHeld:
      return EntryKind::kReleased;
    default:
      return EntryKind::kNote;
  }
}

// Tickets of holds are numbers of the daemon, all others are the journal's.
std::uint64_t PairNumber(const Entry& entry) {
  const bool ticket = entry.kind == EntryKind::kHeld || entry.kind == EntryKind::kReleased;
  return entry.number << 1U | (ticket ? 1U : 0U);
}

}  // namespace

std::string_view RowName(Row row) {
  return kRowNames.at(static_cast<std::size_t>(row));
}

Row RowOf(EntryKind kind) {
  switch (kind) {
    case EntryKind::kCallBegin:
    case EntryKind::kCallEnd:
      return Row::kCalls;
    case EntryKind::kRpcBegin:
    case EntryKind::kRpcEnd:
      return Row::kRpcs;
    case EntryKind::kEventEmitted:
    case EntryKind::kEventDelivered:
    case EntryKind::kEventDropped:
      return Row::kEvents;
    case EntryKind::kCallbackBegin:
    case EntryKind::kCallbackEnd:
    case EntryKind::kAttachBegin:
    case EntryKind::kAttachEnd:
      return Row::kCallbacks;
    case EntryKind::kStdioOpened:
    case EntryKind::kStdioWritten:
    case EntryKind::kStdioRead:
    case EntryKind::kStdioEof:
    case EntryKind::kStdioSourceEof:
    case EntryKind::kStdioClosed:
      return Row::kStdio;
    case EntryKind::kBundleCreated:
    case EntryKind::kBundleRemoved:
    case EntryKind::kFifosCreated:
    case EntryKind::kFifosRemoved:
    case EntryKind::kBundleFiles:
    case EntryKind::kCursorRead:
    case EntryKind::kCursorWriting:
    case EntryKind::kCursorWritten:
      return Row::kFiles;
    case EntryKind::kDaemonStarted:
    case EntryKind::kDaemonAdopted:
    case EntryKind::kDaemonRefused:
    case EntryKind::kDaemonSignalled:
    case EntryKind::kDaemonEnded:
    case EntryKind::kHealthChecked:
      return Row::kDaemon;
    case EntryKind::kFaultFired:
    case EntryKind::kHeld:
    case EntryKind::kReleased:
      return Row::kFaults;
    case EntryKind::kTracked:
    case EntryKind::kRunning:
    case EntryKind::kSnapshot:
    case EntryKind::kNote:
      break;
  }
  return Row::kNotes;
}

bool IsBegin(EntryKind kind) {
  return EndOf(kind) != EntryKind::kNote;
}

bool IsEnd(EntryKind kind) {
  switch (kind) {
    case EntryKind::kCallEnd:
    case EntryKind::kRpcEnd:
    case EntryKind::kCallbackEnd:
    case EntryKind::kAttachEnd:
    case EntryKind::kCursorWritten:
    case EntryKind::kReleased:
      return true;
    default:
      return false;
  }
}

Timeline::Timeline(const Journal& journal)
    : partner_(journal.entries().size()), cause_(journal.entries().size()) {
  Pair(journal);
  FindEmissions(journal);
  FindDeliveries(journal);
}

void Timeline::Pair(const Journal& journal) {
  std::unordered_map<std::uint64_t, const Entry*> open;  // by PairNumber
  for (const Entry& entry : journal.entries()) {
    if (IsBegin(entry.kind)) {
      open[PairNumber(entry)] = &entry;
    } else if (IsEnd(entry.kind)) {
      const auto found = open.find(PairNumber(entry));
      if (found == open.end() || EndOf(found->second->kind) != entry.kind) continue;
      partner_[entry.seq - 1] = found->second->seq;
      partner_[found->second->seq - 1] = entry.seq;
      open.erase(found);
    }
  }
}

void Timeline::FindEmissions(const Journal& journal) {
  // The latest emission of the same words: a daemon may say the same thing twice.
  std::map<std::tuple<Symbol, Symbol, Symbol, std::int64_t>, std::uint64_t> emitted;
  for (const Entry& entry : journal.entries()) {
    const std::tuple event(entry.what, entry.id, entry.process, entry.stamp);
    if (entry.kind == EntryKind::kEventEmitted) {
      emitted[event] = entry.seq;
    } else if (entry.kind == EntryKind::kEventDelivered) {
      const auto found = emitted.find(event);
      if (found != emitted.end()) cause_[entry.seq - 1] = found->second;
    }
  }
}

void Timeline::FindDeliveries(const Journal& journal) {
  const Evidence evidence(journal);
  for (const Entry& entry : journal.entries()) {
    if (entry.kind != EntryKind::kCallbackBegin) continue;
    cause_[entry.seq - 1] = evidence.causes().EventOf(entry);
  }
}

}  // namespace scenarios
