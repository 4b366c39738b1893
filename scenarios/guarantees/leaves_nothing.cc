#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/guarantees/add_calls.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// What the journal says at its end of containers and processes.
struct Final {
  explicit Final(const Evidence& evidence) {
    const Words& words = evidence.words();
    for (const Entry& entry : evidence.journal().entries()) {
      if (entry.text != words.end) continue;
      if (entry.kind == EntryKind::kSnapshot && entry.what == words.tracked) Begin(entry, tracked);
      if (entry.kind == EntryKind::kSnapshot && entry.what == words.running) Begin(entry, running);
      const std::uint64_t key = PairKey(entry.id, entry.process);
      if (entry.kind == EntryKind::kTracked) tracked.names[key] = entry.seq;
      if (entry.kind == EntryKind::kRunning) running.names[key] = entry.seq;
    }
  }

  struct Names {
    std::uint64_t taken = 0;                                 // the snapshot; 0: none
    std::unordered_map<std::uint64_t, std::uint64_t> names;  // id and process: seq

    std::uint64_t Find(Symbol id, Symbol process) const {
      const auto found = names.find(PairKey(id, process));
      return found == names.end() ? 0 : found->second;
    }
  };
  static void Begin(const Entry& snapshot, Names& names) {
    names.taken = snapshot.seq;
    names.names.clear();
  }

  Names tracked;
  Names running;
};

// The client was closed under the call.
bool EndedByClose(const Entry& end) {
  return end.code == static_cast<std::uint32_t>(libcontainerd::ErrorCode::kCancelled);
}

struct Presence {
  std::uint64_t created = 0;
  std::uint64_t removed = 0;
  bool removed_by_create = false;  // one was under way
  bool there() const { return created > removed; }
};

// A create call that failed, or one that nobody knows the end of.
struct Attempt {
  std::uint64_t number = 0;
  std::uint64_t begin = 0;
  std::uint64_t bundle = 0;  // made during the call
};

class CreateJudge {
 public:
  explicit CreateJudge(const Evidence& evidence)
      : evidence_(evidence), words_(evidence.words()), final_(evidence) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    for (Container& container : containers_.values()) Conclude(container, 0);
    return std::move(findings_).Conclude();
  }

 private:
  struct Container {
    std::vector<Attempt> open;
    Presence bundle;
    Attempt failed;  // the latest, until the next one begins its bundle
    std::uint64_t failed_end = 0;
    std::uint64_t requested = 0;  // the latest CreateContainer, whoever sent it
  };

  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        if (words_.IsClosing(entry)) Closing(entry);
        if (entry.what == words_.restore) restored_[entry.id] = true;
        if (entry.what == words_.create) {
          containers_[entry.id].open.push_back({.number = entry.number, .begin = entry.seq});
        }
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.create) Returned(entry);
        if (entry.what == words_.restore && !Failed(entry)) restored_[entry.id] = true;
        break;
      case EntryKind::kRpcBegin:
        if (entry.what == words_.create_rpc) containers_[entry.id].requested = entry.seq;
        break;
      case EntryKind::kBundleCreated: {
        Container& container = containers_[entry.id];
        Conclude(container, entry.seq);
        container.bundle.created = entry.seq;
        restored_[entry.id] = false;
        if (!container.open.empty()) container.open.front().bundle = entry.seq;
        break;
      }
      case EntryKind::kBundleRemoved:
        containers_[entry.id].bundle.removed = entry.seq;
        break;
      case EntryKind::kFaultFired:
        if (words_.BundleStays(entry)) containers_[entry.id].bundle.removed = entry.seq;
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          closed_ = false;
          for (Container& container : containers_.values()) {
            container.open.clear();
            container.failed = {};
          }
        }
        if (entry.text == words_.no_clean) kept_ = true;
        break;
      default:
        break;
    }
  }

  // Before the end, it stops the client at getting rid of what may run.
  void Closing(const Entry& close) {
    closed_ = true;
    if (final_.tracked.taken != 0 && final_.tracked.taken < close.seq) return;
    for (Container& container : containers_.values()) container.failed = {};
  }

  void Returned(const Entry& end) {
    Container& container = containers_[end.id];
    const auto call = std::ranges::find(container.open, end.number, &Attempt::number);
    if (call == container.open.end()) return;
    Attempt attempt = *call;
    container.open.erase(call);
    if (!Failed(end) || closed_ || EndedByClose(end)) return;  // that leaves containers alone
    // Two creates of one id: the bundle is that of the one that goes on.
    if (!container.open.empty() && container.open.front().bundle == 0) {
      container.open.front().bundle = std::exchange(attempt.bundle, 0);
    }
    const Life* life = evidence_.lives().Of(end);
    if (attempt.bundle == 0 && life == nullptr) return;  // refused
    container.failed = attempt;
    container.failed_end = end.seq;
  }

  // The next bundle is made, or the journal is over (0).
  void Conclude(Container& container, std::uint64_t next) {
    const Attempt failed = std::exchange(container.failed, {});
    if (failed.begin == 0) return;
    const Entry& end = evidence_.At(container.failed_end);
    const std::string& id = evidence_.journal().Text(end.id);
    if (failed.bundle != 0 && !kept_) {
      findings_.Observe();
      if (container.bundle.there() && container.bundle.created == failed.bundle) {
        findings_.Add(id + ": its create failed and the bundle was left behind",
                      {failed.bundle, end.seq, next});
      }
    }
    if (next != 0) return;
    if (final_.tracked.taken > end.seq) {
      findings_.Observe();
      const std::uint64_t tracked = final_.tracked.Find(end.id, Symbol{});
      if (tracked != 0 && !restored_[end.id]) {
        findings_.Add(id + ": its create failed and it is still tracked", {end.seq, tracked});
      }
    }
    if (final_.running.taken > end.seq) {
      findings_.Observe();
      const std::uint64_t running = final_.running.Find(end.id, words_.init);
      const Life* life = evidence_.lives().Of(end);
      const bool from_before =
          life != nullptr && evidence_.lives().RunsFromBefore(*life, final_.running.taken);
      // It failed before it asked the daemon for anything: what runs is an earlier engine's.
      const bool not_asked = container.requested != 0 && container.requested < failed.begin;
      if (running != 0 && !from_before && !not_asked) {
        findings_.Add(id + ": its create failed and it still runs", {end.seq, running});
      }
    }
  }

  const Evidence& evidence_;
  const Words& words_;
  const Final final_;
  Findings findings_;
  bool closed_ = false;
  bool kept_ = false;
  SymbolMap<Container> containers_;
  SymbolMap<char> restored_;  // since the latest create, by id
};

