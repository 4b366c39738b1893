#include "lib/core/event.h"

#include <deque>
#include <limits>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "libcontainerd/random.h"
#include "libcontainerd/time_text.h"

namespace libcontainerd {
namespace {

types::Event Make(const char* id, const char* type, const char* pid, std::int64_t second,
                  std::int32_t nanos) {
  types::Event event;
  event.set_id(id);
  event.set_type(type);
  event.set_pid(pid);
  event.mutable_timestamp()->set_seconds(second);
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

// Beside a set and a queue, with so few different events that they repeat, and places of the table
// are taken, given back and moved.
TEST(SeenEvents, KnowsTheLastOnesWhateverTheOrder) {
  constexpr std::size_t kCapacity = 40;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    SeenEvents seen(kCapacity);
    std::set<std::uint64_t> known;
    std::deque<std::uint64_t> order;
    for (int i = 0; i < 3'000; ++i) {
      const std::uint64_t drawn = random.Below(2 * kCapacity);
      const bool is_new = known.insert(drawn).second;
      if (is_new) {
        order.push_back(drawn);
        if (order.size() > kCapacity) {
          known.erase(order.front());
          order.pop_front();
        }
      }
      const std::string id = "c" + std::to_string(drawn % 7);
      ASSERT_EQ(seen.Insert(Make(id.c_str(), "oom", "", static_cast<std::int64_t>(drawn), 0)),
                is_new)
          << "seed " << seed << ", step " << i;
      ASSERT_EQ(seen.size(), known.size()) << "seed " << seed << ", step " << i;
    }
  }
}

TEST(SeenEvents, ForgetsNothingWhileItRemembersAll) {
  const auto event = [](std::int64_t number) { return Make("c1", "oom", "", number, 0); };
  SeenEvents seen(100);
  for (std::int64_t i = 0; i < 150; ++i) EXPECT_TRUE(seen.Insert(event(i)));
  seen.RememberAll(true);
  for (std::int64_t i = 150; i < 5'000; ++i) ASSERT_TRUE(seen.Insert(event(i)));
  for (std::int64_t i = 50; i < 5'000; ++i) ASSERT_FALSE(seen.Insert(event(i))) << i;
  EXPECT_TRUE(seen.Insert(event(49)));  // forgotten before
  EXPECT_EQ(seen.size(), 4'951U);
  seen.RememberAll(false);
  EXPECT_EQ(seen.size(), 100U);  // of the last ones: 49, and 4901 to 4999
  EXPECT_FALSE(seen.Insert(event(49)));
  for (std::int64_t i = 4'901; i < 5'000; ++i) ASSERT_FALSE(seen.Insert(event(i))) << i;
  EXPECT_TRUE(seen.Insert(event(4'900)));
  EXPECT_TRUE(seen.Insert(event(4'901)));  // the oldest gave way
  EXPECT_EQ(seen.size(), 100U);
}

TEST(SeenEvents, RemembersSoManyAtMost) {
  const auto event = [](std::int64_t number) { return Make("c1", "oom", "", number, 0); };
  SeenEvents seen(100, 1'000);
  for (std::int64_t i = 0; i < 150; ++i) EXPECT_TRUE(seen.Insert(event(i)));
  seen.RememberAll(true);
  for (std::int64_t i = 150; i < 5'300; ++i) ASSERT_TRUE(seen.Insert(event(i)));
  EXPECT_EQ(seen.size(), 1'000U);
  for (std::int64_t i = 4'300; i < 5'300; ++i) ASSERT_FALSE(seen.Insert(event(i))) << i;
  seen.RememberAll(false);
  EXPECT_EQ(seen.size(), 100U);  // the last ones
  for (std::int64_t i = 5'200; i < 5'300; ++i) ASSERT_FALSE(seen.Insert(event(i))) << i;
  EXPECT_TRUE(seen.Insert(event(5'199)));
}

TEST(SeenEvents, WithoutRoomEverythingIsNew) {
  SeenEvents seen(0);
  EXPECT_TRUE(seen.Insert(Make("c1", "oom", "", 1, 0)));
  EXPECT_TRUE(seen.Insert(Make("c1", "oom", "", 1, 0)));
}

TEST(SeenEvents, TellsLongIdsThatDifferInOneCharacterApart) {
  const std::string id(64, 'a');
  SeenEvents seen;
  EXPECT_TRUE(seen.Insert(Make(id.c_str(), "oom", "", 1, 0)));
  for (std::size_t i = 0; i < id.size(); ++i) {
    std::string other = id;
    other[i] = 'b';
    EXPECT_TRUE(seen.Insert(Make(other.c_str(), "oom", "", 1, 0))) << other;
  }
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
