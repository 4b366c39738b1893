#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/lives.h"

namespace scenarios {
namespace {

Judgement JudgeExact(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Lives& lives = evidence.lives();
  const Symbol exit = journal.Find("exit");
  Findings findings;
  bool any_event = false;
  for (const Entry& entry : journal.entries()) {
    any_event |= entry.kind == EntryKind::kEventDelivered ||
                 entry.kind == EntryKind::kEventEmitted || entry.kind == EntryKind::kEventDropped;
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != exit) continue;
    const Life* life = lives.Of(entry);
    if (life == nullptr) continue;
    findings.Observe();
    // An oom behind the exit is too late, however long the exit's callback had to wait.
    const bool exit_known = life->exit_delivered != 0 && life->exit_delivered < entry.seq;
    const std::uint64_t limit = exit_known ? life->exit_delivered : entry.seq;
    const bool oom = life->oom_delivered != 0 && life->oom_delivered < limit;
    if (oom && !entry.flag) {
      findings.Add(LifeName(journal, *life) +
                       ": exit is not flagged OOM-killed though an oom was delivered before it",
                   {life->oom_delivered, exit_known ? limit : 0, entry.seq});
    } else if (!oom && entry.flag && !life->restored) {  // a restore reads ooms in the stored log
      findings.Add(
          LifeName(journal, *life) +
              ": exit is flagged OOM-killed though no oom of this life was delivered before it",
          {life->oom_delivered, exit_known ? limit : 0, entry.seq});
    }
  }
  if (!any_event) return {};
  return std::move(findings).Conclude();
}

Judgement JudgeExecClear(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Symbol exit_process = journal.Find("exit-process");
  Findings findings;
  for (const Entry& entry : journal.entries()) {
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != exit_process) continue;
    findings.Observe();
    if (entry.flag) {
      findings.Add(SubjectName(journal, entry) + ": exit-process is flagged OOM-killed",
                   {entry.seq});
    }
  }
  return std::move(findings).Conclude();
}

}  // namespace

constinit const Guarantee kOomFlagExact{
    "oom-flag-exact",
    "An exit callback is flagged OOM-killed exactly when an oom of its own life was delivered "
    "before "
    "init's exit (before the callback, if there was no exit event).",
    "without events, or without an exit callback",
    &JudgeExact,
};

constinit const Guarantee kOomFlagExecClear{
    "oom-flag-exec-clear",
    "An exit-process callback is never flagged OOM-killed.",
    "without an exit-process callback",
    &JudgeExecClear,
};

}  // namespace scenarios
