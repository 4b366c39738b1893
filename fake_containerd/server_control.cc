#include "fake_containerd/server_control.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_callback.h>

#include <asio/post.hpp>

#include "control_v1.grpc.pb.h"
#include "fake_containerd/server_front.h"
#include "fake_containerd/server_status.h"

namespace fake_containerd {

namespace pb = drydock::control::v1;
using libcontainerd::Fail;
using libcontainerd::Runtime;
using libcontainerd::Status;

namespace {

constexpr char kApiVersion[] = "0.2.3";
constexpr Duration kLongestWait = std::chrono::hours(1);
// Each may hold a thread for as long as it waits.
constexpr int kMostCalls = 256;
constexpr int kMaxThreads = 16;
constexpr int kMaxMessageBytes = 64 << 20;
// Lines that wait for a follower.
constexpr std::size_t kMostLines = 2 * JournalLog::kKept;

grpc::Status Invalid(const std::string& text) {
  return {grpc::StatusCode::INVALID_ARGUMENT, text};
}

grpc::Status WaitEnded(const Outcome& outcome, const std::stop_token& cancelled) {
  if (outcome) return grpc::Status::OK;
  if (cancelled.stop_requested()) return {grpc::StatusCode::CANCELLED, outcome.message()};
  return {grpc::StatusCode::DEADLINE_EXCEEDED, outcome.message()};
}

grpc::Status OrInvalid(const Outcome& outcome) {
  return outcome ? grpc::Status::OK : Invalid(outcome.message());
}

void TellPoints(pb::GetInfoResponse& info) {
  for (const InjectionPoint& point : InjectionPoints()) {
    pb::GetInfoResponse::Point& told = *info.add_points();
    told.set_name(point.name);
    told.set_sentence(point.sentence);
    told.set_holdable(point.holdable);
    for (const FaultAction action : point.actions) {
      told.add_actions(std::string(FaultActionName(action)));
    }
  }
}

std::string InitIfEmpty(const std::string& process) {
  return process.empty() ? kInitName : process;
}

// One unary call: its body runs on the pool. gRPC keeps the messages until Finish().
class BodyCall final : public grpc::ServerUnaryReactor {
 public:
  using Body = std::function<grpc::Status(std::stop_token cancelled)>;

  BodyCall(Runtime& runtime, std::atomic<int>& calls, Body body) : calls_(calls) {
    if (++calls_ > kMostCalls) {
      Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "fake-containerd: the limit of " +
                                                        std::to_string(kMostCalls) +
                                                        " control calls is reached"});
      return;
    }
    runtime.RunBlocking([this, &runtime, body = std::move(body)] {
      grpc::Status status;
      try {
        status = body(cancelled_.get_token());
      } catch (...) {  // a defect, which must not leave the client waiting
        runtime.ReportFailure(std::current_exception());
        status = {grpc::StatusCode::INTERNAL, "the control service threw an exception"};
      }
      Finish(status);
    });
  }

 private:
  void OnCancel() override { cancelled_.request_stop(); }
  void OnDone() override {
    --calls_;
    delete this;
  }

  std::atomic<int>& calls_;
  std::stop_source cancelled_;
};

// One follower. Lines are queued on the executor; whoever finds the writer idle starts the next
// write, as an event stream's does.
class FollowCall final : public grpc::ServerWriteReactor<pb::JournalEntry>,
                         public std::enable_shared_from_this<FollowCall> {
 public:
  FollowCall(Runtime& runtime, JournalLog& journal) : runtime_(runtime), journal_(journal) {}

  void Begin(const pb::FollowJournalRequest& request) {
    self_ = shared_from_this();
    StartSendInitialMetadata();
    asio::post(runtime_.executor(), [self = shared_from_this(), after = request.after(),
                                     live_only = request.live_only()] {
      if (self->done_) return;
      self->follower_ =
          self->journal_.Follow(live_only ? self->journal_.last_seq() : after,
                                [call = self.get()](std::uint64_t seq, const std::string& line) {
                                  call->Add(seq, line);
                                });
    });
  }

  void OnSendInitialMetadataDone(bool ok) override { Proceed(ok); }
  void OnWriteDone(bool ok) override { Proceed(ok); }
  void OnCancel() override {
    {
      const std::lock_guard lock(mutex_);
      End({grpc::StatusCode::CANCELLED, "cancelled"});
    }
    Pump();
  }
  void OnDone() override {
    asio::post(runtime_.executor(), [self = shared_from_this()] {
      self->done_ = true;
      self->journal_.Unfollow(self->follower_);
    });
    const std::shared_ptr<FollowCall> last = std::move(self_);
  }

 private:
  void Add(std::uint64_t seq, const std::string& line) {
    {
      const std::lock_guard lock(mutex_);
      if (end_) return;
      if (queue_.size() >= kMostLines) {
        End({grpc::StatusCode::RESOURCE_EXHAUSTED,
             "fake-containerd: the limit of " + std::to_string(kMostLines) +
                 " lines of the journal that wait to be read is reached"});
      } else {
        queue_.emplace_back(seq, line);
      }
    }
    Pump();
  }
  void Proceed(bool ok) {
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
      if (!ok) End({grpc::StatusCode::CANCELLED, "the client is gone"});
    }
    Pump();
  }
  // Under the lock.
  void End(grpc::Status status) {
    if (!end_) end_ = std::move(status);
    queue_.clear();
  }
  // gRPC is called without the lock: `busy_` and `finished_` see to it that only one thread does.
  void Pump() {
    std::optional<grpc::Status> end;
    {
      const std::lock_guard lock(mutex_);
      if (busy_ || finished_ || (queue_.empty() && !end_)) return;
      if (!queue_.empty()) {
        current_.set_seq(queue_.front().first);
        current_.set_json(std::move(queue_.front().second));
        queue_.pop_front();
        busy_ = true;
      } else {
        end = end_;
        finished_ = true;
      }
    }
    if (end) {
      Finish(*end);
    } else {
      StartWrite(&current_);
    }
  }

  Runtime& runtime_;
  JournalLog& journal_;
  std::shared_ptr<FollowCall> self_;  // gRPC's reference
  // Executor's thread:
  std::uint64_t follower_ = 0;
  bool done_ = false;

  std::mutex mutex_;  // guards the rest
  std::deque<std::pair<std::uint64_t, std::string>> queue_;
  pb::JournalEntry current_;  // gRPC's while busy
  std::optional<grpc::Status> end_;
  bool busy_ = true;  // with the initial metadata
  bool finished_ = false;
};

