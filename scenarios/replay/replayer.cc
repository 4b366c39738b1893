#include "scenarios/replay/replayer.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "libcontainerd/client.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/remote.h"
#include "scenarios/journaling.h"
#include "scenarios/replay/planned_call.h"
#include "scenarios/replay/recorded_daemon.h"
#include "scenarios/replay/replay_engine.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Status;

namespace {

// Waits in real time, so that a replay keeps the recording's pace.
class Pace {
 public:
  explicit Pace(double speed) : speed_(speed) {}
  void WaitFor(RecordedTime t) {
    if (speed_ <= 0) return;
    const auto due =
        start_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(t / speed_);
    std::unique_lock lock(mutex_);
    never_.wait_until(lock, due, [] { return false; });
  }

 private:
  double speed_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable never_;
};

// Counts what the client has under way, so that "nothing moves any more" can be told from "it is
// still on its way".
class TrafficCounter final : public libcontainerd::ContainerdApi {
 public:
  explicit TrafficCounter(libcontainerd::ContainerdApi& api) : api_(api) {}

  std::size_t requests_running() const { return requests_running_; }
  std::uint64_t streams_opened() const { return streams_opened_; }
  std::size_t stored_reads_running() const { return *stored_reads_running_; }

  Awaitable<Status> Unary(libcontainerd::Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response,
                          libcontainerd::Duration timeout) override {
    ++requests_running_;
    Status status = co_await api_.Unary(method, request, response, timeout);
    --requests_running_;
    co_return status;
  }
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override {
    ++streams_opened_;
    const bool stored_only = request.storedonly();
    std::unique_ptr<libcontainerd::EventStream> stream = api_.Events(std::move(request), sink);
    if (!stored_only) return stream;
    return std::make_unique<StoredRead>(std::move(stream), stored_reads_running_);
  }
  Awaitable<Status> CheckHealth(libcontainerd::Duration timeout) override {
    return api_.CheckHealth(timeout);
  }

 private:
  // Its reader lets go of it once it has all.
  class StoredRead final : public libcontainerd::EventStream {
   public:
    StoredRead(std::unique_ptr<libcontainerd::EventStream> stream,
               std::shared_ptr<std::size_t> running)
        : stream_(std::move(stream)), running_(std::move(running)) {
      ++*running_;
    }
    ~StoredRead() override { --*running_; }

   private:
    std::unique_ptr<libcontainerd::EventStream> stream_;
    std::shared_ptr<std::size_t> running_;
  };

  libcontainerd::ContainerdApi& api_;
  std::size_t requests_running_ = 0;
  std::uint64_t streams_opened_ = 0;
  std::shared_ptr<std::size_t> stored_reads_running_ = std::make_shared<std::size_t>(0);
};

class Replay {
 public:
  Replay(const Recording& recording, const ReplayPlan& plan, const ReplayOptions& options,
         ReplayWorld& world)
      : recording_(recording),
        plan_(plan),
        world_(world),
        pace_(options.speed),
        recorder_(world.runtime(), *run_.journal),
        daemon_(world.runtime(), recorder_, world.process_io(), recording, plan),
        engine_(world.runtime(), plan),
        backend_(recorder_, engine_),
        stdio_(recorder_, world.stdio()),
        bundles_(recorder_, world.bundles()),
        reference_(options.reference) {
    run_.calls.resize(plan.calls.size());
  }

  Status Connect() {
    auto api = world_.Connect(daemon_);
    if (!api) return libcontainerd::Fail(api.error());
    journaling_ = std::make_unique<JournalingContainerdApi>(recorder_, **api);
    api_ = std::make_unique<TrafficCounter>(*journaling_);
    StartEngine();
    return {};
  }

  void StartEngine() {
    world_.Run([&] {
      client_ = std::make_unique<libcontainerd::Client>(
          libcontainerd::Client::Ports{
              .runtime = world_.runtime(), .api = *api_, .stdio = stdio_, .bundles = bundles_},
          backend_,
          libcontainerd::ClientOptions{
              .timing = {}, .reference = reference_, .no_pivot_root = false});
      remote_ = std::make_unique<libcontainerd::Remote>(
          libcontainerd::Remote::Ports{
              .runtime = world_.runtime(), .api = *api_, .cursor = journaled_cursor_},
          libcontainerd::RemoteOptions{.timing = {}, .reference = reference_});
      remote_->Add(*client_);
      Spawn(world_.runtime(), StartRemote());
    });
    Expect([&] { return daemon_.events_open() || daemon_.down(); },
           "the event stream was not opened");
  }

