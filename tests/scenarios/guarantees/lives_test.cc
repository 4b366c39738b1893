#include "scenarios/guarantees/lives.h"

#include <gmock/gmock.h>

#include "tests/scenarios/journal_builder.h"

namespace scenarios::testing {
namespace {

using ::testing::SizeIs;

LifeIndex LifeOf(const Lives& lives, const JournalBuilder& j, std::uint64_t seq) {
  return lives.IndexOf(j.journal().entries()[seq - 1]);
}

TEST(Lives, OneCreateIsOneLife) {
  JournalBuilder j;
  j.Created("c1");
  const auto exit = j.Exited("c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(1));
  const Life& life = lives[0];
  EXPECT_EQ(life.begin, 1U);
  EXPECT_EQ(life.call_begin, 1U);
  EXPECT_EQ(life.rpc_begin, 2U);
  EXPECT_EQ(life.rpc_end, 3U);
  EXPECT_EQ(life.start_begin, 4U);
  EXPECT_EQ(life.start_end, 5U);
  EXPECT_EQ(life.call_end, 6U);
  EXPECT_EQ(life.exit_emitted, 7U);
  EXPECT_EQ(life.exit_delivered, 8U);
  EXPECT_EQ(life.exit_begin, exit);
  EXPECT_EQ(life.exit_end, exit + 1);
  EXPECT_TRUE(life.Started());
  EXPECT_FALSE(life.Failed());
  EXPECT_EQ(LifeName(j.journal(), life), "c1");
  for (const Entry& entry : j.journal().entries()) EXPECT_EQ(lives.IndexOf(entry), 0U);
}

TEST(Lives, LivesOfOneIdAreChained) {
  JournalBuilder j;
  j.Created("c1").Created("c2").Exited("c1").CreateFailed("c1").Created("c1");
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(4));
  EXPECT_EQ(lives[0].next, 2U);
  EXPECT_EQ(lives[2].previous, 0U);
  EXPECT_EQ(lives[2].next, 3U);
  EXPECT_TRUE(lives[2].Failed());
  EXPECT_EQ(lives[3].ordinal, 3U);
  EXPECT_EQ(LifeName(j.journal(), lives[3]), "c1 (life 3)");
  EXPECT_EQ(lives[1].previous, kNoLife);
}

TEST(Lives, ARefusedCreateIsNone) {
  JournalBuilder j;
  j.Created("c1").CallBegin("create", "c1").CallEnd("create", "c1", kRefused).Exited("c1");
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(1));
  EXPECT_FALSE(lives[0].Failed());
  EXPECT_EQ(lives[0].call_end, 6U);
}

// Two creates race; the one that was recorded first is the one that was refused.
TEST(Lives, TheRpcGoesToTheCreateThatWasNotRefused) {
  Entry call;
  Journal journal;
  call.what = journal.Intern("create");
  call.id = journal.Intern("c1");
  const auto record = [&](EntryKind kind, std::uint64_t number, bool failed = false) {
    call.kind = kind;
    call.number = number;
    call.failed = failed;
    return journal.Record(call);
  };
  record(EntryKind::kCallBegin, 1);
  const auto accepted = record(EntryKind::kCallBegin, 2);
  Entry rpc = call;
  rpc.kind = EntryKind::kRpcBegin;
  rpc.what = journal.Intern("CreateContainer");
  rpc.number = 3;
  journal.Record(rpc);
  record(EntryKind::kCallEnd, 1, true);
  rpc.kind = EntryKind::kRpcEnd;
  journal.Record(rpc);
  const auto end = record(EntryKind::kCallEnd, 2);
  const Lives lives = CutIntoLives(journal);
  ASSERT_THAT(lives.all(), SizeIs(1));
  EXPECT_EQ(lives[0].begin, accepted);
  EXPECT_EQ(lives[0].call_end, end);
  EXPECT_FALSE(lives[0].Failed());
}

TEST(Lives, EventsBelongToTheLifeThatEmittedThem) {
  JournalBuilder j;
  j.Created("c1").Emitted("oom", "c1").Exited("c1").CallBegin("create", "c1");
  const auto early = j.Event("exit", "c1", {.process = "e1"}).Last();
  j.RpcBegin("CreateContainer", "c1");
  const auto late = j.Delivered("oom", "c1").Last();
  const auto own = j.Event("exit", "c1", kInit).Last();
  const auto repeated = j.Delivered("exit", "c1", kInit).Last();
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(2));
  EXPECT_EQ(LifeOf(lives, j, early), 0U);
  EXPECT_EQ(LifeOf(lives, j, late), 0U);
  EXPECT_EQ(LifeOf(lives, j, own), 1U);
  EXPECT_EQ(LifeOf(lives, j, repeated), kNoLife);
  EXPECT_EQ(lives[0].oom_delivered, late);
  EXPECT_EQ(lives[1].oom_delivered, 0U);
}

