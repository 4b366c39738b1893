#include "tests/conformance/rig.h"

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <utility>

#include <gtest/gtest.h>

#include "scenarios/guarantees/evidence.h"

namespace drydock_tests {

namespace {

constexpr char kMarker[] = "marker";  // a container that nobody has

std::unique_ptr<scenarios::ReplayWorld> MakeWorld(const RigOptions& options) {
  scenarios::ReplayWorldOptions world_options;
  world_options.transport = options.transport;
  world_options.seed = options.seed;
  world_options.epoch = libcontainerd::WallTime(std::chrono::seconds(1475625600));
  return std::move(*scenarios::MakeReplayWorld(world_options));
}

std::string Join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n    " + line;
  return text;
}

}  // namespace

Rig::Rig(RigOptions options)
    : options_(options),
      replay_world_(MakeWorld(options)),
      recorder_(replay_world_->runtime(), journal_),
      observer_(recorder_),
      bundle_reader_(replay_world_->bundles()),
      engine_(replay_world_->runtime()),
      faulty_api_(replay_world_->runtime()),
      faulty_bundles_(replay_world_->bundles()),
      steps_(replay_world_->runtime()),
      stepped_api_(steps_, faulty_api_),
      stepped_backend_(steps_, engine_),
      stepped_stdio_(steps_, replay_world_->stdio()),
      stepped_bundles_(steps_, faulty_bundles_),
      api_(recorder_, stepped_api_),
      backend_(recorder_, stepped_backend_),
      stdio_(recorder_, stepped_stdio_),
      bundles_(recorder_, stepped_bundles_) {
  fake_containerd::WorldOptions world_options;
  world_options.behaviour = [this](const fake_containerd::ProcessRequest& request) {
    return behaviours_.Of(request);
  };
  world_options.choices = options_.choices;
  world_options.observer = &observer_;
  world_options.start_timeout = options_.start_timeout;
  world_options.retain_count = options_.retain_count;
  world_options.subscriber_capacity = options_.subscriber_capacity;
  Do([&] {
    world_ = std::make_unique<fake_containerd::World>(
        replay_world_->runtime(), replay_world_->process_io(), std::move(world_options));
    fake_containerd::v0::FacadeOptions facade_options;
    facade_options.late_fields = options_.late_fields;
    facade_ = std::make_unique<fake_containerd::v0::Facade>(*world_, bundle_reader_,
                                                            std::move(facade_options));
    EXPECT_TRUE(world_->StartDaemon());
  });
  auto connected = replay_world_->Connect(*facade_);
  if (!connected) {
    ADD_FAILURE() << "cannot connect: " << connected.error().message;
    std::abort();
  }
  faulty_api_.api = *connected;
  MakeClient();
  // The first round of reconciling is over before a test counts requests.
  if (options_.reference.Acts(libcontainerd::Deviation::kReconciled)) {
    WaitUntil([this] { return remote_->reconciled() > 0; }, "no first round of reconciling");
  }
  Flush();
  Snapshot(scenarios::kBaseline);
}

Rig::~Rig() {
  if (!finished_) Finish();
}

void Rig::MakeClient() {
  Do([&] {
    client_ = std::make_unique<libcontainerd::Client>(
        libcontainerd::Client::Ports{
            .runtime = replay_world_->runtime(), .api = api_, .stdio = stdio_, .bundles = bundles_},
        backend_,
        libcontainerd::ClientOptions{
            .timing = options_.timing, .reference = options_.reference, .no_pivot_root = false});
    remote_ = std::make_unique<libcontainerd::Remote>(
        libcontainerd::Remote::Ports{
            .runtime = replay_world_->runtime(), .api = api_, .cursor = journaled_cursor_},
        libcontainerd::RemoteOptions{.timing = options_.timing, .reference = options_.reference});
    remote_->Add(*client_);
  });
  EXPECT_TRUE(Await(BeginQuiet<void>([this] { return remote_->Start(); })));
}