  void Steps() {
    for (const ReplayStep& step : plan_.steps) {
      Rest();
      pace_.WaitFor(step.t);
      world_.AdvanceTo(std::max(step.t, RecordedTime::zero()));
      Rest();
      Do(step);
    }
    Rest();
  }

  ReplayRun Finish() {
    world_.Run([&] {
      daemon_.End();
      engine_.Release();
    });
    Expect([&] { return engine_.all_ended() || !plan_.pending.empty(); },
           "an output did not come to its end");
    CollectStreams();
    EndEngine();
    world_.Run([&] {
      for (const auto& request : daemon_.unrecorded()) {
        run_.unrecorded_rpcs.push_back(request.method + " " + request.id +
                                       (request.process.empty() ? "" : "/" + request.process));
      }
      run_.request_differences = daemon_.request_differences();
    });
    api_.reset();
    journaling_.reset();
    world_.Disconnect();
    const std::string failure = world_.failure();
    if (!failure.empty()) run_.stuck.push_back("escaped from a coroutine: " + failure);
    run_.placeholders = PlaceholderValues(world_.directory());
    return std::move(run_);
  }

  void Snapshot(const char* when) {
    world_.Run([&] {
      const std::uint64_t live = client_ == nullptr ? 0 : client_->LiveObjects();
      recorder_.RecordCount("objects", live, when);
      recorder_.RecordCount("containers", client_ == nullptr ? 0 : client_->Tracked().size(), when);
      if (client_ != nullptr && when == kEnd) RecordTracked(recorder_, client_->Tracked());
    });
  }

 private:
  // Waits until what was begun has come to rest: no callback or attach is under way, nothing is
  // being written.
  void Rest() {
    world_.Settle();
    Expect(
        [&] {
          const bool quiet = client_ == nullptr || client_->PendingCallbacks() == 0;
          return quiet && !daemon_.writing() && !engine_.writing() && TrafficAtRest();
        },
        "callbacks or writes did not end");
    world_.Settle();
  }

  // Everything that the client has under way has reached the daemon, and waits for it.
  bool TrafficAtRest() const {
    return api_->requests_running() == daemon_.unanswered() &&
           api_->streams_opened() == daemon_.streams_opened() &&
           (api_->stored_reads_running() == 0 || daemon_.down());
  }

  // Something that the client may do at its own time, by a timer of its own: when nothing has moved
  // for a while, the clock goes on, a little at a time. A clock that ran ahead of the recording
  // would make recorded events look old, hence the long while.
  void ExpectSoon(const std::function<bool()>& condition, std::string otherwise) {
    constexpr std::chrono::milliseconds kStep{5};
    constexpr std::chrono::seconds kLongest{15};
    std::chrono::milliseconds patience{1000};
    libcontainerd::Duration now = Now();
    const libcontainerd::Duration give_up = now + kLongest;
    while (!world_.WaitUntil(condition, patience)) {
      if (now >= give_up) return run_.stuck.push_back(std::move(otherwise));
      patience = std::chrono::milliseconds(10);
      now += kStep;
      world_.AdvanceTo(now);
      Rest();
    }
  }
  libcontainerd::Duration Now() {
    libcontainerd::Duration now{0};
    world_.Run([&] { now = world_.runtime().Now(); });
    return now;
  }

  void Expect(const std::function<bool()>& condition, std::string otherwise) {
    if (!world_.WaitUntil(condition)) run_.stuck.push_back(std::move(otherwise));
  }

