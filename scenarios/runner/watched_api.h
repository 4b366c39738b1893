// WatchedApi: the client's connection, watched: what was sent, what is still unanswered
// (CallLedger), and which marks (World::Mark) came through the event stream. Marks end here; the
// client never sees one.
//
// Threads: the executor's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libcontainerd/containerd_api.h"
#include "scenarios/runner/call_ledger.h"

namespace scenarios {

class WatchedApi final : public libcontainerd::ContainerdApi {
 public:
  // Ids of marks begin so.
  static constexpr const char* kMark = "drydock-mark-";

  explicit WatchedApi(CallLedger& ledger) : ledger_(ledger) {}

  // Outlives it. Null until the transport is there: then set `api`.
  libcontainerd::ContainerdApi* api = nullptr;

  // RequestText() of every request, "Events" for a live stream, "Events stored" for a read of the
  // log and "Health", and how often each was sent.
  const std::map<std::string, std::uint32_t>& sent() const { return sent_; }
  // "CreateContainer web/init", "CreateContainer web", "CreateContainer": how often.
  std::uint32_t SentOf(const std::string& method, const std::string& id,
                       const std::string& process) const;
  // Readings of the stored log that have not ended.
  std::size_t stored_reads() const { return stored_reads_; }
  bool MarkArrived(const std::string& id) const { return marks_.contains(id); }
  // Live event streams that are open.
  std::size_t streams() const { return streams_; }
  // How often a live stream was opened, and has ended by the daemon's doing.
  std::size_t streams_opened() const { return streams_opened_; }
  std::size_t streams_ended() const { return streams_ended_; }

  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        libcontainerd::Duration timeout) override;
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(
      libcontainerd::Duration timeout) override;

 private:
  class Stream;

  CallLedger& ledger_;  // of requests and health checks
  std::map<std::string, std::uint32_t> sent_;
  std::set<std::string> marks_;
  std::size_t stored_reads_ = 0;
  std::size_t streams_ = 0;
  std::size_t streams_opened_ = 0;
  std::size_t streams_ended_ = 0;
};

}  // namespace scenarios
