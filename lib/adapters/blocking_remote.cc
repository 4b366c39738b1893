#include "libcontainerd/blocking_remote.h"

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <asio/post.hpp>

#include "lib/adapters/files.h"
#include "libcontainerd/directory_bundle_store.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/file_cursor_store.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/process_daemon_launcher.h"
#include "libcontainerd/remote.h"
#include "libcontainerd/threaded_runtime.h"

namespace libcontainerd {
namespace {

constexpr std::string_view kScheme = "unix://";
constexpr unsigned kStateDirMode = 0700;

tl::unexpected<Error> FailedToConnect(const Error& error) {
  return Fail(error.code,
              "Failed to connect to containerd. Please make sure containerd is installed in your "
              "PATH or you have specified the correct address. Got error: " +
                  error.message);
}

// With what is missing above it; a directory that is there keeps its mode.
Status MakeDirectories(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  if (path.has_relative_path()) {
    if (Status parent = MakeDirectories(path.parent_path()); !parent) return parent;
  }
  Status made = MakeDirectory(path.string(), kStateDirMode);
  if (!made && std::filesystem::is_directory(path, error)) return {};  // by somebody else just now
  return made;
}

// Absolute, without the slash at the end that would make its last part empty.
Result<std::string> PrepareStateDir(const std::string& state_dir) {
  if (state_dir.empty()) return Fail(ErrorCode::kInvalidArgument, "no state directory was given");
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(state_dir, error).lexically_normal();
  if (error) return Fail(SystemError("stat", state_dir, error.value()));
  if (!path.has_filename()) path = path.parent_path();
  if (Status made = MakeDirectories(path); !made) return Fail(std::move(made).error());
  return path.string();
}

std::string SocketPath(const BlockingRemoteOptions& options) {
  if (options.address.empty()) return options.state_dir + "/docker-containerd.sock";
  const std::string_view address = options.address;
  return std::string(address.starts_with(kScheme) ? address.substr(kScheme.size()) : address);
}

DaemonOptions MakeDaemonOptions(const BlockingRemoteOptions& options) {
  DaemonOptions daemon;
  daemon.program = options.daemon_program;
  daemon.shim = options.shim_program;
  daemon.socket = SocketPath(options);
  daemon.state_dir = options.state_dir + "/containerd";
  daemon.runtime = options.runtime;
  daemon.runtime_args = options.runtime_args;
  daemon.debug = options.debug;
  daemon.oom_score_adj = options.oom_score_adj;
  return daemon;
}

// The connection, until it is closed; its users outlive it. Executor's thread, but for the end of
// what Take() gave out.
class Connection final : public ContainerdApi {
 public:
  void Set(std::unique_ptr<ContainerdApi> api) { api_ = std::move(api); }
  std::unique_ptr<ContainerdApi> Take() { return std::move(api_); }

  Awaitable<Status> Unary(Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, Duration timeout) override {
    if (!api_) return Closed();
    return api_->Unary(method, request, response, timeout);
  }
  // Only of the remote, which ends before the connection.
  std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& sink) override {
    return api_->Events(std::move(request), sink);
  }
  Awaitable<Status> CheckHealth(Duration timeout) override {
    if (!api_) return Closed();
    return api_->CheckHealth(timeout);
  }

 private:
  static Awaitable<Status> Closed() {
    co_return Fail(ErrorCode::kCancelled, "the remote is closed");
  }
  std::unique_ptr<ContainerdApi> api_;
};

}  // namespace

void BlockingRemoteOptions::TakeFromEnvironment() {
  const char* no_clean = std::getenv("LIBCONTAINERD_NOCLEAN");
  if (no_clean != nullptr && std::string_view(no_clean) == "1") keep_bundles = true;
  const char* ramdisk = std::getenv("DOCKER_RAMDISK");
  if (ramdisk != nullptr && *ramdisk != '\0') no_pivot_root = true;
}

// Made in the order in which one thing needs the other; each lives on the executor but for the
// connection, which is ended from outside.
class BlockingRemote::Impl {
 public:
  explicit Impl(BlockingRemoteOptions options)
      : options_(std::move(options)),
        socket_(SocketPath(options_)),
        runtime_(options_.clock),
        stdio_(runtime_),
        bundles_(runtime_, MakeBundleOptions(options_)),
        cursor_(runtime_, options_.state_dir) {}