Judgement JudgeCreate(const Evidence& evidence) {
  return CreateJudge(evidence).Judge();
}

class LeftoversOfExecJudge {
 public:
  explicit LeftoversOfExecJudge(const Evidence& evidence)
      : evidence_(evidence), words_(evidence.words()), adding_(words_), final_(evidence) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    for (const std::uint64_t key : order_) Conclude(execs_[key], 0);
    return std::move(findings_).Conclude();
  }

 private:
  struct Exec {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> calls;  // number, seq
    Presence fifos;
    std::uint64_t rpc = 0;      // number of its AddProcess
    std::uint64_t started = 0;  // that succeeded
    std::uint64_t ended = 0;    // a signal was sent to it, or its exit showed
    std::uint64_t begun = 0;    // the latest call that failed
    std::uint64_t added = 0;    // a call returned OK: what is there is that one's
    bool blamed = false;        // that nobody ended it
    std::uint64_t failed = 0;   // the end of a call
    std::uint64_t asking = 0;   // the call whose RPC was sent last
    std::uint64_t files_before = 0;
  };
  // Of one container.
  struct Files {
    std::uint64_t latest = 0;   // snapshot
    std::uint64_t changed = 0;  // by anybody else's making or removing
  };

  void Visit(const Entry& entry) {
    if (!unended_.empty()) CheckUnended(entry);
    const std::uint64_t asking = adding_.Visit(entry);
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        closed_ |= words_.IsClosing(entry);
        if (entry.what == words_.add_process) Called(entry);
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.add_process) Returned(entry);
        // It takes its execs along.
        if (entry.what == words_.create && Failed(entry) && evidence_.lives().Of(entry) != nullptr)
          gone_[entry.id] = entry.seq;
        break;
      case EntryKind::kRpcBegin:
        if (entry.what == words_.add_process_rpc) {
          Exec& exec = Of(entry);
          exec.rpc = entry.number;
          exec.asking = asking;
          exec.started = exec.ended = 0;
        }
        if (entry.what == words_.signal_rpc) Of(entry).ended = entry.seq;
        break;
      case EntryKind::kRpcEnd:
        if (entry.what == words_.add_process_rpc && !Failed(entry) &&
            Of(entry).rpc == entry.number) {
          Of(entry).started = entry.seq;
        }
        break;
      case EntryKind::kEventEmitted:
      case EntryKind::kEventDelivered:
        if (entry.what != words_.exit) break;
        if (entry.process == words_.init) gone_[entry.id] = entry.seq;
        Of(entry).ended = entry.seq;
        break;
      case EntryKind::kFifosCreated:
        Conclude(Of(entry), entry.seq);
        Of(entry).fifos.created = entry.seq;
        files_[entry.id].changed = entry.seq;
        break;
      case EntryKind::kFifosRemoved:
        Of(entry).fifos.removed = entry.seq;
        files_[entry.id].changed = entry.seq;
        break;
      case EntryKind::kBundleRemoved:
      case EntryKind::kBundleCreated:  // in the place of an old one
        bundle_removed_[entry.id] = entry.seq;
        files_[entry.id].changed = entry.seq;
        break;
      case EntryKind::kFaultFired:
        if (!words_.FifosStay(entry)) break;
        bundle_removed_[entry.id] = entry.seq;
        files_[entry.id].changed = entry.seq;
        break;
      case EntryKind::kBundleFiles:
        Listed(entry);
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          closed_ = false;
          // Whoever was still at ending one is gone, and the next engine does not know of it.
          for (auto& [key, exec] : execs_) {
            exec.calls.clear();
            exec.rpc = 0;
            exec.failed = 0;
          }
        }
        break;
      default:
        break;
    }
  }

  Exec& Of(const Entry& entry) {
    const auto [found, added] = execs_.try_emplace(PairKey(entry.id, entry.process));
    if (added) order_.push_back(found->first);
    return found->second;
  }

  void Called(const Entry& begin) {
    Exec& exec = Of(begin);
    Conclude(exec, begin.seq);
    exec.calls.emplace_back(begin.number, begin.seq);
    exec.files_before = files_[begin.id].latest;
  }

  void Returned(const Entry& end) {
    Exec& exec = Of(end);
    const auto call =
        std::ranges::find(exec.calls, end.number, [](const auto& open) { return open.first; });
    if (call == exec.calls.end()) return;
    const std::uint64_t begin = call->second;
    exec.calls.erase(call);
    if (!Failed(end)) exec.added = end.seq;
    exec.begun = begin;
    if (exec.added > begin || !exec.calls.empty() || closed_ || EndedByClose(end)) return;
    const bool tried = exec.fifos.created > begin;
    const bool started = exec.started > begin && exec.asking == end.number;
    if (!tried && !started) return;  // refused
    exec.failed = end.seq;
    if (exec.fifos.there() && exec.fifos.created > bundle_removed_[end.id]) {
      findings_.Add(SubjectName(evidence_.journal(), end) +
                        ": its add-process failed and its FIFOs were left behind",
                    {exec.fifos.created, end.seq});
    }
    if (started) unended_.push_back(PairKey(end.id, end.process));
    failed_of_[end.id] = PairKey(end.id, end.process);
    files_[end.id].changed = end.seq;
  }

  // Before the name is used again (`next`), or when the journal is over (0).
  void Conclude(Exec& exec, std::uint64_t next) {
    const std::uint64_t failed = std::exchange(exec.failed, 0);
    if (failed == 0) return;
    const Entry& end = evidence_.At(failed);
    const std::string name = SubjectName(evidence_.journal(), end);
    findings_.Observe();
    const bool over = Over(end.id, exec);
    const std::uint64_t running = final_.running.Find(end.id, end.process);
    if (exec.started > exec.begun && !over && !exec.blamed) {
      findings_.Add(name + ": its add-process failed and nobody ended it",
                    {exec.started, failed, next});
    } else if (next == 0 && running > failed && !IsBeingEnded(exec, failed, running)) {
      findings_.Add(name + ": its add-process failed and it still runs", {failed, running});
    }
  }

  // The client is still at it: it asks again.
  bool IsBeingEnded(const Exec& exec, std::uint64_t failed, std::uint64_t running) const {
    const Entry& end = evidence_.At(failed);
    if (final_.tracked.Find(end.id, end.process) == 0) return false;
    const Entry& asked = evidence_.At(std::max(exec.ended, failed));
    const auto& options = evidence_.options();
    return !evidence_.Late(asked.t + options.timing.reconnect_longest + options.promptly,
                           evidence_.At(running).t);
  }

  bool Over(Symbol id, const Exec& exec) {
    return exec.ended > exec.started || gone_[id] > exec.begun;
  }

  // What was started is ended at once, whatever its container does later.
  void CheckUnended(const Entry& now) {
    std::erase_if(unended_, [&](std::uint64_t key) {
      Exec& exec = execs_[key];
      if (exec.failed == 0 || Over(Symbol(key >> 32), exec)) return true;
      const Entry& end = evidence_.At(exec.failed);
      if (!evidence_.Late(end.t + evidence_.options().promptly, now.t)) return false;
      exec.blamed = true;
      findings_.Add(
          SubjectName(evidence_.journal(), end) + ": its add-process failed and nobody ended it",
          {exec.started, exec.failed});
      return true;
    });
  }

  // Somebody looked into the bundle: right before the call that failed, and right after it?
  void Listed(const Entry& listing) {
    Files& files = files_[listing.id];
    const std::uint64_t key = failed_of_[listing.id];
    files.latest = listing.seq;
    if (key == 0) return;
    Exec& exec = execs_[key];
    failed_of_[listing.id] = 0;
    if (exec.failed == 0 || exec.failed != files.changed || exec.files_before == 0) return;
    const Entry& before = evidence_.At(exec.files_before);
    if (ChangedByOthers(before, key, exec)) return;
    findings_.Observe();
    if (before.text == listing.text) return;
    findings_.Add(SubjectName(evidence_.journal(), evidence_.At(exec.failed)) +
                      ": its add-process failed and changed the bundle's files from \"" +
                      evidence_.journal().Text(before.text) + "\" to \"" +
                      evidence_.journal().Text(listing.text) + "\"",
                  {before.seq, exec.failed, listing.seq});
  }

  bool ChangedByOthers(const Entry& before, std::uint64_t key, const Exec& exec) const {
    for (std::uint64_t seq = before.seq; seq < exec.failed; ++seq) {
      const Entry& entry = evidence_.At(seq);
      const bool changes = entry.kind == EntryKind::kFifosCreated ||
                           entry.kind == EntryKind::kFifosRemoved ||
                           entry.kind == EntryKind::kBundleRemoved;
      if (changes && entry.id == before.id && PairKey(entry.id, entry.process) != key) return true;
    }
    return false;
  }

  const Evidence& evidence_;
  const Words& words_;
  AddCalls adding_;
  const Final final_;
  Findings findings_;
  bool closed_ = false;
  std::unordered_map<std::uint64_t, Exec> execs_;  // by id and name
  std::vector<std::uint64_t> order_;
  SymbolMap<std::uint64_t> gone_;  // init's exit, or the end of its create that failed, by id
  SymbolMap<std::uint64_t> bundle_removed_;
  SymbolMap<Files> files_;
  std::vector<std::uint64_t> unended_;  // keys of those that were started and whose call failed
  SymbolMap<std::uint64_t> failed_of_;  // the exec whose call failed last, by id
};

