#include "scenarios/guarantees/held_emissions.h"

#include <algorithm>

namespace scenarios {

HeldEmissions::HeldEmissions(const Journal& journal, const Words& words)
    : points_{{{words.exit, journal.Find("event.exit")},
               {words.oom, journal.Find("event.oom")},
               {words.pause, journal.Find("event.pause")},
               {words.resume, journal.Find("event.resume")}}} {}

bool HeldEmissions::Concerns(const Entry& entry) const {
  return entry.what != Symbol{} &&
         std::ranges::find(points_, entry.what, &EventPoint::second) != points_.end();
}

void HeldEmissions::Released(const Entry& entry) {
  const auto held = held_.find(entry.number);
  if (held != held_.end()) released_[entry.id].emplace_back(entry.what, held->second);
}

std::optional<LifeIndex> HeldEmissions::Take(const Entry& emitted) {
  std::vector<std::pair<Symbol, LifeIndex>>& released = released_[emitted.id];
  const Symbol point = std::ranges::find(points_, emitted.what, &EventPoint::first)->second;
  const auto found = std::ranges::find(released, point, &std::pair<Symbol, LifeIndex>::first);
  if (found == released.end()) return std::nullopt;
  const LifeIndex life = found->second;
  released.erase(found);
  return life;
}

}  // namespace scenarios
