// Fan-out: one daemon's events to many streams of one connection, against bare streams that write
// the same messages as often. Compared is the time until the last one has everything.
#include <memory>
#include <vector>

#include <asio/post.hpp>

#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "bench/rigs/event_load.h"

namespace {

using bench::BenchWorld;
using bench::Case;
using bench::EventLoad;
using bench::Result;
using bench::Settings;
using libcontainerd::Fail;

// Counts until all of them have had enough.
struct Sink final : libcontainerd::EventSink {
  void OnEvents(std::span<const types::Event> burst) override {
    const std::size_t before = events;
    events += burst.size();
    if (before < wanted && events >= wanted && ++*full == sinks) (*done)();
  }
  void OnEnd(libcontainerd::Status) override {}

  std::size_t sinks = 0;
  std::size_t wanted = 0;
  std::size_t events = 0;
  std::size_t* full = nullptr;
  BenchWorld::Done* done = nullptr;
};

class Audience {
 public:
  static Result<std::shared_ptr<Audience>> Make(std::size_t streams) {
    auto audience = std::make_shared<Audience>();
    auto load =
        EventLoad::Make({.world = {.transport = bench::Transport::kSocket}, .containers = 1});
    if (!load) return Fail(std::move(load).error());
    audience->load_ = std::move(*load);
    audience->sinks_.resize(streams);
    if (auto heard = audience->Open(); !heard) return Fail(std::move(heard).error());
    return audience;
  }
  Audience() = default;
  ~Audience() {
    if (load_) load_->world().Run([&] { open_.clear(); });
  }
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  // Seconds from the first injection.
  Result<double> Run(std::size_t events) {
    const bench::Stopwatch watch;
    const auto told = load_->world().Until([&](const BenchWorld::Done& done) {
      Expect(events, done);
      for (std::size_t i = 0; i < events; ++i) {
        load_->world().world().Emit(
            {.kind = fake_containerd::EventKind::kOom, .container = {.id = BenchWorld::IdOf(1)}});
      }
    });
    if (!told) return Fail(told.error());
    return watch.seconds();
  }

 private:
  void Expect(std::size_t events, BenchWorld::Done done) {
    done_ = std::move(done);
    full_ = 0;
    for (Sink& sink : sinks_) {
      sink.events = 0;
      sink.wanted = events;
      sink.sinks = sinks_.size();
      sink.full = &full_;
      sink.done = &done_;
    }
  }

  // An event that is stored already, asked for by each, shows that its stream is open.
  libcontainerd::Status Open() {
    BenchWorld& world = load_->world();
    return world.Until([&](const BenchWorld::Done& done) {
      world.world().Emit(
          {.kind = fake_containerd::EventKind::kOom, .container = {.id = BenchWorld::IdOf(1)}});
      asio::post(world.runtime().executor(), [this, &world, done] {
        Expect(1, done);
        for (Sink& sink : sinks_) {
          types::EventsRequest request;
          request.set_id(BenchWorld::IdOf(1));
          request.mutable_timestamp()->set_seconds(1);
          open_.push_back(world.api().Events(std::move(request), sink));
        }
      });
    });
  }

  std::unique_ptr<EventLoad> load_;
  std::vector<Sink> sinks_;
  std::vector<std::unique_ptr<libcontainerd::EventStream>> open_;
  std::size_t full_ = 0;
  BenchWorld::Done done_;
};

Result<Case> To(const Settings& settings, std::size_t wanted) {
  const std::size_t streams =
      settings.mode == bench::Mode::kTiny ? std::min<std::size_t>(wanted, 3) : wanted;
  auto started = bench::GrpcFloor::Start(bench::Wire::kSocket, EventLoad::Messages(1));
  if (!started) return Fail(std::move(started).error());
  const std::shared_ptr<bench::GrpcFloor> floor = std::move(*started);
  auto audience = Audience::Make(streams);
  if (!audience) return Fail(std::move(audience).error());
  // Never more than a subscriber's queue in the daemon holds.
  const std::size_t events =
      std::min<std::size_t>(settings.Choose<std::size_t>(60'000, 10'000, 30) / streams + 10, 2'000);
  return Case{
      .unit = "s",
      .better = bench::Better::kLower,
      .subject = [audience = *audience, events] { return audience->Run(events); },
      .floors = {{.name = "bare",
                  .measure = [floor, streams, events] { return floor->FanOut(streams, events); },
                  .ratio = bench::AtMost(1.5)}}};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("fan-out", argc, argv, [](bench::Suite& suite) {
    for (const std::size_t streams : {1U, 10U, 100U, 1'000U}) {
      suite.Add(std::to_string(streams) + "-streams",
                [streams](const Settings& settings) { return To(settings, streams); });
    }
  });
}
