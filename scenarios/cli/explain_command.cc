#include "scenarios/cli/explain_command.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

#include <CLI/CLI.hpp>

#include "fake_containerd/nearest_word.h"
#include "scenarios/catalogue.h"
#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/saved_report.h"
#include "scenarios/cli/scenario_options.h"
#include "scenarios/guarantees/guarantee.h"
#include "scenarios/joined.h"
#include "scenarios/reports/rejudge.h"
#include "scenarios/reports/story.h"

namespace scenarios {
namespace {

int ExplainJournal(const ExplainCommand& command, std::ostream& out, std::ostream& err) {
  const auto scenario = SavedJournals().Read(command.what);
  if (!scenario) return UsageError(scenario.error().message, err);
  const ReportedScenario judged = JudgeAgain(*scenario);
  out << Story(judged, command.around);
  const bool bad = std::ranges::any_of(judged.guarantees, &ReportedGuarantee::bad);
  return bad ? kExitBroken : kExitHeld;
}

// A line with a title, unless there is nothing to say.
void Tell(std::ostream& out, const char* title, const std::string& text) {
  if (!text.empty()) out << "  " << title << text << '\n';
}

void TellFailure(const Failure& failure, std::ostream& out) {
  Tell(out, "users met: ", failure.what);
  Tell(out, "sources: ", failure.sources);
  Tell(out, "the reference: ", failure.reference);
  Tell(out, "ours: ", failure.ours);
  Tell(out, "shown without: ", Joined(failure.deviations_off, ", "));
  Tell(out, "shown by mutants: ", Joined(failure.mutants, ", "));
  Tell(out, "breaks then: ", Joined(failure.breaks, ", "));
  if (failure.guard) Tell(out, "", "a guard: the reference does well here");
}

void ExplainScenario(const NamedScenario& named, std::ostream& out) {
  const Scenario& scenario = named.scenario;
  out << scenario.name << (scenario.failure ? " (in the museum)\n" : " (a scenario)\n");
  Tell(out, "", scenario.intent);
  Tell(out, "tags: ", Joined(scenario.tags, ", "));
  Tell(out, "only over: ", Joined(scenario.setup.transports, ", "));
  if (scenario.failure) TellFailure(*scenario.failure, out);
  Tell(out, "must be held: ", Joined(scenario.guarantees.held, ", "));
  Tell(out, "must be broken: ", Joined(scenario.guarantees.broken, ", "));
  Tell(out, "file: ", named.file);
  Tell(out, "run it: ", "drydock run " + (named.carried ? scenario.name : named.file));
}

bool IsAbout(const Scenario& scenario, std::string_view guarantee) {
  const auto names = [&](const std::vector<std::string>& list) {
    return std::ranges::find(list, guarantee) != list.end();
  };
  return names(scenario.guarantees.held) || names(scenario.guarantees.broken) ||
         (scenario.failure && names(scenario.failure->breaks));
}

// Everything that comes with the program.
std::vector<NamedScenario> CarriedScenarios() {
  std::vector<NamedScenario> all;
  for (auto&& found : {Library(), Museum()}) {
    if (found) all.insert(all.end(), found->begin(), found->end());
  }
  return all;
}

void ExplainGuarantee(const Guarantee& guarantee, std::ostream& out) {
  out << guarantee.name << " (a guarantee)\n";
  Tell(out, "", std::string(guarantee.sentence));
  Tell(out, "", "Not observable " + std::string(guarantee.blind) + ".");
  std::vector<std::string> about;
  for (const NamedScenario& named : CarriedScenarios()) {
    if (IsAbout(named.scenario, guarantee.name)) about.push_back(named.scenario.name);
  }
  Tell(out, "demanded by: ", Joined(about, ", "));
  Tell(out, "page: ", "docs/guarantees.md#" + std::string(guarantee.name));
}

std::string UnknownText(const std::string& word) {
  const std::vector<NamedScenario> carried = CarriedScenarios();
  std::vector<std::string_view> names;
  for (const Guarantee& guarantee : AllGuarantees()) names.push_back(guarantee.name);
  for (const NamedScenario& named : carried) names.emplace_back(named.scenario.name);
  std::string text = "\"" + word + "\": neither a file, nor the name of a guarantee or a scenario";
  if (const auto nearest = fake_containerd::NearestWord(word, names)) {
    text += "; did you mean \"" + std::string(*nearest) + "\"?";
  }
  return text;
}

int ExplainScenarios(const ExplainCommand& command, std::ostream& out, std::ostream& err) {
  const auto found = FindScenarios({command.what});
  if (!found) {
    const bool unknown = found.error().code == libcontainerd::ErrorCode::kNotFound;
    return UsageError(unknown ? UnknownText(command.what) : found.error().message, err);
  }
  for (const NamedScenario& named : *found) ExplainScenario(named, out);
  return kExitHeld;
}

}  // namespace

int RunExplainCommand(const ExplainCommand& command, std::ostream& out, std::ostream& err) {
  std::error_code error;
  const bool file = std::filesystem::exists(command.what, error) &&
                    !std::filesystem::is_directory(command.what, error);
  if (file && !command.what.ends_with(".json")) return ExplainJournal(command, out, err);
  if (const Guarantee* guarantee = FindGuarantee(command.what); guarantee != nullptr && !file) {
    ExplainGuarantee(*guarantee, out);
    return kExitHeld;
  }
  return ExplainScenarios(command, out, err);
}

void AddExplainCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ExplainCommand>();
  CLI::App* explain = app.add_subcommand(
      "explain",
      "Tell the story of a journal: what was broken, what happened around it, and what became of "
      "each container; or what a guarantee means, or what a scenario is about");
  explain
      ->add_option("WHAT", command->what,
                   "a journal (NAME.journal.jsonl), a guarantee's name, or a scenario's (or its "
                   "file)")
      ->required()
      ->type_name("FILE|NAME");
  explain
      ->add_option("--around", command->around,
                   "entries of the same container to tell before and behind those that show a "
                   "violation")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(ProblemOfCount);
  explain->callback(
      [command, &exit_code] { exit_code = RunExplainCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
