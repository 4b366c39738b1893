#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kNoExit = "no-exit-without-start";
constexpr std::string_view kFailedCreate = "failed-create-leaves-nothing";
constexpr std::string_view kFailedExec = "failed-exec-leaves-nothing";
constexpr std::string_view kRunning = "running-is-tracked";
constexpr Details kExecFailed{.process = "e1", .code = 2, .failed = true};

TEST(NoExitWithoutStart, HoldsWhenNothingFollows) {
  JournalBuilder j;
  j.CreateFailed("c1").Event("exit", "c1", {.process = "init"}).Created("c1").Exited("c1");
  EXPECT_TRUE(Held(kNoExit, j));
}

TEST(NoExitWithoutStart, BrokenByAnExit) {
  JournalBuilder j;
  const auto failed = j.CreateFailed("c1").Last();
  const auto exit = j.Exited("c1").Last();
  EXPECT_TRUE(
      Broken(kNoExit, j, {{"c1: exit was called back though its create failed", {failed, exit}}}));
}

TEST(NoExitWithoutStart, BrokenByAnExitOfOneThatDidNotReachTheDaemon) {
  JournalBuilder j;
  const auto failed = j.CallBegin("create", "c1").CallEnd("create", "c1", kRefused).Last();
  const auto exit = j.Callback("exit", "c1").Last();
  EXPECT_TRUE(
      Broken(kNoExit, j, {{"c1: exit was called back though its create failed", {failed, exit}}}));
}

TEST(NoExitWithoutStart, ARefusedCreateOfAContainerThatLivesIsNone) {
  JournalBuilder j;
  j.Created("c1").CallBegin("create", "c1").CallEnd("create", "c1", kRefused).Exited("c1");
  EXPECT_TRUE(Held(kNoExit, j));
}

TEST(NoExitWithoutStart, NotObservableWithoutAFailureOrCallbacks) {
  EXPECT_TRUE(NotObservable(kNoExit, JournalBuilder().Created("c1").Exited("c1")));
  EXPECT_TRUE(NotObservable(kNoExit, JournalBuilder().CreateFailed("c1")));
}

// A create that makes its bundle and fails.
JournalBuilder& Fails(JournalBuilder& j) {
  return j.CallBegin("create", "c1").Bundle(kMade, "c1").RpcBegin("CreateContainer", "c1");
}

TEST(FailedCreate, HoldsWhenNothingIsLeft) {
  JournalBuilder j;
  Fails(j).RpcEnd("CreateContainer", "c1", kRefused).CallEnd("create", "c1", kRefused);
  j.Bundle(kGone, "c1").Count("tracked", 0).Count("running", 0);
  EXPECT_TRUE(Held(kFailedCreate, j));
}

TEST(FailedCreate, BrokenByABundle) {
  for (const bool again : {false, true}) {
    JournalBuilder j;
    const auto bundle = Fails(j).Last() - 1;
    const auto failed = j.CallEnd("create", "c1", kRefused).Last();
    const auto next = again ? j.CallBegin("create", "c1").Bundle(kMade, "c1").Last() : 0;
    std::vector<std::uint64_t> entries{bundle, failed};
    if (again) entries.push_back(next);
    EXPECT_TRUE(Broken(kFailedCreate, j,
                       {{"c1: its create failed and the bundle was left behind", entries}}));
  }
}

TEST(FailedCreate, BrokenByWhatIsTrackedOrRuns) {
  JournalBuilder j;
  const auto failed = Fails(j).CallEnd("create", "c1", kRefused).Last();
  j.Bundle(kGone, "c1").Count("tracked", 1);
  const auto tracked = j.Tracked("c1").Last();
  const auto running = j.Count("running", 1).Running("c1").Last();
  EXPECT_TRUE(Broken(kFailedCreate, j,
                     {{"c1: its create failed and it is still tracked", {failed, tracked}},
                      {"c1: its create failed and it still runs", {failed, running}}}));
}

