// HeldEmissions: whose an event is that was held on its way out of the daemon: of whoever lived
// when it happened, not when it goes on.
//
// A part of the cut into lives, fed with the journal's entries in order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/guarantees/lives.h"
#include "scenarios/guarantees/symbol_map.h"
#include "scenarios/guarantees/words.h"

namespace scenarios {

class HeldEmissions {
 public:
  HeldEmissions(const Journal& journal, const Words& words);

  // It is, or was, held at a point where events are emitted.
  bool Concerns(const Entry& held_or_released) const;
  void Held(const Entry& entry, LifeIndex living) { held_[entry.number] = living; }
  void Released(const Entry& entry);
  // An event goes on now: the life that it was held in, if it was; kNoLife may be that, too.
  std::optional<LifeIndex> Take(const Entry& emitted);

 private:
  using EventPoint = std::pair<Symbol, Symbol>;  // a kind, and where its emissions are held

  const std::array<EventPoint, 4> points_;
  std::unordered_map<std::uint64_t, LifeIndex> held_;              // by ticket
  SymbolMap<std::vector<std::pair<Symbol, LifeIndex>>> released_;  // by id: point and life
};

}  // namespace scenarios
