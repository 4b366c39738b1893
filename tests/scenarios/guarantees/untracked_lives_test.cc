// Lives of containers that nobody tracks: left behind by an engine, or given up; and what the next
// create or restore of their id makes of them.
#include <gmock/gmock.h>

#include "scenarios/guarantees/lives.h"
#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

using ::testing::SizeIs;

constexpr Details kToRunOn{.flag = true};
constexpr Details kEngineSaysNo{.code = 13, .failed = true, .text = "no"};
constexpr Details kIdInUse{.code = 6, .failed = true};
constexpr Details kExitOf5{.process = "init", .code = 5};

LifeIndex Owner(const Lives& lives, const JournalBuilder& j, std::uint64_t seq) {
  return lives.IndexOf(j.journal().entries()[seq - 1]);
}

void LeaveBehind(JournalBuilder& j) {
  j.Creating("c1").Event("start-container", "c1").Replied("c1").Started("c1");
  j.EngineGone().EngineBack();
}

// The engine refuses what the live restore calls back.
void GiveUp(JournalBuilder& j, std::string_view refused) {
  LeaveBehind(j);
  j.CallBegin("restore", "c1", kToRunOn);
  if (refused != "restore") j.Callback("restore", "c1");
  j.CallbackBegin(refused, "c1")
      .CallbackEnd(refused, "c1", kEngineSaysNo)
      .CallEnd("restore", "c1", kEngineSaysNo);
}

TEST(UntrackedLives, ARestoreThatTheEngineRefusesGivesUp) {
  for (const std::string_view refused : {"restore", "pause"}) {
    JournalBuilder j;
    GiveUp(j, refused);
    const auto exit = j.Event("exit", "c1", kInit).Last();
    EXPECT_TRUE(NotObservable("no-exit-without-start", j));
    EXPECT_TRUE(Held("one-exit", j)) << refused;
    const Lives before = CutIntoLives(j.journal());
    ASSERT_THAT(before.all(), SizeIs(2));
    EXPECT_NE(before[1].given_up, 0U);
    EXPECT_FALSE(before[1].OwesExit());
    j.CallBegin("restore", "c1");
    const Lives lives = CutIntoLives(j.journal());
    EXPECT_EQ(Owner(lives, j, exit), 2U);  // that claims it
    EXPECT_EQ(lives[2].continues, 1U);
  }
}

// An error that no callback gave is no refusal.
TEST(UntrackedLives, ARestoreThatFailsByItselfIsNone) {
  JournalBuilder j;
  LeaveBehind(j);
  j.CallBegin("restore", "c1", kToRunOn)
      .CallbackBegin("restore", "c1")
      .CallbackEnd("restore", "c1");
  j.CallEnd("restore", "c1", kEngineSaysNo);
  const auto exit = j.Event("exit", "c1", kInit).Last();
  EXPECT_TRUE(Broken(
      "one-exit", j,
      {{"c1 (life 2): exit was never called back though its exit event was delivered", {exit}}}));
}

TEST(UntrackedLives, OneThatWasGivenUpMayRunOn) {
  JournalBuilder j;
  GiveUp(j, "restore");
  j.CallBegin("create", "c1").RpcBegin("CreateContainer", "c1");
  j.RpcEnd("CreateContainer", "c1", kIdInUse).CallEnd("create", "c1", kIdInUse);
  j.Count("tracked", 0).Count("running", 1).Running("c1");
  EXPECT_TRUE(Held("running-is-tracked", j));
  EXPECT_TRUE(Held("failed-create-leaves-nothing", j));
  EXPECT_TRUE(Held("no-double-create", j));
}

TEST(UntrackedLives, OneThatWasRestoredMayNot) {
  JournalBuilder j;
  LeaveBehind(j);
  const auto restore = j.CallBegin("restore", "c1", kToRunOn).Last();
  j.Callback("restore", "c1").CallEnd("restore", "c1");
  const auto running = j.Count("tracked", 0).Count("running", 1).Running("c1").Last();
  EXPECT_TRUE(Broken("running-is-tracked", j,
                     {{"c1 (life 2): it runs and is not tracked", {restore, running}}}));
}

TEST(UntrackedLives, UntilACreateIsCarriedOutTheOneOfBeforeMayEnd) {
  JournalBuilder j;
  LeaveBehind(j);
  j.Creating("c1");
  const auto old = j.Event("exit", "c1", kExitOf5).Last();
  j.Event("start-container", "c1").Replied("c1").Started("c1");
  EXPECT_TRUE(Held("one-exit", j));
  const auto exit = j.Event("exit", "c1", kExitOf7).Callback("exit", "c1", {.code = 7}).Last();
  EXPECT_TRUE(Held("true-exit-code", j));
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(Owner(lives, j, old), kNoLife);
  EXPECT_EQ(Owner(lives, j, exit), 1U);
  EXPECT_EQ(lives[0].exit_emitted, old - 1);
}

