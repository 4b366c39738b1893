// The client's mutants: their table, and that nothing is planted unless somebody asks.
#include "libcontainerd/mutant.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "libcontainerd/client.h"
#include "libcontainerd/daemon_supervisor.h"
#include "libcontainerd/remote.h"
#include "tests/conformance/rig.h"

namespace libcontainerd {
namespace {

using drydock_tests::Rig;
using drydock_tests::RigOptions;

RigOptions With(Mutant mutant) {
  RigOptions options;
  options.reference.Plant(mutant);
  return options;
}

TEST(Mutants, TheTableFollowsTheEnum) {
  ASSERT_EQ(AllMutants().size(), kMutantCount);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kMutantCount; ++i) {
    const MutantInfo& info = AllMutants()[i];
    EXPECT_EQ(static_cast<std::size_t>(info.mutant), i) << info.name;
    EXPECT_EQ(MutantName(info.mutant), info.name);
    EXPECT_EQ(MutantFromName(info.name), info.mutant);
    EXPECT_TRUE(info.sentence.ends_with('.')) << info.name;
    EXPECT_EQ(info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
              std::string_view::npos)
        << info.name;
    names.insert(info.name);
  }
  EXPECT_EQ(names.size(), kMutantCount);
  EXPECT_EQ(MutantFromName("bundle-keeps"), std::nullopt);
}

TEST(Mutants, NoneIsPlantedByDefault) {
  static_assert(Mutants().empty());
  for (const MutantInfo& info : AllMutants()) {
    EXPECT_FALSE(ClientOptions().reference.Has(info.mutant));
    EXPECT_FALSE(RemoteOptions().reference.Has(info.mutant));
    EXPECT_FALSE(DaemonSupervisor::Settings().reference.Has(info.mutant));
    EXPECT_FALSE(ReferenceBehaviour({Deviation::kReconciled}).Has(info.mutant));
  }
}

TEST(Mutants, AreCarriedBesideSwitchedOffDeviations) {
  ReferenceBehaviour behaviour({Deviation::kReconciled}, {Mutant::kNoDeadline});
  behaviour.Plant(Mutant::kDeadDaemonStaysDead);
  EXPECT_FALSE(behaviour.Acts(Deviation::kReconciled));
  for (const MutantInfo& info : AllMutants()) {
    const bool planted =
        info.mutant == Mutant::kNoDeadline || info.mutant == Mutant::kDeadDaemonStaysDead;
    EXPECT_EQ(behaviour.Has(info.mutant), planted) << info.name;
  }
  EXPECT_TRUE(behaviour.Acts(Deviation::kCursorMonotone));
  behaviour.SwitchOff(Deviation::kCursorMonotone);
  EXPECT_FALSE(behaviour.Acts(Deviation::kCursorMonotone));
}

TEST(Mutants, DeviationsHaveNamesBothWays) {
  for (std::size_t i = 0; i < kDeviationCount; ++i) {
    const auto deviation = static_cast<Deviation>(i);
    EXPECT_EQ(DeviationFromName(DeviationName(deviation)), deviation);
  }
  EXPECT_EQ(DeviationFromName("no-such"), std::nullopt);
}

// One that acts, as a whole: the judge sees it.
TEST(Mutants, APlantedOneBreaksItsGuarantee) {
  Rig rig(With(Mutant::kBundleKept));
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Exit("c1", "init", 3);
  rig.WaitForLine("c1 exit 3");
  EXPECT_FALSE(rig.Files("c1").empty());
  rig.ExpectBroken("bundle-gone-on-exit");
}

}  // namespace
}  // namespace libcontainerd
