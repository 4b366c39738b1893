#include "lib/core/event.h"

#include <limits>

#include <gtest/gtest.h>

#include "libcontainerd/time_text.h"

namespace libcontainerd {
namespace {

types::Event Make(const char* id, const char* type, const char* pid, std::int64_t seconds,
                  std::int32_t nanos) {
  types::Event event;
  event.set_id(id);
  event.set_type(type);
  event.set_pid(pid);
  event.mutable_timestamp()->set_seconds(seconds);
  event.mutable_timestamp()->set_nanos(nanos);
  return event;
}

TEST(SeenEvents, KnowsAnEventByIdTypePidAndTime) {
  SeenEvents seen;
  const types::Event event = Make("c1", "exit", "init", 5, 6);
  EXPECT_TRUE(seen.Insert(event));
  EXPECT_FALSE(seen.Insert(event));
  types::Event other_status = event;
  other_status.set_status(9);
  EXPECT_FALSE(seen.Insert(other_status));
  EXPECT_TRUE(seen.Insert(Make("c2", "exit", "init", 5, 6)));
  EXPECT_TRUE(seen.Insert(Make("c1", "oom", "init", 5, 6)));
  EXPECT_TRUE(seen.Insert(Make("c1", "exit", "e1", 5, 6)));
  EXPECT_TRUE(seen.Insert(Make("c1", "exit", "init", 6, 6)));
  EXPECT_TRUE(seen.Insert(Make("c1", "exit", "init", 5, 7)));
  EXPECT_EQ(seen.size(), 6U);
}

TEST(SeenEvents, KeepsTheFieldsApart) {
  SeenEvents seen;
  EXPECT_TRUE(seen.Insert(Make("ab", "c", "", 1, 1)));
  EXPECT_TRUE(seen.Insert(Make("a", "bc", "", 1, 1)));
  EXPECT_TRUE(seen.Insert(Make("a", "b", "c", 1, 1)));
}

TEST(SeenEvents, AnEventWithoutTimeIsNeverARepetition) {
  SeenEvents seen;
  types::Event event;
  event.set_id("c1");
  EXPECT_TRUE(seen.Insert(event));
  EXPECT_TRUE(seen.Insert(event));
  EXPECT_EQ(seen.size(), 0U);
}

TEST(SeenEvents, ForgetsTheOldest) {
  SeenEvents seen(2);
  EXPECT_TRUE(seen.Insert(Make("c1", "oom", "", 1, 0)));
  EXPECT_TRUE(seen.Insert(Make("c1", "oom", "", 2, 0)));
  EXPECT_TRUE(seen.Insert(Make("c1", "oom", "", 3, 0)));
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_FALSE(seen.Insert(Make("c1", "oom", "", 3, 0)));
  EXPECT_TRUE(seen.Insert(Make("c1", "oom", "", 1, 0)));
}

TEST(Event, TimestampCountsFromTheEpoch) {
  EXPECT_EQ(TimestampOf(Make("", "", "", 2, 3)).time_since_epoch(),
            std::chrono::nanoseconds(2'000'000'003));
}

// What no clock shows must neither overflow nor become a text that nobody reads.
TEST(Event, ATimestampBeyondAllTimesIsCut) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(FormatTime(TimestampOf(Make("", "", "", kMost, 2'000'000'000))),
            "2261-12-31T23:59:59.999999999Z");
  EXPECT_EQ(FormatTime(TimestampOf(Make("", "", "", -kMost, -5))), "1678-01-01T00:00:00Z");
}

}  // namespace
}  // namespace libcontainerd