TEST(Lives, WithoutEmissionsTheTimestampTellsAnEarlierLife) {
  JournalBuilder j;
  j.Created("c1").DeliveredAt(50, "exit", "c1", kInit).Callback("exit", "c1").Created("c1");
  const auto stale = j.DeliveredAt(49, "oom", "c1").Last();
  const auto fresh = j.DeliveredAt(51, "oom", "c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(lives, j, stale), 0U);
  EXPECT_EQ(LifeOf(lives, j, fresh), 1U);
}

TEST(Lives, EventsOfContainersThatNobodyCreatedBelongToNone) {
  JournalBuilder j;
  const auto exit = j.Event("exit", "c1", kInit).Last();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_THAT(lives.all(), SizeIs(0));
  EXPECT_EQ(LifeOf(lives, j, exit), kNoLife);
}

TEST(Lives, TheExitOfAnExecWhoseAddProcessFailedBelongsToNone) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1", true);
  const auto absorbed = j.Event("exit", "c1", {.process = "e1"}).Last();
  j.Exec("c1", "e1").CallBegin("add-process", "c1", {.process = "e1"});
  j.CallEnd("add-process", "c1", {.process = "e1", .failed = true});  // refused: the name is busy
  const auto owed = j.Event("exit", "c1", {.process = "e1"}).Last();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(lives, j, absorbed), kNoLife);
  EXPECT_EQ(LifeOf(lives, j, owed), 0U);
}

// The daemon started it although its answer is missing; after a refusal it did not.
TEST(Lives, TheExitOfAnExecWhoseAnswerGotLostBelongsToNone) {
  constexpr std::uint32_t kDeadlineExceeded = 4;
  constexpr std::uint32_t kUnknown = 2;
  for (const std::uint32_t code : {kDeadlineExceeded, kUnknown}) {
    JournalBuilder j;
    j.Created("c1").CallBegin("add-process", "c1", {.process = "e1"});
    j.RpcBegin("AddProcess", "c1", {.process = "e1"});
    j.RpcEnd("AddProcess", "c1", {.process = "e1", .code = code, .failed = true});
    j.CallEnd("add-process", "c1", {.process = "e1", .failed = true});
    const auto exit = j.Event("exit", "c1", {.process = "e1"}).Last();
    const Lives lives = CutIntoLives(j.journal());
    EXPECT_EQ(LifeOf(lives, j, exit), code == kDeadlineExceeded ? kNoLife : 0U) << code;
  }
}

TEST(Lives, AnExitCalledBackLateBelongsToTheLifeBefore) {
  JournalBuilder j;
  j.Created("c1").Event("exit", "c1", kInit).Creating("c1");
  const auto before_start = j.Callback("exit-process", "c1", {.process = "e1"}).Last();
  const auto start = j.Replied("c1").Callback("start-container", "c1").Last();
  const auto exit1 = j.Callback("exit", "c1").Last();
  const auto exit2 = j.CallEnd("create", "c1").Exited("c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(lives, j, before_start), 0U);
  EXPECT_EQ(LifeOf(lives, j, start), 1U);
  EXPECT_EQ(LifeOf(lives, j, exit1), 0U);
  EXPECT_EQ(LifeOf(lives, j, exit2), 1U);
}

TEST(Lives, WithoutRpcsTheCallsMarkTheLives) {
  JournalBuilder j;
  for (int life = 0; life < 2; ++life) {
    j.CallBegin("create", "c1").Event("oom", "c1").Started("c1");
    j.CallBegin("create", "c1").CallEnd("create", "c1", kRefused).Exited("c1");
  }
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(2));
  EXPECT_EQ(lives[1].oom_delivered, lives[1].begin + 2);
}

