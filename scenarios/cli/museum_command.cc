#include "scenarios/cli/museum_command.h"

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/joined.h"
#include "scenarios/museum.h"
#include "scenarios/reports/failure_text.h"

namespace scenarios {

namespace {

void List(const std::vector<NamedScenario>& museum, std::ostream& out) {
  for (const NamedScenario& entry : museum) {
    const Failure& failure = *entry.scenario.failure;
    out << std::left << std::setw(5) << failure.id << failure.what
        << (failure.guard ? "  (guard)" : "") << '\n';
  }
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
  if (!failure.deviations_off.empty()) out << ", without " << Joined(failure.deviations_off, ", ");
  if (!failure.mutants.empty()) out << ", with the mutants " << Joined(failure.mutants, ", ");
  out << ": " << ScenarioVerdictName(exhibit.reference.verdict) << '\n'
      << FailureText(exhibit.reference);
  if (!exhibit.shown()) out << "\nNot broken: " << Joined(exhibit.not_broken, ", ") << '\n';
  return exhibit.good() ? kExitHeld : kExitBroken;
}

// Each entry as we are, and behind it as the reference is.
std::vector<Work> InBothWays(const PlannedRun& plan) {
  std::vector<Work> work;
  for (const Transport transport : plan.transports) {
    for (const NamedScenario& entry : plan.scenarios) {
      if (!RunsOver(entry.scenario, transport)) continue;
      RunOptions options;
      options.transport = transport;
      options.seed = plan.seed;
      options.oracle = plan.oracle;
      work.push_back({&entry.scenario, options});
      work.push_back({&entry.scenario, AsReference(*entry.scenario.failure, options)});
    }
  }
  return work;
}

// One line for an entry; true if it is as it should be.
bool Compare(const Failure& failure, const Exhibit& exhibit, std::ostream& out) {
  out << std::left << std::setw(5) << failure.id << std::setw(11) << exhibit.ours.transport
      << "ours " << std::setw(8) << ScenarioVerdictName(exhibit.ours.verdict) << "reference "
      << (exhibit.shown() ? "breaks " + Joined(failure.breaks, ", ")
                          : "does not break " + Joined(exhibit.not_broken, ", "))
      << std::endl;
  if (exhibit.ours.verdict != ScenarioVerdict::kPassed) out << FailureText(exhibit.ours);
  return exhibit.good();
}

// Every entry in both ways, told in order.
int CompareAll(const PlannedRun& plan, std::ostream& out) {
  const std::vector<Work> work = InBothWays(plan);
  std::vector<std::optional<ScenarioResult>> results(work.size());
  std::size_t told = 0;
  std::size_t good = 0;
  const ManyResults many = RunMany(work, plan.many, [&](std::size_t index, ScenarioResult& result) {
    results[index] = result;
    for (; told < work.size() && results[told] && results[told + 1]; told += 2) {
      const Failure& failure = *work[told].scenario->failure;
      Exhibit exhibit;
      exhibit.ours = std::move(*results[told]);
      exhibit.reference = std::move(*results[told + 1]);
      exhibit.not_broken = NotBroken(failure, exhibit.reference);
      good += Compare(failure, exhibit, out) ? 1U : 0U;
    }
    result.journal.reset();
  });
  const std::size_t seen = work.size() / 2;
  out << good << " of " << seen << " hold as we are and break as the reference is" << std::endl;
  const int code = good == seen ? kExitHeld : kExitBroken;
  if (many.stuck) std::_Exit(code);
  return code;
}

}  // namespace

int RunMuseumCommand(const MuseumCommand& command, const Environment& environment,
                     std::ostream& out, std::ostream& err) {
  auto museum = Museum();
  if (!museum) return UsageError(museum.error().message, err);
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
  if (!plan) return UsageError(plan.error().message, err);
  std::erase_if(plan->scenarios,
                [](const NamedScenario& each) { return !each.scenario.failure.has_value(); });
  if (plan->scenarios.empty())
    return UsageError("\"" + command.run + "\" is no entry of the museum", err);
  out << "drydock museum: seed " << plan->seed << std::endl;
  if (!command.run.empty()) {
    RunOptions options;
    options.transport = plan->transports.front();
    options.seed = plan->seed;
    options.oracle = plan->oracle;
    return Tell(plan->scenarios.front(), options, out);
  }
  if (command.reference) return CompareAll(*plan, out);
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
