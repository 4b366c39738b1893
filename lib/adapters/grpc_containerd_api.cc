#include "lib/adapters/grpc_containerd_api.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/un.h>

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "libcontainerd/event_burst.h"

namespace libcontainerd {
namespace {

constexpr std::size_t kLongestSocketPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr int kMaxMetadataBytes = 1 << 20;  // error texts quote whole runtime logs
constexpr int kServing = 1;                 // HealthCheckResponse.ServingStatus

Status ToStatus(const grpc::Status& status) {
  if (status.ok()) return {};
  return Fail(ErrorCodeFromNumber(status.error_code()), status.error_message());
}

// What a unary call leaves behind: the response only with an OK status.
struct Outcome {
  Status status;
  std::unique_ptr<google::protobuf::Message> response;
};

// One unary call, with messages of its own: the deadline may free the caller's while gRPC still
// works on these.
//
// The awaiting coroutine does not own its call, or the two would keep each other alive in a runtime
// that stops.
class UnaryCall final : public PendingCall, public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(Runtime& runtime, std::shared_ptr<PendingCalls> pending,
            const google::protobuf::Message& request, const google::protobuf::Message& response)
      : runtime_(runtime),
        pending_(std::move(pending)),
        request_(request.New()),
        response_(response.New()),
        outcome_(runtime) {
    request_->CopyFrom(request);
  }

  // `send(call)` starts the call with the two messages and Completion(). Executor's thread.
  template <class Send>
  void Start(Duration timeout, Send send) {
    pending_->Add(shared_from_this());
    timer_ = runtime_.StartTimer(timeout, [self = shared_from_this()] { self->OnDeadline(); });
    send(*this);
  }

  template <class Request>
  const Request* request() const {
    return static_cast<const Request*>(request_.get());
  }
  template <class Response>
  Response* response() {
    return static_cast<Response*>(response_.get());
  }

  // Runs on a thread of gRPC's, where nothing owns the call but PendingCalls.
  std::function<void(grpc::Status)> Completion() {
    return [this](const grpc::Status& status) {
      PendingCalls::Finish(pending_, *this, runtime_, [this, result = ToStatus(status)]() mutable {
        OnReply(std::move(result));
      });
    };
  }

  Awaitable<Outcome> Wait() { return outcome_.Wait(); }

 private:
  void OnReply(Status status) {
    runtime_.CancelTimer(timer_);
    if (outcome_.is_set()) return;
    Outcome outcome;
    outcome.status = std::move(status);
    if (outcome.status) outcome.response = std::move(response_);
    outcome_.Set(std::move(outcome));
  }

  void OnDeadline() {
    if (outcome_.is_set()) return;
    Outcome outcome;
    outcome.status = Fail(ErrorCode::kDeadlineExceeded, "context deadline exceeded");
    outcome_.Set(std::move(outcome));
    context.TryCancel();
  }

  Runtime& runtime_;
  std::shared_ptr<PendingCalls> pending_;
  std::unique_ptr<google::protobuf::Message> request_;
  std::unique_ptr<google::protobuf::Message> response_;
  OneShot<Outcome> outcome_;
  TimerId timer_{};
};

using AsyncStub = types::API::StubInterface::async_interface;

template <class Request, class Response>
void Send(AsyncStub* stub,
          void (AsyncStub::*method)(grpc::ClientContext*, const Request*, Response*,
                                    std::function<void(grpc::Status)>),
          UnaryCall& call) {
  (stub->*method)(&call.context, call.request<Request>(), call.response<Response>(),
                  call.Completion());
}

void SendMethod(AsyncStub* stub, Method method, UnaryCall& call) {
  switch (method) {
    case Method::kGetServerVersion:
      return Send<types::GetServerVersionRequest>(stub, &AsyncStub::GetServerVersion, call);
    case Method::kCreateContainer:
      return Send<types::CreateContainerRequest>(stub, &AsyncStub::CreateContainer, call);
    case Method::kUpdateContainer:
      return Send<types::UpdateContainerRequest>(stub, &AsyncStub::UpdateContainer, call);
    case Method::kSignal:
      return Send<types::SignalRequest>(stub, &AsyncStub::Signal, call);
    case Method::kUpdateProcess:
      return Send<types::UpdateProcessRequest>(stub, &AsyncStub::UpdateProcess, call);
    case Method::kAddProcess:
      return Send<types::AddProcessRequest>(stub, &AsyncStub::AddProcess, call);
    case Method::kCreateCheckpoint:
      return Send<types::CreateCheckpointRequest>(stub, &AsyncStub::CreateCheckpoint, call);
    case Method::kDeleteCheckpoint:
      return Send<types::DeleteCheckpointRequest>(stub, &AsyncStub::DeleteCheckpoint, call);
    case Method::kListCheckpoint:
      return Send<types::ListCheckpointRequest>(stub, &AsyncStub::ListCheckpoint, call);
    case Method::kState:
      return Send<types::StateRequest>(stub, &AsyncStub::State, call);
    case Method::kStats:
      return Send<types::StatsRequest>(stub, &AsyncStub::Stats, call);
  }
}

// The stream's reader. Whatever arrives goes into the inbox; one step on the executor takes all
// that is there.
class EventReader final : public PendingCall,
                          public grpc::ClientReadReactor<types::Event>,
                          public std::enable_shared_from_this<EventReader> {
 public:
  EventReader(Runtime& runtime, std::shared_ptr<PendingCalls> pending, types::EventsRequest request,
              EventSink& sink)
      : runtime_(runtime),
        pending_(std::move(pending)),
        request_(std::move(request)),
        sink_(&sink) {
    context.set_wait_for_ready(true);
  }

  void Start(AsyncStub* stub) {
    pending_->Add(shared_from_this());
    stub->Events(&context, &request_, this);
    StartRead(&event_);
    StartCall();
  }

  // Executor's thread: the sink is not called from now on.
  void Detach() {
    sink_ = nullptr;
    context.TryCancel();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;  // OnDone follows
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      inbox_.Add().Swap(&event_);  // and reads the next one into one that was used before
      wake = !std::exchange(drain_pending_, true);
    }
    if (wake) {
      runtime_.Post([self = shared_from_this()] { self->Drain(); });
    }
    StartRead(&event_);
  }

