// A ContainerdApi that shows a daemon's health as a test says. For the simulated runtime.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "libcontainerd/containerd_api.h"

namespace libcontainerd::test {

// Health checks as the test says; no other calls.
class SimulatedHealth final : public ContainerdApi {
 public:
  explicit SimulatedHealth(Runtime& runtime) : runtime_(runtime) {}

  // Given in turn before `answer`.
  std::vector<Status> next{};
  Status answer{};
  bool hangs = false;  // until its deadline
  std::size_t checks = 0;

  Awaitable<Status> Unary(Method, const google::protobuf::Message&, google::protobuf::Message&,
                          Duration) override {
    co_return Fail(ErrorCode::kUnimplemented, "health only");
  }
  std::unique_ptr<EventStream> Events(types::EventsRequest, EventSink&) override {
    return std::make_unique<EventStream>();
  }
  Awaitable<Status> CheckHealth(Duration timeout) override {
    ++checks;
    if (hangs) {
      co_await Sleep(runtime_, timeout);
      co_return Fail(ErrorCode::kDeadlineExceeded, "deadline exceeded");
    }
    if (next.empty()) co_return answer;
    Status first = std::move(next.front());
    next.erase(next.begin());
    co_return first;
  }

 private:
  Runtime& runtime_;
};

}  // namespace libcontainerd::test
