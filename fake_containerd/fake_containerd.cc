#include "fake_containerd/fake_containerd.h"

#include <future>
#include <utility>

#include <asio/post.hpp>

#include "fake_containerd/behaviour_table.h"
#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/fifo_process_io.h"
#include "fake_containerd/happenings.h"
#include "fake_containerd/relay.h"
#include "fake_containerd/server.h"
#include "fake_containerd/state_directory.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/threaded_runtime.h"

namespace fake_containerd {

using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;

namespace {

// Counts who listens, so that a test can wait for it.
class CountingApi final : public libcontainerd::ContainerdApi {
 public:
  CountingApi(libcontainerd::ContainerdApi& api, Happenings& happenings)
      : api_(api), happenings_(happenings) {}

  Awaitable<Status> Unary(libcontainerd::Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, Duration timeout) override {
    return api_.Unary(method, request, response, timeout);
  }
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override {
    return std::make_unique<Stream>(happenings_, api_.Events(std::move(request), sink));
  }
  Awaitable<Status> CheckHealth(Duration timeout) override { return api_.CheckHealth(timeout); }

 private:
  class Stream final : public libcontainerd::EventStream {
   public:
    Stream(Happenings& happenings, std::unique_ptr<libcontainerd::EventStream> stream)
        : happenings_(happenings), stream_(std::move(stream)) {
      happenings_.SubscribersChanged(1);
    }
    ~Stream() override { happenings_.SubscribersChanged(-1); }

   private:
    Happenings& happenings_;
    std::unique_ptr<libcontainerd::EventStream> stream_;
  };

  libcontainerd::ContainerdApi& api_;
  Happenings& happenings_;
};

Outcome NotRunning() {
  return Outcome::Failed("the fake containerd does not run");
}

}  // namespace

// What exists from Start() to Stop(), in the order in which it depends on what stands above.
struct FakeContainerd::Inside {
  Inside(std::unique_ptr<StateDirectory> state_directory, const FakeContainerdOptions& options,
         const BehaviourTable& behaviours, FaultPlan faults)
      : directory(std::move(state_directory)),
        runtime(options.clock),
        io(runtime),
        reader(runtime) {
    WorldOptions world_options;
    world_options.behaviour = [&behaviours](const ProcessRequest& request) {
      return behaviours.Of(request);
    };
    world_options.choices = options.choices;
    world_options.faults = std::move(faults);
    world_options.fault_seed = options.seed;
    world_options.observer = &happenings;
    world = std::make_unique<World>(runtime, io, std::move(world_options));
    v0::FacadeOptions facade_options;
    facade_options.state_dir = directory->path() + "/containerd";
    facade = std::make_unique<v0::Facade>(*world, reader, std::move(facade_options));
    api = std::make_unique<CountingApi>(*facade, happenings);
    server = std::make_unique<Server>(runtime, *api);
  }

