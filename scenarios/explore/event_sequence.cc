#include "scenarios/explore/event_sequence.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "libcontainerd/client.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/simulated_runtime.h"
#include "scenarios/model/container_model.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::ContainerState;
using libcontainerd::Done;
using libcontainerd::Duration;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::IoPipe;
using libcontainerd::Method;
using libcontainerd::StateInfo;
using libcontainerd::Status;
using Kind = EventStep::Kind;
using Outcome = EventStep::Outcome;
using Stamp = EventStep::Stamp;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kKinds = 16;
constexpr std::size_t kOutcomes = 7;
constexpr ModelName kInitName = 0;
constexpr const char* kSpec = "{}";  // what a spec says is for spec_fuzz
constexpr std::array<const char*, EventSequence::kContainers> kIds = {"c0", "c1", "c2"};
constexpr std::array<const char*, 3> kNames = {"init", "e0", "e1"};  // by ModelName
constexpr std::array<int, 8> kWaits = {1, 10, 20, 49, 50, 51, 60, 200};

bool IsEvent(Kind kind) {
  return kind <= Kind::kUnheardOf;
}

const char* TypeWord(Kind kind) {
  switch (kind) {
    case Kind::kExit:
    case Kind::kExecExit:
      return "exit";
    case Kind::kOom:
      return "oom";
    case Kind::kPause:
      return "pause";
    case Kind::kResume:
      return "resume";
    case Kind::kStartContainer:
      return "start-container";
    case Kind::kStartProcess:
      return "start-process";
    default:
      return "live";
  }
}

std::optional<ModelEventType> ModelTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kExit:
    case Kind::kExecExit:
      return ModelEventType::kExit;
    case Kind::kOom:
      return ModelEventType::kOom;
    case Kind::kPause:
      return ModelEventType::kPause;
    case Kind::kResume:
      return ModelEventType::kResume;
    default:
      return std::nullopt;
  }
}

std::size_t IndexOf(const std::string& id) {
  return static_cast<std::size_t>(id.back() - '0');
}
ModelName NameOf(const std::string& process) {
  return process == kNames[0] ? kInitName : static_cast<ModelName>(process.back() - '0' + 1);
}

}  // namespace

// The engine's side and the daemon's at once.
class SequenceRig final : private libcontainerd::Backend, private libcontainerd::ContainerdApi {
 public:
  SequenceRig(const EventSequence& sequence, bool story,
              const libcontainerd::ReferenceBehaviour& reference)
      : sequence_(sequence),
        tells_(story),
        runtime_(sequence.seed),
        fifos_(runtime_),
        bundles_(fifos_, "/s"),
        stdio_(runtime_, fifos_),
        client_({runtime_, *this, stdio_, bundles_}, *this, OptionsFor(reference)) {}

  EventSequenceResult Run() {
    for (std::size_t i = 0; i < EventSequence::kContainers; ++i) {
      if ((sequence_.created >> i & 1U) == 0) continue;
      Begin({.kind = Kind::kCreate, .container = static_cast<std::uint8_t>(i)});
      runtime_.RunReady();
      Begin({.kind = Kind::kAddProcess, .container = static_cast<std::uint8_t>(i)});
      runtime_.RunReady();
    }
    for (const EventStep& step : sequence_.steps) {
      if (tells_) Tell("> " + EventStepText(step));
      Begin(step);
      if (step.settles) runtime_.RunReady();
    }
    End();
    return std::move(result_);
  }

 private:
  struct Delivered {
    types::Event event;
    ModelEvent model;
    bool modelled = false;
  };
  struct Container {
    ContainerModel model;
    std::vector<Delivered> delivered;
    std::vector<libcontainerd::UniqueFunction<void()>> held;
    bool holds = false;
    std::int64_t began = 0;  // when its last create was sent
    int creates = 0;         // under way
    bool started = false;    // the start-container of the last one sent has come
    Outcome create = Outcome::kGood;
    std::array<Outcome, kNames.size()> add{};
  };

  static libcontainerd::ClientOptions OptionsFor(
      const libcontainerd::ReferenceBehaviour& reference) {
    libcontainerd::ClientOptions options;
    options.reference = reference;
    return options;
  }

  Moment Now() { return {runtime_.Now(), ++mark_}; }
  std::int64_t WallNow() const { return runtime_.WallNow().time_since_epoch().count(); }

