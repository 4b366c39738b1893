// The story of a journal: what was broken, told with the entries around it, and what became of each
// container.
#pragma once

#include <cstddef>
#include <string>

#include "scenarios/reports/report.h"

namespace scenarios {

// `scenario` has been judged and has its journal. `around`: how many entries of the same container
// are told before and behind those that show a violation.
std::string Story(const ReportedScenario& scenario, std::size_t around);

// A table: a line for each life of each container, with what happened and the entries that say so.
std::string LivesTable(const Journal& journal);

}  // namespace scenarios
