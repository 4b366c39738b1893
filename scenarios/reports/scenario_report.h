// The reports of a run of scenarios, as a directory (docs/reports.md):
//
//   report.html          the page: everything, for people
//   report.json          the same for programs, and for `drydock report`
//   junit.xml            for CI systems
//   trace.json           for ui.perfetto.dev
//   NAME.journal.jsonl   what happened, a file for each scenario whose result holds its journal
//
// Who runs scenarios sets RunInfo (MakeRunInfo fills in what is always the same) and calls
// WriteScenarioReports once all of them are done. What is printed of a failure meanwhile is
// FailureText (failure_text.h).
#pragma once

#include <span>
#include <string>

#include "libcontainerd/error.h"
#include "scenarios/reports/output_directory.h"
#include "scenarios/reports/report.h"

namespace scenarios {

// With the versions of this program and the time of now, to the second.
RunInfo MakeRunInfo(std::string command, std::uint64_t seed);

// One test case for each scenario: a failure with all of its text, an error if it could not be
// judged.
std::string ReportJUnit(const Report& report);

// All files; Commit is left to the caller, who may add others.
libcontainerd::Status WriteReport(OutputDirectory& directory, const Report& report);
libcontainerd::Status WriteScenarioReports(OutputDirectory& directory,
                                           std::span<const ScenarioResult> results,
                                           const RunInfo& run);

// Writes what is made from report.json and the journals again, in place: each file is replaced when
// the new one is complete.
enum class Drawn : std::uint8_t {
  kAll,        // report.html, junit.xml, trace.json
  kForPeople,  // report.html, trace.json
};
libcontainerd::Status RewriteReport(const std::string& directory, const Report& report,
                                    Drawn drawn = Drawn::kAll);
// Reads report.json and the journals that it names. INVALID_ARGUMENT or NOT_FOUND with file and
// place.
libcontainerd::Result<Report> LoadReport(const std::string& directory);

}  // namespace scenarios
