// The calls, and what is seen around the client.
#include "scenarios/model/container_model.h"

#include <algorithm>
#include <utility>

namespace scenarios {

using libcontainerd::ContainerState;
using libcontainerd::ErrorCode;

Answer AnswerOf(bool failed, ErrorCode code) {
  if (!failed && code == ErrorCode::kOk) return Answer::kGood;
  const bool unknown = code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded ||
                       code == ErrorCode::kCancelled;
  return unknown ? Answer::kUnknown : Answer::kRefused;
}

void ContainerModel::Begin(Phase phase, Moment at) {
  Forget();
  phase_ = phase;
  began_ = at.mark;
  restored_ = phase == Phase::kRestoring;
  bundle_must_go_ = false;
}

void ContainerModel::Forget() {
  phase_ = Phase::kNone;
  restored_ = false;
  gone_permitted_ = false;
  missing_since_.reset();
  create_answer_ = Answer::kUnknown;
  create_answered_ = false;
  start_ended_well_ = false;
  start_mark_ = 0;
  exit_ = Exit();
  exit_mark_ = 0;
  may_live_ = false;
  oom_ = Oom();
  paused_.reset();
  expected_.clear();
  std::erase_if(execs_, [](Exec& exec) {
    exec.state = Exec::State::kUnknown;
    exec.called_back = 0;
    return exec.fifos == 0;
  });
}

void ContainerModel::EngineGone() {
  Forget();
  init_attached_ = false;
  closing_ = false;
  bundle_must_go_ = false;
  running_.clear();
  ended_.clear();
  good_start_ = last_exit_ = 0;
  last_exit_at_.reset();
  creates_.clear();
  adds_.clear();
  changes_.clear();
  restores_.clear();
  seen_.clear();
  unclaimed_.clear();
}

void ContainerModel::CreateBegun(std::uint64_t call, Moment at) {
  Call& create = creates_.emplace_back();
  create.number = call;
  create.mark = at.mark;
  // In the moment in which an exit callback ends the client may not know yet that it has.
  const bool just_ended = last_exit_at_ == at.t;
  if (creates_.size() == 1) init_attached_ = false;
  create.free = phase_ == Phase::kNone && !just_ended && creates_.size() == 1 && restores_.empty();
}

void ContainerModel::CreateSent(Moment at) {
  ended_in_world_.reset();
  if (closing_) return;
  for (Call& each : creates_) each.free = false;
  if (phase_ != Phase::kNone && phase_ != Phase::kCondemned) {
    return Blame("CreateContainer was sent although a container of that id is tracked",
                 {began_, at.mark});
  }
  Begin(Phase::kCreating, at);
  if (!std::exchange(init_attached_, false))
    Blame("CreateContainer was sent before the attach of init had ended", {at.mark});
  unclaimed_.clear();  // what came before was another's
}

void ContainerModel::CreateAnswered(Answer answer, Moment) {
  if (phase_ != Phase::kCreating) return;
  create_answered_ = true;
  create_answer_ = answer;
}

bool ContainerModel::SomebodyElseCreates(std::uint64_t call) const {
  return std::ranges::any_of(creates_, [call](const Call& c) { return c.number != call; });
}

void ContainerModel::CreateReturned(std::uint64_t number, ErrorCode code, Moment at) {
  const auto call = TakeCall(creates_, number);
  if (!call || closing_) return;
  const bool started = good_start_ > call->mark;
  if (code == ErrorCode::kOk) {
    if (!started) {
      Blame("create succeeded without a start-container callback that had ended well",
            {call->mark, at.mark});
    }
    good_start_ = 0;
    return;
  }
  if (call->free && code == ErrorCode::kAlreadyExists && phase_ == Phase::kNone) {
    Blame("create was refused as already active, but nothing was tracked", {call->mark, at.mark});
  }
  // Both the client and the daemon may say so.
  const bool refused =
      phase_ == Phase::kCreating && create_answered_ && create_answer_ == Answer::kRefused;
  if (code == ErrorCode::kAlreadyExists && SomebodyElseCreates(number) && !refused) return;
  const bool own = !creates_.empty() ? began_ > call->mark && phase_ == Phase::kCreating : true;
  if (!own || began_ < call->mark) return;
  if (started && good_start_ > began_) {
    Blame("create failed although its start-container callback had ended well",
          {good_start_, at.mark});
  } else if (phase_ == Phase::kCreating) {
    Forget();
    phase_ = refused ? Phase::kNone : Phase::kCondemned;
    bundle_must_go_ = true;
  }
}

void ContainerModel::AddBegun(std::uint64_t call, ModelName name, Moment at) {
  Call& add = adds_.emplace_back();
  add.number = call;
  add.mark = at.mark;
  add.name = name;
}

void ContainerModel::AddSent(ModelName name, Moment at) {
  if (closing_) return;
  Exec& exec = ExecOf(name);
  if (name == options_.init) Blame("AddProcess was sent with the name of init", {at.mark});
  if (exec.state == Exec::State::kStarting || exec.state == Exec::State::kRunning ||
      exec.state == Exec::State::kExited) {
    Blame("AddProcess was sent although the exit of the name's last bearer has not been told",
          {exec.added, at.mark}, name);
  }
  // One that was sent before may be there yet, of an earlier life, and one that will be refused
  // because it waits for a container that is over.
  const auto call = std::ranges::find_if(adds_, [&](const Call& each) {
    return each.name == name && !each.sent && each.mark > last_exit_;
  });
  if (call != adds_.end()) call->sent = true;
  exec.call = call == adds_.end() ? 0 : call->number;
  // What might still have been told of the name's last bearer is not any more.
  std::erase_if(expected_, [name](const Expected& each) {
    return each.state == ContainerState::kExitProcess && each.process == name && !each.must;
  });
  exec.state = Exec::State::kStarting;
  exec.answered = false;
  exec.attached = false;
  exec.called_back = 0;
  exec.added = 0;
}

void ContainerModel::AddAnswered(ModelName name, Answer answer, Moment) {
  Exec& exec = ExecOf(name);
  exec.answered = true;
  exec.answer = answer;
}

void ContainerModel::AddReturned(std::uint64_t number, ModelName name, ErrorCode code, Moment at) {
  const auto call = TakeCall(adds_, number);
  if (!call || closing_) return;
  Exec& exec = ExecOf(name);
  const bool own = exec.call == number;
  if (code == ErrorCode::kOk) {
    if (exec.called_back > call->mark) {
      exec.added = at.mark;
      return;
    }
    if (phase_ != Phase::kRunning) {
      // In the moment in which the engine refused the container it may have been over already.
      if (phase_ == Phase::kCondemned && condemned_at_ == at.t) return;
      return Blame("add-process succeeded, but its container was not running any more",
                   {last_exit_, exit_mark_, at.mark}, name);
    }
    if (!own || !exec.answered || exec.answer != Answer::kGood || !exec.attached) {
      Blame("add-process succeeded without a good answer and attach of its own",
            {call->mark, at.mark}, name);
    }
    exec.added = at.mark;
    Expected* expected = FindExpected(ContainerState::kExitProcess, name);
    if (expected != nullptr) expected->must = true;
    const bool exited = expected != nullptr && expected->mark != exit_.at.mark;
    exec.state = exited ? Exec::State::kExited : Exec::State::kRunning;
    return;
  }
  if (own && exec.state != Exec::State::kUnknown && call->mark != 0) {
    if (exec.called_back > call->mark) {
      Blame("exit-process was called back though its add-process failed",
            {exec.called_back, at.mark}, name);
    }
    const bool may_run = !exec.answered || exec.answer != Answer::kRefused;
    const Expected* held = FindExpected(ContainerState::kExitProcess, name);
    const bool heard = held != nullptr && held->mark != exit_.at.mark;
    std::erase_if(expected_, [name](const Expected& each) {
      return each.state == ContainerState::kExitProcess && each.process == name;
    });
    exec.state = may_run && !heard ? Exec::State::kAbsorbing : Exec::State::kUnknown;
    exec.call = 0;
  }
  const bool idle = std::ranges::find(adds_, name, &Call::name) == adds_.end();
  const bool bears = exec.state == Exec::State::kStarting || exec.state == Exec::State::kRunning ||
                     exec.state == Exec::State::kExited;
  // Those of before the call are somebody else's.
  if (idle && !bears && exec.fifos > call->mark && phase_ == Phase::kRunning && running_.empty()) {
    Blame("add-process failed, but left FIFOs", {exec.fifos, at.mark}, name);
  }
}

void ContainerModel::ChangeBegun(std::uint64_t call, ContainerState state, Moment at) {
  Call& change = changes_.emplace_back();
  change.number = call;
  change.mark = at.mark;
  change.state = state;
}

void ContainerModel::ChangeReturned(std::uint64_t number, ErrorCode code, Moment at) {
  const auto call = TakeCall(changes_, number);
  if (!call || closing_ || code != ErrorCode::kOk) return;
  const auto released = std::ranges::find_if(ended_, [&](const EndedCallback& each) {
    return each.state == call->state && each.mark > call->mark && each.event > call->mark;
  });
  if (released != ended_.end()) {
    ended_.erase(released);
    return;
  }
  const std::string word = StateWord(call->state);
  Blame(word + " succeeded without a " + word +
            " callback, of an event since its begin, that had ended",
        {call->mark, at.mark});
}

void ContainerModel::RestoreBegun(std::uint64_t call, bool live, Moment at) {
  Call& restore = restores_.emplace_back();
  restore.number = call;
  restore.mark = at.mark;
  restore.live = live;
  restore.must_fail = phase_ != Phase::kNone && phase_ != Phase::kCondemned;
  restore.condemned = phase_ == Phase::kCondemned;
  if (restore.must_fail || closing_) return;
  Begin(Phase::kRestoring, at);
  for (const auto& [event, when] : std::exchange(unclaimed_, {})) {
    ApplyRestoring(event, /*certain=*/false, 0, when);
    seen_.erase({event.type, event.type == ModelEventType::kExit ? event.process : options_.init,
                 event.stamp});
  }
}

void ContainerModel::RestoreReturned(std::uint64_t number, ErrorCode code, Moment at) {
  const auto call = TakeCall(restores_, number);
  if (!call || closing_) return;
  const bool exited = last_exit_ > call->mark;
  if (code == ErrorCode::kOk) {
    if (call->must_fail && !exited) {
      Blame("restore succeeded although its container was tracked", {call->mark, at.mark});
    } else if (!exited && !(call->live && start_ended_well_ && start_mark_ > call->mark)) {
      Blame(call->live ? "restore succeeded, but nothing had been called back"
                       : "restore without live-restore succeeded before its exit callback ended",
            {call->mark, at.mark});
    }
    return;
  }
  if (call->must_fail || exited || phase_ == Phase::kEnding) return;
  if (code == ErrorCode::kAlreadyExists && !restores_.empty()) return;
  Forget();  // it runs on, if it does, and nobody hears of it
  if (code == ErrorCode::kAlreadyExists && call->condemned) phase_ = Phase::kCondemned;
}

void ContainerModel::AttachEnded(ModelName process, bool failed, Moment) {
  if (process == options_.init) {
    init_attached_ = !failed;
  } else {
    ExecOf(process).attached = !failed;
  }
}

void ContainerModel::StateAnswered(StateSays says, Moment at) {
  if (says == StateSays::kKnown) missing_since_.reset();
  if (says == StateSays::kKnown && phase_ == Phase::kRestoring) exit_.denied = true;
  if (says != StateSays::kNotFound || phase_ != Phase::kRunning) return;
  if (!missing_since_) missing_since_ = at.t;
  if (at.t - *missing_since_ >= options_.gone_grace) gone_permitted_ = true;
}

void ContainerModel::BundleMade(Moment at) {
  bundle_ = at.mark;
  bundle_must_go_ = false;
}

void ContainerModel::BundleRemoved() {
  bundle_ = 0;
  AllFifosRemoved();
}

void ContainerModel::FifosMade(ModelName process, Moment at) {
  if (process != options_.init) ExecOf(process).fifos = at.mark;
}

void ContainerModel::FifosRemoved(ModelName process) {
  if (process != options_.init) ExecOf(process).fifos = 0;
}

void ContainerModel::AllFifosRemoved() {
  for (Exec& exec : execs_) exec.fifos = 0;
}

std::optional<bool> ContainerModel::Tracked() const {
  if (!creates_.empty() || !restores_.empty()) return std::nullopt;
  if (phase_ == Phase::kNone) return false;
  const bool runs = phase_ == Phase::kRunning && !exit_.known && !gone_permitted_;
  return runs ? std::optional(true) : std::nullopt;
}

void ContainerModel::Rest(std::optional<bool> tracked, Moment at) {
  if (closing_) return;
  if (tracked && Tracked() && *tracked != *Tracked()) {
    Blame(*tracked ? "it is tracked, but nothing of it is left" : "it is not tracked, but runs",
          {began_, last_exit_});
  }
  if (bundle_ != 0 && bundle_must_go_ && !options_.keeps_bundles && phase_ == Phase::kNone) {
    Blame("its bundle was never removed", {bundle_});
  }
  if (phase_ != Phase::kRunning || !start_ended_well_ || !running_.empty()) return;
  for (const Expected& each : expected_) {
    if (!each.must || at.t < each.not_before) continue;
    const bool exec = each.state == ContainerState::kExitProcess;
    Blame(StateWord(each.state) + " was never called back", {each.mark},
          exec ? std::optional(each.process) : std::nullopt);
  }
  if (ExitSurelyKnown()) {
    if (at.t > exit_.at.t + options_.exec_exit_grace) {
      Blame("exit was never called back", {exit_.at.mark});
    }
  } else if (ended_in_world_) {
    Blame("its init has ended, but its exit was never called back", {ended_in_world_->mark});
  }
}

std::vector<ModelDifference> ContainerModel::Take() {
  return std::exchange(differences_, {});
}

ContainerModel::Exec* ContainerModel::FindExec(ModelName name) {
  const auto found = std::ranges::find(execs_, name, &Exec::name);
  return found == execs_.end() ? nullptr : &*found;
}

ContainerModel::Exec& ContainerModel::ExecOf(ModelName name) {
  if (Exec* exec = FindExec(name)) return *exec;
  Exec& exec = execs_.emplace_back();
  exec.name = name;
  return exec;
}

ContainerModel::Expected* ContainerModel::FindExpected(ContainerState state, ModelName process) {
  const auto found = std::ranges::find_if(expected_, [&](const Expected& each) {
    return each.state == state && each.process == process;
  });
  return found == expected_.end() ? nullptr : &*found;
}

std::optional<ContainerModel::Call> ContainerModel::TakeCall(std::vector<Call>& calls,
                                                             std::uint64_t number) {
  const auto found = std::ranges::find(calls, number, &Call::number);
  if (found == calls.end()) return std::nullopt;
  const Call call = *found;
  calls.erase(found);
  return call;
}

void ContainerModel::Blame(std::string what, std::vector<std::uint64_t> marks,
                           std::optional<ModelName> process) {
  std::erase(marks, 0);
  std::ranges::sort(marks);
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
  differences_.push_back({std::move(what), process, std::move(marks)});
}

}  // namespace scenarios