  void Tell(const std::string& line) {
    if (tells_) result_.story += line + "\n";
  }
  void Collect(std::size_t index) {
    ContainerModel& model = containers_[index].model;
    if (!model.differs()) return;
    for (const ModelDifference& each : model.Take()) {
      std::string what = kIds[index];
      if (each.process) what += std::string(", ") + kNames[*each.process];
      result_.differences.push_back(what + ": " + each.what);
      Tell("! " + result_.differences.back());
    }
  }

  void Begin(const EventStep& step) {
    Container& container = containers_[step.container];
    if (IsEvent(step.kind)) return Deliver(step);
    switch (step.kind) {
      case Kind::kCreate:
        libcontainerd::Spawn(runtime_, Create(step.container, step.outcome));
        return;
      case Kind::kAddProcess:
        libcontainerd::Spawn(runtime_, AddProcess(step.container, step.process, step.outcome));
        return;
      case Kind::kPauseCall:
        libcontainerd::Spawn(runtime_, Change(step.container, ContainerState::kPause));
        return;
      case Kind::kResumeCall:
        libcontainerd::Spawn(runtime_, Change(step.container, ContainerState::kResume));
        return;
      case Kind::kWait:
        runtime_.AdvanceTo(runtime_.Now() + milliseconds(kWaits[step.number]));
        return;
      case Kind::kHold:
        container.holds = true;
        return;
      case Kind::kRelease:
        return Release(container);
      default:
        runtime_.RunReady();
    }
  }

  void Release(Container& container) {
    container.holds = false;
    for (auto& end : std::exchange(container.held, {})) end();
  }

  // Events

  void Deliver(const EventStep& step) {
    Container& container = containers_[step.container];
    if (step.stamp == Stamp::kAgain && !container.delivered.empty()) {
      const std::size_t back = step.number % container.delivered.size();
      const Delivered again = container.delivered[container.delivered.size() - 1 - back];
      return HandOver(step.container, again);
    }
    Delivered fresh;
    fresh.modelled = ModelTypeOf(step.kind).has_value();
    const bool exec = step.kind == Kind::kExecExit || step.kind == Kind::kStartProcess;
    fresh.model.type = ModelTypeOf(step.kind).value_or(ModelEventType::kExit);
    fresh.model.process = exec ? step.process + 1U : kInitName;
    fresh.model.status = fresh.modelled && fresh.model.type == ModelEventType::kExit
                             ? 1U + static_cast<std::uint32_t>(container.delivered.size())
                             : 0U;
    fresh.model.stamped = step.stamp != Stamp::kNone;
    // No two are alike: each has a nanosecond of its own.
    ++events_;
    constexpr std::int64_t kSecond = 1'000'000'000;
    fresh.model.stamp =
        step.stamp == Stamp::kEarlier ? container.began - kSecond + events_ : WallNow() + events_;
    fresh.event.set_id(kIds[step.container]);
    fresh.event.set_type(TypeWord(step.kind));
    fresh.event.set_status(fresh.model.status);
    if (exec || step.kind == Kind::kExit) fresh.event.set_pid(kNames[fresh.model.process]);
    if (fresh.model.stamped) {
      fresh.event.mutable_timestamp()->set_seconds(fresh.model.stamp / kSecond);
      fresh.event.mutable_timestamp()->set_nanos(
          static_cast<std::int32_t>(fresh.model.stamp % kSecond));
    }
    container.delivered.push_back(fresh);
    HandOver(step.container, fresh);
  }

  void HandOver(std::size_t index, const Delivered& delivered) {
    Container& container = containers_[index];
    // A second one during a create would make the first another container's, and what came between.
    const bool start = delivered.event.type() == TypeWord(Kind::kStartContainer);
    if (start && container.creates != 0 && std::exchange(container.started, true)) return;
    if (delivered.modelled) {
      const bool earlier = delivered.model.stamped && delivered.model.stamp < container.began;
      container.model.Delivered(delivered.model,
                                earlier ? EventLife::kEarlier : EventLife::kPresent, 0, Now());
    }
    client_.HandleEvent(delivered.event, nullptr);
    Collect(index);
  }

  // Calls

  Awaitable<void> Create(std::size_t index, Outcome outcome) {
    Container& container = containers_[index];
    const std::uint64_t call = ++calls_;
    if (!client_tracks(index)) container.create = outcome;
    container.model.CreateBegun(call, Now());
    ++container.creates;
    auto creating = client_.Create(kIds[index], kSpec);
    Status status = co_await std::move(creating);
    --container.creates;
    Returned(index, "create", status);
    container.model.CreateReturned(call, status ? ErrorCode::kOk : status.error().code, Now());
    Collect(index);
  }

