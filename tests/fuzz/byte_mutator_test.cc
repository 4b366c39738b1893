#include "fuzz/byte_mutator.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fuzz {
namespace {

using ::testing::ElementsAre;

TEST(ByteMutator, DictionariesAreReadAsLibFuzzerDoes) {
  EXPECT_THAT(ReadDictionary("# words\n"
                             "\"plain\"\n"
                             "name=\"with a name\"\n"
                             "\"a \\\"quote\\\" \\\\ \\x41\\x0a\"\n"
                             "\n"
                             "\"no \\escape\"\n"
                             "no word\n"
                             "\"\"\n"
                             "\"last\""),
              ElementsAre("plain", "with a name", "a \"quote\" \\ A\n", "last"));
}

TEST(ByteMutator, NeverExceedsTheLimit) {
  libcontainerd::Random random(1);
  ByteMutator mutator(random, {"a word that is longer"});
  std::string text;
  std::size_t longest = 0;
  for (int i = 0; i < 10'000; ++i) {
    text = mutator.Mutate(text, "another text", 16);
    longest = std::max(longest, text.size());
  }
  EXPECT_EQ(longest, 16U);
}

TEST(ByteMutator, TheSameSeedGivesTheSameChanges) {
  const auto changes = [](std::uint64_t seed) {
    libcontainerd::Random random(seed);
    ByteMutator mutator(random, {"word"});
    std::string text = "some text";
    for (int i = 0; i < 100; ++i) text = mutator.Mutate(text, "other", 1000);
    return text;
  };
  EXPECT_EQ(changes(7), changes(7));
  EXPECT_NE(changes(7), changes(8));
}

// Whatever can be one change away is found: each other byte at each place, a word, a piece of the
// other text.
TEST(ByteMutator, ReachesItsNeighbours) {
  libcontainerd::Random random(3);
  ByteMutator mutator(random, {"WORD"});
  std::set<std::string> found;
  for (int i = 0; i < 100'000; ++i) found.insert(mutator.Mutate("ab", "xyz", 100));
  for (const char* text : {"", "a", "b", "ba", "abWORD", "WORDab", "aWORDb", "axyz", "abc", "Zb"}) {
    EXPECT_TRUE(found.contains(text)) << text;
  }
}

}  // namespace
}  // namespace fuzz
