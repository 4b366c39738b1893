#include "scenarios/cli/app.h"

#include <CLI/CLI.hpp>

#include "scenarios/cli/completion_command.h"
#include "scenarios/cli/convert_command.h"
#include "scenarios/cli/explain_command.h"
#include "scenarios/cli/explore_command.h"
#include "scenarios/cli/man_command.h"
#include "scenarios/cli/merge_command.h"
#include "scenarios/cli/museum_command.h"
#include "scenarios/cli/orders_command.h"
#include "scenarios/cli/recheck_command.h"
#include "scenarios/cli/replay_command.h"
#include "scenarios/cli/report_command.h"
#include "scenarios/cli/run_command.h"
#include "scenarios/cli/version_command.h"
#include "scenarios/reports/versions.h"

namespace scenarios {

std::unique_ptr<CLI::App> MakeApp(int& exit_code) {
  auto app = std::make_unique<CLI::App>(
      "Drydock: simulation and test fixtures for container engines", "drydock");
  app->require_subcommand(1);
  app->set_version_flag("--version", std::string(DrydockVersion()));
  app->footer(
      "Exit codes: 0 all held, 1 something broken, 2 usage or bad input, 3 could not judge.");
  AddRunCommand(*app, exit_code);
  AddListCommand(*app, exit_code);
  AddMuseumCommand(*app, exit_code);
  AddMutantsCommand(*app, exit_code);
  AddOrdersCommand(*app, exit_code);
  AddExploreCommand(*app, exit_code);
  AddReplayCommand(*app, exit_code);
  AddConvertCommand(*app, exit_code);
  AddExplainCommand(*app, exit_code);
  AddRecheckCommand(*app, exit_code);
  AddReportCommand(*app, exit_code);
  AddMergeCommand(*app, exit_code);
  AddVersionCommand(*app, exit_code);
  AddCompletionCommand(*app, exit_code);
  AddManCommand(*app, exit_code);
  return app;
}

}  // namespace scenarios
