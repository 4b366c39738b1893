#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

struct Snapshots {
  const Entry* baseline = nullptr;  // the first
  const Entry* end = nullptr;       // the last
};

Judgement JudgeReturnsToBaseline(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Symbol baseline = journal.Find(kBaseline);
  const Symbol end = journal.Find(kEnd);
  SymbolMap<Snapshots> resources;
  for (const Entry& entry : journal.entries()) {
    if (entry.kind != EntryKind::kSnapshot) continue;
    Snapshots& snapshots = resources[entry.what];
    if (entry.text == baseline && snapshots.baseline == nullptr) snapshots.baseline = &entry;
    if (entry.text == end) snapshots.end = &entry;
  }
  Findings findings;
  for (const Snapshots& snapshots : resources.values()) {
    if (snapshots.baseline == nullptr || snapshots.end == nullptr) continue;
    findings.Observe();
    if (snapshots.end->number <= snapshots.baseline->number) continue;
    findings.Add(journal.Text(snapshots.end->what) + ": " + std::to_string(snapshots.end->number) +
                     " at the end, " + std::to_string(snapshots.baseline->number) +
                     " before anything was done",
                 {snapshots.baseline->seq, snapshots.end->seq});
  }
  return std::move(findings).Conclude();
}

}  // namespace

constinit const Guarantee kReturnsToBaseline{
    "returns-to-baseline",
    "When everything is over, no more containers, queues and waiters, file descriptors and threads "
    "are left than before anything was done.",
    "without a snapshot of the same resource at both times",
    &JudgeReturnsToBaseline,
};

}  // namespace scenarios
