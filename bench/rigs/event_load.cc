#include "bench/rigs/event_load.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <asio/post.hpp>

#include "bench/frame/pacing.h"
#include "bench/frame/stopwatch.h"
#include "bench/rigs/loads.h"
#include "fake_containerd/v0/messages.h"
#include "libcontainerd/simulated_runtime.h"

namespace bench {

using fake_containerd::EventKind;
using libcontainerd::ContainerState;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

namespace {

using Clock = std::chrono::steady_clock;

const fake_containerd::Event& EventInTurn(std::size_t turn) {
  return EventsOfOneTurn()[turn % EventsOfOneTurn().size()];
}

fake_containerd::Event EventOf(std::string id, std::size_t turn) {
  fake_containerd::Event event = EventInTurn(turn);
  event.container.id = std::move(id);
  // Another name each time: one whose exit is not told yet is nobody else's.
  if (event.kind == EventKind::kExit) event.process = "exec-" + std::to_string(turn);
  return event;
}

// What the backend is told of it.
ContainerState StateOf(EventKind kind) {
  switch (kind) {
    case EventKind::kPause:
      return ContainerState::kPause;
    case EventKind::kResume:
      return ContainerState::kResume;
    case EventKind::kOom:
      return ContainerState::kOom;
    default:
      return ContainerState::kExitProcess;
  }
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

  // The same, one after the other from another thread.
  Status DrivePaced(std::size_t events, std::chrono::nanoseconds period) {
    std::thread pacing;
    Status driven = world->Until([&](const BenchWorld::Done& done) {
      done_ = done;
      watch_.emplace(Stopwatch::Of::kWall);
      target_ = injected_ + events;
      pace_ = {.first = injected_, .begin = Clock::now() + period, .period = period};
      pacing = std::thread([this, events] {
        Pace(events, pace_.begin, pace_.period, [this](std::size_t, Clock::time_point) {
          asio::post(world->runtime().executor(), [this] { Inject(); });
        });
      });
    });
    if (pacing.joinable()) pacing.join();
    pace_ = {};
    return driven;
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

  // Events that happen while nobody listens.
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

  // The stream is there again, and the events that were injected so far are handled.
  Status Reconnect() {
    return world->Until([&](const BenchWorld::Done& done) {
      target_ = injected_;
      done_ = done;
      watch_.emplace(Stopwatch::Of::kThread);
      world->gate().Open();
    });
  }

  double seconds() const { return seconds_; }
  std::size_t out_of_order() const { return out_of_order_; }
  std::size_t containers() const { return ids_.size(); }

  std::unique_ptr<BenchWorld> world;
  std::vector<double>* latencies = nullptr;

 private:
  struct Pacing {
    std::size_t first = 0;
    Clock::time_point begin{};
    std::chrono::nanoseconds period{0};  // 0: not paced
  };

  // When the event was due of which this is the callback.
  Clock::time_point DueAt(std::size_t index, std::size_t turn) const {
    if (pace_.period.count() == 0) return last_injection_;
    const std::size_t number = turn * ids_.size() + index - pace_.first;
    return pace_.begin + static_cast<std::int64_t>(number) * pace_.period;
  }

  void Count(const std::string& id, ContainerState state) {
    const std::size_t index = BenchWorld::IndexOf(id);
    std::size_t& turn = turns_[index];
    if (latencies != nullptr) {
      const std::chrono::duration<double, std::nano> taken = Clock::now() - DueAt(index, turn);
      latencies->push_back(taken.count());
    }
    if (state != StateOf(EventInTurn(turn).kind)) ++out_of_order_;
    ++turn;
    ++handled_;
    if (handled_ == target_) {
      seconds_ = watch_->seconds();
      std::exchange(done_, {})();
    } else if (pace_.period.count() == 0 && !filling_ && injected_ < target_ &&
               injected_ - handled_ <= most_ / 2) {
      filling_ = true;
      asio::post(world->runtime().executor(), [this] {
        filling_ = false;
        Fill();
      });
    }
  }

  void Fill() {
    if (latencies != nullptr) last_injection_ = Clock::now();
    while (injected_ < target_ && injected_ - handled_ < most_) Inject();
  }

  void Inject() {
    world->world().Emit(EventOf(ids_[injected_ % ids_.size()], injected_ / ids_.size()));
    ++injected_;
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
  Pacing pace_;
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

Result<std::vector<double>> EventLoad::PacedLatencies(std::size_t events,
                                                      std::chrono::nanoseconds period) {
  std::vector<double> latencies;
  latencies.reserve(events);
  loop_->latencies = &latencies;
  Status driven = loop_->DrivePaced(events, period);
  loop_->latencies = nullptr;
  if (!driven) return Fail(std::move(driven).error());
  return latencies;
}

Result<double> EventLoad::CatchUp(std::size_t events) {
  BenchWorld& world = *loop_->world;
  world.Run([&] { world.gate().Close(); });
  loop_->HappenUnheard(events);
  if (Status back = loop_->Reconnect(); !back) return Fail(std::move(back).error());
  if (loop_->out_of_order() > 0) {
    return Fail(ErrorCode::kDataLoss, "events of the log were called back out of order");
  }
  return static_cast<double>(events) / loop_->seconds();
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
  const std::size_t count = std::min(kMost, containers * EventsOfOneTurn().size());
  for (std::size_t i = 0; i < count; ++i) {
    fake_containerd::Event event = EventOf(BenchWorld::IdOf(i % containers), i / containers);
    event.time =
        libcontainerd::WallTime(std::chrono::seconds(1475625600)) + std::chrono::nanoseconds(i);
    messages.push_back(fake_containerd::v0::ToMessage(event));
  }
  return messages;
}

}  // namespace bench
