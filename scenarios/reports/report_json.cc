#include "scenarios/reports/report_json.h"

#include <nlohmann/json.hpp>

#include "scenarios/text/timing_fields.h"

namespace scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json RunJson(const RunInfo& run) {
  Json json{{"command", run.command}, {"seed", run.seed}};
  if (!run.transport.empty()) json["transport"] = run.transport;
  json["shard"] = {{"index", run.shard}, {"of", run.shards}};
  if (!run.started.empty()) json["started"] = run.started;
  json["time_ms"] = Milliseconds(run.time);
  json["versions"] = run.versions;
  if (!run.explored.empty()) json["explored"] = run.explored;
  return json;
}

Json SummaryJson(const Report& report) {
  Json json;
  for (const ScenarioVerdict verdict : kScenarioVerdicts) {
    json[std::string(ScenarioVerdictName(verdict))] = CountVerdicts(report, verdict);
  }
  return json;
}

// Once each, instead of in every scenario.
Json SentencesJson(const Report& report) {
  Json json = Json::object();
  for (const ReportedScenario& scenario : report.scenarios) {
    for (const ReportedGuarantee& guarantee : scenario.guarantees) {
      if (!json.contains(guarantee.name)) json[guarantee.name] = guarantee.sentence;
    }
  }
  return json;
}

Json JudgedWithJson(const JudgeOptions& options) {
  const libcontainerd::Timing usual;
  Json timing = Json::object();
  for (const TimingField& entry : kTimingFields) {
    const auto duration = options.timing.*entry.member;
    if (duration != usual.*entry.member) timing[std::string(entry.name)] = duration.count();
  }
  return {{"timing_ns", timing},
          {"health_failures", options.timing.health_failures},
          {"promptly_ns", options.promptly.count()},
          {"stepped_clock", options.stepped_clock}};
}

Json ComplaintJson(const Complaint& complaint) {
  Json json;
  if (complaint.place.line != 0) {
    json["file"] = complaint.place.file;
    json["line"] = complaint.place.line;
    json["column"] = complaint.place.column;
  }
  json["what"] = complaint.what;
  return json;
}

Json GuaranteeJson(const ReportedGuarantee& guarantee) {
  Json json{{"name", guarantee.name},
            {"verdict", VerdictName(guarantee.verdict)},
            {"demand", DemandName(guarantee.demand)},
            {"bad", guarantee.bad}};
  if (!guarantee.violations.empty()) json["violations"] = Json::array();
  for (const Violation& violation : guarantee.violations) {
    json["violations"].push_back({{"what", violation.what}, {"entries", violation.entries}});
  }
  return json;
}

void SetUnlessEmpty(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

Json ScenarioJson(const ReportedScenario& scenario) {
  Json json{{"name", scenario.name}, {"verdict", ScenarioVerdictName(scenario.verdict)}};
  SetUnlessEmpty(json, "intent", scenario.intent);
  SetUnlessEmpty(json, "file", scenario.file);
  SetUnlessEmpty(json, "museum", scenario.museum);
  json["tags"] = scenario.tags;
  json["transport"] = scenario.transport;
  json["seed"] = scenario.seed;
  json["time_ms"] = Milliseconds(scenario.time);
  json["clock_ns"] = scenario.clock.count();
  json["actions"] = scenario.actions;
  if (scenario.actions_before_shrinking != 0) {
    json["actions_before_shrinking"] = scenario.actions_before_shrinking;
  }
  SetUnlessEmpty(json, "cannot_judge", scenario.cannot_judge);
  json["complaints"] = Json::array();
  for (const Complaint& complaint : scenario.complaints) {
    json["complaints"].push_back(ComplaintJson(complaint));
  }
  json["guarantees"] = Json::array();
  for (const ReportedGuarantee& guarantee : scenario.guarantees) {
    json["guarantees"].push_back(GuaranteeJson(guarantee));
  }
  json["judged_with"] = JudgedWithJson(scenario.judged_with);
  SetUnlessEmpty(json, "journal", scenario.journal_file);
  if (scenario.journal) json["entries"] = scenario.journal->entries().size();
  SetUnlessEmpty(json, "reproduce", scenario.reproduce);
  SetUnlessEmpty(json, "resembles", scenario.resembles);
  return json;
}

}  // namespace

std::string ReportJson(const Report& report) {
  Json json{{"format", kReportFormat},
            {"version", kReportVersion},
            {"run", RunJson(report.run)},
            {"summary", SummaryJson(report)},
            {"guarantees", SentencesJson(report)}};
  json["scenarios"] = Json::array();
  for (const ReportedScenario& scenario : report.scenarios) {
    json["scenarios"].push_back(ScenarioJson(scenario));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace scenarios
