// ContainerdApi: the port through which the client reaches containerd 0.2 — and which the fake
// implements, so that client and fake can be joined directly (loopback) or through gRPC.
//
// One virtual function carries all eleven unary methods; Call() below gives it types. Decorators
// (journal, faults) therefore wrap one function instead of eleven.
//
// Threads: everything happens on the executor's thread of the Runtime that the implementation was
// made with.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "containerd_v0.pb.h"
#include "libcontainerd/async.h"
#include "libcontainerd/error.h"
#include "libcontainerd/event_burst.h"

namespace libcontainerd {

enum class Method : std::uint8_t {
  kGetServerVersion,
  kCreateContainer,
  kUpdateContainer,
  kSignal,
  kUpdateProcess,
  kAddProcess,
  kCreateCheckpoint,
  kDeleteCheckpoint,
  kListCheckpoint,
  kState,
  kStats,
};
inline constexpr int kMethodCount = 11;

// As on the wire: "CreateContainer".
std::string_view MethodName(Method method);

// Receives the event stream. Both functions run on the executor and must not block.
class EventSink {
 public:
  static constexpr std::size_t kUnlimited = static_cast<std::size_t>(-1);

  virtual ~EventSink() = default;
  // How many events it takes now; who can keep events back asks before each burst. A sink that said
  // 0 calls its stream's Resume() when it takes some again.
  virtual std::size_t Capacity() const { return kUnlimited; }
  // In wire order; a burst holds whatever had arrived.
  virtual void OnEvents(std::span<const types::Event> events) = 0;
  // The same, from a caller who needs the burst no longer: a sink that would copy the events may
  // take them with their memory, and leave other memory behind.
  virtual void OnBurst(EventBurst& burst) { OnEvents(burst.events()); }
  // The stream is over: the last call. OK for a stream that the server finished.
  virtual void OnEnd(Status status) = 0;
};

// An open event stream. Destroying it cancels the stream; the sink is not called from then on.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // The sink has room again. May hand it events at once.
  virtual void Resume() {}
};

class ContainerdApi {
 public:
  virtual ~ContainerdApi() = default;

  // Sends `request` and fills `response`, which are of the types that belong to `method`. Returns
  // DEADLINE_EXCEEDED once `timeout` has passed, however the other side behaves. Both messages
  // outlive the returned awaitable.
  virtual Awaitable<Status> Unary(Method method, const google::protobuf::Message& request,
                                  google::protobuf::Message& response, Duration timeout) = 0;

  // Opens the event stream. `sink` outlives the result. Waits for the server to become reachable.
  virtual std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& sink) = 0;

  // grpc.health.v1.Health/Check: OK when the answer is SERVING.
  virtual Awaitable<Status> CheckHealth(Duration timeout) = 0;
};

template <class Request>
struct MethodOf;
template <Method kMethodValue, class ResponseType>
struct MethodTraits {
  static constexpr Method kMethod = kMethodValue;
  using Response = ResponseType;
};
template <>
struct MethodOf<types::GetServerVersionRequest>
    : MethodTraits<Method::kGetServerVersion, types::GetServerVersionResponse> {};
template <>
struct MethodOf<types::CreateContainerRequest>
    : MethodTraits<Method::kCreateContainer, types::CreateContainerResponse> {};
template <>
struct MethodOf<types::UpdateContainerRequest>
    : MethodTraits<Method::kUpdateContainer, types::UpdateContainerResponse> {};
template <>
struct MethodOf<types::SignalRequest> : MethodTraits<Method::kSignal, types::SignalResponse> {};
template <>
struct MethodOf<types::UpdateProcessRequest>
    : MethodTraits<Method::kUpdateProcess, types::UpdateProcessResponse> {};
template <>
struct MethodOf<types::AddProcessRequest>
    : MethodTraits<Method::kAddProcess, types::AddProcessResponse> {};
template <>
struct MethodOf<types::CreateCheckpointRequest>
    : MethodTraits<Method::kCreateCheckpoint, types::CreateCheckpointResponse> {};
template <>
struct MethodOf<types::DeleteCheckpointRequest>
    : MethodTraits<Method::kDeleteCheckpoint, types::DeleteCheckpointResponse> {};
template <>
struct MethodOf<types::ListCheckpointRequest>
    : MethodTraits<Method::kListCheckpoint, types::ListCheckpointResponse> {};
template <>
struct MethodOf<types::StateRequest> : MethodTraits<Method::kState, types::StateResponse> {};
template <>
struct MethodOf<types::StatsRequest> : MethodTraits<Method::kStats, types::StatsResponse> {};

template <class Request>
using ResponseOf = typename MethodOf<Request>::Response;

// co_await Call(api, request, timeout) -> Result<the response that belongs to the request>.
template <class Request>
Awaitable<Result<ResponseOf<Request>>> Call(ContainerdApi& api, Request request, Duration timeout) {
  ResponseOf<Request> response;
  Status status = co_await api.Unary(MethodOf<Request>::kMethod, request, response, timeout);
  if (!status) co_return Fail(std::move(status).error());
  co_return response;
}

}  // namespace libcontainerd
