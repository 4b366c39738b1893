#include "fake_containerd/world/event_log.h"

#include <gtest/gtest.h>

namespace fake_containerd {
namespace {

Event Numbered(int number) {
  return Event{.kind = EventKind::kOom,
               .container = {.id = std::string("c").append(std::to_string(number))},
               .process = "",
               .status = 0,
               .time = WallTime(Duration(number))};
}

TEST(EventLog, SwingsBetweenTheRetainCountAndTwiceThat) {
  EventLog log(nullptr, 500);
  ASSERT_TRUE(log.Load());
  for (int i = 1; i <= 501; ++i) log.Append(Numbered(i));
  EXPECT_EQ(log.events().size(), 501U);
  log.Append(Numbered(502));
  EXPECT_EQ(log.events().size(), 500U);  // 499 kept, and the new one
  EXPECT_EQ(log.events().front(), Numbered(3));
  EXPECT_EQ(log.events().back(), Numbered(502));
  // The count began at 0 again: 500 more are taken before the next cut.
  for (int i = 503; i <= 1002; ++i) log.Append(Numbered(i));
  EXPECT_EQ(log.events().size(), 1000U);
  log.Append(Numbered(1003));
  EXPECT_EQ(log.events().size(), 500U);
}

TEST(EventLog, KeepsEverythingWithoutARetainCount) {
  EventLog log(nullptr, 0);
  ASSERT_TRUE(log.Load());
  for (int i = 0; i < 3000; ++i) log.Append(Numbered(i));
  EXPECT_EQ(log.events().size(), 3000U);
}

TEST(EventLog, ASmallLogIsNotCutBelowNothing) {
  EventLog log(nullptr, 1);
  ASSERT_TRUE(log.Load());
  for (int i = 0; i < 10; ++i) log.Append(Numbered(i));
  EXPECT_EQ(log.events().back(), Numbered(9));
}

TEST(EventLog, AStartReadsTheStoreAndEmptiesIt) {
  EventLog log(nullptr, 500);
  ASSERT_TRUE(log.Load());
  log.Append(Numbered(1));
  log.Append(Numbered(2));
  ASSERT_TRUE(log.Load());
  EXPECT_EQ(log.events().size(), 2U);
  // A second restart finds only what the first life wrote: nothing.
  ASSERT_TRUE(log.Load());
  EXPECT_TRUE(log.events().empty());
}

TEST(EventLog, WithoutAStoreAFailedStartLeavesEverythingAndWhatWasNotWrittenIsNotRead) {
  EventLog log(nullptr, 500);
  ASSERT_TRUE(log.Load());
  log.Append(Numbered(1));
  log.AppendUnwritten(Numbered(2), {libcontainerd::ErrorCode::kUnknown, "disk full"});
  log.Append(Numbered(3));
  const libcontainerd::Status corrupt = log.Load(LogDamage::kCorrupt);
  ASSERT_FALSE(corrupt);
  EXPECT_EQ(corrupt.error().message, "event log:3: not a JSON object, expected one event");
  EXPECT_TRUE(log.events().empty());
  ASSERT_TRUE(log.Load());
  ASSERT_EQ(log.events().size(), 2U);
  EXPECT_EQ(log.events().front(), Numbered(1));
  EXPECT_EQ(log.events().back(), Numbered(3));
}

TEST(EventLog, WithoutAStoreACutWritesEverythingAnew) {
  EventLog log(nullptr, 2);
  ASSERT_TRUE(log.Load());
  log.Append(Numbered(1));
  ASSERT_TRUE(log.Load());
  log.AppendUnwritten(Numbered(2), {libcontainerd::ErrorCode::kUnknown, "disk full"});
  log.Append(Numbered(3));
  log.Append(Numbered(4));  // the cut keeps one, and writes it
  ASSERT_TRUE(log.Load());
  ASSERT_EQ(log.events().size(), 2U);
  EXPECT_EQ(log.events().front(), Numbered(3));
  std::vector<Event> lost;
  log.Append(Numbered(5));
  ASSERT_TRUE(log.Load(LogDamage::kLost, &lost));
  EXPECT_TRUE(log.events().empty());
  EXPECT_EQ(lost, std::vector<Event>{Numbered(5)});
}

class BrokenStore final : public EventLogStore {
 public:
  libcontainerd::Result<std::vector<Event>> Read() override { return std::vector<Event>(); }
  libcontainerd::Status Rewrite(const std::vector<Event>&) override { return {}; }
  libcontainerd::Status Append(const Event&) override {
    return libcontainerd::Fail(libcontainerd::ErrorCode::kUnknown, "disk full");
  }
};

TEST(EventLog, KeepsEventsThatTheStoreRefuses) {
  EventLog log(std::make_unique<BrokenStore>(), 500);
  ASSERT_TRUE(log.Load());
  EXPECT_FALSE(log.store_failure());
  log.Append(Numbered(1));
  EXPECT_EQ(log.events().size(), 1U);
  ASSERT_TRUE(log.store_failure());
  EXPECT_EQ(log.store_failure()->message, "disk full");
}

}  // namespace
}  // namespace fake_containerd
