#include "fake_containerd/world/subscribers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/simulated_runtime.h"

namespace fake_containerd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Event At(int time, const std::string& id = "c1") {
  return Event{.kind = EventKind::kOom,
               .container = {.id = id},
               .process = "",
               .status = 0,
               .time = WallTime(Duration(time))};
}
EventFilter From(int time) {
  return EventFilter{.after = WallTime(Duration(time))};
}

class SubscribersTest : public ::testing::Test {
 protected:
  std::unique_ptr<Subscription> Subscribe(EventFilter filter) {
    return subscribers_.Subscribe(std::move(filter), &stored_, [this] { ++ready_; });
  }
  static std::vector<std::int64_t> Times(Subscription& subscription) {
    std::vector<std::int64_t> times;
    for (Event event; subscription.Next(event);) {
      times.push_back(event.time.time_since_epoch().count());
    }
    return times;
  }

  libcontainerd::SimulatedRuntime runtime_{1};
  Subscribers subscribers_{runtime_, 4};
  EventList stored_{{At(1), At(2), At(2, "c2"), At(3)}};
  int ready_ = 0;
};

TEST_F(SubscribersTest, ReplaysStrictlyAfterTheTimestampThenGoesLive) {
  const auto subscription = Subscribe(From(1));
  subscribers_.Notify(At(9));
  EXPECT_THAT(Times(*subscription), ElementsAre(2, 2, 3, 9));
  EXPECT_FALSE(subscription->ended());
}

TEST_F(SubscribersTest, WithoutATimestampOnlyLive) {
  const auto subscription = Subscribe({});
  EXPECT_THAT(Times(*subscription), IsEmpty());
  subscribers_.Notify(At(1));
  EXPECT_THAT(Times(*subscription), ElementsAre(1));
}

TEST_F(SubscribersTest, StoredOnlyEnds) {
  EventFilter filter = From(2);
  filter.stored_only = true;
  const auto subscription = Subscribe(filter);
  subscribers_.Notify(At(9));
  EXPECT_FALSE(subscription->ended());
  EXPECT_THAT(Times(*subscription), ElementsAre(3));
  EXPECT_TRUE(subscription->ended());
  EXPECT_FALSE(subscription->broken());
}

TEST_F(SubscribersTest, AnIdFiltersStoredAndLive) {
  EventFilter filter = From(0);
  filter.id = "c2";
  const auto subscription = Subscribe(filter);
  subscribers_.Notify(At(8));
  subscribers_.Notify(At(9, "c2"));
  EXPECT_THAT(Times(*subscription), ElementsAre(2, 9));
}

TEST_F(SubscribersTest, AFullQueueLosesAndLaterOnesCome) {
  const auto slow = Subscribe({});
  for (int i = 1; i <= 4; ++i) EXPECT_THAT(subscribers_.Notify(At(i)), IsEmpty());
  EXPECT_THAT(subscribers_.Notify(At(5)), ElementsAre(slow->number()));
  EXPECT_THAT(Times(*slow), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(subscribers_.Notify(At(6)), IsEmpty());
  EXPECT_THAT(Times(*slow), ElementsAre(6));
}

TEST_F(SubscribersTest, TellsOncePerLull) {
  const auto subscription = Subscribe({});
  subscribers_.Notify(At(1));
  subscribers_.Notify(At(2));
  runtime_.RunReady();
  EXPECT_EQ(ready_, 1);
  subscribers_.Notify(At(3));
  runtime_.RunReady();
  EXPECT_EQ(ready_, 1);  // Next() has not come up empty yet
  Times(*subscription);
  subscribers_.Notify(At(4));
  runtime_.RunReady();
  EXPECT_EQ(ready_, 2);
}

TEST_F(SubscribersTest, HeldReadersAreSlowReaders) {
  const auto subscription = Subscribe({});
  subscribers_.Hold(true);
  subscribers_.Notify(At(1));
  runtime_.RunReady();
  EXPECT_EQ(ready_, 0);
  subscribers_.Hold(false);
  runtime_.RunReady();
  EXPECT_EQ(ready_, 1);
}

TEST_F(SubscribersTest, BreaksWithTheDaemon) {
  const auto subscription = Subscribe({});
  subscribers_.Notify(At(1));
  subscribers_.BreakAll();
  EXPECT_THAT(Times(*subscription), IsEmpty());
  EXPECT_TRUE(subscription->ended());
  EXPECT_TRUE(subscription->broken());
  runtime_.RunReady();
  EXPECT_EQ(ready_, 2);  // for the event and for the end
}

TEST_F(SubscribersTest, ADormantOneBeginsWhenWoken) {
  const auto subscription = subscribers_.Subscribe(From(1), nullptr, [this] { ++ready_; });
  subscribers_.Notify(At(7));
  EXPECT_THAT(Times(*subscription), IsEmpty());
  subscribers_.WakeDormant(stored_);
  EXPECT_THAT(Times(*subscription), ElementsAre(2, 2, 3));
}

TEST_F(SubscribersTest, ADestroyedOneIsNotCalled) {
  auto subscription = Subscribe({});
  subscribers_.Notify(At(1));
  subscription.reset();
  runtime_.RunReady();
  EXPECT_EQ(ready_, 0);
}

}  // namespace
}  // namespace fake_containerd
