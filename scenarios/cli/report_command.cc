#include "scenarios/cli/report_command.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/saved_report.h"
#include "scenarios/reports/scenario_report.h"

namespace scenarios {

int RunReportCommand(const ReportCommand& command, std::ostream& out, std::ostream& err) {
  const auto saved = ReadSavedReport(command.directory);
  if (!saved) {
    err << "drydock: " << saved.error().message << '\n';
    return kExitUsage;
  }
  const auto drawn = saved->from_journals ? Drawn::kForPeople : Drawn::kAll;
  if (auto written = RewriteReport(command.directory, saved->report, drawn); !written) {
    err << "drydock: " << written.error().message << '\n';
    return kExitCannotJudge;
  }
  for (const ScenarioVerdict verdict : kScenarioVerdicts) {
    out << (verdict == kScenarioVerdicts[0] ? "" : ", ") << CountVerdicts(saved->report, verdict)
        << ' ' << ScenarioVerdictName(verdict);
  }
  out << "; report in " << command.directory << "/report.html\n";
  return kExitHeld;
}

void AddReportCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ReportCommand>();
  CLI::App* report = app.add_subcommand(
      "report", "Draw report.html, junit.xml and trace.json again from what an earlier run left");
  report
      ->add_option("DIR", command->directory,
                   "with report.json and journals, or with journals alone")
      ->required()
      ->type_name("DIR");
  report->callback(
      [command, &exit_code] { exit_code = RunReportCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
