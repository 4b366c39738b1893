#include "bench/floor/grpc_floor.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>

#include <unistd.h>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include "bench/frame/pacing.h"
#include "bench/frame/scratch.h"
#include "containerd_v0.grpc.pb.h"

namespace bench {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

using Clock = std::chrono::steady_clock;

// Streams that are open wait here, so that what is measured begins with all of them.
class StartingLine {
 public:
  // On any thread; `go` is called once, by Go().
  void Arrive(std::function<void()> go) {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(go));
    arrived_.notify_all();
  }
  void WaitFor(std::size_t streams) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return waiting_.size() == streams; });
  }
  void Go() {
    const std::scoped_lock lock(mutex_);
    for (const std::function<void()>& go : std::exchange(waiting_, {})) go();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::function<void()>> waiting_;
};

// What the next stream writes.
struct Plan {
  const std::vector<types::Event>* events = nullptr;
  std::size_t count = 0;
  Writing writing = Writing::kPlain;
  StartingLine* line = nullptr;  // where it waits; null: it begins at once
};

class Writer final : public grpc::ServerWriteReactor<types::Event> {
 public:
  explicit Writer(Plan plan) : plan_(plan) {
    StartSendInitialMetadata();  // before a hinted write, or that waits for ever
  }
  void OnSendInitialMetadataDone(bool ok) override {
    if (!ok || plan_.line == nullptr) return Next(ok);
    plan_.line->Arrive([this] { Next(true); });
  }
  void OnWriteDone(bool ok) override { Next(ok); }
  void OnDone() override { delete this; }

 private:
  void Next(bool ok) {
    if (!ok || written_ == plan_.count) return Finish(grpc::Status::OK);
    const types::Event& event = (*plan_.events)[written_ % plan_.events->size()];
    ++written_;
    grpc::WriteOptions options;
    const bool last = written_ % GrpcFloor::kBatch == 0 || written_ == plan_.count;
    if (plan_.writing == Writing::kBatched && !last) options.set_buffer_hint();
    StartWrite(&event, options);
  }

  const Plan plan_;
  std::size_t written_ = 0;
};

class Service final : public types::API::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetServerVersion(grpc::CallbackServerContext* context,
                                             const types::GetServerVersionRequest*,
                                             types::GetServerVersionResponse* response) override {
    response->set_major(0);
    response->set_minor(2);
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<types::Event>* Events(grpc::CallbackServerContext*,
                                                 const types::EventsRequest*) override {
    return new Writer(plan);
  }

  Plan plan;  // set while no stream is open
};

class Reader final : public grpc::ClientReadReactor<types::Event> {
 public:
  explicit Reader(types::API::StubInterface::async_interface& stub) {
    context_.set_wait_for_ready(true);
    stub.Events(&context_, &request_, this);
    StartRead(&event_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (count_ == 0) first_ = Clock::now();
    ++count_;
    StartRead(&event_);
  }
  void OnDone(const grpc::Status& status) override {
    last_ = Clock::now();
    done_.set_value(status);
  }

  grpc::Status Wait() { return done_.get_future().get(); }
  std::size_t count() const { return count_; }
  double seconds() const { return std::chrono::duration<double>(last_ - first_).count(); }

 private:
  grpc::ClientContext context_;
  const types::EventsRequest request_;
  types::Event event_;
  std::size_t count_ = 0;
  Clock::time_point first_;
  Clock::time_point last_;
  std::promise<grpc::Status> done_;
};

}  // namespace

class GrpcFloor::Impl {
 public:
  explicit Impl(std::vector<types::Event> events) : events_(std::move(events)) {}
  ~Impl() {
    stub_.reset();
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  }