void Rig::StopEngine() {
  Await(BeginQuiet<void>([this] { return JournaledClose(); }));
  Await(BeginQuiet<void>([this] { return CloseEngine(this); }));
  Do([&] {
    remote_.reset();
    client_.reset();
    recorder_.Note(scenarios::kEngineGoneNote);
  });
}

void Rig::StartEngine() {
  Do([&] { recorder_.Note(scenarios::kEngineBackNote); });
  MakeClient();
}

void Rig::StopDaemon() {
  std::size_t ended = 0;
  Do([&] {
    ended = faulty_api_.streams_ended();
    world_->StopDaemon();
  });
  // The pause before the next stream begins when the client hears of it.
  if (!client_) return;
  WaitUntil([&] { return faulty_api_.streams_ended() > ended; }, "the stream did not end");
}

void Rig::StartDaemon() {
  const std::string id = kMarker + std::to_string(++markers_);
  Do([&] { EXPECT_TRUE(world_->StartDaemon()); });
  // An attempt that began before the daemon was there fails, and the pause before the next is
  // longer: give it time until a marker event comes through.
  constexpr std::chrono::milliseconds kPatience{50};
  const auto heard = [&] { return faulty_api_.HandedOver(id); };
  for (int i = 0; i < 200; ++i) {
    Advance(options_.timing.reconnect_longest / 10);
    Do([&] { world_->Emit({.kind = fake_containerd::EventKind::kOom, .container = Key(id)}); });
    if (replay_world_->WaitUntil(heard, kPatience)) return Flush();
  }
  ADD_FAILURE() << "the stream did not come back" << Story();
}

Pending<void> Rig::BeginCreate(const std::string& id, const std::string& spec,
                               libcontainerd::CreateOptions options) {
  return Begin<void>(
      "create", id, "",
      [&](libcontainerd::Client& client) { return client.Create(id, spec, options); },
      {.timeout = options.timeout});
}

Pending<libcontainerd::AddedProcess> Rig::BeginExec(const std::string& id, const std::string& name,
                                                    libcontainerd::ProcessSpec spec) {
  return Begin<libcontainerd::AddedProcess>(
      "add-process", id, name,
      [&](libcontainerd::Client& client) { return client.AddProcess(id, name, spec); });
}

Pending<void> Rig::BeginPause(const std::string& id, libcontainerd::CallOptions options) {
  return Begin<void>("pause", id, "",
                     [&](libcontainerd::Client& client) { return client.Pause(id, options); },
                     {.timeout = options.timeout});
}

Pending<void> Rig::BeginRestore(const std::string& id, libcontainerd::RestoreOptions options) {
  return Begin<void>("restore", id, "",
                     [&](libcontainerd::Client& client) { return client.Restore(id, options); },
                     {.timeout = options.timeout, .live = options.live.value_or(false)});
}

Pending<void> Rig::BeginResume(const std::string& id, libcontainerd::CallOptions options) {
  return Begin<void>("resume", id, "",
                     [&](libcontainerd::Client& client) { return client.Resume(id, options); },
                     {.timeout = options.timeout});
}

Pending<void> Rig::BeginSignal(const std::string& id, std::uint32_t signal,
                               const std::string& process) {
  return Begin<void>(process == "init" ? "signal" : "signal-process", id, process,
                     [&](libcontainerd::Client& client) {
                       return process == "init" ? client.Signal(id, signal)
                                                : client.SignalProcess(id, process, signal);
                     });
}

template <class T>
Pending<T> Rig::BeginQuiet(std::function<Awaitable<Result<T>>()> call) {
  auto pending = std::make_shared<std::optional<Result<T>>>();
  Do([&] {
    ++calls_running_;
    Spawn(replay_world_->runtime(), Carry<T>(this, call(), pending));
  });
  return pending;
}

Pending<void> Rig::BeginClose() {
  closed_ = true;
  return BeginQuiet<void>([this] { return JournaledClose(); });
}

