// The event stream: when it is opened, how often, and from where on; what the cursor becomes; and
// that Close ends all of it wherever it stands.
#include "libcontainerd/remote.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/memory_world.h"
#include "libcontainerd/simulated_runtime.h"
#include "libcontainerd/time_text.h"
#include "tests/lib/core/no_backend.h"

namespace libcontainerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Streams that do what the test says.
class Streams final : public ContainerdApi {
 public:
  explicit Streams(Runtime& runtime) : runtime_(runtime) {}

  Awaitable<Status> Unary(Method, const google::protobuf::Message&, google::protobuf::Message&,
                          Duration) override {
    co_return Fail(ErrorCode::kUnimplemented, "events only");
  }
  std::unique_ptr<EventStream> Events(types::EventsRequest request, EventSink& opened) override {
    if (!request.storedonly()) {
      requests.push_back(std::move(request));
      sink = &opened;
      return std::make_unique<EventStream>();
    }
    stored_requests.push_back(std::move(request));
    if (log_answers) {
      asio::post(runtime_.executor(), [this, &opened] {
        if (!stored.empty()) opened.OnEvents(stored);
        opened.OnEnd(stored_end);
      });
    }
    return std::make_unique<EventStream>();
  }
  Awaitable<Status> CheckHealth(Duration) override { co_return Status(); }

  std::vector<types::EventsRequest> requests;  // of live streams
  std::vector<types::EventsRequest> stored_requests;
  EventSink* sink = nullptr;
  bool log_answers = true;
  std::vector<types::Event> stored;
  Status stored_end;

 private:
  Runtime& runtime_;
};

// Fails on demand, and notes when it is written.
class TestCursorStore final : public CursorStore {
 public:
  TestCursorStore(Runtime& runtime, std::string cursor)
      : text(std::move(cursor)), runtime_(runtime) {}

  Awaitable<Result<std::string>> Read() override {
    if (failure) co_return Fail(*failure);
    co_return text;
  }
  Awaitable<Status> Write(std::string written) override {
    EXPECT_FALSE(std::exchange(writing_, true)) << "one at a time";
    writes.push_back(runtime_.Now());
    co_await Sleep(runtime_, milliseconds(1));
    writing_ = false;
    if (failure) co_return Fail(*failure);
    text = std::move(written);
    co_return Status();
  }

  std::string text;
  std::optional<Error> failure;
  std::vector<Duration> writes;

 private:
  Runtime& runtime_;
  bool writing_ = false;
};

constexpr std::int64_t kNow = 1475625600;  // seconds, when the runtime starts

