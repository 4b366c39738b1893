#include "fake_containerd/server_health.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <asio/post.hpp>

#include <grpcpp/support/server_callback.h>

#include "fake_containerd/server_status.h"
#include "libcontainerd/async.h"

namespace fake_containerd {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using libcontainerd::Awaitable;
using libcontainerd::ContainerdApi;
using libcontainerd::Duration;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Runtime;
using libcontainerd::Status;

struct HealthService::Context {
  Context(Runtime& its_runtime, ContainerdApi& its_api, std::shared_ptr<const void> its_alive)
      : runtime(its_runtime), api(its_api), alive(std::move(its_alive)) {}

  Runtime& runtime;
  ContainerdApi& api;
  const std::shared_ptr<const void> alive;
  std::atomic<int> watchers = 0;
};

namespace {

using SharedHealth = std::shared_ptr<HealthService::Context>;

constexpr Duration kBetweenChecks = std::chrono::seconds(1);
constexpr int kMostWatchers = 1024;

Awaitable<Status> Ask(SharedHealth context) {
  try {
    Awaitable<Status> checking = context->api.CheckHealth(kNoTimeout);
    co_return co_await std::move(checking);
  } catch (...) {  // a defect, which must not leave the client waiting
    context->runtime.ReportFailure(std::current_exception());
  }
  co_return Fail(ErrorCode::kInternal, "the API threw an exception");
}

// Alive until gRPC is done with it and the API's check has ended, whichever is later.
class CheckCall final : public grpc::ServerUnaryReactor,
                        public std::enable_shared_from_this<CheckCall> {
 public:
  CheckCall(SharedHealth context, HealthCheckResponse& response)
      : context_(std::move(context)), response_(response) {}

  void Begin(bool known) {
    self_ = shared_from_this();
    if (!known) {
      Finish({grpc::StatusCode::NOT_FOUND, "unknown service"});
      return;
    }
    asio::post(context_->runtime.executor(), [self = shared_from_this()] {
      libcontainerd::Spawn(self->context_->runtime, Run(self));
    });
  }

  void OnCancel() override {
    asio::post(context_->runtime.executor(), [self = shared_from_this()] {
      self->FinishOnce(Fail(ErrorCode::kCancelled, "cancelled by the client"));
    });
  }
  void OnDone() override { const std::shared_ptr<CheckCall> last = std::move(self_); }

 private:
  static Awaitable<void> Run(std::shared_ptr<CheckCall> call) {
    if (call->finished_) co_return;
    Awaitable<Status> asking = Ask(call->context_);
    const Status status = co_await std::move(asking);
    call->FinishOnce(status);
  }
  // Executor's thread. gRPC frees its messages some time after this, not before.
  void FinishOnce(const Status& status) {
    if (std::exchange(finished_, true)) return;
    if (status) response_.set_status(HealthCheckResponse::SERVING);
    Finish(ToGrpc(status));
  }

  const SharedHealth context_;
  HealthCheckResponse& response_;
  std::shared_ptr<CheckCall> self_;  // gRPC's reference
  bool finished_ = false;            // executor's thread
};

// Everything but the construction happens on the executor's thread.
class WatchCall final : public grpc::ServerWriteReactor<HealthCheckResponse>,
                        public std::enable_shared_from_this<WatchCall> {
 public:
  explicit WatchCall(SharedHealth context) : context_(std::move(context)) {}

  void Begin(bool known) {
    self_ = shared_from_this();
    if (++context_->watchers > kMostWatchers) {
      Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "fake-containerd: the limit of " +
                                                        std::to_string(kMostWatchers) +
                                                        " watches of its health is reached"});
      return;
    }
    OnExecutor([known](WatchCall& call) {
      if (known) return call.Check();
      call.Tell(HealthCheckResponse::SERVICE_UNKNOWN);
    });
  }

  void OnWriteDone(bool ok) override {
    OnExecutor([ok](WatchCall& call) {
      call.writing_ = false;
      if (call.end_) return call.FinishNow();
      if (!ok) call.End(Fail(ErrorCode::kCancelled, "the client is gone"));
    });
  }
  void OnCancel() override {
    OnExecutor(
        [](WatchCall& call) { call.End(Fail(ErrorCode::kCancelled, "cancelled by the client")); });
  }
  void OnDone() override {
    --context_->watchers;
    const std::shared_ptr<WatchCall> last = std::move(self_);
  }

 private:
  template <class Step>
  void OnExecutor(Step step) {
    asio::post(context_->runtime.executor(), [self = shared_from_this(), step] { step(*self); });
  }

  void Check() {
    if (!end_) libcontainerd::Spawn(context_->runtime, Run(shared_from_this()));
  }
  static Awaitable<void> Run(std::shared_ptr<WatchCall> call) {
    Awaitable<Status> asking = Ask(call->context_);
    Status status = co_await std::move(asking);
    call->Answered(std::move(status));
  }
  void Answered(Status status) {
    if (end_) return;
    if (!status) return End(std::move(status));
    if (!std::exchange(told_, true)) Tell(HealthCheckResponse::SERVING);
    timer_ = context_->runtime.StartTimer(kBetweenChecks, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->timer_.reset();
      self->Check();
    });
  }
  void Tell(HealthCheckResponse::ServingStatus status) {
    if (end_) return;
    message_.set_status(status);
    writing_ = true;
    StartWrite(&message_);
  }
  void End(Status status) {
    if (end_) return;
    end_ = std::move(status);
    if (timer_) context_->runtime.CancelTimer(*timer_);
    timer_.reset();
    if (!writing_) FinishNow();
  }
  void FinishNow() {
    if (!std::exchange(finished_, true)) Finish(ToGrpc(*end_));
  }

  const SharedHealth context_;
  std::shared_ptr<WatchCall> self_;  // gRPC's reference
  HealthCheckResponse message_;      // gRPC's while writing
  std::optional<libcontainerd::TimerId> timer_;
  std::optional<Status> end_;
  bool told_ = false;
  bool writing_ = false;
  bool finished_ = false;
};

}  // namespace

HealthService::HealthService(Runtime& runtime, ContainerdApi& api,
                             std::shared_ptr<const void> alive)
    : context_(std::make_shared<Context>(runtime, api, std::move(alive))) {}

HealthService::~HealthService() = default;

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext*,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  const auto call = std::make_shared<CheckCall>(context_, *response);
  call->Begin(request->service().empty());
  return call.get();
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext*, const HealthCheckRequest* request) {
  const auto call = std::make_shared<WatchCall>(context_);
  call->Begin(request->service().empty());
  return call.get();
}

}  // namespace fake_containerd
