#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kReturnsToBaseline = "returns-to-baseline";

TEST(ReturnsToBaseline, HoldsForAsMuchOrLess) {
  JournalBuilder j;
  j.Snapshot("baseline", "fds", 12).Snapshot("baseline", "threads", 3);
  j.Snapshot("end", "fds", 12).Snapshot("end", "threads", 2);
  EXPECT_TRUE(Held(kReturnsToBaseline, j));
}

TEST(ReturnsToBaseline, TheFirstBaselineAndTheLastEndCount) {
  JournalBuilder j;
  j.Snapshot("baseline", "objects", 5).Snapshot("end", "objects", 9);
  j.Snapshot("baseline", "objects", 9).Snapshot("end", "objects", 5);
  EXPECT_TRUE(Held(kReturnsToBaseline, j));
}

TEST(ReturnsToBaseline, BrokenPerResource) {
  JournalBuilder j;
  const auto fds = j.Snapshot("baseline", "fds", 12).Last();
  const auto objects = j.Snapshot("baseline", "objects", 0).Last();
  const auto objects_end = j.Snapshot("end", "objects", 2).Last();
  const auto fds_end = j.Snapshot("end", "fds", 14).Last();
  EXPECT_TRUE(Broken(kReturnsToBaseline, j,
                     {{"objects: 2 at the end, 0 before anything was done", {objects, objects_end}},
                      {"fds: 14 at the end, 12 before anything was done", {fds, fds_end}}}));
}

TEST(ReturnsToBaseline, NotObservableWithoutBoth) {
  JournalBuilder j;
  j.Snapshot("baseline", "fds", 12).Snapshot("end", "threads", 3);
  EXPECT_TRUE(NotObservable(kReturnsToBaseline, j));
}

}  // namespace
}  // namespace scenarios::testing
