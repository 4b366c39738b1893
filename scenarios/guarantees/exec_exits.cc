#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/guarantees/add_calls.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// A call of add-process that is under way.
struct AddCall {
  std::uint64_t number;
  std::uint64_t begin;
  LifeIndex life = kNoLife;       // in which it was sent to the daemon: those before it wait
  std::uint64_t called_back = 0;  // its exit came before it returned
};

// What is known of the execs of one name in one container.
struct Exec {
  std::vector<std::uint64_t> owed;  // ends of those that succeeded
  std::uint64_t last_callback = 0;
  std::size_t spare_events = 0;  // exits that nothing was called back for yet
  std::size_t left_behind = 0;   // by an engine that went away: may be called back
  std::uint64_t last_event = 0;
};

class ExecJudge {
 public:
  explicit ExecJudge(const Evidence& evidence)
      : evidence_(evidence),
        words_(evidence.words()),
        adding_(words_),
        execs_(evidence.lives().all().size()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) {
      has_rpcs_ |= entry.kind == EntryKind::kRpcBegin && entry.what == words_.add_process_rpc;
    }
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    if (!any_callback_) return {};
    Rest();
    return std::move(findings_).Conclude();
  }

 private:
  using Execs = std::map<Symbol, Exec>;  // by name

  void Visit(const Entry& entry) {
    const LifeIndex life = evidence_.lives().IndexOf(entry);
    const std::uint64_t adding = adding_.Visit(entry);
    switch (entry.kind) {
      case EntryKind::kRpcBegin:
        if (entry.what == words_.create_rpc) latest_[entry.id] = life;
        if (adding != 0) Sent(entry, adding);
        if (entry.what == words_.state_rpc) ++asking_[entry.id];
        break;
      case EntryKind::kRpcEnd:
        if (entry.what == words_.state_rpc) --asking_[entry.id];
        break;
      case EntryKind::kCallBegin:
        if (entry.what == words_.create && life != kNoLife &&
            evidence_.lives()[life].rpc_begin == 0) {
          latest_[entry.id] = life;
        }
        if (entry.what == words_.restore && life != kNoLife) Restored(entry.id, life);
        if (entry.what == words_.add_process) {
          calls_[PairKey(entry.id, entry.process)].push_back({entry.number, entry.seq});
          if (!has_rpcs_) Sent(entry, entry.number);
        }
        if (words_.IsClosing(entry) && closed_ == 0) {
          closed_ = entry.seq;
          at_close_ = running_;
          asking_at_close_ = asking_;
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
          asking_ = {};
          LeaveBehind();
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

  LifeIndex Latest(Symbol id) const {
    const auto life = latest_.find(id);
    return life == latest_.end() ? kNoLife : life->second;
  }

  void Sent(const Entry& entry, std::uint64_t call) {
    std::vector<AddCall>& calls = calls_[PairKey(entry.id, entry.process)];
    const auto sent = std::ranges::find(calls, call, &AddCall::number);
    if (sent != calls.end()) sent->life = Latest(entry.id);
  }

  // Whether they were added nobody hears.
  void LeaveBehind() {
    for (const auto& [key, calls] : std::exchange(calls_, {})) {
      for (const AddCall& call : calls) {
        if (call.life != kNoLife) ++execs_[call.life][Symbol(key & 0xffffffff)].left_behind;
      }
    }
  }

  // Its execs go on, but which of them ended meanwhile nobody can tell.
  void Restored(Symbol id, LifeIndex life) {
    const LifeIndex before = evidence_.lives()[life].continues;
    latest_[id] = life;
    if (before == kNoLife) return;
    for (auto& [name, exec] : execs_[before]) {
      Exec& continued = execs_[life][name];
      continued.left_behind += exec.owed.size() + exec.left_behind;
    }
    execs_[before].clear();
  }

  void Added(const Entry& end) {
    std::vector<AddCall>& calls = calls_[PairKey(end.id, end.process)];
    const auto call = std::ranges::find(calls, end.number, &AddCall::number);
    if (call == calls.end()) return;
    const AddCall ended = *call;
    calls.erase(call);
    const LifeIndex life = ended.life != kNoLife ? ended.life : Latest(end.id);
    if (!Failed(end) && life != kNoLife) {
      findings_.Observe();
      if (ended.called_back == 0) execs_[life][end.process].owed.push_back(end.seq);
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
    for (AddCall& call : calls_[PairKey(callback.id, callback.process)]) {
      if (call.life != life || call.called_back != 0) continue;
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
        // What had to wait for another callback when the client was closed, or for an answer,
        // never comes.
        const bool waited = at_close_[of.id] > 0 || asking_at_close_[of.id] > 0;
        if (exec.owed.empty() || exec.spare_events == 0) continue;
        const bool late = exec.last_event > closed_ || exec.owed.front() > closed_;
        if (closed_ != 0 && (late || waited)) continue;
        findings_.Add(SubjectName(evidence_.journal(), evidence_.At(exec.owed.front())) +
                          ": exit-process was never called back though its exit was delivered",
                      {exec.owed.front(), exec.last_event});
      }
    }
  }

  const Evidence& evidence_;
  const Words& words_;
  AddCalls adding_;
  Findings findings_;
  bool any_callback_ = false;
  std::uint64_t closed_ = 0;
  SymbolMap<int> running_;                               // callbacks, by id
  SymbolMap<int> at_close_;                              // the same when the client was closed
  SymbolMap<int> asking_;                                // States, by id
  SymbolMap<int> asking_at_close_;                       // likewise
  std::vector<Execs> execs_;                             // by life
  std::unordered_map<Symbol, LifeIndex> latest_;         // by id
  bool has_rpcs_ = false;                                // of add-process
  std::map<std::uint64_t, std::vector<AddCall>> calls_;  // under way, by id and name
};

Judgement JudgeExecExits(const Evidence& evidence) {
  return ExecJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kExecExitsOnceBeforeExit{
    "exec-exits-once-before-exit",
    "Each add-process that succeeded gets exactly one exit-process, before its container's exit.",
    "without callbacks, or without an add-process that succeeded",
    &JudgeExecExits,
};

}  // namespace scenarios
