#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/guarantees/busy.h"
#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

using libcontainerd::Duration;

class ReturnJudge {
 public:
  explicit ReturnJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    for (const Call& call : calls_) NeverReturned(call);
    return std::move(findings_).Conclude();
  }

 private:
  struct Call {
    const Entry* begin;
    Duration waited;  // for callbacks, until it began
    // Of pause and resume: when nothing kept it any more, for init had exited.
    const Entry* exit = nullptr;
  };

  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        if (entry.what == words_.close || entry.what == words_.cleanup) break;
        findings_.Observe();
        calls_.push_back({&entry, waited_[entry.id].Total(entry.t)});
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.close) Closed(entry);
        Returned(entry);
        if (entry.what == words_.restore) Restored(entry);
        break;
      case EntryKind::kCallbackBegin:
      case EntryKind::kAttachBegin:
        waited_[entry.id].Begin(entry.t);
        break;
      case EntryKind::kCallbackEnd:
      case EntryKind::kAttachEnd:
        waited_[entry.id].End(entry.t);
        break;
      case EntryKind::kRpcBegin:
        if (KeepsChange(entry)) updating_[entry.id].Begin(entry.t);
        break;
      case EntryKind::kRpcEnd:
        if (KeepsChange(entry)) updating_[entry.id].End(entry.t);
        break;
      case EntryKind::kEventDelivered:
        if (words_.IsInitExit(entry) && evidence_.lives().IndexOf(entry) != kNoLife &&
            !entry.flag) {
          Exited(entry);
        }
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          calls_.clear();
          waited_ = {};
          updating_ = {};
          exits_ = {};
        }
        break;
      default:
        break;
    }
  }

  // The request of a pause or resume; the State that asks whose an exit is.
  bool KeepsChange(const Entry& rpc) const {
    return rpc.what == words_.update_container_rpc || rpc.what == words_.state_rpc;
  }

  bool ChangesState(const Entry& begin) const {
    return begin.what == words_.pause || begin.what == words_.resume;
  }

  Duration Bound(const Entry& begin) const {
    const libcontainerd::Timing& timing = evidence_.options().timing;
    const Duration given(begin.stamp);
    if (ChangesState(begin)) {
      // The deadline covers the reply, and the event may take its time after that.
      return (begin.stamp != 0 ? given : timing.call_deadline) + timing.state_event_deadline;
    }
    if (begin.stamp != 0 && begin.what != words_.restore) return given;
    if (begin.what == words_.create) return timing.create_deadline;
    if (begin.what == words_.add_process) return timing.add_process_deadline;
    if (begin.what == words_.restore) {
      return timing.call_deadline +
             std::max(timing.restore_term_wait + timing.restore_kill_wait,
                      timing.restore_exit_wait) +
             timing.stored_log_deadline;
    }
    return timing.call_deadline;
  }

  // Pause and resume do without the callback that they wait for, once their time is over: whoever
  // calls them may hold what it needs.
  Duration Due(const Call& call, Duration now) {
    const Duration waited = ChangesState(*call.begin)
                                ? Duration::zero()
                                : waited_[call.begin->id].Total(now) - call.waited;
    return call.begin->t + Bound(*call.begin) + waited + evidence_.options().promptly;
  }

  void Returned(const Entry& end) {
    const auto call =
        std::ranges::find(calls_, end.number, [](const Call& open) { return open.begin->number; });
    if (call == calls_.end()) return;
    if (evidence_.Late(Due(*call, end.t), end.t)) {
      findings_.Add(Name(*call->begin) + " returned after " +
                        MillisecondsText(end.t - call->begin->t) + ", its deadline is " +
                        MillisecondsText(Bound(*call->begin)),
                    {call->begin->seq, end.seq});
    } else if (call->exit != nullptr) {
      const Duration waited = waited_[end.id].Total(end.t) - call->waited;
      const Duration due = std::max(call->exit->t, updating_[end.id].Since()) + waited +
                           evidence_.options().timing.exec_exit_grace +
                           evidence_.options().promptly;
      if (!updating_[end.id].Open() && evidence_.Late(due, end.t)) {
        findings_.Add(Name(*call->begin) + " went on for " +
                          MillisecondsText(end.t - call->exit->t) +
                          " after its container's exit had been delivered",
                      {call->begin->seq, call->exit->seq, end.seq});
      }
    }
    calls_.erase(call);
  }

  void Exited(const Entry& exit) {
    const bool restoring = std::ranges::any_of(calls_, [&](const Call& call) {
      return call.begin->what == words_.restore && call.begin->id == exit.id;
    });
    if (restoring) {
      exits_[exit.id] = &exit;
    } else {
      EndWaits(exit);
    }
  }
  // An exit that comes while a restore looks is known with its end.
  void Restored(const Entry& end) {
    if (std::exchange(exits_[end.id], nullptr) != nullptr) EndWaits(end);
  }
  void EndWaits(const Entry& known) {
    for (Call& call : calls_) {
      if (ChangesState(*call.begin) && call.begin->id == known.id && call.exit == nullptr)
        call.exit = &known;
    }
  }

  void Closed(const Entry& end) {
    for (const Call& call : calls_) {
      if (call.begin->number == end.number) continue;
      findings_.Add(Name(*call.begin) + " had not returned when the client was closed",
                    {call.begin->seq, end.seq});
    }
    calls_.clear();
  }

  void NeverReturned(const Call& call) {
    if (evidence_.journal().entries().empty()) return;
    // Whoever holds that callback holds the call.
    if (!ChangesState(*call.begin) && waited_[call.begin->id].Open()) return;
    const Entry& last = evidence_.journal().entries().back();
    if (!evidence_.Missed(Due(call, last.t))) return;
    findings_.Add(Name(*call.begin) + " never returned, its deadline is " +
                      MillisecondsText(Bound(*call.begin)),
                  {call.begin->seq});
  }

  std::string Name(const Entry& call) const {
    std::string name = evidence_.journal().Text(call.what);
    if (call.id != Symbol{}) name += " of " + SubjectName(evidence_.journal(), call);
    return name;
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  std::vector<Call> calls_;        // under way
  SymbolMap<Busy> waited_;         // by id
  SymbolMap<Busy> updating_;       // UpdateContainer and State, by id
  SymbolMap<const Entry*> exits_;  // that came while a restore was under way
};

