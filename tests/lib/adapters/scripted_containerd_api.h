// What the tests of the two gRPC ends share: a ContainerdApi that does as it is told, a sink that
// remembers, and waits that end with a sentence instead of a hang.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libcontainerd/containerd_api.h"
#include "libcontainerd/threaded_runtime.h"

namespace libcontainerd::test {

// Longer than anything takes, even on a loaded machine; only failures wait so long.
inline constexpr std::chrono::seconds kPatience{60};

// State that one thread changes and another waits for.
class Board {
 public:
  template <class Change>
  auto Locked(Change change) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    return change();
  }
  template <class Condition>
  [[nodiscard]] testing::AssertionResult WaitFor(const std::string& what, Condition condition) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kPatience, condition)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "waited in vain for " << what;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Runs a function on the executor and returns its result. Not from the executor's thread.
template <class Function>
auto RunOn(Runtime& runtime, Function function) {
  std::packaged_task<std::invoke_result_t<Function&>()> task(std::move(function));
  auto result = task.get_future();
  asio::post(runtime.executor(), [&task] { task(); });
  return result.get();
}

// A Result-returning coroutine under way on the executor.
template <class T>
class Pending {
 public:
  Pending(Runtime& runtime, Awaitable<T> coroutine) {
    auto promise = std::make_shared<std::promise<T>>();
    future_ = promise->get_future();
    Spawn(runtime, Keep(std::move(coroutine), std::move(promise)));
  }

  bool done() const {
    return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  T Get() {
    if (future_.wait_for(kPatience) == std::future_status::ready) return future_.get();
    return Fail(ErrorCode::kInternal, "test: waited in vain for the call's end");
  }

 private:
  static Awaitable<void> Keep(Awaitable<T> coroutine, std::shared_ptr<std::promise<T>> promise) {
    promise->set_value(co_await std::move(coroutine));
  }
  std::future<T> future_;
};

template <class T>
T Await(Runtime& runtime, Awaitable<T> coroutine) {
  return Pending<T>(runtime, std::move(coroutine)).Get();
}

inline std::string Describe(const Status& status) {
  if (status) return "OK";
  return std::string(ErrorCodeName(status.error().code)) + ": " + status.error().message;
}
template <class T>
std::string Describe(const Result<T>& result) {
  return result ? "OK" : Describe(Status(Fail(result.error())));
}

class ScriptedApi final : public ContainerdApi {
 public:
  using Answer = std::function<Status(Method, const google::protobuf::Message& request,
                                      google::protobuf::Message& response)>;

  explicit ScriptedApi(Runtime& runtime) : runtime_(runtime) {}

  // From any thread. The default answers OK with an empty message.
  void SetAnswer(Answer answer) {
    board_.Locked([&] { answer_ = std::move(answer); });
  }
  // Calls wait from now on, until Release().
  void Hold() {
    board_.Locked([&] { holding_ = true; });
  }
  void Release() {
    RunOn(runtime_, [this] {
      board_.Locked([&] { holding_ = false; });
      for (OneShot<Unit>* held : std::exchange(held_, {})) held->Set(Unit());
    });
  }
  [[nodiscard]] testing::AssertionResult WaitForCalls(std::size_t count) {
    return board_.WaitFor(std::to_string(count) + " unary calls", [&] { return calls_ >= count; });
  }
  [[nodiscard]] testing::AssertionResult WaitForStreams(std::size_t opened, std::size_t closed) {
    return board_.WaitFor(
        std::to_string(opened) + " opened and " + std::to_string(closed) + " closed streams",
        [&] { return opened_ >= opened && closed_ >= closed; });
  }
  types::EventsRequest last_events_request() {
    return board_.Locked([&] { return last_events_request_; });
  }

  // To every open stream, in one burst each. Executor's thread.
  void EmitHere(const std::vector<types::Event>& events) {
    for (EventSink* sink : std::vector(sinks_)) sink->OnEvents(events);
  }
  void Emit(std::vector<types::Event> events) {
    RunOn(runtime_, [&] { EmitHere(events); });
  }
  void End(Status status) {
    RunOn(runtime_, [&] {
      for (EventSink* sink : std::exchange(sinks_, {})) sink->OnEnd(status);
    });
  }

