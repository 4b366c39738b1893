#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kOneExit = "one-exit";

TEST(OneExit, HoldsForEachLife) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").Created("c1").Exited("c1").Created("c2");
  EXPECT_TRUE(Held(kOneExit, j));
}

TEST(OneExit, HoldsForAnExitDuringTheCreate) {
  JournalBuilder j;
  j.Creating("c1").Event("exit", "c1", kInit).Replied("c1").Started("c1").Callback("exit", "c1");
  EXPECT_TRUE(Held(kOneExit, j));
}

TEST(OneExit, HoldsForAContainerThatIsGoneWithoutAnExit) {
  EXPECT_TRUE(Held(kOneExit, JournalBuilder().Created("c1").Callback("exit", "c1", {.code = 255})));
}

TEST(OneExit, HoldsForTheAbsorbedExitOfAStartThatFailed) {
  JournalBuilder j;
  j.Creating("c1").Replied("c1").Callback("start-container", "c1", {.failed = true});
  j.CallEnd("create", "c1", kFailed).Event("exit", "c1", kInit);
  EXPECT_TRUE(Held(kOneExit, j));
}

TEST(OneExit, HoldsWhenAnExitIsRepeatedInTheNextLife) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").Created("c1").Delivered("exit", "c1", kInit);
  EXPECT_TRUE(Held(kOneExit, j));
}

TEST(OneExit, HoldsWhenTheExitOfAFailedCreateComesInTheNextLife) {
  JournalBuilder j;
  j.CreateFailed("c1").Emitted("exit", "c1", kInit).Created("c1").Delivered("exit", "c1", kInit);
  EXPECT_TRUE(Held(kOneExit, j));
}

TEST(OneExit, BrokenByADeliveredExitThatIsNotCalledBack) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Event("exit", "c1", kInit).Last();
  EXPECT_TRUE(
      Broken(kOneExit, j,
             {{"c1: exit was never called back though its exit event was delivered", {exit}}}));
}

TEST(OneExit, BrokenByALostExit) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Emitted("exit", "c1", kInit).Last();
  EXPECT_TRUE(Broken(
      kOneExit, j, {{"c1: exit was never called back though its exit event was emitted", {exit}}}));
}

TEST(OneExit, BrokenByTwoExits) {
  JournalBuilder j;
  const auto first = j.Created("c1").Exited("c1").Last();
  const auto second = j.Delivered("exit", "c1", kInit).Callback("exit", "c1").Last();
  EXPECT_TRUE(Broken(kOneExit, j, {{"c1: exit was called back 2 times", {first, second}}}));
}

TEST(OneExit, BrokenByTheExitOfACreateThatFailed) {
  JournalBuilder j;
  const auto end = j.CreateFailed("c1").Last();
  const auto exit = j.Exited("c1").Last();
  EXPECT_TRUE(Broken(kOneExit, j,
                     {{"c1: exit was called back though it never started", {end - 1, end, exit}}}));
}

TEST(OneExit, BrokenByTheExitOfAStartThatFailed) {
  JournalBuilder j;
  j.Creating("c1").Replied("c1");
  const auto start = j.Callback("start-container", "c1", {.failed = true}).Last();
  const auto exit = j.CallEnd("create", "c1", kFailed).Exited("c1").Last();
  EXPECT_TRUE(
      Broken(kOneExit, j,
             {{"c1: exit was called back though start-container had failed", {start, exit}}}));
}

TEST(OneExit, NotObservableWhileEverythingRuns) {
  EXPECT_TRUE(NotObservable(kOneExit, JournalBuilder().Created("c1")));
  EXPECT_TRUE(NotObservable(kOneExit, JournalBuilder().Creating("c1").Event("exit", "c1", kInit)));
}

TEST(OneExit, ALifeThatAnEngineLeftBehindOwesNothing) {
  JournalBuilder j;
  j.Created("c1").EngineGone().Emitted("exit", "c1", {.process = "init"}).EngineBack();
  j.Created("c2").Exited("c2");
  EXPECT_TRUE(Held(kOneExit, j));
}

TEST(OneExit, BrokenByARestoreOfOneThatIsGoneWithoutAnExit) {
  JournalBuilder j;
  j.Created("c1").EngineGone();
  const auto exit = j.Emitted("exit", "c1", {.process = "init"}).Last();
  j.EngineBack().CallBegin("restore", "c1").CallEnd("restore", "c1");
  EXPECT_TRUE(Broken(
      kOneExit, j,
      {{"c1 (life 2): exit was never called back though its exit event was emitted", {exit}}}));
}

// The exit waited for a callback that the engine held until it closed the client.
TEST(OneExit, AClientThatIsClosedMayHaveWaitedForACallback) {
  for (const bool held : {true, false}) {
    JournalBuilder j;
    j.Created("c1").Exec("c1", "e1").CallbackBegin("exit-process", "c1", kExec);
    if (!held) j.CallbackEnd("exit-process", "c1", kExec);
    const auto exit = j.Event("exit", "c1", kInit).Last();
    j.Wait(std::chrono::seconds(60)).CallBegin("close", "");
    if (held) j.CallbackEnd("exit-process", "c1", kExec);
    j.CallEnd("close", "");
    if (held) {
      EXPECT_TRUE(Held(kOneExit, j));
      continue;
    }
    EXPECT_TRUE(
        Broken(kOneExit, j,
               {{"c1: exit was never called back though its exit event was delivered", {exit}}}));
  }
}

}  // namespace
}  // namespace scenarios::testing
