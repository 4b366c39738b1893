#include "bench/rigs/loads.h"

#include <stdexcept>
#include <variant>

#include "fake_containerd/behaviour_text.h"
#include "scenarios/catalogue.h"

namespace bench {
namespace {

namespace action = scenarios::action;

// The scenarios are carried in the program: what is wrong with them is a defect of the build.
template <class T>
T Carried(libcontainerd::Result<T> read) {
  if (!read) throw std::logic_error(read.error().message);
  return std::move(*read);
}

// The actions of that kind, in their order.
template <class What>
std::vector<What> ActionsOf(const char* scenario) {
  std::vector<What> found;
  for (const scenarios::NamedScenario& named : Carried(scenarios::FindScenarios({scenario}))) {
    for (const scenarios::Action& each : named.scenario.actions) {
      if (const What* what = std::get_if<What>(&each.what)) found.push_back(*what);
    }
  }
  if (found.empty()) throw std::logic_error(std::string(scenario) + " has no such actions");
  return found;
}

std::vector<fake_containerd::Event> ReadEvents() {
  std::vector<fake_containerd::Event> events;
  for (const action::Emit& emit : ActionsOf<action::Emit>("load-of-events")) {
    const auto kind = fake_containerd::EventKindFromName(emit.type);
    if (!kind) throw std::logic_error("load-of-events: no event type " + emit.type);
    if (!events.empty() && events.front().kind == *kind) break;  // the next turn
    events.push_back({.kind = *kind, .process = emit.process, .status = emit.status});
  }
  return events;
}

LoadOfLives ReadLife() {
  const auto behave = ActionsOf<action::Behave>("load-of-lives").front();
  const auto expect = ActionsOf<action::Expect>("load-of-lives").front();
  return {.behaviour = Carried(fake_containerd::ParseBehaviour(behave.behaviour)),
          .output = expect.stdouts.at(behave.id)};
}

}  // namespace

const std::vector<fake_containerd::Event>& EventsOfOneTurn() {
  static const auto* const kEvents = new std::vector<fake_containerd::Event>(ReadEvents());
  return *kEvents;
}

const LoadOfLives& OneLife() {
  static const auto* const kLife = new LoadOfLives(ReadLife());
  return *kLife;
}

}  // namespace bench
