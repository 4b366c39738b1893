#include "scenarios/reports/rejudge.h"

#include <algorithm>
#include <utility>

#include "scenarios/guarantees/evidence.h"

namespace scenarios {
namespace {

Demand DemandBefore(const ReportedScenario& before, std::string_view name) {
  const auto found = std::ranges::find(before.guarantees, name, &ReportedGuarantee::name);
  return found == before.guarantees.end() ? Demand::kNone : found->demand;
}

ReportedGuarantee Judged(const Guarantee& guarantee, const Evidence& evidence, Demand demand) {
  GuaranteeResult result;
  result.guarantee = &guarantee;
  result.judgement = guarantee.judge(evidence);
  result.must_break = demand == Demand::kBroken;
  result.must_be_held = demand == Demand::kHeld;
  ReportedGuarantee reported;
  reported.name = guarantee.name;
  reported.sentence = guarantee.sentence;
  reported.verdict = result.judgement.verdict;
  reported.demand = demand;
  reported.bad = result.bad();
  reported.violations = std::move(result.judgement.violations);
  return reported;
}

}  // namespace

JudgeOptions UsualJudgeOptions() {
  JudgeOptions options;
  options.stepped_clock = true;
  return options;
}

ReportedScenario JudgeAgain(const ReportedScenario& before) {
  ReportedScenario after = before;
  after.guarantees.clear();
  const Evidence evidence(*before.journal, before.judged_with);
  for (const Guarantee& guarantee : AllGuarantees()) {
    after.guarantees.push_back(Judged(guarantee, evidence, DemandBefore(before, guarantee.name)));
  }
  const bool judged =
      before.verdict == ScenarioVerdict::kPassed || before.verdict == ScenarioVerdict::kFailed;
  if (!judged) return after;
  const bool bad = std::ranges::any_of(after.guarantees, &ReportedGuarantee::bad);
  after.verdict =
      bad || !after.complaints.empty() ? ScenarioVerdict::kFailed : ScenarioVerdict::kPassed;
  return after;
}

ReportedScenario JudgeAgain(std::string name, std::shared_ptr<const Journal> journal,
                            const JudgeOptions& options) {
  ReportedScenario scenario;
  scenario.name = std::move(name);
  scenario.verdict = ScenarioVerdict::kPassed;
  if (!journal->entries().empty()) scenario.clock = journal->entries().back().t;
  scenario.judged_with = options;
  scenario.journal = std::move(journal);
  return JudgeAgain(scenario);
}

}  // namespace scenarios
