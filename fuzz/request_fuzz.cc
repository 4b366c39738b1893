// Arbitrary bytes as requests of the 0.2 API, one after the other, to a whole daemon without gRPC:
// what a client may send that keeps to no rule. Nothing may escape, and the daemon still answers.
//
// Input: for each request a byte that chooses the method, a byte with the message's length, and so
// many bytes of its wire form. What does not parse counts as an empty message.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

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

class Ignore final : public libcontainerd::EventSink {
 public:
  void OnEvents(std::span<const types::Event>) override {}
  void OnEnd(libcontainerd::Status) override {}
};

libcontainerd::Awaitable<void> Send(libcontainerd::ContainerdApi& api, Method method,
                                    std::shared_ptr<Messages> messages) {
  auto serving = api.Unary(method, *messages->request, *messages->response, std::chrono::hours(1));
  static_cast<void>(co_await std::move(serving));
}

libcontainerd::Awaitable<void> StillServed(libcontainerd::ContainerdApi& api,
                                           std::shared_ptr<bool> served) {
  auto calling = libcontainerd::Call(api, types::GetServerVersionRequest(), std::chrono::hours(1));
  const auto version = co_await std::move(calling);
  *served = version.has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  libcontainerd::SimulatedRuntime runtime(1);
  libcontainerd::MemoryFifos fifos(runtime);
  fake_containerd::MemoryProcessIo io(fifos);
  fake_containerd::Happenings happenings;
  fake_containerd::JournalLog journal(runtime);
  journal.Keep();
  fake_containerd::WorldOptions options;
  options.observer = &journal;
  fake_containerd::World world(runtime, io, std::move(options));
  fake_containerd::v0::MemoryBundleReader bundles([](const std::string&) {
    return std::optional<std::string>(R"({"process": {"args": ["/bin/x"]}, "linux": {}})");
  });
  fake_containerd::v0::Facade facade(world, bundles, {});
  fake_containerd::ServedApi api(
      {.runtime = runtime, .api = facade, .happenings = happenings, .journal = journal});
  if (!world.StartDaemon()) std::abort();

  Ignore sink;
  std::unique_ptr<libcontainerd::EventStream> stream;
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::uint8_t choice = data[at];
    const std::size_t length = std::min<std::size_t>(data[at + 1], size - at - 2);
    const auto* bytes = reinterpret_cast<const char*>(data + at + 2);
    at += 2 + length;
    if (choice % (libcontainerd::kMethodCount + 1) == libcontainerd::kMethodCount) {
      types::EventsRequest request;
      static_cast<void>(request.ParseFromArray(bytes, static_cast<int>(length)));
      stream = api.Events(request, sink);
      continue;
    }
    const auto method = static_cast<Method>(choice % (libcontainerd::kMethodCount + 1));
    auto messages = std::make_shared<Messages>(MessagesOf(method));
    static_cast<void>(messages->request->ParseFromArray(bytes, static_cast<int>(length)));
    libcontainerd::Spawn(runtime, Send(api, method, messages));
    if (choice >= 128) runtime.RunReady();  // else the next comes meanwhile
  }
  const auto served = std::make_shared<bool>(false);
  libcontainerd::Spawn(runtime, StillServed(api, served));
  runtime.Run();
  if (!*served) std::abort();
  stream.reset();
  world.StopDaemon();
  runtime.Run();
  if (runtime.failure()) std::abort();
  return 0;
}
