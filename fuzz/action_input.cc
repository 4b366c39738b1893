#include "fuzz/action_input.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <type_traits>
#include <variant>

#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/fault_plan.h"
#include "fake_containerd/script_choices.h"
#include "scenarios/reports/failure_text.h"
#include "scenarios/runner/run_scenario.h"
#include "scenarios/scenario_text.h"

namespace fuzz {

using libcontainerd::Duration;
using scenarios::Action;
using scenarios::Actions;
using scenarios::Scenario;
using scenarios::ScenarioResult;
namespace action = scenarios::action;

namespace {

constexpr const char* kName = "input.json";
constexpr const char* kStranger = "stranger";

// --- Neutralising -------------------------------------------------------------------------------

void ExpectNothing(Actions& actions) {
  for (Action& each : actions) {
    std::visit(
        [](auto& what) {
          if constexpr (requires { what.terms.returns; }) {
            what.terms.returns = action::kAnyResult;
            what.terms.from_callback.clear();  // there may be none under way
          }
        },
        each.what);
    // Told once more, or of somebody that nobody knows: what is invented of a container that there
    // is would be neither true nor false.
    auto* emit = std::get_if<action::Emit>(&each.what);
    if (emit != nullptr && emit->id != kStranger) emit->timestamp = "again";
    if (auto* await = std::get_if<action::Await>(&each.what)) await->returns.reset();
    if (auto* later = std::get_if<action::Later>(&each.what)) ExpectNothing(later->actions);
    if (auto* parallel = std::get_if<action::Parallel>(&each.what)) {
      for (Actions& branch : parallel->branches) ExpectNothing(branch);
    }
  }
}

// --- Limits -------------------------------------------------------------------------------------

std::uint64_t BytesOf(const fake_containerd::Behaviour& behaviour) {
  namespace step = fake_containerd::step;
  std::uint64_t bytes = 0;
  for (const fake_containerd::Step& each : behaviour.steps) {
    std::uint64_t more = 0;
    if (const auto* write = std::get_if<step::Write>(&each)) {
      more = write->times > kMostWritten ? kMostWritten + 1 : write->times * write->data.size();
    } else if (const auto* pattern = std::get_if<step::WritePattern>(&each)) {
      more = pattern->bytes;
    } else if (const auto* children = std::get_if<step::SpawnChildren>(&each)) {
      more = children->count * (children->output.size() + kMostWritten / 100);
    }
    bytes += std::min<std::uint64_t>(more, kMostWritten + 1);
  }
  return bytes;
}

bool IsLong(Duration duration) {
  return duration > kLongestTime;
}

bool PlanTakesLong(const std::string& text) {
  const auto plan = fake_containerd::FaultPlan::Parse(text);
  if (!plan) return false;
  return std::ranges::any_of(plan->rules(), [](const fake_containerd::FaultRule& rule) {
    return std::ranges::any_of(
        rule.terms, [](const fake_containerd::FaultTerm& term) { return IsLong(term.duration); });
  });
}

bool ChoicesTakeLong(const std::string& text) {
  if (text.empty()) return false;
  const auto choices = fake_containerd::ParseChoices(text);
  if (!choices) return false;
  return IsLong(choices->gap) || IsLong(choices->exit_notice_delay) || IsLong(choices->shim_wait) ||
         IsLong(choices->failed_create_delete_delay) || IsLong(choices->log_delay);
}

class Limits {
 public:
  void Visit(const Actions& actions) {
    for (const Action& each : actions) {
      if (++actions_ > kMostActions) return Exceed("more actions than are run");
      std::visit([this](const auto& what) { Of(what); }, each.what);
    }
  }
  void Exceed(std::string what) {
    if (exceeded_.empty()) exceeded_ = std::move(what);
  }
  const std::string& exceeded() const { return exceeded_; }

