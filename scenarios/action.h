// Action: one thing that somebody does to client, fake or clock, or expects of them. Everything
// that drives the system — scenario files, recorded traces, random runs, fuzz bytes, benches — is a
// list of these, and every such list can be written as a scenario file (scenario_text.h).
//
// Each action is a plain struct with a word (its "do" in a file) and a description of its fields,
// from which reading, writing, comparing and the schema are derived; what it does is said once, in
// docs/scenarios.md and, for whoever runs it, in runner/. Names of calls are those of the journal,
// names of what happens in the daemon those of the fake's scripts.
//
//   names      `id` is a container, `process` "init" or an exec's friendly name.
//   results    "OK", or "NOT_FOUND the full text"; "NOT_FOUND" accepts any text, "any" whatever
//              comes.
//   callbacks  written as lines: "start-container", "exit 3", "exit 137 oom", "exit-process e1 0",
//              with the container in front where it is not said elsewhere.
//   points     of holds: the fake's (docs/faults.md), and the engine's: "callback.STATE",
//              "callback.attach", "engine.read", each with "@ID" or "@ID/PROCESS" if so wished.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "scenarios/actions/calls.h"
#include "scenarios/actions/daemon.h"
#include "scenarios/actions/engine.h"
#include "scenarios/actions/fields.h"
#include "scenarios/actions/looking.h"

namespace scenarios {

struct Action;
using Actions = std::vector<Action>;

// Groups. In a file they have no "do" but their own field: docs/scenarios.md.
namespace action {

// The branches' actions in turns, in an order that the seed draws; calls do not wait before the
// end of all branches.
struct Parallel {
  std::vector<Actions> branches;  // no initialisers here: with them clang asks for Action at once
  friend bool operator==(const Parallel&, const Parallel&);
};

// Later, while the actions that follow go on: at a time of the clock, or once a condition holds.
// Calls in there do not wait.
struct Later {
  std::optional<Duration> at{};     // since the beginning
  std::optional<Duration> after{};  // from now
  std::optional<Condition> when{};
  Actions actions;
  friend bool operator==(const Later&, const Later&);
};

using What =
    std::variant<Create, AddProcess, Signal, Resize, Pause, Resume, Stats, Pids, Summary, Update,
                 CreateCheckpoint, DeleteCheckpoint, ListCheckpoints, Version, Restore, Await,
                 StopEngine, StartEngine, Close, WriteStdin, CloseStdin, CloseStdinAtAttach, Fail,
                 ReplaceCursor, Behave, Exit, Kill, Oom, OomKill, KillShim, Write, Cue, Emit,
                 SetChoices, Hold, Release, SetFaults, StopDaemon, StartDaemon, HangDaemon, Advance,
                 Steps, Settle, WaitFor, Expect, Note, Parallel, Later>;

}  // namespace action

struct Action {
  action::What what;
  Place place{};

  friend bool operator==(const Action&, const Action&) = default;
};

// In all, those in groups counted.
std::uint64_t CountActions(const Actions& actions);

namespace action {
inline bool operator==(const Parallel& a, const Parallel& b) {
  return a.branches == b.branches;
}
inline bool operator==(const Later& a, const Later& b) {
  return a.at == b.at && a.after == b.after && a.when == b.when && a.actions == b.actions;
}
}  // namespace action

}  // namespace scenarios