TEST(FailedCreate, ARefusedOneDoesNotCount) {
  JournalBuilder j;
  Fails(j).CallBegin("create", "c1").CallEnd("create", "c1", kRefused).Replied("c1");
  j.Count("tracked", 1).Tracked("c1").Count("running", 1).Running("c1");
  EXPECT_TRUE(NotObservable(kFailedCreate, j));
}

TEST(FailedCreate, NotObservableWithoutBundlesAndSnapshots) {
  EXPECT_TRUE(NotObservable(kFailedCreate, JournalBuilder().CreateFailed("c1")));
  EXPECT_TRUE(NotObservable(kFailedCreate, JournalBuilder().Created("c1").Count("tracked", 0)));
}

// An add-process that makes its FIFOs, reaches the daemon, and fails.
JournalBuilder& ExecFails(JournalBuilder& j) {
  return j.CallBegin("add-process", "c1", kExec).Fifos(kFifosMade, "c1", "e1");
}

TEST(FailedExec, HoldsWhenNothingIsLeft) {
  JournalBuilder j;
  j.Created("c1").Files("c1", "config.json");
  ExecFails(j).RpcBegin("AddProcess", "c1", kExec).RpcEnd("AddProcess", "c1", kExecFailed);
  j.Fifos(kFifosGone, "c1", "e1").CallEnd("add-process", "c1", kExecFailed);
  j.Files("c1", "config.json").Count("running", 0);
  EXPECT_TRUE(Held(kFailedExec, j));
}

TEST(FailedExec, BrokenByFifos) {
  JournalBuilder j;
  const auto fifos = ExecFails(j).Last();
  const auto failed = j.CallEnd("add-process", "c1", kExecFailed).Last();
  j.Fifos(kFifosGone, "c1", "e1");
  EXPECT_TRUE(
      Broken(kFailedExec, j,
             {{"c1/e1: its add-process failed and its FIFOs were left behind", {fifos, failed}}}));
}

TEST(FailedExec, TheBundleTakesTheFifosAlong) {
  JournalBuilder j;
  ExecFails(j).Bundle(kGone, "c1").CallEnd("add-process", "c1", kExecFailed);
  EXPECT_TRUE(Held(kFailedExec, j));
}

// The client is closed: whatever it was doing is left as it is.
TEST(FailedExec, CloseLeavesThingsAlone) {
  JournalBuilder j;
  ExecFails(j).CallEnd("add-process", "c1", {.process = "e1", .code = 1, .failed = true});
  Fails(j).CallEnd("create", "c1", {.code = 1, .failed = true});
  EXPECT_TRUE(NotObservable(kFailedExec, j));
  EXPECT_TRUE(NotObservable(kFailedCreate, j));
}

TEST(FailedExec, BrokenByAProcessThatOnlyItsContainersEndEnds) {
  JournalBuilder j;
  j.Created("c1");
  ExecFails(j).RpcBegin("AddProcess", "c1", kExec);
  const auto started = j.RpcEnd("AddProcess", "c1", kExec).Last();
  const auto failed =
      j.Fifos(kFifosGone, "c1", "e1").CallEnd("add-process", "c1", kExecFailed).Last();
  j.Wait(std::chrono::seconds(2)).Exited("c1");
  EXPECT_TRUE(Broken(kFailedExec, j,
                     {{"c1/e1: its add-process failed and nobody ended it", {started, failed}}}));
}

TEST(FailedExec, BrokenByOtherFiles) {
  JournalBuilder j;
  const auto before = j.Created("c1").Files("c1", "config.json").Last();
  ExecFails(j).Fifos(kFifosGone, "c1", "e1");
  const auto failed = j.CallEnd("add-process", "c1", kExecFailed).Last();
  const auto after = j.Files("c1", "config.json core").Last();
  EXPECT_TRUE(Broken(kFailedExec, j,
                     {{"c1/e1: its add-process failed and changed the bundle's files from "
                       "\"config.json\" to \"config.json core\"",
                       {before, failed, after}}}));
}

