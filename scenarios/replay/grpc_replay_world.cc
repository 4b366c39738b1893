#include "scenarios/replay/grpc_replay_world.h"

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <vector>

#include <asio/post.hpp>

#include "fake_containerd/fifo_process_io.h"
#include "fake_containerd/server.h"
#include "libcontainerd/directory_bundle_store.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/threaded_runtime.h"

namespace scenarios {
namespace {

// A directory of its own under the system's temporary one, gone with this object.
class TemporaryDirectory {
 public:
  static libcontainerd::Result<std::unique_ptr<TemporaryDirectory>> Make() {
    std::error_code error;
    const std::filesystem::path base = std::filesystem::temp_directory_path(error);
    std::string pattern = (base / "drydock-XXXXXX").string();
    if (error || ::mkdtemp(pattern.data()) == nullptr) {
      return libcontainerd::Fail(libcontainerd::ErrorCode::kUnavailable,
                                 "cannot make a temporary directory " + pattern);
    }
    return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(std::move(pattern)));
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

class GrpcWorld final : public ReplayWorld {
 public:
  GrpcWorld(const ReplayWorldOptions& options, std::unique_ptr<TemporaryDirectory> directory)
      : transport_(options.transport),
        directory_(std::move(directory)),
        clock_(options.epoch),
        runtime_(&clock_),
        stdio_(runtime_),
        bundles_(runtime_, {.state_dir = directory_->path() + "/state", .keep_bundles = false}),
        process_io_(runtime_) {}
  ~GrpcWorld() override { Disconnect(); }

  libcontainerd::Runtime& runtime() override { return runtime_; }
  libcontainerd::Stdio& stdio() override { return stdio_; }
  libcontainerd::BundleStore& bundles() override { return bundles_; }
  fake_containerd::ProcessIo& process_io() override { return process_io_; }
  std::string directory() const override { return directory_->path(); }

  using ReplayWorld::Connect;
  libcontainerd::Result<libcontainerd::ContainerdApi*> Connect(
      libcontainerd::ContainerdApi& daemon,
      std::shared_ptr<fake_containerd::Injector> relay) override {
    // With a frame hook each event goes out only after the one before: the recorded order, frame by
    // frame.
    fake_containerd::ServerOptions options;
    if (transport_ == Transport::kSocket) options.relay = std::move(relay);
    server_ = std::make_unique<fake_containerd::Server>(
        runtime_, daemon, [](const fake_containerd::SentFrame&) {}, std::move(options));
    if (transport_ == Transport::kInProcess) {
      if (auto started = server_->StartInProcess(); !started)
        return libcontainerd::Fail(started.error());
      api_ = libcontainerd::ConnectChannel(runtime_, server_->InProcessChannel());
      return api_.get();
    }
    const std::string socket = directory_->path() + "/containerd.sock";
    if (auto started = server_->Start(socket); !started)
      return libcontainerd::Fail(started.error());
    auto connected = libcontainerd::ConnectUnixSocket(runtime_, socket);
    if (!connected) return libcontainerd::Fail(connected.error());
    api_ = std::move(*connected);
    return api_.get();
  }
  void PlanChanged() override {
    if (server_) server_->Reconsider();
  }
  void Disconnect() override {
    api_.reset();  // channels go before servers
    if (server_) server_->Stop();
    server_.reset();
  }

  void Run(const std::function<void()>& step) override {
    std::promise<void> done;
    asio::post(runtime_.executor(), [&] {
      step();
      done.set_value();
    });
    done.get_future().wait();
  }
  using ReplayWorld::WaitUntil;
  bool WaitUntil(const std::function<bool()>& condition,
                 std::chrono::milliseconds patience) override {
    // What is awaited comes from other threads within microseconds, or after a system call: look
    // again soon, then less often.
    constexpr int kLooks = 20;
    const auto give_up = std::chrono::steady_clock::now() + patience;
    bool holds = Look(condition, kLooks);
    while (!holds && std::chrono::steady_clock::now() <= give_up) {
      Pause(std::chrono::microseconds(200));
      holds = Look(condition, 1);
    }
    return holds;
  }
  // Each hop of a call through the core is a step of its own; the longest chain (reply, typed
  // result, operation, deferred stdin) is shorter than this.
  void Settle() override {
    constexpr int kHops = 12;
    runtime_.Drain(kHops);
    // Time stands still while the disk works.
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (runtime_.blocking_work() > 0 && std::chrono::steady_clock::now() < give_up) {
      Pause(std::chrono::microseconds(100));
      runtime_.Drain(kHops);
    }
  }
  void AdvanceTo(libcontainerd::Duration time) override { clock_.AdvanceTo(time); }
  std::optional<libcontainerd::Duration> NextTimer() const override { return runtime_.NextTimer(); }
  std::string failure() const override {
    return libcontainerd::DescribeFailure(runtime_.failure());
  }

 private:
  // So often, until it holds; between two looks whatever is ready runs. Each change of threads
  // costs more than many looks.
  bool Look(const std::function<bool()>& condition, int looks) {
    std::promise<bool> holds;
    std::future<bool> result = holds.get_future();
    PostLook(condition, looks, std::move(holds));
    return result.get();
  }
  void PostLook(const std::function<bool()>& condition, int looks, std::promise<bool> holds) {
    asio::post(runtime_.executor(), [this, &condition, looks, holds = std::move(holds)]() mutable {
      if (condition()) return holds.set_value(true);
      if (looks <= 1) return holds.set_value(false);
      PostLook(condition, looks - 1, std::move(holds));
    });
  }
  void Pause(std::chrono::microseconds time) {
    std::unique_lock lock(pause_mutex_);
    never_.wait_for(lock, time);
  }

  Transport transport_;
  std::unique_ptr<TemporaryDirectory> directory_;
  libcontainerd::SteppableClock clock_;
  libcontainerd::ThreadedRuntime runtime_;
  libcontainerd::FifoStdio stdio_;
  libcontainerd::DirectoryBundleStore bundles_;
  fake_containerd::FifoProcessIo process_io_;
  std::unique_ptr<fake_containerd::Server> server_;
  std::unique_ptr<libcontainerd::ContainerdApi> api_;
  std::mutex pause_mutex_;
  std::condition_variable never_;
};

}  // namespace

libcontainerd::Result<std::unique_ptr<ReplayWorld>> MakeGrpcReplayWorld(
    const ReplayWorldOptions& options) {
  auto directory = TemporaryDirectory::Make();
  if (!directory) return libcontainerd::Fail(directory.error());
  std::error_code error;
  std::filesystem::create_directory((*directory)->path() + "/state", error);
  if (error) {
    return libcontainerd::Fail(
        libcontainerd::ErrorCode::kUnavailable,
        "cannot make " + (*directory)->path() + "/state: " + error.message());
  }
  return std::make_unique<GrpcWorld>(options, std::move(*directory));
}

}  // namespace scenarios
