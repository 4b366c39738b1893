#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/museum_command.h"
#include "scenarios/explore/generator.h"
#include "scenarios/mutant_hunt.h"

namespace scenarios {

int RunMutantsCommand(const MutantsCommand& command, std::ostream& out, std::ostream& err) {
  std::vector<MutantName> mutants = AllMutantNames();
  if (command.list) {
    for (const MutantName& each : mutants) {
      out << std::left << std::setw(32) << each.name << (each.of_fake ? "fake    " : "client  ")
          << each.sentence << '\n';
    }
    return kExitHeld;
  }
  for (const std::string& name : command.names) {
    if (std::ranges::none_of(mutants, [&](const MutantName& each) { return each.name == name; }))
      return UsageError("\"" + name + "\" is no mutant; `drydock mutants --list` has them all",
                        err);
  }
  if (!command.names.empty()) {
    std::erase_if(mutants, [&](const MutantName& each) {
      return std::ranges::count(command.names, each.name) == 0;
    });
  }
  auto plan = Plan({}, command.options, [](const char*) { return std::nullopt; });
  if (!plan) return UsageError(plan.error().message, err);
  std::vector<NamedScenario> scenarios;
  if (command.random > 0) {
    for (std::uint64_t i = 0; i < command.random; ++i)
      scenarios.push_back({"", false, DrawScenario(plan->seed + i).scenario});
  } else {
    auto museum = Museum();
    if (!museum) return UsageError(museum.error().message, err);
    scenarios = std::move(plan->scenarios);
    std::ranges::move(*museum, std::back_inserter(scenarios));
  }
  HuntOptions options;
  options.jobs = plan->many.jobs;
  options.seeds = command.random > 0 ? 1 : command.seeds;  // they carry their own
  options.run.transport = plan->transports.front();
  options.run.seed = plan->seed;
  options.run.oracle = plan->oracle;
  out << "drydock mutants: seed " << plan->seed << ", " << mutants.size() << " mutants, "
      << scenarios.size() << " scenarios" << std::endl;
  std::vector<std::string> useless;
  const std::vector<Caught> caught =
      HuntMutants(mutants, scenarios, options, useless, [&](const Caught& each) {
        out << std::left << std::setw(8) << (each.scenario.empty() ? "missed" : "caught")
            << std::setw(32) << each.mutant.name;
        if (!each.scenario.empty()) out << each.scenario << ": " << each.by;
        out << std::endl;
      });
  for (const std::string& name : useless)
    out << "left out: " << name << " does not pass without a mutant\n";
  const auto missed = static_cast<std::size_t>(
      std::ranges::count_if(caught, [](const Caught& each) { return each.scenario.empty(); }));
  out << caught.size() - missed << " of " << caught.size() << " mutants caught";
  if (missed > 0) out << "; missed:";
  for (const Caught& each : caught) {
    if (each.scenario.empty()) out << ' ' << each.mutant.name;
  }
  out << '\n';
  if (!useless.empty()) return kExitCannotJudge;
  return missed == 0 ? kExitHeld : kExitBroken;
}

void AddMutantsCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<MutantsCommand>();
  command->options.transport = "loopback";
  CLI::App* mutants = app.add_subcommand(
      "mutants", "Plant each known defect in turn and see whether the scenarios notice");
  mutants->add_option("MUTANT", command->names, "these only");
  mutants->add_flag("--list", command->list, "one line for each");
  mutants->add_option("--seeds", command->seeds, "with so many seeds each")
      ->capture_default_str()
      ->check(ProblemOfCount);
  mutants
      ->add_option("--random", command->random,
                   "so many random scenarios, as of drydock explore, instead of library and museum")
      ->type_name("COUNT")
      ->check(ProblemOfCount);
  AddChoiceOptions(*mutants, command->options);
  mutants->callback(
      [command, &exit_code] { exit_code = RunMutantsCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
