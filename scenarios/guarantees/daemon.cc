#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scenarios/guarantees/judging.h"

namespace scenarios {
namespace {

using libcontainerd::Duration;

std::string PidName(const Entry& entry) {
  return "daemon " + std::to_string(entry.pid);
}

// Health checks that failed in a row, as far as they count: not right after a start or an adoption,
// before the first success.
class Failures {
 public:
  explicit Failures(const libcontainerd::Timing& timing) : timing_(timing) {}

  void Began(const Entry& started) {
    fresh_since_ = started.t;
    counted_.clear();
  }
  void Checked(const Entry& check) {
    if (!check.failed) {
      counted_.clear();
      fresh_since_.reset();
      return;
    }
    if (fresh_since_ && check.t < *fresh_since_ + timing_.daemon_start_grace) return;
    counted_.push_back(check.seq);
  }
  bool Enough() const {
    return counted_.size() >= static_cast<std::size_t>(timing_.health_failures);
  }
  const std::vector<std::uint64_t>& counted() const { return counted_; }

 private:
  const libcontainerd::Timing& timing_;
  std::optional<Duration> fresh_since_;  // no success since then
  std::vector<std::uint64_t> counted_;
};

class ComebackJudge {
 public:
  explicit ComebackJudge(const Evidence& evidence)
      : evidence_(evidence),
        words_(evidence.words()),
        timing_(evidence.options().timing),
        failures_(timing_) {}

  Judgement Judge() {
    const auto& entries = evidence_.journal().entries();
    for (const Entry& entry : entries) Visit(entry);
    if (!entries.empty()) Owed(entries.back().t);
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    if (words_.IsEngineGone(entry) || words_.IsClosing(entry)) Owed(entry.t);
    if (words_.IsEngineGone(entry)) return EngineGone();
    if (entry.kind == EntryKind::kNote && entry.text == words_.engine_back) closed_ = false;
    if (words_.IsClosing(entry)) EngineGone();
    if (closed_) return;
    switch (entry.kind) {
      case EntryKind::kRpcBegin:
        if (entry.what == words_.events_rpc && !entry.flag) StreamOpened(entry);
        break;
      case EntryKind::kRpcEnd:
        if (entry.what == words_.events_rpc && live_ != 0 && entry.number == live_) {
          stream_end_ = &entry;
        }
        break;
      case EntryKind::kHealthChecked:
        Checked(entry);
        break;
      case EntryKind::kDaemonStarted:
        Started(entry);
        break;
      case EntryKind::kDaemonAdopted:
        if (daemon_ == nullptr || daemon_->pid != entry.pid) Runs(entry);
        break;
      case EntryKind::kDaemonSignalled:
        Settled(entry);
        break;
      case EntryKind::kDaemonEnded:
        Ended(entry);
        break;
      default:
        break;
    }
  }

  // Nothing is owed any more.
  void EngineGone() {
    closed_ = true;
    begun_ = false;
    stream_end_ = check_ = down_ = daemon_ = hung_ = nullptr;
    live_ = 0;
  }

  void StreamOpened(const Entry& rpc) {
    live_ = rpc.number;
    if (stream_end_ == nullptr) return;
    findings_.Observe();
    if (evidence_.Late(StreamDue(), rpc.t)) {
      findings_.Add("the event stream ended and was opened again only after " +
                        MillisecondsText(rpc.t - stream_end_->t),
                    {stream_end_->seq, rpc.seq});
    }
    stream_end_ = nullptr;
  }
  Duration StreamDue() const {
    return stream_end_->t + timing_.reconnect_longest + evidence_.options().promptly;
  }

  void Checked(const Entry& check) {
    if (check_ != nullptr) findings_.Observe();
    if (check_ != nullptr && down_ == nullptr && evidence_.Late(CheckDue(), check.t)) {
      findings_.Add("no health check for " + MillisecondsText(check.t - check_->t),
                    {check_->seq, check.seq});
    }
    check_ = &check;
    failures_.Checked(check);
    if (daemon_ != nullptr && failures_.Enough() && hung_ == nullptr) hung_ = &check;
    if (!check.failed) hung_ = nullptr;
  }
  Duration CheckDue() const {
    return check_->t + timing_.health_interval + timing_.health_deadline +
           evidence_.options().promptly;
  }

  void Started(const Entry& started) {
    if (down_ != nullptr) {
      findings_.Observe();
      if (evidence_.Late(RestartDue(), started.t)) {
        findings_.Add("the daemon ended and was started again only after " +
                          MillisecondsText(started.t - down_->t),
                      {down_->seq, started.seq});
      }
    }
    if (started.failed) {
      if (begun_) down_ = &started;  // else whoever wanted it was told of the error
    } else {
      Runs(started);
    }
  }
  Duration RestartDue() const {
    return down_->t + timing_.daemon_restart_longest + evidence_.options().promptly;
  }

