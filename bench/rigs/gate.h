// Gate: stands between client and daemon, and can keep the event stream from being there. Unary
// calls pass at all times.
//
// Threads: the executor's.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include "libcontainerd/containerd_api.h"

namespace bench {

class Gate final : public libcontainerd::ContainerdApi {
 public:
  // `api` outlives the gate, and the gate its streams.
  explicit Gate(libcontainerd::ContainerdApi& api) : api_(api) {}

  // Open streams end with UNAVAILABLE; new ones wait until Open().
  void Close() {
    closed_ = true;
    // One that ends may take others with it.
    const std::set<Stream*> open = streams_;
    for (Stream* const stream : open) {
      if (streams_.erase(stream) > 0) stream->Break();
    }
  }
  void Open() {
    closed_ = false;
    for (Stream* const stream : streams_) stream->Begin();
  }

  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        libcontainerd::Duration timeout) override {
    return api_.Unary(method, request, response, timeout);
  }
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override {
    auto stream = std::make_unique<Stream>(*this, std::move(request), sink);
    if (!closed_) stream->Begin();
    return stream;
  }
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(
      libcontainerd::Duration timeout) override {
    return api_.CheckHealth(timeout);
  }

 private:
  class Stream final : public libcontainerd::EventStream {
   public:
    Stream(Gate& gate, types::EventsRequest request, libcontainerd::EventSink& sink)
        : gate_(gate), request_(std::move(request)), sink_(sink) {
      gate_.streams_.insert(this);
    }
    ~Stream() override { gate_.streams_.erase(this); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void Resume() override {
      if (inner_) inner_->Resume();
    }
    void Begin() {
      if (!inner_) inner_ = gate_.api_.Events(request_, sink_);
    }
    // The last that happens to it: the sink may let go of it.
    void Break() {
      inner_.reset();
      sink_.OnEnd(libcontainerd::Fail(libcontainerd::ErrorCode::kUnavailable, "the gate closed"));
    }

   private:
    Gate& gate_;
    const types::EventsRequest request_;
    libcontainerd::EventSink& sink_;
    std::unique_ptr<libcontainerd::EventStream> inner_;
  };

  libcontainerd::ContainerdApi& api_;
  bool closed_ = false;
  std::set<Stream*> streams_;  // that have not been broken
};

}  // namespace bench
