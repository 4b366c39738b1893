#include "scenarios/explore/action_drawer.h"

#include <array>
#include <utility>

#include "fake_containerd/fault_plan.h"
#include "scenarios/engine_points.h"

namespace scenarios {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::array<const char*, 14> kBehaviours{"exit=0",
                                                  "exit=3",
                                                  "write=hello\\n exit=0",
                                                  "write=a write-err=b sleep=100ms exit=7",
                                                  "sleep=2s oom",
                                                  "oom=child sleep=1s oom=child exit=1",
                                                  "echo; exit=0",
                                                  "read exit=0",
                                                  "trap=TERM:exit=0:after=300ms",
                                                  "ignore=TERM",
                                                  "children=2:life=3s:output=bye\\n exit=0",
                                                  "pattern=70K exit=0",
                                                  "start-delay=2s",
                                                  "start-fail=not-in-path"};
constexpr std::array<std::uint32_t, 6> kSignals{9, 15, 2, 1, 10, 0};
constexpr std::array<const char*, 5> kErrors{"error(text)", "error(UNAVAILABLE:gone)",
                                             "error(NOT_FOUND:containerd: container not found)",
                                             "error(DEADLINE_EXCEEDED:late)", "error(INTERNAL:in)"};
constexpr std::array<const char*, 2> kLostReplies{"error(UNAVAILABLE:gone)",
                                                  "error(DEADLINE_EXCEEDED:late)"};
constexpr std::array<const char*, 4> kChanges{"change(status=255)", "change(status=1)",
                                              "change(pid=e1)", "change(id=stranger)"};

Action Of(action::What what) {
  return {std::move(what), {}};
}

std::string DurationText(Duration duration) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(duration).count()) + "ms";
}

}  // namespace

ActionKind ActionDrawer::DrawKind() {
  std::uint64_t all = 0;
  for (const std::uint32_t weight : swarm_.weights) all += weight;
  std::uint64_t left = random_.Below(all);
  for (std::size_t i = 0; i < swarm_.weights.size(); ++i) {
    if (left < swarm_.weights[i]) return ActionKinds()[i].kind;
    left -= swarm_.weights[i];
  }
  return ActionKind::kSettle;
}

Actions ActionDrawer::Draw() {
  return DrawOf(DrawKind());
}

Actions ActionDrawer::DrawOf(ActionKind kind) {
  Actions drawn;
  Calls(kind, drawn);
  if (drawn.empty()) OfEngine(kind, drawn);
  if (drawn.empty()) OfProcesses(kind, drawn);
  if (drawn.empty()) OfDaemon(kind, drawn);
  if (drawn.empty()) OfTime(kind, drawn);
  return drawn;
}

// --- Pieces

std::string ActionDrawer::Container() {
  return "w" + std::to_string(1 + Below(swarm_.containers));
}

std::string ActionDrawer::Exec() {
  return "e" + std::to_string(1 + Below(swarm_.execs));
}

std::string ActionDrawer::Process() {
  return Chance(60) ? "init" : Exec();
}

// Around what the client waits for: its graces and deadlines are from milliseconds to minutes.
Duration ActionDrawer::ShortTime() {
  constexpr std::array<milliseconds, 5> kScales{milliseconds(1), milliseconds(60),
                                                milliseconds(600), seconds(6), seconds(30)};
  return milliseconds(1 + Below(static_cast<std::size_t>(OneOf(kScales).count())));
}

action::CallTerms ActionDrawer::Terms() {
  action::CallTerms terms;
  terms.returns = action::kAnyResult;
  terms.wait = false;
  if (Chance(5)) terms.timeout = ShortTime();
  return terms;
}

std::string ActionDrawer::EnginePoint(bool scenarios::EnginePoint::*can) {
  while (true) {
    const scenarios::EnginePoint point = OneOf(kEnginePoints);
    if (point.*can) return std::string(point.name);
  }
}

// One of the swarm's, if anything can be held there.
std::string ActionDrawer::HoldPoint() {
  std::vector<std::string> points;
  for (const std::string& point : swarm_.points) {
    if (fake_containerd::FindInjectionPoint(point)->holdable) points.push_back(point);
  }
  return points.empty() ? "callback.exit" : OneOf(points);
}

