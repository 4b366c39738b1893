#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

using std::chrono::seconds;

constexpr std::string_view kPause = "pause-survives-restore";
constexpr std::string_view kAfterExit = "restore-after-exit";
constexpr std::string_view kBounded = "restore-bounded";
constexpr Details kLive{.flag = true};

TEST(PauseSurvivesRestore, HoldsForRestoreThenPause) {
  JournalBuilder j;
  j.Created("c1").Emitted("pause", "c1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1", kLive).Stream(0, true).Read("pause", "c1").StreamEnd();
  j.Callback("restore", "c1").Callback("pause", "c1").CallEnd("restore", "c1");
  EXPECT_TRUE(Held(kPause, j));
}

TEST(PauseSurvivesRestore, BrokenWithoutPause) {
  JournalBuilder j;
  j.Created("c1").Emitted("pause", "c1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1", kLive).Stream(0, true);
  const auto pause = j.Read("pause", "c1").Last();
  const auto restore = j.StreamEnd().Callback("restore", "c1").Last();
  j.CallEnd("restore", "c1");
  EXPECT_TRUE(
      Broken(kPause, j,
             {{"c1 (life 2): it was paused, and restore was called back without pause behind it",
               {pause, restore}}}));
  const auto resume = j.Event("resume", "c1").Callback("resume", "c1").Last();
  EXPECT_TRUE(
      Broken(kPause, j,
             {{"c1 (life 2): it was paused, and restore was called back without pause behind it",
               {pause, restore, resume}}}));
}

// Nobody looked into the log at all.
TEST(PauseSurvivesRestore, BrokenWithoutALook) {
  JournalBuilder j;
  const auto pause = j.Created("c1").Emitted("pause", "c1").Last();
  j.EngineGone().EngineBack().CallBegin("restore", "c1", kLive);
  const auto restore = j.Callback("restore", "c1").Last();
  EXPECT_TRUE(
      Broken(kPause, j,
             {{"c1 (life 2): it was paused, and restore was called back without pause behind it",
               {pause, restore}}}));
}

TEST(PauseSurvivesRestore, BrokenByAPauseOfOneThatWasResumed) {
  JournalBuilder j;
  j.Created("c1").Emitted("pause", "c1");
  const auto resume = j.Emitted("resume", "c1").EngineGone().EngineBack().Last() - 2;
  j.CallBegin("restore", "c1", kLive);
  const auto restore = j.ReadNothing("c1").Callback("restore", "c1").Last();
  const auto pause = j.Callback("pause", "c1").Last();
  EXPECT_TRUE(Broken(kPause, j,
                     {{"c1 (life 2): pause was called back after restore though it was not paused",
                       {resume, restore, pause}}}));
}

TEST(PauseSurvivesRestore, TwoReadsOfTheLogMayInterleave) {
  JournalBuilder j;
  j.Created("c1").Emitted("pause", "c1").Emitted("resume", "c1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1", kLive).Stream(0, true, "c1").Read("pause", "c1");
  j.Read("resume", "c1").StreamEnd().Stream(0, true).Read("pause", "c1").StreamEnd();
  j.Callback("restore", "c1");
  EXPECT_TRUE(NotObservable(kPause, j.CallEnd("restore", "c1")));
}

// Of another life: an exit or a start stands behind it.
TEST(PauseSurvivesRestore, AnEarlierPauseDoesNot) {
  for (const std::string_view behind : {"exit", "start-container"}) {
    JournalBuilder j;
    j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c1", kLive);
    j.Stream(0, true, "c1").DeliveredStored(9, "pause", "c1");
    j.DeliveredStored(behind == "exit" ? 10 : 5, behind, "c1", kInit).StreamEnd();
    j.Callback("restore", "c1").CallEnd("restore", "c1");
    EXPECT_TRUE(NotObservable(kPause, j)) << behind;
  }
}

TEST(PauseSurvivesRestore, TheLogMayHaveForgotten) {
  JournalBuilder j;
  j.Created("c1").Emitted("pause", "c1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1", kLive).ReadNothing("c1").Callback("restore", "c1");
  j.CallEnd("restore", "c1");
  EXPECT_TRUE(NotObservable(kPause, j));
}

TEST(PauseSurvivesRestore, NotObservableWithoutAPause) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c1", kLive);
  EXPECT_TRUE(NotObservable(kPause, j.Callback("restore", "c1").CallEnd("restore", "c1")));
}