  Awaitable<void> AddProcess(std::size_t index, std::uint8_t process, Outcome outcome) {
    Container& container = containers_[index];
    const std::uint64_t call = ++calls_;
    const ModelName name = process + 1U;
    container.add[name] = outcome;
    container.model.AddBegun(call, name, Now());
    libcontainerd::ProcessSpec spec;
    auto adding = client_.AddProcess(kIds[index], kNames[name], std::move(spec));
    auto added = co_await std::move(adding);
    const ErrorCode code = added ? ErrorCode::kOk : added.error().code;
    if (tells_)
      Tell(std::string(kIds[index]) + ": add-process " + kNames[name] + " returns " +
           std::string(libcontainerd::ErrorCodeName(code)));
    LookAtFifos(index, name);
    container.model.AddReturned(call, name, code, Now());
    Collect(index);
  }

  Awaitable<void> Change(std::size_t index, ContainerState state) {
    Container& container = containers_[index];
    const std::uint64_t call = ++calls_;
    container.model.ChangeBegun(call, state, Now());
    auto changing =
        state == ContainerState::kPause ? client_.Pause(kIds[index]) : client_.Resume(kIds[index]);
    Status status = co_await std::move(changing);
    Returned(index, StateWord(state).c_str(), status);
    container.model.ChangeReturned(call, status ? ErrorCode::kOk : status.error().code, Now());
    Collect(index);
  }

  void Returned(std::size_t index, const char* what, const Status& status) {
    if (!tells_) return;
    Tell(std::string(kIds[index]) + ": " + what + " returns " +
         (status ? "OK" : status.error().message));
  }

  // The daemon

