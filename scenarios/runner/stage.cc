#include "scenarios/runner/stage.h"

#include <algorithm>
#include <bit>
#include <filesystem>

#include <asio/post.hpp>

#include "libcontainerd/simulated_runtime.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Deviation;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

// Real time. A busy machine takes long for what comes at once on an idle one, so what must come is
// waited for patiently. What may be lost unseen is not: requests over connections with faults, and
// readings of the log, of which only their number is known.
constexpr std::chrono::milliseconds kPatienceOfWaits{10000};
constexpr std::chrono::milliseconds kArrival{100};
constexpr std::chrono::milliseconds kMarkPatience{5000};

bool IsOfStreams(std::string_view point) {
  return point.starts_with("rpc.Events.") || point == "stream.open";
}

// Of the calls that a hold or a delay keeps, the event streams. Delays do not tell what they keep:
// streams, unless the plan has some for other calls.
std::size_t StreamsWaiting(const fake_containerd::Injector& injector) {
  const std::vector<fake_containerd::HeldItem> held = injector.Held();
  const auto streams = static_cast<std::size_t>(
      std::ranges::count_if(held, [](const auto& item) { return IsOfStreams(item.point); }));
  const auto calls = static_cast<std::size_t>(
      std::ranges::count_if(held, [](const auto& item) { return item.point.starts_with("rpc."); }));
  const auto delays_others = [](const fake_containerd::FaultRule& rule) {
    return rule.point.starts_with("rpc.") && !IsOfStreams(rule.point);
  };
  if (std::ranges::any_of(injector.faults().rules(), delays_others)) return streams;
  const auto opening = static_cast<std::size_t>(
      std::ranges::count_if(held, [](const auto& item) { return item.point == "stream.open"; }));
  return streams + injector.CallsWaiting() - calls - opening;
}

libcontainerd::DaemonOptions OwnedDaemonOptions(const std::string& directory) {
  libcontainerd::DaemonOptions options;
  options.socket = directory + "/docker-containerd.sock";
  options.state_dir = directory + "/containerd";
  return options;
}

}  // namespace

Result<std::unique_ptr<Stage>> Stage::Make(StageOptions options, Journal& journal) {
  ReplayWorldOptions world_options;
  world_options.transport = options.transport;
  world_options.seed = options.seed;
  world_options.epoch = libcontainerd::SimulatedRuntime::kDefaultEpoch;
  auto world = MakeReplayWorld(world_options);
  if (!world) return libcontainerd::Fail(world.error());
  std::unique_ptr<Stage> stage(new Stage(std::move(options), journal, std::move(*world)));
  if (auto ready = stage->SetUp(); !ready) return libcontainerd::Fail(ready.error());
  return stage;
}

Stage::Stage(StageOptions options, Journal& journal, std::unique_ptr<ReplayWorld> world)
    : options_(std::move(options)),
      journal_(journal),
      replay_world_(std::move(world)),
      client_recorder_(replay_world_->runtime(), journal_),
      world_recorder_(replay_world_->runtime(), journal_),
      journaling_observer_(world_recorder_),
      bundle_reader_(replay_world_->bundles()),
      engine_(replay_world_->runtime()),
      watched_api_(ledger_),
      failing_stdio_(failures_, replay_world_->stdio()),
      failing_bundles_(failures_, replay_world_->bundles()),
      failing_cursor_(failures_, cursor_),
      api_(client_recorder_, watched_api_),
      backend_(client_recorder_, engine_),
      stdio_(client_recorder_, failing_stdio_),
      bundles_(client_recorder_, failing_bundles_),
      journaled_cursor_(client_recorder_, failing_cursor_),
      launcher_(replay_world_->runtime()),
      journaled_launcher_(client_recorder_, launcher_) {
  observers_.Add(&journaling_observer_);
  observers_.Add(&happened_);
}

Stage::~Stage() {
  if (!dismantled_) static_cast<void>(End(Duration(0)));
}

