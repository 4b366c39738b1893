// Scenario: what to do, and what must come of it. scenario_text.h reads and writes the file form,
// runner/ runs it; docs/scenarios.md is the manual.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/action.h"

namespace scenarios {

// The world that the actions find.
struct Setup {
  std::map<std::string, Duration> timing{};  // fields of libcontainerd::Timing by their names
  std::optional<std::uint32_t> health_failures{};
  JsonText choices{};  // of the fake (docs/fake-containerd.md)
  std::string faults{};
  std::optional<std::int64_t> retain_count{};
  std::optional<std::uint32_t> subscriber_queue{};
  std::optional<Duration> start_timeout{};
  bool late_fields = false;
  // Who keeps the daemon: "external" (nobody), or "owned": the client's supervisor starts it,
  // watches its health and starts it again. "adopted" and "foreign": a process of the PID file's
  // number is there at the beginning, which is the daemon, or is not.
  std::string daemon = "external";
  std::vector<std::string> transports{};  // that show it: loopback, inprocess, socket; none: all
  std::vector<std::string> deviations_off{};  // the reference's behaviour: docs/deviations.md
  std::vector<std::string> mutants{};         // planted defects: docs/mutants.md
  // Of the schedule and of whatever is drawn: whoever runs the file has no say in it then.
  std::optional<std::uint64_t> seed{};
  // What cannot be performed (a process that is gone, a call while the engine is away) is passed
  // over: for actions that nobody thought out.
  bool tolerant = false;

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"timing", "durations of the client, by their names in timing.h"}, self.timing);
    field(FieldInfo{"health_failures", "in a row that count as the daemon's death"},
          self.health_failures);
    field(FieldInfo{"choices", "as in scripts of the fake"}, self.choices);
    field(FieldInfo{"faults", "a plan from the first moment on"}, self.faults);
    field(FieldInfo{"retain_count", "events that the daemon's log keeps; 0: all"},
          self.retain_count);
    field(FieldInfo{"subscriber_queue", "events that wait for a slow stream"},
          self.subscriber_queue);
    field(FieldInfo{"start_timeout", "of the daemon"}, self.start_timeout);
    field(FieldInfo{"late_fields", "a later 0.2 daemon, which tells an exec's pid"},
          self.late_fields);
    field(FieldInfo{"daemon", "external, owned, adopted or foreign"}, self.daemon);
    field(FieldInfo{"transports", "that show it: loopback, inprocess, socket"}, self.transports);
    field(FieldInfo{"deviations_off", "names of docs/deviations.md"}, self.deviations_off);
    field(FieldInfo{"mutants", "names of docs/mutants.md"}, self.mutants);
    field(FieldInfo{"seed", "of the schedule and of whatever is drawn, instead of the run's"},
          self.seed);
    field(FieldInfo{"tolerant", "what cannot be performed is passed over"}, self.tolerant);
  }
  friend bool operator==(const Setup&, const Setup&) = default;
};

// Of guarantees. Whatever is not named may be held or not observable.
struct Verdicts {
  std::vector<std::string> held{};    // held, and observed
  std::vector<std::string> broken{};  // a run in which one of these holds has failed

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"held", "guarantees that must be observed and held"}, self.held);
    field(FieldInfo{"broken", "guarantees that must be broken"}, self.broken);
  }
  friend bool operator==(const Verdicts&, const Verdicts&) = default;
};

// For entries of the museum: how the failure is shown.
struct Failure {
  std::string id{};         // "B01"
  std::string what{};       // what users met
  std::string sources{};    // "moby#30026"
  std::string reference{};  // what the reference does, one sentence
  std::string ours{};       // what we do instead
  // With these, the entry's guarantee breaks: either the reference's behaviour or a mutant.
  std::vector<std::string> deviations_off{};
  std::vector<std::string> mutants{};
  std::vector<std::string> breaks{};  // guarantees; "expectations": what the scenario expects
  bool guard = false;                 // the reference does well here, a mutant does not

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"id", "B01 to B65", true}, self.id);
    field(FieldInfo{"what", "users met", true}, self.what);
    field(FieldInfo{"sources", "where it was met"}, self.sources);
    field(FieldInfo{"reference", "what the reference does", true}, self.reference);
    field(FieldInfo{"ours", "what we do", true}, self.ours);
    field(FieldInfo{"deviations_off", "show it"}, self.deviations_off);
    field(FieldInfo{"mutants", "show it"}, self.mutants);
    field(FieldInfo{"breaks", "guarantees that break then, or \"expectations\""}, self.breaks);
    field(FieldInfo{"guard", "the reference does well here; a mutant does not"}, self.guard);
  }
  friend bool operator==(const Failure&, const Failure&) = default;
};

struct Scenario {
  std::string name{};               // of the file, without ".json"
  std::string intent{};             // one sentence
  std::vector<std::string> tags{};  // lifecycle, stdio, exec, pause, oom, signals, …
  Setup setup{};
  Actions actions{};  // with everything expanded that a file may abbreviate
  Verdicts guarantees{};
  std::optional<Failure> failure{};

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace scenarios
