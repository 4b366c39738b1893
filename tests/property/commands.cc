#include "tests/property/commands.h"

#include <array>
#include <chrono>
#include <numeric>
#include <vector>

#include "fake_containerd/fault_plan.h"
#include "scenarios/engine_points.h"

namespace scenarios::property {

using std::chrono::milliseconds;

namespace {

// --- Draws. They are made inside gen::exec, which shrinks each of them.

// Of the whole range, whatever RapidCheck's size is: by itself, inRange gives the lowest part of it
// only, so that a short case had the first kinds of actions alone, and no chance ever came true.
template <class T>
T Between(T low, T end) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(low, end));
}
std::size_t Below(std::size_t bound) {
  return Between<std::size_t>(0, bound);
}
// Never while shrinking, when all draws become simpler: 0 is the answer no.
bool Chance(std::size_t percent) {
  return Below(100) >= 100 - percent;
}
template <class List>
auto OneOf(const List& list) {
  return list[Below(std::size(list))];
}
std::uint32_t Small(std::uint32_t low, std::uint32_t high) {
  return Between<std::uint32_t>(low, high + 1);
}
// Around what the client waits for: its graces and deadlines are from milliseconds to minutes.
Duration Time() {
  constexpr std::array<int, 5> kScales = {10, 100, 1'000, 10'000, 60'000};
  return milliseconds(Between(1, OneOf(kScales)));
}
std::string TimeText() {
  return std::to_string(std::chrono::duration_cast<milliseconds>(Time()).count()) + "ms";
}

std::string AnyContainer(const Swarm& swarm) {
  return "w" + std::to_string(1 + Below(swarm.containers));
}
std::string AnyExec(const Swarm& swarm) {
  return "e" + std::to_string(1 + Below(swarm.execs));
}

struct ProcessName {
  std::string id;
  std::string process;
};
// One of those that may run.
ProcessName Running(const Model& model) {
  std::vector<ProcessName> names;
  for (const auto& [id, execs] : model.containers) {
    names.push_back({id, "init"});
    for (const std::string& exec : execs) names.push_back({id, exec});
  }
  RC_PRE(!names.empty());
  return OneOf(names);
}
// Mostly one that may run; the mistakes of engines are wanted, too.
std::string RunningContainer(const Model& model, const Swarm& swarm) {
  if (model.containers.empty() || Chance(10)) return AnyContainer(swarm);
  return Running(model).id;
}

action::CallTerms Terms() {
  action::CallTerms terms;
  terms.returns = action::kAnyResult;
  terms.wait = false;
  if (Chance(5)) terms.timeout = Time();
  return terms;
}

template <class T>
Actions One(T what) {
  return {{std::move(what), {}}};
}

// --- Calls

// Often one that comes to an end before anything else is done: much cannot go wrong before that.
Actions Create(const Swarm& swarm) {
  Actions actions = One(action::Create{.id = AnyContainer(swarm), .terms = Terms()});
  if (Chance(40)) actions.push_back({action::Settle{}, {}});
  return actions;
}

Actions Call(ActionKind kind, const Model& model, const Swarm& swarm) {
  const std::string id = RunningContainer(model, swarm);
  switch (kind) {
    case ActionKind::kAddProcess:
      return One(action::AddProcess{.id = id, .process = AnyExec(swarm), .terms = Terms()});
    case ActionKind::kPause:
      return One(action::Pause{{.id = id, .terms = Terms()}});
    case ActionKind::kResume:
      return One(action::Resume{{.id = id, .terms = Terms()}});
    case ActionKind::kUpdate:
      return One(action::Update{.id = id, .resources = {{"cpuShares", 512}}, .terms = Terms()});
    case ActionKind::kRestore:
      if (model.served.contains(id)) return One(action::Settle{});
      return One(action::Restore{.id = id, .live = Chance(60), .terms = Terms()});
    default:
      return Create(swarm);
  }
}

Actions CallOfProcess(ActionKind kind, const Model& model) {
  constexpr std::array<std::uint32_t, 5> kSignals = {9, 15, 2, 1, 10};
  const ProcessName name = Running(model);
  if (kind == ActionKind::kResize) {
    return One(action::Resize{
        .id = name.id, .process = name.process, .width = 80, .height = 24, .terms = Terms()});
  }
  return One(action::Signal{
      .id = name.id, .process = name.process, .signal = OneOf(kSignals), .terms = Terms()});
}

Actions Look(const Model& model, const Swarm& swarm) {
  const std::string id = RunningContainer(model, swarm);
  switch (Below(4)) {
    case 0:
      return One(action::Version{.terms = Terms()});
    case 1:
      return One(action::Pids{{.id = id, .terms = Terms()}});
    case 2:
      return One(action::Summary{{.id = id, .terms = Terms()}});
    default:
      return One(action::Stats{{.id = id, .terms = Terms()}});
  }
}

Actions Checkpoint(const Model& model, const Swarm& swarm) {
  const std::string id = RunningContainer(model, swarm);
  switch (Below(4)) {
    case 0:
      return One(action::ListCheckpoints{.id = id, .terms = Terms()});
    case 1:
      return One(action::DeleteCheckpoint{.id = id, .name = "c1", .terms = Terms()});
    default:
      return One(
          action::CreateCheckpoint{.id = id, .name = "c1", .exit = Chance(50), .terms = Terms()});
  }
}

// --- The engine

// It restores all its containers before it does anything else.
Actions StartEngine(const Model& model) {
  Actions actions = One(action::StartEngine{});
  for (const std::string& id : model.known)
    actions.push_back({action::Restore{.id = id, .live = !Chance(30), .terms = Terms()}, {}});
  return actions;
}

Actions RestartEngine(const Model& model) {
  if (!model.engine_runs) return StartEngine(model);
  // Once in a case. Left out: a create that follows the restore after a second restart leaves
  // somebody running whom nobody tracks.
  if (model.restarted) return One(action::Settle{});
  // At rest. Left out: an engine that stops while an exit is on its way is told it twice, by the
  // event and, after its restore, from the log.
  Actions actions = One(action::Settle{});
  actions.push_back({action::StopEngine{.crash = Chance(50)}, {}});
  if (Chance(40)) return actions;  // it stays away for a while
  for (Action& each : StartEngine(model)) actions.push_back(std::move(each));
  return actions;
}

Actions Stdin(const Model& model) {
  const ProcessName name = Running(model);
  if (Chance(40)) return One(action::CloseStdin{.id = name.id, .process = name.process});
  return One(
      action::WriteStdin{.id = name.id, .process = name.process, .text = "line\n", .wait = false});
}

std::string EnginePointOf(const Swarm& swarm, bool to_hold) {
  std::vector<std::string> points;
  for (const EnginePoint& each : kEnginePoints) {
    // Not known yet: an engine that is held there while its container's name is taken again is said
    // to have read the next life's output.
    if (to_hold && each.name == "engine.read") continue;
    if (to_hold ? each.can_hold : each.can_fail) points.emplace_back(each.name);
  }
  std::string point = OneOf(points);
  if (point.starts_with("callback.") && Chance(30)) point += "@" + AnyContainer(swarm);
  return point;
}

Actions EngineFails(const Swarm& swarm) {
  return One(action::Fail{
      .point = EnginePointOf(swarm, false), .error = "INTERNAL no", .times = Small(1, 2)});
}

Actions ReplaceCursor() {
  constexpr std::array<const char*, 3> kTexts = {"", "no time", "2016-10-05T00:00:00Z"};
  return One(action::ReplaceCursor{.text = OneOf(kTexts)});
}

// --- Processes

Actions Behave(const Swarm& swarm) {
  constexpr std::array<const char*, 12> kBehaviours = {"exit=0",
                                                       "exit=3",
                                                       "write=hello\\n exit=0",
                                                       "write=a write-err=b sleep=100ms exit=7",
                                                       "sleep=2s oom",
                                                       "oom=child sleep=1s exit=1",
                                                       "read exit=0",
                                                       "trap=TERM:exit=0:after=300ms",
                                                       "ignore=TERM",
                                                       "children=2:life=3s:output=bye\\n exit=0",
                                                       "pattern=70K exit=0",
                                                       "start-fail=not-in-path"};
  return One(action::Behave{.id = AnyContainer(swarm),
                            .process = Chance(40) ? AnyExec(swarm) : "init",
                            .behaviour = OneOf(kBehaviours)});
}

Actions OfProcess(ActionKind kind, const Model& model) {
  const ProcessName name = Running(model);
  switch (kind) {
    case ActionKind::kKill:
      return One(action::Kill{.id = name.id, .process = name.process});
    case ActionKind::kOom:
      if (Chance(50)) return One(action::OomKill{{.id = name.id, .process = name.process}});
      return One(action::Oom{.id = name.id});
    case ActionKind::kKillShim:
      return One(action::KillShim{{.id = name.id, .process = name.process}});
    case ActionKind::kWrite:
      return One(action::Write{.id = name.id,
                               .process = name.process,
                               .stream = Chance(30) ? "stderr" : "stdout",
                               .text = "out\n"});
    default:
      return One(action::Exit{.id = name.id, .process = name.process, .code = Small(0, 3)});
  }
}

// --- The daemon

// Invented, or told once more: of what it says only the identity is new.
Actions Emit(const Swarm& swarm) {
  constexpr std::array<const char*, 6> kTypes = {"exit",   "oom",           "pause",
                                                 "resume", "start-process", "live"};
  const std::string type = OneOf(kTypes);
  const bool again = !Chance(30);
  return One(action::Emit{.type = type,
                          .id = again ? AnyContainer(swarm) : "stranger",
                          .process = type == "exit" ? "init" : "",
                          .status = Small(0, 2),
                          .times = Small(1, 2),
                          .timestamp = again ? "again" : ""});
}

Actions Hold(const Swarm& swarm) {
  std::vector<std::string> points;
  for (const std::string& point : swarm.points) {
    if (fake_containerd::FindInjectionPoint(point)->holdable) points.push_back(point);
  }
  if (points.empty() || Chance(50)) return One(action::Hold{.point = EnginePointOf(swarm, true)});
  return One(action::Hold{.point = OneOf(points)});
}

Actions Release(const Model& model) {
  const std::vector<std::string> held(model.held.begin(), model.held.end());
  action::Release release;
  if (!held.empty() && Chance(80)) {
    release.point = OneOf(held);
    if (Chance(30)) release.count = 1;
  }
  return One(std::move(release));
}

Actions RestartDaemon(const Model& model) {
  if (!model.daemon_runs) return One(action::StartDaemon{});
  Actions actions = One(action::StopDaemon{});
  if (Chance(40)) return actions;
  actions.push_back({action::Advance{.by = Time()}, {}});
  actions.push_back({action::StartDaemon{}, {}});
  return actions;
}

// --- Faults

std::string Argument(const std::string& point, fake_containerd::FaultAction action) {
  // What was done is not denied: only whether it was may stay unknown.
  constexpr std::array<const char*, 2> kLostReplies = {"(UNAVAILABLE:gone)",
                                                       "(DEADLINE_EXCEEDED:late)"};
  constexpr std::array<const char*, 4> kErrors = {"(text)", "(UNAVAILABLE:gone)",
                                                  "(NOT_FOUND:containerd: container not found)",
                                                  "(INTERNAL:in)"};
  constexpr std::array<const char*, 3> kChanges = {"(status=255)", "(pid=e1)", "(id=stranger)"};
  for (const auto& info : fake_containerd::FaultActions()) {
    if (info.action != action) continue;
    switch (info.argument) {
      case fake_containerd::FaultArgument::kNone:
        return "";
      case fake_containerd::FaultArgument::kDuration:
      case fake_containerd::FaultArgument::kOptionalDuration:
        return "(" + TimeText() + ")";
      case fake_containerd::FaultArgument::kCount:
        return "(" + std::to_string(Small(1, 3)) + ")";
      case fake_containerd::FaultArgument::kError:
        return point.ends_with(".executed") ? OneOf(kLostReplies) : OneOf(kErrors);
      case fake_containerd::FaultArgument::kField:
        return OneOf(kChanges);
    }
  }
  return "";
}

std::string Rule(const Swarm& swarm) {
  const std::string point = OneOf(swarm.points);
  std::vector<fake_containerd::FaultAction> actions;
  for (const auto each : fake_containerd::FindInjectionPoint(point)->actions) {
    if (ComesToRest(point, each)) actions.push_back(each);
  }
  const auto action = OneOf(actions);
  std::string rule = point;
  if (point.starts_with("event.") && Chance(30)) rule += "@" + AnyContainer(swarm);
  rule += "=";
  if (const auto first = Small(0, 3); first > 0) rule += std::to_string(first) + "*off->";
  if (!Chance(15)) rule += std::to_string(Small(1, 3)) + "*";
  return rule + std::string(FaultActionName(action)) + Argument(point, action);
}

// --- Time and groups

Actions OfTime(ActionKind kind) {
  if (kind == ActionKind::kAdvance) return One(action::Advance{.by = Time()});
  if (kind == ActionKind::kSteps) return One(action::Steps{.count = Small(1, 60)});
  return One(action::Settle{});
}

Actions Group(ActionKind kind, const Model& model, const Swarm& swarm);

Actions OfDaemon(ActionKind kind, const Model& model, const Swarm& swarm) {
  switch (kind) {
    case ActionKind::kEmit:
      return Emit(swarm);
    case ActionKind::kChoices:
      return One(action::SetChoices{*ChoicesGen()});
    case ActionKind::kHold:
      return Hold(swarm);
    case ActionKind::kRelease:
      return Release(model);
    case ActionKind::kFaults:
      return One(action::SetFaults{.plan = *PlanOf(swarm)});
    case ActionKind::kRestartDaemon:
      return RestartDaemon(model);
    default:
      return One(action::HangDaemon{.time = Time()});
  }
}

Actions ActionsOf(ActionKind kind, const Model& model, const Swarm& swarm) {
  switch (kind) {
    case ActionKind::kCreate:
    case ActionKind::kAddProcess:
    case ActionKind::kPause:
    case ActionKind::kResume:
    case ActionKind::kUpdate:
    case ActionKind::kRestore:
      return Call(kind, model, swarm);
    case ActionKind::kSignal:
    case ActionKind::kResize:
      return CallOfProcess(kind, model);
    case ActionKind::kLook:
      return Look(model, swarm);
    case ActionKind::kCheckpoint:
      return Checkpoint(model, swarm);
    case ActionKind::kRestartEngine:
      return RestartEngine(model);
    case ActionKind::kClose:
      return One(action::Close{});
    case ActionKind::kStdin:
      return Stdin(model);
    case ActionKind::kStdinAtAttach:
      return One(action::CloseStdinAtAttach{.on = Chance(70)});
    case ActionKind::kEngineFails:
      return EngineFails(swarm);
    case ActionKind::kReplaceCursor:
      return ReplaceCursor();
    case ActionKind::kBehave:
      return Behave(swarm);
    case ActionKind::kExit:
    case ActionKind::kKill:
    case ActionKind::kOom:
    case ActionKind::kKillShim:
    case ActionKind::kWrite:
      return OfProcess(kind, model);
    case ActionKind::kAdvance:
    case ActionKind::kSteps:
    case ActionKind::kSettle:
      return OfTime(kind);
    case ActionKind::kParallel:
    case ActionKind::kLater:
      return Group(kind, model, swarm);
    default:
      return OfDaemon(kind, model, swarm);
  }
}

// The first kind is the simplest.
ActionKind KindOf(const Swarm& swarm) {
  const auto all = std::accumulate(swarm.weights.begin(), swarm.weights.end(), 0U);
  std::uint32_t left = Between<std::uint32_t>(0, all);
  std::size_t kind = 0;
  while (left >= swarm.weights[kind]) left -= swarm.weights[kind++];
  return ActionKinds()[kind].kind;
}

// Actions that each make sense after those before them in the same branch.
Actions Branch(const Model& model, const Swarm& swarm) {
  Model then = model;
  Actions branch;
  const std::size_t count = 1 + Below(3);
  while (branch.size() < count) {
    const ActionKind kind = KindOf(swarm);
    // An engine's restart would come between the others, and find containers that it did not
    // restore; so would a restore, of a container that another branch creates.
    const bool alone = kind == ActionKind::kParallel || kind == ActionKind::kLater ||
                       kind == ActionKind::kRestartEngine || kind == ActionKind::kRestore;
    for (Action& each : alone ? OfTime(ActionKind::kSettle) : ActionsOf(kind, then, swarm)) {
      Apply(each, then);
      branch.push_back(std::move(each));
    }
  }
  return branch;
}

Actions Group(ActionKind kind, const Model& model, const Swarm& swarm) {
  if (kind == ActionKind::kParallel) {
    action::Parallel parallel;
    const std::size_t branches = 2 + Below(3);
    while (parallel.branches.size() < branches) parallel.branches.push_back(Branch(model, swarm));
    return One(std::move(parallel));
  }
  constexpr std::array<const char*, 4> kRpcs = {"CreateContainer", "AddProcess", "UpdateContainer",
                                                "Signal"};
  action::Later later;
  if (Chance(50)) {
    later.when = action::Condition{.rpc = OneOf(kRpcs), .count = Small(1, 3)};
  } else {
    later.after = Time();
  }
  later.actions = Branch(model, swarm);
  return One(std::move(later));
}

}  // namespace

