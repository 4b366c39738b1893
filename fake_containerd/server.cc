#include "fake_containerd/server.h"

#include <cerrno>
#include <chrono>
#include <climits>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include <sys/resource.h>

#include <grpcpp/channel.h>
#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_callback.h>

#include "containerd_v0.grpc.pb.h"
#include "fake_containerd/server_front.h"
#include "fake_containerd/server_health.h"
#include "fake_containerd/server_status.h"
#include "libcontainerd/event_burst.h"

namespace fake_containerd {
namespace {

using google::protobuf::Message;
using libcontainerd::Awaitable;
using libcontainerd::ContainerdApi;
using libcontainerd::Duration;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Method;
using libcontainerd::Runtime;
using libcontainerd::Status;

constexpr int kMaxMetadataBytes = 1 << 20;
// Events of one stream that wait here for the writer; more wait in the API, if it can keep them.
constexpr std::size_t kWindow = 256;
// Reflection, the only service with threads of its own, takes no more than these.
constexpr int kMaxThreads = 16;

// How long connections may take to close by themselves.
constexpr std::chrono::milliseconds kCutAfter{500};

// Tells that its owner has gone.
struct Farewell {
  ~Farewell() { promise.set_value(); }
  std::promise<void> promise;
};

// What the calls of one server share; each holds it. The executor's thread, once they run.
struct Context {
  Context(Runtime& its_runtime, ContainerdApi& its_api, FrameHook its_hook)
      : runtime(its_runtime), api(its_api), hook(std::move(its_hook)) {}

  void Report(SentFrame::Kind kind, std::uint64_t call, bool delivered) const {
    if (hook) hook(SentFrame{kind, call, delivered});
  }

  Farewell gone;  // first, so that it dies last
  Runtime& runtime;
  ContainerdApi& api;
  const FrameHook hook;
  std::uint64_t calls = 0;
};
using SharedContext = std::shared_ptr<Context>;

// One unary call. Alive until gRPC is done with it and the API's call has ended, whichever is
// later; hence messages of its own, for gRPC's die first when the client cancels.
class UnaryCall final : public grpc::ServerUnaryReactor,
                        public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(SharedContext context, Method method, const Message& request, Message& response)
      : context_(std::move(context)),
        method_(method),
        request_(request.New()),
        response_(response.New()),
        wire_response_(&response) {
    request_->CopyFrom(request);
  }

  void Begin() {
    self_ = shared_from_this();
    OnExecutor([](UnaryCall& call) {
      libcontainerd::Spawn(call.context_->runtime, Run(call.shared_from_this()));
    });
  }

  void OnCancel() override {
    OnExecutor([](UnaryCall& call) {
      call.delivered_ = false;
      call.FinishOnce(Fail(ErrorCode::kCancelled, "cancelled by the client"));
    });
  }

  void OnDone() override {
    OnExecutor([](UnaryCall& call) {
      if (call.number_ == 0) return;  // the API never saw it
      call.context_->Report(SentFrame::Kind::kReply, call.number_, call.delivered_);
    });
    const std::shared_ptr<UnaryCall> last = std::move(self_);
  }

 private:
  static Awaitable<void> Run(std::shared_ptr<UnaryCall> call) {
    if (call->finished_) co_return;  // cancelled before it began
    call->number_ = ++call->context_->calls;
    Status status;
    try {
      status = co_await call->context_->api.Unary(call->method_, *call->request_, *call->response_,
                                                  kNoTimeout);
    } catch (...) {  // a defect, which must not leave the client waiting
      call->context_->runtime.ReportFailure(std::current_exception());
      status = Fail(ErrorCode::kInternal, "the API threw an exception");
    }
    call->FinishOnce(std::move(status));
  }

  void OnExecutor(void (*step)(UnaryCall&)) {
    asio::post(context_->runtime.executor(), [self = shared_from_this(), step] { step(*self); });
  }

  // Executor's thread. gRPC frees its messages some time after this, not before.
  void FinishOnce(Status status) {
    if (std::exchange(finished_, true)) return;
    if (status) wire_response_->GetReflection()->Swap(wire_response_, response_.get());
    Finish(ToGrpc(status));
  }