Awaitable<Status> Rig::JournaledClose() {
  return scenarios::JournaledCall<void>(recorder_, "close", "", "", CloseClient(this));
}

Awaitable<Status> Rig::CloseClient(Rig* rig) {
  co_await rig->remote_->Close();
  co_await rig->client_->Close();
  co_return Status();
}

Awaitable<Status> Rig::CloseEngine(Rig* rig) {
  co_await rig->engine_.Close();
  co_return Status();
}

void Rig::Exit(const std::string& id, const std::string& process, std::uint32_t code) {
  Expect(id, process, "exit");
  Do([&] { EXPECT_TRUE(world_->ExitProcess(Key(id), process, code)) << id << "/" << process; });
}

void Rig::Kill(const std::string& id, const std::string& process, std::uint32_t signal) {
  Expect(id, process, "exit");
  Do([&] { EXPECT_TRUE(world_->KillProcess(Key(id), process, signal)) << id << "/" << process; });
}

void Rig::Oom(const std::string& id) {
  Expect(id, "", "oom");
  Do([&] { EXPECT_TRUE(world_->Oom(Key(id))); });
}

void Rig::Expect(const std::string& id, const std::string& process, std::string_view type) {
  made_.push_back(id + "/" + process + " " + std::string(type));
}

// As often as the rig made it happen; also with a process name that is used again.
bool Rig::AllEmitted() {
  std::vector<std::string> emitted;
  for (const scenarios::Entry& entry : journal_.entries()) {
    if (entry.kind != scenarios::EntryKind::kEventEmitted) continue;
    emitted.push_back(journal_.Text(entry.id) + "/" + journal_.Text(entry.process) + " " +
                      journal_.Text(entry.what));
  }
  return std::ranges::all_of(made_, [&](const std::string& event) {
    return std::ranges::count(emitted, event) >= std::ranges::count(made_, event);
  });
}

void Rig::Thaw(const std::string& id) {
  Await(BeginQuiet<void>([&] { return ThawInWorld(world_.get(), id); }));
}

// Fails for one that is not frozen.
Awaitable<Status> Rig::ThawInWorld(fake_containerd::World* world, std::string id) {
  static_cast<void>(co_await world->Resume(Key(id)));
  co_return Status();
}

Pending<void> Rig::BeginWriteStdin(const std::string& id, const std::string& process,
                                   std::string data) {
  return BeginQuiet<void>([&] { return engine_.stream(id, process)->in->Write(std::move(data)); });
}

std::string Rig::CloseStdin(const std::string& id, const std::string& process) {
  return Describe(
      Await(BeginQuiet<void>([&] { return engine_.stream(id, process)->in->Close(); })));
}

void Rig::Advance(Duration step) {
  // What was begun has its timers started before they are due.
  replay_world_->Settle();
  replay_world_->AdvanceTo(replay_world_->runtime().Now() + step);
  replay_world_->Settle();
}

void Rig::WaitUntil(const std::function<bool()>& condition, const std::string& otherwise) {
  if (!replay_world_->WaitUntil(condition)) ADD_FAILURE() << otherwise << Story();
}

void Rig::WaitForLine(const std::string& line, std::size_t count) {
  WaitUntil(
      [&] { return static_cast<std::size_t>(std::ranges::count(engine_.lines(), line)) >= count; },
      "no callback \"" + line + "\"");
}

