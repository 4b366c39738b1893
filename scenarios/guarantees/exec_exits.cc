#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// What is known of the execs of one name in one container.
struct Exec {
  struct Call {
    std::uint64_t number;
    std::uint64_t begin;
    std::uint64_t called_back = 0;  // its exit came before it returned
  };
  std::vector<Call> calls;          // under way
  std::vector<std::uint64_t> owed;  // ends of those that succeeded
  std::uint64_t last_callback = 0;
  std::size_t spare_events = 0;  // exits that nothing was called back for yet
  std::size_t left_behind = 0;   // by an engine that went away: may be called back
  std::uint64_t last_event = 0;
};

class ExecJudge {
 public:
  explicit ExecJudge(const Evidence& evidence)
      : evidence_(evidence), words_(evidence.words()), execs_(evidence.lives().all().size()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    if (!any_callback_) return {};
    Rest();
    return std::move(findings_).Conclude();
  }

 private:
  using Execs = std::map<Symbol, Exec>;  // by name

  void Visit(const Entry& entry) {
    const LifeIndex life = evidence_.lives().IndexOf(entry);
    switch (entry.kind) {
      case EntryKind::kRpcBegin:
        if (entry.what == words_.create_rpc) Created(entry.id, life);
        break;
      case EntryKind::kCallBegin:
        if (entry.what == words_.create && life != kNoLife &&
            evidence_.lives()[life].rpc_begin == 0) {
          latest_[entry.id] = life;
        }
        if (entry.what == words_.restore && life != kNoLife) Restored(entry.id, life);
        if (entry.what == words_.add_process) {
          if (Exec* exec = Of(entry)) {
            exec->calls.push_back({entry.number, entry.seq});
          } else {
            early_[entry.id].push_back(&entry);
          }
        }
        if (words_.IsClosing(entry) && closed_ == 0) {
          closed_ = entry.seq;
          at_close_ = running_;
        }
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.add_process) Added(entry);
        break;
      case EntryKind::kEventDelivered:
        if (entry.what == words_.exit && entry.process != words_.init && life != kNoLife) {
          Exec& exec = execs_[life][entry.process];
          ++exec.spare_events;
          exec.last_event = entry.seq;
        }
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          closed_ = 0;
          running_ = {};
        }
        break;
      case EntryKind::kCallbackEnd:
        --running_[entry.id];
        break;
      case EntryKind::kCallbackBegin:
        any_callback_ = true;
        ++running_[entry.id];
        if (life == kNoLife) break;
        if (entry.what == words_.exit_process) CalledBack(entry, life);
        if (entry.what == words_.exit) Exited(entry, life);
        break;
      default:
        break;
    }
  }

  // Whoever had called before waited for it.
  void Created(Symbol id, LifeIndex life) {
    latest_[id] = life;
    for (const Entry* call : std::exchange(early_[id], {}))
      execs_[life][call->process].calls.push_back({call->number, call->seq});
  }

  Exec* Of(const Entry& call) {
    const auto life = latest_.find(call.id);
    return life == latest_.end() || life->second == kNoLife ? nullptr
                                                            : &execs_[life->second][call.process];
  }

  // Its execs go on, but which of them ended meanwhile nobody can tell.
  void Restored(Symbol id, LifeIndex life) {
    const LifeIndex before = evidence_.lives()[life].continues;
    latest_[id] = life;
    if (before == kNoLife) return;
    for (auto& [name, exec] : execs_[before]) {
      Exec& continued = execs_[life][name];
      continued.left_behind += exec.owed.size() + exec.calls.size() + exec.left_behind;
    }
    execs_[before].clear();
  }

  void Added(const Entry& end) {
    Exec* exec = Of(end);
    if (exec == nullptr) return;
    const auto call =
        std::ranges::find(exec->calls, end.number, [](const Exec::Call& c) { return c.number; });
    if (call == exec->calls.end()) return;
    const Exec::Call ended = *call;
    exec->calls.erase(call);
    if (!Failed(end)) {
      findings_.Observe();
      if (ended.called_back == 0) exec->owed.push_back(end.seq);
    } else if (ended.called_back != 0) {
      findings_.Add(SubjectName(evidence_.journal(), end) +
                        ": exit-process was called back though its add-process failed",
                    {ended.begin, ended.called_back, end.seq});
    }
  }

  void CalledBack(const Entry& callback, LifeIndex life) {
    const std::string name = SubjectName(evidence_.journal(), callback);
    const Life& of = evidence_.lives()[life];
    if (of.exit_begin != 0 && of.exit_begin < callback.seq) {
      findings_.Add(name + ": exit-process was called back after its container's exit",
                    {of.exit_begin, callback.seq});
    }
    Exec& exec = execs_[life][callback.process];
    const std::uint64_t before = exec.last_callback;
    exec.last_callback = callback.seq;
    const bool has_event = exec.spare_events > 0;
    if (has_event) --exec.spare_events;
    if (!exec.owed.empty()) {
      exec.owed.erase(exec.owed.begin());
      return;
    }
    for (Exec::Call& call : exec.calls) {
      if (call.called_back != 0) continue;
      call.called_back = callback.seq;
      return;
    }
    if (exec.left_behind > 0) {
      --exec.left_behind;
    } else if (!has_event && before != 0) {
      findings_.Add(name + ": exit-process was called back once more", {before, callback.seq});
    }
  }

  void Exited(const Entry& callback, LifeIndex life) {
    if (callback.seq != evidence_.lives()[life].exit_begin) return;
    for (auto& [name, exec] : execs_[life]) {
      for (const std::uint64_t added : exec.owed) {
        findings_.Add(SubjectName(evidence_.journal(), evidence_.At(added)) +
                          ": exit was called back without an exit-process before it",
                      {added, callback.seq});
      }
      exec.owed.clear();
    }
  }

  // Those that ended in containers that live on.
  void Rest() {
    for (LifeIndex life = 0; life < execs_.size(); ++life) {
      const Life& of = evidence_.lives()[life];
      if (of.superseded || of.exit_begin != 0 || of.Failed() || of.start_failed) continue;
      for (const auto& [name, exec] : execs_[life]) {
        // What had to wait for another callback when the client was closed never comes.
        const bool unheard = closed_ != 0 && (exec.last_event > closed_ || at_close_[of.id] > 0);
        if (exec.owed.empty() || exec.spare_events == 0 || unheard) continue;
        findings_.Add(SubjectName(evidence_.journal(), evidence_.At(exec.owed.front())) +
                          ": exit-process was never called back though its exit was delivered",
                      {exec.owed.front(), exec.last_event});
      }
    }
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  bool any_callback_ = false;
  std::uint64_t closed_ = 0;
  SymbolMap<int> running_;                        // callbacks, by id
  SymbolMap<int> at_close_;                       // the same when the client was closed
  std::vector<Execs> execs_;                      // by life
  std::unordered_map<Symbol, LifeIndex> latest_;  // by id
  // Calls of add-process that came before any life of their container, by id.
  std::unordered_map<Symbol, std::vector<const Entry*>> early_;
};

Judgement Judge(const Evidence& evidence) {
  return ExecJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kExecExitsOnceBeforeExit{
    "exec-exits-once-before-exit",
    "Each add-process that succeeded gets exactly one exit-process, before its container's exit.",
    "without callbacks, or without an add-process that succeeded",
    &Judge,
};

}  // namespace scenarios