  const SharedContext context_;
  const Method method_;
  const std::unique_ptr<Message> request_;
  const std::unique_ptr<Message> response_;
  Message* const wire_response_;
  std::shared_ptr<UnaryCall> self_;  // gRPC's reference
  // Executor's thread:
  std::uint64_t number_ = 0;  // 0 until the API is called
  bool finished_ = false;
  bool delivered_ = true;
};

// Events that wait to be written, first in, first out: a burst that is being written, and one that
// is filled meanwhile.
class MessageQueue {
 public:
  bool empty() const { return size() == 0; }
  std::size_t size() const { return leaving_.size() - next_ + coming_.size(); }
  void Push(const types::Event& event) { coming_.Add(event); }
  // What `into` was stays behind for its memory.
  void Pop(types::Event& into) {
    if (next_ == leaving_.size()) {
      leaving_.Clear();
      leaving_.swap(coming_);
      next_ = 0;
    }
    leaving_.at(next_++).Swap(&into);
  }
  void Clear() {
    leaving_.Clear();
    coming_.Clear();
    next_ = 0;
  }

 private:
  libcontainerd::EventBurst leaving_;
  libcontainerd::EventBurst coming_;
  std::size_t next_ = 0;
};

// One event stream. The API fills the queue on the executor; whoever finds the writer idle starts
// the next write: the executor, or gRPC's thread that completed the one before.
class EventsCall final : public grpc::ServerWriteReactor<types::Event>,
                         public libcontainerd::EventSink,
                         public std::enable_shared_from_this<EventsCall> {
 public:
  EventsCall(SharedContext context, types::EventsRequest request)
      : context_(std::move(context)), request_(std::move(request)) {}

  void Begin() {
    self_ = shared_from_this();
    OnExecutor([](EventsCall& call) { call.Subscribe(); });
  }

  void OnSendInitialMetadataDone(bool ok) override { Proceed(ok); }

  void OnWriteDone(bool ok) override {
    if (!context_->hook) return Proceed(ok);
    asio::post(context_->runtime.executor(), [self = shared_from_this(), ok] {
      self->context_->Report(SentFrame::Kind::kEvent, self->number_, ok);
      self->Proceed(ok);
    });
  }

  void OnCancel() override {
    {
      const std::lock_guard lock(mutex_);
      Abandon();
    }
    Pump();
  }

  void OnDone() override {
    OnExecutor([](EventsCall& call) {
      call.stream_.reset();
      call.context_->Report(SentFrame::Kind::kEndOfEvents, call.number_, true);
    });
    const std::shared_ptr<EventsCall> last = std::move(self_);
  }

  std::size_t Capacity() const override {
    if (context_->hook) return kUnlimited;
    const std::lock_guard lock(mutex_);
    full_ = queue_.size() >= kWindow;
    return full_ ? 0 : kWindow - queue_.size();
  }

  void OnEvents(std::span<const types::Event> events) override {
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return;
      for (const types::Event& event : events) queue_.Push(event);
    }
    Pump();
  }

  void OnEnd(Status status) override {
    {
      const std::lock_guard lock(mutex_);
      end_ = std::move(status);
    }
    Pump();
  }

 private:
  void OnExecutor(void (*step)(EventsCall&)) {
    asio::post(context_->runtime.executor(), [self = shared_from_this(), step] { step(*self); });
  }

  void Subscribe() {
    number_ = ++context_->calls;
    // Before the first hinted write, or that would wait for ever. The writer counts as busy until
    // it is sent.
    StartSendInitialMetadata();
    stream_ = context_->api.Events(request_, *this);
  }

  void Proceed(bool ok) {
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
      if (!ok) Abandon();
    }
    Pump();
  }

  // Under the lock.
  void Abandon() {
    cancelled_ = true;
    queue_.Clear();
  }

  // Starts what comes next, if the writer is idle. gRPC is called without the lock: `busy_` and
  // `finished_` see to it that only one thread does.
  void Pump() {
    grpc::WriteOptions options;
    std::optional<Status> end;
    bool resume = false;
    {
      const std::lock_guard lock(mutex_);
      if (busy_ || finished_) return;
      if (cancelled_) {
        end = Fail(ErrorCode::kCancelled, "cancelled by the client");
      } else if (!queue_.empty()) {
        queue_.Pop(current_);
        resume = full_ && queue_.size() <= kWindow / 2;
        if (resume) full_ = false;
        if (!queue_.empty() && !context_->hook) options.set_buffer_hint();
      } else if (end_) {
        end = std::move(end_);
      } else {
        return;
      }
      (end ? finished_ : busy_) = true;
    }
    if (resume) {
      OnExecutor([](EventsCall& call) {
        if (call.stream_) call.stream_->Resume();
      });
    }
    if (end) {
      Finish(ToGrpc(*end));
    } else {
      StartWrite(&current_, options);
    }
  }

  const SharedContext context_;
  const types::EventsRequest request_;
  std::shared_ptr<EventsCall> self_;  // gRPC's reference
  // Executor's thread:
  std::uint64_t number_ = 0;
  std::unique_ptr<libcontainerd::EventStream> stream_;

  mutable std::mutex mutex_;   // guards the rest
  mutable bool full_ = false;  // somebody was told so, and nobody since that it is not
  MessageQueue queue_;
  types::Event current_;  // gRPC's while busy
  std::optional<Status> end_;
  bool busy_ = true;
  bool cancelled_ = false;
  bool finished_ = false;
};

