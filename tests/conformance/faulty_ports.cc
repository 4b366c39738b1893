#include "tests/conformance/faulty_ports.h"

#include <algorithm>

#include "scenarios/runner/request_text.h"

namespace drydock_tests {

using libcontainerd::Awaitable;
using libcontainerd::Duration;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::OneShot;
using libcontainerd::Status;

class FaultyApi::Stream final : public libcontainerd::EventStream,
                                private libcontainerd::EventSink {
 public:
  Stream(FaultyApi& owner, types::EventsRequest request, libcontainerd::EventSink& sink)
      : owner_(owner), sink_(sink), live_(!request.storedonly()) {
    owner_.streams_.insert(this);
    stream_ = owner_.api->Events(std::move(request), *this);
  }
  ~Stream() override {
    owner_.streams_.erase(this);
    stream_.reset();
  }
  bool being_read() const { return !live_ && !ended_; }
  // What it does may destroy the stream.
  void Release() {
    const std::vector<types::Event> held = std::exchange(held_, {});
    if (!held.empty()) Deliver(held);
    if (held_end_) sink_.OnEnd(*std::exchange(held_end_, std::nullopt));
  }
  void Break() {
    if (!live_ || ended_) return;
    ended_ = true;
    stream_.reset();
    held_.clear();
    sink_.OnEnd(Fail(ErrorCode::kUnavailable, "transport is closing"));
  }

 private:
  void OnEvents(std::span<const types::Event> events) override {
    std::vector<types::Event> passed;
    for (const types::Event& event : events) {
      if (owner_.drops && owner_.drops(event)) continue;
      if (live_ && owner_.drops_live && owner_.drops_live(event)) continue;
      passed.push_back(event);
      if (owner_.duplicates_events) passed.push_back(event);
    }
    if (owner_.held_ && live_) {
      held_.insert(held_.end(), passed.begin(), passed.end());
    } else if (!passed.empty()) {
      Deliver(passed);
    }
  }
  void Deliver(const std::vector<types::Event>& events) {
    sink_.OnEvents(events);
    owner_.delivered_ += events.size();
    for (const types::Event& event : events) owner_.handed_over_.insert(event.id());
  }
  void OnEnd(Status status) override {
    ended_ = true;
    ++owner_.streams_ended_;
    if (owner_.held_ && live_) {
      held_end_ = std::move(status);
    } else {
      sink_.OnEnd(std::move(status));
    }
  }

  FaultyApi& owner_;
  libcontainerd::EventSink& sink_;
  bool live_;
  bool ended_ = false;
  std::optional<Status> held_end_;
  std::vector<types::Event> held_;
  std::unique_ptr<libcontainerd::EventStream> stream_;
};

class FaultyApi::StoredStream final : public libcontainerd::EventStream {
 public:
  StoredStream(FaultyApi& owner, types::EventsRequest request, libcontainerd::EventSink& sink)
      : owner_(owner), state_(std::make_shared<State>()) {
    state_->request = std::move(request);
    state_->sink = &sink;
    Spawn(owner_.runtime_, Open(&owner_, state_));
  }
  ~StoredStream() override {
    state_->sink = nullptr;
    state_->stream.reset();
    if (state_->waiter) state_->waiter->Set(false);
  }

 private:
  struct State {
    types::EventsRequest request;
    libcontainerd::EventSink* sink = nullptr;
    std::unique_ptr<libcontainerd::EventStream> stream;
    std::shared_ptr<OneShot<bool>> waiter;
  };

  static Awaitable<void> Open(FaultyApi* owner, std::shared_ptr<State> state) {
    if (owner->stored_hangs) {
      state->waiter = std::make_shared<OneShot<bool>>(owner->runtime_);
      const auto waiter = state->waiter;
      owner->waiting_.push_back(waiter);
      static_cast<void>(co_await waiter->Wait());
      std::erase(owner->waiting_, waiter);
    }
    if (state->sink == nullptr) co_return;
    if (owner->stored_failure) {
      state->sink->OnEnd(Fail(*owner->stored_failure));
    } else {
      state->stream = std::make_unique<Stream>(*owner, state->request, *state->sink);
    }
  }

