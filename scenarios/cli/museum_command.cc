#include "scenarios/cli/museum_command.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/museum.h"
#include "scenarios/reports/failure_text.h"

namespace scenarios {

namespace {

int Usage(const std::string& message, std::ostream& err) {
  err << "drydock: " << message << '\n';
  return kExitUsage;
}

void List(const std::vector<NamedScenario>& museum, std::ostream& out) {
  for (const NamedScenario& entry : museum) {
    const Failure& failure = *entry.scenario.failure;
    out << std::left << std::setw(5) << failure.id << failure.what
        << (failure.guard ? "  (guard)" : "") << '\n';
  }
}

std::string Names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Both stories of one entry.
int Tell(const NamedScenario& entry, const RunOptions& options, std::ostream& out) {
  const Failure& failure = *entry.scenario.failure;
  out << failure.id << ": " << failure.what << "\n  sources    " << failure.sources
      << "\n  reference  " << failure.reference << "\n  ours       " << failure.ours << "\n\n";
  const Exhibit exhibit = ShowFailure(entry.scenario, options);
  out << "As we are: " << ScenarioVerdictName(exhibit.ours.verdict) << '\n'
      << FailureText(exhibit.ours);
  out << "\nAs the reference is";
  if (!failure.deviations_off.empty()) out << ", without " << Names(failure.deviations_off);
  if (!failure.mutants.empty()) out << ", with the mutants " << Names(failure.mutants);
  out << ": " << ScenarioVerdictName(exhibit.reference.verdict) << '\n'
      << FailureText(exhibit.reference);
  if (!exhibit.shown()) out << "\nNot broken: " << Names(exhibit.not_broken) << '\n';
  return exhibit.good() ? kExitHeld : kExitBroken;
}

// Every entry in both ways.
int Compare(const std::vector<NamedScenario>& museum, const PlannedRun& plan, std::ostream& out) {
  std::size_t good = 0;
  std::size_t seen = 0;
  for (const Transport transport : plan.transports) {
    for (const NamedScenario& entry : museum) {
      if (!RunsOver(entry.scenario, transport)) continue;
      ++seen;
      RunOptions options;
      options.transport = transport;
      options.seed = plan.seed;
      const Exhibit exhibit = ShowFailure(entry.scenario, options);
      good += exhibit.good() ? 1U : 0U;
      out << std::left << std::setw(5) << entry.scenario.failure->id << std::setw(11)
          << TransportName(transport) << "ours " << std::setw(8)
          << ScenarioVerdictName(exhibit.ours.verdict) << "reference "
          << (exhibit.shown() ? "breaks " + Names(entry.scenario.failure->breaks)
                              : "does not break " + Names(exhibit.not_broken))
          << std::endl;
      if (exhibit.ours.verdict != ScenarioVerdict::kPassed) out << FailureText(exhibit.ours);
    }
  }
  out << good << " of " << seen << " hold as we are and break as the reference is\n";
  return good == seen ? kExitHeld : kExitBroken;
}

}  // namespace

int RunMuseumCommand(const MuseumCommand& command, const Environment& environment,
                     std::ostream& out, std::ostream& err) {
  auto museum = Museum();
  if (!museum) return Usage(museum.error().message, err);
  if (command.list) {
    List(*museum, out);
    return kExitHeld;
  }
  if (command.markdown) {
    out << RenderMuseumDocs(*museum);
    return kExitHeld;
  }
  std::vector<std::string> words;
  for (const NamedScenario& entry : *museum) words.push_back(entry.scenario.name);
  if (!command.run.empty()) words = {command.run};
  auto plan = Plan(words, command.options, environment);
  if (!plan) return Usage(plan.error().message, err);
  std::erase_if(plan->scenarios,
                [](const NamedScenario& each) { return !each.scenario.failure.has_value(); });
  if (plan->scenarios.empty())
    return Usage("\"" + command.run + "\" is no entry of the museum", err);
  out << "drydock museum: seed " << plan->seed << std::endl;
  if (!command.run.empty()) {
    RunOptions options;
    options.transport = plan->transports.front();
    options.seed = plan->seed;
    return Tell(plan->scenarios.front(), options, out);
  }
  if (command.reference) return Compare(plan->scenarios, *plan, out);
  const Executed executed = Execute("drydock museum", *plan, WorkOf(*plan), out);
  out << Summary(executed.results) << '\n';
  return Conclude("drydock museum", *plan, command.options.report_dir, executed, false, out, err);
}

void AddMuseumCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<MuseumCommand>();
  command->options.transport = "loopback";
  CLI::App* museum = app.add_subcommand("museum", "Failures that real users met, run as scenarios");
  museum->add_flag("--list", command->list, "one line for each");
  museum->add_option("--run", command->run, "one entry (B31), as we are and as the reference is");
  museum->add_flag("--reference", command->reference,
                   "all of them in both ways: the reference must break what the entry says");
  museum->add_flag("--markdown", command->markdown, "the page docs/museum.md");
  AddScenarioOptions(*museum, command->options);
  museum->callback([command, &exit_code] {
    exit_code = RunMuseumCommand(*command, ProcessEnvironment(), std::cout, std::cerr);
  });
}

}  // namespace scenarios