TEST(Lives, WithoutCallsTheRpcsOrTheCallbacksMarkTheLives) {
  JournalBuilder rpcs;
  rpcs.RpcBegin("CreateContainer", "c1").Replied("c1").Exited("c1");
  rpcs.RpcBegin("CreateContainer", "c1").Replied("c1").Exited("c1");
  EXPECT_THAT(CutIntoLives(rpcs.journal()).all(), SizeIs(2));

  JournalBuilder callbacks;
  callbacks.Callback("start-container", "c1").Exited("c1");
  callbacks.Callback("start-container", "c1").Exited("c1");
  EXPECT_THAT(CutIntoLives(callbacks.journal()).all(), SizeIs(2));
}

TEST(Lives, ARestoreThatLedToACallbackIsALife) {
  JournalBuilder j;
  j.Created("c1").CallBegin("restore", "c1").CallEnd("restore", "c1", {.code = 12, .failed = true});
  const auto restore = j.CallBegin("restore", "c1").Last();
  const auto callback = j.Callback("restore", "c1").CallEnd("restore", "c1").Last() - 2;
  const auto exit = j.Exited("c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(2));
  EXPECT_TRUE(lives[0].superseded);
  EXPECT_TRUE(lives[1].restored);
  EXPECT_EQ(lives[1].begin, restore);
  EXPECT_EQ(lives[1].start_begin, callback);
  EXPECT_EQ(lives[1].exit_begin, exit);
}

TEST(Lives, AnEngineThatGoesLeavesItsLivesBehind) {
  JournalBuilder j;
  j.Created("c1").Created("c2").Exited("c2").Creating("c3").EngineGone();
  const auto gone = j.Last();
  j.EngineBack();
  const auto while_away = j.Emitted("exit", "c1", kInit).Last();
  const auto call = j.CallBegin("restore", "c1", {.flag = true}).Last();
  const auto read = j.Stream(0, true).Read("exit", "c1", kInit).Last();
  const auto known = j.StreamEnd().Last();
  const auto exit = j.Callback("exit", "c1").CallEnd("restore", "c1").Last() - 2;
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(4));
  EXPECT_EQ(lives[0].engine_gone, gone);
  EXPECT_TRUE(lives[0].superseded);
  EXPECT_EQ(lives[1].engine_gone, 0U);
  EXPECT_TRUE(lives[2].superseded);
  const Life& restored = lives[3];
  EXPECT_EQ(restored.continues, 0U);
  EXPECT_TRUE(restored.live);
  EXPECT_EQ(restored.begin, call);
  EXPECT_EQ(restored.exit_emitted, while_away);
  EXPECT_EQ(restored.exit_delivered, read);
  EXPECT_EQ(restored.exit_known, known);
  EXPECT_EQ(restored.exit_begin, exit);
  EXPECT_TRUE(lives.SameContainer(0, 3));
  EXPECT_FALSE(lives.SameContainer(1, 3));
}

TEST(Lives, AnotherEngineHearsOfAnEventForTheFirstTime) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").EngineGone().EngineBack();
  j.CallBegin("restore", "c1", {.flag = true}).Callback("restore", "c1").CallEnd("restore", "c1");
  const auto again = j.Delivered("oom", "c1").Last();
  const auto repeated = j.Delivered("oom", "c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(lives, j, again), 1U);
  EXPECT_EQ(LifeOf(lives, j, repeated), kNoLife);
}

TEST(Lives, WhatComesBeforeTheRestoreIsClaimedByIt) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").EngineGone().EngineBack();
  const auto early = j.Delivered("exit", "c1", kInit).Last();
  const auto stranger = j.Event("oom", "c2").Last();
  j.CallBegin("restore", "c1").Stream(0, true);
  const auto read = j.Read("exit", "c1", kInit).Last();
  const Lives before = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(before, j, early), 1U);
  EXPECT_EQ(LifeOf(before, j, read), kNoLife);
  EXPECT_EQ(LifeOf(before, j, stranger), kNoLife);
  EXPECT_EQ(before[1].exit_delivered, early);
  EXPECT_EQ(before[1].exit_known, 0U);
  const auto end = j.StreamEnd().Last();
  EXPECT_EQ(CutIntoLives(j.journal())[1].exit_known, end);
}

