#include "scenarios/runner/run_scenario.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "scenarios/guarantees/evidence.h"
#include "scenarios/model/compare_with_model.h"
#include "scenarios/model/linearizability.h"
#include "scenarios/runner/performer.h"
#include "scenarios/runner/stage.h"
#include "scenarios/runner/values.h"
#include "scenarios/text/timing_fields.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

constexpr std::array<std::string_view, 3> kOracleNames = {"both", "guarantees", "model"};

Result<libcontainerd::ReferenceBehaviour> MakeReference(const std::vector<std::string>& off) {
  libcontainerd::ReferenceBehaviour reference;
  for (const std::string& name : off) {
    const auto deviation = libcontainerd::DeviationFromName(name);
    if (!deviation) return Fail(ErrorCode::kInvalidArgument, "no deviation \"" + name + "\"");
    reference.SwitchOff(*deviation);
  }
  return reference;
}

// Client and fake each have their own; no name is in both.
Status PlantMutants(const std::vector<std::string>& names, StageOptions& options) {
  for (const std::string& name : names) {
    if (const auto of_client = libcontainerd::MutantFromName(name)) {
      options.reference.Plant(*of_client);
    } else if (const auto of_fake = fake_containerd::MutantFromName(name)) {
      options.world.mutants.Plant(*of_fake);
    } else {
      return Fail(ErrorCode::kInvalidArgument, "no mutant \"" + name + "\"");
    }
  }
  return {};
}

DaemonKeeper KeeperOf(const std::string& name) {
  if (name == "owned") return DaemonKeeper::kOwned;
  if (name == "adopted") return DaemonKeeper::kAdopted;
  if (name == "foreign") return DaemonKeeper::kForeign;
  return DaemonKeeper::kExternal;
}

