// Joins a client to a server in the same process and on the same runtime, without gRPC. Never calls
// inline: requests, replies and events are steps of the executor, as they would be on a wire.
#pragma once

#include <memory>

#include "libcontainerd/containerd_api.h"

namespace libcontainerd {

class LoopbackContainerdApi final : public ContainerdApi {
 public:
  // Both outlive this object and every call made through it.
  LoopbackContainerdApi(Runtime& runtime, ContainerdApi& server)
      : runtime_(runtime), server_(server) {}

  Awaitable<Status> Unary(Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response, Duration timeout) override;
  std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& sink) override;
  Awaitable<Status> CheckHealth(Duration timeout) override;

 private:
  Runtime& runtime_;
  ContainerdApi& server_;
};

}  // namespace libcontainerd
