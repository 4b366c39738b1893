#include "scenarios/cli/run_command.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/joined.h"

namespace scenarios {

int RunRunCommand(const RunCommand& command, const Environment& environment, std::ostream& out,
                  std::ostream& err) {
  const auto plan = Plan(command.words, command.options, environment);
  if (!plan) return UsageError(plan.error().message, err);
  std::vector<PlannedWork> work = WorkOf(*plan);
  for (PlannedWork& each : work) {
    each.options.deviations_off = command.deviations_off;
    each.options.mutants = command.mutants;
  }
  const Executed executed = Execute("drydock run", *plan, work, out);
  out << Summary(executed.results) << '\n';
  return Conclude("drydock run", *plan, command.options.report_dir, executed, false, out, err);
}

void AddRunCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<RunCommand>();
  CLI::App* run = app.add_subcommand(
      "run", "Run scenarios through the real client and judge them; without a name, the library");
  run->add_option("SCENARIO", command->words, "files, directories, or names of `drydock list`");
  AddScenarioOptions(*run, command->options);
  AddSwitchOptions(*run, command->deviations_off, command->mutants);
  run->callback([command, &exit_code] {
    exit_code = RunRunCommand(*command, ProcessEnvironment(), std::cout, std::cerr);
  });
}

int RunListCommand(const ListCommand& command, std::ostream& out, std::ostream& err) {
  auto found = FindScenarios(command.words);
  if (!found) return UsageError(found.error().message, err);
  if (command.words.empty()) {
    auto museum = Museum();
    if (!museum) return UsageError(museum.error().message, err);
    std::ranges::move(*museum, std::back_inserter(*found));
  }
  std::size_t longest = 0;
  for (const NamedScenario& each : *found) longest = std::max(longest, each.scenario.name.size());
  for (const NamedScenario& each : *found) {
    if (command.names_only) {
      out << each.scenario.name << '\n';
      continue;
    }
    out << std::left << std::setw(static_cast<int>(longest) + 2) << each.scenario.name
        << each.scenario.intent;
    if (!each.scenario.tags.empty()) out << "  [" << Joined(each.scenario.tags, ", ") << "]";
    out << '\n';
  }
  return kExitHeld;
}

void AddListCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ListCommand>();
  CLI::App* list =
      app.add_subcommand("list", "List scenarios; without a name, the library and the museum");
  list->add_option("SCENARIO", command->words, "files, directories or names");
  list->add_flag("--names", command->names_only, "nothing but their names");
  list->callback(
      [command, &exit_code] { exit_code = RunListCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