TEST(FailedExec, OtherExecsMayChangeTheFiles) {
  JournalBuilder j;
  j.Created("c1").Files("c1", "config.json");
  ExecFails(j).Fifos(kFifosGone, "c1", "e1").Fifos(kFifosMade, "c1", "e2");
  j.CallEnd("add-process", "c1", kExecFailed).Files("c1", "config.json e2-stdin");
  EXPECT_TRUE(Held(kFailedExec, j));
}

// Its attach failed, say.
TEST(FailedExec, BrokenByAProcessThatNobodyEnds) {
  JournalBuilder j;
  j.Created("c1");
  ExecFails(j).RpcBegin("AddProcess", "c1", kExec);
  const auto started = j.RpcEnd("AddProcess", "c1", kExec).Last();
  const auto failed =
      j.Fifos(kFifosGone, "c1", "e1").CallEnd("add-process", "c1", kExecFailed).Last();
  EXPECT_TRUE(Broken(kFailedExec, j,
                     {{"c1/e1: its add-process failed and nobody ended it", {started, failed}}}));
  EXPECT_TRUE(Held(kFailedExec, j.RpcBegin("Signal", "c1", kExec)));
}

// Its reply was lost.
TEST(FailedExec, BrokenByAProcessThatStillRuns) {
  JournalBuilder j;
  j.Created("c1");
  ExecFails(j).RpcBegin("AddProcess", "c1", kExec).RpcEnd("AddProcess", "c1", kExecFailed);
  const auto failed =
      j.Fifos(kFifosGone, "c1", "e1").CallEnd("add-process", "c1", kExecFailed).Last();
  const auto running = j.Count("running", 1).Running("c1", "e1").Last();
  EXPECT_TRUE(Broken(kFailedExec, j,
                     {{"c1/e1: its add-process failed and it still runs", {failed, running}}}));
}

TEST(FailedExec, NotObservableWithoutOne) {
  JournalBuilder refused;
  refused.Created("c1").CallBegin("add-process", "c1", kExec);
  EXPECT_TRUE(NotObservable(kFailedExec, refused.CallEnd("add-process", "c1", kExecFailed)));
  EXPECT_TRUE(NotObservable(kFailedExec, JournalBuilder().Created("c1").Exec("c1", "e1")));
}

TEST(RunningIsTracked, HoldsForATrackedOneWithItsBundle) {
  JournalBuilder j;
  j.Bundle(kMade, "c1").Created("c1").Created("c2").Exited("c2").Count("tracked", 1).Tracked("c1");
  j.Count("running", 2).Running("c1").Running("stranger");
  EXPECT_TRUE(Held(kRunning, j));
}

TEST(RunningIsTracked, BrokenByOneThatIsNot) {
  JournalBuilder j;
  const auto life = j.Created("c1").Last() - 5;
  const auto running = j.Count("tracked", 0).Count("running", 1).Running("c1").Last();
  EXPECT_TRUE(Broken(kRunning, j, {{"c1: it runs and is not tracked", {life, running}}}));
}

TEST(RunningIsTracked, BrokenByOneWithoutItsBundle) {
  JournalBuilder j;
  const auto removed = j.Bundle(kMade, "c1").Created("c1").Bundle(kGone, "c1").Last();
  const auto running = j.Count("tracked", 1).Tracked("c1").Count("running", 1).Running("c1").Last();
  EXPECT_TRUE(Broken(kRunning, j, {{"c1: it runs and its bundle is gone", {removed, running}}}));
}

TEST(RunningIsTracked, WhatNobodyRestoredIsNobodys) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack().Count("tracked", 0).Count("running", 1).Running("c1");
  EXPECT_TRUE(Held(kRunning, j));
}

TEST(RunningIsTracked, NotObservableWithoutSnapshots) {
  EXPECT_TRUE(NotObservable(kRunning, JournalBuilder().Created("c1").Count("running", 0)));
  EXPECT_TRUE(NotObservable(kRunning, JournalBuilder().Created("c1").Count("tracked", 0)));
  EXPECT_TRUE(NotObservable(kRunning, JournalBuilder().Count("tracked", 0).Count("running", 0)));
}

