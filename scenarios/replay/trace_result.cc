#include "scenarios/replay/trace_result.h"

#include <algorithm>
#include <array>

#include "scenarios/guarantees/evidence.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, 4> kVerdictNames = {"held", "pending", "broken",
                                                           "cannot judge"};

void CountEntries(const Journal& journal, TraceResult& result) {
  for (const Entry& entry : journal.entries()) {
    if (entry.kind == EntryKind::kEventEmitted) ++result.events;
    // The recording's; that the engine ended is the replayer's doing.
    const bool call = entry.kind == EntryKind::kCallBegin && journal.Text(entry.what) != "close";
    if (call) ++result.calls;
    if (entry.kind == EntryKind::kCallbackBegin) ++result.callbacks;
  }
}

TraceVerdict VerdictOf(const TraceResult& result) {
  if (result.unexplained() > 0 || result.broken_guarantees() > 0) return TraceVerdict::kBroken;
  if (!result.cannot_judge.empty()) return TraceVerdict::kCannotJudge;
  return result.pending.empty() ? TraceVerdict::kHeld : TraceVerdict::kPending;
}

}  // namespace

std::string_view TraceVerdictName(TraceVerdict verdict) {
  return kVerdictNames.at(static_cast<std::size_t>(verdict));
}

std::size_t TraceResult::unexplained() const {
  return static_cast<std::size_t>(
      std::count_if(differences.begin(), differences.end(),
                    [](const Difference& difference) { return difference.deviation.empty(); }));
}

std::size_t TraceResult::broken_guarantees() const {
  return static_cast<std::size_t>(std::count_if(
      guarantees.begin(), guarantees.end(),
      [](const JudgedGuarantee& judged) { return judged.judgement.verdict == Verdict::kBroken; }));
}

TraceResult ReplayTrace(const std::string& name, const Recording& recording,
                        const ReplayOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  TraceResult result;
  result.name = name;
  const ReplayPlan plan = PlanReplay(recording);
  result.pending = plan.pending;
  result.notes = plan.notes;
  for (const CannotJudge& unknown : plan.cannot_judge) result.cannot_judge.push_back(unknown.what);
  auto run = RunReplay(recording, plan, options);
  if (run) {
    result.differences = CompareRun(recording, plan, *run);
    // A recording's time is followed step by step.
    JudgeOptions judging;
    judging.stepped_clock = true;
    const Evidence evidence(*run->journal, judging);
    for (const Guarantee& guarantee : AllGuarantees()) {
      result.guarantees.push_back({&guarantee, guarantee.judge(evidence)});
    }
    CountEntries(*run->journal, result);
    result.journal = std::move(run->journal);
  } else {
    result.cannot_judge.push_back(run.error().message);
  }
  result.verdict = VerdictOf(result);
  result.time = std::chrono::steady_clock::now() - began;
  return result;
}

}  // namespace scenarios
