#include "scenarios/recording_fields.h"

#include <gtest/gtest.h>

namespace scenarios {
namespace {

using nlohmann::json;

TEST(DecodeBase64, DecodesEveryPaddingLength) {
  EXPECT_EQ(DecodeBase64(""), "");
  EXPECT_EQ(DecodeBase64("aA=="), "h");
  EXPECT_EQ(DecodeBase64("aGk="), "hi");
  EXPECT_EQ(DecodeBase64("aGV5"), "hey");
  EXPECT_EQ(DecodeBase64("AP+/"), std::string("\x00\xff\xbf", 3));
}

TEST(DecodeBase64, RefusesWhatIsNotBase64) {
  for (const char* text : {"a", "aGk", "aGk!", "aG=k", "=aGk", "a===", "====", "aGk=aGk="}) {
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
  }
}

TEST(ParseRfc3339, ReadsNanosecondsAndOffsets) {
  const auto time = ParseRfc3339("2026-11-23T21:29:31.184368376Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->seconds, 1795469371);
  EXPECT_EQ(time->nanos, 184368376);
  EXPECT_EQ(ParseRfc3339("2026-11-23T21:29:31.5Z")->nanos, 500'000'000);
  EXPECT_EQ(ParseRfc3339("2026-11-23T23:29:31+02:00")->seconds, 1795469371);
  EXPECT_EQ(ParseRfc3339("0001-01-01T00:00:00Z")->seconds, -62135596800);
}

TEST(ParseRfc3339, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026-11-23", "2026-13-23T21:29:31Z", "2026-02-30T21:29:31Z", "2026-11-23T24:00:00Z",
        "2026-11-23T21:60:00Z", "2026-11-23T21:29:31", "2026-11-23T21:29:31.Z",
        "2026-11-23T21:29:31.1234567890Z", "2026-11-23T21:29:31Zx", "2026-11-23 21:29:31Z",
        "2026-11-23T21:29:31+2:00"}) {
    EXPECT_FALSE(ParseRfc3339(text)) << text;
  }
}

TEST(LineFields, KeepsTheFirstProblem) {
  const json object = {{"a", 1}, {"b", "text"}};
  LineFields fields(object, "f:1");
  EXPECT_EQ(fields.Int("a"), 1);
  EXPECT_TRUE(fields.ok());
  fields.Int("b", 0, 9);
  fields.Text("c");
  EXPECT_EQ(fields.Check().error().message,
            "f:1: field \"b\" is a string, expected a whole number from 0 to 9");
}

TEST(LineFields, NullCountsAsAbsent) {
  const json object = {{"a", nullptr}};
  LineFields fields(object, "f:1");
  EXPECT_EQ(fields.IntOr("a", 7), 7);
  EXPECT_FALSE(fields.Has("a"));
  EXPECT_TRUE(fields.ok());
}

}  // namespace
}  // namespace scenarios
