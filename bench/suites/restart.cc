// Restart: a client whose stream was broken catches up with the daemon's log, and an engine that
// was away picks its containers up again. Held against the same with fewer of them: it has to be
// linear. Simulated.
#include <memory>

#include "bench/frame/suite.h"
#include "bench/rigs/event_load.h"

namespace {

using bench::Case;
using bench::EventLoad;
using bench::Result;
using bench::Settings;
using libcontainerd::Fail;

constexpr double kLinear = 0.8;

Result<std::shared_ptr<EventLoad>> Load(const bench::BenchWorldOptions& world,
                                        std::size_t containers) {
  auto load = EventLoad::Make({.world = world, .containers = containers});
  if (!load) return Fail(std::move(load).error());
  return std::shared_ptr<EventLoad>(std::move(*load));
}

// A log that keeps all that there ever was: each time a world of its own.
bench::Measure CatchUpWith(std::size_t events) {
  return [events]() -> Result<double> {
    auto load = Load({.gated = true, .retain_count = -1}, 10);
    if (!load) return Fail(std::move(load).error());
    return (*load)->CatchUp(events);
  };
}

Result<Case> CatchUp(std::size_t many, std::size_t few) {
  return Case{.unit = "events/s",
              .subject = CatchUpWith(many),
              .floors = {{.name = std::to_string(few),
                          .measure = CatchUpWith(few),
                          .ratio = bench::AtLeast(kLinear)}}};
}

// As many as a daemon keeps by default, several times over.
Result<Case> CatchUpByDefault(const Settings& settings) {
  constexpr std::size_t kEvents = fake_containerd::EventLog::kDefaultRetainCount;
  auto made = Load({.gated = true}, 10);
  if (!made) return Fail(std::move(made).error());
  const auto times = settings.Choose<std::size_t>(40, 20, 2);
  return Case{.unit = "events/s", .subject = [load = *made, times]() -> Result<double> {
                double seconds = 0;
                for (std::size_t i = 0; i < times; ++i) {
                  auto rate = load->CatchUp(kEvents);
                  if (!rate) return rate;
                  seconds += kEvents / *rate;
                }
                return static_cast<double>(times * kEvents) / seconds;
              }};
}

Result<Case> Restore(std::size_t many, std::size_t few) {
  auto all = Load({}, many);
  if (!all) return Fail(std::move(all).error());
  auto some = Load({}, few);
  if (!some) return Fail(std::move(some).error());
  return Case{.unit = "containers/s",
              .subject = [load = *all] { return load->Restore(); },
              .floors = {{.name = std::to_string(few),
                          .measure = [load = *some] { return load->Restore(); },
                          .ratio = bench::AtLeast(kLinear)}}};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("restart", argc, argv,
                     [](bench::Suite& suite) {
                       suite.Add("catch-up", [](const Settings& settings) {
                         return CatchUp(
                             settings.Choose<std::size_t>(1'000'000, 50'000, 20'000, 100),
                             settings.Choose<std::size_t>(100'000, 5'000, 5'000, 50));
                       });
                       suite.Add("catch-up-500", CatchUpByDefault);
                       suite.Add("restore", [](const Settings& settings) {
                         return Restore(settings.Choose<std::size_t>(10'000, 1'000, 10),
                                        settings.Choose<std::size_t>(1'000, 250, 5));
                       });
                     },
                     {.cores = bench::Cores::kOne});
}
