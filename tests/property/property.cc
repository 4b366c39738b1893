#include "tests/property/property.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <sstream>

#include <rapidcheck.h>
#include <rapidcheck/detail/Configuration.h>
#include <rapidcheck/detail/TestListener.h>
#include <rapidcheck/state.h>

#include "scenarios/reports/failure_text.h"
#include "scenarios/scenario_text.h"
#include "tests/property/commands.h"

namespace scenarios::property {

namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t NumberOf(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// A number that is no simpler for being smaller.
std::uint64_t AnySeed() {
  return *rc::gen::noShrink(rc::gen::resize(
      rc::kNominalSize,
      rc::gen::inRange<std::uint64_t>(0, std::numeric_limits<std::uint32_t>::max())));
}

// One family as RapidCheck runs it: case by case, then the simpler and simpler ones.
class Cases {
 public:
  Cases(const Family& family, const PropertyOptions& options)
      : family_(family), options_(options) {}

  void operator()() {
    const std::uint64_t seed = AnySeed();
    const Swarm swarm = SwarmOf(family_, seed);
    if (std::getenv("DRYDOCK_PROPERTY_VERBOSE") != nullptr)
      std::cerr << family_.name << ": seed " << seed << ", " << swarm.text() << std::endl;
    const Scenario scenario = Draw(seed, swarm);
    // Nobody waits for ever for a simpler failure: the simplest so far has to do.
    if (failed_ && Clock::now() > shrunk_by_) return;
    const ScenarioResult result =
        RunScenario(scenario, {.transport = options_.transport, .mutants = options_.mutants});
    if (result.verdict == ScenarioVerdict::kPassed) return;
    if (!failed_) shrunk_by_ = Clock::now() + kShrinking;
    failed_ = true;
    Remember(result);
    RC_FAIL(Explanation(result, swarm));
  }

  const std::set<std::string>& broken() const { return broken_; }
  std::size_t actions() const { return actions_; }

 private:
  static constexpr std::chrono::seconds kShrinking{20};

  Scenario Draw(std::uint64_t seed, const Swarm& swarm) {
    Scenario scenario;
    scenario.name = "property-" + std::string(family_.name);
    scenario.intent = "Whatever comes: " + std::string(family_.sentence) + ".";
    scenario.tags = {"property"};
    scenario.setup.tolerant = true;
    scenario.setup.seed = seed;
    scenario.setup.daemon = swarm.daemon;
    scenario.setup.mutants = options_.mutants;
    if (seed % 2 == 0) scenario.setup.choices = *ChoicesGen();
    if (swarm.from_the_start) scenario.setup.faults = *PlanOf(swarm);
    if (HidesDaemon(scenario.setup.faults)) scenario.setup.faults.clear();
    const auto commands = *rc::gen::scale(
        options_.longest / 100.0, rc::state::gen::commands(Model(), [swarm](const Model& model) {
          return CommandOf(model, swarm);
        }));
    rc::state::runAll(commands, Model(), scenario.actions);
    actions_drawn_ = scenario.actions.size();
    Model model;
    rc::state::applyAll(commands, model);
    for (Action& each : LivenessPhase(model)) scenario.actions.push_back(std::move(each));
    return scenario;
  }

  static Actions LivenessPhase(const Model& model) {
    Actions actions = {{action::SetFaults{.plan = ""}, {}}, {action::Release{}, {}}};
    if (!model.daemon_runs) actions.push_back({action::StartDaemon{}, {}});
    if (!model.engine_runs) {
      action::CallTerms terms;
      terms.returns = action::kAnyResult;
      terms.wait = false;
      actions.push_back({action::StartEngine{}, {}});
      for (const std::string& id : model.known)
        actions.push_back({action::Restore{.id = id, .live = true, .terms = terms}, {}});
    }
    actions.push_back({action::Settle{}, {}});
    return actions;
  }

  void Remember(const ScenarioResult& result) {
    broken_.clear();
    for (const GuaranteeResult& each : result.guarantees) {
      if (each.bad()) broken_.emplace(each.guarantee->name);
    }
    actions_ = actions_drawn_;
  }

  static std::string Explanation(const ScenarioResult& result, const Swarm& swarm) {
    const std::string file = result.scenario.name + ".json";
    return FailureText(result) + "\nswarm: " + swarm.text() + "\n\nAs a file, " + file + ":\n\n" +
           PrintScenario(result.scenario) + "\ndrydock run " + file + " --transport " +
           result.transport + "\n";
  }

  const Family& family_;
  const PropertyOptions& options_;
  bool failed_ = false;
  Clock::time_point shrunk_by_{};
  std::size_t actions_drawn_ = 0;
  std::set<std::string> broken_{};
  std::size_t actions_ = 0;
};

// Whoever asked tells what came of it; RapidCheck prints nothing.
class Silence final : public rc::detail::TestListener {
 public:
  void onTestCaseFinished(const rc::detail::CaseDescription&) override {}
  void onShrinkTried(const rc::detail::CaseDescription&, bool) override {}
  void onTestFinished(const rc::detail::TestMetadata&, const rc::detail::TestResult&) override {}
};

std::string HowToRepeat(const rc::detail::TestMetadata& metadata,
                        const rc::detail::Reproduce& reproduce) {
  rc::detail::Configuration configuration;
  configuration.reproduce[metadata.id] = reproduce;
  return "RC_PARAMS=\"" + rc::detail::configToMinimalString(configuration) + "\"";
}

}  // namespace

std::string TestNameOf(const Family& family) {
  std::string name(family.name);
  std::ranges::replace(name, '-', '_');
  return name;
}

std::uint64_t PropertySeed() {
  return NumberOf("DRYDOCK_PROPERTY_SEED", 1);
}

int PropertyCases(int ordinarily) {
  return static_cast<int>(
      NumberOf("DRYDOCK_PROPERTY_CASES", static_cast<std::uint64_t>(ordinarily)));
}

PropertyOutcome CheckFamily(const Family& family, const PropertyOptions& options) {
  // What RapidCheck prints as its configuration is then what holds.
  const std::string seed = "seed=" + std::to_string(PropertySeed());
  ::setenv("RC_PARAMS", seed.c_str(), 0);
  const rc::detail::Configuration& configuration = rc::detail::configuration();
  rc::detail::TestParams params = configuration.testParams;
  params.maxSuccess = options.cases;
  params.disableShrinking = params.disableShrinking || !options.shrink;
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(family.name) + "/" + std::string(TransportName(options.transport));
  metadata.description = std::string(family.sentence);
  Cases cases(family, options);
  Silence silence;
  const rc::detail::TestResult result = rc::detail::checkTestable(
      [&cases] { cases(); }, metadata, params, silence, configuration.reproduce);
  PropertyOutcome outcome;
  rc::detail::SuccessResult success;
  rc::detail::FailureResult failure;
  std::ostringstream text;
  if (result.match(success)) {
    outcome.held = true;
    outcome.cases = success.numSuccess;
    return outcome;
  }
  if (result.match(failure)) {
    outcome.cases = failure.numSuccess;
    outcome.broken = cases.broken();
    outcome.actions = cases.actions();
    text << metadata.id << ", case " << failure.numSuccess + 1 << " of seed " << params.seed
         << ":\n\n"
         << failure.description
         << "\nagain, in this program: " << HowToRepeat(metadata, failure.reproduce) << '\n';
  } else {
    rc::detail::printResultMessage(result, text);
  }
  outcome.text = text.str();
  return outcome;
}

}  // namespace scenarios::property
