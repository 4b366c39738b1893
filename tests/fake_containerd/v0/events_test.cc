// The Events stream: what a request gets, what is refused, and what a slow reader loses.
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/v0/harness.h"

namespace fake_containerd::v0 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

types::EventsRequest After(std::int64_t begin, std::int32_t nanos, bool stored_only = false) {
  types::EventsRequest request;
  request.mutable_timestamp()->set_seconds(begin);
  request.mutable_timestamp()->set_nanos(nanos);
  request.set_storedonly(stored_only);
  return request;
}

class EventsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(h_.Create("c1"), "OK");
    ASSERT_EQ(h_.Create("c2"), "OK");
  }
  // What a stored-only request tells and how it ends.
  std::vector<std::string> Stored(types::EventsRequest request, std::string* end = nullptr) {
    request.set_storedonly(true);
    Sink sink;
    const auto stream = h_.api.Events(request, sink);
    h_.runtime.RunReady();
    if (end != nullptr) *end = sink.end;
    return sink.lines;
  }
  std::string Refusal(const types::EventsRequest& request) {
    Sink sink;
    const auto stream = h_.api.Events(request, sink);
    h_.runtime.RunReady();
    EXPECT_THAT(sink.lines, IsEmpty());
    return sink.end;
  }

  FacadeHarness h_;
};

TEST_F(EventsTest, StoredOnly) {
  std::string end;
  EXPECT_THAT(Stored(After(0, 0), &end), ElementsAre("start-container c1", "start-container c2"));
  EXPECT_EQ(end, "OK");
  auto one = After(0, 0);
  one.set_id("c2");
  EXPECT_THAT(Stored(one), ElementsAre("start-container c2"));
  one.set_id("nobody");
  EXPECT_THAT(Stored(one, &end), IsEmpty());
  EXPECT_EQ(end, "OK");
}

TEST_F(EventsTest, StrictlyAfterTheTimestamp) {
  Sink sink;
  auto stream = h_.api.Events(After(0, 0), sink);
  h_.runtime.RunReady();
  ASSERT_EQ(sink.received.size(), 2U);
  const google::protobuf::Timestamp& first = sink.received[0].timestamp();
  EXPECT_THAT(Stored(After(first.seconds(), first.nanos())), ElementsAre("start-container c2"));
  EXPECT_THAT(Stored(After(first.seconds() - 1, 999999999)),
              ElementsAre("start-container c1", "start-container c2"));
}

TEST_F(EventsTest, WithoutATimestampOnlyLiveOnes) {
  Sink sink;
  const auto stream = h_.api.Events({}, sink);
  h_.runtime.RunReady();
  EXPECT_THAT(sink.lines, IsEmpty());
  ASSERT_EQ(h_.Try(h_.StatusOf("c1", "paused")), "OK");
  h_.runtime.RunReady();
  EXPECT_THAT(sink.lines, ElementsAre("pause c1"));
}

TEST_F(EventsTest, AnIdFiltersLiveOnesToo) {
  types::EventsRequest request;
  request.set_id("c2");
  Sink sink;
  const auto stream = h_.api.Events(request, sink);
  ASSERT_EQ(h_.Try(h_.StatusOf("c1", "paused")), "OK");
  ASSERT_EQ(h_.Try(h_.StatusOf("c2", "paused")), "OK");
  h_.runtime.RunReady();
  EXPECT_THAT(sink.lines, ElementsAre("pause c2"));
}

TEST_F(EventsTest, OfAnUnknownIdThereAreNone) {
  types::EventsRequest request;
  request.set_id("nobody");
  request.mutable_timestamp()->set_seconds(1);
  Sink all;
  Sink stored;
  const auto live = h_.api.Events(request, all);
  request.set_storedonly(true);
  const auto once = h_.api.Events(request, stored);
  ASSERT_EQ(h_.Create("other"), "OK");
  h_.runtime.RunReady();
  EXPECT_TRUE(all.lines.empty());
  EXPECT_EQ(all.end, "");
  EXPECT_TRUE(stored.lines.empty());
  EXPECT_EQ(stored.end, "OK");
}

