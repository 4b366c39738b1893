#include "fake_containerd/fake_containerd.h"

#include <map>
#include <utility>

#include "fake_containerd/behaviour_table.h"
#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/fifo_process_io.h"
#include "fake_containerd/happenings.h"
#include "fake_containerd/journal_log.h"
#include "fake_containerd/observer_list.h"
#include "fake_containerd/on_executor.h"
#include "fake_containerd/script.h"
#include "fake_containerd/script_steps.h"
#include "fake_containerd/served_api.h"
#include "fake_containerd/server.h"
#include "fake_containerd/server_control.h"
#include "fake_containerd/state_directory.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/threaded_runtime.h"

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;

namespace {

Outcome NotRunning() {
  return Outcome::Failed("the fake containerd does not run");
}

Choices Seeded(Choices choices, std::uint64_t seed) {
  if (choices.seed == 0) choices.seed = seed;
  return choices;
}

}  // namespace

// What exists from Start() to Stop(), in the order in which it depends on what stands above.
struct FakeContainerd::Inside {
  Inside(std::unique_ptr<StateDirectory> its_directory, const FakeContainerdOptions& its_options,
         const BehaviourTable& behaviours, FaultPlan faults)
      : options(its_options),
        directory(std::move(its_directory)),
        happenings(options.memory),
        runtime(options.clock),
        journal(runtime),
        io(runtime, options.limits.spare_descriptors),
        reader(runtime) {
    observers.Add(&journal);
    observers.Add(&happenings);
    observers.Add(options.observer);
    WorldOptions world_options;
    world_options.behaviour = [&behaviours](const ProcessRequest& request) {
      return behaviours.Of(request);
    };
    world_options.choices = Seeded(options.choices, options.seed);
    world_options.faults = std::move(faults);
    world_options.fault_seed = options.seed;
    world_options.observer = &observers;
    world_options.start_timeout = options.start_timeout;
    world_options.default_runtime = options.runtime;
    world_options.retain_count = options.retain_count;
    world_options.max_containers = options.limits.containers;
    world_options.max_event_bytes = options.limits.event_bytes;
    if (!options.state_dir.empty()) {
      world_options.event_log = options.state_dir + "/events.log";
      world_options.state_directory = options.state_dir;
      world_options.checkpoints_on_disk = true;
    }
    world = std::make_unique<World>(runtime, io, std::move(world_options));
    v0::FacadeOptions facade_options;
    facade_options.state_dir =
        options.state_dir.empty() ? directory->path() + "/containerd" : options.state_dir;
    facade = std::make_unique<v0::Facade>(*world, reader, std::move(facade_options));
    api = std::make_unique<ServedApi>(ServedApi::Parts{.runtime = runtime,
                                                       .api = *facade,
                                                       .happenings = happenings,
                                                       .journal = journal,
                                                       .limits = options.limits});
    ServerOptions server_options{.message_bytes = options.limits.message_bytes};
    if (relays()) server_options.relay = world->shared_injector();
    server = std::make_unique<Server>(runtime, *api, FrameHook(), std::move(server_options));
  }

