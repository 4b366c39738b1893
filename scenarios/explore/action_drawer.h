// ActionDrawer: draws actions one by one, so that most of them mean something where they stand: it
// knows roughly which containers there may be, and whether engine and daemon run. Roughly: what
// cannot be performed is passed over in the run (Setup::tolerant).
//
// No action waits for another, and every result is as good as any other: guarantees judge the run,
// not expectations.
//
// Threads: none of its own; a value with a reference.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "libcontainerd/random.h"
#include "scenarios/engine_points.h"
#include "scenarios/explore/swarm.h"
#include "scenarios/scenario.h"

namespace scenarios {

class ActionDrawer {
 public:
  // Both outlive it.
  ActionDrawer(libcontainerd::Random& random, const Swarm& swarm)
      : random_(random), swarm_(swarm) {}

  // Of a kind that the swarm has, by its weights. Some come to several actions: an engine that
  // restarts restores its containers.
  Actions Draw();
  Actions DrawOf(ActionKind kind);
  // A plan for some of the swarm's points.
  std::string DrawFaults();
  JsonText DrawChoices();

 private:
  // The next of the drawn numbers, below `bound`.
  std::size_t Below(std::size_t bound) {
    return static_cast<std::size_t>(random_.Below(static_cast<std::uint64_t>(bound)));
  }
  bool Chance(std::uint64_t percent) { return random_.Chance(percent, 100); }
  template <class List>
  auto OneOf(const List& list) {
    return list[Below(list.size())];
  }
  ActionKind DrawKind();
  std::string Container();
  std::string Exec();
  std::string Process();
  Duration ShortTime();
  action::CallTerms Terms();
  std::string EnginePoint(bool scenarios::EnginePoint::*can);
  std::string FaultTerm(const std::string& point);
  std::string Argument(const std::string& point, const std::string& action);
  action::Condition Moment();
  Actions Few();

  void Calls(ActionKind kind, Actions& drawn);
  void OfEngine(ActionKind kind, Actions& drawn);
  void OfProcesses(ActionKind kind, Actions& drawn);
  void OfDaemon(ActionKind kind, Actions& drawn);
  void OfTime(ActionKind kind, Actions& drawn);

  libcontainerd::Random& random_;
  const Swarm& swarm_;
  bool engine_ = true;
  bool daemon_ = true;
  std::set<std::string> known_;    // by the engine that runs: it restores no such container
  bool nested_ = false;            // inside a group
  std::vector<std::string> held_;  // points
};

}  // namespace scenarios
