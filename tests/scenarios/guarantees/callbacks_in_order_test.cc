#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kCallbacksInOrder = "callbacks-in-order";

TEST(CallbacksInOrder, HoldsInTheOrderOfDelivery) {
  JournalBuilder j;
  j.Created("c1").Event("pause", "c1").Event("resume", "c1").Event("oom", "c1");
  j.Callback("pause", "c1").Callback("resume", "c1").Callback("oom", "c1").Exited("c1");
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, HoldsForEventsDeliveredDuringTheCreate) {
  JournalBuilder j;
  j.Creating("c1").Event("oom", "c1").Event("exit", "c1", kExitOf7).Replied("c1").Started("c1");
  j.Callback("oom", "c1").Callback("exit", "c1", {.code = 7});
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, HoldsWhenAnEventIsNotCalledBackAtAll) {
  JournalBuilder j;
  j.Created("c1").Event("pause", "c1").Event("resume", "c1");
  j.Callback("resume", "c1").Event("pause", "c1").Callback("pause", "c1").Exited("c1");
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, BrokenByCallbacksInAnotherOrder) {
  JournalBuilder j;
  const auto oom = j.Created("c1").Event("oom", "c1").Last();
  const auto pause = j.Event("pause", "c1").Last();
  const auto pause_callback = j.Callback("pause", "c1").Last();
  const auto oom_callback = j.Callback("oom", "c1").Last();
  EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                     {{"c1: oom was called back after pause, but its event was delivered before "
                       "the event of that",
                       {oom, pause, pause_callback, oom_callback}}}));
}

TEST(CallbacksInOrder, BrokenByACallbackWithoutAnEvent) {
  JournalBuilder j;
  const auto pause = j.Created("c1").Callback("pause", "c1").Last();
  j.Event("pause", "c1");
  EXPECT_TRUE(
      Broken(kCallbacksInOrder, j,
             {{"c1: pause was called back though no such event of this life had been delivered",
               {pause}}}));
}

TEST(CallbacksInOrder, BrokenByACallbackForARepeatedEvent) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("oom", "c1").Delivered("oom", "c1");
  const auto again = j.Callback("oom", "c1").Last();
  EXPECT_TRUE(Broken(
      kCallbacksInOrder, j,
      {{"c1: oom was called back though no such event of this life had been delivered", {again}}}));
}

TEST(CallbacksInOrder, BrokenByAnEventOfTheLifeBefore) {
  JournalBuilder j;
  j.Created("c1").Exited("c1", 7).Created("c1").Delivered("exit", "c1", kExitOf7);
  const auto exit = j.Callback("exit", "c1", {.code = 7}).Last();
  EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                     {{"c1 (life 2): exit was called back though no such event of this life had "
                       "been delivered",
                       {exit}}}));
}

TEST(CallbacksInOrder, HoldsForExecsBroughtForwardByInit) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Exec("c1", "e2").Exec("c1", "e3");
  j.Event("exit", "c1", {.process = "e3", .code = 1}).Event("exit", "c1", kExitOf7);
  j.Event("exit", "c1", {.process = "e1", .code = 2});
  j.Callback("exit-process", "c1", {.process = "e3", .code = 1});
  j.Callback("exit-process", "c1", {.process = "e2", .code = 137});
  j.Callback("exit-process", "c1", {.process = "e1", .code = 2});
  j.Callback("exit", "c1", {.code = 7});
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, HoldsForAnExecThatSomebodyElseAdded) {
  JournalBuilder j;
  j.Created("c1").Event("exit", "c1", {.process = "raw"});
  j.Callback("exit-process", "c1", {.process = "raw"}).Exited("c1");
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, BrokenByAnExecThatNothingBroughtForward) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1");
  const auto exec = j.Callback("exit-process", "c1", {.process = "e1", .code = 137}).Last();
  j.Exited("c1");
  EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                     {{"c1, e1: exit-process was called back though no such event of this life had "
                       "been delivered",
                       {exec}}}));
}

TEST(CallbacksInOrder, BrokenByAnExecBehindInit) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1");
  const auto e1 = j.Event("exit", "c1", {.process = "e1"}).Last();
  const auto init = j.Event("exit", "c1", kExitOf7).Last();
  const auto exit = j.Callback("exit", "c1", {.code = 7}).Last();
  const auto late = j.Callback("exit-process", "c1", {.process = "e1"}).Last();
  EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                     {{"c1, e1: exit-process was called back after exit, but its event was "
                       "delivered before the event of that",
                       {e1, init, exit, late}}}));
}

TEST(CallbacksInOrder, BrokenByTheExitOfAnExecWhoseAttachFailed) {
  for (const bool exits_first : {false, true}) {
    JournalBuilder j;
    j.Created("c1").CallBegin("add-process", "c1", {.process = "e1"});
    j.RpcBegin("AddProcess", "c1", {.process = "e1"}).RpcEnd("AddProcess", "c1", {.process = "e1"});
    if (exits_first) j.Event("exit", "c1", {.process = "e1"});
    j.CallEnd("add-process", "c1", {.process = "e1", .failed = true});
    if (!exits_first) j.Event("exit", "c1", {.process = "e1"});
    const auto exec = j.Callback("exit-process", "c1", {.process = "e1"}).Last();
    EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                       {{"c1, e1: exit-process was called back though no such event of this life "
                         "had been delivered",
                         {exec}}}));
  }
}

