#include "tests/property/families.h"

#include <fnmatch.h>

#include <algorithm>

#include "fake_containerd/fault_plan.h"

namespace scenarios::property {

namespace {

using Patterns = std::vector<std::string>;

bool FitsAny(const Patterns& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), std::string(name).c_str(), 0) == 0;
  });
}

const Patterns kReplies = {"rpc.*.executed", "rpc.*.received"};
const Patterns kExternal = {"external"};

std::vector<Family> MakeFamilies() {
  return {
      {.name = "ordering",
       .sentence = "callbacks are in order, whatever comes first and whoever is slow",
       .kinds = {"lifecycle", "exec", "pause", "oom", "hold", "release", "choices"},
       .points = {"event.*", "process.*", "rpc.Create*.*", "rpc.AddProcess.*", "rpc.Update*.*"},
       .daemons = kExternal,
       .finds = {"callbacks-swapped", "exec-exit-ignored", "exit-called-back-twice"}},
      {.name = "cleanup",
       .sentence = "what fails, or is over, leaves nothing",
       .kinds = {"lifecycle", "exec", "engine-fails", "kill-shim", "faults", "signals"},
       .points = {"rpc.Create*.*", "rpc.AddProcess.*", "process.*", "disk.*", "fifo.*"},
       .daemons = kExternal,
       .finds = {"bundle-kept", "exec-fifos-kept", "exit-leaves-tracked"}},
      {.name = "oom-flag",
       .sentence = "an exit carries the flag exactly when the kernel took something",
       .kinds = {"oom", "exec", "signals", "behave", "choices", "hold", "release", "faults"},
       .points = {"event.oom", "event.exit", "process.exit", "stream.send"},
       .daemons = kExternal,
       .finds = {"oom-flag-lost", "oom-not-called-back"}},
      {.name = "exactly-once",
       .sentence = "what is told twice, late or in another order is called back once",
       .kinds = {"exec", "emit", "faults", "signals", "restart-daemon"},
       .points = {"event.*", "stream.*"},
       .daemons = kExternal,
       .finds = {"exit-called-back-twice", "exec-exit-called-back-twice"}},
      {.name = "restore",
       .sentence = "an engine that comes back finds its containers as they are",
       .kinds = {"restore", "exec", "pause", "behave", "replace-cursor", "restart-daemon", "oom"},
       .points = {"rpc.State.*", "rpc.Events.*", "event.exit", "stream.open", "daemon.start"},
       .daemons = kExternal,
       .finds = {"restore-returns-early", "restore-misses-exit"}},
      {.name = "reconnect",
       .sentence = "streams that break and daemons that end lose nothing",
       .kinds = {"daemon", "reconnect", "faults", "exec", "pause"},
       .points = {"stream.*", "daemon.*", "rpc.Events.*", "rpc.Health.*", "disk.log"},
       .daemons = {"external", "owned", "adopted", "foreign"},
       .finds = {"foreign-killed", "restart-at-once"}},
      {.name = "stdio",
       .sentence = "what is written arrives, in both directions, and ends",
       .kinds = {"stdio", "exec", "behave", "hold", "release", "faults"},
       .points = {"fifo.*", "process.start", "rpc.UpdateProcess.*", "rpc.Create*.executed"},
       .daemons = kExternal,
       .finds = {"close-stdin-twice", "stdin-close-lost"}},
      {.name = "concurrency",
       .sentence = "calls of many at once, each container with its own",
       .kinds = {"parallel", "later", "lifecycle", "exec", "pause", "signals", "checkpoint", "hold",
                 "release"},
       .points = kReplies,
       .daemons = kExternal,
       .finds = {"create-while-active", "callbacks-swapped"}},
      {.name = "any-fault",
       .sentence = "everything that can be done, with faults on any step",
       .kinds = {"*"},
       .points = {"[!c]*"},  // all but connections, which are a relay's
       .daemons = {"external", "external", "owned", "adopted"},
       .finds = {"exit-leaves-tracked", "bundle-kept"}},
  };
}

bool HasKind(const Family& family, const ActionKindInfo& kind) {
  // Nothing more can come of a client that was closed.
  if (kind.kind == ActionKind::kClose) return false;
  return kind.always || FitsAny(family.kinds, kind.name) || FitsAny(family.kinds, kind.theme);
}

Patterns PointsOf(const Family& family, libcontainerd::Random& random) {
  Patterns points;
  for (const fake_containerd::InjectionPoint& point : fake_containerd::InjectionPoints()) {
    if (FitsAny(family.points, point.name)) points.push_back(point.name);
  }
  random.Shuffle(points);
  points.resize(std::min(points.size(), static_cast<std::size_t>(random.Between(1, 5))));
  std::ranges::sort(points);
  return points;
}

}  // namespace

std::span<const Family> Families() {
  static const std::vector<Family> kFamilies = MakeFamilies();
  return kFamilies;
}

Swarm SwarmOf(const Family& family, std::uint64_t seed) {
  libcontainerd::Random random(seed);
  Swarm swarm = DrawSwarm(random, {});
  for (std::size_t i = 0; i < swarm.weights.size(); ++i) {
    if (!HasKind(family, ActionKinds()[i])) swarm.weights[i] = 0;
  }
  swarm.points = PointsOf(family, random);
  swarm.daemon = family.daemons[static_cast<std::size_t>(random.Below(family.daemons.size()))];
  return swarm;
}

}  // namespace scenarios::property