  void OnDone(const grpc::Status& status) override {
    {
      const std::lock_guard lock(mutex_);
      end_ = ToStatus(status);
    }
    PendingCalls::Finish(pending_, *this, runtime_, [this] { Drain(); });
  }

 private:
  // The sink may destroy the stream from inside its functions.
  void Drain() {
    std::optional<Status> end;
    {
      const std::lock_guard lock(mutex_);
      drain_pending_ = false;
      burst_.swap(inbox_);
      end = std::move(end_);
    }
    if (!burst_.empty() && sink_ != nullptr) sink_->OnEvents(burst_.events());
    burst_.Clear();
    if (end && sink_ != nullptr) std::exchange(sink_, nullptr)->OnEnd(std::move(*end));
  }

  Runtime& runtime_;
  const std::shared_ptr<PendingCalls> pending_;
  const types::EventsRequest request_;
  types::Event event_;  // gRPC's, between StartRead and OnReadDone

  std::mutex mutex_;
  EventBurst inbox_;
  std::optional<Status> end_;
  bool drain_pending_ = false;

  EventSink* sink_;  // executor's thread, as is burst_
  EventBurst burst_;
};

class GrpcEventStream final : public EventStream {
 public:
  explicit GrpcEventStream(std::shared_ptr<EventReader> reader) : reader_(std::move(reader)) {}
  ~GrpcEventStream() override { reader_->Detach(); }
  GrpcEventStream(const GrpcEventStream&) = delete;
  GrpcEventStream& operator=(const GrpcEventStream&) = delete;

 private:
  std::shared_ptr<EventReader> reader_;
};

Status CheckSocketPath(std::string_view path) {
  if (path.empty()) return Fail(ErrorCode::kInvalidArgument, "the socket path is empty");
  if (path.find('\0') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, "the socket path contains a NUL byte");
  }
  if (path.size() > kLongestSocketPath) {
    return Fail(ErrorCode::kInvalidArgument,
                "the socket path has " + std::to_string(path.size()) + " bytes, the limit is " +
                    std::to_string(kLongestSocketPath) + ": " + std::string(path));
  }
  return {};
}

// gRPC reads its target as a URI, in which a path's '%', '?', '#' or space would mean something
// else.
std::string UnixTarget(std::string_view path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string target = "unix:";
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      target += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      target += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return target;
}

grpc::ChannelArguments ClientChannelArguments() {
  grpc::ChannelArguments arguments;
  // Channels to one path must not share a connection, nor the memory of a server that is gone.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 10);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  return arguments;
}

