#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kMonotone = "cursor-monotone";
constexpr std::string_view kTorn = "cursor-never-torn";
// The texts of these tests are what they are; only their order counts.
constexpr std::string_view kText1 = "2016-10-05T12:00:00.000000001Z";
constexpr std::string_view kText2 = "2016-10-05T12:00:00.000000002Z";

TEST(CursorMonotone, HoldsBehindTheCallbacks) {
  JournalBuilder j;
  j.Created("a").Created("b").Event("oom", "a").CallbackBegin("oom", "a");
  const auto first = j.Clock();
  j.Event("exit", "b", kInit).Callback("exit", "b").CursorWrite(kText1, first - 1);
  j.CallbackEnd("oom", "a").CursorWrite(kText2, j.Clock()).CursorWrite(kText2, j.Clock());
  EXPECT_TRUE(Held(kMonotone, j));
}

TEST(CursorMonotone, BrokenByAStepBack) {
  JournalBuilder j;
  const auto first = j.CursorWrite(kText2, 2).Last();
  const auto second = j.EngineGone().EngineBack().CursorWrite(kText1, 1).Last();
  EXPECT_TRUE(
      Broken(kMonotone, j,
             {{"the cursor goes back from " + std::string(kText2) + " to " + std::string(kText1),
               {first, second}}}));
}

TEST(CursorMonotone, BrokenByAnEventWhoseCallbackRuns) {
  for (const std::int64_t ahead : {0, 5}) {
    JournalBuilder j;
    const auto event = j.Created("a").Event("exit", "a", kInit).Last();
    const auto callback = j.CallbackBegin("exit", "a").Last();
    const auto write = j.CursorWrite(kText1, j.Clock() + ahead).Last();
    j.CallbackEnd("exit", "a");
    EXPECT_TRUE(Broken(kMonotone, j,
                       {{"the cursor " + std::string(kText1) +
                             " passes the exit of a, whose callback has not ended",
                         {event, callback, write}}}));
  }
}

TEST(CursorMonotone, BrokenByAnEventWhoseCallbackIsToCome) {
  JournalBuilder j;
  const auto event = j.Created("a").Event("exit", "a", kInit).Last();
  const auto write = j.CursorWrite(kText1, j.Clock()).Last();
  j.Callback("exit", "a");
  EXPECT_TRUE(Broken(
      kMonotone, j,
      {{"the cursor " + std::string(kText1) + " passes the exit of a, whose callback has not ended",
        {event, write}}}));
}

TEST(CursorMonotone, WhatNobodyIsOwedIsHandledAtOnce) {
  JournalBuilder j;
  j.Event("exit", "stranger", kInit).CursorWrite(kText1, j.Clock());
  EXPECT_TRUE(Held(kMonotone, j));
}

TEST(CursorMonotone, HoldsAtATimeThatAnotherEventWasHandledWith) {
  JournalBuilder j;
  j.Created("a").DeliveredAt(50, "oom", "a").Callback("oom", "a").Created("b");
  j.DeliveredAt(50, "oom", "b").CursorWrite(kText1, 50).Callback("oom", "b");
  EXPECT_TRUE(Held(kMonotone, j));
}

TEST(CursorMonotone, WhatAnEngineLeftBehindCountsNoMore) {
  JournalBuilder j;
  j.Created("a").Event("oom", "a").CallbackBegin("oom", "a").EngineGone().EngineBack();
  EXPECT_TRUE(Held(kMonotone, j.CursorWrite(kText1, j.Clock())));
}

TEST(CursorMonotone, WhatARestoreFindsTheNextOneFindsAgain) {
  JournalBuilder j;
  j.Created("a").EngineGone().EngineBack().Event("oom", "a");
  j.CallBegin("restore", "a", {.flag = true}).Stream(0, true, "a").Read("oom", "a");
  j.Event("pause", "a").StreamEnd().CursorWrite(kText1, j.Clock() - 1);
  j.Callback("restore", "a").Callback("pause", "a").Callback("oom", "a");
  EXPECT_TRUE(Held(kMonotone, j));
}

