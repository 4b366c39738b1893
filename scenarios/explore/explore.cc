#include "scenarios/explore/explore.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include "scenarios/explore/heap_junk.h"

namespace scenarios {

namespace {

using Clock = std::chrono::steady_clock;

// Real time for one run before it counts as one that never ends.
constexpr std::chrono::seconds kLongest{60};

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string JournalText(const ScenarioResult& result) {
  std::ostringstream text;
  if (result.journal) WriteJournal(*result.journal, text);
  return text.str();
}

// Where two runs of one seed part; "" if they do not.
std::string Difference(const ScenarioResult& first, const ScenarioResult& second) {
  std::istringstream a(JournalText(first));
  std::istringstream b(JournalText(second));
  std::string line;
  std::string other;
  for (std::size_t number = 1;; ++number) {
    const bool more = static_cast<bool>(std::getline(a, line));
    if (!std::getline(b, other)) other.clear();
    if (!more) line.clear();
    if (line != other) {
      return "two runs of the seed differ from entry " + std::to_string(number) + " on: " + line +
             " / " + other;
    }
    if (!more) break;
  }
  if (first.last_draw != second.last_draw) return "two runs of the seed end in different draws";
  return "";
}

// The runs of one exploration, shared by the threads.
class Hall {
 public:
  Hall(const ExploreOptions& options, ExploreStep begun, ExploreStep ended)
      : options_(options), begun_(std::move(begun)), ended_(std::move(ended)) {}

  ExploreOutcome Run() {
    const auto begun = Clock::now();
    if (options_.time) until_ = begun + *options_.time;
    next_ = options_.shard - 1;
    const std::size_t jobs = std::max<std::size_t>(1, options_.jobs);
    {
      const std::scoped_lock lock(mutex_);
      for (std::size_t i = 0; i < jobs; ++i) desks_.emplace_back();
      working_ = jobs;
    }
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < jobs; ++i) threads.emplace_back([this, i] { Labour(i); });
    Watch();
    for (std::thread& thread : threads) {
      if (outcome_.totals.stuck) {
        thread.detach();
      } else {
        thread.join();
      }
    }
    const std::scoped_lock lock(mutex_);
    std::ranges::sort(outcome_.failures, {}, &ExploredRun::seed);
    if (!options_.keep_going && outcome_.failures.size() > 1) outcome_.failures.resize(1);
    outcome_.totals.time = Clock::now() - begun;
    return std::move(outcome_);
  }

 private:
  struct Desk {
    std::uint64_t seed = 0;
    std::optional<Clock::time_point> begun{};
  };

  // Seeds are taken in their order: when one fails, all before it have been taken, and end.
  void Labour(std::size_t desk) {
    std::unique_lock lock(mutex_);
    while (next_ < options_.runs && !stopped_ && (!until_ || Clock::now() < *until_)) {
      ExploredRun run;
      run.seed = options_.seed + next_;
      next_ += options_.shards;
      desks_[desk] = {run.seed, Clock::now()};
      Draw(run);
      if (begun_) begun_(run);
      lock.unlock();
      Perform(run);
      lock.lock();
      desks_[desk].begun.reset();
      Take(std::move(run));
    }
    --working_;
    changed_.notify_all();
  }

  void Draw(ExploredRun& run) const {
    run.explored = DrawScenario(run.seed, options_.wishes);
    run.explored.scenario.setup.deviations_off = options_.deviations_off;
    run.explored.scenario.setup.mutants = options_.mutants;
  }

  void Perform(ExploredRun& run) const {
    run.result = RunSimulated(run.explored.scenario);
    run.failed = FailureOf(run.result);
    if (options_.twice || options_.fingerprints) run.fingerprint = Fingerprint(run.result);
    if (!options_.twice) return;
    const HeapJunk junk(run.seed);
    const ScenarioResult again = RunSimulated(run.explored.scenario);
    if (const std::string difference = Difference(run.result, again); !difference.empty())
      run.failed = difference;
  }

  void Take(ExploredRun run) {
    ExploreTotals& totals = outcome_.totals;
    ++totals.runs;
    if (run.result.journal) {
      totals.entries += run.result.journal->entries().size();
      for (const Entry& entry : run.result.journal->entries()) {
        totals.events += entry.kind == EntryKind::kEventEmitted ? 1 : 0;
        totals.callbacks += entry.kind == EntryKind::kCallbackBegin ? 1 : 0;
      }
    }
    if (ended_) ended_(run);
    if (run.failed.empty()) return;
    outcome_.failures.push_back(std::move(run));
    if (!options_.keep_going) stopped_ = true;
  }

  // Until all are done, or one never is.
  void Watch() {
    std::unique_lock lock(mutex_);
    while (working_ > 0) {
      changed_.wait_for(lock, std::chrono::seconds(1));
      for (const Desk& desk : desks_) {
        if (!desk.begun || Clock::now() - *desk.begun < kLongest) continue;
        outcome_.totals.stuck = desk.seed;
        stopped_ = true;
        return;
      }
    }
  }

  const ExploreOptions options_;
  const ExploreStep begun_;
  const ExploreStep ended_;
  std::optional<Clock::time_point> until_;
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::deque<Desk> desks_;
  std::size_t working_ = 0;
  std::uint64_t next_ = 0;
  bool stopped_ = false;
  ExploreOutcome outcome_;
};

}  // namespace

std::string FailureOf(const ScenarioResult& result) {
  for (const GuaranteeResult& each : result.guarantees) {
    if (each.bad()) return std::string(each.guarantee->name);
  }
  if (!result.cannot_judge.empty()) return FirstLine(result.cannot_judge);
  if (result.complaints.empty()) return "";
  // Which entries the model means differs from run to run of a scenario that shrinks.
  const std::string line = FirstLine(result.complaints.front().what);
  return line.substr(0, line.find(" (entries "));
}

ScenarioResult RunSimulated(const Scenario& scenario) {
  return RunScenario(scenario, {.transport = Transport::kLoopback});
}

// FNV-1a: not for secrets, and the same everywhere.
std::uint64_t Fingerprint(const ScenarioResult& result) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (const char each : JournalText(result)) mix(static_cast<unsigned char>(each));
  for (int shift = 0; shift < 64; shift += 8)
    mix(static_cast<unsigned char>(result.last_draw >> shift));
  return hash;
}

ExploreOutcome Explore(const ExploreOptions& options, const ExploreStep& begun,
                       const ExploreStep& ended) {
  auto hall = std::make_unique<Hall>(options, begun, ended);
  ExploreOutcome outcome = hall->Run();
  // A thread that never ends needs it for longer than this call.
  if (outcome.totals.stuck) static_cast<void>(hall.release());
  return outcome;
}

SmallFailure ShrinkFailure(const ExploredRun& failure, const ShrinkLimits& limits) {
  const auto fails = [&](const Scenario& candidate) {
    const ScenarioResult result = RunSimulated(candidate);
    if (FailureOf(result) == failure.failed) return true;
    // Another guarantee may have come first; it is still the same failure.
    return std::ranges::any_of(result.guarantees, [&](const GuaranteeResult& each) {
      return each.bad() && each.guarantee->name == failure.failed;
    });
  };
  SmallFailure small;
  small.shrunk = Shrink(failure.explored.scenario, fails, limits);
  small.result = RunSimulated(small.shrunk.scenario);
  small.result.actions_before_shrinking = CountActions(failure.explored.scenario.actions);
  return small;
}

}  // namespace scenarios
