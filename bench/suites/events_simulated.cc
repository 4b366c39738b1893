// Events in the simulated world: injected, over the loopback, through the client to an ordered
// callback; one thread, everything but gRPC. Its floor are the bare executor's steps. Allocations
// per event are counted beside it.
#include <memory>

#include <asio/post.hpp>

#include "bench/frame/allocations.h"
#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "bench/rigs/event_cases.h"
#include "libcontainerd/simulated_runtime.h"

namespace {

using bench::Case;
using bench::EventLoad;
using bench::Result;
using bench::Settings;

// Steps per second, with as many ready at a time as a burst makes.
double BareSteps(std::size_t steps) {
  constexpr std::size_t kReady = 64;
  libcontainerd::SimulatedRuntime runtime(1);
  struct Chain {
    libcontainerd::SimulatedRuntime& runtime;
    std::size_t left;
    void Next() {
      if (left == 0) return;
      --left;
      asio::post(runtime.executor(), [this] { Next(); });
    }
  } chain{runtime, steps};
  const bench::Stopwatch watch(bench::Stopwatch::Of::kThread);
  for (std::size_t i = 0; i < kReady; ++i) chain.Next();
  runtime.RunReady();
  return static_cast<double>(steps) / watch.seconds();
}

Result<std::shared_ptr<EventLoad>> MakeLoad(std::size_t containers) {
  auto load = EventLoad::Make({.world = {}, .containers = containers});
  if (!load) return libcontainerd::Fail(std::move(load).error());
  return std::shared_ptr<EventLoad>(std::move(*load));
}

Result<Case> Events(const Settings& settings, std::size_t containers) {
  auto load =
      MakeLoad(settings.Choose(containers, containers, std::min<std::size_t>(containers, 8)));
  if (!load) return libcontainerd::Fail(std::move(load).error());
  const auto events = settings.Choose<std::size_t>(100'000, 25'000, 300);
  return Case{
      .unit = "events/s",
      .subject = [load = *load, events] { return load->Run(events); },
      .floors = {{.name = "steps",
                  .measure = [events]() -> Result<double> { return BareSteps(events * 8); }}},
      .reach = bench::AtLeast(1'000'000)};
}

Result<Case> Allocations(const Settings& settings) {
  auto load = MakeLoad(100);
  if (!load) return libcontainerd::Fail(std::move(load).error());
  const auto events = settings.Choose<std::size_t>(100'000, 50'000, 2'000);
  if (const auto warm = (*load)->Run(70'000); !warm) return libcontainerd::Fail(warm.error());
  return Case{.unit = "allocations/event",
              .better = bench::Better::kLower,
              .subject = [load = *load, events]() -> Result<double> {
                const std::size_t before = bench::Allocations();
                if (const auto run = load->Run(events); !run) {
                  return libcontainerd::Fail(run.error());
                }
                return static_cast<double>(bench::Allocations() - before) /
                       static_cast<double>(events);
              },
              .reach = bench::AtMost(2),
              .exact = true};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main(
      "events-simulated", argc, argv,
      [](bench::Suite& suite) {
        for (const std::size_t containers : {1U, 100U, 10'000U, 100'000U}) {
          suite.Add(
              std::to_string(containers),
              [containers](const Settings& settings) { return Events(settings, containers); },
              bench::InRuns(containers));
        }
        suite.Add("allocations", Allocations);
      },
      {.cores = bench::Cores::kOne});
}
