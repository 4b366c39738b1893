#include "scenarios/cli/saved_report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "scenarios/reports/journal_file.h"
#include "scenarios/reports/rejudge.h"
#include "scenarios/reports/report_json.h"
#include "scenarios/reports/scenario_report.h"

namespace scenarios {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

// The text of a report.json of a run of scenarios. Replays have one too, which says nothing here.
std::optional<std::string> OurReportJson(const std::string& directory) {
  std::ifstream in(directory + "/report.json", std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  const auto parsed = nlohmann::json::parse(text.str(), nullptr, false);
  if (parsed.is_object() && parsed.contains("traces")) return std::nullopt;
  return text.str();
}

// One without scenarios if there is none.
Result<Report> ReportBeside(const std::string& directory) {
  const auto text = OurReportJson(directory);
  return text ? ReadReportJson(*text, directory + "/report.json") : Report{};
}

Result<Report> JudgeAllBelow(const std::string& directory) {
  const auto paths = FindJournals(directory);
  if (!paths) return Fail(paths.error());
  if (paths->empty()) {
    return Fail(ErrorCode::kNotFound, "neither report.json nor a *.journal.jsonl in " + directory);
  }
  Report report;
  report.run = MakeRunInfo("journals of " + directory, 0);
  report.run.started.clear();
  for (const std::string& path : *paths) {
    auto journal = ReadJournalFile(path);
    if (!journal) return Fail(journal.error());
    report.scenarios.push_back(
        JudgeAgain(JournalName(path), std::move(*journal), UsualJudgeOptions()));
  }
  return report;
}

}  // namespace

Result<ReportedScenario> SavedJournals::Read(const std::string& path) {
  auto journal = ReadJournalFile(path);
  if (!journal) return Fail(journal.error());
  const fs::path file(path);
  const std::string directory = file.has_parent_path() ? file.parent_path().string() : ".";
  auto report = reports_.find(directory);
  if (report == reports_.end()) {
    report = reports_.emplace(directory, ReportBeside(directory)).first;
  }
  if (!report->second) return Fail(report->second.error());
  const auto found = std::ranges::find(report->second->scenarios, file.filename().string(),
                                       &ReportedScenario::journal_file);
  ReportedScenario scenario;
  if (found != report->second->scenarios.end()) {
    scenario = *found;
  } else {
    scenario.name = JournalName(path);
    scenario.verdict = ScenarioVerdict::kPassed;
    scenario.judged_with = UsualJudgeOptions();
  }
  scenario.journal = std::move(*journal);
  return scenario;
}

Result<SavedReport> ReadSavedReport(const std::string& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return Fail(ErrorCode::kNotFound, directory + ": expected a directory");
  }
  const bool ours = OurReportJson(directory).has_value();
  auto report = ours ? LoadReport(directory) : JudgeAllBelow(directory);
  if (!report) return Fail(report.error());
  return SavedReport{std::move(*report), !ours};
}

}  // namespace scenarios
