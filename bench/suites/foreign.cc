// A containerd 0.2 at a socket (--containerd=unix:///PATH), measured through the same client as the
// fake; without the option, a fake in this process. What only a fake can do — events out of
// nothing — is not measured here.
//
//   ping      a call that only asks for the version
//   pauses    a container is paused and resumed, and both events are called back
//   lives-N   whole lives, N at a time
//
// A real daemon needs a root file system with /bin/echo and /bin/sleep: DRYDOCK_BENCH_ROOTFS.
// Without one it can start no containers, and only `ping` can be measured.
#include <cstdlib>
#include <memory>
#include <utility>

#include "bench/floor/life_floor.h"
#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "bench/rigs/life_load.h"
#include "fake_containerd/fake_containerd.h"

namespace {

using bench::Case;
using bench::LifeLoad;
using bench::Result;
using bench::Settings;
using libcontainerd::Fail;

// Who answers if nobody else was named.
using Fake = std::unique_ptr<fake_containerd::FakeContainerd>;

// How the daemon that is measured is reached. `fake` outlives what is made with it.
Result<bench::BenchWorldOptions> Reach(const Settings& settings, Fake& fake) {
  std::string socket = settings.containerd;
  if (socket.empty()) {
    fake = std::make_unique<fake_containerd::FakeContainerd>();
    fake_containerd::FakeContainerdOptions options;
    options.relay = false;
    if (const auto started = fake->Start(std::move(options)); !started) {
      return Fail(started.error());
    }
    socket = fake->socket_path();
  }
  return bench::BenchWorldOptions{.transport = bench::Transport::kSocket,
                                  .fifos = true,
                                  .calls_on_wire = true,
                                  .foreign = std::move(socket)};
}

struct Daemon {
  Fake fake;  // outlives the load
  std::unique_ptr<LifeLoad> load;

  static Result<std::shared_ptr<Daemon>> Make(const Settings& settings) {
    auto daemon = std::make_shared<Daemon>();
    auto options = Reach(settings, daemon->fake);
    if (!options) return Fail(std::move(options).error());
    auto load = LifeLoad::Make(std::move(*options));
    if (!load) return Fail(std::move(load).error());
    daemon->load = std::move(*load);
    return daemon;
  }
};

// A fake heeds the annotation, a real daemon the arguments.
std::string SpecOf(const std::string& arguments, const std::string& behaviour) {
  const char* const rootfs = std::getenv("DRYDOCK_BENCH_ROOTFS");
  return R"({"ociVersion":"1.0.0-rc1","platform":{"os":"linux","arch":"amd64"},)"
         R"("process":{"args":[)" +
         arguments +
         R"(],"cwd":"/","user":{"uid":0,"gid":0}},"annotations":{"io.drydock.behaviour":")" +
         behaviour + R"("},"root":{"path":")" + std::string(rootfs == nullptr ? "/" : rootfs) +
         R"(","readonly":true},"linux":{"namespaces":[{"type":"pid"},{"type":"mount"}]}})";
}

libcontainerd::Awaitable<libcontainerd::Status> AskForVersion(bench::BenchWorld* world,
                                                              std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) {
    auto call = libcontainerd::Call(world->api(), types::GetServerVersionRequest(),
                                    std::chrono::seconds(10));
    auto version = co_await std::move(call);
    if (!version) co_return Fail(std::move(version).error());
  }
  co_return libcontainerd::Status();
}

Result<double> Pings(Daemon& daemon, std::size_t count) {
  bench::BenchWorld& world = daemon.load->world();
  const bench::Stopwatch watch;
  const auto asked = world.Await([&] { return AskForVersion(&world, count); });
  if (!asked) return Fail(asked.error());
  return static_cast<double>(count) / watch.seconds();
}

Result<double> BarePings(bench::GrpcFloor& floor, std::size_t count) {
  const bench::Stopwatch watch;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto ping = floor.Ping(); !ping) return Fail(ping.error());
  }
  return static_cast<double>(count) / watch.seconds();
}

// One container that is there until the end, and is paused and resumed over and over.
class Pauses final : public libcontainerd::Backend {
 public:
  static Result<std::shared_ptr<Pauses>> Make(const Settings& settings) {
    auto pauses = std::make_shared<Pauses>();
    auto options = Reach(settings, pauses->fake_);
    if (!options) return Fail(std::move(options).error());
    auto world = bench::BenchWorld::Make(std::move(*options), *pauses);
    if (!world) return Fail(std::move(world).error());
    pauses->world_ = std::move(*world);
    const auto created = pauses->world_->Await(
        [&] { return pauses->world_->Create(Id(), SpecOf(R"("/bin/sleep","3600")", "cue=end")); });
    if (!created) return Fail(created.error());
    pauses->created_ = true;
    return pauses;
  }
  Pauses() = default;
  ~Pauses() override {
    if (created_) {
      static_cast<void>(world_->Until([this](const bench::BenchWorld::Done& done) {
        exited_ = done;
        libcontainerd::Spawn(world_->runtime(), Kill(this));
      }));
    }
    if (world_) world_->Run([this] { pipe_ = {}; });
    world_.reset();
  }