Status Stage::SetUp() {
  Status started;
  Do([&] {
    fake_containerd::WorldOptions world = options_.world;
    world.behaviour = [this](const fake_containerd::ProcessRequest& request) {
      return behaviours_.Of(request);
    };
    world.observer = &observers_;
    world_ = std::make_unique<fake_containerd::World>(runtime(), replay_world_->process_io(),
                                                      std::move(world));
    fake_containerd::v0::FacadeOptions facade;
    facade.late_fields = options_.late_fields;
    facade_ =
        std::make_unique<fake_containerd::v0::Facade>(*world_, bundle_reader_, std::move(facade));
    MakeLauncher();
    failures_.on_failed = [this](const std::string& point, const std::string& id,
                                 const libcontainerd::Error& error) {
      Entry entry = client_recorder_.About(EntryKind::kFaultFired, id, "", point);
      entry.text = journal_.Intern(error.message);
      entry.number = ++engine_faults_;
      client_recorder_.Record(entry);
    };
    failing_bundles_.on_removed = [this](const std::string& path) {
      if (world_) world_->DirectoryRemoved(path);
    };
    if (options_.keeper == DaemonKeeper::kExternal) started = world_->StartDaemon();
  });
  if (!started) return started;
  watched_daemon_ = std::make_unique<WatchedDaemon>(*facade_, ledger_);
  auto connected = replay_world_->Connect(*watched_daemon_,
                                          options_.relay ? world_->shared_injector() : nullptr);
  if (!connected) return libcontainerd::Fail(connected.error());
  watched_api_.api = *connected;
  if (Status made = MakeClient(); !made) return made;
  // The first round of reconciling is over before the scenario begins.
  if (options_.reference.Acts(Deviation::kReconciled)) {
    WorldWait([this] { return remote_->reconciled() > 0; }, kMarkPatience);
  }
  Settle();
  Snapshot(kBaseline);
  return {};
}

// The world's daemon lives and dies with the process that the client's supervisor sees.
void Stage::MakeLauncher() {
  if (options_.keeper == DaemonKeeper::kExternal) return;
  // One that cannot read its log ends at once.
  launcher_.on_start = [this](libcontainerd::DaemonPid pid) {
    if (world_->StartDaemon()) return;
    asio::post(runtime().executor(), [this, pid] { launcher_.End(pid); });
  };
  launcher_.on_end = [this](libcontainerd::DaemonPid pid) {
    if (launcher_.living() == 0 || pid == launcher_.last_pid()) world_->StopDaemon();
  };
  happened_.on_daemon_stopped = [this] {
    asio::post(runtime().executor(), [this] {
      if (!world_ || world_->daemon_running() || launcher_.living() == 0) return;
      launcher_.End(launcher_.last_pid());
    });
  };
  if (options_.keeper == DaemonKeeper::kOwned) return;
  const bool ours = options_.keeper == DaemonKeeper::kAdopted;
  SimulatedDaemon process;
  process.ours = ours;
  launcher_.pid_file = launcher_.Plant(std::move(process));
  if (ours) static_cast<void>(world_->StartDaemon());
}

Status Stage::MakeClient() {
  Do([&] {
    client_ = std::make_unique<libcontainerd::Client>(
        libcontainerd::Client::Ports{
            .runtime = runtime(), .api = api_, .stdio = stdio_, .bundles = bundles_},
        backend_,
        libcontainerd::ClientOptions{
            .timing = options_.timing, .reference = options_.reference, .no_pivot_root = false});
    remote_ = std::make_unique<libcontainerd::Remote>(
        libcontainerd::Remote::Ports{
            .runtime = runtime(), .api = api_, .cursor = journaled_cursor_},
        libcontainerd::RemoteOptions{.timing = options_.timing, .reference = options_.reference});
    remote_->Add(*client_);
    if (options_.keeper == DaemonKeeper::kExternal) return;
    libcontainerd::DaemonSupervisor::Settings settings;
    settings.timing = options_.timing;
    settings.reference = options_.reference;
    supervisor_ = std::make_unique<libcontainerd::DaemonSupervisor>(
        libcontainerd::DaemonSupervisor::Ports{
            .runtime = runtime(), .api = api_, .launcher = &journaled_launcher_},
        OwnedDaemonOptions(replay_world_->directory()), std::move(settings));
  });
  const CallEnd started = BeginQuiet([this] { return StartParts(this); });
  if (!AwaitWhileTimePasses(started, options_.timing.daemon_ready_deadline * 2)) {
    return libcontainerd::Fail(libcontainerd::ErrorCode::kDeadlineExceeded,
                               "the client did not start");
  }
  if (**started != "OK") {
    return libcontainerd::Fail(libcontainerd::ErrorCode::kUnavailable,
                               "the client did not start: " + **started);
  }
  return {};
}