  ~Impl() {
    Close();
    OnExecutor([this] {
      supervisor_.reset();
      remote_.reset();
      clients_.clear();
      return Unit();
    });
    launcher_.reset();  // an owned daemon dies here
    runtime_.Drain();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Start() {
    Result<std::unique_ptr<ContainerdApi>> connected = ConnectUnixSocket(runtime_, socket_);
    if (!connected) return Fail(std::move(connected).error());
    OnExecutor([&] {
      api_.Set(std::move(*connected));
      return Unit();
    });
    if (options_.start_daemon.value_or(options_.address.empty())) {
      launcher_ = std::make_unique<ProcessDaemonLauncher>(
          runtime_,
          ProcessDaemonLauncher::Options{.pid_file = options_.state_dir + "/docker-containerd.pid",
                                         .stdout_fd = options_.daemon_stdout_fd,
                                         .stderr_fd = options_.daemon_stderr_fd});
    }
    Status started = StartOnExecutor();
    // A daemon that we started is ours to end, one that ran before is not.
    if (!started && daemon_status().starts > 0) static_cast<void>(Cleanup());
    return started;
  }

  BlockingClient& NewClient(BlockingBackend& backend) {
    const std::lock_guard lock(closing_);
    BlockingClient* const made = OnExecutor([this, &backend] {
      EngineClient& client = clients_.emplace_back(*this, backend);
      if (!closed_) remote_->Add(client.client);
      return &client.blocking;
    });
    WaitFor(runtime_, CloseClientsIfClosed(this));
    return *made;
  }

  void UpdateOptions(const BlockingRemoteUpdate& update) {
    OnExecutor([this, &update] {
      if (update.live_restore) options_.live_restore = *update.live_restore;
      if (update.debug) options_.debug = *update.debug;
      if (update.runtime) options_.runtime = *update.runtime;
      if (update.runtime_args) options_.runtime_args = *update.runtime_args;
      if (update.oom_score_adj) options_.oom_score_adj = *update.oom_score_adj;
      if (supervisor_) supervisor_->UpdateOptions(MakeDaemonOptions(options_));
      for (EngineClient& each : clients_) each.client.SetLiveRestore(options_.live_restore);
      return Unit();
    });
  }

  void Close() {
    const std::lock_guard lock(closing_);
    WaitFor(runtime_, CloseOnExecutor(this));
    // gRPC is waited for, which may need the executor.
    std::unique_ptr<ContainerdApi> connection = OnExecutor([this] { return api_.Take(); });
    connection.reset();
    runtime_.Drain();
  }

  Status Cleanup() {
    Close();
    const bool supervised = OnExecutor([this] { return supervisor_.has_value(); });
    return supervised ? WaitFor(runtime_, supervisor_->Cleanup()) : Status();
  }

  DaemonStatus daemon_status() {
    return OnExecutor([this] { return supervisor_ ? supervisor_->status() : DaemonStatus(); });
  }
  Runtime& runtime() { return runtime_; }
  const std::string& socket() const { return socket_; }

 private:
  struct EngineClient {
    EngineClient(Impl& remote, BlockingBackend& backend)
        : adapter(remote.runtime_, backend),
          client(remote.MakePorts(), adapter, remote.MakeClientOptions()),
          blocking(remote.runtime_, client) {
      client.SetLiveRestore(remote.options_.live_restore);
      client.SetHandledUntil(remote.handled_until_);
    }
    BlockingBackendAdapter adapter;
    Client client;
    BlockingClient blocking;
    bool closed = false;
  };

  static DirectoryBundleStore::Options MakeBundleOptions(const BlockingRemoteOptions& options) {
    DirectoryBundleStore::Options bundles;
    bundles.state_dir = options.state_dir;
    bundles.keep_bundles = options.keep_bundles;
    return bundles;
  }
  Client::Ports MakePorts() {
    return {.runtime = runtime_, .api = api_, .stdio = stdio_, .bundles = bundles_};
  }
  ClientOptions MakeClientOptions() const {
    ClientOptions client;
    client.timing = options_.timing;
    client.reference = options_.reference;
    client.no_pivot_root = options_.no_pivot_root;
    return client;
  }

  // What `step` returns, from the executor.
  template <class Step>
  std::invoke_result_t<Step&> OnExecutor(Step step) {
    std::promise<std::invoke_result_t<Step&>> promise;
    auto done = promise.get_future();
    asio::post(runtime_.executor(),
               [&step, promise = std::move(promise)]() mutable { promise.set_value(step()); });
    return done.get();
  }

  Status StartOnExecutor() {
    OnExecutor([this] {
      DaemonSupervisor::Settings settings;
      settings.timing = options_.timing;
      settings.reference = options_.reference;
      settings.observer = options_.observer;
      supervisor_.emplace(DaemonSupervisor::Ports{runtime_, api_, launcher_.get()},
                          MakeDaemonOptions(options_), std::move(settings));
      RemoteOptions remote;
      remote.timing = options_.timing;
      remote.reference = options_.reference;
      remote_.emplace(Remote::Ports{runtime_, api_, cursor_}, remote);
      return Unit();
    });
    return WaitFor(runtime_, StartParts(this));
  }

  static Awaitable<Status> StartParts(Impl* self) {
    Status started = co_await self->supervisor_->Start();
    if (!started) co_return started;
    started =
        co_await self->supervisor_->WaitUntilHealthy(self->options_.timing.daemon_ready_deadline);
    if (!started) co_return started;
    started = co_await self->remote_->Start();
    if (!started) co_return started;
    self->remote_started_ = true;
    self->handled_until_ = self->remote_->cursor();
    co_return Status();
  }

  // First what feeds the clients: what they leave undone then counts as not handled.
  static Awaitable<void> CloseOnExecutor(Impl* self) {
    if (!std::exchange(self->closed_, true)) {
      if (self->remote_started_) co_await self->remote_->Close();
      if (self->supervisor_) co_await self->supervisor_->Close();
    }
    co_await CloseClientsIfClosed(self);
  }
  static Awaitable<void> CloseClientsIfClosed(Impl* self) {
    if (!self->closed_) co_return;
    for (EngineClient& each : self->clients_) {
      if (!std::exchange(each.closed, true)) co_await each.client.Close();
    }
  }

  BlockingRemoteOptions options_;  // the executor's, once started
  const std::string socket_;
  std::mutex closing_;  // one Close() or NewClient() at a time
  ThreadedRuntime runtime_;
  FifoStdio stdio_;
  DirectoryBundleStore bundles_;
  FileCursorStore cursor_;
  Connection api_;
  std::unique_ptr<ProcessDaemonLauncher> launcher_;
  std::optional<DaemonSupervisor> supervisor_;
  std::optional<Remote> remote_;
  bool remote_started_ = false;
  WallTime handled_until_{};
  bool closed_ = false;
  std::deque<EngineClient> clients_;
};

BlockingRemote::BlockingRemote(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

BlockingRemote::~BlockingRemote() = default;

Result<std::unique_ptr<BlockingRemote>> BlockingRemote::Start(BlockingRemoteOptions options) {
  Result<std::string> state_dir = PrepareStateDir(options.state_dir);
  if (!state_dir) return FailedToConnect(state_dir.error());
  options.state_dir = std::move(*state_dir);
  auto impl = std::make_unique<Impl>(std::move(options));
  if (Status started = impl->Start(); !started) return FailedToConnect(started.error());
  return std::unique_ptr<BlockingRemote>(new BlockingRemote(std::move(impl)));
}

BlockingClient& BlockingRemote::NewClient(BlockingBackend& backend) {
  return impl_->NewClient(backend);
}
void BlockingRemote::UpdateOptions(const BlockingRemoteUpdate& update) {
  impl_->UpdateOptions(update);
}
void BlockingRemote::Close() {
  impl_->Close();
}
Status BlockingRemote::Cleanup() {
  return impl_->Cleanup();
}
Runtime& BlockingRemote::runtime() {
  return impl_->runtime();
}
DaemonStatus BlockingRemote::daemon_status() {
  return impl_->daemon_status();
}
const std::string& BlockingRemote::socket_path() const {
  return impl_->socket();
}

}  // namespace libcontainerd