class Service final : public types::API::CallbackService {
 public:
  explicit Service(SharedContext context) : context_(std::move(context)) {}

  grpc::ServerUnaryReactor* GetServerVersion(grpc::CallbackServerContext*,
                                             const types::GetServerVersionRequest* request,
                                             types::GetServerVersionResponse* response) override {
    return Unary(Method::kGetServerVersion, *request, *response);
  }
  grpc::ServerUnaryReactor* CreateContainer(grpc::CallbackServerContext*,
                                            const types::CreateContainerRequest* request,
                                            types::CreateContainerResponse* response) override {
    return Unary(Method::kCreateContainer, *request, *response);
  }
  grpc::ServerUnaryReactor* UpdateContainer(grpc::CallbackServerContext*,
                                            const types::UpdateContainerRequest* request,
                                            types::UpdateContainerResponse* response) override {
    return Unary(Method::kUpdateContainer, *request, *response);
  }
  grpc::ServerUnaryReactor* Signal(grpc::CallbackServerContext*,
                                   const types::SignalRequest* request,
                                   types::SignalResponse* response) override {
    return Unary(Method::kSignal, *request, *response);
  }
  grpc::ServerUnaryReactor* UpdateProcess(grpc::CallbackServerContext*,
                                          const types::UpdateProcessRequest* request,
                                          types::UpdateProcessResponse* response) override {
    return Unary(Method::kUpdateProcess, *request, *response);
  }
  grpc::ServerUnaryReactor* AddProcess(grpc::CallbackServerContext*,
                                       const types::AddProcessRequest* request,
                                       types::AddProcessResponse* response) override {
    return Unary(Method::kAddProcess, *request, *response);
  }
  grpc::ServerUnaryReactor* CreateCheckpoint(grpc::CallbackServerContext*,
                                             const types::CreateCheckpointRequest* request,
                                             types::CreateCheckpointResponse* response) override {
    return Unary(Method::kCreateCheckpoint, *request, *response);
  }
  grpc::ServerUnaryReactor* DeleteCheckpoint(grpc::CallbackServerContext*,
                                             const types::DeleteCheckpointRequest* request,
                                             types::DeleteCheckpointResponse* response) override {
    return Unary(Method::kDeleteCheckpoint, *request, *response);
  }
  grpc::ServerUnaryReactor* ListCheckpoint(grpc::CallbackServerContext*,
                                           const types::ListCheckpointRequest* request,
                                           types::ListCheckpointResponse* response) override {
    return Unary(Method::kListCheckpoint, *request, *response);
  }
  grpc::ServerUnaryReactor* State(grpc::CallbackServerContext*, const types::StateRequest* request,
                                  types::StateResponse* response) override {
    return Unary(Method::kState, *request, *response);
  }
  grpc::ServerUnaryReactor* Stats(grpc::CallbackServerContext*, const types::StatsRequest* request,
                                  types::StatsResponse* response) override {
    return Unary(Method::kStats, *request, *response);
  }
  grpc::ServerWriteReactor<types::Event>* Events(grpc::CallbackServerContext*,
                                                 const types::EventsRequest* request) override {
    const auto call = std::make_shared<EventsCall>(context_, *request);
    call->Begin();
    return call.get();
  }

 private:
  grpc::ServerUnaryReactor* Unary(Method method, const Message& request, Message& response) {
    const auto call = std::make_shared<UnaryCall>(context_, method, request, response);
    call->Begin();
    return call.get();
  }

  const SharedContext context_;
};

}  // namespace

class Server::Impl {
 public:
  Impl(Runtime& runtime, ContainerdApi& api, FrameHook hook, ServerOptions options)
      : runtime_(runtime), api_(api), hook_(std::move(hook)), options_(std::move(options)) {}