TEST_F(EventsTest, WhatIsRefused) {
  const std::string stored =
      "2 invalid parameter: StoredOnly cannot be specified without setting a valid Timestamp";
  types::EventsRequest request;
  request.set_storedonly(true);
  EXPECT_EQ(Refusal(request), stored);
  // Go's zero time counts as none.
  EXPECT_EQ(Refusal(After(-62135596800, 0, true)), stored);
  EXPECT_EQ(Refusal(After(5, -1)), "2 timestamp: seconds:5 nanos:-1 : nanos not in range [0, 1e9)");
  EXPECT_EQ(Refusal(After(5, 1000000000)),
            "2 timestamp: seconds:5 nanos:1000000000 : nanos not in range [0, 1e9)");
  EXPECT_EQ(Refusal(After(0, -1)), "2 timestamp: nanos:-1 : nanos not in range [0, 1e9)");
  EXPECT_EQ(Refusal(After(-62135596801, 0)),
            "2 timestamp: seconds:-62135596801  before 0001-01-01");
  EXPECT_EQ(Refusal(After(253402300800, 0)),
            "2 timestamp: seconds:253402300800  after 10000-01-01");
}

TEST_F(EventsTest, TimesBeyondTheClockAreBeforeOrAfterEverything) {
  EXPECT_EQ(Stored(After(-62135596799, 0)).size(), 2U);
  EXPECT_EQ(Stored(After(-10000000000, 999999999)).size(), 2U);
  EXPECT_THAT(Stored(After(253402300799, 999999999)), IsEmpty());
  EXPECT_THAT(Stored(After(9223372036, 999999999)), IsEmpty());
}

TEST_F(EventsTest, ADestroyedStreamIsSilent) {
  Sink sink;
  auto stream = h_.api.Events({}, sink);
  ASSERT_EQ(h_.Try(h_.StatusOf("c1", "paused")), "OK");
  stream.reset();
  h_.runtime.RunReady();
  EXPECT_EQ(sink.end, "");
  EXPECT_LE(sink.lines.size(), 1U);
}

TEST_F(EventsTest, ABurstHoldsWhatHadArrived) {
  Sink sink;
  const auto stream = h_.api.Events({}, sink);
  for (int i = 0; i < 100; ++i) {
    h_.world.Emit({.kind = EventKind::kOom, .container = {.id = "c1"}});
  }
  h_.runtime.RunReady();
  EXPECT_EQ(sink.lines.size(), 100U);
  EXPECT_EQ(sink.bursts, 1);
}

TEST_F(EventsTest, TheEndOfTheDaemonEndsTheStream) {
  Sink sink;
  const auto stream = h_.api.Events({}, sink);
  h_.world.StopDaemon();
  h_.runtime.RunReady();
  EXPECT_EQ(sink.end, "14 transport is closing");
  // A new one waits for the start.
  Sink next;
  const auto waiting = h_.api.Events(After(0, 0), next);
  h_.runtime.RunReady();
  EXPECT_EQ(next.end, "");
  ASSERT_TRUE(h_.world.StartDaemon());
  h_.runtime.RunReady();
  EXPECT_THAT(next.lines, ElementsAre("start-container c1", "start-container c2"));
}

TEST_F(EventsTest, AFeedIsReadAtTheReadersPaceAndLosesBeyondItsQueue) {
  int ready = 0;
  const auto feed = h_.api.OpenFeed({}, [&ready] { ++ready; });
  for (int i = 0; i < 3000; ++i) {
    h_.world.Emit({.kind = EventKind::kOom, .container = {.id = "c1"}});
    h_.runtime.RunReady();
  }
  EXPECT_EQ(ready, 1);
  int taken = 0;
  types::Event event;
  while (feed->Next(event)) ++taken;
  EXPECT_EQ(taken, 2048);
  EXPECT_EQ(h_.recorder.dropped.size(), 3000U - 2048);
  h_.world.Emit({.kind = EventKind::kOom, .container = {.id = "c1"}});
  h_.runtime.RunReady();
  EXPECT_EQ(ready, 2);
  EXPECT_TRUE(feed->Next(event));
  EXPECT_FALSE(feed->ended());
}

TEST_F(EventsTest, TheLogSwings) {
  const auto emit = [this](int count) {
    for (int i = 0; i < count; ++i) {
      h_.world.Emit({.kind = EventKind::kOom, .container = {.id = "c1"}});
      h_.runtime.RunReady();
    }
  };
  emit(499);  // two starts came before
  EXPECT_EQ(Stored(After(0, 0)).size(), 501U);
  emit(1);
  EXPECT_EQ(Stored(After(0, 0)).size(), 500U);
  emit(500);
  EXPECT_EQ(Stored(After(0, 0)).size(), 1000U);
  emit(1);
  EXPECT_EQ(Stored(After(0, 0)).size(), 500U);
}

}  // namespace
}  // namespace fake_containerd::v0
