#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kStartFirstExitLast = "start-first-exit-last";

TEST(StartFirstExitLast, HoldsOverSeveralLives) {
  JournalBuilder j;
  j.Created("c1").Callback("pause", "c1").Exited("c1").Created("c1").Exited("c1");
  EXPECT_TRUE(Held(kStartFirstExitLast, j));
}

TEST(StartFirstExitLast, HoldsAfterACreateThatFailed) {
  JournalBuilder j;
  j.CreateFailed("c1").Event("exit", "c1", kInit).Created("c1").Exited("c1");
  EXPECT_TRUE(Held(kStartFirstExitLast, j));
}

TEST(StartFirstExitLast, BrokenByAnythingBeforeTheStart) {
  JournalBuilder j;
  const auto oom = j.Creating("c1").Callback("oom", "c1").Last();
  j.Replied("c1").Started("c1");
  EXPECT_TRUE(Broken(kStartFirstExitLast, j,
                     {{"c1: oom was called back without a start before it", {oom}}}));
}

TEST(StartFirstExitLast, BrokenByTheExitOfACreateThatFailed) {
  JournalBuilder j;
  const auto exit = j.CreateFailed("c1").Exited("c1").Last();
  EXPECT_TRUE(Broken(kStartFirstExitLast, j,
                     {{"c1: exit was called back without a start before it", {exit}}}));
}

TEST(StartFirstExitLast, BrokenByAnythingAfterTheExit) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Exited("c1").Last();
  const auto exec = j.Callback("exit-process", "c1", {.process = "e1"}).Last();
  EXPECT_TRUE(Broken(kStartFirstExitLast, j,
                     {{"c1: exit-process was called back after its exit", {exit, exec}}}));
}

TEST(StartFirstExitLast, BrokenByAStartDuringTheExitBefore) {
  JournalBuilder j;
  j.Creating("c1").Replied("c1");
  const auto start1 = j.Callback("start-container", "c1").Last();
  j.CallEnd("create", "c1").Event("exit", "c1", kInit);
  const auto exit = j.CallbackBegin("exit", "c1").Last();
  j.Creating("c1").Replied("c1");
  const auto start2 = j.Callback("start-container", "c1").Last();
  j.CallbackEnd("exit", "c1").CallEnd("create", "c1");
  EXPECT_TRUE(Broken(kStartFirstExitLast, j,
                     {{"c1 (life 2): start-container was called back before the exit callback of "
                       "the life before it had ended",
                       {start1, exit, start2}}}));
}

TEST(StartFirstExitLast, BrokenByAStartThatOvertakesTheExitBefore) {
  JournalBuilder j;
  j.Creating("c1").Replied("c1");
  const auto start1 = j.Callback("start-container", "c1").Last();
  j.CallEnd("create", "c1").Event("exit", "c1", kInit).Creating("c1").Replied("c1");
  const auto start2 = j.Callback("start-container", "c1").Last();
  const auto exit = j.Callback("exit", "c1").Last();
  j.CallEnd("create", "c1");
  EXPECT_TRUE(Broken(kStartFirstExitLast, j,
                     {{"c1 (life 2): start-container was called back before the exit callback of "
                       "the life before it had ended",
                       {start1, start2, exit}}}));
}

TEST(StartFirstExitLast, BrokenByACallbackOfAContainerThatNobodyCreated) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Exited("c2").Last();
  EXPECT_TRUE(Broken(
      kStartFirstExitLast, j,
      {{"c2: exit was called back though no create or restore of it was accepted", {exit}}}));
}

TEST(StartFirstExitLast, HoldsForRestores) {
  JournalBuilder j;
  j.Created("c1").CallBegin("restore", "c1").Callback("restore", "c1").CallEnd("restore", "c1");
  j.Callback("pause", "c1").Exited("c1");
  j.CallBegin("restore", "c2").Callback("exit", "c2").CallEnd("restore", "c2");
  EXPECT_TRUE(Held(kStartFirstExitLast, j));
}

TEST(StartFirstExitLast, NotObservableWithoutCallbacks) {
  EXPECT_TRUE(NotObservable(kStartFirstExitLast,
                            JournalBuilder().CreateFailed("c1").Event("exit", "c1", kInit)));
}

}  // namespace
}  // namespace scenarios::testing
