#include "scenarios/replay_content.h"

#include <gtest/gtest.h>

namespace scenarios {
namespace {

StreamPiece Unknown(std::uint64_t length) {
  return StreamPiece{{}, length, false};
}
StreamPiece Known(std::string_view data) {
  return StreamPiece{data, data.size(), true};
}

TEST(Sha256Hex, OfNothingAndOfABC) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(FindPattern, FindsZerosYesAndAnyOneByte) {
  EXPECT_EQ(FindPattern({Unknown(100'000)}, Sha256Hex(std::string(100'000, '\0'))),
            std::string(1, '\0'));
  EXPECT_EQ(FindPattern({Unknown(5)}, Sha256Hex("y\ny\ny")), "y\n");
  EXPECT_EQ(FindPattern({Unknown(2), Unknown(3)}, Sha256Hex("qqqqq")), "q");
}

TEST(FindPattern, LearnsFromKnownPieces) {
  // "abcabcabcabc…" with the known piece in the middle, out of phase.
  std::string whole;
  for (int i = 0; i < 40; ++i) whole += "abc";
  const std::string known = whole.substr(50, 9);
  EXPECT_EQ(FindPattern({Unknown(50), Known(known), Unknown(whole.size() - 59)}, Sha256Hex(whole)),
            "abc");
}

TEST(FindPattern, KeepsKnownPiecesThatDoNotFollowIt) {
  const std::string whole = std::string(500, '\0') + "done";
  EXPECT_EQ(FindPattern({Unknown(500), Known("done")}, Sha256Hex(whole)), std::string(1, '\0'));
}

TEST(FindPattern, GivesUp) {
  EXPECT_EQ(FindPattern({Unknown(3)}, Sha256Hex("abc")), "");
  EXPECT_EQ(FindPattern({Unknown(1ULL << 60U)}, Sha256Hex("abc")), "");
}

TEST(PatternBytes, StartsAtItsOffset) {
  EXPECT_EQ(PatternBytes("abc", 4, 5), "bcabc");
  EXPECT_EQ(PatternBytes("x", 9, 3), "xxx");
}

}  // namespace
}  // namespace scenarios
