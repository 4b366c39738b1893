#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kBundle = "bundle-gone-on-exit";
constexpr std::string_view kFifos = "exec-fifos-gone";

TEST(BundleGoneOnExit, HoldsWhenItIsRemovedBefore) {
  JournalBuilder j;
  for (int life = 0; life < 2; ++life) {
    j.Bundle(kMade, "c1").Created("c1").Bundle(kGone, "c1").Exited("c1");
  }
  EXPECT_TRUE(Held(kBundle, j));
}

TEST(BundleGoneOnExit, BrokenWhenItIsRemovedLater) {
  JournalBuilder j;
  j.CallBegin("create", "c1");
  const auto bundle = j.Bundle(kMade, "c1").Last();
  j.RpcBegin("CreateContainer", "c1").Replied("c1").Started("c1");
  const auto exit = j.Exited("c1").Last();
  j.Bundle(kGone, "c1");
  EXPECT_TRUE(Broken(
      kBundle, j, {{"c1: the bundle was still there when exit was called back", {bundle, exit}}}));
}

TEST(BundleGoneOnExit, TheNextLifesBundleDoesNotCount) {
  JournalBuilder j;
  j.Bundle(kMade, "c1").Created("c1").Event("exit", "c1", {.process = "init"});
  j.Bundle(kGone, "c1").CallBegin("create", "c1").Bundle(kMade, "c1");
  j.RpcBegin("CreateContainer", "c1").Callback("exit", "c1");
  EXPECT_TRUE(NotObservable(kBundle, j));
}

TEST(BundleGoneOnExit, NotObservableWithoutBundlesOrWhenTheyAreKept) {
  EXPECT_TRUE(NotObservable(kBundle, JournalBuilder().Created("c1").Exited("c1")));
  EXPECT_TRUE(NotObservable(kBundle, JournalBuilder().Bundle(kMade, "c1").Created("c1")));
  EXPECT_TRUE(NotObservable(
      kBundle, JournalBuilder().Note("no-clean").Bundle(kMade, "c1").Created("c1").Exited("c1")));
}

TEST(ExecFifosGone, HoldsWhenTheyAreRemovedBefore) {
  JournalBuilder j;
  j.Created("c1").Fifos(kFifosMade, "c1", "e1").Fifos(kFifosGone, "c1", "e1");
  j.Callback("exit-process", "c1", {.process = "e1"});
  EXPECT_TRUE(Held(kFifos, j));
}

TEST(ExecFifosGone, HoldsWhenTheBundleIsGone) {
  JournalBuilder j;
  j.Created("c1").Fifos(kFifosMade, "c1", "e1").Bundle(kGone, "c1");
  j.Callback("exit-process", "c1", {.process = "e1", .code = 137});
  EXPECT_TRUE(Held(kFifos, j));
}

TEST(ExecFifosGone, BrokenWhenTheyAreRemovedLater) {
  JournalBuilder j;
  const auto fifos = j.Created("c1").Fifos(kFifosMade, "c1", "e1").Last();
  j.Fifos(kFifosMade, "c1", "e2").Fifos(kFifosGone, "c1", "e2");
  const auto exec = j.Callback("exit-process", "c1", {.process = "e1"}).Last();
  j.Fifos(kFifosGone, "c1", "e1");
  EXPECT_TRUE(Broken(
      kFifos, j,
      {{"c1/e1: its FIFOs were still there when exit-process was called back", {fifos, exec}}}));
}

TEST(ExecFifosGone, NotObservableForOtherPeoplesExecs) {
  JournalBuilder j;
  j.Created("c1").Fifos(kFifosMade, "c1", "init");
  j.Callback("exit-process", "c1", {.process = "raw"});
  EXPECT_TRUE(NotObservable(kFifos, j));
}

TEST(BundleGoneOnExit, OneThatWouldNotDieIsCleanedOnceItIsGone) {
  for (const bool cleaned : {true, false}) {
    JournalBuilder j;
    const auto bundle = j.Bundle(kMade, "c1").Last();
    j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c1");
    const auto exit = j.Callback("exit", "c1", {.code = 255}).Last();
    const auto event = j.CallEnd("restore", "c1").Event("exit", "c1", {.process = "init"}).Last();
    if (cleaned) {
      EXPECT_TRUE(Held(kBundle, j.Bundle(kGone, "c1")));
    } else {
      EXPECT_TRUE(Broken(kBundle, j,
                         {{"c1 (life 2): the bundle was never removed though init's exit came",
                           {bundle, exit, event}}}));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
