#include "scenarios/runner/perform.h"

#include <chrono>
#include <utility>

#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/go_duration.h"
#include "libcontainerd/time_text.h"
#include "scenarios/runner/values.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Status;

namespace {

Awaitable<Status> WriteAll(std::shared_ptr<Engine::Stream> stream, std::string data) {
  Status written = co_await stream->in->Write(std::move(data));
  co_return written;
}

Awaitable<Status> CloseStream(std::shared_ptr<Engine::Stream> stream) {
  Status closed = co_await stream->in->Close();
  co_return closed;
}

std::string Repeated(const std::string& text, std::uint32_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::uint32_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

void Performer::Visitor::Require(const std::string& what, const Status& status) {
  if (!status) Stop(what + ": " + status.error().message);
}

void Performer::Visitor::InWorld(const std::string& what, const std::string& id,
                                 const std::string& process,
                                 const std::function<bool(fake_containerd::World&)>& step) {
  bool done = false;
  stage_.Do([&] { done = step(stage_.world()); });
  if (!done) Stop(what + " " + id + "/" + process + ": it does not run");
}

// --- The engine

void Performer::Visitor::operator()(const action::StopEngine& stop) {
  if (!stage_.StopEngine(stop.crash)) Stop("stop-engine: the client did not close");
}

void Performer::Visitor::operator()(const action::StartEngine&) {
  if (stage_.client() != nullptr) return Stop("start-engine: it runs");
  Require("start-engine", stage_.StartEngine());
}

void Performer::Visitor::operator()(const action::Close&) {
  if (stage_.client() == nullptr) return Stop("close: the engine is stopped");
  if (!stage_.CloseClient()) Stop("close: the client did not close");
}

void Performer::Visitor::operator()(const action::WriteStdin& write) {
  std::shared_ptr<Engine::Stream> stream;
  stage_.Do([&] { stream = stage_.engine().stream(write.id, write.process); });
  const std::string name = "write-stdin " + write.id + "/" + write.process;
  if (stream == nullptr) return Stop(name + ": it was never attached");
  action::CallTerms terms;
  terms.wait = write.wait;
  if (!write.wait) terms.returns = action::kAnyResult;
  performer_.Begun(terms, name, stage_.BeginQuiet([&] {
    return WriteAll(stream, Repeated(write.text, write.times));
  }));
}

void Performer::Visitor::operator()(const action::CloseStdin& close) {
  std::shared_ptr<Engine::Stream> stream;
  stage_.Do([&] { stream = stage_.engine().stream(close.id, close.process); });
  const std::string name = "close-stdin " + close.id + "/" + close.process;
  if (stream == nullptr) return Stop(name + ": it was never attached");
  performer_.Begun({}, name, stage_.BeginQuiet([&] { return CloseStream(stream); }));
}

void Performer::Visitor::operator()(const action::CloseStdinAtAttach& close) {
  stage_.Do([&] { stage_.engine().closes_stdin_at_attach = close.on; });
}

void Performer::Visitor::operator()(const action::Fail& fail) {
  const auto error = ParseErrorText(fail.error);
  if (!error) return Stop("fail " + fail.point + ": " + error.error().message);
  stage_.Do([&] {
    if (!IsEnginePoint(fail.point)) {
      stage_.failures().Set(fail.point, {*error, fail.times});
      return;
    }
    const std::string name = CallbackName(fail.point);
    stage_.engine().failing[name] = *error;
    if (fail.times > 0) {
      stage_.engine().failing_times[name] = fail.times;
    } else {
      stage_.engine().failing_times.erase(name);
    }
  });
}

void Performer::Visitor::operator()(const action::ReplaceCursor& replace) {
  stage_.Do([&] {
    stage_.cursor() = libcontainerd::MemoryCursorStore(replace.text);
    stage_.recorder().Note(kCursorReplacedNote);
  });
}

// --- Processes and daemon

void Performer::Visitor::operator()(const action::Behave& behave) {
  auto behaviour = fake_containerd::ParseBehaviour(std::string_view(behave.behaviour));
  if (!behaviour) return Stop("behave " + behave.id + ": " + behaviour.error().message);
  stage_.behaviours().Set(behave.id, behave.process, std::move(*behaviour));
}

void Performer::Visitor::operator()(const action::Exit& exit) {
  InWorld("exit", exit.id, exit.process, [&](fake_containerd::World& world) {
    return world.ExitProcess({.id = exit.id}, exit.process, exit.code);
  });
}

void Performer::Visitor::operator()(const action::Kill& kill) {
  InWorld("kill", kill.id, kill.process, [&](fake_containerd::World& world) {
    return world.KillProcess({.id = kill.id}, kill.process, kill.signal);
  });
}

void Performer::Visitor::operator()(const action::Oom& oom) {
  InWorld("oom", oom.id, "init",
          [&](fake_containerd::World& world) { return world.Oom({.id = oom.id}); });
}

void Performer::Visitor::operator()(const action::OomKill& kill) {
  InWorld("oom-kill", kill.id, kill.process, [&](fake_containerd::World& world) {
    return world.OomKill({.id = kill.id}, kill.process);
  });
}

void Performer::Visitor::operator()(const action::KillShim& kill) {
  InWorld("kill-shim", kill.id, kill.process, [&](fake_containerd::World& world) {
    return world.KillShim({.id = kill.id}, kill.process);
  });
}

void Performer::Visitor::operator()(const action::Write& write) {
  const auto stream = write.stream == "stderr" ? fake_containerd::OutputStream::kStderr
                                               : fake_containerd::OutputStream::kStdout;
  InWorld("write", write.id, write.process, [&](fake_containerd::World& world) {
    return world.WriteOutput({.id = write.id}, write.process, stream, write.text);
  });
}

void Performer::Visitor::operator()(const action::Cue& cue) {
  InWorld("cue", cue.id, cue.process, [&](fake_containerd::World& world) {
    return world.GiveCue({.id = cue.id}, cue.process, cue.name);
  });
}

// Nothing: not a time. Zero: now.
std::optional<fake_containerd::WallTime> Performer::Visitor::TimeOf(const action::Emit& emit) {
  if (emit.timestamp.empty()) return fake_containerd::WallTime{};
  // The same for all events of a moment, though no two readings of a simulated clock are.
  if (const auto offset = fake_containerd::ParseGoDuration(emit.timestamp))
    return std::chrono::ceil<std::chrono::microseconds>(stage_.runtime().WallNow()) + *offset;
  return libcontainerd::ParseTime(emit.timestamp);
}

void Performer::Visitor::operator()(const action::Emit& emit) {
  const auto kind = fake_containerd::EventKindFromName(emit.type);
  std::optional<fake_containerd::WallTime> time;
  stage_.Do([&] {
    fake_containerd::Event event;
    event.status = emit.status;
    if (emit.timestamp == "again") {
      const auto latest = stage_.happened().Latest(emit.type, emit.id, emit.process);
      if (!latest) return;
      time = latest->time;
      event.status = latest->status;
    } else {
      time = TimeOf(emit);
    }
    if (!kind || !time) return;
    event.kind = *kind;
    event.container.id = emit.id;
    event.process = emit.process;
    event.time = *time;
    for (std::uint32_t i = 0; i < emit.times; ++i) stage_.world().Emit(event);
  });
  if (!kind) return Stop("emit: no event type \"" + emit.type + "\"");
  if (!time) Stop("emit: timestamp \"" + emit.timestamp + "\" means no time here");
}

void Performer::Visitor::operator()(const action::SetChoices& choices) {
  const auto read = ParseChoicesText(choices.choices, stage_.options().seed);
  if (!read) return Stop("choices: " + read.error().message);
  stage_.Do([&] { stage_.world().choices() = *read; });
}

void Performer::Visitor::operator()(const action::Hold& hold) {
  Status held;
  stage_.Do([&] {
    if (hold.point == "engine.read") {
      stage_.engine().HoldReading(true);
    } else if (IsEnginePoint(hold.point)) {
      stage_.engine().holds.insert(CallbackName(hold.point));
    } else {
      held = stage_.world().injector().Hold(hold.point);
    }
  });
  Require("hold", held);
}

void Performer::Visitor::operator()(const action::Release& release) {
  Status released;
  stage_.Do([&] {
    fake_containerd::Injector& injector = stage_.world().injector();
    if (release.point.empty()) {
      stage_.engine().ReleaseAll();
      injector.ReleaseAll();
    } else if (release.point == "engine.read") {
      stage_.engine().HoldReading(false);
    } else if (IsEnginePoint(release.point)) {
      stage_.engine().Release(CallbackName(release.point), release.count);
    } else if (auto done = injector.Release(release.point, release.count); !done) {
      released = libcontainerd::Fail(done.error());
    }
  });
  Require("release", released);
}

void Performer::Visitor::operator()(const action::SetFaults& faults) {
  auto plan = fake_containerd::FaultPlan::Parse(faults.plan);
  if (!plan) return Stop(plan.error().message);
  stage_.Do([&] {
    stage_.world().injector().SetFaults(std::move(*plan));
    stage_.PlanChanged();
  });
}

void Performer::Visitor::operator()(const action::StopDaemon&) {
  stage_.StopDaemon();
}

void Performer::Visitor::operator()(const action::StartDaemon&) {
  Require("start-daemon", stage_.StartDaemon());
}

void Performer::Visitor::operator()(const action::HangDaemon& hang) {
  stage_.Do([&] { stage_.world().StallLoop(hang.time); });
}

// --- Time, waits, expectations

void Performer::Visitor::operator()(const action::Advance& advance) {
  performer_.AdvanceTo(stage_.runtime().Now() + advance.by);
}

void Performer::Visitor::operator()(const action::Steps& steps) {
  stage_.RunSteps(steps.count);
}

void Performer::Visitor::operator()(const action::Settle&) {
  stage_.Settle();
}

void Performer::Visitor::operator()(const action::WaitFor& wait) {
  const bool came = stage_.WaitUntil([&] { return performer_.IsSo(wait.condition); });
  if (!came) Stop("wait: did not come: " + ConditionText(wait.condition));
}

// Over real transports what is expected may still be on its way.
void Performer::Visitor::operator()(const action::Expect& expected) {
  stage_.Settle();
  std::vector<std::string> mismatches;
  constexpr int kLooks = 400;
  for (int look = 0; look < kLooks; ++look) {
    mismatches = Mismatches(stage_, expected, performer_.Results());
    if (mismatches.empty() || stage_.simulated()) break;
    stage_.LookAgainSoon();
  }
  for (std::string& each : mismatches) {
    performer_.Complain(*performer_.place_, "expect: " + std::move(each));
  }
}

void Performer::Visitor::operator()(const action::Note& note) {
  stage_.Do([&] { stage_.recorder().Note(note.text); });
}

void Performer::Visitor::operator()(const action::Parallel& parallel) {
  performer_.Parallel(parallel);
}

void Performer::Visitor::operator()(const action::Later& later) {
  Performer::Waiting waiting{.at = later.at, .when = later.when, .actions = &later.actions};
  if (later.after) waiting.at = stage_.runtime().Now() + *later.after;
  performer_.waiting_.push_back(std::move(waiting));
}

}  // namespace scenarios
