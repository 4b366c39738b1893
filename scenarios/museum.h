// Museum: failures that real users met, as scenarios. Each is run as we are, and must pass; and as
// the reference is (or with a mutant, for what the reference does well), and must then break what
// it says that it breaks.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scenarios/catalogue.h"
#include "scenarios/runner/run_scenario.h"

namespace scenarios {

// In Failure::breaks: what the scenario expects is not so.
inline constexpr const char* kExpectations = "expectations";

struct Exhibit {
  ScenarioResult ours{};
  ScenarioResult reference{};
  // Of Failure::breaks, what the reference's run did not break.
  std::vector<std::string> not_broken{};

  bool shown() const { return not_broken.empty(); }
  bool good() const { return shown() && ours.verdict == ScenarioVerdict::kPassed; }
};

// As we are, and as the reference is.
RunOptions AsReference(const Failure& failure, RunOptions options);
// What of `breaks` that run did not break.
std::vector<std::string> NotBroken(const Failure& failure, const ScenarioResult& reference);
Exhibit ShowFailure(const Scenario& entry, const RunOptions& options);

// docs/museum.md: failure, what the reference does, what we do.
std::string RenderMuseumDocs(std::span<const NamedScenario> museum);

}  // namespace scenarios