void Rig::Flush() {
  const std::string id = kMarker + std::to_string(++markers_);
  // A marker must not overtake what is still on its way out of a simulated process.
  WaitUntil([&] { return AllEmitted(); }, "the world did not emit what was made to happen");
  // Whatever is on its way into the daemon's queue goes first.
  Do([&] { world_->Emit({.kind = fake_containerd::EventKind::kOom, .container = Key(id)}); });
  // A stream that is not open yet does not hear of it: emit another one. Only this call's own
  // marker counts: older ones may still be on their way.
  bool arrived = false;
  const auto heard = [&] {
    arrived = faulty_api_.HandedOver(id);
    return arrived;
  };
  if (options_.transport == Transport::kLoopback) {
    replay_world_->Settle();
    Do([&] { world_->Emit({.kind = fake_containerd::EventKind::kOom, .container = Key(id)}); });
    replay_world_->WaitUntil(heard);
  } else {
    // Less and less often: hundreds would push what a test wants to read out of the daemon's log.
    unsigned looks = 0;
    WaitUntil(
        [&] {
          if (heard()) return true;
          if (std::has_single_bit(++looks)) {
            world_->Emit({.kind = fake_containerd::EventKind::kOom, .container = Key(id)});
          }
          return false;
        },
        "a marker event did not come");
  }
  EXPECT_TRUE(arrived) << "a marker event did not come";
  WaitUntil(
      [&] { return client_->PendingCallbacks() == 0 || engine_.held() > 0 || steps_.hangs(); },
      "callbacks did not end");
  replay_world_->Settle();
}

void Rig::WaitForEnd(const std::string& id, const std::string& process) {
  WaitUntil(
      [&] {
        const auto stream = engine_.stream(id, process);
        return stream != nullptr && stream->out.ended && stream->err.ended;
      },
      "the outputs of " + id + "/" + process + " did not end");
}

std::vector<std::string> Rig::Lines(const std::string& id) {
  std::vector<std::string> lines;
  Do([&] { lines = engine_.LinesOf(id); });
  return lines;
}

std::string Rig::Out(const std::string& id, const std::string& process) {
  std::string text;
  Do([&] {
    if (const auto stream = engine_.stream(id, process)) text = stream->out.text;
  });
  return text;
}

std::string Rig::Err(const std::string& id, const std::string& process) {
  std::string text;
  Do([&] {
    if (const auto stream = engine_.stream(id, process)) text = stream->err.text;
  });
  return text;
}

std::vector<std::string> Rig::Sent() {
  std::vector<std::string> sent;
  Do([&] { sent = faulty_api_.sent(); });
  return sent;
}

std::size_t Rig::Sent(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(Sent(), text));
}

bool Rig::Runs(const std::string& id) {
  bool runs = false;
  Do([&] {
    const auto info = world_->Inspect(Key(id));
    runs = info && info->status == fake_containerd::TaskStatus::kRunning;
  });
  return runs;
}

bool Rig::HasFifo(const std::string& path) {
  if (options_.transport != Transport::kLoopback) return std::filesystem::exists(path);
  fake_containerd::IoPaths paths;
  paths.out = path;
  return replay_world_->process_io().Open(paths, true).has_value();
}

std::vector<std::string> Rig::Files(const std::string& id, std::vector<std::string> execs) {
  std::vector<std::string> files;
  const auto config =
      Await(BeginQuiet<std::string>([&] { return replay_world_->bundles().ReadConfig(id); }));
  if (config) files.push_back("config.json");
  execs.insert(execs.begin(), "init");
  Do([&] {
    const std::string bundle = replay_world_->bundles().PathOf(id);
    for (const std::string& name : execs) {
      for (const char* stream : {"-stdin", "-stdout", "-stderr"}) {
        const std::string file = name + stream;
        if (HasFifo(bundle + "/" + file)) files.push_back(file);
      }
    }
    scenarios::RecordBundleFiles(recorder_, id, files);
  });
  return files;
}

std::vector<std::string> Rig::Tracked() {
  std::vector<std::string> ids;
  Do([&] {
    for (const auto& container : client_->Tracked()) ids.push_back(container.id);
  });
  return ids;
}

std::size_t Rig::LiveObjects() {
  std::size_t objects = 0;
  Do([&] { objects = client_->LiveObjects(); });
  return objects;
}

libcontainerd::DroppedEvents Rig::Dropped() {
  libcontainerd::DroppedEvents dropped;
  Do([&] { dropped = client_->dropped_events(); });
  return dropped;
}

