// Scenarios: what each one costs by itself, and how long the whole library takes. Wall time, as
// somebody waits for it.
//
//   own-T      an empty scenario: a stage is set up, comes to rest, is taken down, and the journal
//              is judged
//   library-T  all scenarios of the library, two at a time
//
// T: socket (and FIFOs), in-process, simulated.
#include <memory>
#include <string>
#include <utility>

#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "scenarios/catalogue.h"
#include "scenarios/reports/failure_text.h"
#include "scenarios/runner/run_many.h"

namespace {

using bench::Case;
using bench::Result;
using bench::Settings;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using scenarios::Transport;

using Named = std::vector<scenarios::NamedScenario>;

constexpr double kMilliseconds = 1e3;
constexpr std::size_t kAtOnce = 2;

Result<double> SecondsFor(const std::vector<scenarios::Work>& work, std::size_t at_once) {
  std::string failure;
  const bench::Stopwatch watch;
  RunMany(work, {.jobs = at_once}, [&failure](std::size_t, scenarios::ScenarioResult& result) {
    using enum scenarios::ScenarioVerdict;
    if (result.verdict != kPassed && result.verdict != kSkipped) failure = FailureText(result);
    result.journal.reset();
  });
  const double seconds = watch.seconds();
  if (!failure.empty()) return Fail(ErrorCode::kUnknown, failure);
  return seconds;
}

Result<Case> OwnCost(const Settings& settings, Transport transport) {
  auto count = settings.Choose<std::size_t>(40, 20, 1);
  if (transport == Transport::kLoopback) count *= 50;
  const auto empty = std::make_shared<scenarios::Scenario>();
  empty->name = "empty";
  const std::vector<scenarios::Work> work(
      count, {.scenario = empty.get(), .options = {.transport = transport}});
  return Case{.unit = "ms",
              .better = bench::Better::kLower,
              .subject = [empty, work]() -> Result<double> {
                auto seconds = SecondsFor(work, 1);
                if (!seconds) return seconds;
                return *seconds * kMilliseconds / static_cast<double>(work.size());
              },
              .reach = bench::AtMost(20)};
}

Result<Case> WholeLibrary(const Settings& settings, Transport transport, double most) {
  auto library = scenarios::Library();
  if (!library) return Fail(std::move(library).error());
  const auto shared = std::make_shared<const Named>(std::move(*library));
  std::vector<scenarios::Work> work;
  for (const scenarios::NamedScenario& named : *shared) {
    work.push_back({.scenario = &named.scenario, .options = {.transport = transport}});
  }
  if (settings.mode == bench::Mode::kTiny) work.resize(kAtOnce);
  return Case{.unit = "s",
              .better = bench::Better::kLower,
              .subject = [shared, work] { return SecondsFor(work, kAtOnce); },
              .reach = bench::AtMost(most)};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("scenarios", argc, argv, [](bench::Suite& suite) {
    struct Over {
      const char* name;
      Transport transport;
      double library_seconds;
    };
    for (const Over over :
         {Over{"socket", Transport::kSocket, 10}, Over{"in-process", Transport::kInProcess, 10},
          Over{"simulated", Transport::kLoopback, 1}}) {
      suite.Add(std::string("own-") + over.name,
                [over](const Settings& settings) { return OwnCost(settings, over.transport); });
      suite.Add(std::string("library-") + over.name, [over](const Settings& settings) {
        return WholeLibrary(settings, over.transport, over.library_seconds);
      });
    }
  });
}