  // Pauses per second, each resumed again, until the last event was called back.
  Result<double> Run(std::size_t count) {
    const bench::Stopwatch watch;
    const auto over = world_->Until([&](const bench::BenchWorld::Done& done) {
      over_ = done;
      missing_ = 2 * count + 1;  // the callbacks, and the end of the calls
      libcontainerd::Spawn(world_->runtime(), PauseAndResume(this, count));
    });
    if (!over) return Fail(over.error());
    if (!outcome_) return Fail(outcome_.error());
    return static_cast<double>(count) / watch.seconds();
  }

  void StateChanged(const std::string&, const libcontainerd::StateInfo& info,
                    libcontainerd::Done done) override {
    done(libcontainerd::Status());
    const bool counts = info.state == libcontainerd::ContainerState::kPause ||
                        info.state == libcontainerd::ContainerState::kResume;
    if (counts) Arrived();
    if (info.state == libcontainerd::ContainerState::kExit && exited_) {
      std::exchange(exited_, {})();
    }
  }
  void AttachStreams(const std::string&, const std::string&, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override {
    pipe_ = std::move(pipe);
    done(libcontainerd::Status());
  }

 private:
  static std::string Id() { return bench::BenchWorld::IdOf(0); }

  void Arrived() {
    if (--missing_ == 0) std::exchange(over_, {})();
  }
  static libcontainerd::Awaitable<void> PauseAndResume(Pauses* self, std::size_t count) {
    for (std::size_t i = 0; i < 2 * count; ++i) {
      libcontainerd::Client& client = self->world_->client();
      auto call = i % 2 == 0 ? client.Pause(Id()) : client.Resume(Id());
      self->outcome_ = co_await std::move(call);
      if (self->outcome_) continue;
      std::exchange(self->over_, {})();  // nothing more will come
      co_return;
    }
    self->Arrived();
  }
  static libcontainerd::Awaitable<void> Kill(Pauses* self) {
    constexpr std::uint32_t kKill = 9;
    auto call = self->world_->client().Signal(Id(), kKill);
    const libcontainerd::Status killed = co_await std::move(call);
    if (!killed) std::exchange(self->exited_, {})();  // nobody is there
  }

  Fake fake_;
  std::unique_ptr<bench::BenchWorld> world_;
  bool created_ = false;
  libcontainerd::IoPipe pipe_{};
  std::size_t missing_ = 0;
  libcontainerd::Status outcome_;  // of the last call
  bench::BenchWorld::Done over_;
  bench::BenchWorld::Done exited_;
};

Result<Case> PausesOfOne(const Settings& settings) {
  auto pauses = Pauses::Make(settings);
  if (!pauses) return Fail(std::move(pauses).error());
  auto started = bench::GrpcFloor::Start(bench::Wire::kSocket, std::vector<types::Event>(1));
  if (!started) return Fail(std::move(started).error());
  const std::shared_ptr<bench::GrpcFloor> floor = std::move(*started);
  const auto count = settings.Choose<std::size_t>(1'000, 300, 3);
  return Case{.unit = "pauses/s",
              .subject = [pauses = *pauses, count] { return pauses->Run(count); },
              .floors = {{.name = "two-calls", .measure = [floor, count]() -> Result<double> {
                            auto calls = BarePings(*floor, 2 * count);
                            if (!calls) return calls;
                            return *calls / 2;
                          }}}};
}

Result<Case> Ping(const Settings& settings) {
  auto daemon = Daemon::Make(settings);
  if (!daemon) return Fail(std::move(daemon).error());
  auto started = bench::GrpcFloor::Start(bench::Wire::kSocket, std::vector<types::Event>(1));
  if (!started) return Fail(std::move(started).error());
  const std::shared_ptr<bench::GrpcFloor> floor = std::move(*started);
  const auto count = settings.Choose<std::size_t>(3'000, 1'000, 5);
  return Case{
      .unit = "calls/s",
      .subject = [daemon = *daemon, count] { return Pings(*daemon, count); },
      .floors = {{.name = "ping", .measure = [floor, count] { return BarePings(*floor, count); }}}};
}

Result<Case> Lives(const Settings& settings, std::size_t at_once) {
  auto daemon = Daemon::Make(settings);
  if (!daemon) return Fail(std::move(daemon).error());
  auto started = bench::LifeFloor::Start();
  if (!started) return Fail(std::move(started).error());
  const std::shared_ptr<bench::LifeFloor> floor = std::move(*started);
  const auto lives = settings.Choose<std::size_t>(300, 100, 3);
  const auto spec =
      std::make_shared<std::string>(SpecOf(R"("/bin/echo","hello")", R"(write=hello\\n; exit=0)"));
  return Case{.unit = "lives/s",
              .subject = [daemon = *daemon, lives, at_once,
                          spec] { return daemon->load->Run(lives, at_once, *spec); },
              .floors = {{.name = "bare", .measure = [floor, lives, at_once, spec] {
                            return floor->Run(lives, at_once, *spec);
                          }}}};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("foreign", argc, argv, [](bench::Suite& suite) {
    suite.Add("ping", Ping);
    suite.Add("pauses", PausesOfOne);
    for (const std::size_t at_once : {1U, 8U}) {
      suite.Add("lives-" + std::to_string(at_once),
                [at_once](const Settings& settings) { return Lives(settings, at_once); });
    }
  });
}
