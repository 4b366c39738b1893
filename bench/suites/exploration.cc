// Exploration: how many executions of each kind one core comes to — short sequences of events into
// the client against the model, lists of actions with faults through the whole stack over the
// loopback, and random scenarios with every guarantee judged. Everything runs on one thread and is
// measured in its time.
//
// The inputs are drawn beforehand from fixed seeds; all of them hold, and one that does not ends
// the case with its seed.
#include <algorithm>
#include <memory>
#include <vector>

#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "libcontainerd/random.h"
#include "scenarios/explore/event_sequence.h"
#include "scenarios/explore/explore.h"
#include "scenarios/scenario_text.h"

namespace {

using bench::Case;
using bench::Result;
using bench::Settings;
using bench::Stopwatch;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

// Sequences of exactly the most steps that there may be, of any bytes that client and model agree
// on.
std::vector<scenarios::EventSequence> DrawSequences(std::size_t count) {
  libcontainerd::Random random(1);
  std::vector<scenarios::EventSequence> sequences;
  while (sequences.size() < count) {
    std::vector<std::uint8_t> bytes(2 + 2 * scenarios::EventSequence::kMostSteps);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.Below(256));
    auto sequence = scenarios::DecodeEventSequence(bytes);
    if (sequence.steps.size() < scenarios::EventSequence::kMostSteps) continue;
    if (!scenarios::RunEventSequence(sequence).differences.empty()) continue;
    sequences.push_back(std::move(sequence));
  }
  return sequences;
}

Result<Case> Sequences(const Settings& settings) {
  const auto count = settings.Choose<std::size_t>(2'000, 1'000, 5);
  const auto sequences =
      std::make_shared<std::vector<scenarios::EventSequence>>(DrawSequences(count));
  return Case{.unit = "executions/s",
              .subject = [sequences]() -> Result<double> {
                const Stopwatch watch(Stopwatch::Of::kThread);
                for (const scenarios::EventSequence& sequence : *sequences) {
                  const auto result = scenarios::RunEventSequence(sequence);
                  if (result.differences.empty()) continue;
                  return Fail(ErrorCode::kUnknown, result.differences.front());
                }
                return static_cast<double>(sequences->size()) / watch.seconds();
              },
              .reach = bench::AtLeast(10'000)};
}

constexpr char kListName[] = "list.json";

// Texts of scenarios in which something fails or is held, as the fuzzer of action lists gets them.
std::vector<std::string> DrawActionLists(std::size_t count) {
  std::vector<std::string> texts;
  for (std::uint64_t seed = 1; texts.size() < count; ++seed) {
    const scenarios::Explored explored = scenarios::DrawScenario(seed, {.focus = {"faults"}});
    if (explored.swarm.points.empty()) continue;
    std::string text = scenarios::PrintScenario(explored.scenario);
    const auto scenario = scenarios::ParseScenario(text, kListName);
    if (!scenario) continue;  // something that a file may not hold
    if (!scenarios::FailureOf(scenarios::RunSimulated(*scenario)).empty()) continue;
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<Case> ActionLists(const Settings& settings) {
  const auto count = settings.Choose<std::size_t>(100, 50, 2);
  const auto texts = std::make_shared<std::vector<std::string>>(DrawActionLists(count));
  return Case{.unit = "executions/s",
              .subject = [texts]() -> Result<double> {
                const Stopwatch watch(Stopwatch::Of::kThread);
                for (const std::string& text : *texts) {
                  auto scenario = scenarios::ParseScenario(text, kListName);
                  if (!scenario) return Fail(std::move(scenario).error());
                  const std::string failure =
                      scenarios::FailureOf(scenarios::RunSimulated(*scenario));
                  if (!failure.empty()) return Fail(ErrorCode::kUnknown, failure + "\n" + text);
                }
                return static_cast<double>(texts->size()) / watch.seconds();
              },
              .reach = bench::AtLeast(300)};
}

enum class Counted : std::uint8_t { kRuns, kEntries, kEvents };

// Drawn, run and judged, as `drydock explore` does it.
Result<double> ExploreOnce(std::size_t runs, Counted counted) {
  const Stopwatch watch(Stopwatch::Of::kThread);
  double entries = 0;
  double events = 0;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    const scenarios::ScenarioResult result =
        scenarios::RunSimulated(scenarios::DrawScenario(seed).scenario);
    const std::string failure = scenarios::FailureOf(result);
    if (!failure.empty()) {
      return Fail(ErrorCode::kUnknown, "seed " + std::to_string(seed) + ": " + failure);
    }
    const std::vector<scenarios::Entry>& all = result.journal->entries();
    entries += static_cast<double>(all.size());
    events += static_cast<double>(
        std::ranges::count(all, scenarios::EntryKind::kEventEmitted, &scenarios::Entry::kind));
  }
  const double seconds = watch.seconds();
  if (counted == Counted::kEntries) return entries / seconds;
  return (counted == Counted::kEvents ? events : static_cast<double>(runs)) / seconds;
}

Result<Case> Explored(const Settings& settings, Counted counted, std::string unit) {
  const auto runs = settings.Choose<std::size_t>(150, 50, 2);
  Case explored{.unit = std::move(unit),
                .subject = [runs, counted] { return ExploreOnce(runs, counted); }};
  if (counted != Counted::kRuns) explored.reach = bench::AtLeast(150'000);
  return explored;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("exploration", argc, argv,
                     [](bench::Suite& suite) {
                       suite.Add("event-sequences", Sequences);
                       suite.Add("action-lists", ActionLists);
                       suite.Add("scenarios", [](const Settings& settings) {
                         return Explored(settings, Counted::kRuns, "scenarios/s");
                       });
                       suite.Add("journal-entries", [](const Settings& settings) {
                         return Explored(settings, Counted::kEntries, "entries/s");
                       });
                       suite.Add("containerd-events", [](const Settings& settings) {
                         return Explored(settings, Counted::kEvents, "events/s");
                       });
                     },
                     {.cores = bench::Cores::kOne});
}
