// Rounds: measures subject and floors in turn, and says what came of it.
//
// Threads: the caller's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/frame/suite.h"

namespace bench {

inline constexpr double kWidestSpread = 0.20;
inline constexpr std::size_t kMostSets = 3;

double Median(std::vector<double> values);
// (max - min) / median; 0 of nothing.
double Spread(const std::vector<double>& values);

// A floor's part of it; of a case without floors, the only one, with an empty name.
struct Held {
  std::string floor;
  double floor_median = 0;
  double ratio = 0;  // 0 without a floor
  double spread = 0;
  std::optional<Reach> reach{};  // of the ratio
};

struct Measured {
  double subject = 0;
  double subject_min = 0;
  double subject_max = 0;
  std::size_t rounds = 0;
  std::size_t sets = 0;
  std::vector<Held> held;
  double seconds = 0;  // all of it

  double widest_spread() const;
  bool refused() const { return widest_spread() > kWidestSpread; }
};

// An unmeasured round warms up first, and a set is measured again while it is refused and there is
// patience. Tiny runs are never repeated, and their spread is not looked
// at.
Result<Measured> MeasureCase(const Case& measured, const Settings& settings);

}  // namespace bench