  void Do(const ReplayStep& step) {
    switch (step.kind) {
      case StepKind::kCallBegin:
        return BeginCall(step.index);
      case StepKind::kWait:
        return AwaitCalls(plan_.waits[step.index].calls);
      case StepKind::kStdinWrite:
        return world_.Run([&] { engine_.WriteStdin(plan_.stdin_actions[step.index]); });
      case StepKind::kStdinClose:
        return world_.Run([&] { engine_.CloseStdin(plan_.stdin_actions[step.index]); });
      case StepKind::kExpectRpc:
        return ExpectRpc(step);
      case StepKind::kSendReply:
        return SendReply(step);
      case StepKind::kSendEvent:
        return SendEvent(step);
      case StepKind::kProcessOutput:
        return world_.Run([&] { daemon_.Write(step.index); });
      case StepKind::kProcessEof:
        return world_.Run([&] { daemon_.Close(step.index); });
      case StepKind::kDaemonDown:
        return world_.Run([&] { daemon_.Down(); });
      case StepKind::kDaemonUp: {
        const bool restarted =
            recording_.connection_lines[step.index].change == ConnectionChange::kListenerUp;
        return world_.Run([&] { daemon_.Up(restarted); });
      }
      case StepKind::kStreamReset:
        return world_.Run([&] { daemon_.BreakStream(); });
      case StepKind::kClientGone:
        EndEngine();
        return recorder_.Note(kEngineGoneNote);
      case StepKind::kClientBack:
        recorder_.Note(kEngineBackNote);
        return StartEngine();
      case StepKind::kClockTo:
        return;
    }
  }

  // Calls that had returned in the recording before this one began have returned here too: the next
  // call may rely on what they did.
  void BeginCall(std::size_t index) {
    const RecordedCommand& command = recording_.commands[plan_.calls[index].command];
    std::vector<std::size_t> before;
    for (std::size_t i = 0; i < plan_.calls.size(); ++i) {
      const bool had_returned = recording_.commands[plan_.calls[i].command].t <= command.begin;
      if (run_.calls[i].began && !run_.calls[i].ended && had_returned) before.push_back(i);
    }
    AwaitCalls(before);
    world_.Run([&] {
      run_.calls[index].began = true;
      daemon_.Expect(index);
      engine_.CallBegun(index);
      Spawn(world_.runtime(), RunCall(index));
    });
  }

  void AwaitCalls(const std::vector<std::size_t>& calls) {
    for (const std::size_t call : calls) {
      if (!run_.calls[call].began) continue;
      const PlannedCall& planned = plan_.calls[call];
      ExpectSoon([&] { return run_.calls[call].ended; },
                 std::string(CallKindName(planned.kind)) + " " + planned.id + " did not return");
    }
  }

  Awaitable<void> RunCall(std::size_t index) {
    Status status = co_await RunPlannedCall(*client_, recorder_, plan_.calls[index]);
    CallOutcome& outcome = run_.calls[index];
    outcome.ended = true;
    if (!status) outcome.error = status.error();
    engine_.CallEnded(index);
  }

  void ExpectRpc(const ReplayStep& step) {
    const RecordedRpc& rpc = recording_.rpcs[step.index];
    if (rpc.method == "Events") {
      return ExpectSoon([&] { return daemon_.events_open(); }, "the event stream was not opened");
    }
    if (!step.deviation.empty()) return world_.Settle();
    ExpectSoon([&] { return daemon_.arrived(step.index); },
               rpc.method + " of line " + std::to_string(rpc.line) + " was not sent");
  }

  void SendReply(const ReplayStep& step) {
    if (recording_.rpcs[step.index].method == "Events") return;
    const std::uint64_t before = recorder_.count(EntryKind::kRpcEnd);
    bool answered = false;
    world_.Run([&] { answered = daemon_.Reply(step.index); });
    if (!answered) {
      run_.missing_rpcs.push_back(step.index);
      return;
    }
    Expect([&] { return recorder_.count(EntryKind::kRpcEnd) > before; },
           "a reply did not reach the client");
  }

  void SendEvent(const ReplayStep& step) {
    const std::uint64_t before = recorder_.count(EntryKind::kEventDelivered);
    bool sent = false;
    world_.Run([&] { sent = daemon_.Emit(step.index); });
    if (!sent) {
      run_.stuck.push_back("nobody listened to the event of line " +
                           std::to_string(recording_.events[step.index].line));
      return;
    }
    Expect([&] { return recorder_.count(EntryKind::kEventDelivered) > before; },
           "an event did not reach the client");
  }

  Awaitable<void> StartRemote() {
    Status started = co_await remote_->Start();
    if (!started) run_.stuck.push_back("the remote did not start: " + started.error().message);
  }

