#include "scenarios/runner/watched_api.h"

#include <span>
#include <utility>

#include "scenarios/runner/request_text.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Status;

class WatchedApi::Stream final : public libcontainerd::EventStream,
                                 private libcontainerd::EventSink {
 public:
  Stream(WatchedApi& owner, types::EventsRequest request, libcontainerd::EventSink& sink)
      : owner_(owner), sink_(sink), live_(!request.storedonly()) {
    if (live_) {
      ++owner_.streams_;
      ++owner_.streams_opened_;
    } else {
      ++owner_.stored_reads_;
    }
    stream_ = owner_.api->Events(std::move(request), *this);
  }
  ~Stream() override {
    if (!ended_) Over();
  }
  void Resume() override { stream_->Resume(); }

 private:
  std::size_t Capacity() const override { return sink_.Capacity(); }
  void OnEvents(std::span<const types::Event> events) override {
    // Runs without marks are passed on as they are.
    while (!events.empty()) {
      std::size_t plain = 0;
      while (plain < events.size() && !events[plain].id().starts_with(kMark)) ++plain;
      if (plain > 0) sink_.OnEvents(events.first(plain));
      if (plain == events.size()) return;
      owner_.marks_.insert(events[plain].id());
      events = events.subspan(plain + 1);
    }
  }
  void OnEnd(Status status) override {
    if (!std::exchange(ended_, true)) {
      Over();
      if (live_) ++owner_.streams_ended_;
    }
    sink_.OnEnd(std::move(status));
  }

  void Over() {
    if (live_) {
      --owner_.streams_;
    } else {
      --owner_.stored_reads_;
    }
  }

  WatchedApi& owner_;
  libcontainerd::EventSink& sink_;
  bool live_;
  bool ended_ = false;
  std::unique_ptr<libcontainerd::EventStream> stream_;
};

std::uint32_t WatchedApi::SentOf(const std::string& method, const std::string& id,
                                 const std::string& process) const {
  std::string prefix = method;
  if (!id.empty()) prefix += " " + id;
  if (!process.empty()) prefix += "/" + process;
  std::uint32_t count = 0;
  for (auto it = sent_.lower_bound(prefix); it != sent_.end() && it->first.starts_with(prefix);
       ++it) {
    const char next = it->first.size() == prefix.size() ? ' ' : it->first[prefix.size()];
    if (next == ' ' || next == '/') count += it->second;
  }
  return count;
}

Awaitable<Status> WatchedApi::Unary(libcontainerd::Method method,
                                    const google::protobuf::Message& request,
                                    google::protobuf::Message& response,
                                    libcontainerd::Duration timeout) {
  const std::string text = RequestText(method, request);
  ++sent_[text];
  const CallLedger::Ticket ticket = ledger_.Sent(text);
  Status status = co_await api->Unary(method, request, response, timeout);
  ledger_.Answered(ticket);
  co_return status;
}

Awaitable<Status> WatchedApi::CheckHealth(libcontainerd::Duration timeout) {
  ++sent_[kHealthText];
  const CallLedger::Ticket ticket = ledger_.Sent(kHealthText);
  Status status = co_await api->CheckHealth(timeout);
  ledger_.Answered(ticket);
  co_return status;
}

std::unique_ptr<libcontainerd::EventStream> WatchedApi::Events(types::EventsRequest request,
                                                               libcontainerd::EventSink& sink) {
  ++sent_[request.storedonly() ? "Events stored" : "Events"];
  return std::make_unique<Stream>(*this, std::move(request), sink);
}

}  // namespace scenarios
