// What the commands that read results of earlier runs share: journals, and what a report.json
// beside them says.
#pragma once

#include <map>
#include <string>

#include "libcontainerd/error.h"
#include "scenarios/reports/report.h"

namespace scenarios {

// Journals with what the report.json in the directory of each says of them; each report is read
// once. Without one, or if that is another command's, as JudgeAgain would judge them: their
// guarantees are those of the report, none without one.
class SavedJournals {
 public:
  libcontainerd::Result<ReportedScenario> Read(const std::string& path);

 private:
  using Reports = std::map<std::string, libcontainerd::Result<Report>>;
  Reports reports_;  // by directory
};

// The report of `directory`, or one made of all journals below it, judged as they are. NOT_FOUND if
// there is neither.
struct SavedReport {
  Report report{};
  bool from_journals = false;  // there was no report.json of a run of scenarios
};
libcontainerd::Result<SavedReport> ReadSavedReport(const std::string& directory);

}  // namespace scenarios
