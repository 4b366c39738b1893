// What a person reads of a scenario that did not go well, on a terminal and in junit.xml.
#pragma once

#include <string>

#include "scenarios/reports/report.h"

namespace scenarios {

// One line: what was wrong first. "" if nothing was.
std::string FailureHeadline(const ReportedScenario& scenario);
// All that is needed to understand it and to do it again: each complaint with its place, each
// guarantee that is not as it must be with its sentence, container and entries, the size if it was
// shrunk, one command that reproduces it, and the failure in the museum that it resembles. Ends
// with a newline; "" if nothing was wrong.
std::string FailureText(const ReportedScenario& scenario);
// The same of a result that is in no report yet.
std::string FailureText(const ScenarioResult& result);

}  // namespace scenarios
