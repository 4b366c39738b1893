// The tables of docs/scenarios.md, made from the descriptions of fields so that they cannot go
// stale; a test compares.
#pragma once

#include <string>

namespace scenarios {

// The page with what stands between "<!-- TABLE: begin -->" and "<!-- TABLE: end -->" made anew,
// for each table that it holds.
std::string WithScenarioTables(const std::string& page);

}  // namespace scenarios