types::Event EventAt(std::int64_t nanoseconds) {
  types::Event event;
  event.set_id("ghost");
  event.set_type("oom");
  event.mutable_timestamp()->set_seconds(kNow + nanoseconds / 1'000'000'000);
  event.mutable_timestamp()->set_nanos(static_cast<std::int32_t>(nanoseconds % 1'000'000'000));
  return event;
}

struct RemoteFixture {
  explicit RemoteFixture(std::string cursor_text = "", ReferenceBehaviour reference = {},
                         std::uint64_t seed = 1)
      : runtime(seed),
        cursor(runtime, std::move(cursor_text)),
        remote({.runtime = runtime, .api = api, .cursor = cursor}, {.reference = reference}) {
    remote.Add(client);
  }
  std::string Start() {
    std::optional<Status> started;
    Spawn(runtime, StartRemote(this, &started));
    runtime.RunUntil([&] { return started.has_value(); });
    runtime.RunReady();
    if (!started) return "did not return";
    return *started ? "OK" : started->error().message;
  }
  void Close() {
    bool closed = false;
    Spawn(runtime, CloseAll(this, &closed));
    runtime.RunUntil([&] { return closed; });
    EXPECT_TRUE(closed);
  }
  static Awaitable<void> StartRemote(RemoteFixture* fixture, std::optional<Status>* started) {
    Status status = co_await fixture->remote.Start();
    started->emplace(std::move(status));
  }
  static Awaitable<void> CloseAll(RemoteFixture* fixture, bool* closed) {
    co_await fixture->remote.Close();
    co_await fixture->client.Close();
    *closed = true;
  }
  void Deliver(const types::Event& event) { api.sink->OnEvents(std::span(&event, 1)); }
  // How long after its end the stream is opened again.
  Duration Reopening(Status end = Fail(ErrorCode::kUnavailable, "gone")) {
    const Duration ended = runtime.Now();
    const std::size_t before = api.requests.size();
    api.sink->OnEnd(std::move(end));
    EXPECT_TRUE(runtime.RunUntil([&] { return api.requests.size() > before; }));
    return runtime.Now() - ended;
  }

  SimulatedRuntime runtime;
  Streams api{runtime};
  TestCursorStore cursor;
  MemoryFifos fifos{runtime};
  MemoryBundleStore bundles{fifos, "/state"};
  MemoryStdio stdio{runtime, fifos};
  test::NoBackend backend;
  Client client{{.runtime = runtime, .api = api, .stdio = stdio, .bundles = bundles}, backend};
  Remote remote;
};

// --- Where it begins

TEST(Remote, WithoutACursorItBeginsNow) {
  RemoteFixture f;
  f.runtime.AdvanceTo(seconds(7));
  EXPECT_EQ(f.Start(), "OK");
  ASSERT_EQ(f.api.requests.size(), 1U);
  EXPECT_EQ(f.api.requests[0].timestamp().seconds(), kNow + 7);
  EXPECT_EQ(f.remote.subscriptions(), 1U);
  f.Close();
  EXPECT_EQ(f.cursor.text, "2016-10-05T00:00:07Z") << "the next engine begins where this one did";
}

TEST(Remote, BeginsAtTheCursor) {
  RemoteFixture f("2016-10-04T23:59:59.5Z");
  EXPECT_EQ(f.Start(), "OK");
  EXPECT_EQ(f.api.requests[0].timestamp().seconds(), kNow - 1);
  EXPECT_EQ(f.api.requests[0].timestamp().nanos(), 500'000'000);
  EXPECT_EQ(f.remote.resume_position(), f.remote.cursor());
  f.Close();
  EXPECT_TRUE(f.cursor.writes.empty()) << "nothing has changed";
}

TEST(Remote, ACursorOfTheFutureHidesNothing) {
  RemoteFixture f("2030-01-01T00:00:00Z");
  EXPECT_EQ(f.Start(), "OK");
  EXPECT_EQ(f.api.requests[0].timestamp().seconds(), kNow);
  f.Close();
}

TEST(Remote, ACorruptCursorMeansTheBeginning) {
  for (const char* text : {"yesterday", "2016-10-05T00:00:0", " ", "2016-10-05T00:00:00Z\n"}) {
    RemoteFixture ours(text);
    EXPECT_EQ(ours.Start(), "OK") << text;
    EXPECT_EQ(ours.api.requests[0].timestamp().seconds(), 0);
    ours.Deliver(EventAt(5));
    ours.Close();
    EXPECT_EQ(ours.cursor.text, "2016-10-05T00:00:00.000000005Z");
  }
  RemoteFixture theirs("yesterday", {Deviation::kCorruptCursorReplays});
  EXPECT_EQ(theirs.Start(), "OK");
  constexpr std::int64_t kYearOne = -62'135'596'800;
  EXPECT_EQ(theirs.api.requests[0].timestamp().seconds(), kYearOne);
  theirs.Close();
  EXPECT_EQ(theirs.cursor.text, "yesterday");
}

TEST(Remote, AnUnreadableCursorIsAnError) {
  RemoteFixture f;
  f.cursor.failure = Error{ErrorCode::kPermissionDenied, "open event.ts: permission denied"};
  EXPECT_EQ(f.Start(), "open event.ts: permission denied");
  f.runtime.Run(seconds(100));
  EXPECT_TRUE(f.api.requests.empty());
  EXPECT_TRUE(f.api.stored_requests.empty());
  f.Close();
}

// --- When it is opened again

TEST(Remote, ReopensWithLongerAndLongerPauses) {
  const std::vector<milliseconds> longest = {
      milliseconds(100),  milliseconds(200),  milliseconds(400),  milliseconds(800),
      milliseconds(1600), milliseconds(3200), milliseconds(5000), milliseconds(5000)};
  std::set<Duration> first_pauses;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RemoteFixture f("", {}, seed);
    EXPECT_EQ(f.Start(), "OK");
    for (const Duration pause : longest) {
      const Duration made = f.Reopening();
      EXPECT_LE(made, pause);
      EXPECT_GE(made, pause - pause / 4);
      if (pause == longest.front()) first_pauses.insert(made);
    }
    // News show that the stream works, what was known does not.
    f.Deliver(EventAt(10));
    EXPECT_LE(f.Reopening(), milliseconds(100));
    f.Deliver(EventAt(10));
    EXPECT_GT(f.Reopening(), milliseconds(100));
    // And so does a life of some length.
    f.runtime.AdvanceTo(f.runtime.Now() + seconds(5));
    EXPECT_LE(f.Reopening(Status()), milliseconds(100));
    f.Close();
  }
  EXPECT_GT(first_pauses.size(), 10U) << "clients keep step";
}

TEST(Remote, TheReferenceReopensAtOnceAndGivesUp) {
  RemoteFixture f("", {Deviation::kReconnectsUntilClose});
  EXPECT_EQ(f.Start(), "OK");
  EXPECT_EQ(f.Reopening(), Duration(0));
  f.Deliver(EventAt(1));
  EXPECT_EQ(f.Reopening(), Duration(0));
  f.api.sink->OnEnd(Fail(ErrorCode::kUnavailable, "still gone"));
  f.runtime.Run(seconds(100));
  EXPECT_EQ(f.api.requests.size(), 3U);
  f.Close();
}

TEST(Remote, ResumesWhereItWasLessTheOverlap) {
  for (const bool acts : {true, false}) {
    const ReferenceBehaviour off{Deviation::kResumePositionKept};
    RemoteFixture f("2016-10-04T23:50:00Z", acts ? ReferenceBehaviour() : off);
    EXPECT_EQ(f.Start(), "OK");
    f.runtime.AdvanceTo(seconds(200));
    f.Deliver(EventAt(100'000'000'000));
    f.Deliver(EventAt(50'000'000'000));  // late: the position never goes back
    EXPECT_EQ(f.remote.resume_position(), WallTime(seconds(kNow + 100)));
    f.Reopening();
    EXPECT_EQ(f.api.requests[1].timestamp().seconds(), acts ? kNow + 95 : kNow - 600);
    EXPECT_EQ(f.client.dropped_events().unknown_container, 2U);
    f.Close();
  }
}

TEST(Remote, AClockThatWasSetBackHidesNothing) {
  RemoteFixture f;
  EXPECT_EQ(f.Start(), "OK");
  f.Deliver(EventAt(3'600'000'000'000));
  f.runtime.AdvanceTo(seconds(60));
  f.Reopening();
  EXPECT_LE(f.api.requests[1].timestamp().seconds(), kNow + 60 - 4);
  f.Close();
}

// --- The stored log

TEST(Remote, ReadsTheStoredLogAfterEveryOpening) {
  RemoteFixture f;
  f.api.stored = {EventAt(3)};
  EXPECT_EQ(f.Start(), "OK");
  ASSERT_EQ(f.api.stored_requests.size(), 1U);
  EXPECT_EQ(f.api.stored_requests[0].timestamp().seconds(), kNow - 5);
  EXPECT_EQ(f.api.stored_requests[0].id(), "");
  EXPECT_EQ(f.remote.reconciled(), 1U);
  EXPECT_EQ(f.client.dropped_events().unknown_container, 1U);
  f.Deliver(EventAt(3));
  EXPECT_EQ(f.client.dropped_events().duplicate, 1U) << "merged by identity";
  f.runtime.Run(seconds(60));
  EXPECT_EQ(f.api.stored_requests.size(), 1U) << "nothing is tracked";
  f.Reopening();
  f.runtime.RunReady();
  EXPECT_EQ(f.api.stored_requests.size(), 2U);
  f.Close();
}

// More than a client remembers otherwise, through the log and through the stream.
TEST(Remote, WhatIsCaughtUpWithComesOnceHoweverMuchItIs) {
  constexpr std::size_t kMany = 70'000;
  RemoteFixture fixture;
  for (std::size_t i = 1; i <= kMany; ++i) {
    fixture.api.stored.push_back(EventAt(static_cast<std::int64_t>(i)));
  }
  ASSERT_EQ(fixture.Start(), "OK");
  fixture.runtime.RunReady();
  EXPECT_EQ(fixture.client.dropped_events().unknown_container, kMany);
  for (const types::Event& event : fixture.api.stored) fixture.Deliver(event);
  EXPECT_EQ(fixture.client.dropped_events().duplicate, kMany);
  EXPECT_EQ(fixture.client.dropped_events().unknown_container, kMany);
  // Both have brought it: now the oldest is forgotten.
  fixture.Deliver(fixture.api.stored.front());
  EXPECT_EQ(fixture.client.dropped_events().unknown_container, kMany + 1);
  fixture.Close();
}

TEST(Remote, TheReferenceReadsNoStoredLog) {
  RemoteFixture f("", {Deviation::kReconciled});
  EXPECT_EQ(f.Start(), "OK");
  f.Reopening();
  f.runtime.Run(seconds(60));
  EXPECT_TRUE(f.api.stored_requests.empty());
  f.Close();
}

TEST(Remote, RepeatsAReadingThatFails) {
  RemoteFixture f;
  f.api.stored_end = Fail(ErrorCode::kUnavailable, "gone");
  f.api.stored = {EventAt(3)};
  EXPECT_EQ(f.Start(), "OK");
  EXPECT_EQ(f.client.dropped_events().unknown_container, 1U) << "what came is taken";
  f.runtime.Run(seconds(20));
  EXPECT_GE(f.api.stored_requests.size(), 7U);
  EXPECT_LE(f.api.stored_requests.size(), 15U) << "it backs off";
  EXPECT_EQ(f.remote.reconciled(), 0U);
  f.api.stored_end = Status();
  f.runtime.Run(seconds(6));
  EXPECT_EQ(f.remote.reconciled(), 1U);
  const std::size_t readings = f.api.stored_requests.size();
  f.runtime.Run(seconds(60));
  EXPECT_EQ(f.api.stored_requests.size(), readings);
  f.Close();
}

TEST(Remote, AReadingThatHangsEndsAtItsDeadlineAndHoldsNothingUp) {
  RemoteFixture f;
  f.api.log_answers = false;
  EXPECT_EQ(f.Start(), "OK");
  f.Deliver(EventAt(3));
  EXPECT_EQ(f.client.dropped_events().unknown_container, 1U);
  f.Reopening();
  f.runtime.AdvanceTo(seconds(29));
  EXPECT_EQ(f.api.stored_requests.size(), 1U) << "rounds do not overlap";
  f.runtime.AdvanceTo(seconds(31));
  EXPECT_EQ(f.api.stored_requests.size(), 2U);
  f.Close();
}

// --- The cursor

TEST(Remote, TheCursorFollowsTheEvents) {
  RemoteFixture f;
  EXPECT_EQ(f.Start(), "OK");
  f.Deliver(EventAt(500));
  f.Deliver(EventAt(300));
  EXPECT_EQ(f.remote.cursor(), WallTime(seconds(kNow)) + Duration(500));
  f.runtime.Run(milliseconds(200));
  EXPECT_EQ(f.cursor.text, "2016-10-05T00:00:00.0000005Z");
  types::Event timeless = EventAt(0);
  timeless.clear_timestamp();
  f.Deliver(timeless);
  EXPECT_EQ(f.remote.cursor(), WallTime(seconds(kNow)) + Duration(500));
  f.Close();
}

TEST(Remote, TheReferencesCursorGoesBack) {
  RemoteFixture f("", {Deviation::kCursorMonotone});
  EXPECT_EQ(f.Start(), "OK");
  f.Deliver(EventAt(500));
  f.Deliver(EventAt(300));
  EXPECT_EQ(f.remote.cursor(), WallTime(seconds(kNow)) + Duration(300));
  f.Close();
  EXPECT_EQ(f.cursor.text, "2016-10-05T00:00:00.0000003Z");
}

TEST(Remote, WritesTheCursorOnceInAnInterval) {
  RemoteFixture f;
  EXPECT_EQ(f.Start(), "OK");
  for (int i = 1; i <= 1000; ++i) {
    f.Deliver(EventAt(i));
    f.runtime.AdvanceTo(f.runtime.Now() + milliseconds(1));
  }
  EXPECT_GE(f.cursor.writes.size(), 9U);
  EXPECT_LE(f.cursor.writes.size(), 10U);
  for (std::size_t i = 1; i < f.cursor.writes.size(); ++i) {
    EXPECT_GE(f.cursor.writes[i] - f.cursor.writes[i - 1], milliseconds(100));
  }
  f.runtime.Run(seconds(1));
  EXPECT_EQ(f.cursor.text, "2016-10-05T00:00:00.000001Z");
  const std::size_t writes = f.cursor.writes.size();
  f.runtime.Run(seconds(10));
  EXPECT_EQ(f.cursor.writes.size(), writes) << "nothing to write";
  f.Close();
}

TEST(Remote, ACursorThatCannotBeWrittenStopsNothing) {
  RemoteFixture f;
  EXPECT_EQ(f.Start(), "OK");
  f.cursor.failure = Error{ErrorCode::kResourceExhausted, "no space left on device"};
  f.Deliver(EventAt(1));
  f.runtime.Run(seconds(60));
  ASSERT_TRUE(f.remote.cursor_failure());
  EXPECT_EQ(f.remote.cursor_failure()->message, "no space left on device");
  EXPECT_GE(f.cursor.writes.size(), 10U);
  EXPECT_LE(f.cursor.writes.size(), 25U) << "it is tried ever less often";
  EXPECT_EQ(f.cursor.text, "");
  f.Deliver(EventAt(2));
  EXPECT_EQ(f.client.dropped_events().unknown_container, 2U);
  f.cursor.failure.reset();
  f.runtime.Run(seconds(6));
  EXPECT_EQ(f.cursor.text, "2016-10-05T00:00:00.000000002Z");
  EXPECT_FALSE(f.remote.cursor_failure());
  f.Close();
}

TEST(Remote, CloseWritesTheCursorALastTime) {
  RemoteFixture f;
  EXPECT_EQ(f.Start(), "OK");
  f.Deliver(EventAt(1));
  f.runtime.RunUntil([&] { return !f.cursor.writes.empty(); });
  f.Deliver(EventAt(2));
  f.Close();
  EXPECT_EQ(f.cursor.text, "2016-10-05T00:00:00.000000002Z");
  EXPECT_EQ(f.cursor.writes.size(), 2U);
}

// --- Several clients

TEST(Remote, FeedsEveryClientUntilItIsRemoved) {
  RemoteFixture f;
  Client other({.runtime = f.runtime, .api = f.api, .stdio = f.stdio, .bundles = f.bundles},
               f.backend);
  f.remote.Add(other);
  EXPECT_EQ(f.Start(), "OK");
  f.Deliver(EventAt(1));
  f.remote.Remove(other);
  f.Deliver(EventAt(2));
  EXPECT_EQ(f.client.dropped_events().unknown_container, 2U);
  EXPECT_EQ(other.dropped_events().unknown_container, 1U);
  Spawn(f.runtime, other.Close());
  f.Close();
}

// A client that is closed while it is still fed must not make believe that it handled anything.
TEST(Remote, TheCursorWaitsForAClientThatIsClosed) {
  RemoteFixture f;
  EXPECT_EQ(f.Start(), "OK");
  f.Deliver(EventAt(1));
  Spawn(f.runtime, f.client.Close());
  f.runtime.RunReady();
  f.Deliver(EventAt(2));
  f.Deliver(EventAt(3));
  EXPECT_EQ(f.remote.cursor(), WallTime(seconds(kNow)) + Duration(1));
  f.Close();
  EXPECT_EQ(f.cursor.text, "2016-10-05T00:00:00.000000001Z");
}

// --- Close

TEST(Remote, CloseEndsThePause) {
  RemoteFixture f;
  EXPECT_EQ(f.Start(), "OK");
  f.api.sink->OnEnd(Status());
  f.runtime.RunReady();
  f.Close();
  EXPECT_LE(f.runtime.Now(), milliseconds(1)) << "that the store takes";
  f.runtime.Run(seconds(10));
  EXPECT_EQ(f.api.requests.size(), 1U);
}

TEST(Remote, CloseEndsItWhereverItStands) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (int steps = 0; steps <= 60; ++steps) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(steps));
      RemoteFixture f("", {}, seed);
      f.api.log_answers = steps % 2 == 0;
      EXPECT_EQ(f.Start(), "OK");
      int left = steps;
      f.runtime.RunUntil([&] {
        if (left == 40) f.Deliver(EventAt(7));
        if (left == 30) f.api.sink->OnEnd(Fail(ErrorCode::kUnavailable, "gone"));
        return left-- == 0;
      });
      const Duration before = f.runtime.Now();
      f.Close();
      EXPECT_LE(f.runtime.Now() - before, milliseconds(2)) << "only the store is waited for";
      const std::size_t opened = f.api.requests.size() + f.api.stored_requests.size();
      f.runtime.Run(seconds(100));
      EXPECT_EQ(f.api.requests.size() + f.api.stored_requests.size(), opened);
      EXPECT_EQ(f.runtime.failure(), nullptr);
    }
  }
}

}  // namespace
}  // namespace libcontainerd