  Status Start(std::string path) {
    if (running_) return Fail(ErrorCode::kFailedPrecondition, "the server runs already");
    Status listening = Build(path);
    if (listening) {
      front_ = std::make_unique<ServerFront>(runtime_, options_.relay);
      listening = front_->Open(std::move(path), *server_);
    }
    if (!listening) Stop({});
    return listening;
  }

  Status StartInProcess() {
    if (running_) return Fail(ErrorCode::kFailedPrecondition, "the server runs already");
    Status built = Build("in-process");
    if (!built) Stop({});
    return built;
  }

  std::shared_ptr<grpc::Channel> InProcessChannel() {
    if (!server_) return nullptr;
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
    return server_->InProcessChannel(arguments);
  }

  void Disconnect(Duration grace) {
    if (front_) front_->Close();
    if (!server_) return;
    // A client that does not read keeps gRPC from ending its calls, for ever if it likes. What has
    // not ended by itself soon after the grace is cut off.
    std::future<void> ended = std::async(std::launch::async, [this, grace] {
      server_->Shutdown(std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(grace));
    });
    while (ended.wait_for(grace + kCutAfter) != std::future_status::ready) {
      if (front_) front_->Cut();
    }
    server_.reset();
  }

  void Stop(Duration grace) {
    if (!std::exchange(running_, false)) return;
    Disconnect(grace);
    service_.reset();  // the last holders of the context but for the calls
    health_.reset();
    gone_.wait();
    front_.reset();
  }

  void Reconsider() {
    if (front_) front_->Reconsider();
  }

  Runtime& runtime() { return runtime_; }

 private:
  // Without a port: connections come from the front, or stay within the process.
  Status Build(const std::string& shown) {
    auto context = std::make_shared<Context>(runtime_, api_, hook_);
    gone_ = context->gone.promise.get_future();
    health_ = std::make_unique<HealthService>(runtime_, api_, context);
    service_ = std::make_unique<Service>(std::move(context));
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(grpc::ResourceQuota().SetMaxThreads(kMaxThreads));
    builder.SetMaxReceiveMessageSize(
        options_.message_bytes > INT_MAX ? -1 : static_cast<int>(options_.message_bytes));
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
    // Not gRPC's own health service, which somebody in this process may have asked for.
    builder.SetOption(std::make_unique<grpc::HealthCheckServiceServerBuilderOption>(nullptr));
    builder.RegisterService(service_.get());
    builder.RegisterService(health_.get());
    server_ = builder.BuildAndStart();
    running_ = true;
    if (!server_) return Fail(ErrorCode::kUnavailable, "gRPC cannot serve " + shown);
    return {};
  }

  Runtime& runtime_;
  ContainerdApi& api_;
  const FrameHook hook_;
  const ServerOptions options_;
  bool running_ = false;
  std::unique_ptr<Service> service_;
  std::unique_ptr<HealthService> health_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ServerFront> front_;
  std::future<void> gone_;
};

Server::Server(Runtime& runtime, ContainerdApi& api, FrameHook hook, ServerOptions options)
    : impl_(std::make_unique<Impl>(runtime, api, std::move(hook), std::move(options))) {}

Server::~Server() {
  Stop();
}

Status Server::Start(std::string socket_path) {
  return impl_->Start(std::move(socket_path));
}

Status Server::StartInProcess() {
  return impl_->StartInProcess();
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  return impl_->InProcessChannel();
}

void Server::Disconnect(Duration grace) {
  impl_->Disconnect(grace);
}

void Server::Reconsider() {
  impl_->Reconsider();
}

void Server::Stop(Duration grace) {
  impl_->Stop(grace);
}

Awaitable<void> Server::AsyncStop(Duration grace) {
  auto stop = [this, grace] {
    Stop(grace);
    return libcontainerd::Unit();
  };
  co_await libcontainerd::OffExecutor(impl_->runtime(), std::move(stop));
}

Status RaiseDescriptorLimit() {
  constexpr rlim_t kEnough = 1 << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    const rlim_t wanted = limit.rlim_max < kEnough ? limit.rlim_max : kEnough;
    if (limit.rlim_cur >= wanted) return {};
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  }
  return Fail(ErrorCode::kUnavailable,
              "cannot raise the descriptor limit: " + std::generic_category().message(errno));
}

}  // namespace fake_containerd
