#include "libcontainerd/remote.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/core/backoff.h"
#include "lib/core/client_impl.h"
#include "lib/core/cursor_keeper.h"
#include "lib/core/event.h"
#include "lib/core/stop.h"
#include "lib/core/stored_log.h"

namespace libcontainerd {

// Two coroutines run from Start() to Close(): Watch keeps the stream open, Reconcile repairs what
// it lost. Events come in between, as plain calls.
class Remote::Impl final : public EventSink {
 public:
  using ClientPtr = std::shared_ptr<Client::Impl>;

  Impl(Ports ports, Options options)
      : ports_(ports),
        options_(options),
        cursor_(ports.runtime, ports.cursor, options.timing, options.reference),
        scope_(ports.runtime),
        stop_(ports.runtime) {}

  void Add(ClientPtr client) {
    if (position_) client->handled_until = *position_;
    if (catching_up_) client->CatchUp(true);
    clients_.push_back(std::move(client));
  }
  void Remove(const ClientPtr& client) { std::erase(clients_, client); }

  static Awaitable<Status> Start(std::shared_ptr<Impl> self) {
    Result<WallTime> position = co_await self->cursor_.Load();
    if (!position) co_return Fail(std::move(position).error());
    self->begin_ = self->resume_ = *position;
    self->position_ = *position;
    for (const ClientPtr& client : self->clients_) client->handled_until = *position;
    self->scope_.Spawn(self->Watch());
    if (self->Acts(Deviation::kReconciled)) self->scope_.Spawn(self->Reconcile());
    co_return Status();
  }

  static Awaitable<void> Close(std::shared_ptr<Impl> self) {
    self->cursor_.Freeze();
    self->stop_.Stop();
    const Error closing{ErrorCode::kCancelled, "the remote is closing"};
    if (self->ended_) self->ended_->Set(Fail(closing));
    if (self->wake_) self->wake_->Set(Unit());
    if (self->reading_) self->reading_->GiveUp(closing);
    if (self->asking_) self->asking_->Set(Fail(closing));
    co_await self->scope_.Join();
    co_await self->cursor_.Close();
  }

  void OnEvents(std::span<const types::Event> events) override {
    const WallTime before = resume_;
    Deliver(events);
    heard_ = true;
    brought_news_ = brought_news_ || resume_ > before;
    if (!events.empty() && events.back().has_timestamp()) {
      streamed_ = std::max(streamed_, TimestampOf(events.back()));
    }
    if (catching_up_) NoteCatchUp();
  }
  void OnEnd(Status status) override { ended_->Set(std::move(status)); }

  std::uint64_t subscriptions() const { return subscriptions_; }
  std::uint64_t reconciled() const { return reconciled_; }
  WallTime resume_position() const { return resume_; }
  const CursorKeeper& cursor() const { return cursor_; }

 private:
  bool Acts(Deviation deviation) const { return options_.reference.Acts(deviation); }
  bool Planted(Mutant mutant) const { return options_.reference.Has(mutant); }

  void Deliver(std::span<const types::Event> events) {
    for (const types::Event& event : events) {
      if (!event.has_timestamp()) {
        HandOver(event, nullptr);
        continue;
      }
      const WallTime time = TimestampOf(event);
      resume_ = std::max(resume_, time);
      HandOver(event, cursor_.Deliver(time));
      cursor_.Delivered();
    }
  }
  void HandOver(const types::Event& event, const EventReceipt& receipt) {
    for (const ClientPtr& client : clients_) client->HandleEvent(event, receipt);
  }

  // --- Catching up: what happened while the stream was away comes through the next one, and once
  // more when the log is read; what happens during a reading, too. The clients know all of it
  // again: from a stream's opening until a reading of the log has ended, and during each further
  // one. When a reading has ended, by a failure too, the next begins where the stream is; until
  // then the stream may be behind what was read.

  void NoteCatchUp() {
    if (!Acts(Deviation::kReconciled)) return;  // nothing is read twice
    const bool catching_up = reading_owed_ || reading_ != nullptr || streamed_ < newest_logged_;
    if (std::exchange(catching_up_, catching_up) == catching_up) return;
    for (const ClientPtr& client : clients_) client->CatchUp(catching_up);
  }

