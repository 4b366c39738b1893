#include "lib/core/stored_log.h"

#include <memory>
#include <utility>

#include "lib/core/event.h"

namespace libcontainerd {

void StoredLogReading::OnEvents(std::span<const types::Event> events) {
  if (!ended_.is_set()) take_(events);
}

void StoredLogReading::OnEnd(Status status) {
  ended_.Set(std::move(status));
}

void StoredLogReading::GiveUp(Error error) {
  ended_.Set(Fail(std::move(error)));
}

Awaitable<Status> StoredLogReading::Read(std::shared_ptr<StoredLogReading> self, ContainerdApi& api,
                                         WallTime since, std::string id, Duration timeout) {
  types::EventsRequest request;
  SetTimestamp(since, *request.mutable_timestamp());
  request.set_storedonly(true);
  request.set_id(std::move(id));

  Runtime& runtime = self->runtime_;
  const TimerId timer = runtime.StartTimer(timeout, [self] {
    self->GiveUp(Error{ErrorCode::kDeadlineExceeded, "the stored events did not come in time"});
  });
  std::unique_ptr<EventStream> stream = api.Events(std::move(request), *self);
  Status ended = co_await self->ended_.Wait();
  stream.reset();
  runtime.CancelTimer(timer);
  co_return ended;
}

}  // namespace libcontainerd