TEST(RunningIsTracked, AnEngineThatRefusedItInTheRestoreCallbackHasIt) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c1", {.flag = true});
  j.Callback("restore", "c1", {.failed = true}).CallEnd("restore", "c1", kRefused);
  j.Count("tracked", 0).Count("running", 1).Running("c1");
  EXPECT_TRUE(Held(kRunning, j));
}

// The daemon refused it because the container ran, or it got no further than its bundle, which is
// the container's.
TEST(RunningIsTracked, ACreateThatFailedMayTakeTheBundle) {
  constexpr auto kNeverAsked = "never asked";
  constexpr auto kAsked = "asked";
  constexpr auto kNone = "none";
  for (const std::string_view create : {kNeverAsked, kAsked, kNone}) {
    JournalBuilder j;
    j.Bundle(kMade, "c1").Created("c1").EngineGone().EngineBack();
    if (create != kNone) j.CallBegin("create", "c1");
    if (create == kAsked) j.RpcBegin("CreateContainer", "c1");
    if (create == kAsked) j.RpcEnd("CreateContainer", "c1", kRefused);
    const auto removed = j.Bundle(kGone, "c1").Last();
    if (create != kNone) j.CallEnd("create", "c1", kRefused);
    j.CallBegin("restore", "c1", {.flag = true}).Callback("restore", "c1");
    j.CallEnd("restore", "c1");
    j.Count("tracked", 1).Tracked("c1");
    const auto running = j.Count("running", 1).Running("c1").Last();
    if (create != kNone) {
      EXPECT_TRUE(Held(kRunning, j)) << create;
    } else {
      EXPECT_TRUE(Broken(kRunning, j,
                         {{"c1 (life 2): it runs and its bundle is gone", {removed, running}}}));
    }
    // What is tracked was restored since.
    if (create == kAsked) {
      EXPECT_TRUE(Held(kFailedCreate, j));
    }
  }
}

// It failed before it asked the daemon: what runs is what another engine left.
TEST(FailedCreate, WhatRanBeforeItAskedIsNotItsOwn) {
  for (const bool asked : {false, true}) {
    JournalBuilder j;
    j.Bundle(kMade, "c1").Created("c1").EngineGone().EngineBack().CallBegin("create", "c1");
    j.Bundle(kMade, "c1");
    if (asked) j.RpcBegin("CreateContainer", "c1").RpcEnd("CreateContainer", "c1");
    const auto failed = j.Bundle(kGone, "c1").CallEnd("create", "c1", kRefused).Last();
    const auto running = j.Count("tracked", 0).Count("running", 1).Running("c1").Last();
    if (asked) {
      EXPECT_TRUE(Broken(kFailedCreate, j,
                         {{"c1: its create failed and it still runs", {failed, running}}}));
    } else {
      EXPECT_TRUE(Held(kFailedCreate, j));
    }
  }
}

// Nobody could tell whether it was started, and the engine went away before the daemon came back.
TEST(FailedExec, AnEngineThatIsGoneEndsNothingAnyMore) {
  for (const bool gone : {false, true}) {
    JournalBuilder j;
    j.Created("c1").CallBegin("add-process", "c1", kExec).Fifos(kFifosMade, "c1", "e1");
    j.RpcBegin("AddProcess", "c1", kExec).RpcEnd("AddProcess", "c1", kExecFailed);
    const auto failed =
        j.Fifos(kFifosGone, "c1", "e1").CallEnd("add-process", "c1", kExecFailed).Last();
    if (gone) j.EngineGone().EngineBack();
    const auto running =
        j.Count("tracked", 0).Count("running", 2).Running("c1").Running("c1", "e1").Last();
    if (gone) {
      EXPECT_TRUE(NotObservable(kFailedExec, j));
    } else {
      EXPECT_TRUE(Broken(kFailedExec, j,
                         {{"c1/e1: its add-process failed and it still runs", {failed, running}}}));
    }
  }
}