  // --- The stream

  Awaitable<void> Watch() {
    const Timing& timing = options_.timing;
    Backoff pauses(ports_.runtime, timing.reconnect_first, timing.reconnect_longest);
    while (!stop_.stopped()) {
      ended_ = std::make_shared<OneShot<Status>>(ports_.runtime);
      heard_ = brought_news_ = false;
      const Duration opened = ports_.runtime.Now();
      streamed_ = newest_logged_ = WallTime::min();
      reading_owed_ = true;
      NoteCatchUp();
      std::unique_ptr<EventStream> stream = ports_.api.Events(MakeRequest(), *this);
      ++subscriptions_;
      AskForRound();
      static_cast<void>(co_await ended_->Wait());
      stream.reset();
      if (stop_.stopped()) break;
      ++losses_;
      for (const ClientPtr& client : clients_) client->StreamLost(losses_);
      if (!Acts(Deviation::kReconnectsUntilClose)) {
        if (subscriptions_ > 1 && !heard_) co_return;
        continue;
      }
      // A replay of what was known, or a stream that ends soon, shows nothing.
      const bool lived = ports_.runtime.Now() - opened >= timing.reconnect_longest;
      if (brought_news_ || lived) pauses.Reset();
      const Duration pause = pauses.Next();
      co_await stop_.Sleep(Planted(Mutant::kNoBackoff) ? std::chrono::milliseconds(1) : pause);
    }
  }

  types::EventsRequest MakeRequest() const {
    types::EventsRequest request;
    const bool resumes = subscriptions_ > 0 && Acts(Deviation::kResumePositionKept);
    SetTimestamp(resumes ? OverlappingPosition() : std::min(begin_, ports_.runtime.WallNow()),
                 *request.mutable_timestamp());
    return request;
  }
  // Of a clock that was set back, the newest timestamp is in the future.
  WallTime OverlappingPosition() const {
    if (Planted(Mutant::kReconnectFromNow)) return ports_.runtime.WallNow();
    const WallTime position = std::min(resume_, ports_.runtime.WallNow());
    if (Planted(Mutant::kReconnectWithoutOverlap)) return position;
    const Duration overlap = options_.timing.reconcile_overlap;
    return std::max(position, WallTime() + overlap) - overlap;
  }

  // --- Reconcile

  void AskForRound() {
    round_asked_ = true;
    if (wake_) wake_->Set(Unit());
  }

  // Rounds follow each other: the next one begins when the one before is over.
  Awaitable<void> Reconcile() {
    const Timing& timing = options_.timing;
    Backoff retries(ports_.runtime, timing.reconnect_first, timing.reconnect_longest);
    Duration pause = timing.reconcile_interval;
    bool owed = false;  // the last round failed
    while (!stop_.stopped()) {
      co_await WaitForRound(pause);
      if (stop_.stopped()) break;
      const bool asked = std::exchange(round_asked_, false);
      pause = timing.reconcile_interval;
      if (!asked && !owed && !TracksAnything()) continue;
      Result<bool> missing = co_await Round();
      owed = !missing.has_value();
      if (owed) {
        pause = retries.Next();
        continue;
      }
      retries.Reset();
      ++reconciled_;
      if (*missing) pause = timing.gone_grace;
    }
  }

  // Until the pause is over, or a round is asked for.
  Awaitable<void> WaitForRound(Duration pause) {
    if (round_asked_) co_return;
    wake_ = std::make_shared<OneShot<Unit>>(ports_.runtime);
    const TimerId timer = ports_.runtime.StartTimer(pause, [wake = wake_] { wake->Set(Unit()); });
    co_await wake_->Wait();
    ports_.runtime.CancelTimer(timer);
    wake_.reset();
  }

  bool TracksAnything() const {
    return std::ranges::any_of(clients_,
                               [](const ClientPtr& client) { return !client->containers.empty(); });
  }

