#include <unordered_map>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/lives.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// When something was made and removed last; it is there if it was made later.
struct Counts {
  std::uint64_t created = 0;
  std::uint64_t removed = 0;
};

Judgement JudgeBundle(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Lives& lives = evidence.lives();
  const Symbol exit = journal.Find("exit");
  const Symbol no_clean = journal.Find(kNoCleanNote);
  Findings findings;
  SymbolMap<Counts> bundles;
  std::vector<const Life*> given_up;  // called back as gone before they were
  for (const Entry& entry : journal.entries()) {
    if (entry.kind == EntryKind::kNote && entry.text == no_clean) return {};
    if (entry.kind == EntryKind::kBundleCreated) bundles[entry.id].created = entry.seq;
    if (entry.kind == EntryKind::kBundleRemoved || evidence.words().BundleStays(entry))
      bundles[entry.id].removed = entry.seq;
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != exit) continue;

    const Life* life = lives.Of(entry);
    const Counts bundle = bundles[entry.id];
    if (life == nullptr || bundle.created == 0) continue;
    // Given up, not gone: its bundle goes when it does.
    const bool would_not_die =
        life->restored && !(life->exit_delivered != 0 && life->exit_delivered < entry.seq);
    // A create of the next life may have made its bundle already.
    const bool of_next = life->next != kNoLife && bundle.created > lives[life->next].begin;
    if (would_not_die && life->exit_delivered != 0) given_up.push_back(life);
    if (would_not_die || of_next) continue;
    findings.Observe();
    if (bundle.created < bundle.removed) continue;
    findings.Add(
        LifeName(journal, *life) + ": the bundle was still there when exit was called back",
        {bundle.created, entry.seq});
  }
  for (const Life* life : given_up) {
    findings.Observe();
    const Counts bundle = bundles[life->id];
    if (bundle.created < bundle.removed || life->next != kNoLife) continue;
    findings.Add(
        LifeName(journal, *life) + ": the bundle was never removed though init's exit came",
        {bundle.created, life->exit_begin, life->exit_delivered});
  }
  return std::move(findings).Conclude();
}

Judgement JudgeFifos(const Evidence& evidence) {
  const Journal& journal = evidence.journal();
  const Symbol exit_process = journal.Find("exit-process");
  Findings findings;
  std::unordered_map<std::uint64_t, Counts> fifos;
  SymbolMap<Counts> bundles;  // FIFOs stand in the bundle and vanish with it
  for (const Entry& entry : journal.entries()) {
    const std::uint64_t process = PairKey(entry.id, entry.process);
    if (entry.kind == EntryKind::kFifosCreated) fifos[process].created = entry.seq;
    if (entry.kind == EntryKind::kFifosRemoved) fifos[process].removed = entry.seq;
    if (entry.kind == EntryKind::kBundleRemoved || evidence.words().FifosStay(entry))
      bundles[entry.id].removed = entry.seq;
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != exit_process) continue;

    const auto made = fifos.find(process);
    if (made == fifos.end()) continue;  // somebody else's exec
    findings.Observe();
    const Counts& presence = made->second;
    if (presence.created < presence.removed || presence.created < bundles[entry.id].removed) {
      continue;
    }
    findings.Add(SubjectName(journal, entry) +
                     ": its FIFOs were still there when exit-process was called back",
                 {presence.created, entry.seq});
  }
  return std::move(findings).Conclude();
}

}  // namespace

constinit const Guarantee kBundleGoneOnExit{
    "bundle-gone-on-exit",
    "When the exit callback of a container that is gone begins, its bundle directory has been "
    "removed, unless bundles are kept on purpose. One that would not die when it was restored has "
    "its bundle removed once it is gone.",
    "without an exit callback of a container whose bundle was recorded, or with the note "
    "\"no-clean\"",
    &JudgeBundle,
};

constinit const Guarantee kExecFifosGone{
    "exec-fifos-gone",
    "When an exit-process callback begins, the FIFOs of its process have been removed.",
    "without an exit-process callback of a process whose FIFOs were recorded",
    &JudgeFifos,
};

}  // namespace scenarios
