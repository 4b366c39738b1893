#include "scenarios/cli/explain_command.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/saved_report.h"
#include "scenarios/guarantees/guarantee.h"
#include "scenarios/reports/rejudge.h"
#include "scenarios/reports/story.h"

namespace scenarios {
namespace {

int ExplainJournal(const ExplainCommand& command, std::ostream& out, std::ostream& err) {
  const auto scenario = ReadSavedJournal(command.what);
  if (!scenario) {
    err << "drydock: " << scenario.error().message << '\n';
    return kExitUsage;
  }
  const ReportedScenario judged = JudgeAgain(*scenario);
  out << Story(judged, command.around);
  const bool bad = std::ranges::any_of(judged.guarantees, &ReportedGuarantee::bad);
  return bad ? kExitBroken : kExitHeld;
}

void ExplainGuarantee(const Guarantee& guarantee, std::ostream& out) {
  out << guarantee.name << " (a guarantee)\n  " << guarantee.sentence << "\n  Not observable "
      << guarantee.blind << ".\n  docs/guarantees.md#" << guarantee.name << '\n';
}

}  // namespace

int RunExplainCommand(const ExplainCommand& command, std::ostream& out, std::ostream& err) {
  std::error_code error;
  if (std::filesystem::exists(command.what, error)) return ExplainJournal(command, out, err);
  if (const Guarantee* guarantee = FindGuarantee(command.what)) {
    ExplainGuarantee(*guarantee, out);
    return kExitHeld;
  }
  err << "drydock: \"" << command.what
      << "\" is neither a file nor a guarantee: expected NAME.journal.jsonl, or a name of "
         "docs/guarantees.md\n";
  return kExitUsage;
}

void AddExplainCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ExplainCommand>();
  CLI::App* explain = app.add_subcommand(
      "explain",
      "Tell the story of a journal: what was broken, what happened around it, and what "
      "became of each container; or tell what a guarantee means");
  explain
      ->add_option("WHAT", command->what, "a journal (NAME.journal.jsonl), or a guarantee's name")
      ->required()
      ->type_name("FILE|NAME");
  explain
      ->add_option("--around", command->around,
                   "entries of the same container to tell before and behind those that show a "
                   "violation")
      ->type_name("COUNT")
      ->capture_default_str();
  explain->callback(
      [command, &exit_code] { exit_code = RunExplainCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
