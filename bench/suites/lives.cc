// Life cycles: create, attach, start, output, exit, clean-up; over the socket with FIFOs, and
// simulated, from 1 to 64 at once.
#include <algorithm>
#include <memory>

#include "bench/floor/life_floor.h"
#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "bench/rigs/life_load.h"
#include "libcontainerd/loopback_containerd_api.h"
#include "libcontainerd/simulated_runtime.h"

namespace {

using bench::Case;
using bench::LifeLoad;
using bench::Result;
using bench::Settings;
using libcontainerd::Fail;

constexpr double kSocketLives = 2'000;
constexpr double kSimulatedLives = 20'000;

Result<Case> OverSocket(const Settings& settings, std::size_t at_once) {
  auto made = LifeLoad::Make(
      {.transport = bench::Transport::kSocket, .fifos = true, .calls_on_wire = true});
  if (!made) return Fail(std::move(made).error());
  auto started = bench::LifeFloor::Start();
  if (!started) return Fail(std::move(started).error());
  const std::shared_ptr<LifeLoad> load = std::move(*made);
  const std::shared_ptr<bench::LifeFloor> floor = std::move(*started);
  const std::size_t lives =
      std::max(at_once, settings.Choose<std::size_t>(at_once == 1 ? 300 : 1'000, 150, 3));
  const std::string& spec = bench::BenchWorld::SmallSpec();
  Case made_case{
      .unit = "lives/s",
      .subject = [load, lives, at_once, &spec] { return load->Run(lives, at_once, spec); },
      .floors = {
          {.name = "bare",
           .measure = [floor, lives, at_once, &spec] { return floor->Run(lives, at_once, spec); },
           .ratio = bench::AtLeast(0.5)}}};
  if (at_once > 1) made_case.reach = bench::AtLeast(kSocketLives);
  return made_case;
}

// Answers at once.
class BareApi final : public libcontainerd::ContainerdApi {
 public:
  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method,
                                                        const google::protobuf::Message&,
                                                        google::protobuf::Message&,
                                                        libcontainerd::Duration) override {
    co_return libcontainerd::Status();
  }
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest,
                                                     libcontainerd::EventSink&) override {
    return nullptr;
  }
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(libcontainerd::Duration) override {
    co_return libcontainerd::Status();
  }
};

libcontainerd::Awaitable<void> TwoCallsEach(libcontainerd::ContainerdApi* api, std::size_t lives) {
  for (std::size_t i = 0; i < 2 * lives; ++i) {
    types::CreateContainerRequest request;
    request.set_id(bench::BenchWorld::IdOf(i));
    auto call = libcontainerd::Call(*api, std::move(request), std::chrono::seconds(1));
    static_cast<void>(co_await std::move(call));
  }
}

// Two unary calls over the loopback to somebody who answers at once: there are no system calls in
// the simulated world.
double BareLoopback(std::size_t lives) {
  libcontainerd::SimulatedRuntime runtime(1);
  BareApi daemon;
  libcontainerd::LoopbackContainerdApi api(runtime, daemon);
  const bench::Stopwatch watch(bench::Stopwatch::Of::kThread);
  libcontainerd::Spawn(runtime, TwoCallsEach(&api, lives));
  runtime.RunReady();
  return static_cast<double>(lives) / watch.seconds();
}

Result<Case> Simulated(const Settings& settings, std::size_t at_once, std::string spec) {
  auto made = LifeLoad::Make({});
  if (!made) return Fail(std::move(made).error());
  const std::shared_ptr<LifeLoad> load = std::move(*made);
  const auto lives = settings.Choose<std::size_t>(2'000, 500, 5);
  return Case{.unit = "lives/s",
              .subject = [load, lives, at_once,
                          spec = std::move(spec)] { return load->Run(lives, at_once, spec); },
              .floors = {{.name = "calls",
                          .measure = [lives]() -> Result<double> { return BareLoopback(lives); }}},
              .reach = bench::AtLeast(kSimulatedLives)};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("lives", argc, argv, [](bench::Suite& suite) {
    for (const std::size_t at_once : {1U, 8U, 64U}) {
      suite.Add("socket-" + std::to_string(at_once),
                [at_once](const Settings& settings) { return OverSocket(settings, at_once); });
    }
    for (const std::size_t at_once : {1U, 64U}) {
      suite.Add("simulated-" + std::to_string(at_once), [at_once](const Settings& settings) {
        return Simulated(settings, at_once, bench::BenchWorld::SmallSpec());
      });
    }
    suite.Add("simulated-real-spec", [](const Settings& settings) {
      return Simulated(settings, 1, bench::BenchWorld::RealSpec());
    });
  });
}
