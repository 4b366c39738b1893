#include "bench/frame/rounds.h"

#include <algorithm>
#include <chrono>

namespace bench {

using libcontainerd::Fail;

namespace {

// One figure for each floor, then the subject's.
using Round = std::vector<double>;

Result<double> MeasureOne(const Case& measured, std::size_t which) {
  const bool is_floor = which < measured.floors.size();
  return is_floor ? measured.floors[which].measure() : measured.subject();
}

Result<Round> MeasureRound(const Case& measured, bool backwards) {
  Round round(measured.floors.size() + 1);
  for (std::size_t i = 0; i < round.size(); ++i) {
    const std::size_t which = backwards ? round.size() - 1 - i : i;
    Result<double> figure = MeasureOne(measured, which);
    if (!figure) return Fail(std::move(figure).error());
    round[which] = *figure;
  }
  return round;
}

std::vector<double> Column(const std::vector<Round>& rounds, std::size_t which) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(round[which]);
  return values;
}

Held HeldAgainst(const Floor& floor, const std::vector<double>& floors,
                 const std::vector<double>& subjects) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < floors.size(); ++i) {
    ratios.push_back(floors[i] == 0 ? 0 : subjects[i] / floors[i]);
  }
  return {.floor = floor.name,
          .floor_median = Median(floors),
          .ratio = Median(ratios),
          .spread = Spread(ratios),
          .reach = floor.ratio};
}

Measured Summary(const Case& measured, const std::vector<Round>& rounds) {
  const std::vector<double> subjects = Column(rounds, measured.floors.size());
  Measured summary;
  summary.subject = Median(subjects);
  summary.subject_min = std::ranges::min(subjects);
  summary.subject_max = std::ranges::max(subjects);
  summary.rounds = rounds.size();
  for (std::size_t i = 0; i < measured.floors.size(); ++i) {
    summary.held.push_back(HeldAgainst(measured.floors[i], Column(rounds, i), subjects));
  }
  if (summary.held.empty()) {
    summary.held.push_back({.floor = "", .spread = Spread(subjects), .reach = {}});
  }
  return summary;
}

}  // namespace

bool Holds(const Reach& reach, double figure) {
  return reach.relation == Reach::Relation::kAtLeast ? figure >= reach.value
                                                     : figure <= reach.value;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Spread(const std::vector<double>& values) {
  const double median = Median(values);
  if (median == 0) return 0;
  return (std::ranges::max(values) - std::ranges::min(values)) / median;
}

double Measured::widest_spread() const {
  double widest = 0;
  for (const Held& one : held) widest = std::max(widest, one.spread);
  return widest;
}

Result<Measured> MeasureCase(const Case& measured, const Settings& settings) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  const bool once = measured.exact || settings.mode == Mode::kTiny;
  if (!once) {
    if (const auto warm = MeasureRound(measured, false); !warm) return Fail(warm.error());
  }
  std::optional<Measured> best;
  std::size_t sets = 0;
  const auto again = [&] {
    return best->refused() && !once && sets < kMostSets && Clock::now() < settings.patience;
  };
  while (!best || again()) {
    std::vector<Round> rounds;
    for (std::size_t i = 0; i < (once ? 1 : settings.rounds); ++i) {
      Result<Round> round = MeasureRound(measured, i % 2 == 1);
      if (!round) return Fail(std::move(round).error());
      rounds.push_back(std::move(*round));
    }
    Measured set = Summary(measured, rounds);
    if (!best || set.widest_spread() < best->widest_spread()) best = std::move(set);
    ++sets;
  }
  best->sets = sets;
  best->seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return std::move(*best);
}

}  // namespace bench
