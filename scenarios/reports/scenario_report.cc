#include "scenarios/reports/scenario_report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <utility>

#include "libcontainerd/time_text.h"
#include "scenarios/reports/chrome_trace.h"
#include "scenarios/reports/failure_text.h"
#include "scenarios/reports/html_report.h"
#include "scenarios/reports/journal_file.h"
#include "scenarios/reports/junit_xml.h"
#include "scenarios/reports/report_json.h"
#include "scenarios/reports/versions.h"

namespace scenarios {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

JUnitCase::Outcome OutcomeOf(ScenarioVerdict verdict) {
  switch (verdict) {
    case ScenarioVerdict::kPassed:
      return JUnitCase::Outcome::kPassed;
    case ScenarioVerdict::kFailed:
      return JUnitCase::Outcome::kFailed;
    case ScenarioVerdict::kSkipped:
      return JUnitCase::Outcome::kSkipped;
    case ScenarioVerdict::kCannotJudge:
      break;
  }
  return JUnitCase::Outcome::kError;
}

std::string TypeOf(const ReportedScenario& scenario) {
  if (scenario.verdict == ScenarioVerdict::kCannotJudge) return "cannot judge";
  const bool guarantee = std::ranges::any_of(
      scenario.guarantees, [](const ReportedGuarantee& judged) { return judged.bad; });
  return guarantee ? "guarantee" : "expectation";
}

JUnitCase CaseOf(const ReportedScenario& scenario) {
  JUnitCase test;
  test.classname = scenario.transport.empty() ? "drydock" : "drydock." + scenario.transport;
  test.name = scenario.name;
  test.time = scenario.time;
  test.outcome = OutcomeOf(scenario.verdict);
  test.type = TypeOf(scenario);
  test.message = scenario.verdict == ScenarioVerdict::kSkipped
                     ? "not for transport " + scenario.transport
                     : FailureHeadline(scenario);
  test.text = FailureText(scenario);
  return test;
}

// CI systems tell test cases by class and name.
void MakeNamesDifferent(std::vector<JUnitCase>& cases) {
  std::map<std::pair<std::string, std::string>, int> seen;
  for (JUnitCase& test : cases) {
    const int count = ++seen[{test.classname, test.name}];
    if (count > 1) test.name += " (" + std::to_string(count) + ")";
  }
}

std::string JournalText(const Journal& journal) {
  std::ostringstream text;
  WriteJournal(journal, text);
  return text.str();
}

using Files = std::vector<std::pair<std::string, std::string>>;

Files DrawnFiles(const Report& report, Drawn drawn) {
  Files files{{"trace.json", ChromeTrace(report)}, {"report.html", HtmlReport(report)}};
  if (drawn == Drawn::kAll) files.emplace_back("junit.xml", ReportJUnit(report));
  return files;
}

Status ReplaceFile(const std::string& path, const std::string& content) {
  const std::string partial = path + ".partial";
  std::ofstream out(partial, std::ios::binary);
  out << content;
  out.close();
  std::error_code error;
  if (out) fs::rename(partial, path, error);
  if (out && !error) return {};
  std::error_code ignored;
  fs::remove(partial, ignored);
  return Fail(ErrorCode::kUnavailable, "cannot write " + path);
}

}  // namespace

RunInfo MakeRunInfo(std::string command, std::uint64_t seed) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  RunInfo run;
  run.command = std::move(command);
  run.seed = seed;
  run.started = libcontainerd::FormatTime(now);
  run.versions = Versions();
  return run;
}

std::string ReportJUnit(const Report& report) {
  JUnitSuite suite;
  suite.name = report.run.command;
  suite.timestamp = report.run.started;
  suite.time = report.run.time;
  suite.properties = {
      {"seed", std::to_string(report.run.seed)},
      {"shard", std::to_string(report.run.shard) + "/" + std::to_string(report.run.shards)}};
  if (!report.run.transport.empty()) {
    suite.properties.emplace_back("transport", report.run.transport);
  }
  for (const auto& [name, version] : report.run.versions) {
    suite.properties.emplace_back("version." + name, version);
  }
  for (const ReportedScenario& scenario : report.scenarios) {
    suite.cases.push_back(CaseOf(scenario));
  }
  MakeNamesDifferent(suite.cases);
  return JUnitXml(suite);
}

Status WriteReport(OutputDirectory& directory, const Report& report) {
  Status status = directory.Write("report.json", ReportJson(report));
  for (const ReportedScenario& scenario : report.scenarios) {
    if (status && scenario.journal) {
      status = directory.Write(scenario.journal_file, JournalText(*scenario.journal));
    }
  }
  for (const auto& [name, content] : DrawnFiles(report, Drawn::kAll)) {
    if (status) status = directory.Write(name, content);
  }
  return status;
}

Status WriteScenarioReports(OutputDirectory& directory, std::span<const ScenarioResult> results,
                            const RunInfo& run) {
  return WriteReport(directory, MakeReport(results, run));
}

Status RewriteReport(const std::string& directory, const Report& report, Drawn drawn) {
  for (const auto& [name, content] : DrawnFiles(report, drawn)) {
    if (Status status = ReplaceFile(directory + "/" + name, content); !status) return status;
  }
  return {};
}

Result<Report> LoadReport(const std::string& directory) {
  const std::string path = directory + "/report.json";
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(ErrorCode::kNotFound, "cannot open " + path);
  std::ostringstream text;
  text << in.rdbuf();
  Result<Report> report = ReadReportJson(text.str(), path);
  if (!report) return report;
  for (ReportedScenario& scenario : report->scenarios) {
    if (scenario.journal_file.empty()) continue;
    auto journal = ReadJournalFile(directory + "/" + scenario.journal_file);
    if (!journal) return Fail(journal.error());
    scenario.journal = std::move(*journal);
  }
  return report;
}

}  // namespace scenarios
