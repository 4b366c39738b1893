#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kExecExits = "exec-exits-once-before-exit";

TEST(ExecExits, HoldsForOneEachBeforeExit) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Exec("c1", "e2").Event("exit", "c1", kExec);
  j.Callback("exit-process", "c1", kExec).Exec("c1", "e1").Event("exit", "c1", {.process = "init"});
  j.Callback("exit-process", "c1", kExec).Callback("exit-process", "c1", {.process = "e2"});
  j.Callback("exit", "c1");
  EXPECT_TRUE(Held(kExecExits, j));
}

TEST(ExecExits, HoldsForOneBeforeTheCallReturns) {
  JournalBuilder j;
  j.Created("c1").CallBegin("add-process", "c1", kExec).Event("exit", "c1", kExec);
  j.Callback("exit-process", "c1", kExec).CallEnd("add-process", "c1", kExec).Exited("c1");
  EXPECT_TRUE(Held(kExecExits, j));
}

TEST(ExecExits, BrokenByAMissingOne) {
  JournalBuilder j;
  const auto added = j.Created("c1").Exec("c1", "e1").Last();
  const auto exit = j.Exited("c1").Last();
  EXPECT_TRUE(
      Broken(kExecExits, j,
             {{"c1/e1: exit was called back without an exit-process before it", {added, exit}}}));
}

TEST(ExecExits, BrokenByOneThatComesAfterExit) {
  JournalBuilder j;
  const auto added = j.Created("c1").Exec("c1", "e1").Last();
  const auto exit = j.Exited("c1").Last();
  const auto late = j.Callback("exit-process", "c1", kExec).Last();
  EXPECT_TRUE(
      Broken(kExecExits, j,
             {{"c1/e1: exit was called back without an exit-process before it", {added, exit}},
              {"c1/e1: exit-process was called back after its container's exit", {exit, late}}}));
}

TEST(ExecExits, BrokenByASecondOne) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Event("exit", "c1", kExec);
  const auto first = j.Callback("exit-process", "c1", kExec).Last();
  const auto second = j.Callback("exit-process", "c1", kExec).Last();
  EXPECT_TRUE(
      Broken(kExecExits, j, {{"c1/e1: exit-process was called back once more", {first, second}}}));
}

TEST(ExecExits, BrokenByOneOfAnAddProcessThatFailed) {
  JournalBuilder j;
  const auto call = j.Created("c1").CallBegin("add-process", "c1", kExec).Last();
  const auto exit = j.Callback("exit-process", "c1", kExec).Last();
  const auto end = j.CallEnd("add-process", "c1", {.process = "e1", .failed = true}).Last();
  EXPECT_TRUE(Broken(
      kExecExits, j,
      {{"c1/e1: exit-process was called back though its add-process failed", {call, exit, end}}}));
}

TEST(ExecExits, BrokenByOneThatNeverComesInAContainerThatLives) {
  JournalBuilder j;
  const auto added = j.Created("c1").Exec("c1", "e1").Last();
  const auto event = j.Event("exit", "c1", kExec).Last();
  EXPECT_TRUE(Broken(kExecExits, j,
                     {{"c1/e1: exit-process was never called back though its exit was delivered",
                       {added, event}}}));
}

TEST(ExecExits, WhatHadToWaitWhenTheClientWasClosedNeverComes) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Event("oom", "c1").CallbackBegin("oom", "c1");
  j.Event("exit", "c1", kExec).CallBegin("close", "").CallbackEnd("oom", "c1");
  EXPECT_TRUE(Held(kExecExits, j.CallEnd("close", "")));
}

TEST(ExecExits, HoldsForOneThatSomebodyElseAdded) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Event("exit", "c1", kExec).Callback("exit-process", "c1", kExec);
  j.Event("exit", "c1", kExec).Callback("exit-process", "c1", kExec).Exited("c1");
  EXPECT_TRUE(Held(kExecExits, j));
}

TEST(ExecExits, AfterARestoreNobodyKnowsWhichAreLeft) {
  for (const bool heard : {false, true}) {
    JournalBuilder j;
    j.Created("c1").Exec("c1", "e1").EngineGone().EngineBack();
    j.CallBegin("restore", "c1", {.flag = true}).Callback("restore", "c1").CallEnd("restore", "c1");
    if (heard) j.Callback("exit-process", "c1", {.process = "e1", .code = 137});
    EXPECT_TRUE(Held(kExecExits, j.Exited("c1")));
  }
}

TEST(ExecExits, NotObservableWithoutAnExecThatWasAdded) {
  EXPECT_TRUE(NotObservable(kExecExits, JournalBuilder().Created("c1").Exec("c1", "e1", true)));
  EXPECT_TRUE(NotObservable(kExecExits, JournalBuilder().Creating("c1").Exec("c1", "e1")));
}

// Its name was another's while it waited for the container.
TEST(ExecExits, ACallThatWasNotSentIsNotTheReasonOfAnExit) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1", {.flag = true}).CallBegin("add-process", "c1", kExec);
  j.Callback("restore", "c1").CallEnd("restore", "c1").Event("exit", "c1", kExec);
  j.Callback("exit-process", "c1", kExec).RpcBegin("AddProcess", "c1", kExec);
  j.RpcEnd("AddProcess", "c1", kExec);
  EXPECT_TRUE(Held(kExecExits, j.CallEnd("add-process", "c1", {.process = "e1", .failed = true})));
}

TEST(ExecExits, ACallThatWaitedForItsContainerIsOwedAnExit) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").CallBegin("add-process", "c1", kExec).Created("c1");
  j.RpcBegin("AddProcess", "c1", kExec).RpcEnd("AddProcess", "c1", kExec);
  const auto added = j.CallEnd("add-process", "c1", kExec).Last();
  const auto exit = j.Exited("c1").Last();
  EXPECT_TRUE(
      Broken(kExecExits, j,
             {{"c1/e1: exit was called back without an exit-process before it", {added, exit}}}));
}

// Whose the container's exit was had been asked.
TEST(ExecExits, WhatWaitedForAnAnswerAtTheCloseNeverComes) {
  for (const bool asked : {true, false}) {
    JournalBuilder j;
    const auto added = j.Created("c1").Exec("c1", "e1").Last();
    const auto exit = j.Event("exit", "c1", kExec).Last();
    if (asked) j.RpcBegin("State", "c1");
    j.CallBegin("close", "").CallEnd("close", "");
    if (asked) {
      EXPECT_TRUE(Held(kExecExits, j));
    } else {
      EXPECT_TRUE(
          Broken(kExecExits, j,
                 {{"c1/e1: exit-process was never called back though its exit was delivered",
                   {added, exit}}}));
    }
  }
}

// It could be told only when the client was closing.
TEST(ExecExits, OneWhoseCallReturnedAfterTheCloseIsNotOwed) {
  JournalBuilder j;
  j.Created("c1").CallBegin("add-process", "c1", kExec).RpcBegin("AddProcess", "c1", kExec);
  j.RpcEnd("AddProcess", "c1", kExec).Event("exit", "c1", kExec).CallBegin("close", "");
  EXPECT_TRUE(Held(kExecExits, j.CallEnd("add-process", "c1", kExec).CallEnd("close", "")));
}

}  // namespace
}  // namespace scenarios::testing