Judgement JudgeExec(const Evidence& evidence) {
  return LeftoversOfExecJudge(evidence).Judge();
}

// Its bundle was made by an engine whose end hid that, or removed by a create that failed while
// nobody tracked the container.
bool MayLackBundle(const Lives& lives, const Life& life, const Presence& bundle) {
  const Life* source = &life;
  while (source->continues != kNoLife) source = &lives[source->continues];
  if (source->restored) return true;  // its create was not recorded
  if (source != &life && source->call_begin == 0 && source->rpc_begin == 0) return true;
  return life.restored && bundle.removed < life.begin && bundle.removed_by_create;
}

Judgement JudgeRunning(const Evidence& evidence) {
  const Words& words = evidence.words();
  const Journal& journal = evidence.journal();
  const Final final(evidence);
  if (final.running.taken == 0 || final.tracked.taken == 0) return {};
  Findings findings;
  SymbolMap<Presence> bundles;
  SymbolMap<int> creating;  // calls under way, by id
  SymbolMap<const Life*> latest;
  SymbolMap<std::uint64_t> denied;  // when a fault said that the daemon does not have it
  const Symbol state_point = journal.Find("rpc.State.received");
  std::uint64_t engine_gone = 0;
  for (const Entry& entry : journal.entries()) {
    if (entry.seq > final.running.taken) break;  // whoever records may end what runs then
    if (words.IsEngineGone(entry)) {
      engine_gone = entry.seq;
      creating = {};
    }
    if (entry.kind == EntryKind::kFaultFired && entry.what == state_point)
      denied[entry.id] = entry.seq;
    if (entry.kind == EntryKind::kBundleCreated) bundles[entry.id].created = entry.seq;
    if (entry.kind == EntryKind::kBundleRemoved) {
      bundles[entry.id].removed = entry.seq;
      bundles[entry.id].removed_by_create = creating[entry.id] != 0;
    }
    if (entry.kind == EntryKind::kCallBegin && entry.what == words.create) ++creating[entry.id];
    if (entry.kind == EntryKind::kCallEnd && entry.what == words.create) --creating[entry.id];
  }
  for (const Life& life : evidence.lives().all()) {
    findings.Observe();
    latest[life.id] = &life;
  }
  for (const Entry& entry : journal.entries()) {
    if (entry.kind != EntryKind::kRunning || entry.seq < final.running.taken) continue;
    const Life* life = latest[entry.id];
    if (entry.process != words.init || life == nullptr) continue;
    // Nobody has restored it, or the engine refused it when it was told.
    if (life->begin < engine_gone || life->engine_gone != 0) continue;
    if (life->given_up != 0) continue;
    const bool concluded = life->exit_begin != 0 &&
                           (life->exit_delivered == 0 || life->exit_delivered > life->exit_begin);
    if (denied[entry.id] > life->begin && concluded) continue;
    if (evidence.lives().RunsFromBefore(*life, final.running.taken)) continue;
    const std::string name = LifeName(journal, *life);
    const Presence bundle = bundles[entry.id];
    if (final.tracked.Find(entry.id, Symbol{}) == 0) {
      findings.Add(name + ": it runs and is not tracked", {life->begin, entry.seq});
    } else if (!bundle.there() && bundle.removed != 0 &&
               !MayLackBundle(evidence.lives(), *life, bundle)) {
      findings.Add(name + ": it runs and its bundle is gone", {bundle.removed, entry.seq});
    }
  }
  return std::move(findings).Conclude();
}

