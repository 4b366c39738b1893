#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

Judgement JudgeCallbacksSerial(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  Findings findings;
  SymbolMap<std::vector<const Entry*>> running_by_id;
  for (const Entry& entry : journal.entries()) {
    if (evidence.words().IsEngineGone(entry)) {
      for (auto& running : running_by_id.values()) running.clear();
    }
    if (entry.kind == EntryKind::kCallbackBegin) {
      findings.Observe();
      std::vector<const Entry*>& running = running_by_id[entry.id];
      if (!running.empty()) {
        const Entry& other = *running.back();
        findings.Add(journal.Text(entry.id) + ": " + journal.Text(entry.what) +
                         " was called back while the callback of " + journal.Text(other.what) +
                         " was still running",
                     {other.seq, entry.seq});
      }
      running.push_back(&entry);
    } else if (entry.kind == EntryKind::kCallbackEnd) {
      std::erase_if(running_by_id[entry.id],
                    [&entry](const Entry* begin) { return begin->number == entry.number; });
    }
  }
  return std::move(findings).Conclude();
}

}  // namespace

constinit const Guarantee kCallbacksSerial{
    "callbacks-serial",
    "At most one StateChanged callback of a container runs at any time.",
    "without a callback",
    &JudgeCallbacksSerial,
};

}  // namespace scenarios