// Debian's gRPC serves the callback API of all channels from one queue of the process, made with
// the first of them and torn down with the last; the teardown races with the queue's own threads,
// which then abort ("assertion failed: prior > 0", seen once in 600 connections made and closed). A
// channel that made one call and is never given up keeps the queue.
void KeepCallbackQueue() {
  struct Keeper {
    grpc::GenericStub stub{
        grpc::CreateChannel("unix:/nonexistent", grpc::InsecureChannelCredentials())};
    grpc::ClientContext context;
    grpc::Slice nothing;
    grpc::ByteBuffer request{&nothing, 1};
    grpc::ByteBuffer response;
    Keeper() {
      stub.UnaryCall(&context, "/keep/Queue", {}, &request, &response, [](const grpc::Status&) {});
    }
  };
  static const Keeper* const kKeeper = new Keeper;
  static_cast<void>(kKeeper);
}

}  // namespace

void PendingCalls::Add(std::shared_ptr<PendingCall> call) {
  const std::lock_guard lock(mutex_);
  ++count_;
  calls_.emplace(call.get(), std::move(call));
}

std::shared_ptr<PendingCall> PendingCalls::Take(const PendingCall& call) {
  const std::lock_guard lock(mutex_);
  return std::move(calls_.extract(&call).mapped());
}

void PendingCalls::CountDown() {
  const std::lock_guard lock(mutex_);
  if (--count_ == 0) none_left_.notify_all();
}

void PendingCalls::CancelAllAndWait() {
  std::unique_lock lock(mutex_);
  const auto doomed = calls_;
  lock.unlock();
  for (const auto& [key, call] : doomed) call->context.TryCancel();
  lock.lock();
  none_left_.wait(lock, [this] { return count_ == 0; });
}

GrpcContainerdApi::GrpcContainerdApi(Runtime& runtime,
                                     const std::shared_ptr<grpc::Channel>& channel)
    : runtime_(runtime), stub_(types::API::NewStub(channel)), health_stub_(channel) {}

GrpcContainerdApi::~GrpcContainerdApi() {
  pending_->CancelAllAndWait();
}

Awaitable<Status> GrpcContainerdApi::Unary(Method method, const google::protobuf::Message& request,
                                           google::protobuf::Message& response, Duration timeout) {
  UnaryCall* call = nullptr;
  {
    auto started = std::make_shared<UnaryCall>(runtime_, pending_, request, response);
    started->Start(timeout, [&](UnaryCall& ready) { SendMethod(stub_->async(), method, ready); });
    call = started.get();  // alive: its timer holds it until the outcome is set
  }
  Outcome outcome = co_await call->Wait();
  if (outcome.response) response.GetReflection()->Swap(&response, outcome.response.get());
  co_return std::move(outcome.status);
}

Awaitable<Status> GrpcContainerdApi::CheckHealth(Duration timeout) {
  UnaryCall* call = nullptr;
  {
    auto started =
        std::make_shared<UnaryCall>(runtime_, pending_, google::protobuf::Empty::default_instance(),
                                    google::protobuf::Int32Value::default_instance());
    started->Start(timeout, [this](UnaryCall& ready) {
      health_stub_.UnaryCall(&ready.context, "/grpc.health.v1.Health/Check", {},
                             ready.request<google::protobuf::Empty>(),
                             ready.response<google::protobuf::Int32Value>(), ready.Completion());
    });
    call = started.get();
  }
  Outcome outcome = co_await call->Wait();
  if (!outcome.status) co_return std::move(outcome.status);
  const auto& answer = static_cast<const google::protobuf::Int32Value&>(*outcome.response);
  if (answer.value() != kServing) {
    co_return Fail(ErrorCode::kUnavailable,
                   "health check: not serving (" + std::to_string(answer.value()) + ")");
  }
  co_return Status();
}

std::unique_ptr<EventStream> GrpcContainerdApi::Events(types::EventsRequest request,
                                                       EventSink& sink) {
  auto reader = std::make_shared<EventReader>(runtime_, pending_, std::move(request), sink);
  reader->Start(stub_->async());
  return std::make_unique<GrpcEventStream>(std::move(reader));
}

Result<std::unique_ptr<ContainerdApi>> ConnectUnixSocket(Runtime& runtime,
                                                         std::string socket_path) {
  if (Status usable = CheckSocketPath(socket_path); !usable) {
    return Fail(std::move(usable).error());
  }
  return ConnectChannel(runtime, grpc::CreateCustomChannel(UnixTarget(socket_path),
                                                           grpc::InsecureChannelCredentials(),
                                                           ClientChannelArguments()));
}

std::unique_ptr<ContainerdApi> ConnectChannel(Runtime& runtime,
                                              std::shared_ptr<grpc::Channel> channel) {
  KeepCallbackQueue();
  return std::make_unique<GrpcContainerdApi>(runtime, channel);
}

}  // namespace libcontainerd
