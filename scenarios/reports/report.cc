#include "scenarios/reports/report.h"

#include <algorithm>
#include <set>
#include <utility>

namespace scenarios {
namespace {

Demand DemandOf(const GuaranteeResult& result) {
  if (result.must_break) return Demand::kBroken;
  return result.must_be_held ? Demand::kHeld : Demand::kNone;
}

ReportedGuarantee Reported(const GuaranteeResult& result) {
  ReportedGuarantee reported;
  reported.name = result.guarantee->name;
  reported.sentence = result.guarantee->sentence;
  reported.verdict = result.judgement.verdict;
  reported.demand = DemandOf(result);
  reported.bad = result.bad();
  reported.violations = result.judgement.violations;
  return reported;
}

ReportedScenario Reported(const ScenarioResult& result) {
  ReportedScenario reported;
  reported.name = result.scenario.name;
  reported.intent = result.scenario.intent;
  reported.file = result.file;
  reported.tags = result.scenario.tags;
  if (result.scenario.failure) reported.museum = result.scenario.failure->id;
  reported.transport = result.transport;
  reported.seed = result.seed;
  reported.verdict = result.verdict;
  reported.time = result.time;
  reported.clock = result.clock;
  reported.actions = CountActions(result.scenario.actions);
  reported.actions_before_shrinking = result.actions_before_shrinking;
  reported.complaints = result.complaints;
  for (const GuaranteeResult& guarantee : result.guarantees) {
    reported.guarantees.push_back(Reported(guarantee));
  }
  reported.judged_with = result.judged_with;
  reported.cannot_judge = result.cannot_judge;
  reported.reproduce = result.reproduce;
  reported.resembles = result.resembles;
  reported.journal = result.journal;
  return reported;
}

}  // namespace

void NameJournals(std::vector<ReportedScenario>& scenarios) {
  std::set<std::string> taken;
  for (ReportedScenario& scenario : scenarios) {
    if (!scenario.journal) continue;
    const std::string name = FileNameFor(scenario.name);
    std::string different = name;
    for (int number = 2; !taken.insert(different).second; ++number) {
      different = name + "-" + std::to_string(number);
    }
    scenario.journal_file = different + ".journal.jsonl";
  }
}

std::string_view DemandName(Demand demand) {
  switch (demand) {
    case Demand::kHeld:
      return "held";
    case Demand::kBroken:
      return "broken";
    case Demand::kNone:
      break;
  }
  return "none";
}

std::string FileNameFor(std::string_view name) {
  constexpr std::size_t kLongest = 150;  // leaves room for a number and the suffix
  std::string file(name.substr(0, kLongest));
  for (char& c : file) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  if (file.empty() || file.front() == '.') file.insert(file.begin(), '_');
  return file;
}

Report MakeReport(std::span<const ScenarioResult> results, RunInfo run) {
  Report report;
  report.run = std::move(run);
  for (const ScenarioResult& result : results) report.scenarios.push_back(Reported(result));
  NameJournals(report.scenarios);
  return report;
}

std::size_t CountVerdicts(const Report& report, ScenarioVerdict verdict) {
  return static_cast<std::size_t>(
      std::ranges::count(report.scenarios, verdict,
                         [](const ReportedScenario& scenario) { return scenario.verdict; }));
}

double Milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace scenarios
