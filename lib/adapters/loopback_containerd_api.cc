#include "libcontainerd/loopback_containerd_api.h"

#include <algorithm>
#include <utility>

#include <asio/post.hpp>

#include "libcontainerd/event_burst.h"

namespace libcontainerd {
namespace {

// A call on its way. Shared between the caller, who may give up at the deadline, and the server,
// who may answer later.
struct PendingCall {
  PendingCall(Runtime& runtime, const google::protobuf::Message& sent,
              const google::protobuf::Message& response_type)
      : request(sent.New()), response(response_type.New()), done(runtime) {
    request->MergeFrom(sent);
  }
  std::unique_ptr<google::protobuf::Message> request;
  std::unique_ptr<google::protobuf::Message> response;
  OneShot<Status> done;
};

// What the server is told; it may run longer than the caller's patience, as behind a wire.
constexpr Duration kServerPatience = std::chrono::hours(24);

Awaitable<void> Serve(ContainerdApi& server, Method method, std::shared_ptr<PendingCall> call) {
  call->done.Set(co_await server.Unary(method, *call->request, *call->response, kServerPatience));
}

Error DeadlineError(std::string_view method) {
  return Error{ErrorCode::kDeadlineExceeded, std::string(method) + ": no answer in time"};
}

// Relays bursts through the executor. The client's end may be gone while the server's still sends.
class Relay final : public EventSink, public std::enable_shared_from_this<Relay> {
 public:
  Relay(Runtime& runtime, EventSink& client) : runtime_(runtime), client_(&client) {}

  // Of a long log no more is under way at once than stays in a processor's cache.
  std::size_t Capacity() const override { return kMost - std::min(kMost, inbox_.size()); }
  // Who sends, as long as there is a client.
  void SetSource(EventStream* source) { source_ = source; }

  void OnEvents(std::span<const types::Event> events) override {
    for (const types::Event& event : events) inbox_.Add(event);
    WakeClient();
  }
  void OnBurst(EventBurst& burst) override {
    if (!inbox_.empty()) return OnEvents(burst.events());
    inbox_.swap(burst);
    WakeClient();
  }
  void OnEnd(Status status) override {
    end_ = std::make_unique<Status>(std::move(status));
    WakeClient();
  }
  void Detach() {
    client_ = nullptr;
    source_ = nullptr;
  }

 private:
  static constexpr std::size_t kMost = 2048;

  void WakeClient() {
    if (std::exchange(woken_, true)) return;
    runtime_.Post([self = shared_from_this()] { self->Deliver(); });
  }
  void Deliver() {
    woken_ = false;
    burst_.swap(inbox_);
    const bool was_full = burst_.size() >= kMost;
    if (client_ != nullptr && !burst_.empty()) client_->OnEvents(burst_.events());
    burst_.Clear();
    if (client_ != nullptr && end_ && inbox_.empty()) {
      std::exchange(client_, nullptr)->OnEnd(std::move(*end_));
    } else if (was_full && source_ != nullptr) {
      source_->Resume();
    }
  }

  Runtime& runtime_;
  EventSink* client_;
  EventStream* source_ = nullptr;
  EventBurst inbox_;
  EventBurst burst_;  // on its way to the client
  std::unique_ptr<Status> end_;
  bool woken_ = false;
};

class LoopbackStream final : public EventStream {
 public:
  LoopbackStream(Runtime& runtime, ContainerdApi& server, types::EventsRequest request,
                 EventSink& sink)
      : runtime_(runtime), relay_(std::make_shared<Relay>(runtime, sink)) {
    asio::post(runtime.executor(), [&server, request = std::move(request), relay = relay_,
                                    slot = server_end_]() mutable {
      if (slot->cancelled) return;
      slot->stream = server.Events(std::move(request), *relay);
      relay->SetSource(slot->stream.get());
      slot->relay = relay;
    });
  }
  ~LoopbackStream() override {
    relay_->Detach();
    server_end_->cancelled = true;
    asio::post(runtime_.executor(), [slot = server_end_] { slot->stream.reset(); });
  }

 private:
  struct ServerEnd {
    std::shared_ptr<Relay> relay;  // outlives the stream that writes to it
    std::unique_ptr<EventStream> stream;
    bool cancelled = false;
  };
  Runtime& runtime_;
  std::shared_ptr<Relay> relay_;
  std::shared_ptr<ServerEnd> server_end_ = std::make_shared<ServerEnd>();
};

}  // namespace

Awaitable<Status> LoopbackContainerdApi::Unary(Method method,
                                               const google::protobuf::Message& request,
                                               google::protobuf::Message& response,
                                               Duration timeout) {
  auto call = std::make_shared<PendingCall>(runtime_, request, response);
  Spawn(runtime_, Serve(server_, method, call));
  const TimerId timer = runtime_.StartTimer(
      timeout, [call, method] { call->done.Set(Fail(DeadlineError(MethodName(method)))); });
  Status status = co_await call->done.Wait();
  runtime_.CancelTimer(timer);
  if (status) response.GetReflection()->Swap(&response, call->response.get());
  co_return status;
}

std::unique_ptr<EventStream> LoopbackContainerdApi::Events(types::EventsRequest request,
                                                           EventSink& sink) {
  return std::make_unique<LoopbackStream>(runtime_, server_, std::move(request), sink);
}

Awaitable<Status> LoopbackContainerdApi::CheckHealth(Duration timeout) {
  return server_.CheckHealth(timeout);
}

}  // namespace libcontainerd