std::string ActionDrawer::Argument(const std::string& point, const std::string& action) {
  // What was done is not denied: only whether it was may stay unknown.
  if (action == "error" && point.ends_with(".executed")) return OneOf(kLostReplies);
  if (action == "error") {
    const std::string error = OneOf(kErrors);
    // Nor is a container denied that exists.
    const bool denies = point.starts_with("rpc.State.") && error == kErrors[2];
    return denies ? kErrors[0] : error;
  }
  if (action == "change") return OneOf(kChanges);
  if (action == "reorder") return "reorder(" + std::to_string(1 + Below(3)) + ")";
  for (const fake_containerd::FaultActionInfo& info : fake_containerd::FaultActions()) {
    if (info.name != action) continue;
    if (info.argument == fake_containerd::FaultArgument::kDuration ||
        info.argument == fake_containerd::FaultArgument::kOptionalDuration) {
      return action + "(" + DurationText(ShortTime()) + ")";
    }
  }
  return action;
}

std::string ActionDrawer::FaultTerm(const std::string& point) {
  const fake_containerd::InjectionPoint* info = fake_containerd::FindInjectionPoint(point);
  fake_containerd::FaultAction drawn = OneOf(info->actions);
  while (!ComesToRest(point, drawn)) drawn = OneOf(info->actions);
  const std::string action = Argument(point, std::string(FaultActionName(drawn)));
  std::string term;
  if (Chance(20)) term += std::to_string(10 + 10 * Below(8)) + ".0%";
  if (!Chance(15)) term += std::to_string(1 + Below(3)) + "*";
  return term + action;
}

std::string ActionDrawer::DrawFaults() {
  std::string plan;
  const std::size_t rules = 1 + Below(2);
  for (std::size_t i = 0; i < rules; ++i) {
    const std::string point = OneOf(swarm_.points);
    if (!plan.empty()) plan += "; ";
    plan += point;
    const bool of_containers = point.starts_with("event.") || point.starts_with("process.") ||
                               point.starts_with("fifo.") || point.starts_with("rpc.Create");
    if (of_containers && Chance(30)) plan += "@" + Container();
    plan += "=";
    if (Chance(25)) plan += std::to_string(1 + Below(4)) + "*off->";
    plan += FaultTerm(point);
    if (Chance(20)) plan += "->" + FaultTerm(point);
  }
  return plan;
}

JsonText ActionDrawer::DrawChoices() {
  constexpr std::array<const char*, 8> kChoices{
      R"({"drawn": true})",
      R"({"start_container": "event-first", "gap": "10ms"})",
      R"({"start_container": "event-first", "pause": "reply-first", "resume": "reply-first", "gap": "30ms"})",
      R"({"oom": "after-exit"})",
      R"({"exec_exits": "after-init", "late_exec_status": 255})",
      R"({"exit_notice_delay": "80ms", "shim_wait": "200ms"})",
      R"({"log_delay": "300ms"})",
      R"({"checkpoint_tool": true})"};
  return {OneOf(kChoices)};
}

action::Condition ActionDrawer::Moment() {
  constexpr std::array<const char*, 6> kRpcs{"CreateContainer", "AddProcess", "UpdateContainer",
                                             "State",           "Events",     "Signal"};
  constexpr std::array<const char*, 5> kEvents{"exit", "start-container", "start-process", "pause",
                                               "oom"};
  action::Condition moment;
  if (Chance(50)) {
    moment.rpc = OneOf(kRpcs);
  } else {
    moment.event = OneOf(kEvents);
  }
  moment.count = 1 + static_cast<std::uint32_t>(Below(3));
  return moment;
}

// For the inside of a group.
Actions ActionDrawer::Few() {
  Actions few;
  const bool before = std::exchange(nested_, true);
  const std::size_t count = 1 + Below(3);
  while (few.size() < count) {
    for (Action& each : Draw()) few.push_back(std::move(each));
  }
  nested_ = before;
  return few;
}

// --- Kinds

