// Arbitrary bytes as requests of the 0.2 API, one after the other, to a whole daemon without gRPC:
// what a client may send that keeps to no rule. All eleven methods, the event stream and health
// checks; and what the control service does to a daemon meanwhile: holds, releases, fault plans,
// events out of nothing, restarts. Nothing may escape, what is answered can be sent and read, and
// the daemon still answers in the end.
//
// Input: for each step a byte that chooses, a byte with the length of what follows, and so many
// bytes. The lower half of the first byte chooses: 0 to 10 a method and 11 an event stream, with a
// message in its wire form (what does not parse counts as an empty one); 12 a hold, or with a `-`
// before it a release, of the point that is written there; 13 a plan of faults; 14 an event; 15
// health, a stop or a start of the daemon, or a second that passes. From 128 on everything that is
// ready runs before the next step.
//
// Not covered: gRPC itself and the control service's own messages, real FIFOs and directories, and
// whether answers are the right ones.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "fake_containerd/fault_plan.h"
#include "fake_containerd/memory_process_io.h"
#include "fake_containerd/served_api.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/memory_fifos.h"
#include "libcontainerd/simulated_runtime.h"

namespace {

using google::protobuf::Message;
using libcontainerd::Method;

struct Messages {
  std::unique_ptr<Message> request;
  std::unique_ptr<Message> response;
};

template <class Request>
Messages Of() {
  return {std::make_unique<Request>(), std::make_unique<libcontainerd::ResponseOf<Request>>()};
}

Messages MessagesOf(Method method) {
  switch (method) {
    case Method::kGetServerVersion:
      return Of<types::GetServerVersionRequest>();
    case Method::kCreateContainer:
      return Of<types::CreateContainerRequest>();
    case Method::kUpdateContainer:
      return Of<types::UpdateContainerRequest>();
    case Method::kSignal:
      return Of<types::SignalRequest>();
    case Method::kUpdateProcess:
      return Of<types::UpdateProcessRequest>();
    case Method::kAddProcess:
      return Of<types::AddProcessRequest>();
    case Method::kCreateCheckpoint:
      return Of<types::CreateCheckpointRequest>();
    case Method::kDeleteCheckpoint:
      return Of<types::DeleteCheckpointRequest>();
    case Method::kListCheckpoint:
      return Of<types::ListCheckpointRequest>();
    case Method::kState:
      return Of<types::StateRequest>();
    case Method::kStats:
      return Of<types::StatsRequest>();
  }
  std::abort();
}

void Require(bool holds) {
  if (!holds) std::abort();
}

// As over gRPC nothing of a message arrives that is none; here it counts as an empty one.
void Parse(const std::string& bytes, Message& message) {
  if (!message.ParseFromString(bytes)) message.Clear();
}

class CheckEvents final : public libcontainerd::EventSink {
 public:
  void OnEvents(std::span<const types::Event> events) override {
    for (const types::Event& event : events) Require(!event.type().empty());
  }
  void OnEnd(libcontainerd::Status) override {}
};

libcontainerd::Awaitable<void> Send(libcontainerd::ContainerdApi& api, Method method,
                                    std::shared_ptr<Messages> messages) {
  auto serving = api.Unary(method, *messages->request, *messages->response, std::chrono::hours(1));
  const libcontainerd::Status status = co_await std::move(serving);
  if (!status) co_return;
  std::unique_ptr<Message> again(messages->response->New());
  const std::string sent = messages->response->SerializeAsString();
  Require(again->ParseFromString(sent));
}

libcontainerd::Awaitable<void> CheckHealth(libcontainerd::ContainerdApi& api) {
  auto checking = api.CheckHealth(std::chrono::seconds(3));
  static_cast<void>(co_await std::move(checking));
}

libcontainerd::Awaitable<void> StillServed(libcontainerd::ContainerdApi& api,
                                           std::shared_ptr<bool> served) {
  auto calling = libcontainerd::Call(api, types::GetServerVersionRequest(), std::chrono::hours(1));
  const auto version = co_await std::move(calling);
  *served = version.has_value();
}

fake_containerd::WorldOptions OptionsOf(fake_containerd::JournalLog& journal) {
  journal.Keep();
  fake_containerd::WorldOptions options;
  options.observer = &journal;
  return options;
}

// A daemon, and the steps of an input.
class Daemon {
 public:
  Daemon() { Require(world_.StartDaemon().has_value()); }