TEST(Lives, WhatAReadOfTheLogBroughtIsCertainWhenItHasEnded) {
  JournalBuilder j;
  const auto oom = j.Created("c1").Stream(0, true).Read("oom", "c1").Last();
  const auto exit = j.Read("exit", "c1", kInit).Last();
  j.StreamEnd(true);
  const auto again = j.Stream(5).Delivered("oom", "c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(lives, j, oom), 0U);
  EXPECT_EQ(LifeOf(lives, j, exit), 0U);
  EXPECT_EQ(LifeOf(lives, j, again), kNoLife);
  EXPECT_EQ(lives[0].oom_delivered, oom);
  EXPECT_EQ(lives[0].oom_known, again);
  EXPECT_EQ(lives[0].exit_delivered, exit);
  EXPECT_EQ(lives[0].exit_known, 0U);
}

// The log tells of containers that had the id before, which this journal knows nothing of.
TEST(Lives, WhatStandsBeforeTheLastStartInTheLogIsAnotherLifes) {
  JournalBuilder j;
  j.CallBegin("restore", "c1").Stream(0, true);
  const auto old = j.Read("oom", "c1").Read("exit", "c1", kInit).Last();
  const auto own =
      j.Read("start-container", "c1").DeliveredStored(9000, "exit", "c1", kInit).Last();
  j.StreamEnd();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(lives, j, old - 1), kNoLife);
  EXPECT_EQ(LifeOf(lives, j, old), kNoLife);
  EXPECT_EQ(LifeOf(lives, j, own), 0U);
}

TEST(Lives, AFailedRestoreMayStillHaveAnExit) {
  JournalBuilder j;
  const auto call = j.CallBegin("restore", "c1", {.flag = true}).Last();
  j.CallEnd("restore", "c1", {.code = 13, .failed = true});
  const auto exit = j.Exited("c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(1));
  EXPECT_EQ(lives[0].begin, call);
  EXPECT_EQ(lives[0].exit_begin, exit);
}

// Its exit is told again because that was asked for.
TEST(Lives, ARestoreOfOneThatEndedReadsItsExit) {
  for (const bool failed : {false, true}) {
    JournalBuilder j;
    if (failed) {
      j.CreateFailed("c1").Event("exit", "c1", kInit);
    } else {
      j.Created("c1").Exited("c1");
    }
    j.CallBegin("restore", "c1");
    const auto first = j.Stream(0, true, "c1").Read("exit", "c1", kInit).StreamEnd().Last() - 1;
    const auto read = j.Stream(0, true, "c1").Read("exit", "c1", kInit).Last();
    const auto exit = j.StreamEnd().Callback("exit", "c1").Last();
    j.CallEnd("restore", "c1");
    const auto again = j.Stream(0, true, "c1").Read("exit", "c1", kInit).Last();
    const Lives lives = CutIntoLives(j.journal());
    ASSERT_THAT(lives.all(), SizeIs(2));
    EXPECT_EQ(lives[1].exit_delivered, read) << failed;
    EXPECT_EQ(lives[1].exit_begin, exit) << failed;
    EXPECT_EQ(LifeOf(lives, j, first), kNoLife) << failed;
    EXPECT_EQ(LifeOf(lives, j, again), kNoLife) << failed;
  }
}

TEST(Lives, WhatARestoreReadsAfterItsExitCallbackChangesNothing) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c1");
  j.Stream(0, true, "c1").StreamEnd();
  const auto delivered = j.Event("exit", "c1", kInit).Last();
  j.Callback("exit", "c1").Stream(0, true, "c1").Read("exit", "c1", kInit).StreamEnd();
  j.CallEnd("restore", "c1");
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(2));
  EXPECT_EQ(lives[1].exit_delivered, delivered);
}