  void Runs(const Entry& entry) {
    begun_ = true;
    daemon_ = &entry;
    down_ = hung_ = nullptr;
    if (check_ != nullptr) check_ = &entry;  // the checks go on from here
    failures_.Began(entry);
  }

  // What hangs is ended.
  void Settled(const Entry& entry) {
    if (hung_ == nullptr || daemon_ == nullptr || entry.pid != daemon_->pid) return;
    findings_.Observe();
    if (evidence_.Late(HungDue(), entry.t)) BlameHung(entry.seq);
    hung_ = nullptr;
  }
  Duration HungDue() const { return hung_->t + evidence_.options().promptly; }
  void BlameHung(std::uint64_t seq) {
    std::vector<std::uint64_t> entries = failures_.counted();
    entries.push_back(seq);
    findings_.Add(PidName(*daemon_) + " failed " + std::to_string(timing_.health_failures) +
                      " health checks in a row and was " +
                      (seq == 0 ? "never ended" : "not ended at once"),
                  std::move(entries));
  }

  void Ended(const Entry& ended) {
    if (daemon_ == nullptr || ended.pid != daemon_->pid) return;
    Settled(ended);
    down_ = &ended;
    daemon_ = nullptr;
  }

  // What had not come by then, when nothing more was to come.
  void Owed(Duration now) {
    if (closed_) return;
    if (stream_end_ != nullptr && now > StreamDue()) {
      findings_.Add("the event stream ended and was never opened again", {stream_end_->seq});
    }
    if (check_ != nullptr && down_ == nullptr && now > CheckDue()) {
      findings_.Add("the health checks ended", {check_->seq});
    }
    if (down_ != nullptr && now > RestartDue()) {
      findings_.Add("the daemon ended and was never started again", {down_->seq});
    }
    if (hung_ != nullptr && now > HungDue()) BlameHung(0);
  }

  const Evidence& evidence_;
  const Words& words_;
  const libcontainerd::Timing& timing_;
  Findings findings_;
  bool closed_ = false;
  bool begun_ = false;                 // a daemon of ours ran since the engine began
  std::uint64_t live_ = 0;             // number of the event stream
  const Entry* stream_end_ = nullptr;  // that is to be opened again
  const Entry* check_ = nullptr;       // the latest
  const Entry* daemon_ = nullptr;      // ours: its start or adoption
  const Entry* down_ = nullptr;        // it ended, or could not be started
  const Entry* hung_ = nullptr;        // the check that was one too many
  Failures failures_;
};

Judgement JudgeComeback(const Evidence& evidence) {
  return ComebackJudge(evidence).Judge();
}

class KillJudge {
 public:
  explicit KillJudge(const Evidence& evidence)
      : evidence_(evidence),
        words_(evidence.words()),
        timing_(evidence.options().timing),
        failures_(timing_) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        if (entry.what == words_.cleanup) cleaning_ = true;
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.cleanup) cleaning_ = false;
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          proven_.clear();
          refused_.clear();
          cleaning_ = false;
          start_ = nullptr;
        }
        break;
      case EntryKind::kHealthChecked:
        failures_.Checked(entry);
        break;
      case EntryKind::kDaemonStarted:
        Started(entry);
        break;
      case EntryKind::kDaemonAdopted:
        // Also the proof right before a kill.
        if (proven_.insert(entry.pid).second) failures_.Began(entry);
        refused_.erase(entry.pid);
        break;
      case EntryKind::kDaemonRefused:
        proven_.erase(entry.pid);
        refused_[entry.pid] = entry.seq;
        break;
      case EntryKind::kDaemonSignalled:
        Signalled(entry);
        break;
      case EntryKind::kDaemonEnded:
        proven_.erase(entry.pid);  // the number may be anybody's now
        break;
      default:
        break;
    }
  }

  void Started(const Entry& started) {
    findings_.Observe();
    if (start_ != nullptr) {
      JudgeSpacing(started);
    }
    start_ = &started;
    if (started.failed) return;
    proven_.insert(started.pid);
    refused_.erase(started.pid);
    failures_.Began(started);
  }

  // Jitter may shorten a pause by a quarter.
  void JudgeSpacing(const Entry& started) {
    const Duration shortest = timing_.daemon_restart_first * 3 / 4;
    if (started.t - start_->t >= shortest) return;
    findings_.Add("the daemon was started twice within " + MillisecondsText(started.t - start_->t),
                  {start_->seq, started.seq});
  }

  void Signalled(const Entry& signal) {
    if (signal.code == 0) return;
    findings_.Observe();
    if (!proven_.contains(signal.pid)) {
      const auto refused = refused_.find(signal.pid);
      findings_.Add(PidName(signal) + " was sent signal " + std::to_string(signal.code) +
                        (refused != refused_.end() ? " though it is not ours"
                                                   : " without proof that it is ours"),
                    {refused != refused_.end() ? refused->second : 0, signal.seq});
    }
    // A start that fails ends what it has just started.
    const bool just_started =
        start_ != nullptr && start_->pid == signal.pid && start_->t == signal.t;
    if (cleaning_ || just_started || failures_.Enough()) return;
    std::vector<std::uint64_t> entries = failures_.counted();
    const std::size_t count = entries.size();
    entries.push_back(signal.seq);
    findings_.Add(PidName(signal) + " was sent signal " + std::to_string(signal.code) + " after " +
                      std::to_string(count) + " failed health checks in a row, " +
                      std::to_string(timing_.health_failures) + " are needed",
                  std::move(entries));
  }

  const Evidence& evidence_;
  const Words& words_;
  const libcontainerd::Timing& timing_;
  Findings findings_;
  bool cleaning_ = false;
  const Entry* start_ = nullptr;
  std::unordered_set<std::uint32_t> proven_;                  // pids
  std::unordered_map<std::uint32_t, std::uint64_t> refused_;  // pid: the entry
  Failures failures_;
};