TEST(CursorMonotone, BrokenByWhatTheWholeLogBrings) {
  JournalBuilder j;
  const auto event = j.Created("a").Stream(0, true).Read("oom", "a").Last();
  const auto write = j.StreamEnd().CursorWrite(kText1, j.Clock()).Last();
  j.Callback("oom", "a");
  EXPECT_TRUE(Broken(
      kMonotone, j,
      {{"the cursor " + std::string(kText1) + " passes the oom of a, whose callback has not ended",
        {event, write}}}));
}

TEST(CursorMonotone, NotObservableWithoutAWrite) {
  EXPECT_TRUE(NotObservable(kMonotone, JournalBuilder().Created("a").Exited("a")));
}

TEST(CursorNeverTorn, HoldsForTheLastText) {
  JournalBuilder j;
  j.CursorRead("").CursorWrite(kText1, 1).CursorRead(kText1).CursorWriting(kText2, 2);
  j.EngineGone().EngineBack().CursorRead(kText1);
  EXPECT_TRUE(Held(kTorn, j));
}

TEST(CursorNeverTorn, HoldsForATextThatWasBeingWritten) {
  JournalBuilder j;
  j.CursorWrite(kText1, 1).CursorWriting(kText2, 2).EngineGone().EngineBack().CursorRead(kText2);
  EXPECT_TRUE(Held(kTorn, j));
}

TEST(CursorNeverTorn, BrokenByAPieceOfIt) {
  for (const std::string_view read : {"", "2016-10-05T12:00"}) {
    JournalBuilder j;
    const auto first = j.CursorWrite(kText1, 1).Last();
    const auto second = j.CursorWriting(kText2, 2).Last();
    const auto torn = j.EngineGone().EngineBack().CursorRead(read).Last();
    EXPECT_TRUE(Broken(kTorn, j,
                       {{"the cursor reads \"" + std::string(read) + "\", which was never written",
                         {first, second, torn}}}));
  }
}

TEST(CursorNeverTorn, BrokenByAWriteOfSomethingElse) {
  JournalBuilder j;
  const auto write = j.CursorWrite("yesterday", 0).Last();
  EXPECT_TRUE(
      Broken(kTorn, j, {{"what is written as the cursor is no time: \"yesterday\"", {write}}}));
}

TEST(CursorNeverTorn, WhatOthersDoToTheFileIsTheirs) {
  JournalBuilder j;
  j.CursorWrite(kText1, 1).EngineGone().Note("cursor-replaced").EngineBack().CursorRead("rubbish");
  EXPECT_TRUE(Held(kTorn, j));
}

TEST(CursorNeverTorn, NotObservableWithoutAWrite) {
  EXPECT_TRUE(NotObservable(kTorn, JournalBuilder().CursorRead("rubbish")));
}

// The oom that the engine before was told of is not told again.
TEST(CursorMonotone, ARestoreTellsOfWhatCameMeanwhile) {
  for (const bool told : {true, false}) {
    JournalBuilder j;
    j.Created("a").Event("oom", "a").Callback("oom", "a").EngineGone().EngineBack();
    j.Stream(0, true).Read("oom", "a").StreamEnd().CallBegin("restore", "a", {.flag = true});
    const auto event = j.Event("oom", "a").Last();
    const auto stamp = j.Clock();
    j.Callback("restore", "a");
    if (told) j.Callback("oom", "a");
    const auto write = j.CursorWrite(kText1, stamp).Last();
    j.CallEnd("restore", "a").Event("oom", "a").Callback("oom", "a");
    if (told) {
      EXPECT_TRUE(Held(kMonotone, j));
      continue;
    }
    EXPECT_TRUE(Broken(kMonotone, j,
                       {{"the cursor " + std::string(kText1) +
                             " passes the oom of a, whose callback has not ended",
                         {event, write}}}));
  }
}

}  // namespace
}  // namespace scenarios::testing
