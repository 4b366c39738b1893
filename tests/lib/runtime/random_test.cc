#include "libcontainerd/random.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

// Chi-square of `counts` against equal shares.
double ChiSquare(const std::vector<int>& counts) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Random, DrawsTheValuesThatSplitMix64IsDefinedBy) {
  // From the reference implementation by Vigna, seed 1234567.
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317U);
  EXPECT_EQ(random.Next(), 3203168211198807973U);
  EXPECT_EQ(random.Next(), 9817491932198370423U);
  EXPECT_EQ(random.Next(), 4593380528125082431U);
  EXPECT_EQ(random.Next(), 16408922859458223821U);
}

TEST(Random, SeedZeroIsAsGoodAsAny) {
  Random random(0);
  EXPECT_EQ(random.Next(), 0xe220a8397b1dcdafU);
  EXPECT_NE(random.Next(), 0U);
}

TEST(Random, BelowStaysBelowAndReachesBothEnds) {
  Random random(1);
  std::array<bool, 5> seen{};
  for (int i = 0; i < 1000; ++i) seen.at(static_cast<std::size_t>(random.Below(5))) = true;
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](bool value) { return value; }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0U);
}

TEST(Random, BelowIsUniform) {
  Random random(42);
  std::vector<int> counts(10);
  for (int i = 0; i < 100000; ++i) ++counts.at(static_cast<std::size_t>(random.Below(10)));
  EXPECT_LT(ChiSquare(counts), 27.9) << "9 degrees of freedom: passed by 99.9 % of fair draws";
}

TEST(Random, BelowDrawsAgainWhereAModulusWouldFavourLowValues) {
  // 3/4 of the range: a plain modulus would give the lowest third half of all draws.
  const std::uint64_t bound = std::uint64_t{3} << 62U;
  Random random(7);
  std::vector<int> thirds(3);
  for (int i = 0; i < 30000; ++i)
    ++thirds.at(static_cast<std::size_t>(random.Below(bound) / (bound / 3)));
  EXPECT_LT(ChiSquare(thirds), 13.9) << "2 degrees of freedom: passed by 99.9 % of fair draws";
}

TEST(Random, BetweenIncludesBothEnds) {
  Random random(3);
  std::vector<int> counts(5);
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t value = random.Between(-2, 2);
    ASSERT_GE(value, -2);
    ASSERT_LE(value, 2);
    ++counts.at(static_cast<std::size_t>(value + 2));
  }
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 0);
  EXPECT_EQ(random.Between(9, 9), 9);
}

TEST(Random, BetweenTakesTheWholeRange) {
  Random random(4);
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t value = random.Between(std::numeric_limits<std::int64_t>::min(),
                                              std::numeric_limits<std::int64_t>::max());
    (value < 0 ? negative : positive) = true;
  }
  EXPECT_TRUE(negative && positive);
}

TEST(Random, ChanceHitsItsShare) {
  Random random(5);
  int hits = 0;
  for (int i = 0; i < 30000; ++i) hits += random.Chance(1, 3) ? 1 : 0;
  EXPECT_NEAR(hits, 10000, 300);
  EXPECT_FALSE(random.Chance(0, 3));
  EXPECT_TRUE(random.Chance(3, 3));
}

TEST(Random, ShuffleKeepsEveryElementAndFavoursNoOrder) {
  Random random(6);
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) {
    std::vector<int> values = {0, 1, 2};
    random.Shuffle(values);
    // 012 021 102 120 201 210
    const int which = values[0] * 2 + (values[1] > values[2] ? 1 : 0);
    ++counts.at(static_cast<std::size_t>(which));
    std::sort(values.begin(), values.end());
    ASSERT_EQ(values, (std::vector<int>{0, 1, 2}));
  }
  EXPECT_LT(ChiSquare(counts), 20.6) << "5 degrees of freedom: passed by 99.9 % of fair draws";
}

TEST(Random, AForksDrawsLeaveItsOriginAlone) {
  Random one(8);
  Random other(8);
  Random fork = one.Fork();
  other.Fork();
  for (int i = 0; i < 10; ++i) fork.Next();
  EXPECT_EQ(one.Next(), other.Next());
}

}  // namespace
}  // namespace libcontainerd
