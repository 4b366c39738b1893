// Suite: what one bench program measures. A case has a subject, and the floors that it is held
// against: the least that any implementation must pay on this machine for the same thing. Subject
// and floors are measured in turn within the same run, so that a busy machine slows both, and what
// is reported is their ratio.
//
//   int main(int argc, char** argv) {
//     return bench::Main("events", argc, argv, [](bench::Suite& suite) {
//       suite.Add("100", [](const bench::Settings& settings) { return MakeCase(settings, 100); });
//     });
//   }
//
// rounds   Each measures every floor and the subject once, forwards in one round and backwards in
//          the next. Five rounds make a set; figures are medians of a set.
// refusal  The spread of a set is (max - min) / median of its ratios, or of the subject where there
//          is no floor. Above 20 % the set is discarded and measured again; what the third set does
//          not bring within that is refused: "refused: spread 31 %", and exit code 3. A quick run
//          has one set; a full one begins no further sets once its suite has taken 10 seconds.
// exit     0 measured, 1 a measurement failed, 2 wrong usage, 3 something was refused. Missing what
//          must be reached is reported and fails nothing, unless --strict is given: 4.
//
// Threads: everything here is called on main's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/error.h"

namespace bench {

using libcontainerd::Result;
using libcontainerd::Status;

enum class Mode : std::uint8_t {
  kFull,
  kLong,   // a million of what full runs have fewer of, and no limit on the time
  kQuick,  // smaller, for a look
  kTiny,   // one round of next to nothing: that it works at all
};

struct Settings {
  Mode mode = Mode::kFull;
  std::size_t rounds = 5;
  // No set is measured again after that.
  std::chrono::steady_clock::time_point patience = std::chrono::steady_clock::time_point::max();
  // "unix:///…" or a path: the daemon that is measured, where a case can measure a foreign one.
  std::string containerd{};

  template <class T>
  T Choose(T full, T quick, T tiny) const {
    return Choose(full, full, quick, tiny);
  }
  template <class T>
  T Choose(T long_run, T full, T quick, T tiny) const {
    switch (mode) {
      case Mode::kLong:
        return long_run;
      case Mode::kQuick:
        return quick;
      case Mode::kTiny:
        return tiny;
      case Mode::kFull:
        break;
    }
    return full;
  }
};

enum class Better : std::uint8_t { kHigher, kLower };

// What must be reached: ">= 0.6".
struct Reach {
  enum class Relation : std::uint8_t { kAtLeast, kAtMost };
  Relation relation = Relation::kAtLeast;
  double value = 0;
};
inline Reach AtLeast(double value) {
  return {Reach::Relation::kAtLeast, value};
}
inline Reach AtMost(double value) {
  return {Reach::Relation::kAtMost, value};
}
bool Holds(const Reach& reach, double figure);

// Measures once. An error ends the case, and the program fails.
using Measure = std::function<Result<double>()>;

struct Floor {
  std::string name;
  Measure measure;
  std::optional<Reach> ratio{};  // what subject / floor must reach
};

struct Point {
  double x = 0;
  double y = 0;
};

// Something to draw: latency quantiles, memory over time.
struct Series {
  std::string name;
  std::string x_unit;
  std::string y_unit;
  std::vector<Point> points;
};

struct Case {
  std::string unit;
  Better better = Better::kHigher;
  Measure subject;
  std::vector<Floor> floors{};
  std::optional<Reach> reach{};  // what the subject itself must reach
  // The figure is the same however busy the machine is (bytes, counts): one round, no spread.
  bool exact = false;
  // After the rounds.
  std::function<std::vector<Series>()> series{};
};

class Suite {
 public:
  using Make = std::function<Result<Case>(const Settings&)>;
  enum class In : std::uint8_t {
    kAllRuns,
    kAllButQuick,  // what takes long to set up
  };
  struct Named {
    std::string name;
    Make make;
    In in = In::kAllRuns;
  };

  // A case is made right before it is measured, and everything that it holds is freed before the
  // next one is made.
  void Add(std::string name, Make make, In in = In::kAllRuns) {
    cases_.push_back({.name = std::move(name), .make = std::move(make), .in = in});
  }

  const std::vector<Named>& cases() const { return cases_; }

 private:
  std::vector<Named> cases_;
};

enum class Cores : std::uint8_t {
  kOne,  // the program is pinned to one: what runs on one thread
  kAll,
};

struct SuiteOptions {
  Cores cores = Cores::kAll;
};

// The whole program: options (--help lists them), Google Benchmark's flags, the cases, the report
// on the console and the figures in --out. `add` gets the settings' suite to fill.
int Main(std::string name, int argc, char** argv, const std::function<void(Suite&)>& add,
         SuiteOptions options = {});

}  // namespace bench
