#include "scenarios/cli/recheck_command.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/saved_report.h"
#include "scenarios/reports/journal_file.h"
#include "scenarios/reports/rejudge.h"
#include "scenarios/reports/text_table.h"

namespace scenarios {
namespace {

struct Rechecked {
  std::string path;  // below the directory
  std::string problem;
  std::optional<ReportedScenario> before;
  std::optional<ReportedScenario> after;

  bool broken() const {
    return after && std::ranges::any_of(after->guarantees, &ReportedGuarantee::bad);
  }
  const char* verdict() const {
    if (!after) return "cannot judge";
    return broken() ? "broken" : "held";
  }
};

Rechecked Recheck(SavedJournals& journals, const std::string& path, const std::string& directory) {
  Rechecked result;
  result.path = std::filesystem::path(path).lexically_relative(directory).string();
  auto before = journals.Read(path);
  if (!before) {
    result.problem = before.error().message;
    return result;
  }
  result.after = JudgeAgain(*before);
  result.before = std::move(*before);
  return result;
}

std::string CountText(const Rechecked& result, Verdict verdict) {
  if (!result.after) return "";
  return std::to_string(
      std::ranges::count(result.after->guarantees, verdict, &ReportedGuarantee::verdict));
}

std::string TableText(const std::vector<Rechecked>& results) {
  TextTable table({"journal", "entries", "held", "broken", "not observable", "verdict"});
  for (const Rechecked& result : results) {
    table.Add({result.path,
               result.after ? std::to_string(result.after->journal->entries().size()) : "",
               CountText(result, Verdict::kHeld), CountText(result, Verdict::kBroken),
               CountText(result, Verdict::kNotObservable), result.verdict()});
  }
  return table.Text();
}

// What an earlier report said otherwise: the judges have changed since, or the journal has.
std::string ChangesText(const Rechecked& result) {
  std::string text;
  for (const ReportedGuarantee& guarantee : result.after->guarantees) {
    const auto before =
        std::ranges::find(result.before->guarantees, guarantee.name, &ReportedGuarantee::name);
    if (before == result.before->guarantees.end() || before->verdict == guarantee.verdict) continue;
    text += "  " + guarantee.name + ": the report says " +
            std::string(VerdictName(before->verdict)) + ", now " +
            std::string(VerdictName(guarantee.verdict)) + "\n";
  }
  return text;
}

std::string BrokenText(const ReportedScenario& scenario) {
  std::string text;
  for (const ReportedGuarantee& guarantee : scenario.guarantees) {
    if (!guarantee.bad) continue;
    text += "  " + guarantee.name + ": " + guarantee.sentence + "\n";
    if (guarantee.verdict != Verdict::kBroken || guarantee.demand == Demand::kBroken) {
      text += "    had to be " + std::string(DemandName(guarantee.demand)) + ", and is " +
              std::string(VerdictName(guarantee.verdict)) + "\n";
      continue;
    }
    for (const Violation& violation : guarantee.violations) text += "    " + violation.what + "\n";
  }
  return text;
}

std::string ComplaintsText(const Rechecked& result) {
  std::string text = result.problem.empty() ? "" : "  " + result.problem + "\n";
  if (result.after) text += BrokenText(*result.after) + ChangesText(result);
  return text.empty() ? "" : "\n" + result.path + "\n" + text;
}

int ExitCodeOf(const std::vector<Rechecked>& results) {
  if (std::ranges::any_of(results, &Rechecked::broken)) return kExitBroken;
  const bool all_judged = std::ranges::all_of(
      results, [](const Rechecked& result) { return result.after.has_value(); });
  return all_judged ? kExitHeld : kExitCannotJudge;
}

}  // namespace

int RunRecheckCommand(const RecheckCommand& command, std::ostream& out, std::ostream& err) {
  const auto paths = FindJournals(command.directory);
  if (!paths || paths->empty()) {
    err << "drydock: "
        << (paths ? "no *.journal.jsonl below " + command.directory : paths.error().message)
        << '\n';
    return kExitUsage;
  }
  std::vector<Rechecked> results;
  SavedJournals journals;
  for (const std::string& path : *paths) {
    results.push_back(Recheck(journals, path, command.directory));
  }
  out << TableText(results);
  for (const Rechecked& result : results) out << ComplaintsText(result);
  const auto count = [&](std::string_view verdict) {
    return std::ranges::count(results, verdict, [](const Rechecked& result) {
      return std::string_view(result.verdict());
    });
  };
  out << '\n'
      << results.size() << (results.size() == 1 ? " journal: " : " journals: ") << count("held")
      << " held, " << count("broken") << " broken, " << count("cannot judge") << " cannot judge\n";
  return ExitCodeOf(results);
}

void AddRecheckCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<RecheckCommand>();
  CLI::App* recheck =
      app.add_subcommand("recheck", "Judge the saved journals below a directory again");
  recheck->add_option("DIR", command->directory, "with *.journal.jsonl in it, at any depth")
      ->required()
      ->type_name("DIR");
  recheck->callback(
      [command, &exit_code] { exit_code = RunRecheckCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
