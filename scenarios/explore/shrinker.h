// Shrinker: makes a scenario that fails as small as it gets while it still fails: fewer actions,
// groups undone, no faults and settings but those that matter, smaller numbers and times, the plain
// order, the plainest schedule (seed).
//
// Each round tries all of these, for one makes room for another; it ends when a round changes
// nothing, or when the time is up. What it returns has failed, however early it ended.
//
// Threads: any; `fails` is called on the caller's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "scenarios/scenario.h"

namespace scenarios {

struct ShrinkLimits {
  std::chrono::milliseconds time{30'000};  // real
  std::uint64_t tries = 1'000'000;
};

struct Shrunk {
  Scenario scenario{};
  std::uint64_t tried = 0;
  bool complete = false;  // nothing could be taken away any more
};

// `fails` says whether a candidate fails as the original does; that the original does is not asked.
Shrunk Shrink(Scenario scenario, const std::function<bool(const Scenario&)>& fails,
              const ShrinkLimits& limits = {});

}  // namespace scenarios
