#include "fake_containerd/v0/event_feed.h"

#include <utility>

#include <asio/post.hpp>

#include "fake_containerd/v0/messages.h"

namespace fake_containerd::v0 {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;
using libcontainerd::UniqueFunction;

namespace {

// Shared between the feed and what waits at a point for it.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(ContextPtr context, types::EventsRequest request, UniqueFunction<void()> on_ready)
      : context_(std::move(context)),
        injector_(context_->injector),
        runtime_(context_->world.runtime()),
        request_(std::move(request)),
        on_ready_(std::move(on_ready)) {}

  void Begin() {
    Pass("rpc.Events.received", [](Stream& stream) {
      stream.Pass("stream.open", [](Stream& open) {
        if (open.Subscribe()) open.Pass("rpc.Events.executed", [](Stream& done) { done.Ready(); });
      });
    });
  }

  // The reader is gone.
  void Drop() {
    dropped_ = true;
    subscription_.reset();
  }

  bool Next(types::Event& message) {
    while (ready_ && !silent_ && !stalled_ && !end_ && subscription_) {
      if (const std::optional<Event> event = std::exchange(stalled_event_, std::nullopt)) {
        FillMessage(*event, message);
        return true;
      }
      if (!subscription_->Next(event_)) return false;
      if (!MaySend(event_)) continue;
      FillMessage(event_, message);
      return true;
    }
    return false;
  }

  bool ended() const {
    if (end_) return true;
    const bool readable = ready_ && !silent_ && !stalled_ && !stalled_event_;
    return readable && subscription_ && subscription_->ended();
  }

  Status end() const {
    if (end_) return *end_;
    if (subscription_ && subscription_->cut_off()) {
      return Fail(ErrorCode::kResourceExhausted,
                  "fake-containerd: the limit of bytes of events that wait to be read is reached");
    }
    if (subscription_ && subscription_->broken()) return Gone();
    return {};
  }

 private:
  static Status Gone() { return Fail(ErrorCode::kUnavailable, "transport is closing"); }

  InjectionSubject subject() const { return {request_.id(), ""}; }

  // Goes on behind the point, unless something happens there.
  void Pass(std::string_view point, void (*then)(Stream&)) {
    // Before the daemon runs there is nobody to fail; the subscription waits for its start.
    if (injector_->quiet()) return then(*this);
    injector_->Pass(point, subject(),
                    [self = shared_from_this(), then](const Injector::Verdict& verdict) {
                      self->After(verdict, then);
                    });
  }

  void After(const Injector::Verdict& verdict, void (*then)(Stream&)) {
    if (dropped_) return;
    if (verdict.gone || !context_->alive) return End(Gone());
    if (!verdict.fault) return then(*this);
    switch (verdict.fault->action) {
      case FaultAction::kError:
        return End(Fail(verdict.fault->error));
      case FaultAction::kBreak:
        return End(Gone());
      case FaultAction::kDeadlock:
        context_->world.DeadlockEvents();
        return then(*this);
      default:  // dropped or half open
        silent_ = true;
    }
  }

  bool Subscribe() {
    auto filter = ToFilter(request_, context_->options.space);
    if (!filter) {
      End(Fail(filter.error()));
      return false;
    }
    subscription_ = context_->world.Subscribe(std::move(*filter), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Wake();
    });
    return true;
  }

  void Ready() {
    if (std::exchange(ready_, true) || !woken_early_) return;
    WakeSoon();
  }

  void End(Status status) {
    end_ = std::move(status);
    subscription_.reset();
    WakeSoon();
  }

  void Wake() {
    if (dropped_) return;
    if (!ready_) {
      woken_early_ = true;
    } else if (!silent_ && !stalled_) {
      on_ready_();
    }
  }

  void WakeSoon() {
    asio::post(runtime_.executor(), [self = shared_from_this()] {
      if (!self->dropped_) self->on_ready_();
    });
  }

  bool MaySend(const Event& event) {
    if (injector_->quiet()) return true;
    const InjectionSubject about{event.container.id, event.process};
    const Injector::Verdict verdict = injector_->Draw("stream.send", about);
    if (verdict.gone) return false;  // the end comes with the daemon's
    if (!verdict.fault) return true;
    switch (verdict.fault->action) {
      case FaultAction::kDrop:
        context_->world.ReportUnsent(event, subscription_->number());
        return false;
      case FaultAction::kBreak:
        end_ = Gone();
        return false;
      case FaultAction::kStall:
        stalled_ = true;
        stalled_event_ = event;
        if (verdict.fault->duration > Duration::zero()) Resume(verdict.fault->duration);
        return false;
      default:
        silent_ = true;
        return false;
    }
  }

  void Resume(Duration delay) {
    runtime_.StartTimer(delay, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->dropped_) return;
      self->stalled_ = false;
      self->on_ready_();
    });
  }

  const ContextPtr context_;
  const std::shared_ptr<Injector> injector_;
  Runtime& runtime_;
  const types::EventsRequest request_;
  UniqueFunction<void()> on_ready_;
  std::unique_ptr<Subscription> subscription_;
  std::optional<Status> end_;
  Event event_;  // at hand
  std::optional<Event> stalled_event_;
  bool ready_ = false;        // past all points
  bool woken_early_ = false;  // before that
  bool silent_ = false;
  bool stalled_ = false;
  bool dropped_ = false;
};

class WorldFeed final : public EventFeed {
 public:
  explicit WorldFeed(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~WorldFeed() override { stream_->Drop(); }

  bool Next(types::Event& message) override { return stream_->Next(message); }
  bool ended() const override { return stream_->ended(); }
  Status end() const override { return stream_->end(); }

 private:
  const std::shared_ptr<Stream> stream_;
};

}  // namespace

std::unique_ptr<EventFeed> MakeEventFeed(ContextPtr context, const types::EventsRequest& request,
                                         UniqueFunction<void()> on_ready) {
  auto stream = std::make_shared<Stream>(std::move(context), request, std::move(on_ready));
  stream->Begin();
  return std::make_unique<WorldFeed>(std::move(stream));
}

}  // namespace fake_containerd::v0
