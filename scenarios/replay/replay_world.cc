#include "scenarios/replay/replay_world.h"

#include <array>

#include <asio/post.hpp>

#include "fake_containerd/memory_process_io.h"
#include "libcontainerd/loopback_containerd_api.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/simulated_runtime.h"
#ifdef DRYDOCK_HAS_GRPC
#include "scenarios/replay/grpc_replay_world.h"
#endif

namespace scenarios {
namespace {

constexpr std::array<std::string_view, 3> kTransportNames = {"socket", "inprocess", "loopback"};
constexpr const char* kSimulatedDirectory = "/simulated";

class LoopbackWorld final : public ReplayWorld {
 public:
  explicit LoopbackWorld(const ReplayWorldOptions& options)
      : runtime_(options.seed, options.epoch),
        fifos_(runtime_),
        stdio_(runtime_, fifos_),
        bundles_(fifos_, std::string(kSimulatedDirectory) + "/state"),
        process_io_(fifos_) {
    runtime_.TellReadingsApart();
  }

  libcontainerd::Runtime& runtime() override { return runtime_; }
  libcontainerd::Stdio& stdio() override { return stdio_; }
  libcontainerd::BundleStore& bundles() override { return bundles_; }
  fake_containerd::ProcessIo& process_io() override { return process_io_; }
  std::string directory() const override { return kSimulatedDirectory; }

  using ReplayWorld::Connect;
  libcontainerd::Result<libcontainerd::ContainerdApi*> Connect(
      libcontainerd::ContainerdApi& daemon,
      std::shared_ptr<fake_containerd::Injector> /*relay*/) override {
    api_ = std::make_unique<libcontainerd::LoopbackContainerdApi>(runtime_, daemon);
    return api_.get();
  }
  void Disconnect() override { runtime_.RunReady(); }

  void Run(const std::function<void()>& step) override { step(); }
  using ReplayWorld::WaitUntil;
  bool WaitUntil(const std::function<bool()>& condition,
                 std::chrono::milliseconds /*patience*/) override {
    return runtime_.RunUntil(condition, libcontainerd::Duration::zero());
  }
  void Settle() override { runtime_.RunReady(); }
  void AdvanceTo(libcontainerd::Duration time) override { runtime_.AdvanceTo(time); }
  bool AdvanceUntil(const std::function<bool()>& condition, libcontainerd::Duration time) override {
    if (time > runtime_.Now() && runtime_.RunUntil(condition, time - runtime_.Now())) return true;
    runtime_.AdvanceTo(time);
    return false;
  }
  std::string failure() const override {
    return libcontainerd::DescribeFailure(runtime_.failure());
  }

 private:
  libcontainerd::SimulatedRuntime runtime_;
  libcontainerd::MemoryFifos fifos_;
  libcontainerd::MemoryStdio stdio_;
  libcontainerd::MemoryBundleStore bundles_;
  fake_containerd::MemoryProcessIo process_io_;
  std::unique_ptr<libcontainerd::LoopbackContainerdApi> api_;
};

}  // namespace

std::string_view TransportName(Transport transport) {
  return kTransportNames.at(static_cast<std::size_t>(transport));
}

libcontainerd::Result<Transport> ParseTransport(std::string_view name) {
  for (std::size_t i = 0; i < kTransportNames.size(); ++i) {
    if (kTransportNames.at(i) == name) return static_cast<Transport>(i);
  }
  return libcontainerd::Fail(
      libcontainerd::ErrorCode::kInvalidArgument,
      "transport \"" + std::string(name) + "\": expected socket, inprocess or loopback");
}

libcontainerd::Result<std::unique_ptr<ReplayWorld>> MakeReplayWorld(
    const ReplayWorldOptions& options) {
  if (options.transport == Transport::kLoopback) return std::make_unique<LoopbackWorld>(options);
#ifdef DRYDOCK_HAS_GRPC
  return MakeGrpcReplayWorld(options);
#else
  return libcontainerd::Fail(libcontainerd::ErrorCode::kUnimplemented,
                             "this build has no gRPC: only the loopback transport");
#endif
}

}  // namespace scenarios