  ~Inside() {
    happenings.Interrupt();
    control.reset();
    server->Disconnect();
    // What is not answered yet is now; the server waits for it.
    OnExecutor([this] {
      CancelSteps();
      world->StopDaemon();
    });
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

  Status StartDaemon() {
    if (!options.state_dir.empty()) {
      if (Status locked = lock.Take(options.state_dir); !locked) return locked;
    }
    if (!options.control_socket.empty()) journal.Keep();
    if (!options.journal.empty()) {
      if (Status opened = journal.OpenFile(options.journal); !opened) return opened;
    }
    if (world->injector().faults().Names("connection.") && !relays()) return NoRelay();
    Status started;
    OnExecutor([&] {
      for (const std::string& point : options.holds) {
        started = world->injector().Hold(point);
        if (!started) return;
      }
      started = world->StartDaemon();
      if (!started || options.state_dir.empty()) return;
      if (const auto& failure = world->event_log().store_failure()) {
        started = Fail(*failure);
      }
    });
    return started;
  }

  // At that socket; in the process only without one.
  Status Serve(const std::string& socket_path) {
    return socket_path.empty() ? server->StartInProcess() : server->Start(socket_path);
  }

  bool relays() const { return options.relay && options.socket; }
  static Status NoRelay() {
    return Fail(ErrorCode::kInvalidArgument,
                "faults of connections need a socket and FakeContainerdOptions::relay");
  }

  template <class Step>
  void OnExecutor(Step step) {
    fake_containerd::OnExecutor(runtime, step);
  }

  // The rest on the executor's thread.

  void Schedule(const ScriptStep& step) {
    const std::uint64_t number = ++last_step;
    steps[number] = runtime.StartTimer(step.after, [this, number, step] {
      steps.erase(number);
      if (!TakeStep(*world, step)) journal.Note("script: " + NotTaken(*world, step));
    });
  }
  void CancelSteps() {
    for (const auto& [number, timer] : steps) runtime.CancelTimer(timer);
    steps.clear();
  }

  const FakeContainerdOptions options;
  std::unique_ptr<StateDirectory> directory;
  DirectoryLock lock;
  Happenings happenings;
  ObserverList observers;
  libcontainerd::ThreadedRuntime runtime;
  JournalLog journal;
  FifoProcessIo io;
  v0::FileBundleReader reader;
  std::unique_ptr<World> world;
  std::unique_ptr<v0::Facade> facade;
  std::unique_ptr<ServedApi> api;
  std::unique_ptr<Server> server;
  std::unique_ptr<ControlServer> control;
  std::uint64_t last_step = 0;
  std::map<std::uint64_t, libcontainerd::TimerId> steps;  // of scripts, yet to come
};

FakeContainerd::FakeContainerd() : behaviours_(std::make_unique<BehaviourTable>()) {}

FakeContainerd::~FakeContainerd() {
  static_cast<void>(Stop());
}

Status FakeContainerd::Start(FakeContainerdOptions options) {
  if (inside_) return Fail(ErrorCode::kFailedPrecondition, "the fake containerd runs already");
  auto faults = FaultPlan::Parse(options.faults);
  if (!faults) return Fail(std::move(faults).error());
  // First: if it is the other one too, that one was there.
  if (!options.state_dir.empty()) {
    if (Status made = MakeStateDirectory(options.state_dir); !made) return made;
  }
  auto directory = StateDirectory::Make(options.directory);
  if (!directory) return Fail(std::move(directory).error());
  if (options.behaviour) behaviours_->SetPolicy(options.behaviour);
  auto inside =
      std::make_unique<Inside>(std::move(*directory), options, *behaviours_, std::move(*faults));
  Status started = inside->StartDaemon();
  std::string socket_path;
  if (options.socket) {
    socket_path = options.socket_path.empty() ? inside->directory->path() + "/containerd.sock"
                                              : options.socket_path;
  }
  if (started) started = inside->Serve(socket_path);
  if (!started) return started;
  directory_ = inside->directory->path();
  socket_path_ = std::move(socket_path);
  inside_ = std::move(inside);
  if (inside_->options.control_socket.empty()) return {};
  // Last, for it calls the functions of this class.
  inside_->control = std::make_unique<ControlServer>(inside_->runtime, *this, inside_->happenings,
                                                     inside_->journal);
  started = inside_->control->Start(inside_->options.control_socket);
  if (!started) static_cast<void>(Stop());
  return started;
}

Status FakeContainerd::Stop() {
  if (!inside_) return {};
  inside_->happenings.Interrupt();
  inside_->control.reset();  // first, for it calls the functions of this class
  inside_->runtime.Drain();
  const std::exception_ptr failure = inside_->runtime.failure();
  const std::string unwritten = inside_->journal.file_failed() ? inside_->options.journal : "";
  inside_.reset();
  directory_.clear();
  socket_path_.clear();
  if (failure) {
    return Fail(ErrorCode::kInternal,
                "inside the fake containerd: " + libcontainerd::DescribeFailure(failure));
  }
  if (!unwritten.empty()) {
    return Fail(ErrorCode::kDataLoss, "journal " + unwritten + " is not complete");
  }
  return {};
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
  inside_->OnExecutor([&] { inside_->world->choices() = Seeded(choices, inside_->options.seed); });
}

Outcome FakeContainerd::StartDaemon() {
  if (!inside_) return NotRunning();
  Status started;
  inside_->OnExecutor([&] { started = inside_->world->StartDaemon(); });
  return started ? Outcome() : Outcome::Failed(started.error().message);
}

void FakeContainerd::StopDaemon() {
  if (!inside_) return;
  inside_->OnExecutor([&] { inside_->world->StopDaemon(); });
}

Outcome FakeContainerd::RestartDaemon() {
  StopDaemon();
  return StartDaemon();
}

bool FakeContainerd::daemon_running() {
  bool running = false;
  if (inside_) inside_->OnExecutor([&] { running = inside_->world->daemon_running(); });
  return running;
}

Outcome FakeContainerd::WaitForDaemon(bool running, Duration timeout) {
  if (!inside_) return NotRunning();
  Outcome waited = inside_->happenings.WaitForDaemon(running, timeout);
  if (waited || !running) return waited;
  std::string why;
  inside_->OnExecutor([&] {
    if (const auto& failure = inside_->world->start_failure()) why = ": " + failure->message;
  });
  return Outcome::Failed(waited.message() + why);
}

Status FakeContainerd::LoadScript(const std::string& text, const std::string& name) {
  if (!inside_) {
    return Fail(ErrorCode::kFailedPrecondition, "the fake containerd does not run");
  }
  const libcontainerd::Result<Script> script = ParseScript(text, name, inside_->options.seed);
  if (!script) return Fail(script.error());
  if (script->faults) {
    if (Outcome set = SetFaults(script->faults->ToString()); !set) {
      return Fail(ErrorCode::kFailedPrecondition, name + ": " + set.message());
    }
  }
  if (script->seed) {
    inside_->OnExecutor([&] { inside_->world->injector().Seed(*script->seed); });
  }
  for (const ScriptBehaviour& said : script->behaviours) {
    if (!said.id.empty()) {
      behaviours_->Set(said.id, said.process, said.behaviour);
    } else if (!said.program.empty()) {
      behaviours_->SetOf(said.program, said.behaviour);
    } else {
      behaviours_->SetPolicy(
          [behaviour = said.behaviour](const ProcessRequest&) { return std::optional(behaviour); });
    }
  }
  inside_->OnExecutor([&] {
    if (script->choices) inside_->world->choices() = *script->choices;
    for (const ScriptStats& stats : script->stats) {
      inside_->world->SetStats(ContainerKey{.id = stats.id}, stats.script);
    }
    for (const ScriptStep& step : script->steps) inside_->Schedule(step);
  });
  return {};
}

void FakeContainerd::Reset() {
  if (!inside_) return;
  behaviours_->Clear();
  if (inside_->options.behaviour) behaviours_->SetPolicy(inside_->options.behaviour);
  inside_->OnExecutor([&] {
    inside_->CancelSteps();
    Injector& injector = inside_->world->injector();
    injector.Seed(inside_->options.seed);
    injector.SetFaults(*FaultPlan::Parse(inside_->options.faults));  // it parsed at the start
    inside_->server->Reconsider();
    injector.SetAutonomous(true);
    injector.ReleaseAll();
    inside_->world->HoldSubscribers(false);
    inside_->world->choices() = Seeded(inside_->options.choices, inside_->options.seed);
    inside_->world->ClearStats();
    inside_->world->KillAll();
    (void)inside_->world->StartDaemon();  // start_failure() keeps what went wrong
  });
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
    if (parsed->Names("connection.") && !inside_->relays()) return Inside::NoRelay();
    injector.SetFaults(std::move(*parsed));
    inside_->server->Reconsider();
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

std::size_t FakeContainerd::container_count() {
  std::size_t count = 0;
  if (inside_) inside_->OnExecutor([&] { count = inside_->world->container_count(); });
  return count;
}

std::optional<StreamTotal> FakeContainerd::TotalOf(const std::string& id,
                                                   const std::string& process,
                                                   StdioStream stream) const {
  return inside_ ? inside_->happenings.TotalOf(id, process, stream) : std::nullopt;
}

std::size_t FakeContainerd::subscriber_count() const {
  return inside_ ? inside_->happenings.subscribers() : 0;
}

std::uint64_t FakeContainerd::journal_seq() {
  std::uint64_t seq = 0;
  if (inside_) inside_->OnExecutor([&] { seq = inside_->journal.last_seq(); });
  return seq;
}

std::optional<ContainerInfo> FakeContainerd::Inspect(const std::string& id) {
  std::optional<ContainerInfo> info;
  if (!inside_) return info;
  inside_->OnExecutor([&] { info = inside_->world->Inspect(ContainerKey{.id = id}); });
  return info;
}

}  // namespace fake_containerd
