#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kInherited = "oom-flag-not-inherited";
constexpr std::string_view kCalledBack = "oom-called-back";
constexpr std::string_view kSurvives = "oom-survives-restore";
constexpr std::string_view kFlagExact = "oom-flag-exact";
constexpr Details kKilledInit{.process = "init", .code = 137};
constexpr Details kPlain{.code = 137};
constexpr Details kKilledAndFlagged{.code = 137, .flag = true};

TEST(OomFlagNotInherited, HoldsForACleanNextLife) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("oom", "c1").Event("exit", "c1", kKilledInit);
  j.Callback("exit", "c1", kKilledAndFlagged).Created("c1").Event("exit", "c1", kKilledInit);
  j.Callback("exit", "c1", kPlain).Created("c1").Event("oom", "c1").Callback("oom", "c1");
  EXPECT_TRUE(Held(kInherited,
                   j.Event("exit", "c1", kKilledInit).Callback("exit", "c1", kKilledAndFlagged)));
}

TEST(OomFlagNotInherited, BrokenByAnOomOfTheLifeBefore) {
  JournalBuilder j;
  const auto oom = j.Created("c1").Event("oom", "c1").Last();
  j.Callback("oom", "c1")
      .Event("exit", "c1", kKilledInit)
      .Callback("exit", "c1", kKilledAndFlagged);
  j.Created("c1").Event("exit", "c1", kKilledInit);
  const auto exit = j.Callback("exit", "c1", kKilledAndFlagged).Last();
  EXPECT_TRUE(
      Broken(kInherited, j,
             {{"c1 (life 2): exit is flagged OOM-killed because of an oom of c1", {oom, exit}}}));
}

// It was emitted in time, and came late.
TEST(OomFlagNotInherited, BrokenByALateOomOfTheLifeBefore) {
  JournalBuilder j;
  j.Created("c1").Emitted("oom", "c1").Exited("c1", 1).Created("c1");
  const auto oom = j.Delivered("oom", "c1").Last();
  const auto exit =
      j.Event("exit", "c1", kKilledInit).Callback("exit", "c1", kKilledAndFlagged).Last();
  EXPECT_TRUE(
      Broken(kInherited, j,
             {{"c1 (life 2): exit is flagged OOM-killed because of an oom of c1", {oom, exit}}}));
}

TEST(OomFlagNotInherited, ARestoredContainerIsTheSame) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("oom", "c1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1").Stream(0, true).Read("oom", "c1").StreamEnd();
  j.Callback("exit", "c1", kKilledAndFlagged);
  EXPECT_TRUE(NotObservable(kInherited, j));
}

TEST(OomFlagNotInherited, NotObservableWithoutAnEarlierOom) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Exited("c1");
  EXPECT_TRUE(NotObservable(kInherited, j));
}

TEST(OomCalledBack, HoldsForOneEach) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("oom", "c1").Event("oom", "c1");
  j.Delivered("oom", "c1").Callback("oom", "c1").Event("exit", "c1", kKilledInit);
  j.Event("oom", "c1").Callback("exit", "c1", kKilledAndFlagged);  // the last one is too late
  EXPECT_TRUE(Held(kCalledBack, j));
}

TEST(OomCalledBack, BrokenByAMissingOne) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("oom", "c1");
  const auto second = j.Event("oom", "c1").Last();
  j.Exited("c1");
  EXPECT_TRUE(
      Broken(kCalledBack, j,
             {{"c1: oom was called back once, but 2 times an oom was delivered within its life",
               {second}}}));
}

TEST(OomCalledBack, BrokenByOneTooMany) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("oom", "c1");
  const auto again = j.Callback("oom", "c1").Last();
  EXPECT_TRUE(
      Broken(kCalledBack, j,
             {{"c1: oom was called back 2 times, but once an oom was delivered within its life",
               {again}}}));
}

TEST(OomCalledBack, BrokenByOneThatCameAfterTheExit) {
  JournalBuilder j;
  const auto late = j.Created("c1").Event("exit", "c1", kKilledInit).Event("oom", "c1").Last();
  const auto callback = j.Callback("oom", "c1").Last();
  EXPECT_TRUE(
      Broken(kCalledBack, j,
             {{"c1: oom was called back once, but 0 times an oom was delivered within its life",
               {late, callback}}}));
}