TEST(UntrackedLives, OfOneThatWasTrackedNothingIsLeft) {
  JournalBuilder j;
  j.Creating("c1").Event("start-container", "c1").Replied("c1").Started("c1").Exited("c1");
  j.Creating("c1");
  const auto exit = j.Event("exit", "c1", kExitOf5).Last();
  j.Event("start-container", "c1").Replied("c1").Started("c1");
  EXPECT_TRUE(Broken(
      "one-exit", j,
      {{"c1 (life 2): exit was never called back though its exit event was delivered", {exit}}}));
}

// Its answer comes when its engine is gone.
TEST(UntrackedLives, ACreateMayBeRefusedAfterItsEngine) {
  JournalBuilder j;
  LeaveBehind(j);
  j.Creating("c1").EngineGone().EngineBack().RpcEnd("CreateContainer", "c1", kIdInUse);
  j.CallBegin("restore", "c1");
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(3));
  EXPECT_EQ(lives[2].continues, 0U);
}

TEST(UntrackedLives, ACreateWhoseAnswerGotLostMayRun) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").Creating("c1").Emitted("start-container", "c1");
  j.RpcEnd("CreateContainer", "c1", {.code = 14, .failed = true});
  j.CallEnd("create", "c1", {.code = 14, .failed = true}).EngineGone().EngineBack();
  j.CallBegin("restore", "c1");
  EXPECT_EQ(CutIntoLives(j.journal())[2].continues, 1U);
}

// --- What a restore goes by when it comes to one that ended

TEST(UntrackedLives, ARestoreIsRefusedWhenItTellsOfTheExitOnceMore) {
  JournalBuilder j;
  j.Created("c1").Event("exit", "c1", kExitOf7).Callback("exit", "c1", {.code = 7});
  j.CallBegin("restore", "c1").Stream(0, true, "c1").Read("exit", "c1", kExitOf7).StreamEnd();
  j.CallbackBegin("exit", "c1", {.code = 7}).CallbackEnd("exit", "c1", kEngineSaysNo);
  j.CallEnd("restore", "c1", kEngineSaysNo);
  EXPECT_TRUE(Held("callbacks-in-order", j));
  EXPECT_TRUE(Held("true-exit-code", j));
  EXPECT_TRUE(Held("replay-is-idempotent", j));
}

TEST(UntrackedLives, WhatCameBeforeCountsInTheOrderOfItsTime) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").EngineGone().EngineBack();
  j.DeliveredAt(9000, "exit", "c1", kExitOf7).DeliveredAt(8000, "exit", "c1", kExitOf5);
  j.CallBegin("restore", "c1").ReadNothing("c1").Callback("exit", "c1", {.code = 7});
  j.CallEnd("restore", "c1");
  EXPECT_TRUE(Held("true-exit-code", j));
}

TEST(UntrackedLives, AnOomThatOnlyTheRestoresReadKnowsStandsBeforeTheExit) {
  for (const bool flagged : {true, false}) {
    JournalBuilder j;
    j.Created("c1").Event("oom", "c1").Callback("oom", "c1").Event("exit", "c1", kInit);
    j.Callback("exit", "c1", {.flag = true}).EngineGone().EngineBack();
    j.Stream(0, true).Read("exit", "c1", kInit);
    const auto late = j.Clock() + 1;
    j.DeliveredStored(late, "oom", "c1").StreamEnd().CallBegin("restore", "c1");
    j.Stream(0, true, "c1").Read("oom", "c1");
    const auto oom = j.Last();
    const auto read = j.Read("exit", "c1", kInit).Last();
    j.DeliveredStored(late, "oom", "c1").StreamEnd();
    const auto exit = j.Callback("exit", "c1", {.flag = flagged}).Last();
    j.CallEnd("restore", "c1");
    if (flagged) {
      EXPECT_TRUE(Held("oom-flag-exact", j));
      continue;
    }
    EXPECT_TRUE(Broken("oom-flag-exact", j,
                       {{"c1 (life 2): exit is not flagged OOM-killed though an oom was delivered "
                         "before it",
                         {oom, read, exit}}}));
  }
}

