#include "libcontainerd/time_text.h"

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

WallTime At(std::int64_t nanoseconds) {
  return WallTime(Duration(nanoseconds));
}

TEST(TimeText, FormatsAsGoDoes) {
  EXPECT_EQ(FormatTime(At(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(At(1475625600500000000)), "2016-10-05T00:00:00.5Z");
  EXPECT_EQ(FormatTime(At(1)), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(FormatTime(At(-1)), "1969-12-31T23:59:59.999999999Z");
}

TEST(TimeText, ReadsWhatItWrote) {
  for (const std::int64_t time : {0L, 1L, -1L, 1795469363850275462L, 1475625600000000000L}) {
    EXPECT_EQ(ParseTime(FormatTime(At(time))), At(time));
  }
}

TEST(TimeText, ReadsOffsets) {
  EXPECT_EQ(ParseTime("2026-11-23T22:29:23.89+01:00"), ParseTime("2026-11-23T21:29:23.89Z"));
  EXPECT_EQ(ParseTime("2026-11-23T16:29:23-05:00"), ParseTime("2026-11-23T21:29:23Z"));
}

// What is read in another zone is written in UTC, and has to be readable there.
TEST(TimeText, BoundsAreThoseOfUtc) {
  EXPECT_EQ(ParseTime("1678-01-01T00:30:00+01:00"), std::nullopt);
  EXPECT_EQ(ParseTime("2261-12-31T23:30:00-01:00"), std::nullopt);
  EXPECT_EQ(ParseTime("1677-12-31T23:30:00-01:00"), ParseTime("1678-01-01T00:30:00Z"));
  EXPECT_EQ(ParseTime("2262-01-01T00:30:00+01:00"), ParseTime("2261-12-31T23:30:00Z"));
  EXPECT_TRUE(ParseTime("1678-01-01T00:30:00Z").has_value());
}

TEST(TimeText, RefusesOtherText) {
  for (const char* text :
       {"", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23 21:29:23Z",
        "2026-11-23T21:29:23", "2026-11-23T24:00:00Z", "2026-11-23T21:29:23.Z",
        "2026-11-23T21:29:23Zx", "9999-01-01T00:00:00Z"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace libcontainerd