// Nobody starts what was never created.
Judgement JudgeNoExit(const Evidence& evidence) {
  const Words& words = evidence.words();
  Findings findings;
  SymbolMap<std::uint64_t> failed;  // the latest create that failed, by id
  bool any_callback = false;
  for (const Entry& entry : evidence.journal().entries()) {
    any_callback |= entry.kind == EntryKind::kCallbackBegin;
    const bool of_create = entry.kind == EntryKind::kCallEnd && entry.what == words.create;
    const bool of_rpc = entry.kind == EntryKind::kRpcEnd && entry.what == words.create_rpc;
    if ((of_create || of_rpc) && Failed(entry)) {
      findings.Observe();
      failed[entry.id] = entry.seq;
    }
    if (entry.kind != EntryKind::kCallbackBegin || entry.what != words.exit) continue;
    const Life* life = evidence.lives().Of(entry);
    const std::uint64_t of_id = failed[entry.id];
    const bool never = life == nullptr ? of_id != 0 : !life->restored && life->Failed();
    if (!never) continue;
    const std::string name =
        life == nullptr ? evidence.journal().Text(entry.id) : LifeName(evidence.journal(), *life);
    const std::uint64_t end = life == nullptr       ? of_id
                              : life->call_end != 0 ? life->call_end
                                                    : life->rpc_end;
    findings.Add(name + ": exit was called back though its create failed", {end, entry.seq});
  }
  if (!any_callback) return {};
  return std::move(findings).Conclude();
}

}  // namespace

constinit const Guarantee kNoExitWithoutStart{
    "no-exit-without-start",
    "A create that failed is not followed by an exit callback.",
    "without callbacks, or without a create that failed",
    &JudgeNoExit,
};

constinit const Guarantee kFailedCreateLeavesNothing{
    "failed-create-leaves-nothing",
    "A create that failed leaves no bundle (when the next one is made, or in the end), and in the "
    "end its container is neither tracked nor running.",
    "without a create that failed after it had begun, or without bundles and final snapshots of "
    "what is tracked and what runs",
    &JudgeCreate,
};

constinit const Guarantee kFailedExecLeavesNothing{
    "failed-exec-leaves-nothing",
    "An add-process that failed has left no FIFOs and nothing else in the bundle when it returns, "
    "and if its process was started, that is ended.",
    "without an add-process that failed after it had begun",
    &JudgeExec,
};

constinit const Guarantee kRunningIsTracked{
    "running-is-tracked",
    "In the end each running container that this client created or restored is tracked and has its "
    "bundle.",
    "without final snapshots of what runs and what is tracked, or without a life",
    &JudgeRunning,
};

}  // namespace scenarios