// Between an exit and the start that follows it an oom may be of either life.
TEST(UntrackedLives, AnOomBeforeTheStartMayBeAnothers) {
  for (const bool flagged : {true, false}) {
    JournalBuilder j;
    LeaveBehind(j);
    j.CallBegin("restore", "c1").Delivered("oom", "c1").Stream(0, true, "c1");
    j.DeliveredStored(1, "exit", "c1", kExitOf5).Read("oom", "c1");
    j.DeliveredStored(9000, "start-container", "c1").StreamEnd();
    j.Event("exit", "c1", kInit).Callback("exit", "c1", {.flag = flagged});
    j.CallEnd("restore", "c1");
    EXPECT_TRUE(Held("oom-flag-exact", j)) << flagged;
  }
}

// It took over the container that the create is refused because of.
TEST(UntrackedLives, ACreateMayBeRefusedAfterTheRestore) {
  JournalBuilder j;
  LeaveBehind(j);
  j.Creating("c1").EngineGone().EngineBack().CallBegin("restore", "c1", kToRunOn);
  j.RpcEnd("CreateContainer", "c1", kIdInUse).Callback("restore", "c1").CallEnd("restore", "c1");
  EXPECT_TRUE(Held("callbacks-in-order",
                   j.Event("exit", "c1", kExitOf7).Callback("exit", "c1", {.code = 7})));
  EXPECT_EQ(CutIntoLives(j.journal())[2].continues, 0U);
}

// Nor did a restore that was cut short find one.
TEST(UntrackedLives, ACreateThatWasNeverCarriedOutIsNotTakenOver) {
  JournalBuilder j;
  LeaveBehind(j);
  j.Creating("c1").EngineGone().EngineBack().CallBegin("restore", "c1");
  j.EngineGone().EngineBack().CallBegin("restore", "c1");
  j.Event("exit", "c1", kExitOf7).Callback("exit", "c1", {.code = 7}).CallEnd("restore", "c1");
  EXPECT_TRUE(Held("true-exit-code", j));
  EXPECT_EQ(CutIntoLives(j.journal())[3].continues, 0U);
}

// What the engine heard before its restore came is another life's, as its read of the log shows.
TEST(UntrackedLives, TheRestoresReadTakesBackWhatCameBefore) {
  for (const bool started : {true, false}) {
    JournalBuilder j;
    j.Creating("c1").Event("start-container", "c1").Replied("c1").Started("c1");
    const auto oom_at = j.Event("oom", "c1").Clock();
    const auto exit_at = j.Callback("oom", "c1").Event("exit", "c1", kInit).Clock();
    j.Callback("exit", "c1", {.flag = true});
    const auto start_at = j.Creating("c1").Event("start-container", "c1").Clock();
    j.Replied("c1").Started("c1").EngineGone().Emitted("exit", "c1", kInit).EngineBack();
    j.Stream(0, true).DeliveredStored(oom_at, "oom", "c1");
    j.DeliveredStored(exit_at, "exit", "c1", kInit).StreamEnd().CallBegin("restore", "c1");
    const auto oom = j.Stream(0, true, "c1").DeliveredStored(oom_at, "oom", "c1").Last();
    const auto read = j.DeliveredStored(exit_at, "exit", "c1", kInit).Last();
    if (started) j.DeliveredStored(start_at, "start-container", "c1");
    const auto exit = j.StreamEnd().Callback("exit", "c1").Last();
    j.CallEnd("restore", "c1");
    if (started) {
      EXPECT_TRUE(Held("oom-flag-exact", j));
      continue;
    }
    EXPECT_TRUE(Broken("oom-flag-exact", j,
                       {{"c1 (life 3): exit is not flagged OOM-killed though an oom was delivered "
                         "before it",
                         {oom, read, exit}}}));
  }
}

// An exit that only the stream knows stands behind all that the log has.
TEST(UntrackedLives, AnOomBeforeTheLastExitButOneIsAnothers) {
  JournalBuilder j;
  LeaveBehind(j);
  const auto oom_at = j.Emitted("oom", "c1").Clock();
  const auto first = j.Emitted("exit", "c1", kExitOf5).Clock();
  j.Event("exit", "c1", kExitOf7).CallBegin("restore", "c1").Stream(0, true, "c1");
  j.DeliveredStored(oom_at, "oom", "c1").DeliveredStored(first, "exit", "c1", kExitOf5);
  j.Read("exit", "c1", kExitOf7).StreamEnd().Callback("exit", "c1", {.code = 7});
  EXPECT_TRUE(Held("oom-flag-exact", j.CallEnd("restore", "c1")));
}