  void Do(std::uint8_t choice, const std::string& bytes) {
    constexpr std::uint8_t kEvents = libcontainerd::kMethodCount;
    const std::uint8_t what = choice % 16;
    if (what < libcontainerd::kMethodCount) {
      const auto method = static_cast<Method>(what);
      auto messages = std::make_shared<Messages>(MessagesOf(method));
      Parse(bytes, *messages->request);
      libcontainerd::Spawn(runtime_, Send(api_, method, messages));
    } else if (what == kEvents) {
      types::EventsRequest request;
      Parse(bytes, request);
      stream_ = api_.Events(request, sink_);
    } else {
      Disturb(what, bytes);
    }
    if (choice >= 128) runtime_.RunReady();  // else the next comes meanwhile
  }

  // Faults off, nothing held, and after a restart if anything disturbed it.
  void End() {
    if (disturbed_) {
      world_.injector().ClearFaults();
      world_.injector().ReleaseAll();
      runtime_.Run();
      world_.StopDaemon();
      for (int tries = 0; tries < 2 && !world_.daemon_running(); ++tries) {
        static_cast<void>(world_.StartDaemon());  // the first may find a log that is none
      }
    }
    const auto served = std::make_shared<bool>(false);
    libcontainerd::Spawn(runtime_, StillServed(api_, served));
    runtime_.Run();
    Require(*served);
    stream_.reset();
    world_.StopDaemon();
    runtime_.Run();
    Require(runtime_.failure() == nullptr);
  }

 private:
  void Disturb(std::uint8_t what, const std::string& bytes) {
    fake_containerd::Injector& injector = world_.injector();
    if (what == 12 && bytes.starts_with('-')) {
      static_cast<void>(injector.Release(bytes.substr(1), 1));
    } else if (what == 12) {
      disturbed_ = injector.Hold(bytes).has_value() || disturbed_;
    } else if (what == 13) {
      auto plan = fake_containerd::FaultPlan::Parse(bytes);
      if (!plan) return;
      disturbed_ = true;
      injector.SetFaults(std::move(*plan));
    } else if (what == 14) {
      types::Event event;
      Parse(bytes, event);
      const auto kind = fake_containerd::EventKindFromName(event.type());
      if (!kind) return;
      world_.Emit({.kind = *kind,
                   .container = {.id = event.id()},
                   .process = event.pid(),
                   .status = event.status()});
    } else {
      DisturbDaemon(bytes.empty() ? '\0' : bytes[0]);
    }
  }

  void DisturbDaemon(char how) {
    switch (how) {
      case 'x':
        disturbed_ = true;
        return world_.StopDaemon();
      case 's':
        static_cast<void>(world_.StartDaemon());
        return;
      case 't':
        return runtime_.Run(std::chrono::seconds(1));
      default:
        libcontainerd::Spawn(runtime_, CheckHealth(api_));
    }
  }

  libcontainerd::SimulatedRuntime runtime_{1};
  libcontainerd::MemoryFifos fifos_{runtime_};
  fake_containerd::MemoryProcessIo io_{fifos_};
  fake_containerd::Happenings happenings_;
  fake_containerd::JournalLog journal_{runtime_};
  fake_containerd::World world_{runtime_, io_, OptionsOf(journal_)};
  fake_containerd::v0::MemoryBundleReader bundles_{[](const std::string&) {
    return std::optional<std::string>(R"({"process": {"args": ["/bin/x"]}, "linux": {}})");
  }};
  fake_containerd::v0::Facade facade_{world_, bundles_, {}};
  fake_containerd::ServedApi api_{
      {.runtime = runtime_, .api = facade_, .happenings = happenings_, .journal = journal_}};
  CheckEvents sink_;
  std::unique_ptr<libcontainerd::EventStream> stream_;
  bool disturbed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Daemon daemon;
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::uint8_t choice = data[at];
    const std::size_t length = std::min<std::size_t>(data[at + 1], size - at - 2);
    const std::string bytes(reinterpret_cast<const char*>(data + at + 2), length);
    at += 2 + length;
    daemon.Do(choice, bytes);
  }
  daemon.End();
  return 0;
}