  Status Start(Wire wire) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    std::string address;
    if (wire == Wire::kSocket) {
      if (auto made = Scratch::Make(); made) {
        scratch_ = std::move(*made);
      } else {
        return Fail(made.error());
      }
      address = "unix:" + scratch_->path() + "/floor.sock";
      builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    }
    server_ = builder.BuildAndStart();
    if (!server_) return Fail(ErrorCode::kUnavailable, "the floor's server does not start");
    const std::shared_ptr<grpc::Channel> channel =
        wire == Wire::kSocket
            ? grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)
            : server_->InProcessChannel(arguments);
    stub_ = types::API::NewStub(channel);
    return {};
  }

  Result<double> Stream(std::size_t count, Writing writing) {
    service_.plan = {.events = &events_, .count = count, .writing = writing};
    Reader reader(*stub_->async());
    const grpc::Status status = reader.Wait();
    if (!status.ok() || reader.count() != count) {
      return Fail(ErrorCode::kUnknown, "floor: " + std::to_string(reader.count()) + " of " +
                                           std::to_string(count) + " events came, " +
                                           status.error_message());
    }
    return static_cast<double>(count) / reader.seconds();
  }

  Result<double> FanOut(std::size_t streams, std::size_t events) {
    StartingLine line;
    service_.plan = {.events = &events_, .count = events, .line = &line};
    std::vector<std::unique_ptr<Reader>> readers;
    for (std::size_t i = 0; i < streams; ++i) {
      readers.push_back(std::make_unique<Reader>(*stub_->async()));
    }
    line.WaitFor(streams);
    const Clock::time_point begin = Clock::now();
    line.Go();
    for (const auto& reader : readers) {
      const grpc::Status status = reader->Wait();
      if (status.ok() && reader->count() == events) continue;
      return Fail(ErrorCode::kUnknown, "floor: a stream is not whole, " + status.error_message());
    }
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }

  Status Calls(std::size_t count) {
    struct Call {
      grpc::ClientContext context;
      types::GetServerVersionResponse response;
    };
    const types::GetServerVersionRequest request;
    std::vector<Call> calls(count);
    std::atomic<std::size_t> left = count;
    std::atomic<bool> well = true;
    std::promise<void> done;
    std::future<void> all = done.get_future();
    for (Call& call : calls) {
      call.context.set_wait_for_ready(true);
      stub_->async()->GetServerVersion(&call.context, &request, &call.response,
                                       [&](const grpc::Status& status) {
                                         if (!status.ok()) well = false;
                                         if (--left == 0) done.set_value();
                                       });
    }
    all.wait();
    if (!well) return Fail(ErrorCode::kUnknown, "floor: a call failed");
    return {};
  }

  Result<std::vector<double>> PacedPings(std::size_t count, std::chrono::nanoseconds period) {
    struct Call {
      grpc::ClientContext context;
      types::GetServerVersionResponse response;
    };
    const types::GetServerVersionRequest request;
    std::vector<Call> calls(count);
    std::vector<double> taken(count);
    std::atomic<std::size_t> left = count;
    std::atomic<bool> well = true;
    std::promise<void> done;
    std::future<void> all = done.get_future();
    Pace(count, Clock::now() + period, period, [&](std::size_t i, Clock::time_point due) {
      calls[i].context.set_wait_for_ready(true);
      stub_->async()->GetServerVersion(
          &calls[i].context, &request, &calls[i].response, [&, i, due](const grpc::Status& status) {
            taken[i] = std::chrono::duration<double, std::nano>(Clock::now() - due).count();
            if (!status.ok()) well = false;
            if (--left == 0) done.set_value();
          });
    });
    all.wait();
    if (!well) return Fail(ErrorCode::kUnknown, "floor: a call failed");
    return taken;
  }

  Result<std::chrono::nanoseconds> Ping() {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    const types::GetServerVersionRequest request;
    types::GetServerVersionResponse response;
    std::promise<grpc::Status> done;
    std::future<grpc::Status> answered = done.get_future();
    const Clock::time_point begin = Clock::now();
    Clock::time_point end;
    stub_->async()->GetServerVersion(&context, &request, &response,
                                     [&end, &done](const grpc::Status& status) {
                                       end = Clock::now();
                                       done.set_value(status);
                                     });
    const grpc::Status status = answered.get();
    if (!status.ok()) return Fail(ErrorCode::kUnknown, "floor: " + status.error_message());
    return end - begin;
  }

 private:
  const std::vector<types::Event> events_;
  std::unique_ptr<Scratch> scratch_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<types::API::Stub> stub_;
};

GrpcFloor::GrpcFloor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GrpcFloor::~GrpcFloor() = default;

Result<std::unique_ptr<GrpcFloor>> GrpcFloor::Start(Wire wire, std::vector<types::Event> events) {
  auto impl = std::make_unique<Impl>(std::move(events));
  if (Status started = impl->Start(wire); !started) return Fail(std::move(started).error());
  return std::unique_ptr<GrpcFloor>(new GrpcFloor(std::move(impl)));
}

Result<double> GrpcFloor::Stream(std::size_t count, Writing writing) {
  return impl_->Stream(count, writing);
}

Result<double> GrpcFloor::FanOut(std::size_t streams, std::size_t events) {
  return impl_->FanOut(streams, events);
}

Result<std::vector<double>> GrpcFloor::PacedPings(std::size_t count,
                                                  std::chrono::nanoseconds period) {
  return impl_->PacedPings(count, period);
}

Status GrpcFloor::Calls(std::size_t count) {
  return impl_->Calls(count);
}

Result<std::chrono::nanoseconds> GrpcFloor::Ping() {
  return impl_->Ping();
}

}  // namespace bench