Judgement JudgeReturn(const Evidence& evidence) {
  return ReturnJudge(evidence).Judge();
}

class SignalJudge {
 public:
  explicit SignalJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries())
      any_rpc_ |= entry.kind == EntryKind::kRpcBegin;
    if (!any_rpc_) return {};
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    for (auto& [key, calls] : calls_) {
      for (const Call& call : calls) {
        if (call.sent || !evidence_.Missed(call.begin->t + evidence_.options().promptly)) continue;
        Blame(*call.begin, nullptr, " was never sent");
      }
    }
    return std::move(findings_).Conclude();
  }

 private:
  struct Call {
    const Entry* begin;
    bool sent = false;
  };

  void Visit(const Entry& entry) {
    if (words_.IsEngineGone(entry)) calls_.clear();
    const bool call = entry.what == words_.signal || entry.what == words_.signal_process;
    const bool rpc = entry.what == words_.signal_rpc;
    if (!call && !rpc) return;
    // A call may leave out that it is about init.
    const Symbol process = entry.process == Symbol{} ? words_.init : entry.process;
    std::vector<Call>& calls = calls_[PairKey(entry.id, process)];
    if (call && entry.kind == EntryKind::kCallBegin) {
      findings_.Observe();
      calls.push_back({&entry});
    } else if (rpc && entry.kind == EntryKind::kRpcBegin) {
      Sent(calls, entry);
    } else if (call && entry.kind == EntryKind::kCallEnd) {
      Returned(calls, entry);
    }
  }

  void Sent(std::vector<Call>& calls, const Entry& rpc) {
    const auto call = std::ranges::find_if(calls, [](const Call& open) { return !open.sent; });
    if (call == calls.end()) return;  // one of the client's own
    call->sent = true;
    if (evidence_.Late(call->begin->t + evidence_.options().promptly, rpc.t)) {
      Blame(*call->begin, &rpc, " was sent " + MillisecondsText(rpc.t - call->begin->t) + " late");
    }
  }

  void Returned(std::vector<Call>& calls, const Entry& end) {
    const auto call =
        std::ranges::find(calls, end.number, [](const Call& open) { return open.begin->number; });
    if (call == calls.end()) return;
    // Of two under way it may be the later one that was sent.
    const auto sent = std::ranges::find_if(calls, &Call::sent);
    if (!call->sent && !Failed(end) && sent != calls.end()) std::swap(call->sent, sent->sent);
    const bool late = evidence_.Late(call->begin->t + evidence_.options().promptly, end.t);
    if (!call->sent && (late || !Failed(end))) Blame(*call->begin, &end, " was never sent");
    calls.erase(call);
  }

  void Blame(const Entry& call, const Entry* end, const std::string& what) {
    findings_.Add(SubjectName(evidence_.journal(), call) + ": its signal" + what,
                  {call.seq, end != nullptr ? end->seq : 0});
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  bool any_rpc_ = false;
  std::unordered_map<std::uint64_t, std::vector<Call>> calls_;  // by id and process
};