grpc::Status WaitFor(Happenings& happenings, const pb::WaitForRequest& request,
                     const std::stop_token& cancelled) {
  Duration timeout = FakeContainerd::kPatience;
  if (request.timeout_ms() != 0) {
    constexpr auto kMost = std::chrono::duration_cast<std::chrono::milliseconds>(kLongestWait);
    timeout = std::chrono::milliseconds(
        std::min(request.timeout_ms(), static_cast<std::uint64_t>(kMost.count())));
  }
  Happenings::Patience patience{timeout, cancelled};
  switch (request.condition_case()) {
    case pb::WaitForRequest::kRunning:
      return WaitEnded(
          happenings.WaitForProcess(request.running().id(),
                                    InitIfEmpty(request.running().process()), std::move(patience)),
          cancelled);
    case pb::WaitForRequest::kExitTold:
      return WaitEnded(
          happenings.WaitForExit(request.exit_told().id(),
                                 InitIfEmpty(request.exit_told().process()), std::move(patience)),
          cancelled);
    case pb::WaitForRequest::kEvent: {
      const auto kind = EventKindFromName(request.event().type());
      if (!kind) return Invalid("event.type: \"" + request.event().type() + "\" is no event");
      return WaitEnded(
          happenings.WaitForEvent(*kind, request.event().id(), request.event().process(),
                                  std::max(request.event().count(), 1U), std::move(patience)),
          cancelled);
    }
    case pb::WaitForRequest::kSubscribers:
      return WaitEnded(happenings.WaitForSubscribers(request.subscribers(), std::move(patience)),
                       cancelled);
    case pb::WaitForRequest::kHeld:
      return WaitEnded(
          happenings.WaitForHeld(request.held().point(), std::max(request.held().count(), 1U),
                                 std::move(patience)),
          cancelled);
    case pb::WaitForRequest::kFired:
      return WaitEnded(
          happenings.WaitForFired(request.fired().point(), std::max(request.fired().count(), 1U),
                                  std::move(patience)),
          cancelled);
    case pb::WaitForRequest::kDaemonRunning:
      return WaitEnded(happenings.WaitForDaemon(request.daemon_running(), std::move(patience)),
                       cancelled);
    case pb::WaitForRequest::CONDITION_NOT_SET:
      break;
  }
  return Invalid("condition: missing, expected one");
}

grpc::Status Emit(FakeContainerd& fake, const pb::EmitRequest& request) {
  const auto kind = EventKindFromName(request.type());
  if (!kind) return Invalid("type: \"" + request.type() + "\" is no event");
  Event event;
  event.kind = *kind;
  event.container.id = request.id();
  event.process = request.process();
  event.status = request.status();
  if (request.has_timestamp()) {
    constexpr std::int64_t kMostSeconds = 9'000'000'000;
    const auto& stamp = request.timestamp();
    if (stamp.seconds() < -kMostSeconds || stamp.seconds() > kMostSeconds || stamp.nanos() < 0 ||
        stamp.nanos() >= 1'000'000'000) {
      return Invalid("timestamp: out of range");
    }
    event.time =
        WallTime(std::chrono::seconds(stamp.seconds()) + std::chrono::nanoseconds(stamp.nanos()));
  }
  fake.Emit(std::move(event));
  return grpc::Status::OK;
}

