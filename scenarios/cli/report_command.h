// drydock report DIR
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace scenarios {

struct ReportCommand {
  std::string directory;
};

// Draws the results of an earlier run again: report.html, junit.xml and trace.json from report.json
// and the journals; from journals alone report.html and trace.json. Returns an ExitCode that says
// whether they could be drawn.
int RunReportCommand(const ReportCommand& command, std::ostream& out, std::ostream& err);
void AddReportCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