Judgement JudgeSignal(const Evidence& evidence) {
  return SignalJudge(evidence).Judge();
}

// Calls that are made from a callback.
class ReentryJudge {
 public:
  explicit ReentryJudge(const Evidence& evidence) : evidence_(evidence), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) {
      if (words_.IsEngineGone(entry)) calls_.clear();
      if (entry.kind == EntryKind::kCallBegin && entry.text != Symbol{}) {
        findings_.Observe();
        calls_.emplace(entry.number, &entry);
      }
      if (entry.kind == EntryKind::kCallEnd) Returned(entry);
    }
    std::vector<const Entry*> stuck;
    for (const auto& [number, begin] : calls_) stuck.push_back(begin);
    std::ranges::sort(stuck, {}, &Entry::seq);
    for (const Entry* begin : stuck) {
      findings_.Add(Name(*begin) + " never returned", {begin->seq});
    }
    return std::move(findings_).Conclude();
  }

 private:
  // It would have to wait for the very callback that it is made from.
  bool WouldWait(const Entry& begin) const {
    const bool waits = begin.what == words_.create || begin.what == words_.pause ||
                       begin.what == words_.resume || begin.what == words_.restore;
    return waits && begin.id == begin.text;
  }

  void Returned(const Entry& end) {
    const auto call = calls_.find(end.number);
    if (call == calls_.end()) return;
    const Entry& begin = *call->second;
    calls_.erase(call);
    if (!WouldWait(begin)) return;
    if (!Failed(end)) {
      findings_.Add(Name(begin) + " succeeded", {begin.seq, end.seq});
    } else if (evidence_.Late(begin.t + evidence_.options().promptly, end.t)) {
      findings_.Add(Name(begin) + " was refused only after " + MillisecondsText(end.t - begin.t),
                    {begin.seq, end.seq});
    }
  }

  std::string Name(const Entry& call) const {
    const Journal& journal = evidence_.journal();
    return journal.Text(call.what) + " of " + SubjectName(journal, call) + " from a callback of " +
           journal.Text(call.text);
  }

  const Evidence& evidence_;
  const Words& words_;
  Findings findings_;
  std::unordered_map<std::uint64_t, const Entry*> calls_;  // under way, by number
};

Judgement JudgeReentry(const Evidence& evidence) {
  return ReentryJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kCallsReturn{
    "calls-return",
    "Each call returns within its deadline and the callbacks and attaches of its container that "
    "run "
    "meanwhile; pause and resume within theirs and that of the event on top, whatever runs, and at "
    "once when init has exited; and every call before close returns.",
    "without a call",
    &JudgeReturn,
};

constinit const Guarantee kSignalNeverWaits{
    "signal-never-waits",
    "A signal is sent at once, whatever else its container is doing.",
    "without a signal call, or without RPCs",
    &JudgeSignal,
};

constinit const Guarantee kCallbacksMayCall{
    "callbacks-may-call",
    "A call that is made from a callback returns; a create, pause, resume or restore of the very "
    "container whose callback it is, is refused at once.",
    "without a call from a callback",
    &JudgeReentry,
};

}  // namespace scenarios
