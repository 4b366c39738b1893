// What is delivered, and what must follow from it.

#include <algorithm>
#include <utility>

#include "scenarios/made_up_exit_codes.h"
#include "scenarios/model/container_model.h"

namespace scenarios {

using libcontainerd::ContainerState;

namespace {

ContainerState StateOf(ModelEventType type) {
  switch (type) {
    case ModelEventType::kPause:
      return ContainerState::kPause;
    case ModelEventType::kResume:
      return ContainerState::kResume;
    case ModelEventType::kOom:
      return ContainerState::kOom;
    case ModelEventType::kExit:
      break;
  }
  return ContainerState::kExit;
}

}  // namespace

void ContainerModel::Delivered(const ModelEvent& event, EventLife life, std::uint64_t read,
                               Moment at) {
  const Identity identity{
      event.type, event.type == ModelEventType::kExit ? event.process : options_.init, event.stamp};
  const bool certain = read == 0 && life == EventLife::kPresent;
  // A restore asks for what was told before, too.
  const bool repeated = event.stamped && !seen_.insert(identity).second;
  if (repeated && phase_ != Phase::kRestoring) {
    if (certain) Confirm(event, at);
    return;
  }
  if (life == EventLife::kEarlier || closing_) return;
  if (life == EventLife::kUnclear) read = 0;  // nor is it owed when the reading has ended
  switch (phase_) {
    case Phase::kNone:
      unclaimed_.emplace_back(event, at);
      return;
    case Phase::kCreating:
    case Phase::kRunning:
      return Apply(event, certain, read, at);
    case Phase::kRestoring:
      return ApplyRestoring(event, certain, read, at);
    case Phase::kCondemned:  // what follows a create that is under way may be the next one's
      if (!creates_.empty()) unclaimed_.emplace_back(event, at);
      return;
    case Phase::kEnding:
      return;
  }
}

// What was found in the stored log, or before a restore, has been delivered once more.
void ContainerModel::Confirm(const ModelEvent& event, Moment at) {
  if (event.type == ModelEventType::kExit && event.process == options_.init) {
    if (exit_.known && !exit_.certain && exit_.status == event.status) {
      exit_.certain = true;
      exit_.certain_at = at.t;
    }
    return;
  }
  if (event.type == ModelEventType::kOom && oom_.may && !exit_.known) oom_.must = true;
  const bool exec = event.type == ModelEventType::kExit;
  const ContainerState state = exec ? ContainerState::kExitProcess : StateOf(event.type);
  for (Expected& each : expected_) {
    if (each.state == state && each.read != 0 && (!exec || each.process == event.process)) {
      each.must = true;
    }
  }
}

void ContainerModel::Apply(const ModelEvent& event, bool certain, std::uint64_t read, Moment at) {
  if (event.type != ModelEventType::kExit) {
    ApplyState(event, certain, read, at);
  } else if (event.process == options_.init) {
    ApplyInitExit(event, certain, read, at);
  } else {
    ApplyExecExit(event, certain, read, at);
  }
}

void ContainerModel::ApplyState(const ModelEvent& event, bool certain, std::uint64_t read,
                                Moment at) {
  if (ExitSurelyKnown()) return;
  if (exit_.known) certain = false;  // it may have been too late
  if (event.type == ModelEventType::kOom) {
    if (exit_.known && exit_.read != 0 && exit_.read == read) return;  // the log has it behind it
    ApplyOom(event, certain, read, at);
  }
  Expected& expected = expected_.emplace_back();
  expected.state = StateOf(event.type);
  expected.must = certain;
  expected.loose = !certain;
  expected.read = exit_.known ? 0 : read;
  expected.mark = at.mark;
}

void ContainerModel::ApplyOom(const ModelEvent& event, bool certain, std::uint64_t read,
                              Moment at) {
  oom_.may = true;
  if (!oom_.must) {
    oom_.must = certain;
    oom_.at = at.t;
    oom_.mark = at.mark;
    oom_.stamp = event.stamp;
    oom_.read = read;
  }
}

void ContainerModel::ApplyInitExit(const ModelEvent& event, bool certain, std::uint64_t read,
                                   Moment at) {
  if (exit_.known && (exit_.certain || !certain)) return;
  // Execs that the exit before it was to end are this one's now.
  if (exit_.known) {
    std::erase_if(expected_, [this](const Expected& each) {
      return each.state == ContainerState::kExitProcess && each.mark == exit_.at.mark;
    });
  }
  exit_ = Exit{.known = true, .certain = certain, .status = event.status, .read = read, .at = at};
  exit_.certain_at = at.t;
  ExpectExecs(certain, read, at);
}

// Each of them is called back before the exit, killed with it unless it says otherwise in time.
void ContainerModel::ExpectExecs(bool certain, std::uint64_t read, Moment exit) {
  for (const Exec& exec : execs_) {
    const bool running = exec.state == Exec::State::kRunning;
    const bool starting = exec.state == Exec::State::kStarting;
    if (!running && !starting) continue;
    if (FindExpected(ContainerState::kExitProcess, exec.name) != nullptr) continue;
    Expected& expected = expected_.emplace_back();
    expected.state = ContainerState::kExitProcess;
    expected.process = exec.name;
    expected.code = kKilledWithInit;
    expected.must = certain && running;
    expected.loose = true;
    expected.read = running ? read : 0;
    expected.mark = exit.mark;
    if (!options_.stepped_clock) expected.not_before = exit.t + options_.exec_exit_grace;
  }
}

void ContainerModel::ApplyExecExit(const ModelEvent& event, bool certain, std::uint64_t read,
                                   Moment at) {
  if (exit_.known) return ApplyLateExecExit(event, certain, at);
  Exec& exec = ExecOf(event.process);
  Expected expected;
  expected.state = ContainerState::kExitProcess;
  expected.process = event.process;
  expected.code = event.status;
  expected.must = certain;
  expected.loose = !certain;
  expected.read = read;
  expected.mark = at.mark;
  switch (exec.state) {
    case Exec::State::kStarting:  // waits for its add-process, and is nobody's if that fails
      if (FindExpected(ContainerState::kExitProcess, event.process) != nullptr) return;
      expected.must = false;
      expected.loose = true;
      expected.read = 0;
      break;
    case Exec::State::kRunning:
      exec.state = Exec::State::kExited;
      break;
    case Exec::State::kAbsorbing:
      exec.state = Exec::State::kUnknown;
      return;
    case Exec::State::kExited:  // a second exit of one process: told once, whatever comes
    case Exec::State::kDone:
      expected.must = false;
      expected.loose = true;
      expected.read = 0;
      break;
    case Exec::State::kUnknown:  // somebody else's; its name is busy, too, until it is told
      if (certain) exec.state = Exec::State::kExited;
      break;
  }
  expected_.push_back(expected);
}

// Behind init's exit.
void ContainerModel::ApplyLateExecExit(const ModelEvent& event, bool certain, Moment at) {
  Exec& exec = ExecOf(event.process);
  // It may have been gone before it was to be killed, and this one is somebody else's.
  if (exec.state == Exec::State::kAbsorbing) exec.state = Exec::State::kUnknown;
  const auto waited = at.t - exit_.at.t;
  Expected* expected = FindExpected(ContainerState::kExitProcess, event.process);
  const bool awaited = exec.state == Exec::State::kRunning || exec.state == Exec::State::kStarting;
  if (!awaited || expected == nullptr) {
    expected = &expected_.emplace_back();
    expected->state = ContainerState::kExitProcess;
    expected->process = event.process;
    expected->must = false;
    expected->loose = true;
    expected->code = event.status;
    expected->mark = at.mark;
    return;
  }
  if (expected->mark != exit_.at.mark) return;  // its exit is known already
  const bool loose = options_.stepped_clock || !certain || !exit_.certain;
  if (waited > options_.exec_exit_grace && !loose) return;
  expected->code = event.status;
  expected->or_killed = loose || waited == options_.exec_exit_grace;
  expected->not_before = libcontainerd::Duration(0);
  expected->mark = at.mark;
}

// Which of it a restore makes use of, and in which order it tells, is not laid down; what it must
// not get wrong is the end.
void ContainerModel::ApplyRestoring(const ModelEvent& event, bool certain, std::uint64_t read,
                                    Moment at) {
  if (event.type == ModelEventType::kExit && event.process == options_.init) {
    // The log's own counts for more than one whose life is unclear, and of these the last.
    const bool same_read = read != 0 && exit_.read == read;
    const bool surer = certain || same_read || (read != 0 && (exit_.read == 0 || exit_.denied));
    if (!exit_.known || ((!exit_.certain || exit_.denied) && surer)) {
      if (same_read) DoubtOom();  // it came before the exit that this one replaces
      exit_ =
          Exit{.known = true, .certain = certain, .status = event.status, .read = read, .at = at};
      exit_.certain_at = at.t;
    }
    // The stream may have brought an oom sooner than the log an exit from before it.
    if (event.stamped && event.stamp < oom_.stamp) oom_.must = false;
    return;
  }
  if (event.type == ModelEventType::kOom) {
    if (exit_.known && exit_.read == read && read != 0 && !exit_.certain) return;
    // The log may bring what came before an exit that the stream has brought already.
    const bool late = ExitSurelyKnown();
    if (late && read == 0) return;
    ApplyOom(event, certain && !late, late ? 0 : read, at);
  }
  const bool pause = event.type == ModelEventType::kPause;
  if (pause || event.type == ModelEventType::kResume) paused_ = pause;
  const bool exec = event.type == ModelEventType::kExit;
  Expected& expected = expected_.emplace_back();
  expected.state = exec ? ContainerState::kExitProcess : StateOf(event.type);
  expected.process = exec ? event.process : 0;
  expected.code = exec ? event.status : 0;
  expected.must = false;
  expected.loose = true;
  expected.mark = at.mark;
}

void ContainerModel::InitStarted() {
  ended_in_world_.reset();
  // By the create of an engine that is gone: a restore may have read of the life before.
  if (phase_ != Phase::kRestoring) return;
  exit_.certain = false;
  exit_.read = 0;
  DoubtOom();
}

void ContainerModel::DoubtOom() {
  oom_.must = false;
  oom_.read = 0;
}

void ContainerModel::ReadEnded(std::uint64_t read, bool well, Moment at) {
  if (read == 0 || !well) return;
  for (Expected& each : expected_) {
    if (each.read == read) each.must = true;
  }
  const bool before_exit = !exit_.known || (exit_.read == read && !exit_.certain);
  if (oom_.read == read && oom_.may && before_exit) {
    oom_.must = true;
    oom_.at = at.t;
  }
  if (exit_.known && exit_.read == read && !exit_.certain) {
    exit_.certain = true;
    exit_.certain_at = at.t;
  }
}

}  // namespace scenarios