TEST(Lives, WhileACreateWasRefusedTheOneOfBeforeWentOn) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack();
  j.Creating("c1").RpcEnd("CreateContainer", "c1", kRefused).CallEnd("create", "c1", kRefused);
  const auto emitted = j.Emitted("exit", "c1", kInit).Last();
  j.Delivered("exit", "c1", kInit).CallBegin("restore", "c1");
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(3));
  EXPECT_EQ(lives[0].exit_emitted, emitted);
  EXPECT_EQ(lives[1].exit_emitted, 0U);
  EXPECT_EQ(lives[2].continues, 0U);
  EXPECT_EQ(lives[2].exit_emitted, emitted);
}

TEST(Lives, AnEventThatWasHeldIsOfTheLifeInWhichItWas) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").Any(EntryKind::kHeld, "event.oom", "c1").Created("c1");
  j.Any(EntryKind::kReleased, "event.oom", "c1");
  const auto old = j.Emitted("oom", "c1").Last();
  const auto own = j.Emitted("oom", "c1").Last();
  const Lives lives = CutIntoLives(j.journal());
  EXPECT_EQ(LifeOf(lives, j, old), 0U);
  EXPECT_EQ(LifeOf(lives, j, own), 1U);
}

TEST(Lives, ALateStartContainerIsOfTheLifeThatHasItsPid) {
  JournalBuilder j;
  j.Created("c1")
      .Emitted("exit", "c1", {.process = "init", .pid = 1})
      .Delivered("exit", "c1", kInit);
  j.Callback("exit", "c1").Creating("c1");
  const auto own = j.Emitted("start-container", "c1", {.pid = 2}).Last();
  const auto late = j.Emitted("start-container", "c1", {.pid = 1}).Last();
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(2));
  EXPECT_EQ(lives[0].start_emitted, late);
  EXPECT_EQ(lives[1].start_emitted, own);
}

TEST(Lives, OfTwoStartsInOneCreateTheFirstIsOfTheLifeBefore) {
  for (const bool twice : {true, false}) {
    JournalBuilder j;
    j.Creating("c1").EngineGone().EngineBack();
    j.CallBegin("create", "c1").RpcBegin("CreateContainer", "c1");
    j.Emitted("start-container", "c1", {.pid = 1}).Delivered("start-container", "c1");
    const auto exit = j.Emitted("exit", "c1", {.process = "init", .pid = 1}).Last();
    if (twice) j.Event("start-container", "c1");
    j.RpcEnd("CreateContainer", "c1");
    const Lives lives = CutIntoLives(j.journal());
    ASSERT_THAT(lives.all(), SizeIs(2));
    EXPECT_EQ(LifeOf(lives, j, exit), twice ? 0U : 1U);
  }
}

TEST(Lives, AfterTheNextStartNobodyCanTellWhoseAnEventIs) {
  for (const bool started : {false, true}) {
    JournalBuilder j;
    j.Created("c1").Emitted("exit", "c1", {.process = "init", .pid = 1});
    j.Callback("exit", "c1").Creating("c1");
    if (started) j.Emitted("start-container", "c1", {.pid = 2});
    const auto oom = j.Emitted("oom", "c1", {.pid = 1}).Last();
    const Lives lives = CutIntoLives(j.journal());
    EXPECT_EQ(LifeOf(lives, j, oom), started ? 1U : 0U);
  }
}

TEST(Lives, APidIsOnesOfOneId) {
  JournalBuilder j;
  j.Created("c1").Emitted("start-container", "stranger", {.pid = 1});
  const auto exit = j.Emitted("exit", "c1", {.process = "init", .pid = 1}).Last();
  EXPECT_EQ(LifeOf(CutIntoLives(j.journal()), j, exit), 0U);
}

TEST(Lives, HoweverManyCreatesWereRefused) {
  JournalBuilder j;
  j.Created("c1").EngineGone().EngineBack();
  for (int i = 0; i < 2; ++i) {
    j.Creating("c1").RpcEnd("CreateContainer", "c1", kRefused).CallEnd("create", "c1", kRefused);
  }
  j.Event("exit", "c1", kInit).CallBegin("restore", "c1");
  const Lives lives = CutIntoLives(j.journal());
  ASSERT_THAT(lives.all(), SizeIs(4));
  EXPECT_EQ(lives[3].continues, 0U);
  EXPECT_NE(lives[3].exit_delivered, 0U);
}

}  // namespace
}  // namespace scenarios::testing
