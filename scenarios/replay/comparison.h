// Comparison: what our client did in a replay, held against what the recorded one did.
//
// Callbacks are compared per container: order, codes, OOM flag. Requests, results of calls and
// outputs are compared too. Each difference is explained by a deviation whose rule applies to what
// stands on the wire, or it is a defect. No rule looks at the name of a recording.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/guarantees/guarantee.h"
#include "scenarios/replay/replayer.h"

namespace scenarios {

struct Difference {
  std::string what;            // one sentence
  std::string_view deviation;  // the name of the deviation that explains it; empty: nothing does
};

std::vector<Difference> CompareRun(const Recording& recording, const ReplayPlan& plan,
                                   const ReplayRun& run);

}  // namespace scenarios