Judgement JudgeKill(const Evidence& evidence) {
  return KillJudge(evidence).Judge();
}

// Event streams that ended, and when the next one was opened.
class RetryJudge {
 public:
  explicit RetryJudge(const Evidence& evidence)
      : evidence_(evidence), words_(evidence.words()), timing_(evidence.options().timing) {}

  Judgement Judge() {
    for (const Entry& entry : evidence_.journal().entries()) Visit(entry);
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    if (words_.IsEngineGone(entry)) {
      end_ = begin_ = nullptr;
      pause_ = timing_.reconnect_first;
    }
    if (entry.kind == EntryKind::kEventDelivered && !entry.flag && begin_ != nullptr &&
        entry.number == begin_->number) {
      useful_ = true;
    }
    if (entry.what != words_.events_rpc || entry.flag) return;
    if (entry.kind == EntryKind::kRpcBegin) Opened(entry);
    if (entry.kind == EntryKind::kRpcEnd && begin_ != nullptr && entry.number == begin_->number) {
      end_ = &entry;
    }
  }

  void Opened(const Entry& rpc) {
    if (end_ != nullptr) {
      findings_.Observe();
      // A stream that brought something, or stood for a while, begins anew.
      const bool stood = end_->t - begin_->t >= evidence_.options().promptly;
      if (useful_ || stood) pause_ = timing_.reconnect_first;
      // Jitter may shorten a pause by a quarter.
      if (rpc.t - end_->t < pause_ * 3 / 4) {
        findings_.Add("the event stream was opened again " + MillisecondsText(rpc.t - end_->t) +
                          " after its end, expected a pause of " + MillisecondsText(pause_),
                      {end_->seq, rpc.seq});
      }
      pause_ = std::min(2 * pause_, timing_.reconnect_longest);
    }
    begin_ = &rpc;
    end_ = nullptr;
    useful_ = false;
  }

  const Evidence& evidence_;
  const Words& words_;
  const libcontainerd::Timing& timing_;
  Findings findings_;
  const Entry* begin_ = nullptr;  // the latest stream's
  const Entry* end_ = nullptr;
  bool useful_ = false;
  Duration pause_ = timing_.reconnect_first;
};

Judgement JudgeRetry(const Evidence& evidence) {
  return RetryJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kDaemonComesBack{
    "daemon-comes-back",
    "Until Close a stream of events that ended is opened again, health checks go on, and a daemon "
    "of ours, adopted or not, that ended or fails its health checks is ended and started again.",
    "without a second event stream or health check, or a daemon that ended",
    &JudgeComeback,
};

constinit const Guarantee kRetryIsBounded{
    "retry-is-bounded",
    "The event stream is opened again only after a pause, which doubles up to the longest while "
    "the "
    "streams bring nothing.",
    "without an event stream that was opened again",
    &JudgeRetry,
};

constinit const Guarantee kKillNeedsProof{
    "kill-needs-proof",
    "Only a process that is proven to be our daemon is sent a signal, and, but for Cleanup, only "
    "after so many failed health checks in a row, none counted right after its start; two starts "
    "are spaced.",
    "without a daemon that was started or sent a signal",
    &JudgeKill,
};

}  // namespace scenarios
