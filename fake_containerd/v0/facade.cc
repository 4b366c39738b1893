#include "fake_containerd/v0/facade.h"

#include <chrono>
#include <utility>
#include <vector>

#include "fake_containerd/v0/event_feed.h"
#include "fake_containerd/v0/handlers.h"
#include "fake_containerd/v0/messages.h"
#include "libcontainerd/event_burst.h"

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

Status Gone() {
  return Fail(ErrorCode::kUnavailable, "transport is closing");
}

bool Serving(const ContextPtr& context) {
  return context->alive && context->world.daemon_running();
}

InjectionSubject SubjectOf(const Message& request) {
  return {TextField(request, "id"), TextField(request, "pid")};
}

// Nothing when the call goes on behind the point, else its answer.
Awaitable<std::optional<Status>> PassPoint(ContextPtr context, std::string point,
                                           InjectionSubject subject) {
  const std::shared_ptr<Injector> injector = context->injector;
  Awaitable<Injector::Verdict> passing = injector->Passed(std::move(point), std::move(subject));
  const Injector::Verdict verdict = co_await std::move(passing);
  if (verdict.gone) co_return Gone();
  if (!verdict.fault) co_return std::nullopt;
  if (verdict.fault->action == FaultAction::kError) co_return Fail(verdict.fault->error);
  co_await injector->UntilGone();  // dropped: the caller waits as long as it likes
  co_return Gone();
}

// The call, and the points that it passes.
Awaitable<Status> ServeThroughPoints(ContextPtr context, Method method,
                                     std::shared_ptr<Call> call) {
  const auto point = [method](const char* when) {
    return "rpc." + std::string(MethodName(method)) + when;
  };
  if (Serving(context) && !context->injector->quiet()) {
    const InjectionSubject subject = SubjectOf(*call->request);
    if (context->injector->Draw("daemon.call", subject).gone) co_return Gone();
    Awaitable<std::optional<Status>> arriving = PassPoint(context, point(".received"), subject);
    std::optional<Status> answer = co_await std::move(arriving);
    if (answer) co_return std::move(*answer);
  }
  Awaitable<Status> serving = Serve(context, method, call->request, call->response);
  Status status = co_await std::move(serving);
  if (!Serving(context) || context->injector->quiet()) co_return status;
  Awaitable<std::optional<Status>> leaving =
      PassPoint(context, point(".executed"), SubjectOf(*call->request));
  std::optional<Status> answer = co_await std::move(leaving);
  if (answer) co_return std::move(*answer);
  co_return status;
}

// A health check needs nothing but a daemon that runs.
Awaitable<Status> CheckThroughPoints(ContextPtr context) {
  const char* const points[] = {"rpc.Health.received", "rpc.Health.executed"};
  for (const char* const point : points) {
    Awaitable<std::optional<Status>> passing = PassPoint(context, point, InjectionSubject());
    std::optional<Status> answer = co_await std::move(passing);
    if (answer) co_return std::move(*answer);
    if (!Serving(context)) co_return Gone();
  }
  co_return Status();
}

Awaitable<void> RunCheck(ContextPtr context, std::shared_ptr<OneShot<Status>> done) {
  Awaitable<Status> checking = CheckThroughPoints(std::move(context));
  done->Set(co_await std::move(checking));
}

// What it comes to, or that it took too long.
Awaitable<Status> Within(Duration timeout, Runtime& runtime,
                         std::shared_ptr<OneShot<Status>> done) {
  std::optional<libcontainerd::TimerId> timer;
  if (timeout < kLongestTimeout) {
    timer = runtime.StartTimer(
        timeout, [done] { done->Set(Fail(ErrorCode::kDeadlineExceeded, "Deadline Exceeded")); });
  }
  Status status = co_await done->Wait();
  if (timer) runtime.CancelTimer(*timer);
  co_return status;
}

Awaitable<void> RunCall(ContextPtr context, Method method, std::shared_ptr<Call> call) {
  Awaitable<Status> serving = ServeThroughPoints(std::move(context), method, call);
  call->done.Set(co_await std::move(serving));
}

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
    libcontainerd::EventBurst burst;  // for its memory
  };

  // False when the feed is empty, or the sink takes no more and will ask again.
  static bool DeliverSome(State& state) {
    const std::size_t capacity = state.sink->Capacity();
    // The sink may resume the stream from inside its function.
    libcontainerd::EventBurst burst;
    burst.swap(state.burst);
    while (state.feed && burst.size() < capacity) {
      if (state.feed->Next(burst.Add())) continue;
      burst.DropLast();
      break;
    }
    const bool full = burst.size() == capacity;
    if (!burst.empty()) state.sink->OnBurst(burst);
    burst.Clear();
    state.burst.swap(burst);
    return full && capacity > 0;
  }

  // By value: the sink may drop the stream inside a call.
  static void Deliver(std::shared_ptr<State> kept) {
    State& state = *kept;
    while (state.sink != nullptr && DeliverSome(state)) {
    }
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
    : context_(std::make_shared<Context>(
          Context{world, world.shared_injector(), bundles, std::move(options)})) {}

Facade::~Facade() {
  context_->alive = false;
}

Awaitable<Status> Facade::Unary(Method method, const Message& request, Message& response,
                                Duration timeout) {
  Runtime& runtime = context_->world.runtime();
  const auto call = std::make_shared<Call>(runtime);
  std::shared_ptr<Message> copy(request.New());
  copy->MergeFrom(request);
  call->request = std::move(copy);
  call->response.reset(response.New());
  libcontainerd::Spawn(runtime, RunCall(context_, method, call));
  Awaitable<Status> ending =
      Within(timeout, runtime, std::shared_ptr<OneShot<Status>>(call, &call->done));
  Status status = co_await std::move(ending);
  if (status) response.GetReflection()->Swap(&response, call->response.get());
  co_return status;
}

std::unique_ptr<EventStream> Facade::Events(types::EventsRequest request, EventSink& sink) {
  auto stream = std::make_unique<PushStream>(sink);
  stream->Open(*this, request);
  return stream;
}

std::unique_ptr<EventFeed> Facade::OpenFeed(const types::EventsRequest& request,
                                            libcontainerd::UniqueFunction<void()> on_ready) {
  return MakeEventFeed(context_, request, std::move(on_ready));
}

Awaitable<Status> Facade::CheckHealth(Duration timeout) {
  if (!context_->world.daemon_running() || context_->injector->crashing()) {
    co_return Fail(ErrorCode::kUnavailable, "connection refused");
  }
  if (context_->injector->quiet()) co_return Status();
  Runtime& runtime = context_->world.runtime();
  const auto done = std::make_shared<OneShot<Status>>(runtime);
  libcontainerd::Spawn(runtime, RunCheck(context_, done));
  Awaitable<Status> ending = Within(timeout, runtime, done);
  co_return co_await std::move(ending);
}

}  // namespace fake_containerd::v0