rc::Gen<CommandPointer> CommandOf(const Model& model, const Swarm& swarm) {
  return rc::gen::exec([model, swarm]() -> CommandPointer {
    return std::make_shared<const Command>(ActionsOf(KindOf(swarm), model, swarm));
  });
}

rc::Gen<std::string> PlanOf(const Swarm& swarm) {
  return rc::gen::exec([swarm] {
    std::string plan;
    if (swarm.points.empty()) return plan;
    const std::size_t rules = Below(3);
    for (std::size_t i = 0; i < rules; ++i) plan += (i == 0 ? "" : "; ") + Rule(swarm);
    return plan;
  });
}

rc::Gen<JsonText> ChoicesGen() {
  return rc::gen::exec([] {
    // Without log_delay: what an engine that restarts reads in a late log, pauses above all, is
    // called back in a later life.
    constexpr std::array<const char*, 8> kChoices = {
        "{}",
        R"({"drawn": true})",
        R"({"start_container": "event-first", "gap": "10ms"})",
        R"({"pause": "reply-first", "resume": "reply-first", "gap": "30ms"})",
        R"({"oom": "after-exit"})",
        R"({"exec_exits": "after-init", "late_exec_status": 255})",
        R"({"exit_notice_delay": "80ms", "shim_wait": "200ms"})",
        R"({"checkpoint_tool": true})"};
    return JsonText{OneOf(kChoices)};
  });
}

}  // namespace scenarios::property