TEST(OomCalledBack, WhatARestoreReadsCountsForTheFlag) {
  JournalBuilder j;
  j.Created("c1").Emitted("oom", "c1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1", {.flag = true}).Stream(0, true).Read("oom", "c1").StreamEnd();
  j.Callback("restore", "c1").CallEnd("restore", "c1").Exited("c1");
  EXPECT_TRUE(Held(kCalledBack, j));
}

TEST(OomCalledBack, AfterCloseNothingIsCalledBack) {
  JournalBuilder j;
  j.Created("c1").CallBegin("close", "").Event("oom", "c1").CallEnd("close", "");
  EXPECT_TRUE(Held(kCalledBack, j));
}

TEST(OomCalledBack, NotObservableWithoutAnOom) {
  EXPECT_TRUE(NotObservable(kCalledBack, JournalBuilder().Created("c1").Exited("c1")));
}

JournalBuilder& Restored(JournalBuilder& j) {
  return j.Created("c1").Emitted("oom", "c1").EngineGone().EngineBack().CallBegin("restore", "c1");
}

TEST(OomSurvivesRestore, HoldsForAFlaggedExit) {
  JournalBuilder j;
  Restored(j).Stream(0, true, "c1").Read("oom", "c1").StreamEnd();
  j.Callback("exit", "c1", kKilledAndFlagged).CallEnd("restore", "c1");
  EXPECT_TRUE(Held(kSurvives, j));
  EXPECT_TRUE(Held(kFlagExact, j));
}

TEST(OomSurvivesRestore, BrokenWhenItIsForgotten) {
  JournalBuilder j;
  const auto call = Restored(j).Last();
  const auto read = j.Stream(0, true, "c1").Read("oom", "c1").Last();
  const auto exit = j.StreamEnd().Callback("exit", "c1", kPlain).Last();
  EXPECT_TRUE(Broken(
      kSurvives, j,
      {{"c1 (life 2): exit is not flagged OOM-killed though an oom before the restore stood in the "
        "stored log",
        {call - 3, call, read, exit}}}));
}

// From the cursor on only.
TEST(OomSurvivesRestore, BrokenWhenItIsNotLookedFor) {
  JournalBuilder j;
  const auto call = Restored(j).Last();
  const auto exit =
      j.Stream(j.Clock(), true, "c1").StreamEnd().Callback("exit", "c1", kPlain).Last();
  EXPECT_TRUE(Broken(
      kSurvives, j,
      {{"c1 (life 2): exit is not flagged OOM-killed though an oom before the restore was not "
        "looked for in the stored log",
        {call - 3, call, exit}}}));
}

TEST(OomSurvivesRestore, BrokenWhenOnlyTheLogShowsIt) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack();
  const auto call = j.CallBegin("restore", "c1").Last();
  const auto read = j.Stream(0, true, "c1").Read("oom", "c1").Last();
  const auto exit = j.StreamEnd().Callback("exit", "c1", kPlain).Last();
  EXPECT_TRUE(Broken(
      kSurvives, j,
      {{"c1 (life 2): exit is not flagged OOM-killed though an oom before the restore stood in the "
        "stored log",
        {call, read, exit}}}));
}

TEST(OomSurvivesRestore, TheLogMayHaveForgotten) {
  JournalBuilder j;
  Restored(j).ReadNothing("c1").Callback("exit", "c1", kPlain);
  EXPECT_TRUE(Held(kSurvives, j));
}

TEST(OomSurvivesRestore, NotObservableWithoutAnOomBefore) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c1").Callback("exit", "c1");
  EXPECT_TRUE(NotObservable(kSurvives, j));
  EXPECT_TRUE(NotObservable(kSurvives, JournalBuilder().Created("c1").Event("oom", "c1")));
}

// Another read, begun before the restore, ended behind it.
TEST(OomSurvivesRestore, TheReadThatCountsMayEndFirst) {
  JournalBuilder j;
  j.Created("c1").Emitted("oom", "c1").EngineGone().EngineBack().Stream(0, true);
  j.CallBegin("restore", "c1").ReadNothing("c1");
  j.Stream(0, true).StreamEnd().Callback("exit", "c1", kPlain);
  EXPECT_TRUE(Held(kSurvives, j));
}

}  // namespace
}  // namespace scenarios::testing
