#include "libcontainerd/remote.h"

#include <utility>
#include <vector>

#include "lib/core/event.h"
#include "lib/core/stop.h"

namespace libcontainerd {

class Remote::Impl final : public EventSink {
 public:
  Impl(Runtime& runtime, ContainerdApi& api, std::vector<Client*> clients, Timing timing)
      : runtime_(runtime),
        api_(api),
        clients_(std::move(clients)),
        timing_(timing),
        scope_(runtime),
        stop_(runtime) {}

  void Start() {
    resume_at_ = runtime_.WallNow();
    scope_.Spawn(Watch());
  }

  Awaitable<void> Close() {
    stop_.Stop();
    if (ended_) ended_->Set(Unit());
    co_await scope_.Join();
  }

  void OnEvents(std::span<const types::Event> events) override {
    pause_ = timing_.reconnect_first;
    for (const types::Event& event : events) {
      if (event.has_timestamp()) resume_at_ = std::max(resume_at_, TimestampOf(event));
    }
    for (Client* client : clients_) client->HandleEvents(events);
  }
  void OnEnd(Status /*status*/) override { ended_->Set(Unit()); }

  std::uint64_t subscriptions() const { return subscriptions_; }

 private:
  Awaitable<void> Watch() {
    while (!stop_.stopped()) {
      ended_ = std::make_shared<OneShot<Unit>>(runtime_);
      ++subscriptions_;
      std::unique_ptr<EventStream> stream = api_.Events(MakeRequest(), *this);
      co_await ended_->Wait();
      stream.reset();
      const bool slept = co_await stop_.Sleep(pause_);
      if (!slept) break;
      pause_ = std::min(2 * pause_, timing_.reconnect_longest);
    }
  }

  types::EventsRequest MakeRequest() const {
    types::EventsRequest request;
    SetTimestamp(resume_at_, *request.mutable_timestamp());
    return request;
  }

  Runtime& runtime_;
  ContainerdApi& api_;
  std::vector<Client*> clients_;
  Timing timing_;
  TaskScope scope_;
  StopSignal stop_;
  WallTime resume_at_{};
  Duration pause_ = timing_.reconnect_first;
  std::shared_ptr<OneShot<Unit>> ended_;
  std::uint64_t subscriptions_ = 0;
};

Remote::Remote(Runtime& runtime, ContainerdApi& api, std::vector<Client*> clients, Timing timing)
    : impl_(std::make_unique<Impl>(runtime, api, std::move(clients), timing)) {}

Remote::~Remote() = default;

void Remote::Start() {
  impl_->Start();
}

Awaitable<void> Remote::Close() {
  return impl_->Close();
}

std::uint64_t Remote::subscriptions() const {
  return impl_->subscriptions();
}

}  // namespace libcontainerd