void ActionDrawer::Calls(ActionKind kind, Actions& drawn) {
  switch (kind) {
    case ActionKind::kCreate:
      drawn.push_back(Of(action::Create{.id = Container(), .terms = Terms()}));
      known_.insert(std::get<action::Create>(drawn.back().what).id);
      break;
    case ActionKind::kAddProcess:
      drawn.push_back(
          Of(action::AddProcess{.id = Container(), .process = Exec(), .terms = Terms()}));
      break;
    case ActionKind::kSignal: {
      const std::string process = Process();
      drawn.push_back(Of(action::Signal{
          .id = Container(), .process = process, .signal = OneOf(kSignals), .terms = Terms()}));
      break;
    }
    case ActionKind::kResize:
      drawn.push_back(Of(action::Resize{
          .id = Container(), .process = Process(), .width = 80, .height = 24, .terms = Terms()}));
      break;
    case ActionKind::kPause:
      drawn.push_back(Of(action::Pause{{.id = Container(), .terms = Terms()}}));
      break;
    case ActionKind::kResume:
      drawn.push_back(Of(action::Resume{{.id = Container(), .terms = Terms()}}));
      break;
    case ActionKind::kLook:
      switch (Below(3)) {
        case 0:
          drawn.push_back(Of(action::Stats{{.id = Container(), .terms = Terms()}}));
          break;
        case 1:
          drawn.push_back(Of(action::Pids{{.id = Container(), .terms = Terms()}}));
          break;
        default:
          drawn.push_back(Of(action::Version{.terms = Terms()}));
          break;
      }
      break;
    case ActionKind::kUpdate:
      drawn.push_back(Of(
          action::Update{.id = Container(), .resources = {{"cpuShares", 512}}, .terms = Terms()}));
      break;
    case ActionKind::kCheckpoint:
      switch (Below(4)) {
        case 0:
        case 1:
          drawn.push_back(Of(action::CreateCheckpoint{
              .id = Container(), .name = "c1", .exit = Chance(50), .terms = Terms()}));
          break;
        case 2:
          drawn.push_back(
              Of(action::DeleteCheckpoint{.id = Container(), .name = "c1", .terms = Terms()}));
          break;
        default:
          drawn.push_back(Of(action::ListCheckpoints{.id = Container(), .terms = Terms()}));
          break;
      }
      break;
    case ActionKind::kRestore: {
      const std::string id = Container();
      const bool live = Chance(60);
      if (known_.insert(id).second)
        drawn.push_back(Of(action::Restore{.id = id, .live = live, .terms = Terms()}));
      break;
    }
    default:
      break;
  }
}

void ActionDrawer::OfEngine(ActionKind kind, Actions& drawn) {
  switch (kind) {
    case ActionKind::kRestartEngine:
      // In a group it would come between the others, and find containers that it did not restore.
      if (nested_) break;
      if (std::exchange(engine_, !engine_)) {
        drawn.push_back(Of(action::StopEngine{.crash = Chance(50)}));
        known_.clear();
        if (Chance(40)) break;  // it stays away for a while
        engine_ = true;
      }
      drawn.push_back(Of(action::StartEngine{}));
      for (std::uint32_t i = 1; i <= swarm_.containers; ++i) {
        known_.insert("w" + std::to_string(i));
        drawn.push_back(Of(
            action::Restore{.id = "w" + std::to_string(i), .live = Chance(70), .terms = Terms()}));
      }
      break;
    case ActionKind::kClose:
      // Nothing more can come of a client then, so seldom.
      drawn.push_back(Chance(20) ? Of(action::Close{}) : Of(action::Settle{}));
      break;
    case ActionKind::kStdin: {
      const std::string process = Process();
      if (Chance(60)) {
        drawn.push_back(Of(action::WriteStdin{
            .id = Container(), .process = process, .text = "line\n", .wait = false}));
      } else {
        drawn.push_back(Of(action::CloseStdin{.id = Container(), .process = process}));
      }
      break;
    }
    case ActionKind::kStdinAtAttach:
      drawn.push_back(Of(action::CloseStdinAtAttach{.on = Chance(70)}));
      break;
    case ActionKind::kEngineFails: {
      drawn.push_back(Of(action::Fail{.point = EnginePoint(&scenarios::EnginePoint::can_fail),
                                      .error = "INTERNAL no",
                                      .times = 1 + static_cast<std::uint32_t>(Below(2))}));
      break;
    }
    case ActionKind::kReplaceCursor: {
      constexpr std::array<const char*, 3> kTexts{"", "no time", "2016-10-05T00:00:00Z"};
      drawn.push_back(Of(action::ReplaceCursor{.text = OneOf(kTexts)}));
      break;
    }
    default:
      break;
  }
}