Awaitable<Status> Stage::StartParts(Stage* stage) {
  if (stage->supervisor_) {
    Status started = co_await stage->supervisor_->Start();
    if (!started) co_return started;
    started =
        co_await stage->supervisor_->WaitUntilHealthy(stage->options_.timing.daemon_ready_deadline);
    if (!started) co_return started;
  }
  Status started = co_await stage->remote_->Start();
  if (!started) co_return started;
  stage->remote_started_ = true;
  stage->client_->SetHandledUntil(stage->remote_->cursor());
  co_return Status();
}

Awaitable<Status> Stage::CloseParts(Stage* stage) {
  if (stage->remote_started_) co_await stage->remote_->Close();
  if (stage->supervisor_) co_await stage->supervisor_->Close();
  co_await stage->client_->Close();
  co_return Status();
}

Awaitable<Status> Stage::CloseStreams(Stage* stage) {
  co_await stage->engine_.Close();
  co_return Status();
}

CallEnd Stage::BeginQuiet(const std::function<Awaitable<Status>()>& call) {
  auto outcome = std::make_shared<std::optional<std::string>>();
  Do([&] { Spawn(runtime(), CarryQuiet(call(), outcome)); });
  return outcome;
}

Awaitable<void> Stage::CarryQuiet(Awaitable<Status> call, CallEnd outcome) {
  const Status status = co_await std::move(call);
  outcome->emplace(DescribeResult<void>(status));
}

bool Stage::StopEngine(bool crash) {
  if (!client_ || stopping_) return true;  // what comes meanwhile finds it on its way
  stopping_ = true;
  if (crash) {
    Do([&] {
      client_recorder_.SetSilent(true);
      failing_cursor_.Freeze(true);
      ++generation_;
      world_recorder_.Note(kEngineGoneNote);
      engine_.Die();
    });
  }
  bool closed = CloseClient();
  if (!closed && !crash) {
    // A callback that the engine holds ends with the engine.
    Do([&] { engine_.Die(); });
    closed = CloseClient();
  }
  const CallEnd streams = BeginQuiet([this] { return CloseStreams(this); });
  const bool ended = Await(streams);
  Do([&] {
    if (!crash) world_recorder_.Note(kEngineGoneNote);
    DropClient(closed);
    remote_started_ = false;
    closing_.reset();
    client_recorder_.SetSilent(false);
    failing_cursor_.Freeze(false);
    engine_.Revive();
  });
  stopping_ = false;
  return closed && ended;
}

void Stage::DropClient(bool closed) {
  if (!closed) {
    // What still runs in them would find them gone.
    wrong_ = "the client did not close";
    static_cast<void>(supervisor_.release());
    static_cast<void>(remote_.release());
    static_cast<void>(client_.release());
    return;
  }
  supervisor_.reset();
  remote_.reset();
  client_.reset();
}

bool Stage::CloseClient() {
  if (!closing_) {
    closing_ = BeginQuiet([this] {
      return JournaledCall<void>(client_recorder_, "close", "", "", CloseParts(this));
    });
  }
  return Await(closing_);
}

Status Stage::StartEngine() {
  Do([&] {
    world_recorder_.Note(kEngineBackNote);
    broken_ = happened_.broken();  // of those the client hears nothing
  });
  Status made = MakeClient();
  if (!made) StopEngine(false);  // an engine without containerd does not stay
  Settle();
  return made;
}

void Stage::StopDaemon() {
  std::size_t ended = 0;
  bool open = false;
  Do([&] {
    ended = watched_api_.streams_ended();
    open = watched_api_.streams() > 0;
    if (options_.keeper != DaemonKeeper::kExternal && launcher_.living() > 0) {
      launcher_.End(launcher_.last_pid());
    } else {
      world_->StopDaemon();
    }
  });
  // The pause before the next stream begins when the client hears of it.
  if (open && client_) {
    WorldWait([&] { return watched_api_.streams_ended() > ended; }, kMarkPatience);
  }
}

Status Stage::StartDaemon() {
  Status started;
  Do([&] { started = world_->StartDaemon(); });
  return started;
}