  Awaitable<Status> Unary(Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, Duration) override {
    switch (method) {
      case Method::kCreateContainer:
        return Created(static_cast<const types::CreateContainerRequest&>(request),
                       static_cast<types::CreateContainerResponse&>(response));
      case Method::kAddProcess:
        return Added(static_cast<const types::AddProcessRequest&>(request));
      case Method::kState:
        return Answered(Fail(ErrorCode::kUnknown, "containerd: container not found"));
      default:
        return Answered(Status());
    }
  }
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest,
                                                     libcontainerd::EventSink&) override {
    return nullptr;
  }
  Awaitable<Status> CheckHealth(Duration) override { return Answered(Status()); }

  void TellStart(std::size_t index) {
    Deliver({.kind = Kind::kStartContainer, .container = static_cast<std::uint8_t>(index)});
  }

  static Awaitable<Status> Answered(Status status) { co_return status; }

  static Status StatusOf(Outcome outcome) {
    switch (outcome) {
      case Outcome::kRefused:
      case Outcome::kRefusedLate:
        return Fail(ErrorCode::kUnknown, "oci runtime error");
      case Outcome::kLost:
        return Fail(ErrorCode::kUnavailable, "transport is closing");
      default:
        return {};
    }
  }
  static bool IsLate(Outcome outcome) {
    return outcome == Outcome::kLate || outcome == Outcome::kRefusedLate;
  }
  static Answer AnswerTo(const Status& status) {
    return AnswerOf(!status, status ? ErrorCode::kOk : status.error().code);
  }

  Awaitable<Status> Created(const types::CreateContainerRequest& request,
                            types::CreateContainerResponse& response) {
    const std::size_t index = IndexOf(request.id());
    Container& container = containers_[index];
    const Outcome outcome = container.create;
    container.began = WallNow();
    container.started = false;
    container.model.CreateSent(Now());
    Collect(index);
    Status status = StatusOf(outcome);
    if (status) TellStart(index);  // else an exit might be of the life before: the client asks
    if (IsLate(outcome)) co_await libcontainerd::Sleep(runtime_, milliseconds(20));
    types::Process* init = response.mutable_container()->add_processes();
    init->set_pid(kNames[0]);
    init->set_systempid(1);
    container.model.CreateAnswered(AnswerTo(status), Now());
    co_return status;
  }

  Awaitable<Status> Added(const types::AddProcessRequest& request) {
    const std::size_t index = IndexOf(request.id());
    const ModelName name = NameOf(request.pid());
    Container& container = containers_[index];
    const Outcome outcome = container.add[name];
    container.model.AddSent(name, Now());
    Collect(index);
    if (IsLate(outcome)) co_await libcontainerd::Sleep(runtime_, milliseconds(20));
    Status status = StatusOf(outcome);
    container.model.AddAnswered(name, AnswerTo(status), Now());
    co_return status;
  }

  // The engine

  void StateChanged(const std::string& id, const StateInfo& info, Done done) override {
    const std::size_t index = IndexOf(id);
    Container& container = containers_[index];
    const std::uint64_t number = ++result_.callbacks;
    const bool exec = info.state == ContainerState::kExitProcess;
    const ModelName process = exec ? NameOf(info.process) : kInitName;
    if (tells_) {
      Tell(id + ": " + StateWord(info.state) + " " + std::to_string(info.exit_code) + " " +
           info.process + (info.oom_killed ? " OOM-killed" : ""));
    }
    LookAtFiles(index, info.state, process);
    container.model.CallbackBegun(number, {info.state, process, info.exit_code, info.oom_killed},
                                  Now());
    Collect(index);
    const bool fails =
        info.state == ContainerState::kStart && container.create == Outcome::kCallbackFails;
    auto end = [this, index, number, fails, done = std::move(done)]() mutable {
      containers_[index].model.CallbackEnded(number, fails, Now());
      Collect(index);
      done(fails ? Status(Fail(ErrorCode::kInternal, "the engine refuses")) : Status());
    };
    if (container.holds) {
      container.held.emplace_back(std::move(end));
    } else {
      end();
    }
  }

  // As they are when a callback begins.
  void LookAtFiles(std::size_t index, ContainerState state, ModelName process) {
    ContainerModel& model = containers_[index].model;
    if (state == ContainerState::kExit) {
      const bool there = bundles_.configs().contains(bundles_.PathOf(kIds[index]));
      there ? model.BundleMade(Now()) : model.BundleRemoved();
    } else if (state == ContainerState::kExitProcess) {
      LookAtFifos(index, process);
    }
  }
  void LookAtFifos(std::size_t index, ModelName process) {
    ContainerModel& model = containers_[index].model;
    const auto paths = libcontainerd::StdioPaths::In(bundles_.PathOf(kIds[index]), kNames[process]);
    fifos_.Exists(paths.out) ? model.FifosMade(process, Now()) : model.FifosRemoved(process);
  }

  void AttachStreams(const std::string& id, const std::string& process, IoPipe pipe,
                     Done done) override {
    const std::size_t index = IndexOf(id);
    const ModelName name = NameOf(process);
    Container& container = containers_[index];
    pipes_.push_back(std::move(pipe));
    const Outcome outcome = name == kInitName ? container.create : container.add[name];
    const bool fails = name != kInitName && outcome == Outcome::kCallbackFails;
    auto end = [this, index, name, fails, done = std::move(done)]() mutable {
      containers_[index].model.AttachEnded(name, fails, Now());
      done(fails ? Status(Fail(ErrorCode::kInternal, "the engine refuses")) : Status());
    };
    if (outcome == Outcome::kAttachHeld) {
      container.held.emplace_back(std::move(end));
    } else {
      end();
    }
  }

  // The end

  bool client_tracks(std::size_t index) const {
    return std::ranges::any_of(client_.Tracked(),
                               [&](const auto& each) { return each.id == kIds[index]; });
  }

  void End() {
    // Everything comes to rest.
    constexpr int kRounds = 4;
    for (int i = 0; i < kRounds; ++i) {
      for (Container& each : containers_) Release(each);
      runtime_.AdvanceTo(runtime_.Now() + milliseconds(100));
    }
    for (std::size_t i = 0; i < containers_.size(); ++i) {
      containers_[i].model.Rest(client_tracks(i), Now());
      Collect(i);
      containers_[i].model.Closing();
    }
    pipes_.clear();
    bool closed = false;
    libcontainerd::Spawn(runtime_, Close(&closed));
    const bool over = runtime_.RunUntil([&] { return closed; }, std::chrono::minutes(5));
    runtime_.RunReady();
    if (!over) result_.differences.emplace_back("the client does not close");
    if (runtime_.failure()) {
      result_.differences.push_back("escaped: " +
                                    libcontainerd::DescribeFailure(runtime_.failure()));
    }
  }
  Awaitable<void> Close(bool* closed) {
    auto closing = client_.Close();
    co_await std::move(closing);
    *closed = true;
  }

  const EventSequence& sequence_;
  const bool tells_;
  libcontainerd::SimulatedRuntime runtime_;
  libcontainerd::MemoryFifos fifos_;
  libcontainerd::MemoryBundleStore bundles_;
  libcontainerd::MemoryStdio stdio_;
  std::array<Container, EventSequence::kContainers> containers_;
  std::vector<IoPipe> pipes_;
  EventSequenceResult result_;
  std::uint64_t mark_ = 0;
  std::uint64_t calls_ = 0;
  std::int64_t events_ = 0;
  libcontainerd::Client client_;
};

