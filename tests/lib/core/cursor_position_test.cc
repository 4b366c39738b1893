#include "lib/core/cursor_position.h"

#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "libcontainerd/random.h"

namespace libcontainerd {
namespace {

WallTime At(std::int64_t time) {
  return WallTime(Duration(time));
}

TEST(CursorPosition, FollowsWhatIsHandled) {
  CursorPosition position(At(5), true);
  EXPECT_EQ(position.value(), At(5));
  position.Handled(At(7));
  EXPECT_EQ(position.value(), At(7));
  position.Handled(At(6));  // late
  EXPECT_EQ(position.value(), At(7));
}

TEST(CursorPosition, StaysBelowWhatIsPending) {
  CursorPosition position(At(0), true);
  position.Handled(At(1));
  position.Begin(At(2));
  position.Begin(At(4));
  position.Handled(At(3));
  position.Handled(At(5));
  EXPECT_EQ(position.value(), At(1));
  position.End(At(2));
  EXPECT_EQ(position.value(), At(3));
  position.End(At(4));
  EXPECT_EQ(position.value(), At(5));
  EXPECT_EQ(position.pending(), 0U);
}

TEST(CursorPosition, SaysThatWhatCameLateIsPending) {
  CursorPosition position(At(0), true);
  position.Handled(At(5));
  EXPECT_FALSE(position.PassesPending());
  position.Begin(At(7));
  EXPECT_FALSE(position.PassesPending());
  position.Begin(At(3));
  EXPECT_TRUE(position.PassesPending());
  EXPECT_EQ(position.value(), At(5));
  position.End(At(3));
  EXPECT_FALSE(position.PassesPending());
  position.Begin(At(4));
  position.Abandon(At(4));
  EXPECT_TRUE(position.PassesPending()) << "for ever";
}

TEST(CursorPosition, EqualTimesAreHandledTogether) {
  CursorPosition position(At(0), true);
  position.Begin(At(2));
  position.Handled(At(2));
  position.Begin(At(2));
  position.End(At(2));
  EXPECT_EQ(position.value(), At(0));
  position.End(At(2));
  EXPECT_EQ(position.value(), At(2));
}

TEST(CursorPosition, NeverPassesWhatWasAbandoned) {
  CursorPosition position(At(0), true);
  position.Begin(At(3));
  position.Begin(At(5));
  position.Handled(At(7));
  position.Abandon(At(5));
  position.Handled(At(9));
  position.Begin(At(10));
  EXPECT_EQ(position.pending(), 2U) << "what can no longer matter takes no room";
  position.End(At(10));
  EXPECT_EQ(position.value(), At(0));
  position.End(At(3));
  EXPECT_EQ(position.value(), At(3));
  position.Handled(At(4));
  EXPECT_EQ(position.value(), At(4));
}

TEST(CursorPosition, TheReferencesFollowsEachEvent) {
  CursorPosition position(At(5), false);
  position.Handled(At(7));
  position.Handled(At(6));
  EXPECT_EQ(position.value(), At(6));
}

// Against the definition, written down plainly.
TEST(CursorPosition, AgreesWithItsDefinition) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const bool in_order = random.Chance(1, 2);
    CursorPosition position(At(0), true);
    std::multiset<std::int64_t> pending;
    std::multiset<std::int64_t> handled{0};
    std::int64_t clock = 1;
    WallTime before = At(0);
    WallTime expected = At(0);
    for (int step = 0; step < 200; ++step) {
      if (pending.empty() || random.Chance(1, 2)) {
        clock += random.Between(in_order ? 1 : 0, 3);
        const std::int64_t time =
            in_order ? clock : std::max<std::int64_t>(1, clock - random.Between(0, 10));
        if (random.Chance(1, 2)) {
          position.Handled(At(time));
          handled.insert(time);
        } else {
          position.Begin(At(time));
          pending.insert(time);
        }
      } else {
        auto ended = pending.begin();
        std::advance(ended, static_cast<std::ptrdiff_t>(random.Below(pending.size())));
        position.End(At(*ended));
        handled.insert(*ended);
        pending.erase(ended);
      }
      ASSERT_GE(position.value(), before);
      const bool moved = position.value() > before;
      before = position.value();
      if (moved && !pending.empty()) {
        ASSERT_LT(position.value(), At(*pending.begin()));
      }
      ASSERT_TRUE(handled.contains(position.value().time_since_epoch().count()));
      if (pending.empty()) {
        ASSERT_EQ(position.value(), At(*handled.rbegin()));
      }
      if (pending.empty()) expected = position.value();
      if (!in_order || pending.empty()) continue;
      const auto limit = handled.lower_bound(*pending.begin());
      expected = std::max(expected, At(*std::prev(limit)));
      ASSERT_EQ(position.value(), expected) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace libcontainerd
