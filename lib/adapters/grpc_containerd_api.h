// The client's end of gRPC; libcontainerd/grpc_containerd_api.h is the manual.
//
// Threads: gRPC calls back on threads of its own. There nothing happens but appending to an inbox
// and posting to the executor; coroutines, timers and sinks are touched on the executor's thread
// only.
//
// Lifetimes: a call's state is held by PendingCalls for as long as gRPC may touch it, and by its
// timer and posted steps. None of them refers to the GrpcContainerdApi, which therefore may go
// first.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include "containerd_v0.grpc.pb.h"
#include "libcontainerd/grpc_containerd_api.h"

namespace libcontainerd {

// What gRPC needs of every call.
//
// It must never die on a thread of gRPC's: it holds the channel, and the last channel waits for
// these very threads.
struct PendingCall {
  virtual ~PendingCall() = default;
  grpc::ClientContext context;
};

// The calls that gRPC is not done with, which this owns. Thread-safe.
class PendingCalls {
 public:
  void Add(std::shared_ptr<PendingCall> call);
  void CancelAllAndWait();

  // From gRPC's last callback of `call`: posts `step` to the executor, where the call is given up.
  // Neither is touched on gRPC's thread afterwards. Static, for the call may be the last to hold
  // `pending`.
  template <class Step>
  static void Finish(std::shared_ptr<PendingCalls> pending, PendingCall& call, Runtime& runtime,
                     Step step) {
    asio::post(runtime.executor(),
               [owner = pending->Take(call), step = std::move(step)]() mutable { step(); });
    pending->CountDown();
  }

 private:
  std::shared_ptr<PendingCall> Take(const PendingCall& call);
  void CountDown();

  // Guards the rest; never held while calling gRPC, which may call back from inside.
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t count_ = 0;  // calls_ and those that were just taken
  std::map<const PendingCall*, std::shared_ptr<PendingCall>> calls_;
};

class GrpcContainerdApi final : public ContainerdApi {
 public:
  GrpcContainerdApi(Runtime& runtime, const std::shared_ptr<grpc::Channel>& channel);
  ~GrpcContainerdApi() override;
  GrpcContainerdApi(const GrpcContainerdApi&) = delete;
  GrpcContainerdApi& operator=(const GrpcContainerdApi&) = delete;

  Awaitable<Status> Unary(Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, Duration timeout) override;
  std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& sink) override;
  Awaitable<Status> CheckHealth(Duration timeout) override;

 private:
  // Messages of the health service have the wire form of these two: nothing, and one number in
  // field 1. Using them keeps a second copy of health.proto out of programs that bring their own.
  using HealthStub =
      grpc::TemplatedGenericStub<google::protobuf::Empty, google::protobuf::Int32Value>;

  Runtime& runtime_;
  std::unique_ptr<types::API::Stub> stub_;
  HealthStub health_stub_;
  std::shared_ptr<PendingCalls> pending_ = std::make_shared<PendingCalls>();
};

}  // namespace libcontainerd
