#include "fake_containerd/daemon.h"

#include <cerrno>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <asio/post.hpp>

#include "fake_containerd/fifo_process_io.h"
#include "fake_containerd/server.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/threaded_runtime.h"

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;

namespace {

constexpr std::uint32_t kLostStatus = 255;

Status MakeStateDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error && ::access(path.c_str(), W_OK | X_OK) != 0) {
    error = std::error_code(errno, std::generic_category());
  }
  if (!error) return {};
  return Fail(ErrorCode::kUnavailable,
              "state directory " + path + " cannot be used: " + error.message());
}

// Held until it is destroyed, or the process dies: a second daemon would empty our event log.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  ~DirectoryLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  Status Take(const std::string& path) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
    const int error = errno;
    const std::string why = descriptor_ >= 0 && error == EWOULDBLOCK
                                ? "is in use"
                                : "cannot be used: " + std::generic_category().message(error);
    return Fail(ErrorCode::kUnavailable, "state directory " + path + " " + why);
  }

 private:
  int descriptor_ = -1;
};

// With --debug: one line for each thing that happens.
class DebugLog final : public WorldObserver {
 public:
  explicit DebugLog(bool on) : on_(on) {}

  void OnEventEmitted(const Event& event) override {
    Line("event " + std::string(EventKindName(event.kind)) + " of " + event.container.id + " " +
         event.process + " status " + std::to_string(event.status));
  }
  void OnEventDropped(const Event& event, std::uint64_t subscriber) override {
    Line("event not sent to subscriber " + std::to_string(subscriber) + ": " +
         std::string(EventKindName(event.kind)) + " of " + event.container.id);
  }
  void OnProcessStarted(const ContainerKey& container, const std::string& process,
                        std::uint32_t system_pid) override {
    Line("process " + process + " of " + container.id + " started, pid " +
         std::to_string(system_pid));
  }

  void Line(const std::string& text) const {
    if (on_) std::cerr << "fake-containerd: " + text + "\n" << std::flush;
  }

 private:
  const bool on_;
};

// What was started and has no exit in the log: by container, its processes.
std::map<ContainerKey, std::set<std::string>> RunningByLog(const std::vector<Event>& events) {
  std::map<ContainerKey, std::set<std::string>> running;
  for (const Event& event : events) {
    switch (event.kind) {
      case EventKind::kStartContainer:
        running[event.container].insert(kInitName);
        break;
      case EventKind::kStartProcess:
        running[event.container].insert(event.process);
        break;
      case EventKind::kExit:
        running[event.container].erase(event.process);
        break;
      default:
        break;
    }
  }
  return running;
}

std::vector<Event> LostExits(const std::vector<Event>& events) {
  std::vector<Event> lost;
  for (const auto& [container, processes] : RunningByLog(events)) {
    const auto add = [&lost, &key = container](const std::string& process) {
      lost.push_back(
          {.kind = EventKind::kExit, .container = key, .process = process, .status = kLostStatus});
    };
    for (const std::string& process : processes) {
      if (process != kInitName) add(process);
    }
    if (processes.contains(kInitName)) add(kInitName);
  }
  return lost;
}

}  // namespace

// In the order in which it depends on what stands above.
struct Daemon::Inside {
  explicit Inside(const DaemonOptions& options) : log(options.debug), io(runtime), reader(runtime) {
    WorldOptions world_options;
    world_options.observer = &log;
    world_options.start_timeout = options.start_timeout;
    world_options.default_runtime = options.runtime;
    world_options.retain_count = options.retain_count;
    world_options.event_log = std::filesystem::path(options.state_dir) / "events.log";
    world = std::make_unique<World>(runtime, io, std::move(world_options));
    v0::FacadeOptions facade_options;
    facade_options.state_dir = options.state_dir;
    facade = std::make_unique<v0::Facade>(*world, reader, std::move(facade_options));
    server = std::make_unique<Server>(runtime, *facade);
  }

  ~Inside() {
    server->Disconnect();
    OnExecutor([this] { world->StopDaemon(); });  // answers what the server waits for
    server->Stop();
    OnExecutor([this] {
      facade.reset();
      world.reset();
    });
    runtime.Drain();
    server.reset();
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  Status Serve(const DaemonOptions& options) {
    Status started = lock.Take(options.state_dir);
    if (!started) return started;
    OnExecutor([this, &started] {
      started = world->StartDaemon();
      if (!started) return;
      if (const auto& failure = world->event_log().store_failure()) {
        started = Fail(*failure);
        return;
      }
      for (Event& event : LostExits(world->event_log().events())) world->Emit(std::move(event));
    });
    if (started) started = server->Start(options.socket_path());
    if (started) log.Line("grpc api on " + options.socket_path());
    return started;
  }

  void OnExecutor(const std::function<void()>& step) {
    std::promise<void> promise;
    std::future<void> done = promise.get_future();
    asio::post(runtime.executor(), [&step, promise = std::move(promise)]() mutable {
      step();
      promise.set_value();
    });
    done.get();
  }

  DirectoryLock lock;
  DebugLog log;
  libcontainerd::ThreadedRuntime runtime;
  FifoProcessIo io;
  v0::FileBundleReader reader;
  std::unique_ptr<World> world;
  std::unique_ptr<v0::Facade> facade;
  std::unique_ptr<Server> server;
};

Daemon::Daemon() = default;

Daemon::~Daemon() {
  static_cast<void>(Stop());
}

Status Daemon::Start(const DaemonOptions& options) {
  if (inside_) return Fail(ErrorCode::kFailedPrecondition, "the daemon runs already");
  if (Status made = MakeStateDirectory(options.state_dir); !made) return made;
  auto inside = std::make_unique<Inside>(options);
  if (Status serving = inside->Serve(options); !serving) return serving;
  inside_ = std::move(inside);
  return {};
}

Status Daemon::Stop() {
  if (!inside_) return {};
  inside_->runtime.Drain();
  const std::exception_ptr failure = inside_->runtime.failure();
  inside_.reset();
  if (!failure) return {};
  return Fail(ErrorCode::kInternal,
              "inside the daemon: " + libcontainerd::DescribeFailure(failure));
}

}  // namespace fake_containerd