  Awaitable<Status> Unary(Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, Duration) override {
    const bool hold = board_.Locked([&] {
      ++calls_;
      return holding_;
    });
    if (hold) {
      OneShot<Unit> released(runtime_);
      held_.push_back(&released);
      co_await released.Wait();
    }
    const Answer answer = board_.Locked([&] { return answer_; });
    if (!answer) co_return Status();
    co_return answer(method, request, response);
  }

  std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& sink) override {
    sinks_.push_back(&sink);
    board_.Locked([&] {
      ++opened_;
      last_events_request_ = std::move(request);
    });
    return std::make_unique<Stream>(*this, sink);
  }

  Awaitable<Status> CheckHealth(Duration) override { co_return Status(); }

 private:
  class Stream final : public EventStream {
   public:
    Stream(ScriptedApi& api, EventSink& sink) : api_(api), sink_(sink) {}
    ~Stream() override {
      std::erase(api_.sinks_, &sink_);
      api_.board_.Locked([&] { ++api_.closed_; });
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

   private:
    ScriptedApi& api_;
    EventSink& sink_;
  };

  Runtime& runtime_;
  std::vector<OneShot<Unit>*> held_;  // executor's thread, as is sinks_
  std::vector<EventSink*> sinks_;

  Board board_;  // guards the rest
  Answer answer_;
  bool holding_ = false;
  std::size_t calls_ = 0;
  std::size_t opened_ = 0;
  std::size_t closed_ = 0;
  types::EventsRequest last_events_request_;
};

// Remembers what a stream brought.
class RecordingSink final : public EventSink {
 public:
  // Called on the executor after each burst was noted.
  std::function<void()> after_events;

  void OnEvents(std::span<const types::Event> events) override {
    board_.Locked([&] {
      events_.insert(events_.end(), events.begin(), events.end());
      ++bursts_;
    });
    if (after_events) after_events();
  }
  void OnEnd(Status status) override {
    board_.Locked([&] { ends_.push_back(std::move(status)); });
  }

  [[nodiscard]] testing::AssertionResult WaitForEvents(std::size_t count) {
    return board_.WaitFor(std::to_string(count) + " events",
                          [&] { return events_.size() >= count; });
  }
  [[nodiscard]] testing::AssertionResult WaitForEnd() {
    return board_.WaitFor("the stream's end", [&] { return !ends_.empty(); });
  }
  std::vector<types::Event> events() {
    return board_.Locked([&] { return events_; });
  }
  std::vector<Status> ends() {
    return board_.Locked([&] { return ends_; });
  }
  std::size_t bursts() {
    return board_.Locked([&] { return bursts_; });
  }

 private:
  Board board_;
  std::vector<types::Event> events_;
  std::vector<Status> ends_;
  std::size_t bursts_ = 0;
};

// A stream that is opened and closed on the executor, from the test's thread.
class OpenStream {
 public:
  OpenStream(Runtime& runtime, ContainerdApi& api, EventSink& sink,
             types::EventsRequest request = {})
      : runtime_(runtime),
        stream_(RunOn(runtime, [&] { return api.Events(std::move(request), sink); })) {}
  ~OpenStream() { Close(); }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

  void Close() {
    RunOn(runtime_, [this] { stream_.reset(); });
  }
  void CloseHere() { stream_.reset(); }

 private:
  Runtime& runtime_;
  std::unique_ptr<EventStream> stream_;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "drydock-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string File(const std::string& name) const { return (path_ / name).string(); }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::filesystem::path path_;
};

// Events numbered by their status, from `first`.
inline std::vector<types::Event> NumberedEvents(std::uint32_t first, std::uint32_t count) {
  std::vector<types::Event> events(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    events[i].set_type("exit");
    events[i].set_id("container");
    events[i].set_status(first + i);
  }
  return events;
}

}  // namespace libcontainerd::test
