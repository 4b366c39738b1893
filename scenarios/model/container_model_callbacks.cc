// Each callback, compared with what had to follow.

#include <algorithm>
#include <utility>

#include "scenarios/made_up_exit_codes.h"
#include "scenarios/model/container_model.h"

namespace scenarios {

using libcontainerd::ContainerState;

namespace {

constexpr std::uint32_t kGoneUnheard = 255;

bool Same(ContainerState state, ModelName process, const ModelCallback& callback) {
  return state == callback.state &&
         (state != ContainerState::kExitProcess || process == callback.process);
}

}  // namespace

std::string StateWord(ContainerState state) {
  switch (state) {
    case ContainerState::kStart:
      return "start-container";
    case ContainerState::kPause:
      return "pause";
    case ContainerState::kResume:
      return "resume";
    case ContainerState::kExit:
      return "exit";
    case ContainerState::kRestore:
      return "restore";
    case ContainerState::kExitProcess:
      return "exit-process";
    case ContainerState::kOom:
      return "oom";
  }
  return "?";
}

void ContainerModel::CallbackBegun(std::uint64_t number, const ModelCallback& callback, Moment at) {
  compared_ = true;
  if (!running_.empty() && !closing_) {
    Blame(StateWord(callback.state) + " was called back while the callback of " +
              StateWord(running_.front().callback.state) + " was running",
          {running_.front().mark, at.mark});
  }
  running_.push_back({number, callback, at.mark, 0});
  if (!closing_) Match(callback, at);
}

void ContainerModel::Match(const ModelCallback& callback, Moment at) {
  if (callback.oom_killed && callback.state != ContainerState::kExit) {
    const bool exec = callback.state == ContainerState::kExitProcess;
    Blame(StateWord(callback.state) + " is flagged OOM-killed, which only an exit can be",
          {at.mark}, exec ? std::optional(callback.process) : std::nullopt);
  }
  switch (callback.state) {
    case ContainerState::kStart:
      return MatchStart(at);
    case ContainerState::kRestore:
      return MatchRestore(at);
    case ContainerState::kExit:
      return MatchExit(callback, at);
    default:
      break;
  }
  const bool exec = callback.state == ContainerState::kExitProcess;
  const auto process = exec ? std::optional(callback.process) : std::nullopt;
  const std::string what = StateWord(callback.state) + " was called back ";
  switch (phase_) {
    case Phase::kNone:
      return Blame(what + "though nothing was tracked", {last_exit_, at.mark}, process);
    case Phase::kCreating:
    case Phase::kRestoring:
      return Blame(what + "before its container was called back as running", {began_, at.mark},
                   process);
    case Phase::kEnding:
      return Blame(what + "after its container's exit", {exit_mark_, at.mark}, process);
    case Phase::kCondemned:
      return Blame(what + "though its container is only being got rid of", {began_, at.mark},
                   process);
    case Phase::kRunning:
      break;
  }
  if (exec) return MatchExecExit(callback, at);
  if (!TakeExpected(callback, at)) {
    Blame(what + "without a " + StateWord(callback.state) + " event of this life", {at.mark});
  }
}

void ContainerModel::MatchStart(Moment at) {
  if (phase_ != Phase::kCreating) {
    Blame(phase_ == Phase::kRunning
              ? "start-container was called back once more"
              : "start-container was called back though no create of it was under way",
          {start_mark_, at.mark});
    return;
  }
  if (!create_answered_ || create_answer_ == Answer::kRefused) {
    Blame(create_answered_ ? "start-container was called back though its create was refused"
                           : "start-container was called back before its create was answered",
          {began_, at.mark});
  }
  phase_ = Phase::kRunning;
  start_mark_ = at.mark;
}

void ContainerModel::MatchRestore(Moment at) {
  const bool live = std::ranges::any_of(restores_, &Call::live);
  if (phase_ != Phase::kRestoring || !live) {
    Blame("restore was called back though no live restore of it was under way", {began_, at.mark});
    if (phase_ != Phase::kRestoring) return;
  }
  phase_ = Phase::kRunning;
  start_mark_ = at.mark;
  std::erase_if(expected_, [](const Expected& each) {
    return each.state == ContainerState::kPause || each.state == ContainerState::kResume;
  });
  Expected pause;
  pause.state = ContainerState::kPause;
  pause.must = false;
  pause.loose = true;
  pause.mark = at.mark;
  if (paused_.value_or(false)) expected_.insert(expected_.begin(), pause);
}

void ContainerModel::MatchExit(const ModelCallback& callback, Moment at) {
  switch (phase_) {
    case Phase::kNone:
      return Blame("exit was called back though nothing was tracked", {last_exit_, at.mark});
    case Phase::kCreating:
      return Blame("exit was called back before its start-container", {began_, at.mark});
    case Phase::kEnding:
      return Blame("exit was called back once more", {exit_mark_, at.mark});
    case Phase::kCondemned:
      return Blame("exit was called back though its container had never been told of",
                   {began_, at.mark});
    case Phase::kRunning:
    case Phase::kRestoring:
      break;
  }
  CheckExitCode(callback, at);
  CheckOomFlag(callback, at);
  if (phase_ == Phase::kRunning) CheckOverdue(callback, at);
  may_live_ = phase_ == Phase::kRestoring && !exit_.known && callback.exit_code == kGoneUnheard;
  if (bundle_ != 0 && !options_.keeps_bundles && !may_live_) {
    Blame("its bundle was there when its exit was called back", {bundle_, at.mark});
  }
  phase_ = Phase::kEnding;
  exit_mark_ = at.mark;
  expected_.clear();
}

bool ContainerModel::MayEndUnheard(Moment) const {
  return phase_ == Phase::kRestoring || gone_permitted_;
}

void ContainerModel::CheckExitCode(const ModelCallback& callback, Moment at) {
  const std::string said = "exit " + std::to_string(callback.exit_code) + " was called back, ";
  const bool unheard = callback.exit_code == kGoneUnheard && MayEndUnheard(at);
  if (!exit_.known) {
    if (unheard) return;
    return Blame(said + (MayEndUnheard(at) ? "but no exit of init had been delivered: expected 255"
                                           : "but no exit of init had been delivered, and State "
                                             "had not called it unknown for long enough"),
                 {start_mark_, at.mark});
  }
  if (callback.exit_code == exit_.status) return;
  // What came in the same moment may have come too late.
  if (unheard && (!exit_.certain || exit_.certain_at == at.t)) return;
  Blame(said + "expected exit " + std::to_string(exit_.status), {exit_.at.mark, at.mark});
}

void ContainerModel::CheckOomFlag(const ModelCallback& callback, Moment at) {
  if (callback.oom_killed && !oom_.may) {
    Blame("exit is flagged OOM-killed, but no oom of this life had been delivered before it",
          {exit_.at.mark, at.mark});
  }
  const bool in_time = exit_.known || oom_.at < at.t;
  if (!callback.oom_killed && oom_.must && in_time) {
    Blame("exit is not flagged OOM-killed, but an oom of this life had been delivered before it",
          {oom_.mark, exit_.at.mark, at.mark});
  }
}

// What had to be called back before it.
void ContainerModel::CheckOverdue(const ModelCallback&, Moment at) {
  for (const Expected& each : expected_) {
    if (!each.must) continue;
    const bool exec = each.state == ContainerState::kExitProcess;
    Blame("exit was called back before the " + StateWord(each.state) + " that had to come first",
          {each.mark, at.mark}, exec ? std::optional(each.process) : std::nullopt);
  }
  for (const Exec& exec : execs_) {
    if (exec.state != Exec::State::kRunning) continue;
    if (FindExpected(ContainerState::kExitProcess, exec.name) != nullptr) continue;
    Blame("exit of its container was called back without its exit-process before it",
          {exec.added, at.mark}, exec.name);
  }
}

void ContainerModel::MatchExecExit(const ModelCallback& callback, Moment at) {
  Exec& exec = ExecOf(callback.process);
  const std::string code = std::to_string(callback.exit_code);
  if (exec.fifos != 0) {
    Blame("its FIFOs were there when its exit-process was called back", {exec.fifos, at.mark},
          exec.name);
  }
  if (exec.state == Exec::State::kStarting && !exec.attached) {
    Blame("exit-process was called back before its attach had ended", {at.mark}, exec.name);
  }
  if (!TakeExpected(callback, at)) {
    const bool ends = exit_.known || MayEndUnheard(at);
    const bool may_run = exec.state == Exec::State::kRunning ||
                         exec.state == Exec::State::kStarting ||
                         (restored_ && exec.state == Exec::State::kUnknown);
    if (!ends || !may_run || callback.exit_code != kKilledWithInit) {
      Blame("exit-process " + code + " was called back, which nothing accounts for",
            {exec.called_back, at.mark}, exec.name);
    }
  }
  exec.called_back = at.mark;
  if (exec.state != Exec::State::kUnknown) exec.state = Exec::State::kExited;
}

// Takes the first that fits, and what may be missing before it. False: there is none.
bool ContainerModel::TakeExpected(const ModelCallback& callback, Moment at) {
  const auto fits = [&](const Expected& each) { return Same(each.state, each.process, callback); };
  const auto found = std::ranges::find_if(expected_, fits);
  if (found == expected_.end()) return false;
  const bool exec = callback.state == ContainerState::kExitProcess;
  const auto process = exec ? std::optional(callback.process) : std::nullopt;
  if (!found->loose) {
    const auto passed = std::find_if(expected_.begin(), found,
                                     [](const Expected& each) { return each.must && !each.loose; });
    if (passed != found) {
      Blame(StateWord(callback.state) + " was called back before the " + StateWord(passed->state) +
                " whose event had been delivered first",
            {passed->mark, found->mark, at.mark}, process);
    }
  }
  if (exec) {
    const bool killed = found->or_killed && callback.exit_code == kKilledWithInit;
    if (callback.exit_code != found->code && !killed) {
      // Of several exits of one name another may be meant.
      const auto other = std::find_if(std::next(found), expected_.end(), [&](const Expected& each) {
        return fits(each) && each.code == callback.exit_code;
      });
      if (other != expected_.end() && !found->must) {
        expected_.erase(other);
        return true;
      }
      Blame("exit-process " + std::to_string(callback.exit_code) + " was called back, expected " +
                std::to_string(found->code),
            {found->mark, at.mark}, process);
    } else if (at.t < found->not_before) {
      Blame("exit-process 137 was called back before the time for its own status had passed",
            {found->mark, at.mark}, process);
    }
  }
  std::uint64_t event = found->mark;
  if (!found->must) {
    // If that one was to be missing, it is the next one of its like which was called back.
    const auto next = std::find_if(std::next(found), expected_.end(), [&](const Expected& each) {
      return fits(each) && each.must && (!exec || each.code == callback.exit_code);
    });
    if (next != expected_.end()) {
      event = next->mark;
      next->must = false;
      next->loose = true;
    }
  }
  if (!running_.empty()) running_.back().event = event;
  expected_.erase(found);
  return true;
}

void ContainerModel::CallbackEnded(std::uint64_t number, bool failed, Moment at) {
  const auto found = std::ranges::find(running_, number, &Running::number);
  if (found == running_.end()) return;
  const ModelCallback callback = found->callback;
  const std::uint64_t event = found->event;
  running_.erase(found);
  if (closing_) return;
  switch (callback.state) {
    case ContainerState::kStart:
      if (phase_ != Phase::kRunning) return;
      start_ended_well_ = !failed;
      if (failed) {
        phase_ = Phase::kCondemned;
        condemned_at_ = at.t;
        expected_.clear();
      } else {
        good_start_ = at.mark;
      }
      return;
    case ContainerState::kRestore:
      if (phase_ != Phase::kRunning) return;
      start_ended_well_ = !failed;
      if (failed) Forget();
      return;
    case ContainerState::kPause:
    case ContainerState::kResume:
      ended_.push_back({callback.state, event, at.mark});
      return;
    case ContainerState::kExitProcess: {
      Exec& exec = ExecOf(callback.process);
      if (exec.state == Exec::State::kExited) exec.state = Exec::State::kDone;
      return;
    }
    case ContainerState::kExit: {
      if (phase_ != Phase::kEnding) return;
      const bool may_live = may_live_;
      Forget();
      last_exit_ = at.mark;
      last_exit_at_ = at.t;
      if (may_live) phase_ = Phase::kCondemned;
      bundle_must_go_ = !may_live;
      return;
    }
    case ContainerState::kOom:
      return;
  }
}

}  // namespace scenarios
