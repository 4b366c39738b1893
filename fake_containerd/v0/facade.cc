#include "fake_containerd/v0/facade.h"

#include <chrono>
#include <utility>
#include <vector>

#include <asio/post.hpp>

#include "fake_containerd/v0/handlers.h"
#include "fake_containerd/v0/messages.h"

namespace fake_containerd::v0 {

using google::protobuf::Message;
using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::EventSink;
using libcontainerd::EventStream;
using libcontainerd::Fail;
using libcontainerd::Method;
using libcontainerd::OneShot;
using libcontainerd::Status;

namespace {

// Beyond this a time-out is none; adding more to the clock could overflow.
constexpr Duration kLongestTimeout = std::chrono::hours(24 * 365 * 10);

// What a call and its time-out race for.
struct Call {
  explicit Call(Runtime& runtime) : done(runtime) {}
  std::shared_ptr<const Message> request;
  std::shared_ptr<Message> response;
  OneShot<Status> done;
};

Awaitable<void> RunCall(ContextPtr context, Method method, std::shared_ptr<Call> call) {
  Awaitable<Status> serving = Serve(std::move(context), method, call->request, call->response);
  call->done.Set(co_await std::move(serving));
}

class WorldFeed final : public EventFeed {
 public:
  explicit WorldFeed(std::unique_ptr<Subscription> subscription)
      : subscription_(std::move(subscription)) {}

  std::optional<types::Event> Next() override {
    std::optional<Event> event = subscription_->Next();
    if (!event) return std::nullopt;
    return ToMessage(*event);
  }
  bool ended() const override { return subscription_->ended(); }
  Status end() const override {
    if (subscription_->cut_off()) {
      return Fail(ErrorCode::kResourceExhausted,
                  "fake-containerd: the limit of bytes of events that wait to be read is reached");
    }
    if (subscription_->broken()) return Fail(ErrorCode::kUnavailable, "transport is closing");
    return {};
  }

 private:
  std::unique_ptr<Subscription> subscription_;
};

// A stream that was refused.
class RefusedFeed final : public EventFeed {
 public:
  explicit RefusedFeed(libcontainerd::Error error) : error_(std::move(error)) {}
  std::optional<types::Event> Next() override { return std::nullopt; }
  bool ended() const override { return true; }
  Status end() const override { return Fail(error_); }

 private:
  libcontainerd::Error error_;
};

// Takes from the feed whatever is there and hands it on in one burst.
class PushStream final : public EventStream {
 public:
  explicit PushStream(EventSink& sink) : state_(std::make_shared<State>(&sink)) {}
  ~PushStream() override {
    state_->sink = nullptr;
    state_->feed.reset();
  }
  void Resume() override { Deliver(state_); }
  void Open(Facade& facade, const types::EventsRequest& request) {
    // Weak: the feed, which the state owns, holds this function.
    state_->feed = facade.OpenFeed(request, [weak = std::weak_ptr<State>(state_)] {
      if (const auto state = weak.lock()) Deliver(state);
    });
  }

 private:
  struct State {
    explicit State(EventSink* receiver) : sink(receiver) {}
    EventSink* sink;
    std::unique_ptr<EventFeed> feed;
  };

  // Shared: the sink may drop the stream inside a call.
  static void Deliver(const std::shared_ptr<State>& shared) {
    const std::shared_ptr<State> kept = shared;
    State& state = *kept;
    const std::size_t capacity = state.sink == nullptr ? 0 : state.sink->Capacity();
    std::vector<types::Event> events;
    while (state.feed && events.size() < capacity) {
      std::optional<types::Event> event = state.feed->Next();
      if (!event) break;
      events.push_back(std::move(*event));
    }
    if (!events.empty() && state.sink != nullptr) state.sink->OnEvents(events);
    // The sink may have dropped the stream by now.
    if (state.sink == nullptr || !state.feed || !state.feed->ended()) return;
    EventSink* const sink = std::exchange(state.sink, nullptr);
    const Status end = state.feed->end();
    state.feed.reset();
    sink->OnEnd(end);
  }

  std::shared_ptr<State> state_;
};

}  // namespace

Facade::Facade(World& world, BundleReader& bundles, FacadeOptions options)
    : context_(std::make_shared<Context>(Context{world, bundles, std::move(options)})) {}

Facade::~Facade() {
  context_->alive = false;
}

Awaitable<Status> Facade::Unary(Method method, const Message& request, Message& response,
                                Duration timeout) {
  Runtime& runtime = context_->world.runtime();
  const auto call = std::make_shared<Call>(runtime);
  std::shared_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  call->request = std::move(copy);
  call->response.reset(response.New());
  libcontainerd::Spawn(runtime, RunCall(context_, method, call));
  std::optional<libcontainerd::TimerId> timer;
  if (timeout < kLongestTimeout) {
    timer = runtime.StartTimer(timeout, [call] {
      call->done.Set(Fail(ErrorCode::kDeadlineExceeded, "Deadline Exceeded"));
    });
  }
  Status status = co_await call->done.Wait();
  if (timer) runtime.CancelTimer(*timer);
  if (status) response.CopyFrom(*call->response);
  co_return status;
}

std::unique_ptr<EventStream> Facade::Events(types::EventsRequest request, EventSink& sink) {
  auto stream = std::make_unique<PushStream>(sink);
  stream->Open(*this, request);
  return stream;
}

std::unique_ptr<EventFeed> Facade::OpenFeed(const types::EventsRequest& request,
                                            libcontainerd::UniqueFunction<void()> on_ready) {
  libcontainerd::Result<EventFilter> filter = ToFilter(request, context_->options.space);
  if (!filter) {
    asio::post(context_->world.runtime().executor(),
               [on_ready = std::move(on_ready)]() mutable { on_ready(); });
    return std::make_unique<RefusedFeed>(filter.error());
  }
  return std::make_unique<WorldFeed>(
      context_->world.Subscribe(std::move(*filter), std::move(on_ready)));
}

Awaitable<Status> Facade::CheckHealth(Duration) {
  if (!context_->world.daemon_running()) {
    co_return Fail(ErrorCode::kUnavailable, "connection refused");
  }
  co_return Status();
}

}  // namespace fake_containerd::v0