  FaultyApi& owner_;
  std::shared_ptr<State> state_;
};

void FaultyApi::HoldEvents(bool held) {
  held_ = held;
  if (held) return;
  const std::set<Stream*> streams = streams_;
  for (Stream* stream : streams) stream->Release();
}

void FaultyApi::BreakStreams() {
  const std::set<Stream*> streams = streams_;
  for (Stream* stream : streams) stream->Break();
}

void FaultyApi::Release() {
  faults.clear();
  stored_hangs = false;
  for (const auto& waiter : std::exchange(waiting_, {})) waiter->Set(true);
}

std::size_t FaultyApi::Count(Method method) const {
  return static_cast<std::size_t>(std::ranges::count(methods_, method));
}

std::size_t FaultyApi::Answered(Method method) const {
  return static_cast<std::size_t>(std::ranges::count(answered_, method));
}

std::size_t FaultyApi::in_flight() const {
  return asking_ + static_cast<std::size_t>(std::ranges::count_if(
                       streams_, [](const Stream* stream) { return stream->being_read(); }));
}

Awaitable<Status> FaultyApi::Ask(Method method, const google::protobuf::Message& request,
                                 google::protobuf::Message& response, Duration timeout) {
  ++asking_;
  Status status = co_await api->Unary(method, request, response, timeout);
  --asking_;
  answered_.push_back(method);
  co_return status;
}

Awaitable<bool> FaultyApi::WaitForRelease(Duration timeout) {
  auto waiter = std::make_shared<OneShot<bool>>(runtime_);
  waiting_.push_back(waiter);
  const libcontainerd::TimerId timer =
      runtime_.StartTimer(timeout, [waiter] { waiter->Set(false); });
  const bool released = co_await waiter->Wait();
  runtime_.CancelTimer(timer);
  std::erase(waiting_, waiter);
  co_return released;
}

Awaitable<Status> FaultyApi::Unary(Method method, const google::protobuf::Message& request,
                                   google::protobuf::Message& response, Duration timeout) {
  sent_.push_back(scenarios::RequestText(method, request));
  methods_.push_back(method);
  if (watch) watch(method, request);
  if (const auto failure = failures.find(method); failure != failures.end()) {
    co_return Fail(failure->second);
  }
  const auto found = faults.find(method);
  if (found == faults.end()) {
    Status plain = co_await Ask(method, request, response, timeout);
    if (plain && edits) edits(method, response);
    co_return plain;
  }
  const Fault fault = found->second;
  const Status late = Fail(ErrorCode::kDeadlineExceeded,
                           std::string(libcontainerd::MethodName(method)) + ": no answer in time");
  const Duration begun = runtime_.Now();
  if (fault == Fault::kHang) {
    const bool released = co_await WaitForRelease(timeout);
    if (!released) co_return late;
    co_return co_await Ask(method, request, response, timeout - (runtime_.Now() - begun));
  }
  Status status = co_await Ask(method, request, response, timeout);
  if (fault == Fault::kLose) co_return Fail(ErrorCode::kUnavailable, "the answer was lost");
  const bool released = co_await WaitForRelease(timeout - (runtime_.Now() - begun));
  if (!released) co_return late;
  co_return status;
}

std::unique_ptr<libcontainerd::EventStream> FaultyApi::Events(types::EventsRequest request,
                                                              libcontainerd::EventSink& sink) {
  if (request.storedonly()) {
    ++stored_reads_;
    return std::make_unique<StoredStream>(*this, std::move(request), sink);
  }
  return std::make_unique<Stream>(*this, std::move(request), sink);
}

}  // namespace drydock_tests
