// RunScenario: sets up a stage, performs a scenario's actions on it, lets it come to rest, and asks
// every guarantee about the journal.
//
//   ScenarioResult result = RunScenario(scenario, {.transport = Transport::kSocket});
//   if (result.verdict != ScenarioVerdict::kPassed) std::cout << FailureText(result);
//
// Threads: any; runs of different scenarios may go on at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/replay/replay_world.h"
#include "scenarios/scenario.h"
#include "scenarios/scenario_result.h"

namespace scenarios {

// Who judges what happened. The model (docs/model.md) is the reference model and the search for an
// order that explains overlapping calls; each difference is a complaint, as "model: web: exit 0 was
// called back, expected exit 7 (entries 41, 57)". A scenario that shows how a guarantee breaks is
// not put before it. kModel: neither guarantees nor expectations count.
enum class Oracle : std::uint8_t { kBoth, kGuarantees, kModel };
std::string_view OracleName(Oracle oracle);
libcontainerd::Result<Oracle> ParseOracle(std::string_view name);

struct RunOptions {
  Transport transport = Transport::kLoopback;
  // Of the schedule (loopback), of faults with a probability, of choices that are drawn and of
  // `parallel`; unless the scenario has its own.
  std::uint64_t seed = 1;
  // Beside those of the scenario.
  std::vector<std::string> deviations_off{};
  std::vector<std::string> mutants{};
  // How long, by the scenario's clock, everything may take to come to rest in the end.
  Duration rest = std::chrono::minutes(4);
  Oracle oracle = Oracle::kBoth;
};

ScenarioResult RunScenario(const Scenario& scenario, const RunOptions& options);

// Whether the scenario shows anything over that transport.
bool RunsOver(const Scenario& scenario, Transport transport);

}  // namespace scenarios