// The first is the event, the second a repetition.
TEST(UntrackedLives, WhatARestoreReadsTwiceStandsWhereItStoodFirst) {
  for (const bool before : {false, true}) {
    JournalBuilder j;
    LeaveBehind(j);
    j.Emitted("oom", "c1").Emitted("exit", "c1", kInit).CallBegin("restore", "c1");
    j.Stream(0, true, "c1");
    if (before) j.Read("oom", "c1");
    const auto oom = j.Last();
    const auto read = j.Read("exit", "c1", kInit).Last();
    if (!before) j.Read("oom", "c1");
    j.Read("exit", "c1", kInit).StreamEnd();
    const auto exit = j.Callback("exit", "c1").Last();
    j.CallEnd("restore", "c1");
    if (!before) {
      EXPECT_TRUE(Held("oom-flag-exact", j));
      continue;
    }
    EXPECT_TRUE(Broken("oom-flag-exact", j,
                       {{"c1 (life 2): exit is not flagged OOM-killed though an oom was delivered "
                         "before it",
                         {oom, read, exit}}}));
  }
}

// Two engines, one container: what the first one's restore was cut short for is the second one's.
TEST(UntrackedLives, AnOomOfBeforeARestoreThatWasCutShortCounts) {
  JournalBuilder j;
  LeaveBehind(j);
  const auto oom_at = j.Event("oom", "c1").Clock();
  j.CallBegin("restore", "c1").EngineGone().Emitted("exit", "c1", kInit).EngineBack();
  j.Stream(0, true).DeliveredStored(oom_at, "oom", "c1").Read("exit", "c1", kInit).StreamEnd();
  j.CallBegin("restore", "c1").ReadNothing("c1").Callback("exit", "c1", {.flag = true});
  EXPECT_TRUE(Held("oom-flag-exact", j.CallEnd("restore", "c1")));
}

// Its start failed, and it was being killed when its engine went away.
TEST(UntrackedLives, OneWhoseStartFailedMayEndDuringTheNextCreate) {
  JournalBuilder j;
  j.Creating("c1").Event("start-container", "c1").Replied("c1");
  j.Callback("start-container", "c1", kEngineSaysNo).CallEnd("create", "c1", kEngineSaysNo);
  j.EngineGone().EngineBack().Creating("c1");
  const auto old = j.Event("exit", "c1", kExitOf5).Last();
  j.Event("start-container", "c1").Replied("c1").Started("c1");
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(lives[0].exit_emitted, old - 1);
  EXPECT_EQ(lives[1].exit_emitted, 0U);
}

// A create of an engine that crashed, of which nothing but the start was recorded.
TEST(UntrackedLives, OneThatOnlyItsStartShowsMayEndDuringTheNextCreate) {
  JournalBuilder j;
  j.Created("c2").EngineGone().EngineBack().Emitted("start-container", "c1").Creating("c1");
  const auto old = j.Event("exit", "c1", kExitOf5).Last();
  j.Event("start-container", "c1").Replied("c1").Started("c1");
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(3));
  EXPECT_EQ(lives[1].exit_emitted, old - 1);
  EXPECT_EQ(lives[2].exit_emitted, 0U);
}

// Told of late, but stamped when it happened.
TEST(UntrackedLives, AnExitFromBeforeTheStartIsTheOneOfBefores) {
  JournalBuilder j;
  LeaveBehind(j);
  const auto early = j.Clock() + 1;
  j.Emitted("oom", "c2").Creating("c1").Event("start-container", "c1").Replied("c1");
  const auto exit = j.Started("c1").DeliveredAt(early, "exit", "c1", kExitOf5).Last();
  EXPECT_EQ(Owner(CutIntoLives(j.journal()), j, exit), kNoLife);
}

// The reads of the next engine are not its.
TEST(UntrackedLives, ARestoreThatWasCutShortReadsNoMore) {
  JournalBuilder j;
  LeaveBehind(j);
  j.CallBegin("restore", "c1").Event("exit", "c1", kExitOf5);
  const auto exit = j.Last();
  j.CallbackBegin("exit", "c1", {.code = 5}).EngineGone().EngineBack().CallBegin("restore", "c1");
  j.Stream(0, true, "c1").Read("exit", "c1", kExitOf5).StreamEnd();
  j.CallEnd("restore", "c1", kFailed);
  EXPECT_EQ(CutIntoLives(j.journal())[1].exit_delivered, exit);
}

// What came while it looked for one that nobody had told of is of that.
TEST(UntrackedLives, WhatComesDuringARestoreOfAStrangerIsItsOwn) {
  JournalBuilder j;
  j.Created("c2").EngineGone().EngineBack().CallBegin("restore", "c1").Event("oom", "c1");
  j.Event("exit", "c1", kExitOf5).Callback("exit", "c1", {.code = 5, .flag = true});
  EXPECT_TRUE(Held("oom-flag-exact", j.CallEnd("restore", "c1")));
}

}  // namespace
}  // namespace scenarios::testing
