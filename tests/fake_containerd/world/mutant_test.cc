// The fake's mutants: their table, and that nothing is planted unless somebody asks.
#include "fake_containerd/mutant.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "fake_containerd/world/world.h"

namespace fake_containerd {
namespace {

TEST(FakeMutants, TheTableFollowsTheEnum) {
  ASSERT_EQ(AllMutants().size(), kMutantCount);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kMutantCount; ++i) {
    const MutantInfo& info = AllMutants()[i];
    EXPECT_EQ(static_cast<std::size_t>(info.mutant), i) << info.name;
    EXPECT_EQ(MutantName(info.mutant), info.name);
    EXPECT_EQ(MutantFromName(info.name), info.mutant);
    EXPECT_TRUE(info.sentence.ends_with('.')) << info.name;
    names.insert(info.name);
  }
  EXPECT_EQ(names.size(), kMutantCount);
  EXPECT_EQ(MutantFromName("bundle-kept"), std::nullopt);
}

TEST(FakeMutants, NoneIsPlantedByDefault) {
  static_assert(Mutants().empty());
  for (const MutantInfo& info : AllMutants()) {
    EXPECT_FALSE(WorldOptions().mutants.Has(info.mutant)) << info.name;
  }
}

}  // namespace
}  // namespace fake_containerd
