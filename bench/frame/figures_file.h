// bench.json: what bench programs write and bench/compare, the plots and the tables read. Its
// format is described in docs/performance.md.
//
// Threads: the caller's.
#pragma once

#include <string>
#include <vector>

#include "bench/frame/rounds.h"
#include "bench/frame/suite.h"

namespace bench {

struct CaseFigures {
  std::string suite;
  std::string name;
  std::string unit;
  Better better = Better::kHigher;
  std::optional<Reach> reach{};  // of the subject
  bool exact = false;
  Measured measured;
  std::vector<Series> series;
};

// The whole file's text. Several of them are joined by bench/tools/report.py.
std::string ToJson(const std::vector<CaseFigures>& figures, const Settings& settings);

// "full", "long", "quick", "tiny".
std::string ModeName(Mode mode);

}  // namespace bench
