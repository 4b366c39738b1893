// Succession: of the lives of one id, which one runs, ended before, or is taken over.
//
// A part of the cut into lives: it looks at the lives as far as they are cut. An index of kNoLife
// is answered with kNoLife.
#pragma once

#include <cstdint>
#include <vector>

#include "scenarios/guarantees/lives.h"
#include "scenarios/guarantees/look_ahead.h"

namespace scenarios {

class Succession {
 public:
  // Both outlive it; more lives may be appended.
  Succession(const std::vector<Life>& lives, const LookAhead& ahead)
      : lives_(lives), ahead_(ahead) {}

  // Of an id with that latest life: the one that runs, if any does. The latest, or one left behind
  // that it was refused because of, or comes after.
  LifeIndex Living(LifeIndex latest) const;
  // The one before a create that has not been carried out yet, which has ended since that was asked
  // for: its oom may follow.
  LifeIndex EndedBefore(LifeIndex latest) const;
  // The one before a create that is being carried out, if the daemon tells of its start only now.
  LifeIndex UntoldBefore(LifeIndex latest) const;
  // The life that a restore takes over.
  LifeIndex TakenOver(LifeIndex latest, const Entry& restore) const;
  // What a restore comes to may run. One that ended before is told of as the log tells of it,
  // whoever was told of that before.
  bool MayRun(LifeIndex restored) const;
  // The same container's latest life. Creates that were refused because of it may stand between.
  LifeIndex Latest(LifeIndex life) const;
  // The latest, or the one that creates since were refused because of.
  LifeIndex LeftBehind(LifeIndex latest) const;
  // The life that the first one of these took over, and so on.
  LifeIndex Origin(LifeIndex life) const;

 private:
  bool LedNowhere(LifeIndex life) const;
  LifeIndex LeftBefore(LifeIndex latest) const;

  const std::vector<Life>& lives_;
  const LookAhead& ahead_;
};

}  // namespace scenarios