void ActionDrawer::OfProcesses(ActionKind kind, Actions& drawn) {
  switch (kind) {
    case ActionKind::kBehave:
      drawn.push_back(Of(action::Behave{
          .id = Container(), .process = Process(), .behaviour = OneOf(kBehaviours)}));
      break;
    case ActionKind::kExit:
      drawn.push_back(Of(action::Exit{
          .id = Container(), .process = Process(), .code = static_cast<std::uint32_t>(Below(4))}));
      break;
    case ActionKind::kKill:
      drawn.push_back(Of(action::Kill{.id = Container(), .process = Process()}));
      break;
    case ActionKind::kOom:
      if (Chance(50)) {
        drawn.push_back(Of(action::Oom{.id = Container()}));
      } else {
        drawn.push_back(Of(action::OomKill{{.id = Container(), .process = Process()}}));
      }
      break;
    case ActionKind::kKillShim:
      drawn.push_back(Of(action::KillShim{{.id = Container(), .process = Process()}}));
      break;
    case ActionKind::kWrite:
      drawn.push_back(Of(action::Write{.id = Container(),
                                       .process = Process(),
                                       .stream = Chance(30) ? "stderr" : "stdout",
                                       .text = "out\n"}));
      break;
    default:
      break;
  }
}

void ActionDrawer::OfDaemon(ActionKind kind, Actions& drawn) {
  switch (kind) {
    case ActionKind::kEmit: {
      // Told once more, or invented of somebody that nobody knows: what is invented of a container
      // that exists would be neither true nor false.
      constexpr std::array<const char*, 6> kTypes{"exit",   "oom",           "pause",
                                                  "resume", "start-process", "live"};
      const std::string type = OneOf(kTypes);
      const bool again = Chance(70);
      drawn.push_back(Of(action::Emit{.type = type,
                                      .id = again ? Container() : "stranger",
                                      .process = type == "exit" ? Process() : "",
                                      .status = static_cast<std::uint32_t>(Below(3)),
                                      .times = 1 + static_cast<std::uint32_t>(Below(2)),
                                      .timestamp = again ? "again" : ""}));
      break;
    }
    case ActionKind::kChoices:
      drawn.push_back(Of(action::SetChoices{DrawChoices()}));
      break;
    case ActionKind::kHold: {
      std::string point = Chance(50) ? EnginePoint(&scenarios::EnginePoint::can_hold) : HoldPoint();
      if (Chance(30)) point += "@" + Container();
      held_.push_back(point);
      drawn.push_back(Of(action::Hold{.point = std::move(point)}));
      break;
    }
    case ActionKind::kRelease: {
      action::Release release;
      if (!held_.empty() && Chance(80)) release.point = OneOf(held_);
      if (!release.point.empty() && Chance(30)) release.count = 1;
      drawn.push_back(Of(std::move(release)));
      break;
    }
    case ActionKind::kFaults:
      drawn.push_back(Of(action::SetFaults{.plan = Chance(75) ? DrawFaults() : ""}));
      break;
    case ActionKind::kRestartDaemon:
      if (std::exchange(daemon_, !daemon_)) {
        drawn.push_back(Of(action::StopDaemon{}));
        if (Chance(50)) break;
        if (Chance(70)) drawn.push_back(Of(action::Advance{.by = ShortTime()}));
        daemon_ = true;
      }
      drawn.push_back(Of(action::StartDaemon{}));
      break;
    case ActionKind::kHangDaemon:
      drawn.push_back(Of(action::HangDaemon{.time = ShortTime()}));
      break;
    default:
      break;
  }
}

void ActionDrawer::OfTime(ActionKind kind, Actions& drawn) {
  switch (kind) {
    case ActionKind::kAdvance:
      drawn.push_back(Of(action::Advance{.by = ShortTime()}));
      break;
    case ActionKind::kSteps:
      drawn.push_back(
          Of(action::Steps{.count = 1 + static_cast<std::uint32_t>(Below(Chance(50) ? 6 : 60))}));
      break;
    case ActionKind::kParallel: {
      if (nested_) break;
      action::Parallel parallel;
      const std::size_t branches = 2 + Below(2);
      while (parallel.branches.size() < branches) parallel.branches.push_back(Few());
      drawn.push_back(Of(std::move(parallel)));
      break;
    }
    case ActionKind::kLater: {
      if (nested_) break;
      action::Later later;
      if (Chance(40)) {
        later.after = ShortTime();
      } else {
        later.when = Moment();
      }
      later.actions = Few();
      drawn.push_back(Of(std::move(later)));
      break;
    }
    default:
      break;
  }
  if (drawn.empty()) drawn.push_back(Of(action::Settle{}));
}

}  // namespace scenarios
