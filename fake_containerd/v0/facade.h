// Facade: the containerd 0.2 API over a World, as the port that client and gRPC server both take.
//
//   MemoryProcessIo io(fifos);
//   World world(runtime, io, options);
//   v0::Facade api(world, bundles, {});
//   world.StartDaemon();
//
// While the daemon is stopped every call is UNAVAILABLE; an event stream waits for the start. A
// call that exceeds its time-out returns DEADLINE_EXCEEDED and goes on in the daemon.
//
// Documented differences from the real daemon: a missing `user` or `checkpoint` message and a
// config.json without a `linux` section, which crash it, are INVALID_ARGUMENT here.
//
// Threads: the executor's of the world's runtime. World and BundleReader outlive the facade.
#pragma once

#include <memory>
#include <string>

#include "fake_containerd/v0/bundle_reader.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/containerd_api.h"

namespace fake_containerd::v0 {

struct FacadeOptions {
  // The daemon's, as error texts show it; nothing is written there.
  std::string state_dir = "/run/containerd";
  std::string space = kDefaultNamespace;
  std::uint32_t major = 0;
  std::uint32_t minor = 2;
  std::uint32_t patch = 3;
  std::string revision = "837e8c5e1cad013ed57f5c2090c8591c10cbbdae";
  std::uint32_t cpus = 2;
  std::uint64_t memory_mib = 24105;
  // Fill what 0.2 releases after that revision added: AddProcessResponse.systemPid,
  // UpdateResource.pidsLimit.
  bool late_fields = false;
};

// The event stream for readers that set the pace: what they do not take waits in the daemon's queue
// of 2048, and what does not fit in there is lost. Destroying it ends the stream.
class EventFeed {
 public:
  virtual ~EventFeed() = default;
  // Fills every field of the message; false when there is none now.
  virtual bool Next(types::Event& message) = 0;
  // Nothing is left and nothing will come.
  virtual bool ended() const = 0;
  // Why it ended: OK for one that told everything stored.
  virtual libcontainerd::Status end() const = 0;
};

class Facade final : public libcontainerd::ContainerdApi {
 public:
  Facade(World& world, BundleReader& bundles, FacadeOptions options);
  ~Facade() override;
  Facade(const Facade&) = delete;
  Facade& operator=(const Facade&) = delete;

  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        Duration timeout) override;
  // Hands on as much as the sink takes; what it does not take waits in the daemon's queue of 2048,
  // and what does not fit in there is lost.
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  // `on_ready` runs as a step of its own when events or the end are there, then not again before
  // Next() gave nothing.
  std::unique_ptr<EventFeed> OpenFeed(const types::EventsRequest& request,
                                      libcontainerd::UniqueFunction<void()> on_ready);
  // OK whenever the daemon runs, also while its main loop stands still; unless something happens to
  // it at the points rpc.Health.*.
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(Duration timeout) override;

  struct Context;

 private:
  std::shared_ptr<Context> context_;
};

}  // namespace fake_containerd::v0
