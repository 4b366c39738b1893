#include "scenarios/reports/replay_report.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "scenarios/reports/junit_xml.h"
#include "scenarios/reports/scenario_report.h"

namespace scenarios {
namespace {

constexpr int kNameWidth = 34;
constexpr int kNumberWidth = 10;

std::string Row(const std::string& name, const std::array<std::string, 3>& numbers,
                const std::string& verdict, const std::string& time) {
  std::ostringstream line;
  line << std::left << std::setw(kNameWidth) << name << std::right;
  for (const std::string& number : numbers) line << std::setw(kNumberWidth) << number;
  line << "  " << std::left << std::setw(13) << verdict << std::right << std::setw(9) << time;
  return line.str();
}

std::string TimeText(std::chrono::nanoseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(0) << Milliseconds(time) << " ms";
  return text.str();
}

using VerdictCounts = std::map<TraceVerdict, std::size_t>;

VerdictCounts CountVerdicts(std::span<const TraceResult> results) {
  VerdictCounts counts;
  for (const TraceResult& result : results) ++counts[result.verdict];
  return counts;
}

nlohmann::ordered_json DifferenceJson(const Difference& difference) {
  nlohmann::ordered_json json{{"what", difference.what}};
  json["explained_by"] = difference.deviation.empty()
                             ? nlohmann::ordered_json(nullptr)
                             : nlohmann::ordered_json(difference.deviation);
  return json;
}

nlohmann::ordered_json GuaranteeJson(const JudgedGuarantee& judged) {
  nlohmann::ordered_json json{{"name", judged.guarantee->name},
                              {"verdict", VerdictName(judged.judgement.verdict)}};
  for (const Violation& violation : judged.judgement.violations) {
    json["violations"].push_back({{"what", violation.what}, {"entries", violation.entries}});
  }
  return json;
}

nlohmann::ordered_json TraceJson(const TraceResult& result) {
  nlohmann::ordered_json json{
      {"trace", result.name},          {"verdict", TraceVerdictName(result.verdict)},
      {"events", result.events},       {"calls", result.calls},
      {"callbacks", result.callbacks}, {"time_ms", Milliseconds(result.time)}};
  json["differences"] = nlohmann::ordered_json::array();
  for (const Difference& difference : result.differences) {
    json["differences"].push_back(DifferenceJson(difference));
  }
  json["pending"] = nlohmann::ordered_json::array();
  for (const Pending& pending : result.pending) {
    json["pending"].push_back({{"file", pending.source.client ? "client" : "wire"},
                               {"line", pending.source.line},
                               {"what", pending.what},
                               {"reason", pending.reason}});
  }
  json["cannot_judge"] = result.cannot_judge;
  json["notes"] = result.notes;
  json["guarantees"] = nlohmann::ordered_json::array();
  for (const JudgedGuarantee& judged : result.guarantees)
    json["guarantees"].push_back(GuaranteeJson(judged));
  return json;
}

std::string PendingSummary(const TraceResult& result) {
  std::map<std::string, std::size_t> reasons;
  for (const Pending& pending : result.pending) ++reasons[pending.reason];
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text += (text.empty() ? "" : "; ") + std::to_string(count) + " × " + reason;
  }
  return text;
}

JUnitCase CaseOf(const TraceResult& result) {
  JUnitCase test;
  test.classname = "replay";
  test.name = result.name;
  test.time = result.time;
  test.message = TraceVerdictName(result.verdict);
  test.text = ReplayComplaints(result);
  switch (result.verdict) {
    case TraceVerdict::kHeld:
      break;
    case TraceVerdict::kBroken:
      test.outcome = JUnitCase::Outcome::kFailed;
      break;
    case TraceVerdict::kCannotJudge:
      test.outcome = JUnitCase::Outcome::kError;
      break;
    case TraceVerdict::kPending:
      test.outcome = JUnitCase::Outcome::kSkipped;
      test.message = "pending: " + PendingSummary(result);
      break;
  }
  return test;
}

ScenarioVerdict VerdictInReport(TraceVerdict verdict) {
  switch (verdict) {
    case TraceVerdict::kHeld:
      return ScenarioVerdict::kPassed;
    case TraceVerdict::kBroken:
      return ScenarioVerdict::kFailed;
    case TraceVerdict::kPending:
      return ScenarioVerdict::kSkipped;
    case TraceVerdict::kCannotJudge:
      break;
  }
  return ScenarioVerdict::kCannotJudge;
}

// A trace as the page shows it.
ReportedScenario Reported(const TraceResult& result, const ReplayOptions& options) {
  ReportedScenario reported;
  reported.name = result.name;
  reported.intent = "What the real daemon was recorded doing, replayed through the client.";
  reported.transport = TransportName(options.transport);
  reported.seed = options.seed;
  reported.verdict = VerdictInReport(result.verdict);
  reported.time = result.time;
  reported.actions = result.calls;
  for (const Difference& difference : result.differences) {
    if (difference.deviation.empty()) reported.complaints.push_back({{}, difference.what});
  }
  for (const std::string& what : result.cannot_judge) reported.complaints.push_back({{}, what});
  if (!result.pending.empty()) reported.cannot_judge = "pending: " + PendingSummary(result);
  for (const JudgedGuarantee& judged : result.guarantees) {
    reported.guarantees.push_back(
        {std::string(judged.guarantee->name), std::string(judged.guarantee->sentence),
         judged.judgement.verdict, Demand::kNone, judged.judgement.verdict == Verdict::kBroken,
         judged.judgement.violations});
  }
  if (!result.journal) return reported;
  if (!result.journal->entries().empty()) reported.clock = result.journal->entries().back().t;
  // The results outlive their report.
  reported.journal = std::shared_ptr<const Journal>(std::shared_ptr<void>(), result.journal.get());
  return reported;
}

}  // namespace