 private:
  template <class T>
  void Of(const T& what) {
    if constexpr (requires { what.times; }) {
      if (what.times > kMostTimes) Exceed("too often");
    }
    if constexpr (requires { what.terms; }) {
      if (what.terms.timeout) Of(*what.terms.timeout);
    }
  }
  void Of(const Duration& duration) {
    if (IsLong(duration)) Exceed("a duration that is too long");
  }
  void Of(const action::Fail&) {}  // as often as one likes
  void Of(const action::WriteStdin& write) {
    if (write.text.size() * write.times > kMostWritten) Exceed("writes too much");
  }
  void Of(const action::Behave& behave) {
    const auto behaviour = fake_containerd::ParseBehaviour(std::string_view(behave.behaviour));
    if (behaviour && BytesOf(*behaviour) > kMostWritten) Exceed("a behaviour that does too much");
  }
  void Of(const action::SetChoices& choices) {
    if (ChoicesTakeLong(choices.choices.text)) Exceed("choices that take too long");
  }
  void Of(const action::SetFaults& faults) {
    if (PlanTakesLong(faults.plan)) Exceed("faults that take too long");
  }
  void Of(const action::HangDaemon& hang) { Of(hang.time); }
  void Of(const action::Advance& advance) {
    advanced_ += std::min(advance.by, kLongestAdvance);
    if (advanced_ > kLongestAdvance) Exceed("advances too far");
  }
  void Of(const action::Parallel& parallel) {
    for (const Actions& branch : parallel.branches) Visit(branch);
  }
  void Of(const action::Later& later) { Visit(later.actions); }

  std::size_t actions_ = 0;
  Duration advanced_{0};
  std::string exceeded_;
};

// Those of timing.h that something is repeated at.
bool IsInterval(std::string_view name) {
  constexpr std::array<std::string_view, 4> kParts = {"interval", "poll", "reconnect_", "restart_"};
  return std::ranges::any_of(
      kParts, [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

void CheckSetup(const scenarios::Setup& setup, Limits& limits) {
  for (const auto& [name, duration] : setup.timing) {
    if (IsInterval(name) && duration < kShortestInterval) limits.Exceed(name + " is too short");
    if (IsLong(duration)) limits.Exceed(name + " is too long");
  }
  if (PlanTakesLong(setup.faults)) limits.Exceed("faults that take too long");
  if (ChoicesTakeLong(setup.choices.text)) limits.Exceed("choices that take too long");
}

}  // namespace

void Neutralise(Scenario& scenario) {
  scenario.name.clear();
  scenario.intent.clear();
  scenario.tags.clear();
  scenario.setup.transports.clear();
  scenario.setup.deviations_off.clear();
  scenario.setup.mutants.clear();
  scenario.guarantees = {};
  scenario.failure.reset();
  scenario.setup.tolerant = true;
  ExpectNothing(scenario.actions);
}

std::string LimitExceeded(const Scenario& scenario) {
  Limits limits;
  CheckSetup(scenario.setup, limits);
  limits.Visit(scenario.actions);
  return limits.exceeded();
}

libcontainerd::Result<Scenario> Admit(const std::string& text) {
  using libcontainerd::ErrorCode;
  using libcontainerd::Fail;
  if (text.size() > kMostInputBytes) return Fail(ErrorCode::kInvalidArgument, "too many bytes");
  auto scenario = scenarios::ParseScenario(text, kName);
  if (!scenario) return scenario;
  Neutralise(*scenario);
  std::string exceeded = LimitExceeded(*scenario);
  if (!exceeded.empty()) return Fail(ErrorCode::kInvalidArgument, std::move(exceeded));
  return scenario;
}

ScenarioResult RunInput(const Scenario& scenario, const std::vector<std::string>& mutants) {
  scenarios::RunOptions options;
  options.transport = scenarios::Transport::kLoopback;
  options.mutants = mutants;
  return scenarios::RunScenario(scenario, options);
}

std::string FailureOf(const ScenarioResult& result) {
  const bool broken = std::ranges::any_of(result.guarantees, [](const auto& each) {
    return each.judgement.verdict == scenarios::Verdict::kBroken;
  });
  constexpr std::string_view kSpins = "goes round and round";
  const bool spins = std::ranges::any_of(result.complaints, [&](const auto& complaint) {
    return complaint.what.find(kSpins) != std::string::npos;
  });
  if (!broken && !spins && result.cannot_judge.empty()) return "";
  return scenarios::FailureText(result) + "\nthe scenario, as it ran:\n" +
         scenarios::PrintScenario(result.scenario);
}

}  // namespace fuzz
