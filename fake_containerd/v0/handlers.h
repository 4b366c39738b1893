// The unary methods of the 0.2 API, one function each. Checks stand in the order in which the real
// daemon makes them.
//
// Threads: the executor's. The context is shared: a call outlives the facade that took it.
#pragma once

#include <memory>

#include "fake_containerd/v0/facade.h"

namespace fake_containerd::v0 {

struct Facade::Context {
  World& world;  // not to be touched once `alive` is false
  const std::shared_ptr<Injector> injector;
  BundleReader& bundles;
  FacadeOptions options;
  bool alive = true;
};
using ContextPtr = std::shared_ptr<Facade::Context>;

// Serves one call. `request` and `response` are of the types that belong to `method`.
libcontainerd::Awaitable<libcontainerd::Status> Serve(
    ContextPtr context, libcontainerd::Method method,
    std::shared_ptr<const google::protobuf::Message> request,
    std::shared_ptr<google::protobuf::Message> response);

}  // namespace fake_containerd::v0