std::string ReplayTableHeader() {
  return Row("trace", {"events", "calls", "callbacks"}, "verdict", "time");
}

std::string ReplayTableLine(const TraceResult& result) {
  return Row(result.name,
             {std::to_string(result.events), std::to_string(result.calls),
              std::to_string(result.callbacks)},
             std::string(TraceVerdictName(result.verdict)), TimeText(result.time));
}

std::string ReplayTableSum(std::span<const TraceResult> results) {
  std::array<std::uint64_t, 3> sums{};
  std::chrono::nanoseconds time{0};
  std::size_t explained = 0;
  for (const TraceResult& result : results) {
    sums[0] += result.events;
    sums[1] += result.calls;
    sums[2] += result.callbacks;
    time += result.time;
    explained += result.differences.size() - result.unexplained();
  }
  const VerdictCounts counts = CountVerdicts(results);
  std::ostringstream text;
  text << Row(std::to_string(results.size()) + " traces",
              {std::to_string(sums[0]), std::to_string(sums[1]), std::to_string(sums[2])}, "",
              TimeText(time))
       << '\n';
  for (const TraceVerdict verdict : {TraceVerdict::kHeld, TraceVerdict::kPending,
                                     TraceVerdict::kBroken, TraceVerdict::kCannotJudge}) {
    const auto found = counts.find(verdict);
    const std::size_t count = found == counts.end() ? 0 : found->second;
    text << (verdict == TraceVerdict::kHeld ? "" : ", ") << count << " "
         << TraceVerdictName(verdict);
  }
  text << "; " << explained << " differences explained by deviations";
  return text.str();
}

std::string ReplayComplaints(const TraceResult& result) {
  std::string text;
  const auto add = [&](const std::string& line) { text += "    " + line + "\n"; };
  for (const Difference& difference : result.differences) {
    if (difference.deviation.empty()) add(difference.what);
  }
  for (const JudgedGuarantee& judged : result.guarantees) {
    if (judged.judgement.verdict != Verdict::kBroken) continue;
    add(std::string(judged.guarantee->name) + ": " + std::string(judged.guarantee->sentence));
    for (const Violation& violation : judged.judgement.violations) add("  " + violation.what);
  }
  for (const std::string& unknown : result.cannot_judge) add(unknown);
  return text;
}

std::string ReplayPendingList(const TraceResult& result) {
  std::string text;
  for (const Pending& pending : result.pending) {
    if (pending.kind != PendingKind::kCall) continue;
    text += "    " + pending.what + ": " + pending.reason + "\n";
  }
  if (text.empty() && !result.pending.empty()) text = "    " + PendingSummary(result) + "\n";
  return text;
}

std::string ReplayJUnit(std::span<const TraceResult> results) {
  JUnitSuite suite;
  suite.name = "drydock replay";
  for (const TraceResult& result : results) {
    suite.cases.push_back(CaseOf(result));
    suite.time += result.time;
  }
  return JUnitXml(suite);
}

Report ReplayReport(std::span<const TraceResult> results, const ReplayOptions& options) {
  Report report;
  report.run = MakeRunInfo("drydock replay", options.seed);
  report.run.transport = TransportName(options.transport);
  for (const TraceResult& result : results) {
    report.scenarios.push_back(Reported(result, options));
    report.run.time += result.time;
  }
  return report;
}

std::string ReplayJson(std::span<const TraceResult> results, const ReplayOptions& options) {
  const VerdictCounts counts = CountVerdicts(results);
  nlohmann::ordered_json summary;
  for (const TraceVerdict verdict : {TraceVerdict::kHeld, TraceVerdict::kPending,
                                     TraceVerdict::kBroken, TraceVerdict::kCannotJudge}) {
    const auto found = counts.find(verdict);
    summary[std::string(TraceVerdictName(verdict))] = found == counts.end() ? 0 : found->second;
  }
  nlohmann::ordered_json json{{"format", 1},
                              {"transport", TransportName(options.transport)},
                              {"seed", options.seed},
                              {"speed", options.speed},
                              {"summary", summary}};
  json["traces"] = nlohmann::ordered_json::array();
  for (const TraceResult& result : results) json["traces"].push_back(TraceJson(result));
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace scenarios
