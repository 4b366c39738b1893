#include "bench/rigs/event_load.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <asio/post.hpp>

#include "bench/frame/stopwatch.h"
#include "fake_containerd/v0/messages.h"
#include "libcontainerd/simulated_runtime.h"

namespace bench {

using fake_containerd::EventKind;
using libcontainerd::ContainerState;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kKinds{EventKind::kPause, EventKind::kResume, EventKind::kExit,
                            EventKind::kOom};
constexpr std::array kStates{ContainerState::kPause, ContainerState::kResume,
                             ContainerState::kExitProcess, ContainerState::kOom};

fake_containerd::Event EventOf(std::string id, std::size_t turn) {
  fake_containerd::Event event{.kind = kKinds[turn % kKinds.size()]};
  event.container.id = std::move(id);
  // Another name each time: one whose exit is not told yet is nobody else's.
  if (event.kind == EventKind::kExit) event.process = "exec-" + std::to_string(turn);
  return event;
}

}  // namespace

class EventLoad::Loop final : public libcontainerd::Backend {
 public:
  explicit Loop(std::size_t containers) : turns_(containers, 0) {
    for (std::size_t i = 0; i < containers; ++i) ids_.push_back(BenchWorld::IdOf(i));
    pipes_.reserve(containers);
  }
  // The streams before the world that they lead into.
  ~Loop() override {
    if (world) world->Run([this] { pipes_.clear(); });
    world.reset();
  }

  // Whoever is to be told: the last callback's time, and a step on the executor.
  Status Drive(std::size_t events, std::size_t most_under_way) {
    return world->Until([&](const BenchWorld::Done& done) {
      done_ = done;
      most_ = most_under_way;
      watch_.emplace(world->simulated() ? Stopwatch::Of::kThread : Stopwatch::Of::kWall);
      target_ = injected_ + events;
      Fill();
    });
  }

  void StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                    libcontainerd::Done done) override {
    if (info.state != ContainerState::kStart && info.state != ContainerState::kRestore) {
      Count(id, info.state);
    }
    done(Status());
  }
  void AttachStreams(const std::string&, const std::string&, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override {
    pipes_.push_back(std::move(pipe));
    done(Status());
  }

  // Events that happen while the engine is away.
  void HappenUnheard(std::size_t events) {
    auto& runtime = static_cast<libcontainerd::SimulatedRuntime&>(world->runtime());
    const libcontainerd::WallTime begin = runtime.WallNow();
    for (std::size_t i = 1; i <= events; ++i) {
      fake_containerd::Event event =
          EventOf(ids_[injected_ % ids_.size()], injected_ / ids_.size());
      event.time = begin + i * std::chrono::milliseconds(1);
      world->world().Emit(std::move(event));
      ++injected_;
      if (i % kMostUnderWay == 0) runtime.RunReady();  // the log's queue is no longer either
    }
    runtime.AdvanceTo(runtime.Now() + (events + 1) * std::chrono::milliseconds(1));
  }

  // Restores every container, a few at a time.
  Status PickUp() {
    constexpr std::size_t kAtOnce = 16;
    std::size_t next = 0;
    std::size_t ended = 0;
    Status failure;
    const auto worker = [](Loop* self, std::size_t* index, std::size_t* over, Status* into,
                           BenchWorld::Done done) -> Awaitable<void> {
      while (*index < self->ids_.size()) {
        const std::string id = self->ids_[(*index)++];
        libcontainerd::RestoreOptions live;
        live.live = true;
        Awaitable<Status> restoring = self->world->client().Restore(id, live);
        Status restored = co_await std::move(restoring);
        if (!restored && *into) *into = std::move(restored);
      }
      if (++*over == kAtOnce) done();
    };
    const Status over = world->Until([&](const BenchWorld::Done& done) {
      for (std::size_t i = 0; i < kAtOnce; ++i) {
        libcontainerd::Spawn(world->runtime(), worker(this, &next, &ended, &failure, done));
      }
    });
    return over ? failure : over;
  }

  // Until the events that were injected so far are handled.
  Status WaitForAll() {
    return world->Until([&](const BenchWorld::Done& done) {
      target_ = injected_;
      if (handled_ == target_) return done();
      done_ = done;
      watch_.emplace(Stopwatch::Of::kThread);
    });
  }

  double seconds() const { return seconds_; }
  std::size_t out_of_order() const { return out_of_order_; }
  std::size_t containers() const { return ids_.size(); }

  std::unique_ptr<BenchWorld> world;
  std::vector<double>* latencies = nullptr;

 private:
  void Count(const std::string& id, ContainerState state) {
    std::size_t& turn = turns_[BenchWorld::IndexOf(id)];
    if (state != kStates[turn % kStates.size()]) ++out_of_order_;
    ++turn;
    ++handled_;
    if (latencies != nullptr) {
      latencies->push_back(
          std::chrono::duration<double, std::nano>(Clock::now() - last_injection_).count());
    }
    if (handled_ == target_) {
      seconds_ = watch_->seconds();
      std::exchange(done_, {})();
    } else if (!filling_ && injected_ < target_ && injected_ - handled_ <= most_ / 2) {
      filling_ = true;
      asio::post(world->runtime().executor(), [this] {
        filling_ = false;
        Fill();
      });
    }
  }

  void Fill() {
    fake_containerd::World& daemon = world->world();
    if (latencies != nullptr) last_injection_ = Clock::now();
    while (injected_ < target_ && injected_ - handled_ < most_) {
      daemon.Emit(EventOf(ids_[injected_ % ids_.size()], injected_ / ids_.size()));
      ++injected_;
    }
  }

  std::vector<std::string> ids_;
  std::vector<std::size_t> turns_;  // of each container's events
  std::vector<libcontainerd::IoPipe> pipes_;
  BenchWorld::Done done_;
  std::size_t most_ = 1;
  std::size_t target_ = 0;
  std::size_t injected_ = 0;
  std::size_t handled_ = 0;
  std::size_t out_of_order_ = 0;
  bool filling_ = false;
  std::optional<Stopwatch> watch_;
  double seconds_ = 0;
  Clock::time_point last_injection_;
};

