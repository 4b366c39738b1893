// What the commands that read results of earlier runs share: journals, and what a report.json
// beside them says.
#pragma once

#include <string>
#include <vector>

#include "libcontainerd/error.h"
#include "scenarios/reports/report.h"

namespace scenarios {

// One journal with what the report.json in its directory says of it; without one, or if that is
// another command's, as JudgeAgain would judge it. Its guarantees are those of the report, none
// without one.
libcontainerd::Result<ReportedScenario> ReadSavedJournal(const std::string& path);

// The report of `directory`, or one made of all journals below it, judged as they are. NOT_FOUND if
// there is neither.
struct SavedReport {
  Report report{};
  bool from_journals = false;  // there was no report.json of a run of scenarios
};
libcontainerd::Result<SavedReport> ReadSavedReport(const std::string& directory);

}  // namespace scenarios
