// A facade over a simulated world, with bundles in memory, for tests.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/v0/facade.h"
#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd::v0 {

inline constexpr char kConfig[] = R"({
  "ociVersion": "1.0.0-rc1",
  "process": {
    "terminal": false,
    "user": {"uid": 1, "gid": 2, "additionalGids": [3]},
    "args": ["/bin/sleep", "100"],
    "env": ["PATH=/bin"],
    "cwd": "/",
    "capabilities": ["CAP_KILL"],
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 512}]
  },
  "linux": {"cgroupsPath": "/oracle/c1"}
})";

// "3 text": an error in one line; "OK" for none.
template <class T>
std::string Outcome(const libcontainerd::Result<T>& result) {
  if (result) return "OK";
  return std::to_string(static_cast<int>(result.error().code)) + " " + result.error().message;
}

class Sink final : public libcontainerd::EventSink {
 public:
  void OnEvents(std::span<const types::Event> events) override {
    for (const types::Event& event : events) {
      std::string line = event.type();
      line.append(" ").append(event.id());
      if (!event.pid().empty()) line.append("/").append(event.pid());
      if (event.type() == "exit") line.append(" ").append(std::to_string(event.status()));
      lines.push_back(std::move(line));
      received.push_back(event);
    }
    ++bursts;
  }
  void OnEnd(libcontainerd::Status status) override { end = Outcome(status); }

  std::vector<std::string> lines;
  std::vector<types::Event> received;
  int bursts = 0;
  std::string end;
};

struct FacadeHarness : Harness {
  static constexpr Duration kPatience = std::chrono::hours(1);

  explicit FacadeHarness(std::uint64_t seed = 1, WorldOptions options = {},
                         FacadeOptions facade = {})
      : Harness(seed, std::move(options)), api(world, bundles, std::move(facade)) {}

  template <class Request>
  libcontainerd::Result<libcontainerd::ResponseOf<Request>> Call(Request request,
                                                                 Duration timeout = kPatience) {
    return Run(libcontainerd::Call(api, std::move(request), timeout));
  }
  template <class Request>
  std::string Try(Request request) {
    return Outcome(Call(std::move(request)));
  }
  static types::CreateContainerRequest CreateRequest(const std::string& id) {
    types::CreateContainerRequest request;
    request.set_id(id);
    request.set_bundlepath("/state/" + id);
    return request;
  }
  static types::AddProcessRequest ExecRequest(const std::string& id, const std::string& pid,
                                              const std::string& binary = "/bin/true") {
    types::AddProcessRequest request;
    request.set_id(id);
    request.set_pid(pid);
    request.mutable_user();
    request.add_args(binary);
    request.set_cwd("/");
    return request;
  }
  static types::SignalRequest SignalOf(const std::string& id, const std::string& pid,
                                       std::uint32_t signal) {
    types::SignalRequest request;
    request.set_id(id);
    request.set_pid(pid);
    request.set_signal(signal);
    return request;
  }
  static types::UpdateContainerRequest StatusOf(const std::string& id, const std::string& status) {
    types::UpdateContainerRequest request;
    request.set_id(id);
    request.set_status(status);
    return request;
  }
  // With a bundle, and every event out.
  std::string Create(const std::string& id) {
    bundles.configs().try_emplace("/state/" + id, kConfig);
    std::string outcome = Try(CreateRequest(id));
    runtime.RunReady();
    return outcome;
  }
  types::Container StateOfOne(const std::string& id) {
    types::StateRequest request;
    request.set_id(id);
    const auto response = Call(request);
    return response && response->containers_size() == 1 ? response->containers(0)
                                                        : types::Container();
  }

  MemoryBundleReader bundles;
  Facade api;
};

}  // namespace fake_containerd::v0