bool Stage::Interject() {
  bool due = false;
  Do([&] { due = IsDue(); });
  if (!due) return false;
  acting_ = true;
  interjection_.act();
  acting_ = false;
  return true;
}

// On the executor, between any two steps of a simulation.
bool Stage::Spins() {
  constexpr std::uint64_t kMost = 3'000'000;
  if (!simulated()) return false;
  if (runtime().Now() != steps_at_) steps_ = 0;
  steps_at_ = runtime().Now();
  if (++steps_ > kMost) spinning_ = true;
  return spinning_;
}

bool Stage::WorldWait(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  if (spinning_) return false;
  const bool came = replay_world_->WaitUntil([&] { return condition() || Spins(); }, patience);
  return came && !spinning_;
}

void Stage::WorldSettle() {
  if (simulated()) {
    static_cast<void>(WorldWait([] { return false; }, kArrival));
  } else {
    replay_world_->Settle();
  }
}

bool Stage::WaitUntil(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatienceOfWaits;
  while (true) {
    bool due = false;
    const bool came = WorldWait(
        [&] {
          due = IsDue();
          return due || condition();
        },
        kArrival);
    if (came && !due) return true;
    if (!came && (simulated() || std::chrono::steady_clock::now() > give_up)) {
      return false;
    }
    if (due) Interject();
  }
}

bool Stage::Await(const CallEnd& outcome) {
  return WaitUntil([&] { return outcome->has_value(); });
}

// What needs the clock to move on gets that, as little as it takes.
bool Stage::AwaitWhileTimePasses(const CallEnd& outcome, Duration longest) {
  const auto returned = [&] { return outcome->has_value(); };
  const Duration until = runtime().Now() + longest;
  Duration step = std::chrono::milliseconds(50);
  while (true) {
    Quiesce();
    bool over = false;
    Do([&] { over = returned(); });
    if (over) return true;
    if (spinning_ || runtime().Now() >= until) return false;
    Advance(step);
    step = std::min<Duration>(step * 2, std::chrono::seconds(1));
  }
  return true;
}

void Stage::Settle() {
  do {
    if (simulated()) {
      while (WorldWait([this] { return IsDue(); }, kArrival)) Interject();
    } else {
      Quiesce();
      WaitForMark();
      Quiesce();
    }
  } while (Interject());
}

void Stage::RunSteps(std::uint32_t count) {
  if (!simulated()) return;
  std::uint32_t looked = 0;  // before the first step, too
  while (WorldWait([&] { return IsDue() || looked++ >= count; }, kArrival) && Interject()) {
  }
}

void Stage::LookAgainSoon() {
  WorldWait([] { return false; }, std::chrono::milliseconds(2));
}

Stage::Progress Stage::Look() {
  Progress progress;
  progress.entries = journal_.entries().size();
  progress.calls = ledger_.changes();
  progress.callbacks = client_ ? client_->PendingCallbacks() : 0;
  progress.stored_reads = watched_api_.stored_reads();
  progress.read = engine_.bytes_read();
  return progress;
}

// Between client and daemon, rather than with one of them: what the daemon sits on waits for the
// clock, a hold or a fault. On the executor.
bool Stage::CallsOnTheWay() {
  return ledger_.OnTheWay(given_up_) > 0;
}

bool Stage::ReadsOnTheWay() {
  lost_reads_ = std::min(lost_reads_, watched_api_.stored_reads());
  if (!world_->daemon_running()) return false;
  return watched_api_.stored_reads() > std::max(lost_reads_, StreamsWaiting(world_->injector()));
}

void Stage::LetArrive() {
  if (!WorldWait([&] { return !CallsOnTheWay(); }, options_.relay ? kArrival : kPatienceOfWaits)) {
    Do([&] { given_up_ = ledger_.last(); });
  }
  if (!WorldWait([&] { return !ReadsOnTheWay(); }, kArrival)) {
    Do([&] { lost_reads_ = watched_api_.stored_reads(); });
  }
}

