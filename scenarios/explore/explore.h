// Explore: random scenarios in the simulated world, one for each seed, until one of them fails; and
// what is made of one that does.
//
// Threads: any; the callbacks are called on the threads that run, one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/explore/generator.h"
#include "scenarios/explore/shrinker.h"
#include "scenarios/runner/run_scenario.h"

namespace scenarios {

struct ExploreOptions {
  std::uint64_t seed = 1;                           // of the first run; those that follow count up
  std::uint64_t runs = 1000;                        // in all, of all shards
  std::optional<std::chrono::milliseconds> time{};  // real; no new run begins after it
  std::uint32_t shard = 1;                          // runs `shard - 1`, `shard - 1 + shards`, …
  std::uint32_t shards = 1;
  std::size_t jobs = 1;
  bool keep_going = false;  // after a run that failed
  bool twice = false;  // each seed again, with other things in memory: it must come to the same
  bool fingerprints = false;  // ExploredRun::fingerprint is wanted
  SwarmWishes wishes{};
  std::vector<std::string> deviations_off{};  // as in the setup of each scenario
  std::vector<std::string> mutants{};
};

struct ExploredRun {
  std::uint64_t seed = 0;
  Explored explored{};
  ScenarioResult result{};
  std::uint64_t fingerprint = 0;  // of journal and last draw
  std::string failed{};           // what FailureOf says, or that two runs were not the same
};

struct ExploreTotals {
  std::uint64_t runs = 0;
  std::uint64_t events = 0;  // that containerd emitted
  std::uint64_t callbacks = 0;
  std::uint64_t entries = 0;         // of journals
  std::chrono::nanoseconds time{0};  // real
  // A run did not end for a minute of real time; its seed. The process had better end.
  std::optional<std::uint64_t> stuck{};
};

// The name of the first guarantee that is broken, else the first line of whatever else was wrong;
// "" if nothing was.
std::string FailureOf(const ScenarioResult& result);

// Runs a scenario as exploration does: over loopback.
ScenarioResult RunSimulated(const Scenario& scenario);
// Of everything that happened and of the draw after it: equal for equal runs on all machines.
std::uint64_t Fingerprint(const ScenarioResult& result);

// `begun` (with the scenario that was drawn) before a run, `ended` after it; either may be empty.
// Returns the failed runs, sorted by seed; without keep_going the first alone.
struct ExploreOutcome {
  std::vector<ExploredRun> failures{};
  ExploreTotals totals{};
};
using ExploreStep = std::function<void(const ExploredRun& run)>;
ExploreOutcome Explore(const ExploreOptions& options, const ExploreStep& begun,
                       const ExploreStep& ended);

// The smallest scenario that still fails in the same way, and its result.
struct SmallFailure {
  Shrunk shrunk{};
  ScenarioResult result{};
};
SmallFailure ShrinkFailure(const ExploredRun& failure, const ShrinkLimits& limits);

}  // namespace scenarios
