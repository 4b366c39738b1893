#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/lives.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// The client was closed before it could tell of that exit: it came later, or its callback was due
// at about that time, or behind another one, which the engine held up. 0: nobody closed it before
// the end.
bool ClosedBefore(const Evidence& evidence, const Life& life, std::uint64_t closing, bool busy) {
  if (closing == 0) return false;
  if (busy) return true;
  if (life.exit_delivered == 0 || life.exit_delivered > closing) return true;
  const auto& options = evidence.options();
  const auto due = evidence.At(life.exit_delivered).t + options.timing.exec_exit_grace;
  return evidence.At(closing).t <= due + options.promptly;
}

Judgement JudgeOneExit(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Lives& lives = evidence.lives();
  const Symbol exit = journal.Find("exit");
  Findings findings;
  bool any_callback = false;
  std::uint64_t closing = 0;  // before the end, in the present life of the engine
  SymbolMap<int> running;     // callbacks, by id
  SymbolMap<int> busy;        // the same at that time
  bool over = false;
  std::vector<std::vector<std::uint64_t>> exits(lives.all().size());
  for (const Entry& entry : journal.entries()) {
    if (entry.kind == EntryKind::kSnapshot && entry.text == evidence.words().end) over = true;
    if (entry.kind == EntryKind::kCallbackBegin) ++running[entry.id];
    if (entry.kind == EntryKind::kCallbackEnd) --running[entry.id];
    if (evidence.words().IsClosing(entry) && !over) {
      closing = entry.seq;
      busy = running;
    }
    if (evidence.words().IsEngineGone(entry)) {  // its lives are superseded
      closing = 0;
      running = {};
    }
    if (entry.kind != EntryKind::kCallbackBegin) continue;
    any_callback = true;
    const LifeIndex life = lives.IndexOf(entry);
    if (entry.what == exit && life != kNoLife) exits[life].push_back(entry.seq);
  }
  if (!any_callback) return {};

  for (std::size_t i = 0; i < exits.size(); ++i) {
    const Life& life = lives.all()[i];
    const std::string name = LifeName(journal, life);
    const bool gone = life.exit_delivered != 0 || life.exit_emitted != 0;
    const bool started = life.OwesExit() && !life.Failed();
    if (!exits[i].empty() || gone) findings.Observe();
    if (exits[i].size() > 1) {
      findings.Add(name + ": exit was called back " + std::to_string(exits[i].size()) + " times",
                   exits[i]);
    } else if (exits[i].size() == 1 && life.start_failed) {
      findings.Add(name + ": exit was called back though start-container had failed",
                   {life.start_begin, exits[i].front()});
    } else if (exits[i].size() == 1 && life.Failed() && !life.Started()) {
      findings.Add(name + ": exit was called back though it never started",
                   {life.rpc_end, life.call_end, exits[i].front()});
    } else if (exits[i].empty() && gone && started && !life.superseded &&
               !ClosedBefore(evidence, life, closing, busy[life.id] > 0)) {
      const bool delivered = life.exit_delivered != 0;
      findings.Add(name + ": exit was never called back though its exit event was " +
                       (delivered ? "delivered" : "emitted"),
                   {delivered ? life.exit_delivered : life.exit_emitted});
    }
  }
  return std::move(findings).Conclude();
}

}  // namespace

constinit const Guarantee kOneExit{
    "one-exit",
    "A life that was called back as started, or restored, and is gone gets exactly one exit "
    "callback; one that never started, or whose start callback failed, gets none. A client that is "
    "closed owes none for an exit that came after that, whose callback was due at about that time, "
    "or that waited for a callback that ran.",
    "without callbacks, or while no life is gone",
    &JudgeOneExit,
};

}  // namespace scenarios
