// Memory: live bytes for each container that is tracked and idle, client and world together; and
// live bytes after a churn of lives, which must be what they were before.
#include <memory>

#include "bench/frame/live_bytes.h"
#include "bench/frame/suite.h"
#include "bench/rigs/event_load.h"
#include "bench/rigs/life_load.h"
#include "fake_containerd/server.h"

namespace {

using bench::Case;
using bench::EventLoad;
using bench::LifeLoad;
using bench::Result;
using bench::Settings;
using libcontainerd::Fail;

// Holds the streams of idle containers, in memory that is not counted.
class IdleEngine final : public libcontainerd::Backend {
 public:
  explicit IdleEngine(std::size_t containers) { pipes_.reserve(containers); }
  void StateChanged(const std::string&, const libcontainerd::StateInfo&,
                    libcontainerd::Done done) override {
    done(bench::Status());
  }
  void AttachStreams(const std::string&, const std::string&, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override {
    pipes_.push_back(std::move(pipe));
    done(bench::Status());
  }
  // Before the world ends that they lead into.
  void DropPipes() { pipes_.clear(); }

 private:
  std::vector<libcontainerd::IoPipe> pipes_;
};

// The difference between many containers and a few, so that what a world needs by itself cancels.
Result<double> BytesOfEach(const bench::BenchWorldOptions& options, std::size_t containers) {
  const std::size_t few = containers / 5;
  double taken = 0;  // in the end: by many, without what a few took
  // The first world pays for what the process needs once, and is not counted.
  for (const std::size_t count : {few, few, containers}) {
    IdleEngine engine(count);
    const std::size_t before = bench::LiveBytes();
    auto world = bench::BenchWorld::Make(options, engine);
    if (!world) return Fail(std::move(world).error());
    if (bench::Status created = (*world)->CreateContainers(count); !created) {
      return Fail(std::move(created).error());
    }
    const double live = static_cast<double>(bench::LiveBytes()) - static_cast<double>(before);
    taken = live - (count == containers ? taken : 0);
    (*world)->Run([&] { engine.DropPipes(); });
  }
  return taken / static_cast<double>(containers - few);
}

Result<Case> Idle(const Settings& settings, bool fifos) {
  static_cast<void>(fake_containerd::RaiseDescriptorLimit());
  bench::BenchWorldOptions options;
  if (fifos) options = {.transport = bench::Transport::kSocket, .fifos = true};
  const auto containers = fifos ? settings.Choose<std::size_t>(1'000, 300, 5)
                                : settings.Choose<std::size_t>(10'000, 2'000, 5);
  Case idle{.unit = "bytes/container",
            .better = bench::Better::kLower,
            .subject = [options, containers] { return BytesOfEach(options, containers); },
            .exact = true};
  if (!fifos) idle.reach = bench::AtMost(4096);
  return idle;
}

// Messages on their way are kept to be used again, up to a bound that lives reach by chance only:
// as many as there can be, of a container that nobody knows, through every place that keeps some.
void FillWhatIsKept(bench::BenchWorld& world) {
  constexpr std::size_t kPlaces = 3;  // and each has to get its turn
  for (std::size_t i = 0; i < 2 * kPlaces; ++i) {
    world.Run([&] {
      for (std::size_t j = 0; j < EventLoad::kMostUnderWay; ++j) {
        fake_containerd::Event event;
        event.container.id = bench::BenchWorld::IdOf(static_cast<std::size_t>(-1));
        event.process = fake_containerd::kInitName;
        world.world().Emit(std::move(event));
      }
    });
  }
}

// Live bytes while lives come and go, and by how much they differ in the end.
struct Churn {
  bench::Series series{.name = "live-bytes", .x_unit = "lives", .y_unit = "bytes", .points = {}};
  Result<double> Run(LifeLoad& load, std::size_t lives, std::size_t warm_up) {
    constexpr std::size_t kPoints = 20;
    // What is kept to be used again (messages, receipts, callbacks) is as much as was ever under
    // way at once: more of it here than the lives that are counted will need.
    constexpr std::size_t kAtOnce = 16;
    if (auto ran = load.Run(warm_up, 8 * kAtOnce, bench::BenchWorld::SmallSpec()); !ran) return ran;
    FillWhatIsKept(load.world());
    series.points.reserve(kPoints);
    const auto before = AtRest(load.world());
    for (std::size_t i = 1; i <= kPoints; ++i) {
      auto ran = load.Run(std::max<std::size_t>(lives / kPoints, 1), kAtOnce,
                          bench::BenchWorld::SmallSpec());
      if (!ran) return ran;
      series.points.push_back(
          {static_cast<double>(i * lives) / kPoints, static_cast<double>(AtRest(load.world()))});
    }
    return series.points.back().y - static_cast<double>(before);
  }
  // Steps that follow the last callback are over.
  static std::size_t AtRest(bench::BenchWorld& world) {
    world.Run([] {});
    return bench::LiveBytes();
  }
};

Result<Case> Lives(const Settings& settings) {
  auto made = LifeLoad::Make({});
  if (!made) return Fail(std::move(made).error());
  const std::shared_ptr<LifeLoad> load = std::move(*made);
  const auto churn = std::make_shared<Churn>();
  const auto lives = settings.Choose<std::size_t>(1'000'000, 100'000, 20'000, 40);
  // The client remembers 65536 events, of which a life has two.
  const auto warm_up = settings.Choose<std::size_t>(40'000, 40'000, 10);
  return Case{
      .unit = "bytes grown",
      .better = bench::Better::kLower,
      .subject = [load, churn, lives, warm_up] { return churn->Run(*load, lives, warm_up); },
      .reach = bench::AtMost(0),
      .exact = true,
      .series = [churn] { return std::vector<bench::Series>{churn->series}; }};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("memory", argc, argv, [](bench::Suite& suite) {
    suite.Add("idle-simulated", [](const Settings& settings) { return Idle(settings, false); });
    suite.Add("idle-fifos", [](const Settings& settings) { return Idle(settings, true); });
    suite.Add("churn", Lives, bench::Suite::In::kAllButQuick);
  });
}