// The request was another engine's, which went away.
TEST(FailedExec, OfAnEngineThatIsGoneIsNobodysFailure) {
  for (const bool gone : {true, false}) {
    JournalBuilder j;
    j.Created("c1").CallBegin("add-process", "c1", kExec);
    const auto made = j.Fifos(kFifosMade, "c1", "e1").Last();
    j.RpcBegin("AddProcess", "c1", kExec);
    if (gone) j.EngineGone().EngineBack().CallBegin("add-process", "c1", kExec);
    j.RpcEnd("AddProcess", "c1", kExec).Event("exit", "c1", kExec);
    const auto failed = j.CallEnd("add-process", "c1", kExecFailed).Last();
    if (gone) {
      EXPECT_TRUE(NotObservable(kFailedExec, j));
      continue;
    }
    EXPECT_TRUE(
        Broken(kFailedExec, j,
               {{"c1/e1: its add-process failed and its FIFOs were left behind", {made, failed}}}));
  }
}

// A create that was refused at once changes nothing of what is restored.
TEST(FailedCreate, WhatWasRestoredSinceIsTracked) {
  for (const bool restored : {true, false}) {
    JournalBuilder j;
    j.Created("c1").EngineGone().EngineBack().CallBegin("create", "c1").Bundle(kMade, "c1");
    j.RpcBegin("CreateContainer", "c1").RpcEnd("CreateContainer", "c1", kRefused);
    const auto failed = j.Bundle(kGone, "c1").CallEnd("create", "c1", kRefused).Last();
    if (restored) {
      j.CallBegin("restore", "c1", {.flag = true}).Callback("restore", "c1");
      j.CallEnd("restore", "c1").CallBegin("create", "c1").CallEnd("create", "c1", kRefused);
    }
    const auto tracked = j.Count("tracked", 1).Tracked("c1").Last();
    if (restored) {
      EXPECT_TRUE(Held(kFailedCreate, j));
    } else {
      EXPECT_TRUE(Broken(kFailedCreate, j,
                         {{"c1: its create failed and it is still tracked", {failed, tracked}}}));
    }
  }
}

// A container that is got rid of takes its execs along, and a new bundle the files of an old one.
TEST(FailedExec, WhatEndsWithItsContainerNeedsNoEndOfItsOwn) {
  JournalBuilder j;
  j.Creating("c1").Replied("c1").CallBegin("add-process", "c1", kExec);
  j.Callback("start-container", "c1", {.failed = true});
  j.RpcBegin("AddProcess", "c1", kExec).CallEnd("create", "c1", kFailed);
  j.RpcEnd("AddProcess", "c1", kExec);
  j.CallEnd("add-process", "c1", {.process = "e1", .code = 10, .failed = true});
  EXPECT_TRUE(Held("failed-exec-leaves-nothing", j));
}

TEST(FailedExec, ItsFifosMayGoWithTheBundleThatANewOneReplaces) {
  for (const bool replaced : {true, false}) {
    JournalBuilder j;
    j.Bundle(kMade, "c1").Created("c1").CallBegin("add-process", "c1", kExec);
    const auto made = j.Fifos(kFifosMade, "c1", "e1").Last();
    j.RpcBegin("AddProcess", "c1", kExec).RpcEnd("AddProcess", "c1", {.process = "e1", .code = 2});
    if (replaced) j.Bundle(kMade, "c1");
    const auto end = j.CallEnd("add-process", "c1", {.process = "e1", .failed = true}).Last();
    if (replaced) {
      EXPECT_TRUE(Held("failed-exec-leaves-nothing", j));
    } else {
      EXPECT_TRUE(
          Broken("failed-exec-leaves-nothing", j,
                 {{"c1/e1: its add-process failed and its FIFOs were left behind", {made, end}}}));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
