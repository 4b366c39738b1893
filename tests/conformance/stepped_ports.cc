#include "tests/conformance/stepped_ports.h"

#include <algorithm>

namespace drydock_tests {

using libcontainerd::Awaitable;
using libcontainerd::Done;
using libcontainerd::Duration;
using libcontainerd::Error;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::OneShot;
using libcontainerd::Status;
using libcontainerd::Task;

void Steps::Watch() {
  taken_.clear();
  broken_.clear();
  broke_ = false;
}

void Steps::Break(std::string step, Fault fault) {
  Watch();
  broken_ = std::move(step);
  fault_ = fault;
}

void Steps::Heal() {
  broken_.clear();
  for (const auto& hanging : std::exchange(hanging_, {})) hanging->Set(true);
  for (Task& held : std::exchange(held_, {})) held();
}

std::optional<Steps::Fault> Steps::Take(const std::string& kind) {
  const auto is_of_kind = [&](const std::string& step) {
    return step == kind || step.starts_with(kind + " #");
  };
  const auto before = std::ranges::count_if(taken_, is_of_kind);
  taken_.push_back(before == 0 ? kind : kind + " #" + std::to_string(before + 1));
  if (taken_.back() != broken_) return std::nullopt;
  broken_.clear();
  broke_ = true;
  return fault_;
}

Error Steps::FailureOf(const std::string& kind) const {
  return Error{ErrorCode::kInternal, kind + " failed"};
}

Awaitable<bool> Steps::Hang(Duration patience) {
  auto hanging = std::make_shared<OneShot<bool>>(runtime_);
  hanging_.push_back(hanging);
  const libcontainerd::TimerId timer =
      runtime_.StartTimer(patience, [hanging] { hanging->Set(false); });
  const bool healed = co_await hanging->Wait();
  runtime_.CancelTimer(timer);
  std::erase(hanging_, hanging);
  co_return healed;
}

Awaitable<Status> SteppedApi::Unary(libcontainerd::Method method,
                                    const google::protobuf::Message& request,
                                    google::protobuf::Message& response, Duration timeout) {
  const std::string kind(MethodName(method));
  const std::optional<Steps::Fault> fault = steps_.Take(kind);
  const Status late = Fail(ErrorCode::kDeadlineExceeded, kind + ": no answer in time");
  if (fault == Steps::Fault::kFail) co_return Fail(steps_.FailureOf(kind));
  if (fault == Steps::Fault::kUnreachable) {
    co_return Fail(ErrorCode::kUnavailable, "nobody listens");
  }
  if (fault == Steps::Fault::kHang) {
    const bool healed = co_await steps_.Hang(timeout);
    if (!healed) co_return late;
  }
  Status status = co_await api_.Unary(method, request, response, timeout);
  if (fault == Steps::Fault::kLose) co_return Fail(ErrorCode::kUnavailable, "the answer was lost");
  if (fault == Steps::Fault::kWithhold) {
    const bool healed = co_await steps_.Hang(timeout);
    if (!healed) co_return late;
  }
  co_return status;
}

class SteppedApi::Stream final : public libcontainerd::EventStream,
                                 public libcontainerd::EventSink {
 public:
  Stream(SteppedApi& api, types::EventsRequest request, libcontainerd::EventSink& sink)
      : api_(api), request_(std::move(request)), sink_(sink), fault_(api.steps_.Take("Events")) {
    if (fault_ == Steps::Fault::kFail) {
      EndLater(Fail(api_.steps_.FailureOf("Events")));
    } else if (fault_ == Steps::Fault::kUnreachable) {
      EndLater(Fail(ErrorCode::kUnavailable, "nobody listens"));
    } else if (fault_ == Steps::Fault::kHang) {
      AtHeal([this] { Open(); });
    } else {
      Open();
    }
  }

  void OnEvents(std::span<const types::Event> events) override { sink_.OnEvents(events); }
  void OnEnd(Status status) override {
    if (fault_ == Steps::Fault::kLose) {
      status = Fail(ErrorCode::kUnavailable, "the answer was lost");
    }
    if (fault_ != Steps::Fault::kWithhold) return sink_.OnEnd(std::move(status));
    AtHeal([this, status = std::move(status)]() mutable { sink_.OnEnd(std::move(status)); });
  }

 private:
  void Open() { stream_ = api_.api_.Events(request_, *this); }
  void EndLater(Status status) {
    asio::post(api_.steps_.executor(), WhileOpen([this, status = std::move(status)]() mutable {
                 sink_.OnEnd(std::move(status));
               }));
  }
  void AtHeal(Task task) { api_.steps_.AtHeal(WhileOpen(std::move(task))); }
  Task WhileOpen(Task task) {
    return [open = std::weak_ptr<void>(open_), task = std::move(task)]() mutable {
      if (!open.expired()) task();
    };
  }

  SteppedApi& api_;
  types::EventsRequest request_;
  libcontainerd::EventSink& sink_;
  std::optional<Steps::Fault> fault_;
  std::shared_ptr<void> open_ = std::make_shared<char>();
  std::unique_ptr<libcontainerd::EventStream> stream_;
};

std::unique_ptr<libcontainerd::EventStream> SteppedApi::Events(types::EventsRequest request,
                                                               libcontainerd::EventSink& sink) {
  if (!request.storedonly() || request.id().empty()) {
    return api_.Events(std::move(request), sink);
  }
  return std::make_unique<Stream>(*this, std::move(request), sink);
}

void SteppedBackend::Call(const std::string& kind, Done done,
                          libcontainerd::UniqueFunction<void(Done)> begin) {
  const std::optional<Steps::Fault> fault = steps_.Take(kind);
  if (fault == Steps::Fault::kFail) return done(Fail(steps_.FailureOf(kind)));
  if (fault == Steps::Fault::kHang) {
    steps_.AtHeal(
        [begin = std::move(begin), done = std::move(done)]() mutable { begin(std::move(done)); });
    return;
  }
  if (fault != Steps::Fault::kWithhold) return begin(std::move(done));
  begin([&steps = steps_, done = std::move(done)](Status status) mutable {
    steps.AtHeal([done = std::move(done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
  });
}

void SteppedBackend::StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                                  Done done) {
  Call("callback " + std::string(ContainerStateName(info.state)), std::move(done),
       [this, id, info](Done ended) { backend_.StateChanged(id, info, std::move(ended)); });
}

void SteppedBackend::AttachStreams(const std::string& id, const std::string& process,
                                   libcontainerd::IoPipe pipe, Done done) {
  Call("attach " + process, std::move(done),
       [this, id, process, pipe = std::move(pipe)](Done ended) mutable {
         backend_.AttachStreams(id, process, std::move(pipe), std::move(ended));
       });
}

}  // namespace drydock_tests