class Service final : public pb::Control::CallbackService {
 public:
  Service(Runtime& runtime, FakeContainerd& fake, Happenings& happenings, JournalLog& journal)
      : runtime_(runtime), fake_(fake), happenings_(happenings), journal_(journal) {}

  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext*, const pb::GetInfoRequest*,
                                    pb::GetInfoResponse* response) override {
    return Call([this, response](const std::stop_token&) {
      response->set_version(DRYDOCK_VERSION);
      response->set_api_version(kApiVersion);
      response->set_containers(fake_.container_count());
      response->set_subscribers(fake_.subscriber_count());
      response->set_journal_seq(fake_.journal_seq());
      response->set_daemon_running(fake_.daemon_running());
      TellPoints(*response);
      for (const HeldItem& item : fake_.Held()) {
        pb::GetInfoResponse::Held& held = *response->add_held();
        held.set_point(item.point);
        held.set_subject(item.subject);
      }
      return grpc::Status::OK;
    });
  }
  grpc::ServerUnaryReactor* LoadScript(grpc::CallbackServerContext*,
                                       const pb::LoadScriptRequest* request,
                                       pb::LoadScriptResponse*) override {
    return Call([this, request](const std::stop_token&) {
      const std::string name = request->name().empty() ? "script" : request->name();
      return ToGrpc(fake_.LoadScript(request->json(), name));
    });
  }
  grpc::ServerUnaryReactor* Emit(grpc::CallbackServerContext*, const pb::EmitRequest* request,
                                 pb::EmitResponse*) override {
    return Call(
        [this, request](const std::stop_token&) { return fake_containerd::Emit(fake_, *request); });
  }
  grpc::ServerUnaryReactor* Hold(grpc::CallbackServerContext*, const pb::HoldRequest* request,
                                 pb::HoldResponse*) override {
    return Call([this, request](const std::stop_token&) {
      return OrInvalid(fake_.Hold(request->point()));
    });
  }
  grpc::ServerUnaryReactor* Release(grpc::CallbackServerContext*, const pb::ReleaseRequest* request,
                                    pb::ReleaseResponse*) override {
    return Call([this, request](const std::stop_token&) {
      if (request->point().empty()) {
        fake_.SetAutonomous(true);
        fake_.ReleaseAll();
        return grpc::Status(grpc::Status::OK);
      }
      std::optional<std::size_t> count;
      if (request->count() != 0) count = request->count();
      return OrInvalid(fake_.Release(request->point(), count));
    });
  }
  grpc::ServerUnaryReactor* Step(grpc::CallbackServerContext*, const pb::StepRequest* request,
                                 pb::StepResponse* response) override {
    return Call([this, request, response](const std::stop_token&) {
      if (request->begin()) fake_.SetAutonomous(false);
      if (request->count() != 0) response->set_stepped(fake_.Step(request->count()));
      return grpc::Status::OK;
    });
  }
  grpc::ServerUnaryReactor* SetFaults(grpc::CallbackServerContext*,
                                      const pb::SetFaultsRequest* request,
                                      pb::SetFaultsResponse*) override {
    return Call([this, request](const std::stop_token&) {
      return OrInvalid(fake_.SetFaults(request->plan()));
    });
  }
  grpc::ServerUnaryReactor* WaitFor(grpc::CallbackServerContext*, const pb::WaitForRequest* request,
                                    pb::WaitForResponse*) override {
    return Call([this, request](const std::stop_token& cancelled) {
      return fake_containerd::WaitFor(happenings_, *request, cancelled);
    });
  }
  grpc::ServerUnaryReactor* Reset(grpc::CallbackServerContext*, const pb::ResetRequest*,
                                  pb::ResetResponse*) override {
    return Call([this](const std::stop_token&) {
      fake_.Reset();
      return grpc::Status::OK;
    });
  }
  grpc::ServerWriteReactor<pb::JournalEntry>* FollowJournal(
      grpc::CallbackServerContext*, const pb::FollowJournalRequest* request) override {
    const auto call = std::make_shared<FollowCall>(runtime_, journal_);
    call->Begin(*request);
    return call.get();
  }

 private:
  grpc::ServerUnaryReactor* Call(BodyCall::Body body) {
    return new BodyCall(runtime_, calls_, std::move(body));
  }

  Runtime& runtime_;
  FakeContainerd& fake_;
  Happenings& happenings_;
  JournalLog& journal_;
  std::atomic<int> calls_ = 0;
};

}  // namespace

class ControlServer::Impl {
 public:
  Impl(Runtime& runtime, FakeContainerd& fake, Happenings& happenings, JournalLog& journal)
      : service_(runtime, fake, happenings, journal), front_(runtime, nullptr) {}
  ~Impl() {
    front_.Close();
    // Streams and calls end now: an idle follower would stay for ever.
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Start(const std::string& path) {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.SetResourceQuota(grpc::ResourceQuota().SetMaxThreads(kMaxThreads));
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_) {
      return Fail(libcontainerd::ErrorCode::kUnavailable, "gRPC cannot serve " + path);
    }
    return front_.Open(path, *server_);
  }

 private:
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  ServerFront front_;
};

ControlServer::ControlServer(Runtime& runtime, FakeContainerd& fake, Happenings& happenings,
                             JournalLog& journal)
    : impl_(std::make_unique<Impl>(runtime, fake, happenings, journal)) {}

ControlServer::~ControlServer() = default;

Status ControlServer::Start(const std::string& socket_path) {
  return impl_->Start(socket_path);
}

}  // namespace fake_containerd
