// Timeline: what belongs together in a journal, for whoever draws or tells it: begins and ends,
// events and what they led to, the row of each kind.
//
// Threads: values; while nobody records.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "scenarios/journal.h"

namespace scenarios {

// Of a container's lane.
enum class Row : std::uint8_t {
  kCalls,
  kRpcs,
  kEvents,
  kCallbacks,
  kStdio,
  kFiles,
  kDaemon,
  kFaults,
  kNotes,
};
inline constexpr std::size_t kRowCount = 9;
std::string_view RowName(Row row);  // "calls", "RPCs", "events", …
Row RowOf(EntryKind kind);

// A begin has an end; whatever is neither is a point.
bool IsBegin(EntryKind kind);
bool IsEnd(EntryKind kind);

class Timeline {
 public:
  explicit Timeline(const Journal& journal);

  // Of a begin the seq of its end, of an end that of its begin; 0 without one.
  std::uint64_t PartnerOf(const Entry& entry) const { return partner_[entry.seq - 1]; }
  // Of a delivered event the seq of its emission, of a callback's begin that of the delivery that
  // led to it; 0 if it is not known.
  std::uint64_t CauseOf(const Entry& entry) const { return cause_[entry.seq - 1]; }

 private:
  void Pair(const Journal& journal);
  void FindEmissions(const Journal& journal);
  void FindDeliveries(const Journal& journal);

  std::vector<std::uint64_t> partner_;  // by seq - 1
  std::vector<std::uint64_t> cause_;    // likewise
};

}  // namespace scenarios
