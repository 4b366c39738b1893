#include "scenarios/reports/failure_text.h"

#include <span>
#include <string_view>

#include "scenarios/reports/entry_words.h"

namespace scenarios {
namespace {

// So many violations of one guarantee are told, and so many entries of one violation; the report
// has all.
constexpr std::size_t kMostViolations = 5;
constexpr std::size_t kMostEntries = 8;

// Every line of `text` behind `indent`.
std::string Indented(std::string_view text, std::string_view indent) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.append(indent).append(text.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string PlaceText(const Place& place) {
  if (place.line == 0) return "";
  return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
}

std::string ExpectationText(const Complaint& complaint) {
  return Indented(PlaceText(complaint.place) + complaint.what, "  ");
}

std::string EntriesText(const Journal* journal, const std::vector<std::uint64_t>& entries) {
  std::string text;
  std::size_t told = 0;
  for (const std::uint64_t seq : entries) {
    if (told++ == kMostEntries) {
      return text + "      … and " + std::to_string(entries.size() - kMostEntries) + " more\n";
    }
    const bool known = journal != nullptr && seq > 0 && seq <= journal->entries().size();
    text += "      " +
            (known ? EntryLine(*journal, journal->entries()[seq - 1]) : "#" + std::to_string(seq)) +
            "\n";
  }
  return text;
}

// Why a guarantee that is not broken is bad all the same.
std::string Demanded(const ReportedGuarantee& guarantee) {
  if (guarantee.demand == Demand::kBroken) {
    return "    had to be broken here, and is " + std::string(VerdictName(guarantee.verdict)) +
           "\n";
  }
  if (guarantee.verdict == Verdict::kBroken) return "";
  return "    had to be held here, and is " + std::string(VerdictName(guarantee.verdict)) + "\n";
}

std::string GuaranteeText(const ReportedScenario& scenario, const ReportedGuarantee& guarantee) {
  std::string text = "  " + guarantee.name + ": " + guarantee.sentence + "\n" + Demanded(guarantee);
  if (guarantee.demand == Demand::kBroken) return text;
  std::size_t told = 0;
  for (const Violation& violation : guarantee.violations) {
    if (told++ == kMostViolations) {
      const std::size_t rest = guarantee.violations.size() - kMostViolations;
      return text + "    … and " + std::to_string(rest) + " more violations\n";
    }
    text += Indented(violation.what, "    ");
    text += EntriesText(scenario.journal.get(), violation.entries);
  }
  return text;
}

bool WentWell(const ReportedScenario& scenario) {
  return scenario.verdict == ScenarioVerdict::kPassed ||
         scenario.verdict == ScenarioVerdict::kSkipped;
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::string FailureHeadline(const ReportedScenario& scenario) {
  if (WentWell(scenario)) return "";
  if (scenario.verdict == ScenarioVerdict::kCannotJudge) return FirstLine(scenario.cannot_judge);
  for (const ReportedGuarantee& guarantee : scenario.guarantees) {
    if (!guarantee.bad) continue;
    const bool told = guarantee.demand != Demand::kBroken && !guarantee.violations.empty();
    return guarantee.name + ": " +
           (told ? FirstLine(guarantee.violations.front().what)
                 : "had to be " + std::string(DemandName(guarantee.demand)) + ", and is " +
                       std::string(VerdictName(guarantee.verdict)));
  }
  if (!scenario.complaints.empty()) return FirstLine(scenario.complaints.front().what);
  return std::string(ScenarioVerdictName(scenario.verdict));
}

std::string FailureText(const ReportedScenario& scenario) {
  if (WentWell(scenario)) return "";
  std::string text = scenario.name + ": " + std::string(ScenarioVerdictName(scenario.verdict)) +
                     " (" + scenario.transport + ", seed " + std::to_string(scenario.seed) + ")\n";
  if (!scenario.intent.empty()) text += "  " + scenario.intent + "\n";
  if (!scenario.cannot_judge.empty()) text += Indented(scenario.cannot_judge, "  ");
  for (const Complaint& complaint : scenario.complaints) text += ExpectationText(complaint);
  for (const ReportedGuarantee& guarantee : scenario.guarantees) {
    if (guarantee.bad) text += GuaranteeText(scenario, guarantee);
  }
  if (scenario.actions_before_shrinking != 0) {
    text += "  shrunk from " + std::to_string(scenario.actions_before_shrinking) + " actions to " +
            std::to_string(scenario.actions) + "\n";
  }
  if (!scenario.resembles.empty()) text += "  resembles " + scenario.resembles + "\n";
  if (!scenario.reproduce.empty()) text += "  reproduce: " + scenario.reproduce + "\n";
  return text;
}

std::string FailureText(const ScenarioResult& result) {
  const Report report = MakeReport(std::span(&result, 1), {});
  return FailureText(report.scenarios.front());
}

}  // namespace scenarios