// Nothing is on its way, and what had arrived has had its effect, and the effects of that: what is
// under way now waits for something that does not come by itself.
void Stage::Quiesce() {
  WorldSettle();
  if (simulated()) return;
  WaitForBreaks();
  constexpr int kMostRounds = 1000;
  Progress before;
  Do([&] { before = Look(); });
  for (int round = 0; round < kMostRounds; ++round) {
    LetArrive();
    WorldSettle();
    Progress now;
    Do([&] { now = Look(); });
    if (now == before) return;
    before = now;
  }
}

// The pause before the next stream begins when the client hears of the end of a broken one.
void Stage::WaitForBreaks() {
  if (std::exchange(broken_, happened_.broken()) != happened_.broken()) {
    WorldWait(
        [&] {
          return watched_api_.streams_ended() > streams_ended_ || watched_api_.streams() == 0;
        },
        kMarkPatience);
  }
  Do([&] { streams_ended_ = watched_api_.streams_ended(); });
}

bool Stage::MarkCanArrive() {
  if (!client_ || closing_ || !world_->daemon_running() || watched_api_.streams() == 0)
    return false;
  if (std::exchange(half_open_, happened_.half_open()) != happened_.half_open()) {
    deaf_stream_ = watched_api_.streams_opened();
  }
  if (watched_api_.streams_opened() == deaf_stream_) return false;
  const auto disturbs = [](const std::string& point) {
    return point.starts_with("stream.") || point.starts_with("connection.") ||
           point.starts_with("rpc.Events") || point.starts_with("daemon.");
  };
  fake_containerd::Injector& injector = world_->injector();
  return injector.autonomous() && std::ranges::none_of(injector.Holds(), disturbs) &&
         std::ranges::none_of(injector.faults().rules(),
                              [&](const auto& rule) { return disturbs(rule.point); });
}

// A mark behind everything that was told: when it is there, so is that.
void Stage::WaitForMark() {
  const std::string id = WatchedApi::kMark + std::to_string(++marks_);
  bool can = false;
  Do([&] {
    can = MarkCanArrive();
    if (can) world_->Mark(id);
  });
  if (!can) return;
  unsigned looks = 0;
  const bool came = WorldWait(
      [&] {
        if (watched_api_.MarkArrived(id)) return true;
        if (!MarkCanArrive()) return true;
        // A stream that had not subscribed yet did not hear of the first. Less and less often, or
        // on a busy machine they would stand in their own way.
        if (std::has_single_bit(++looks)) world_->Mark(id);
        return false;
      },
      kMarkPatience);
  if (!came) deaf_stream_ = watched_api_.streams_opened();
}

void Stage::Advance(Duration step) {
  Settle();
  const Duration target = runtime().Now() + step;
  if (simulated()) {
    const auto stops = [this] { return Spins() || IsDue(); };
    while (!spinning_ && replay_world_->AdvanceUntil(stops, target)) Interject();
  } else {
    while (true) {
      std::optional<Duration> next;
      Do([&] { next = replay_world_->NextTimer(); });
      if (!next || *next > target) break;
      replay_world_->AdvanceTo(*next);
      Quiesce();
      Interject();
    }
    replay_world_->AdvanceTo(target);
  }
  Settle();
}

bool Stage::HasFifo(const std::string& path) {
  if (!simulated()) return std::filesystem::exists(path);
  fake_containerd::IoPaths paths;
  paths.out = path;
  return replay_world_->process_io().Open(paths, true).has_value();
}

Awaitable<Status> Stage::ReadConfigOf(Stage* stage, std::string id, bool* there) {
  const Result<std::string> config = co_await stage->replay_world_->bundles().ReadConfig(id);
  *there = config.has_value();
  co_return Status();
}

std::vector<std::string> Stage::BundleFiles(const std::string& id,
                                            const std::set<std::string>& names) {
  std::vector<std::string> files;
  bool there = false;
  if (!Await(BeginQuiet([&] { return ReadConfigOf(this, id, &there); }))) return files;
  if (there) files.push_back("config.json");
  Do([&] {
    const std::string bundle = replay_world_->bundles().PathOf(id);
    for (const std::string& name : names) {
      for (const char* stream : {"-stdin", "-stdout", "-stderr"}) {
        if (HasFifo(bundle + "/" + name + stream)) files.push_back(name + stream);
      }
    }
    std::ranges::sort(files);
    RecordBundleFiles(world_recorder_, id, files);
  });
  return files;
}

}  // namespace scenarios
