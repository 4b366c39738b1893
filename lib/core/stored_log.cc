#include "lib/core/stored_log.h"

#include <memory>
#include <utility>

#include "lib/core/event.h"

namespace libcontainerd {
namespace {

class Collector final : public EventSink {
 public:
  explicit Collector(Runtime& runtime) : ended_(runtime) {}

  void OnEvents(std::span<const types::Event> events) override {
    events_.insert(events_.end(), events.begin(), events.end());
  }
  void OnEnd(Status status) override { ended_.Set(std::move(status)); }

  Awaitable<Status> Wait() { return ended_.Wait(); }
  void GiveUp(Error error) { ended_.Set(Fail(std::move(error))); }
  std::vector<types::Event> Take() { return std::move(events_); }

 private:
  OneShot<Status> ended_;
  std::vector<types::Event> events_;
};

}  // namespace

Awaitable<Result<std::vector<types::Event>>> ReadStoredEvents(Runtime& runtime, ContainerdApi& api,
                                                              WallTime since, std::string id,
                                                              Duration timeout,
                                                              Cancellable cancellable) {
  types::EventsRequest request;
  SetTimestamp(since, *request.mutable_timestamp());
  request.set_storedonly(true);
  request.set_id(std::move(id));

  const auto collector = std::make_shared<Collector>(runtime);
  const TimerId timer = runtime.StartTimer(timeout, [collector] {
    collector->GiveUp(
        Error{ErrorCode::kDeadlineExceeded, "the stored events did not come in time"});
  });
  if (cancellable) {
    cancellable([collector] {
      collector->GiveUp(Error{ErrorCode::kCancelled, "reading the stored events was cancelled"});
    });
  }
  std::unique_ptr<EventStream> stream = api.Events(std::move(request), *collector);
  Status ended = co_await collector->Wait();
  stream.reset();
  runtime.CancelTimer(timer);
  if (!ended) co_return Fail(std::move(ended).error());
  co_return collector->Take();
}

}  // namespace libcontainerd
