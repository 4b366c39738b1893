#include "scenarios/explore/generator.h"

#include <array>
#include <utility>

#include "scenarios/explore/action_drawer.h"

namespace scenarios {

using libcontainerd::Random;

namespace {

void DrawSetup(Random& random, const Swarm& swarm, ActionDrawer& drawer, Setup& setup) {
  constexpr std::array<std::int64_t, 4> kRetained{0, 1, 5, 50};
  constexpr std::array<std::uint32_t, 3> kQueues{1, 4, 64};
  setup.tolerant = true;
  setup.daemon = swarm.daemon;
  setup.late_fields = random.Chance(1, 4);
  if (random.Chance(1, 2)) setup.choices = drawer.DrawChoices();
  if (swarm.from_the_start) setup.faults = drawer.DrawFaults();
  if (HidesDaemon(setup.faults)) setup.faults.clear();
  if (random.Chance(1, 6)) setup.retain_count = kRetained[random.Below(kRetained.size())];
  if (random.Chance(1, 6)) setup.subscriber_queue = kQueues[random.Below(kQueues.size())];
}

}  // namespace

Explored DrawScenario(std::uint64_t seed, const SwarmWishes& wishes) {
  Random random(seed);
  Random of_swarm = random.Fork();  // what it draws does not depend on how much the rest draws
  Explored explored;
  explored.swarm = DrawSwarm(of_swarm, wishes);
  Scenario& scenario = explored.scenario;
  scenario.name = "explored-" + std::to_string(seed);
  scenario.intent = "Drawn by the seed " + std::to_string(seed) + ".";
  scenario.tags = {"explored"};
  scenario.setup.seed = seed;
  ActionDrawer drawer(random, explored.swarm);
  DrawSetup(random, explored.swarm, drawer, scenario.setup);
  while (scenario.actions.size() < explored.swarm.actions) {
    for (Action& each : drawer.Draw()) scenario.actions.push_back(std::move(each));
  }
  return explored;
}

}  // namespace scenarios
