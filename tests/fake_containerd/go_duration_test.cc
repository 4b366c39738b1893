#include "fake_containerd/go_duration.h"

#include <gtest/gtest.h>

namespace fake_containerd {
namespace {

using namespace std::chrono_literals;
using libcontainerd::Duration;

TEST(GoDuration, WhatGoReads) {
  EXPECT_EQ(ParseGoDuration("2m"), Duration(2min));
  EXPECT_EQ(ParseGoDuration("0"), Duration(0));
  EXPECT_EQ(ParseGoDuration("15s"), Duration(15s));
  EXPECT_EQ(ParseGoDuration("1h15m30.918s"), Duration(1h + 15min + 30918ms));
  EXPECT_EQ(ParseGoDuration("300ms"), Duration(300ms));
  EXPECT_EQ(ParseGoDuration("-1.5h"), Duration(-90min));
  EXPECT_EQ(ParseGoDuration("+5s"), Duration(5s));
  EXPECT_EQ(ParseGoDuration(".5s"), Duration(500ms));
  EXPECT_EQ(ParseGoDuration("1.s"), Duration(1s));
  EXPECT_EQ(ParseGoDuration("7us3ns"), Duration(7003ns));
  EXPECT_EQ(ParseGoDuration("7\u00b5s"), Duration(7us));
  EXPECT_EQ(ParseGoDuration("0.3333333333333333333333s"), Duration(333333333ns));
  EXPECT_EQ(ParseGoDuration("9223372036854775807ns"), Duration::max());
}

TEST(GoDuration, WhatGoRefuses) {
  for (const char* text : {"", "-", "+", "5", "1", "-1", "s", ".s", "2x", "2m3", " 2m", "2 m",
                           "2m ", "0x1s", "9223372036854775808ns", "10000000000000h", "1e3s"}) {
    EXPECT_EQ(ParseGoDuration(text), std::nullopt) << text;
  }
}

TEST(GoDuration, PrintsAsGoDoes) {
  const auto print = [](std::int64_t nanoseconds) {
    return PrintGoDuration(libcontainerd::Duration(nanoseconds));
  };
  EXPECT_EQ(print(0), "0s");
  EXPECT_EQ(print(1), "1ns");
  EXPECT_EQ(print(1'100), "1.1\u00b5s");
  EXPECT_EQ(print(2'200'000), "2.2ms");
  EXPECT_EQ(print(3'300'000'000), "3.3s");
  EXPECT_EQ(print(4 * 60'000'000'000 + 5'001'000'000), "4m5.001s");
  EXPECT_EQ(print(5 * 3'600'000'000'000 + 1'000'000), "5h0m0.001s");
  EXPECT_EQ(print(-1'500'000'000), "-1.5s");
  EXPECT_EQ(print(std::numeric_limits<std::int64_t>::max()), "2562047h47m16.854775807s");
  EXPECT_EQ(print(std::numeric_limits<std::int64_t>::min()), "-2562047h47m16.854775808s");
}

}  // namespace
}  // namespace fake_containerd
