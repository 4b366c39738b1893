#include "fake_containerd/served_api.h"

#include <array>
#include <string_view>
#include <utility>

#include <asio/post.hpp>

#include "fake_containerd/v0/messages.h"
#include "libcontainerd/wire_time.h"

namespace fake_containerd {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::EventSink;
using libcontainerd::EventStream;
using libcontainerd::Fail;
using libcontainerd::Method;
using libcontainerd::Status;

namespace {

constexpr std::size_t kLongestPath = 4095;

enum class Meaning : std::uint8_t { kText, kId, kName, kPath };

// By the field's name, which means the same in every request.
Meaning MeaningOf(const FieldDescriptor& field) {
  static constexpr std::array<std::string_view, 6> kPaths = {
      "bundlePath", "stdin", "stdout", "stderr", "checkpointDir", "cwd"};
  const std::string& name = field.name();
  for (const std::string_view path : kPaths) {
    if (name == path) return Meaning::kPath;
  }
  if (name == "id") return Meaning::kId;
  if (name == "pid" || name == "checkpoint" || name == "name") return Meaning::kName;
  return Meaning::kText;
}

bool LeavesDirectory(std::string_view name) {
  return name == "." || name == ".." || name.find('/') != std::string_view::npos;
}

Status Bad(const FieldDescriptor& field, const std::string& what) {
  return Fail(ErrorCode::kInvalidArgument, field.full_name() + ": " + what);
}

Status CheckLength(const FieldDescriptor& field, std::size_t size, std::size_t limit) {
  if (size <= limit) return {};
  return Bad(field,
             "has " + std::to_string(size) + " bytes, the limit is " + std::to_string(limit));
}

Status CheckText(const FieldDescriptor& field, const std::string& text, const Limits& limits) {
  const Meaning meaning = MeaningOf(field);
  if (meaning == Meaning::kText) return {};
  if (text.find('\0') != std::string::npos) return Bad(field, "contains a NUL byte");
  if (meaning == Meaning::kPath) return CheckLength(field, text.size(), kLongestPath);
  if (Status fits = CheckLength(field, text.size(), limits.id_bytes); !fits) return fits;
  if (meaning == Meaning::kName && LeavesDirectory(text)) {
    return Bad(field, "\"" + text + "\" is no name of a directory's entry");
  }
  return {};
}

Status Exhausted(std::size_t limit, const std::string& of_what) {
  return Fail(
      ErrorCode::kResourceExhausted,
      "fake-containerd: the limit of " + std::to_string(limit) + " " + of_what + " is reached");
}

}  // namespace

Status CheckRequest(const Message& request, const Limits& limits) {
  const google::protobuf::Descriptor& type = *request.GetDescriptor();
  const google::protobuf::Reflection& reflection = *request.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) continue;  // labels and arguments are free text
    Status fine;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      fine = CheckText(field, reflection.GetString(request, &field), limits);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
               reflection.HasField(request, &field)) {
      fine = CheckRequest(reflection.GetMessage(request, &field), limits);
    }
    if (!fine) return fine;
  }
  return {};
}

// A call's share of the limits, from its arrival to its answer.
struct ServedApi::Admission {
  Admission(ServedApi& its_api, std::size_t its_bytes) : api(its_api), bytes(its_bytes) {
    ++api.calls_;
    api.request_bytes_ += bytes;
  }
  ~Admission() {
    --api.calls_;
    api.request_bytes_ -= bytes;
  }
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  ServedApi& api;
  const std::size_t bytes;
};

Status ServedApi::Admit(const Message& request) const {
  const Limits& limits = parts_.limits;
  if (calls_ >= limits.calls) return Exhausted(limits.calls, "calls under way");
  if (request_bytes_ + request.ByteSizeLong() > limits.request_bytes) {
    return Exhausted(limits.request_bytes, "bytes of requests under way");
  }
  return CheckRequest(request, limits);
}

Status ServedApi::AdmitStream(const types::EventsRequest& request) const {
  if (streams_ >= parts_.limits.subscribers) {
    return Exhausted(parts_.limits.subscribers, "event streams");
  }
  return CheckRequest(request, parts_.limits);
}

Awaitable<Status> ServedApi::Unary(Method method, const Message& request, Message& response,
                                   Duration timeout) {
  Status status = Admit(request);
  JournalLog::Rpc rpc;
  rpc.method = MethodName(method);
  if (status || status.error().code == ErrorCode::kResourceExhausted) {
    rpc.id = v0::TextField(request, "id");
    rpc.process = v0::TextField(request, "pid");
  }  // what is wrong with them the error says; they may be very long
  rpc.flag = method == Method::kUpdateProcess &&
             static_cast<const types::UpdateProcessRequest&>(request).closestdin();
  parts_.journal.RpcBegan(rpc);
  if (status) {
    const Admission admission(*this, request.ByteSizeLong());
    Awaitable<Status> serving = parts_.api.Unary(method, request, response, timeout);
    status = co_await std::move(serving);
  }
  parts_.journal.RpcEnded(rpc, status);
  co_return status;
}

Awaitable<Status> ServedApi::CheckHealth(Duration timeout) {
  if (health_checks_ >= parts_.limits.calls) {
    co_return Exhausted(parts_.limits.calls, "health checks under way");
  }
  ++health_checks_;
  Awaitable<Status> checking = parts_.api.CheckHealth(timeout);
  Status status = co_await std::move(checking);
  --health_checks_;
  co_return status;
}

// One stream: admitted and open, or refused.
class ServedApi::Stream final : public EventStream, private EventSink {
 public:
  Stream(ServedApi& api, const types::EventsRequest& request, EventSink& sink)
      : api_(api), sink_(sink), admitted_(api.AdmitStream(request)) {
    rpc_.method = "Events";
    rpc_.id = admitted_ ? request.id() : "";
    rpc_.flag = request.storedonly();
    if (request.has_timestamp()) {
      rpc_.stamp = libcontainerd::ToWallTime(request.timestamp()).time_since_epoch().count();
    } else {
      rpc_.text = "live only";
    }
    api_.parts_.journal.RpcBegan(rpc_);
    if (!admitted_) {
      // Never inside the call that opens it.
      asio::post(api_.parts_.runtime.executor(), [this, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.lock()) OnEnd(admitted_);
      });
      return;
    }
    ++api_.streams_;
    stream_ = api_.parts_.api.Events(request, *this);
    api_.parts_.happenings.SubscribersChanged(1);
  }
  ~Stream() override {
    if (admitted_) {
      stream_.reset();
      --api_.streams_;
      api_.parts_.happenings.SubscribersChanged(-1);
    }
    if (!ended_) End(Fail(ErrorCode::kCancelled, "cancelled by the client"));
  }

  void Resume() override {
    if (stream_) stream_->Resume();
  }

 private:
  std::size_t Capacity() const override { return sink_.Capacity(); }
  void OnEvents(std::span<const types::Event> events) override { sink_.OnEvents(events); }
  void OnEnd(Status status) override {
    End(status);
    sink_.OnEnd(std::move(status));
  }
  void End(const Status& status) {
    ended_ = true;
    api_.parts_.journal.RpcEnded(rpc_, status);
  }

  ServedApi& api_;
  EventSink& sink_;
  const Status admitted_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  JournalLog::Rpc rpc_;
  bool ended_ = false;
  std::unique_ptr<EventStream> stream_;
};

std::unique_ptr<EventStream> ServedApi::Events(types::EventsRequest request, EventSink& sink) {
  return std::make_unique<Stream>(*this, request, sink);
}

}  // namespace fake_containerd