TEST(RestoreAfterExit, HoldsWhenTheExitHasEnded) {
  JournalBuilder j;
  j.CallBegin("restore", "c1").Callback("exit", "c1").CallEnd("restore", "c1");
  j.CallBegin("restore", "c2", kLive).Callback("restore", "c2").CallEnd("restore", "c2");
  j.CallBegin("restore", "c3").Callback("restore", "c3").CallEnd("restore", "c3");
  EXPECT_TRUE(Held(kAfterExit, j));
}

TEST(RestoreAfterExit, BrokenBeforeTheExitHasEnded) {
  JournalBuilder j;
  const auto call = j.CallBegin("restore", "c1").Last();
  const auto exit = j.CallbackBegin("exit", "c1").Last();
  const auto end = j.CallEnd("restore", "c1").Last();
  j.CallbackEnd("exit", "c1");
  EXPECT_TRUE(
      Broken(kAfterExit, j,
             {{"c1: its restore without live-restore returned before its exit callback had ended",
               {call, exit, end}}}));
}

TEST(RestoreAfterExit, BrokenWithoutAnExit) {
  JournalBuilder j;
  j.CallBegin("restore", "c1").Callback("exit", "c1").CallEnd("restore", "c1");
  const auto call = j.CallBegin("restore", "c1").Last();
  const auto end =
      j.Callback("exit-process", "c1", {.process = "e1"}).CallEnd("restore", "c1").Last();
  EXPECT_TRUE(Broken(
      kAfterExit, j,
      {{"c1: its restore without live-restore returned without its exit callback", {call, end}}}));
}

TEST(RestoreAfterExit, NotObservableWithoutASuccessOrCallbacks) {
  JournalBuilder failed;
  failed.Callback("oom", "c2").CallBegin("restore", "c1");
  EXPECT_TRUE(
      NotObservable(kAfterExit, failed.CallEnd("restore", "c1", {.code = 2, .failed = true})));
  EXPECT_TRUE(NotObservable(kAfterExit,
                            JournalBuilder().CallBegin("restore", "c1").CallEnd("restore", "c1")));
}

TEST(RestoreBounded, HoldsWithWhatItsRpcsAndCallbacksTake) {
  JournalBuilder j;
  j.CallBegin("restore", "c1").Wait(seconds(12)).RpcBegin("State", "c1").Wait(seconds(20));
  j.Callback("oom", "c1").RpcEnd("State", "c1").CallbackBegin("exit", "c1").Wait(seconds(20));
  j.CallbackEnd("exit", "c1").Stream(0, true).Wait(seconds(20)).StreamEnd();
  EXPECT_TRUE(Held(kBounded, j.CallEnd("restore", "c1")));
}

TEST(RestoreBounded, BrokenByALongOne) {
  JournalBuilder j;
  const auto call = j.CallBegin("restore", "c1").Last();
  j.Stream(5).RpcBegin("State", "c2").Wait(seconds(14));  // not its own
  const auto end = j.CallEnd("restore", "c1").Last();
  EXPECT_TRUE(Broken(
      kBounded, j, {{"c1: its restore took 14000 ms beside its RPCs and callbacks", {call, end}}}));
}

TEST(RestoreBounded, BrokenByOneThatNeverReturns) {
  JournalBuilder j;
  const auto call = j.CallBegin("restore", "c1").Last();
  EXPECT_TRUE(Held(kBounded, j));
  j.Wait(seconds(60)).Note("rest");
  EXPECT_TRUE(Broken(
      kBounded, j,
      {{"c1: its restore has taken 60000 ms beside its RPCs and callbacks and never returned",
        {call}}}));
  JournalBuilder gone;
  gone.CallBegin("restore", "c1").EngineGone().Wait(seconds(60)).Note("rest");
  EXPECT_TRUE(Held(kBounded, gone));
}

TEST(RestoreBounded, NotObservableWithoutARestore) {
  EXPECT_TRUE(NotObservable(kBounded, JournalBuilder().Created("c1")));
}

TEST(PauseSurvivesRestore, APauseInFrontOfAStartIsAnotherLifes) {
  for (const bool own : {true, false}) {
    JournalBuilder j;
    j.CallBegin("restore", "c1", kLive).Stream(0, true, "c1").Read("start-container", "c1");
    const auto pause = j.Read("pause", "c1").Last();
    if (!own)
      j.Read("exit", "c1", {.process = "init"}).DeliveredStored(9000, "start-container", "c1");
    const auto restored = j.StreamEnd().Callback("restore", "c1").Last();
    j.CallEnd("restore", "c1");
    if (own) {
      EXPECT_TRUE(Broken(kPause, j,
                         {{"c1: it was paused, and restore was called back without pause behind it",
                           {pause, restored}}}));
    } else {
      EXPECT_TRUE(NotObservable(kPause, j));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