  // The engine's process ends: the daemon and its containers do not notice but for the streams.
  void EndEngine() {
    bool closed = false;
    world_.Run([&] {
      engine_.Die();
      daemon_.ClientGone();
      Spawn(world_.runtime(), CloseAndTell(closed));
    });
    Expect([&] { return closed; }, "the client did not close");
    world_.Run([&] {
      remote_.reset();
      client_.reset();
    });
  }

  Awaitable<Status> CloseAll() {
    co_await remote_->Close();
    co_await client_->Close();
    co_return Status();
  }
  Awaitable<void> CloseAndTell(bool& closed) {
    Awaitable<Status> closing = JournaledCall<void>(recorder_, "close", "", "", CloseAll());
    static_cast<void>(co_await std::move(closing));
    closed = true;
  }

  void CollectStreams() {
    world_.Run([&] {
      run_.streams.resize(plan_.attachments.size());
      std::map<std::size_t, std::string> written;  // by the call that started the process
      for (std::size_t i = 0; i < plan_.attachments.size(); ++i) {
        const std::size_t call = plan_.attachments[i].call;
        const ReplayEngine::Attached* attached = engine_.attached(call);
        if (attached == nullptr) continue;
        for (std::size_t s = 0; s < 2; ++s) {
          const ReplayEngine::Output& output = attached->outputs.at(s);
          run_.streams[i].at(s) = {.attached = true,
                                   .ended = output.ended,
                                   .total = output.total,
                                   .sha256 = output.sha256};
        }
        written[plan_.attachments[i].origin] += attached->stdin_written;
      }
      CompareStdins(written);
    });
  }

  void CompareStdins(const std::map<std::size_t, std::string>& written) {
    for (const auto& [call, data] : written) {
      const std::string& read = daemon_.stdin_of(call);
      if (read == data) continue;
      run_.stdin_differences.push_back(plan_.calls[call].id + ": the process read " +
                                       std::to_string(read.size()) + " bytes of stdin, " +
                                       std::to_string(data.size()) + " were written");
    }
  }

  const Recording& recording_;
  const ReplayPlan& plan_;
  ReplayWorld& world_;
  Pace pace_;
  ReplayRun run_;
  Recorder recorder_;
  RecordedDaemon daemon_;
  ReplayEngine engine_;
  JournalingBackend backend_;
  JournalingStdio stdio_;
  JournalingBundleStore bundles_;
  libcontainerd::ReferenceBehaviour reference_;
  std::unique_ptr<JournalingContainerdApi> journaling_;
  std::unique_ptr<TrafficCounter> api_;
  libcontainerd::MemoryCursorStore cursor_;
  JournalingCursorStore journaled_cursor_{recorder_, cursor_};
  std::unique_ptr<libcontainerd::Client> client_;
  std::unique_ptr<libcontainerd::Remote> remote_;
};

}  // namespace

std::map<std::string, std::string> PlaceholderValues(const std::string& directory) {
  std::map<std::string, std::string> values{{"STATE_DIR", directory + "/state"}};
  for (const auto& [name, folder] :
       {std::pair("CONTAINERD_DIR", "containerd"), std::pair("RUN_DIR", "run"),
        std::pair("BIN", "bin"), std::pair("ROOTFS", "rootfs")}) {
    values.emplace(name, directory + "/" + folder);
  }
  return values;
}

libcontainerd::Result<ReplayRun> RunReplay(const Recording& recording, const ReplayPlan& plan,
                                           const ReplayOptions& options) {
  auto world =
      MakeReplayWorld(ReplayWorldOptions{.transport = options.transport,
                                         .seed = options.seed,
                                         .epoch = libcontainerd::WallTime(plan.wall_offset)});
  if (!world) return libcontainerd::Fail(world.error());
  const Recording here = recording.WithPlaceholders(PlaceholderValues((*world)->directory()));
  const ReplayPlan placed = PlanReplay(here);
  Replay replay(here, placed, options, **world);
  if (Status connected = replay.Connect(); !connected)
    return libcontainerd::Fail(connected.error());
  replay.Snapshot("baseline");
  replay.Steps();
  if (placed.pending.empty()) replay.Snapshot("end");
  return replay.Finish();
}

}  // namespace scenarios
