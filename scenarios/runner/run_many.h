// RunMany: several scenarios at once, each on a stage of its own.
//
// Threads: any; `done` is called on the threads that run, one call at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "scenarios/runner/run_scenario.h"

namespace scenarios {

struct Work {
  const Scenario* scenario = nullptr;
  RunOptions options{};
};

struct ManyOptions {
  std::size_t jobs = 1;
  // Real time for one; 0: as long as it takes.
  std::chrono::milliseconds timeout{0};
};

// The results in the order of the work. What does not end in time cannot be judged; its thread is
// left to itself, so that whoever gets such a result (`stuck`) had better end the process.
struct ManyResults {
  std::vector<ScenarioResult> results{};
  bool stuck = false;
};
ManyResults RunMany(const std::vector<Work>& work, const ManyOptions& options,
                    const std::function<void(std::size_t index, ScenarioResult& result)>& done);

}  // namespace scenarios