TEST(CallbacksInOrder, HoldsForTheNextBearerOfAnAbsorbedExecsName) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1", true).Event("exit", "c1", {.process = "e1", .code = 1});
  j.Event("pause", "c1").Callback("pause", "c1").Exec("c1", "e1").Event("exit", "c1", kExitOf7);
  j.Callback("exit-process", "c1", {.process = "e1", .code = 137});
  j.Callback("exit", "c1", {.code = 7});
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, HoldsForAContainerThatIsGoneWithoutAnExit) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Event("start-process", "c1", {.process = "e1"});
  j.Callback("exit-process", "c1", {.process = "e1", .code = 137});
  j.Callback("exit", "c1", {.code = 255});
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, HoldsForThePauseThatARestoreTellsOf) {
  JournalBuilder j;
  j.CallBegin("restore", "c1").Callback("restore", "c1").Callback("pause", "c1");
  j.CallEnd("restore", "c1").Exited("c1");
  EXPECT_TRUE(Held(kCallbacksInOrder, j));
}

TEST(CallbacksInOrder, NotObservableWithoutEventsOrTheirCallbacks) {
  EXPECT_TRUE(
      NotObservable(kCallbacksInOrder, JournalBuilder().Created("c1").Callback("pause", "c1")));
  EXPECT_TRUE(
      NotObservable(kCallbacksInOrder, JournalBuilder().Created("c1").Event("pause", "c1")));
}

TEST(CallbacksInOrder, WhatTheStoredLogBringsMayComeLater) {
  JournalBuilder j;
  j.Created("c1").Event("pause", "c1").Stream(0, true).Read("oom", "c1").StreamEnd();
  j.Stream(1).Event("resume", "c1").Callback("pause", "c1").Callback("resume", "c1");
  EXPECT_TRUE(Held("callbacks-in-order", j.Callback("oom", "c1")));
}

TEST(CallbacksInOrder, AnExitThatCameDuringItsAddProcessMayComeLater) {
  constexpr Details kExec{.process = "e1"};
  for (const bool adding : {true, false}) {
    JournalBuilder j;
    j.Created("c1");
    if (adding) j.CallBegin("add-process", "c1", kExec);
    const auto exit = j.Event("exit", "c1", kExec).Last();
    const auto oom = j.Event("oom", "c1").Last();
    const auto told = j.Callback("oom", "c1").Last();
    if (adding) j.CallEnd("add-process", "c1", kExec);
    const auto late = j.Callback("exit-process", "c1", kExec).Last();
    if (adding) {
      EXPECT_TRUE(Held(kCallbacksInOrder, j));
    } else {
      EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                         {{"c1, e1: exit-process was called back after oom, but its event was "
                           "delivered before the event of that",
                           {exit, oom, told, late}}}));
    }
  }
}

// Which of the calls an exec belongs to decides whose exit is absorbed.
TEST(CallbacksInOrder, AnExecIsNotOfTheCallThatWaitedForAnEarlierContainer) {
  constexpr Details kExec{.process = "e1"};
  for (const bool earlier : {true, false}) {
    JournalBuilder j;
    j.Created("c1");
    if (earlier) j.CallBegin("add-process", "c1", kExec).Exited("c1").Created("c1");
    if (!earlier) j.Exited("c1").Created("c1").CallBegin("add-process", "c1", kExec);
    j.CallBegin("add-process", "c1", kExec).RpcBegin("AddProcess", "c1", kExec);
    j.RpcEnd("AddProcess", "c1", kExec).CallEnd("add-process", "c1", kExec);
    j.CallEnd("add-process", "c1", {.process = "e1", .code = 3, .failed = true});
    j.Event("exit", "c1", kExec);
    const auto told = j.Callback("exit-process", "c1", kExec).Last();
    if (earlier) {
      EXPECT_TRUE(Held(kCallbacksInOrder, j));
    } else {
      EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                         {{"c1 (life 2), e1: exit-process was called back though no such event of "
                           "this life had been delivered",
                           {told}}}));
    }
  }
}

// Behind the restore, whatever else it has to tell.
TEST(CallbacksInOrder, ThePauseOfARestoreOvertakesWhatCameBefore) {
  constexpr Details kExec{.process = "e1"};
  for (const bool before : {true, false}) {
    JournalBuilder j;
    j.Created("c1").EngineGone().EngineBack();
    const auto exit = before ? j.Event("exit", "c1", kExec).Last() : 0;
    if (before) j.Event("pause", "c1");
    j.CallBegin("restore", "c1", {.flag = true}).Callback("restore", "c1");
    const auto late = before ? exit : j.Event("exit", "c1", kExec).Last();
    const auto pause = before ? 0 : j.Event("pause", "c1").Last();
    const auto paused = j.Callback("pause", "c1").Last();
    const auto exited = j.Callback("exit-process", "c1", kExec).CallEnd("restore", "c1").Last() - 2;
    if (before) {
      EXPECT_TRUE(Held(kCallbacksInOrder, j));
    } else {
      EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                         {{"c1 (life 2), e1: exit-process was called back after pause, but its "
                           "event was delivered before the event of that",
                           {late, pause, paused, exited}}}));
    }
  }
}

// The exit may still come, and say how it ended.
TEST(CallbacksInOrder, AContainerThatTheDaemonDoesNotKnowTakesItsExecsAlong) {
  for (const bool known : {false, true}) {
    JournalBuilder j;
    j.Created("c1").Exec("c1", "e1").RpcBegin("State", "c1");
    j.RpcEnd("State", "c1",
             {.code = 2, .failed = true, .text = known ? "no" : "containerd: container not found"});
    const auto told = j.Callback("exit-process", "c1", {.process = "e1", .code = 137}).Last();
    j.Exited("c1", 3);
    if (known) {
      EXPECT_TRUE(Broken(kCallbacksInOrder, j,
                         {{"c1, e1: exit-process was called back though no such event of this "
                           "life had been delivered",
                           {told}}}));
    } else {
      EXPECT_TRUE(Held(kCallbacksInOrder, j));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
