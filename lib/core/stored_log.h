// Reads events that the daemon stored: one storedOnly stream from beginning to end.
//
// Threads: the executor's thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/containerd_api.h"

namespace libcontainerd {

// One reading, which hands on each event as it arrives and can be given up. Held by a shared_ptr.
class StoredLogReading final : public EventSink {
 public:
  using Take = std::function<void(std::span<const types::Event>)>;
  StoredLogReading(Runtime& runtime, Take take)
      : runtime_(runtime), take_(std::move(take)), ended_(runtime) {}

  // Takes the stored events strictly after `since`, of container `id` or (empty) of all, in the
  // log's order. DEADLINE_EXCEEDED when the stream has not ended within `timeout`; some of the
  // events may have been taken then. Once. `api` outlives the call.
  static Awaitable<Status> Read(std::shared_ptr<StoredLogReading> self, ContainerdApi& api,
                                WallTime since, std::string id, Duration timeout);
  // Read() returns with this error, and takes no more.
  void GiveUp(Error error);

  void OnEvents(std::span<const types::Event> events) override;
  void OnEnd(Status status) override;

 private:
  Runtime& runtime_;
  Take take_;
  OneShot<Status> ended_;
};

}  // namespace libcontainerd
