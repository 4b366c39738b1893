#include "scenarios/explore/swarm.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

namespace scenarios {

using libcontainerd::Random;

namespace {

constexpr std::array<ActionKindInfo, 34> kKinds{{
    {ActionKind::kCreate, "create", "lifecycle", 10, true},
    {ActionKind::kAddProcess, "add-process", "exec", 10, false},
    {ActionKind::kSignal, "signal", "signals", 6, false},
    {ActionKind::kResize, "resize", "exec", 1, false},
    {ActionKind::kPause, "pause", "pause", 5, false},
    {ActionKind::kResume, "resume", "pause", 5, false},
    {ActionKind::kLook, "look", "lifecycle", 2, false},
    {ActionKind::kUpdate, "update", "lifecycle", 1, false},
    {ActionKind::kCheckpoint, "checkpoint", "checkpoints", 3, false},
    {ActionKind::kRestore, "restore", "restore", 2, false},
    {ActionKind::kRestartEngine, "restart-engine", "restore", 3, false},
    {ActionKind::kClose, "close", "lifecycle", 1, false},
    {ActionKind::kStdin, "stdin", "stdio", 4, false},
    {ActionKind::kStdinAtAttach, "stdin-at-attach", "stdio", 1, false},
    {ActionKind::kEngineFails, "engine-fails", "faults", 2, false},
    {ActionKind::kReplaceCursor, "replace-cursor", "reconnect", 1, false},
    {ActionKind::kBehave, "behave", "lifecycle", 4, false},
    {ActionKind::kExit, "exit", "lifecycle", 8, true},
    {ActionKind::kKill, "kill", "signals", 3, false},
    {ActionKind::kOom, "oom", "oom", 5, false},
    {ActionKind::kKillShim, "kill-shim", "faults", 1, false},
    {ActionKind::kWrite, "write", "stdio", 4, false},
    {ActionKind::kEmit, "emit", "bad-input", 3, false},
    {ActionKind::kChoices, "choices", "daemon", 1, false},
    {ActionKind::kHold, "hold", "concurrency", 4, false},
    {ActionKind::kRelease, "release", "concurrency", 4, false},
    {ActionKind::kFaults, "faults", "faults", 4, false},
    {ActionKind::kRestartDaemon, "restart-daemon", "daemon", 3, false},
    {ActionKind::kHangDaemon, "hang-daemon", "daemon", 1, false},
    {ActionKind::kAdvance, "advance", "time", 8, true},
    {ActionKind::kSteps, "steps", "time", 12, true},
    {ActionKind::kSettle, "settle", "time", 6, true},
    {ActionKind::kParallel, "parallel", "concurrency", 2, false},
    {ActionKind::kLater, "later", "concurrency", 2, false},
}};

bool Fits(const std::string& pattern, const ActionKindInfo& kind) {
  return ::fnmatch(pattern.c_str(), std::string(kind.name).c_str(), 0) == 0 ||
         ::fnmatch(pattern.c_str(), std::string(kind.theme).c_str(), 0) == 0;
}

bool FitsAny(const std::vector<std::string>& patterns, const ActionKindInfo& kind) {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return Fits(pattern, kind); });
}

std::uint32_t DrawWeight(Random& random, const ActionKindInfo& kind, const SwarmWishes& wishes) {
  // Drawn in any case, so that a wish changes nothing of what else is drawn.
  const bool exists = random.Chance(1, 2);
  const auto factor = static_cast<std::uint32_t>(random.Between(1, 4));
  if (!kind.always && FitsAny(wishes.skip, kind)) return 0;
  if (FitsAny(wishes.focus, kind)) return kind.weight * factor * 4;
  return kind.always || exists ? kind.weight * factor : 0;
}

std::vector<std::string> DrawPoints(Random& random) {
  std::vector<std::string> all;
  for (const fake_containerd::InjectionPoint& point : fake_containerd::InjectionPoints()) {
    // Those of connections are a relay's, which is there over a socket only.
    if (!point.name.starts_with("connection.")) all.push_back(point.name);
  }
  random.Shuffle(all);
  all.resize(static_cast<std::size_t>(random.Between(1, 6)));
  std::ranges::sort(all);
  return all;
}

std::string DrawDaemon(Random& random) {
  constexpr std::array<const char*, 8> kKeepers{"external", "external", "external", "external",
                                                "external", "owned",    "owned",    "adopted"};
  return kKeepers[static_cast<std::size_t>(random.Below(kKeepers.size()))];
}

}  // namespace

std::span<const ActionKindInfo> ActionKinds() {
  return kKinds;
}

std::size_t KindsThatFit(const std::string& pattern) {
  return static_cast<std::size_t>(std::ranges::count_if(
      kKinds, [&](const ActionKindInfo& kind) { return Fits(pattern, kind); }));
}

Swarm DrawSwarm(Random& random, const SwarmWishes& wishes) {
  Swarm swarm;
  swarm.containers = static_cast<std::uint32_t>(random.Between(1, 3));
  swarm.execs = static_cast<std::uint32_t>(random.Between(1, 2));
  // Many short runs and some long ones.
  swarm.actions = static_cast<std::uint32_t>(random.Between(4, random.Chance(1, 4) ? 80 : 24));
  for (const ActionKindInfo& kind : kKinds)
    swarm.weights.push_back(DrawWeight(random, kind, wishes));
  swarm.points = DrawPoints(random);
  swarm.from_the_start = random.Chance(1, 4);
  swarm.daemon = DrawDaemon(random);
  return swarm;
}

bool ComesToRest(std::string_view point, fake_containerd::FaultAction action) {
  const std::string_view name = fake_containerd::FaultActionName(action);
  return name != "deadlock" && !(point == "process.exit" && name == "drop");
}

bool HidesDaemon(std::string_view plan) {
  constexpr std::array<std::string_view, 4> kPoints{"daemon.", "rpc.Health", "rpc.Events",
                                                    "stream.open"};
  return std::ranges::any_of(
      kPoints, [&](std::string_view point) { return plan.find(point) != std::string_view::npos; });
}

std::string Swarm::text() const {
  std::string line = std::to_string(containers) + " containers, " + std::to_string(execs) +
                     " execs, " + std::to_string(actions) + " actions of";
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0)
      line += " " + std::string(kKinds[i].name) + ":" + std::to_string(weights[i]);
  }
  line += "; points";
  for (const std::string& point : points) line += " " + point;
  if (from_the_start) line += "; faults from the start";
  return line + "; daemon " + daemon;
}

}  // namespace scenarios