  ~Inside() {
    OnExecutor([this] { relay.reset(); });
    server->Disconnect();
    // What is not answered yet is now; the server waits for it.
    OnExecutor([this] { world->StopDaemon(); });
    server->Stop();
    OnExecutor([this] {
      api.reset();
      facade.reset();
      world.reset();
    });
    runtime.Drain();
    server.reset();
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  // At that socket; in the process only without one.
  Status Serve(const std::string& socket_path, bool relayed) {
    if (socket_path.empty()) return server->StartInProcess();
    bool planned = false;
    OnExecutor([&] { planned = world->injector().faults().Names("connection."); });
    if (!relayed && !planned) return server->Start(socket_path);
    const std::string behind = socket_path + ".behind";
    Status started = server->Start(behind);
    if (!started) return started;
    OnExecutor([&] {
      relay = std::make_unique<Relay>(runtime, world->shared_injector());
      started = relay->Start(socket_path, behind);
    });
    return started;
  }

  void OnExecutor(const std::function<void()>& step) {
    std::promise<void> promise;
    std::future<void> done = promise.get_future();
    asio::post(runtime.executor(), [&step, promise = std::move(promise)]() mutable {
      step();
      promise.set_value();
    });
    done.get();
  }

  std::unique_ptr<StateDirectory> directory;
  Happenings happenings;
  libcontainerd::ThreadedRuntime runtime;
  FifoProcessIo io;
  v0::FileBundleReader reader;
  std::unique_ptr<World> world;
  std::unique_ptr<v0::Facade> facade;
  std::unique_ptr<CountingApi> api;
  std::unique_ptr<Server> server;
  std::unique_ptr<Relay> relay;  // the executor's
};

FakeContainerd::FakeContainerd() : behaviours_(std::make_unique<BehaviourTable>()) {}

FakeContainerd::~FakeContainerd() {
  static_cast<void>(Stop());
}

Status FakeContainerd::Start(FakeContainerdOptions options) {
  if (inside_) return Fail(ErrorCode::kFailedPrecondition, "the fake containerd runs already");
  auto faults = FaultPlan::Parse(options.faults);
  if (!faults) return Fail(std::move(faults).error());
  auto directory = StateDirectory::Make(options.directory);
  if (!directory) return Fail(std::move(directory).error());
  if (options.behaviour) behaviours_->SetPolicy(options.behaviour);
  auto inside =
      std::make_unique<Inside>(std::move(*directory), options, *behaviours_, std::move(*faults));
  Status started;
  inside->OnExecutor([&] { started = inside->world->StartDaemon(); });
  std::string socket_path;
  if (options.socket) {
    socket_path = options.socket_path.empty() ? inside->directory->path() + "/containerd.sock"
                                              : options.socket_path;
  }
  if (started) started = inside->Serve(socket_path, options.relay);
  if (!started) return started;
  directory_ = inside->directory->path();
  socket_path_ = std::move(socket_path);
  inside_ = std::move(inside);
  return {};
}

Status FakeContainerd::Stop() {
  if (!inside_) return {};
  const std::exception_ptr failure = inside_->runtime.failure();
  inside_.reset();
  directory_.clear();
  socket_path_.clear();
  if (!failure) return {};
  return Fail(ErrorCode::kInternal,
              "inside the fake containerd: " + libcontainerd::DescribeFailure(failure));
}

std::shared_ptr<grpc::Channel> FakeContainerd::InProcessChannel() {
  return inside_ ? inside_->server->InProcessChannel() : nullptr;
}

void FakeContainerd::SetBehaviour(std::string id, std::string process, Behaviour behaviour) {
  behaviours_->Set(std::move(id), std::move(process), std::move(behaviour));
}

Outcome FakeContainerd::SetBehaviourText(std::string id, std::string process,
                                         const std::string& text) {
  libcontainerd::Result<Behaviour> behaviour = ParseBehaviour(text);
  if (!behaviour) return Outcome::Failed(behaviour.error().message);
  SetBehaviour(std::move(id), std::move(process), std::move(*behaviour));
  return {};
}

void FakeContainerd::SetBehaviourOf(std::string program, Behaviour behaviour) {
  behaviours_->SetOf(std::move(program), std::move(behaviour));
}

void FakeContainerd::SetBehaviour(BehaviourPolicy policy) {
  behaviours_->SetPolicy(std::move(policy));
}

Outcome FakeContainerd::Step(const std::string& id, const std::string& process,
                             const std::function<bool(World&, const ContainerKey&)>& step) {
  if (!inside_) return NotRunning();
  const ContainerKey key{.id = id};
  bool done = false;
  bool known = false;
  inside_->OnExecutor([&] {
    known = inside_->world->Inspect(key).has_value();
    done = step(*inside_->world, key);
  });
  if (done) return {};
  return Outcome::Failed(known ? "container " + id + " has no living process " + process
                               : "there is no container " + id);
}

Outcome FakeContainerd::ExitInit(const std::string& id, std::uint32_t code) {
  return ExitProcess(id, kInitName, code);
}

Outcome FakeContainerd::ExitProcess(const std::string& id, const std::string& process,
                                    std::uint32_t code) {
  return Step(id, process, [&](World& world, const ContainerKey& key) {
    return world.ExitProcess(key, process, code);
  });
}

Outcome FakeContainerd::KillProcess(const std::string& id, const std::string& process,
                                    std::uint32_t signal) {
  return Step(id, process, [&](World& world, const ContainerKey& key) {
    return world.KillProcess(key, process, signal);
  });
}

Outcome FakeContainerd::Oom(const std::string& id) {
  return Step(id, kInitName, [](World& world, const ContainerKey& key) { return world.Oom(key); });
}

Outcome FakeContainerd::OomKill(const std::string& id, const std::string& process) {
  return Step(id, process,
              [&](World& world, const ContainerKey& key) { return world.OomKill(key, process); });
}

Outcome FakeContainerd::WriteOutput(const std::string& id, const std::string& process,
                                    OutputStream stream, std::string data) {
  return Step(id, process, [&](World& world, const ContainerKey& key) {
    return world.WriteOutput(key, process, stream, std::move(data));
  });
}

Outcome FakeContainerd::GiveCue(const std::string& id, const std::string& process,
                                const std::string& cue) {
  return Step(id, process, [&](World& world, const ContainerKey& key) {
    return world.GiveCue(key, process, cue);
  });
}

void FakeContainerd::Emit(Event event) {
  if (!inside_) return;
  inside_->OnExecutor([&] { inside_->world->Emit(std::move(event)); });
}

void FakeContainerd::HoldEvents(bool held) {
  if (!inside_) return;
  inside_->OnExecutor([&] { inside_->world->HoldSubscribers(held); });
}

void FakeContainerd::SetStats(const std::string& id, StatsScript script) {
  if (!inside_) return;
  inside_->OnExecutor([&] { inside_->world->SetStats(ContainerKey{.id = id}, std::move(script)); });
}

void FakeContainerd::SetChoices(Choices choices) {
  if (!inside_) return;
  inside_->OnExecutor([&] { inside_->world->choices() = choices; });
}

Outcome FakeContainerd::Inject(const std::function<Status(Injector&)>& step) {
  if (!inside_) return NotRunning();
  Status done;
  inside_->OnExecutor([&] { done = step(inside_->world->injector()); });
  return done ? Outcome() : Outcome::Failed(done.error().message);
}

Outcome FakeContainerd::Hold(const std::string& point) {
  return Inject([&](Injector& injector) { return injector.Hold(point); });
}

Outcome FakeContainerd::Release(const std::string& point, std::optional<std::size_t> count) {
  return Inject([&](Injector& injector) -> Status {
    const auto released = injector.Release(point, count);
    if (!released) return Fail(released.error());
    return {};
  });
}

void FakeContainerd::ReleaseAll() {
  (void)Inject([](Injector& injector) -> Status {
    injector.ReleaseAll();
    return {};
  });
}

std::vector<HeldItem> FakeContainerd::Held() {
  std::vector<HeldItem> held;
  (void)Inject([&](Injector& injector) -> Status {
    held = injector.Held();
    return {};
  });
  return held;
}

void FakeContainerd::SetAutonomous(bool autonomous) {
  (void)Inject([&](Injector& injector) -> Status {
    injector.SetAutonomous(autonomous);
    return {};
  });
}

std::size_t FakeContainerd::Step(std::size_t count) {
  std::size_t stepped = 0;
  (void)Inject([&](Injector& injector) -> Status {
    stepped = injector.Step(count);
    return {};
  });
  return stepped;
}

Outcome FakeContainerd::SetFaults(const std::string& plan) {
  auto parsed = FaultPlan::Parse(plan);
  if (!parsed) return Outcome::Failed(parsed.error().message);
  return Inject([&](Injector& injector) -> Status {
    if (parsed->Names("connection.") && !inside_->relay) {
      return Fail(ErrorCode::kFailedPrecondition,
                  "connection faults need FakeContainerdOptions::relay");
    }
    injector.SetFaults(std::move(*parsed));
    if (inside_->relay) inside_->relay->Reconsider();
    return {};
  });
}

void FakeContainerd::ClearFaults() {
  (void)SetFaults("");
}

std::vector<FiredFault> FakeContainerd::Fired() {
  std::vector<FiredFault> fired;
  (void)Inject([&](Injector& injector) -> Status {
    fired = injector.Fired();
    return {};
  });
  return fired;
}

Outcome FakeContainerd::WaitForHeld(const std::string& point, std::size_t count, Duration timeout) {
  if (!inside_) return NotRunning();
  return inside_->happenings.WaitForHeld(point, count, timeout);
}

Outcome FakeContainerd::WaitForFired(const std::string& point, std::size_t count,
                                     Duration timeout) {
  if (!inside_) return NotRunning();
  return inside_->happenings.WaitForFired(point, count, timeout);
}

Outcome FakeContainerd::WaitForContainer(const std::string& id, Duration timeout) {
  return WaitForProcess(id, kInitName, timeout);
}

Outcome FakeContainerd::WaitForProcess(const std::string& id, const std::string& process,
                                       Duration timeout) {
  if (!inside_) return NotRunning();
  return inside_->happenings.WaitForProcess(id, process, timeout);
}

Outcome FakeContainerd::WaitForExit(const std::string& id, const std::string& process,
                                    Duration timeout) {
  if (!inside_) return NotRunning();
  return inside_->happenings.WaitForExit(id, process, timeout);
}

Outcome FakeContainerd::WaitForEvent(EventKind kind, const std::string& id,
                                     const std::string& process, std::size_t count,
                                     Duration timeout) {
  if (!inside_) return NotRunning();
  return inside_->happenings.WaitForEvent(kind, id, process, count, timeout);
}

Outcome FakeContainerd::WaitForSubscribers(std::size_t count, Duration timeout) {
  if (!inside_) return NotRunning();
  return inside_->happenings.WaitForSubscribers(count, timeout);
}

std::vector<Event> FakeContainerd::Events() const {
  return inside_ ? inside_->happenings.events() : std::vector<Event>();
}

std::optional<StreamTotal> FakeContainerd::TotalOf(const std::string& id,
                                                   const std::string& process,
                                                   StdioStream stream) const {
  return inside_ ? inside_->happenings.TotalOf(id, process, stream) : std::nullopt;
}

std::optional<ContainerInfo> FakeContainerd::Inspect(const std::string& id) {
  std::optional<ContainerInfo> info;
  if (!inside_) return info;
  inside_->OnExecutor([&] { info = inside_->world->Inspect(ContainerKey{.id = id}); });
  return info;
}

}  // namespace fake_containerd
