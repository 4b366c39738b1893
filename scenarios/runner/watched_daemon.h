// WatchedDaemon: the daemon's end of the connection, watched: which requests have arrived, and
// which are answered (CallLedger). Between the transport and the facade.
//
// Threads: the executor's.
#pragma once

#include <memory>

#include "libcontainerd/containerd_api.h"
#include "scenarios/runner/call_ledger.h"

namespace scenarios {

class WatchedDaemon final : public libcontainerd::ContainerdApi {
 public:
  // Both outlive it.
  WatchedDaemon(libcontainerd::ContainerdApi& daemon, CallLedger& ledger)
      : daemon_(daemon), ledger_(ledger) {}

  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        libcontainerd::Duration timeout) override;
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(
      libcontainerd::Duration timeout) override;

 private:
  libcontainerd::ContainerdApi& daemon_;
  CallLedger& ledger_;
};

}  // namespace scenarios
