// ServedApi: what stands between the server and the daemon, as a decorator of the port: it refuses
// requests that no honest client makes and those that exceed a limit, counts who listens, and
// records every RPC.
//
// Refused with INVALID_ARGUMENT before the daemon sees them: ids, names and paths with a NUL byte
// or longer than the limit (paths: 4095 bytes, what Linux takes), and names of processes and
// checkpoints that would leave their directory. What the real daemon refuses in words of its own is
// left to the facade.
//
// Threads: the executor's. Everything in Parts outlives it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "fake_containerd/happenings.h"
#include "fake_containerd/journal_log.h"
#include "fake_containerd/limits.h"
#include "libcontainerd/containerd_api.h"

namespace fake_containerd {

class ServedApi final : public libcontainerd::ContainerdApi {
 public:
  struct Parts {
    Runtime& runtime;
    libcontainerd::ContainerdApi& api;
    Happenings& happenings;
    JournalLog& journal;
    Limits limits{};
  };

  explicit ServedApi(Parts parts) : parts_(parts) {}

  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        Duration timeout) override;
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  // Not among the calls under way, which it must be able to pass; as many, and no line of the
  // journal.
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(Duration timeout) override;

 private:
  class Stream;
  struct Admission;
  libcontainerd::Status Admit(const google::protobuf::Message& request) const;
  libcontainerd::Status AdmitStream(const types::EventsRequest& request) const;

  const Parts parts_;
  std::size_t calls_ = 0;
  std::size_t health_checks_ = 0;
  std::size_t request_bytes_ = 0;
  std::size_t streams_ = 0;
};

// What is wrong with the ids, names and paths of a request, if anything is.
libcontainerd::Status CheckRequest(const google::protobuf::Message& request, const Limits& limits);

}  // namespace fake_containerd
