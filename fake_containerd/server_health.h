// HealthService: grpc.health.v1.Health over the ContainerdApi port, so that whatever happens to a
// health check there — an answer, an error, or none — happens to the client.
//
// It knows the server as a whole, the empty name, and no other, as containerd 0.2 does. Check is
// one CheckHealth(). Watch, which that daemon lacks, is one at once and another each second: it
// tells SERVING and ends with the first error.
//
// Threads: gRPC's for the service; the API is called on the runtime's executor.
#pragma once

#include <memory>

#include "health_v1.grpc.pb.h"
#include "libcontainerd/containerd_api.h"

namespace fake_containerd {

class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // Both outlive every call. A call keeps `alive` until the API is done with it.
  HealthService(libcontainerd::Runtime& runtime, libcontainerd::ContainerdApi& api,
                std::shared_ptr<const void> alive);
  ~HealthService() override;
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

  struct Context;

 private:
  const std::shared_ptr<Context> context_;
};

}  // namespace fake_containerd
