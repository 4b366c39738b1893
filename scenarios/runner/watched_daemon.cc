#include "scenarios/runner/watched_daemon.h"

#include <utility>

#include "scenarios/runner/request_text.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Status;

Awaitable<Status> WatchedDaemon::Unary(libcontainerd::Method method,
                                       const google::protobuf::Message& request,
                                       google::protobuf::Message& response,
                                       libcontainerd::Duration timeout) {
  const CallLedger::Ticket ticket = ledger_.Arrived(RequestText(method, request));
  Awaitable<Status> serving = daemon_.Unary(method, request, response, timeout);
  Status status = co_await std::move(serving);
  ledger_.Left(ticket);
  co_return status;
}

// How much of a stream is still on its way only its reader knows.
std::unique_ptr<libcontainerd::EventStream> WatchedDaemon::Events(types::EventsRequest request,
                                                                  libcontainerd::EventSink& sink) {
  return daemon_.Events(std::move(request), sink);
}

Awaitable<Status> WatchedDaemon::CheckHealth(libcontainerd::Duration timeout) {
  const CallLedger::Ticket ticket = ledger_.Arrived(kHealthText);
  Awaitable<Status> checking = daemon_.CheckHealth(timeout);
  Status status = co_await std::move(checking);
  ledger_.Left(ticket);
  co_return status;
}

}  // namespace scenarios
