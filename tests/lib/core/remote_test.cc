// The event stream: when it is opened, how often, and from where on.
#include "libcontainerd/remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/memory_world.h"
#include "libcontainerd/simulated_runtime.h"

namespace libcontainerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// Streams that end when the test says so.
class StreamsOnly final : public ContainerdApi {
 public:
  Awaitable<Status> Unary(Method, const google::protobuf::Message&, google::protobuf::Message&,
                          Duration) override {
    co_return Fail(ErrorCode::kUnimplemented, "events only");
  }
  std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& opened) override {
    requests.push_back(request);
    sink = &opened;
    return std::make_unique<EventStream>();
  }
  Awaitable<Status> CheckHealth(Duration) override { co_return Status(); }

  std::vector<types::EventsRequest> requests;
  EventSink* sink = nullptr;
};

class NoBackend final : public Backend {
 public:
  void StateChanged(const std::string&, const StateInfo&, Done done) override { done(Status()); }
  void AttachStreams(const std::string&, const std::string&, IoPipe, Done done) override {
    done(Status());
  }
};

struct Fixture {
  Fixture() { remote.Start(); }
  void Close() {
    bool closed = false;
    Spawn(runtime, CloseAll(this, &closed));
    runtime.RunUntil([&] { return closed; });
    EXPECT_TRUE(closed);
  }
  static Awaitable<void> CloseAll(Fixture* fixture, bool* closed) {
    co_await fixture->remote.Close();
    co_await fixture->client.Close();
    *closed = true;
  }
  void Deliver(std::int64_t second) {
    types::Event event;
    event.set_id("ghost");
    event.mutable_timestamp()->set_seconds(second);
    api.sink->OnEvents(std::span(&event, 1));
  }

  SimulatedRuntime runtime{1};
  StreamsOnly api;
  MemoryFifos fifos{runtime};
  MemoryBundleStore bundles{fifos, "/state"};
  MemoryStdio stdio{runtime, fifos};
  NoBackend backend;
  Client client{{.runtime = runtime, .api = api, .stdio = stdio, .bundles = bundles}, backend};
  Remote remote{runtime, api, {&client}};
};

TEST(Remote, SubscribesFromNowOn) {
  Fixture f;
  f.runtime.RunReady();
  ASSERT_EQ(f.api.requests.size(), 1U);
  EXPECT_EQ(f.api.requests[0].timestamp().seconds(), 1475625600);
  EXPECT_EQ(f.remote.subscriptions(), 1U);
  f.Close();
}

TEST(Remote, ReopensWithLongerAndLongerPauses) {
  Fixture f;
  std::vector<std::int64_t> pauses_ms;
  f.runtime.RunReady();
  for (int i = 0; i < 9; ++i) {
    const Duration ended = f.runtime.Now();
    f.api.sink->OnEnd(Fail(ErrorCode::kUnavailable, "gone"));
    const std::size_t before = f.api.requests.size();
    f.runtime.RunUntil([&] { return f.api.requests.size() > before; });
    pauses_ms.push_back(std::chrono::duration_cast<milliseconds>(f.runtime.Now() - ended).count());
  }
  EXPECT_THAT(pauses_ms, ElementsAre(100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000));
  // An event shows that the stream works.
  f.Deliver(1);
  const Duration ended = f.runtime.Now();
  f.api.sink->OnEnd(Status());
  const std::size_t before = f.api.requests.size();
  f.runtime.RunUntil([&] { return f.api.requests.size() > before; });
  EXPECT_EQ(f.runtime.Now() - ended, milliseconds(100));
  f.Close();
}

TEST(Remote, ResumesWhereItWas) {
  Fixture f;
  f.runtime.RunReady();
  f.Deliver(1475625700);
  f.Deliver(1475625650);  // late: the position never goes back
  f.api.sink->OnEnd(Status());
  f.runtime.Run(seconds(1));
  ASSERT_EQ(f.api.requests.size(), 2U);
  EXPECT_EQ(f.api.requests[1].timestamp().seconds(), 1475625700);
  EXPECT_EQ(f.client.dropped_events().unknown_container, 2U);
  f.Close();
}

TEST(Remote, CloseEndsThePause) {
  Fixture f;
  f.runtime.RunReady();
  f.api.sink->OnEnd(Status());
  f.runtime.RunReady();
  f.Close();
  EXPECT_EQ(f.runtime.Now(), Duration(0));
  f.runtime.Run(seconds(10));
  EXPECT_EQ(f.api.requests.size(), 1U);
}

}  // namespace
}  // namespace libcontainerd