std::vector<std::string> Joined(std::vector<std::string> some,
                                const std::vector<std::string>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

libcontainerd::Timing TimingOf(const Setup& setup) {
  libcontainerd::Timing timing;
  for (const TimingField& field : kTimingFields) {
    const auto found = setup.timing.find(std::string(field.name));
    if (found != setup.timing.end()) timing.*field.member = found->second;
  }
  if (setup.health_failures) timing.health_failures = static_cast<int>(*setup.health_failures);
  return timing;
}

// Whether any plan of the scenario names a connection, however deep it stands.
bool SpeaksOfConnections(const Setup& setup, const Actions& actions) {
  constexpr const char* kPoints = "connection.";
  if (setup.faults.find(kPoints) != std::string::npos) return true;
  return std::ranges::any_of(actions, [&](const Action& each) {
    if (const auto* faults = std::get_if<action::SetFaults>(&each.what))
      return faults->plan.find(kPoints) != std::string::npos;
    if (const auto* later = std::get_if<action::Later>(&each.what))
      return SpeaksOfConnections({}, later->actions);
    if (const auto* parallel = std::get_if<action::Parallel>(&each.what)) {
      return std::ranges::any_of(parallel->branches, [](const Actions& branch) {
        return SpeaksOfConnections({}, branch);
      });
    }
    return false;
  });
}

Result<StageOptions> MakeStageOptions(const Scenario& scenario, const RunOptions& run) {
  const Setup& setup = scenario.setup;
  StageOptions options;
  options.transport = run.transport;
  options.seed = run.seed;
  options.timing = TimingOf(setup);
  options.late_fields = setup.late_fields;
  options.keeper = KeeperOf(setup.daemon);
  options.relay = SpeaksOfConnections(setup, scenario.actions);
  auto reference = MakeReference(Joined(setup.deviations_off, run.deviations_off));
  if (!reference) return Fail(reference.error());
  options.reference = *reference;
  if (auto planted = PlantMutants(Joined(setup.mutants, run.mutants), options); !planted)
    return Fail(planted.error());
  auto choices = ParseChoicesText(setup.choices, run.seed);
  if (!choices) return Fail(choices.error());
  options.world.choices = *choices;
  auto faults = fake_containerd::FaultPlan::Parse(setup.faults);
  if (!faults) return Fail(faults.error());
  options.world.faults = std::move(*faults);
  options.world.fault_seed = run.seed;
  if (setup.retain_count) options.world.retain_count = static_cast<int>(*setup.retain_count);
  if (setup.subscriber_queue) options.world.subscriber_capacity = *setup.subscriber_queue;
  if (setup.start_timeout) options.world.start_timeout = *setup.start_timeout;
  return options;
}

bool Named(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void AskTheGuarantees(const Scenario& scenario, const Journal& journal, ScenarioResult& result) {
  const Evidence evidence(journal, result.judged_with);
  for (const Guarantee& guarantee : AllGuarantees()) {
    GuaranteeResult judged;
    judged.guarantee = &guarantee;
    judged.judgement = guarantee.judge(evidence);
    judged.must_break = Named(scenario.guarantees.broken, guarantee.name);
    judged.must_be_held = Named(scenario.guarantees.held, guarantee.name);
    result.guarantees.push_back(std::move(judged));
  }
}

std::string Numbers(const std::vector<std::uint64_t>& entries) {
  std::string text;
  for (const std::uint64_t seq : entries) {
    text += (text.empty() ? " (entries " : ", ") + std::to_string(seq);
  }
  return text.empty() ? text : text + ")";
}

void AskTheModel(const Journal& journal, ScenarioResult& result) {
  const auto complain = [&](std::string_view who, const Judgement& judgement) {
    for (const Violation& each : judgement.violations)
      result.complaints.push_back({{}, std::string(who) + each.what + Numbers(each.entries)});
  };
  complain("model: ", CompareWithModel(journal, result.judged_with));
  complain("model: no order of the calls explains this: ", CheckLinearizable(journal).judgement);
}

ScenarioVerdict VerdictOf(const ScenarioResult& result) {
  if (!result.cannot_judge.empty()) return ScenarioVerdict::kCannotJudge;
  const bool bad = std::ranges::any_of(result.guarantees, &GuaranteeResult::bad);
  return bad || !result.complaints.empty() ? ScenarioVerdict::kFailed : ScenarioVerdict::kPassed;
}

void Run(const Scenario& scenario, const RunOptions& options, ScenarioResult& result) {
  auto stage_options = MakeStageOptions(scenario, options);
  if (!stage_options) {
    result.cannot_judge = stage_options.error().message;
    return;
  }
  auto journal = std::make_shared<Journal>();
  result.journal = journal;
  auto stage = Stage::Make(*stage_options, *journal);
  if (!stage) {
    result.cannot_judge = stage.error().message;
    return;
  }
  Performer performer(**stage, options.seed, scenario.setup.tolerant);
  performer.Perform(scenario.actions);
  result.cannot_judge = (*stage)->End(options.rest);
  if ((*stage)->simulated()) result.last_draw = (*stage)->runtime().Draw();
  performer.Conclude();
  result.clock = journal->entries().empty() ? Duration(0) : journal->entries().back().t;
  result.judged_with.timing = stage_options->timing;
  result.judged_with.stepped_clock = stage_options->transport != Transport::kLoopback;
  if (options.oracle != Oracle::kModel) {
    result.complaints = performer.complaints();
    AskTheGuarantees(scenario, *journal, result);
  }
  const bool breaks = !scenario.guarantees.broken.empty();  // and differs by intent
  if (options.oracle != Oracle::kGuarantees && !breaks) AskTheModel(*journal, result);
}

}  // namespace

std::string_view OracleName(Oracle oracle) {
  return kOracleNames[static_cast<std::size_t>(oracle)];
}

Result<Oracle> ParseOracle(std::string_view name) {
  const auto found = std::ranges::find(kOracleNames, name);
  if (found == kOracleNames.end())
    return Fail(ErrorCode::kInvalidArgument,
                "oracle \"" + std::string(name) + "\": expected both, guarantees or model");
  return static_cast<Oracle>(found - kOracleNames.begin());
}

bool RunsOver(const Scenario& scenario, Transport transport) {
  const auto& transports = scenario.setup.transports;
  return transports.empty() || Named(transports, TransportName(transport));
}

ScenarioResult RunScenario(const Scenario& scenario, const RunOptions& given) {
  RunOptions options = given;
  if (scenario.setup.seed) options.seed = *scenario.setup.seed;
  ScenarioResult result;
  result.scenario = scenario;
  result.transport = TransportName(options.transport);
  result.seed = options.seed;
  if (!RunsOver(scenario, options.transport)) {
    result.verdict = ScenarioVerdict::kSkipped;
    return result;
  }
  const auto begun = std::chrono::steady_clock::now();
  Run(scenario, options, result);
  result.time = std::chrono::steady_clock::now() - begun;
  result.verdict = VerdictOf(result);
  return result;
}

}  // namespace scenarios