void Rig::Snapshot(std::string_view when) {
  Do([&] {
    recorder_.RecordCount("objects", client_->LiveObjects(), when);
    recorder_.RecordCount("containers", client_->Tracked().size(), when);
    if (when != scenarios::kEnd) return;
    scenarios::RecordTracked(recorder_, client_->Tracked());
    scenarios::RecordRunning(recorder_, *world_, created_);
  });
}

// Whatever still runs is killed, and the client hears of it.
void Rig::EndContainers() {
  Do([&] {
    faulty_api_.failures.clear();
    faulty_api_.HoldEvents(false);
    faulty_api_.Release();
    faulty_bundles_.fail_create.reset();
    faulty_bundles_.fail_read.reset();
    faulty_bundles_.fail_remove.reset();
    faulty_bundles_.fail_release.reset();
    faulty_api_.stored_failure.reset();
    engine_.ReleaseAll();
    steps_.Heal();
    world_->HoldSubscribers(false);
  });
  for (const std::string& id : created_) Thaw(id);
  const auto kill_all = [&] {
    for (const std::string& id : created_) {
      const auto info = world_->Inspect(Key(id));
      if (info && !info->processes.empty()) world_->KillProcess(Key(id), "init", 9);
    }
    return world_->container_count() == 0;
  };
  WaitUntil(kill_all, "a container did not end");
  Advance(options_.timing.exec_exit_grace);
  WaitUntil([&] { return calls_running_ == 0; }, "a call did not return");
  if (leftovers_expected_) return Flush();
  WaitUntil([&] { return client_->LiveObjects() == 0; }, "the client did not come to rest");
  WaitUntil([&] { return engine_.all_ended(); }, "an output did not end");
  Flush();
}

void Rig::Dismantle() {
  Await(BeginQuiet<void>([this] { return CloseEngine(this); }));
  Do([&] { world_->StopDaemon(); });
  replay_world_->Settle();
  Do([&] {
    remote_.reset();
    client_.reset();
  });
  replay_world_->Disconnect();
  Do([&] {
    facade_.reset();
    world_.reset();
  });
  replay_world_->Settle();
  EXPECT_EQ(replay_world_->failure(), "") << "escaped from a coroutine";
}

void Rig::Finish() {
  finished_ = true;
  if (!closed_) {
    EndContainers();
    Snapshot(scenarios::kEnd);
    Await(BeginClose());
  }
  EXPECT_EQ(LiveObjects(), 0U) << Story();
  Dismantle();
  Judge();
}

void Rig::Judge() {
  const scenarios::Evidence evidence(
      journal_,
      {.timing = options_.timing, .stepped_clock = options_.transport != Transport::kLoopback});
  for (const scenarios::Guarantee& guarantee : scenarios::AllGuarantees()) {
    const scenarios::Judgement judgement = guarantee.judge(evidence);
    const bool broken = judgement.verdict == scenarios::Verdict::kBroken;
    const bool expected = std::ranges::count(expected_broken_, guarantee.name) > 0;
    if (broken && !expected) {
      std::string violations;
      for (const auto& violation : judgement.violations) {
        violations += "\n    " + violation.what;
        for (const std::uint64_t seq : violation.entries) {
          violations += "\n      " + ToJsonLine(journal_, journal_.entries()[seq - 1]);
        }
      }
      ADD_FAILURE() << guarantee.name << " is broken: " << guarantee.sentence << violations
                    << Story();
    }
    EXPECT_TRUE(broken || !expected) << guarantee.name << " should have been broken" << Story();
  }
}

std::string Rig::Story() {
  std::vector<std::string> lines;
  std::vector<std::string> sent;
  Do([&] {
    lines = engine_.lines();
    sent = faulty_api_.sent();
  });
  return "\n  transport " + std::string(TransportName(options_.transport)) + ", seed " +
         std::to_string(options_.seed) + "\n  callbacks:" + Join(lines) + "\n  sent:" + Join(sent);
}

}  // namespace drydock_tests
