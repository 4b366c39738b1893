#include "libcontainerd/json_text.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "libcontainerd/random.h"

namespace libcontainerd {
namespace {

using Json = nlohmann::json;
using Kind = JsonText::Kind;

// As the other parser keeps it.
Json ToJson(JsonText::Value value) {
  switch (value.kind()) {
    case Kind::kNull:
      return nullptr;
    case Kind::kFlag:
      return value.flag();
    case Kind::kWhole:
      return value.whole();
    case Kind::kNumber:
      return Json::parse(value.raw());
    case Kind::kText:
      return std::string(value.text());
    case Kind::kList: {
      Json list = Json::array();
      for (const JsonText::Value item : value) list.push_back(ToJson(item));
      return list;
    }
    case Kind::kObject: {
      Json object = Json::object();
      for (auto each = value.begin(); each != value.end(); ++each) {
        object[std::string(each.name())] = ToJson(*each);
      }
      return object;
    }
  }
  return nullptr;
}

void ExpectSame(const std::string& text) {
  const Json expected = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto parsed = JsonText::Parse(text);
  ASSERT_EQ(parsed.has_value(), !expected.is_discarded()) << text;
  if (!parsed) return;
  const Json got = ToJson(parsed->root());
  ASSERT_EQ(got, expected) << text;
  ASSERT_EQ(parsed->root().is(Kind::kWhole), expected.is_number_unsigned()) << text;
}

const std::vector<std::string>& Texts() {
  static const std::vector<std::string> kTexts{
      "",
      " ",
      "{}",
      "[]",
      "null",
      "true",
      "false",
      "nul",
      "truex",
      "\"\"",
      "\"a\"",
      "\"a",
      "0",
      "-0",
      "-",
      "01",
      "1.",
      "1.5",
      ".5",
      "1e5",
      "1E+5",
      "1e-5",
      "1e",
      "1e999",
      "-1e999",
      "1e-999",
      "18446744073709551615",
      "18446744073709551616",
      "-1",
      "-9223372036854775809",
      std::string(400, '9'),
      "0." + std::string(400, '9'),
      "[1,2]",
      "[1,]",
      "[,1]",
      "[1 2]",
      "{\"a\":1}",
      "{\"a\":1,}",
      "{\"a\"}",
      "{\"a\" 1}",
      "{a:1}",
      "{\"a\":1,\"b\":[{},[[]]]}",
      "{\"a\":1,\"a\":\"x\"}",
      "[[[[[[]]]]]]",
      "[[[[[[]]]]]",
      "]",
      "}",
      "[}",
      "{]",
      "1 2",
      "{} {}",
      " \t\r\n[ \n1 , 2\t]\r ",
      R"("\"\\\/\b\f\n\r\t")",
      R"("\u0041\u00e4\u20ac\ud83d\ude00")",
      R"("\ud83d")",
      R"("\ud83dx")",
      R"("\ude00")",
      R"("\ud83d\u0041")",
      R"("\u12")",
      R"("\u12g4")",
      R"("\x")",
      R"("\)",
      R"("\u)",
      R"("\u0000")",
      R"({"\u0061":1,"a":2})",
      "\"\xc3\xa4\"",
      "\"\xc3\"",
      "\"\xc0\x80\"",
      "\"\xe0\x9f\x80\"",
      "\"\xed\xa0\x80\"",
      "\"\xef\xbf\xbf\"",
      "\"\xf0\x8f\x80\x80\"",
      "\"\xf0\x9f\x98\x80\"",
      "\"\xf4\x90\x80\x80\"",
      "\"\xf5\x80\x80\x80\"",
      "\"\xff\"",
      "\"\x1f\"",
      "\"\x7f\"",
      "\xff",
      "\xef\xbb\xbf{}",
      "\xef\xbb{}",
      "\xef\xbb\xbf",
      std::string("{}\0x", 4),
      std::string("\0{}", 3),
      std::string("\"\0\"", 3),
      std::string("[1,\0", 4),
      R"({"process":{"args":["sh","-c"],"user":{"uid":0,"gid":4294967295},"env":["A=\u00e9"]},"n":-1.5})"};
  return kTexts;
}

TEST(JsonText, TakesWhatTheOtherParserTakes) {
  for (const std::string& text : Texts()) ExpectSame(text);
}

// A byte is replaced, removed or put in; two texts are joined.
TEST(JsonText, SoItIsWithWhatIsAlmostRight) {
  constexpr std::string_view kBytes("\"\\{}[]:,0123456789.eE+-tfnu \n\0\x80\xc3\xff", 33);
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    const auto below = [&](std::size_t bound) {
      return static_cast<std::size_t>(random.Below(bound));
    };
    std::string text = Texts()[below(Texts().size())];
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const char byte = kBytes[below(kBytes.size())];
      const std::size_t at = below(text.size() + 1);
      switch (below(4)) {
        case 0:
          text.insert(at, 1, byte);
          break;
        case 1:
          if (at < text.size()) text[at] = byte;
          break;
        case 2:
          if (at < text.size()) text.erase(at, 1);
          break;
        default:
          text.insert(at, Texts()[below(Texts().size())]);
      }
    }
    ExpectSame(text);
    if (HasFatalFailure()) FAIL() << "seed " << seed;
  }
}

TEST(JsonText, KnowsHowItsValuesAreWritten) {
  const std::string text = R"( {"a" : [ 1.50, "\n" ] , "a": {"b" : null }, "c": 7} )";
  const auto parsed = JsonText::Parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->root().raw(), text.substr(1, text.size() - 2));
  const auto last = parsed->root().Find("a");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->raw(), R"({"b" : null })");
  EXPECT_FALSE(parsed->root().Find("b"));
  EXPECT_EQ(parsed->root().Find("c")->whole(), 7U);
  const JsonText::Value first = *parsed->root().begin();
  EXPECT_EQ(first.raw(), R"([ 1.50, "\n" ])");
  EXPECT_EQ((*first.begin()).raw(), "1.50");
}

TEST(JsonText, IsAsDeepAsItLikes) {
  constexpr std::size_t kDeep = 1'000'000;
  EXPECT_TRUE(JsonText::Parse(std::string(kDeep, '[') + std::string(kDeep, ']')));
  EXPECT_FALSE(JsonText::Parse(std::string(kDeep, '[')));
}

}  // namespace
}  // namespace libcontainerd
