// What a fuzzer of action lists runs: a scenario file's text as an input, the limits that keep one
// execution short, and the judgement.
//
// Threads: any; all are functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "libcontainerd/error.h"
#include "scenarios/scenario.h"
#include "scenarios/scenario_result.h"

namespace fuzz {

// Of one input.
inline constexpr std::size_t kMostInputBytes = 32'768;
inline constexpr std::size_t kMostActions = 150;  // in all groups
inline constexpr std::uint32_t kMostTimes = 300;
inline constexpr std::size_t kMostWritten = 512 << 10;  // bytes, by one action or behaviour
inline constexpr libcontainerd::Duration kLongestTime = std::chrono::minutes(10);  // one duration
inline constexpr libcontainerd::Duration kLongestAdvance = std::chrono::minutes(30);  // in all
// Of whatever the client repeats by the clock.
inline constexpr libcontainerd::Duration kShortestInterval = std::chrono::milliseconds(20);

// Takes out what makes guarantees break on purpose (mutants, deviations that are off, events that
// are not true) or what is an example of something (verdicts, failure, transports, expected
// results), and lets actions be passed over that cannot be performed.
void Neutralise(scenarios::Scenario& scenario);

// Which limit the scenario exceeds; "" if none.
std::string LimitExceeded(const scenarios::Scenario& scenario);

// Reads, neutralises, and refuses with INVALID_ARGUMENT what is no scenario or exceeds a limit.
libcontainerd::Result<scenarios::Scenario> Admit(const std::string& text);

// Runs it over loopback with seed 1 and these mutants of client and fake planted.
scenarios::ScenarioResult RunInput(const scenarios::Scenario& scenario,
                                   const std::vector<std::string>& mutants = {});

// What must never be: a guarantee that is broken, an exception that escaped, client and fake going
// round and round while time stands still. A text for people that ends with the scenario; "" if all
// is well. Expectations of the scenario do not count.
std::string FailureOf(const scenarios::ScenarioResult& result);

}  // namespace fuzz