EventSequenceResult RunEventSequence(const EventSequence& sequence, bool story,
                                     const libcontainerd::ReferenceBehaviour& reference) {
  return SequenceRig(sequence, story, reference).Run();
}

EventSequence DecodeEventSequence(std::span<const std::uint8_t> bytes) {
  EventSequence sequence;
  if (!bytes.empty()) sequence.created = bytes[0] & 7U;
  if (bytes.size() > 1) sequence.seed = bytes[1];
  for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
    if (sequence.steps.size() == EventSequence::kMostSteps) break;
    const std::uint8_t first = bytes[at];
    const std::uint8_t second = bytes[at + 1];
    EventStep step;
    step.kind = static_cast<Kind>(first % kKinds);
    step.container = static_cast<std::uint8_t>((first >> 4 & 3U) % EventSequence::kContainers);
    step.settles = (first & 0x40U) == 0;
    step.process = first >> 7;
    if (IsEvent(step.kind)) step.stamp = static_cast<Stamp>(second & 3U);
    const std::uint8_t rest = second >> 2 & 7U;
    if (step.kind == Kind::kCreate || step.kind == Kind::kAddProcess) {
      step.outcome = static_cast<Outcome>(rest % kOutcomes);
    } else if (step.kind == Kind::kWait || step.stamp == Stamp::kAgain) {
      step.number = rest;
    }
    sequence.steps.push_back(step);
  }
  return sequence;
}

std::vector<std::uint8_t> EncodeEventSequence(const EventSequence& sequence) {
  std::vector<std::uint8_t> bytes{sequence.created, static_cast<std::uint8_t>(sequence.seed)};
  for (const EventStep& step : sequence.steps) {
    const bool outcome = step.kind == Kind::kCreate || step.kind == Kind::kAddProcess;
    const unsigned rest = outcome ? static_cast<unsigned>(step.outcome) : step.number;
    bytes.push_back(
        static_cast<std::uint8_t>(static_cast<unsigned>(step.kind) | unsigned{step.container} << 4 |
                                  (step.settles ? 0U : 0x40U) | unsigned{step.process} << 7));
    bytes.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(step.stamp) | rest << 2));
  }
  return bytes;
}

std::string EventStepText(const EventStep& step) {
  constexpr std::array kStamps = {"", " again", " from before the last create", " without a time"};
  constexpr std::array kAnswers = {"",
                                   " (refused)",
                                   " (its answer is lost)",
                                   " (the engine refuses it)",
                                   " (answered late)",
                                   " (refused late)",
                                   " (its attach is held)"};
  const std::string name = kNames[step.process + 1U];
  const std::string answer = kAnswers[static_cast<std::size_t>(step.outcome)];
  std::string text = kIds[step.container] + std::string(": ");
  switch (step.kind) {
    case Kind::kCreate:
      text += "create" + answer;
      break;
    case Kind::kAddProcess:
      text += "add-process " + name + answer;
      break;
    case Kind::kPauseCall:
      text += "call pause";
      break;
    case Kind::kResumeCall:
      text += "call resume";
      break;
    case Kind::kWait:
      text = std::to_string(kWaits[step.number]) + " ms pass";
      break;
    case Kind::kHold:
      text += "callbacks are held";
      break;
    case Kind::kRelease:
      text += "callbacks go on";
      break;
    case Kind::kSettle:
      return "settle";
    default:
      if (step.stamp == Stamp::kAgain) {
        text += "the event " + std::to_string(step.number + 1) + " back once more, else ";
      }
      text += std::string("event ") + TypeWord(step.kind);
      if (step.kind == Kind::kExecExit || step.kind == Kind::kStartProcess) text += " of " + name;
      if (step.stamp != Stamp::kAgain) text += kStamps[static_cast<std::size_t>(step.stamp)];
  }
  return text + (step.settles ? "" : ", and at once");
}

std::string EventSequenceText(const EventSequence& sequence) {
  std::string text = "seed " + std::to_string(sequence.seed) + ", running:";
  for (std::size_t i = 0; i < EventSequence::kContainers; ++i) {
    if ((sequence.created >> i & 1U) != 0) text += std::string(" ") + kIds[i];
  }
  text += "\n";
  for (const EventStep& step : sequence.steps) text += EventStepText(step) + "\n";
  return text;
}

}  // namespace scenarios