  // True when a container is missing and has to be asked about again.
  Awaitable<Result<bool>> Round() {
    const std::uint64_t losses = losses_;
    Status read = co_await ReadLog();
    if (!read) co_return Fail(std::move(read).error());
    for (const ClientPtr& client : clients_) client->StreamRecovered(losses);
    bool missing = false;
    const std::vector<ClientPtr> clients = clients_;
    for (const ClientPtr& client : clients) {
      if (stop_.stopped()) break;
      if (client->closed || client->containers.empty()) continue;
      Result<bool> answer = co_await Ask(client);
      if (!answer) co_return answer;
      missing = missing || *answer;
    }
    co_return missing;
  }

  Awaitable<Status> ReadLog() {
    const std::uint64_t subscription = subscriptions_;
    reading_ = std::make_shared<StoredLogReading>(
        ports_.runtime, [this](std::span<const types::Event> events) {
          Deliver(events);
          if (!events.empty())
            newest_logged_ = std::max(newest_logged_, TimestampOf(events.back()));
        });
    NoteCatchUp();
    Awaitable<Status> whole =
        StoredLogReading::Read(reading_, ports_.api, OverlappingPosition(), std::string(),
                               options_.timing.stored_log_deadline);
    Status read = co_await std::move(whole);
    reading_.reset();
    if (subscription == subscriptions_) reading_owed_ = false;
    NoteCatchUp();
    co_return read;
  }

  // The client's coroutine is the client's, which ends it on its own Close(); ours only waits.
  Awaitable<Result<bool>> Ask(ClientPtr client) {
    asking_ = std::make_shared<OneShot<Result<bool>>>(ports_.runtime);
    Spawn(ports_.runtime, FindGone(client, asking_));
    Result<bool> answer = co_await asking_->Wait();
    asking_.reset();
    co_return answer;
  }
  static Awaitable<void> FindGone(ClientPtr client, std::shared_ptr<OneShot<Result<bool>>> answer) {
    Awaitable<Result<bool>> finding = Client::Impl::Track(client, client->FindGone());
    answer->Set(co_await std::move(finding));
  }

  Ports ports_;
  Options options_;
  std::vector<ClientPtr> clients_;
  CursorKeeper cursor_;
  TaskScope scope_;
  StopSignal stop_;

  std::optional<WallTime> position_;        // the cursor, once it was read
  WallTime begin_{};                        // where the first stream began
  WallTime resume_{};                       // the newest timestamp delivered
  std::shared_ptr<OneShot<Status>> ended_;  // of the stream at hand, which …
  bool heard_ = false;                      // … said something, …
  bool brought_news_ = false;               // … even something new
  std::uint64_t subscriptions_ = 0;
  std::uint64_t losses_ = 0;

  bool catching_up_ = false;
  bool reading_owed_ = false;  // none began since the stream at hand was opened and has ended
  WallTime streamed_ = WallTime::min();       // the newest timestamp of that stream
  WallTime newest_logged_ = WallTime::min();  // of what the log brought since then

  bool round_asked_ = false;
  std::uint64_t reconciled_ = 0;
  // What the reconciling coroutine waits for; null when it does not.
  std::shared_ptr<OneShot<Unit>> wake_;
  std::shared_ptr<StoredLogReading> reading_;
  std::shared_ptr<OneShot<Result<bool>>> asking_;
};

Remote::Remote(Ports ports, Options options) : impl_(std::make_shared<Impl>(ports, options)) {}

Remote::~Remote() = default;

void Remote::Add(Client& client) {
  impl_->Add(client.impl_);
}
void Remote::Remove(Client& client) {
  impl_->Remove(client.impl_);
}

Awaitable<Status> Remote::Start() {
  return Impl::Start(impl_);
}

Awaitable<void> Remote::Close() {
  return Impl::Close(impl_);
}

std::uint64_t Remote::subscriptions() const {
  return impl_->subscriptions();
}
std::uint64_t Remote::reconciled() const {
  return impl_->reconciled();
}
WallTime Remote::resume_position() const {
  return impl_->resume_position();
}
WallTime Remote::cursor() const {
  return impl_->cursor().value();
}
std::optional<Error> Remote::cursor_failure() const {
  return impl_->cursor().failure();
}

}  // namespace libcontainerd