EventLoad::EventLoad(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
EventLoad::~EventLoad() = default;

BenchWorld& EventLoad::world() {
  return *loop_->world;
}

Result<std::unique_ptr<EventLoad>> EventLoad::Make(Options options) {
  auto loop = std::make_unique<Loop>(options.containers);
  auto world = BenchWorld::Make(std::move(options.world), *loop);
  if (!world) return Fail(std::move(world).error());
  loop->world = std::move(*world);
  if (Status created = loop->world->CreateContainers(options.containers); !created) {
    return Fail(std::move(created).error());
  }
  return std::unique_ptr<EventLoad>(new EventLoad(std::move(loop)));
}

Result<double> EventLoad::Run(std::size_t events) {
  if (Status driven = loop_->Drive(events, kMostUnderWay); !driven) {
    return Fail(std::move(driven).error());
  }
  if (loop_->out_of_order() > 0) {
    return Fail(ErrorCode::kDataLoss,
                std::to_string(loop_->out_of_order()) + " events were called back out of order");
  }
  return static_cast<double>(events) / loop_->seconds();
}

Result<std::vector<double>> EventLoad::Latencies(std::size_t events) {
  std::vector<double> latencies;
  latencies.reserve(events);
  loop_->latencies = &latencies;
  Status driven = loop_->Drive(events, 1);
  loop_->latencies = nullptr;
  if (!driven) return Fail(std::move(driven).error());
  return latencies;
}

Result<double> EventLoad::CatchUp(std::size_t events) {
  BenchWorld& world = *loop_->world;
  Status gone = world.StopEngine();
  if (!gone) return Fail(std::move(gone).error());
  loop_->HappenUnheard(events);
  const Stopwatch watch(Stopwatch::Of::kThread);
  Status back = world.StartEngine();
  if (back) back = loop_->WaitForAll();
  if (!back) return Fail(std::move(back).error());
  return static_cast<double>(events) / watch.seconds();
}

Result<double> EventLoad::Restore() {
  BenchWorld& world = *loop_->world;
  Status back = world.StopEngine();
  const Stopwatch watch(Stopwatch::Of::kThread);
  if (back) back = world.StartEngine();
  if (back) back = loop_->PickUp();
  if (!back) return Fail(std::move(back).error());
  return static_cast<double>(loop_->containers()) / watch.seconds();
}

std::vector<types::Event> EventLoad::Messages(std::size_t containers) {
  constexpr std::size_t kMost = 4096;
  std::vector<types::Event> messages;
  const std::size_t count = std::min(kMost, containers * kKinds.size());
  for (std::size_t i = 0; i < count; ++i) {
    fake_containerd::Event event = EventOf(BenchWorld::IdOf(i % containers), i / containers);
    event.time =
        libcontainerd::WallTime(std::chrono::seconds(1475625600)) + std::chrono::nanoseconds(i);
    messages.push_back(fake_containerd::v0::ToMessage(event));
  }
  return messages;
}

}  // namespace bench
