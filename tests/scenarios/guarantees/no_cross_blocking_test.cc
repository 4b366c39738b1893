#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kNoCrossBlocking = "no-cross-blocking";

TEST(NoCrossBlocking, HoldsWhileEverythingOfAnotherOneIsStuck) {
  JournalBuilder j;
  j.Created("a").Created("b").CallBegin("add-process", "a", {.process = "e1"});
  j.RpcBegin("AddProcess", "a", {.process = "e1"}).AttachBegin("a", "e2");
  j.CallbackBegin("oom", "a").Wait(seconds(60)).Event("oom", "b").Callback("oom", "b");
  j.Event("exit", "b", kInit).Wait(milliseconds(50)).Callback("exit", "b");
  EXPECT_TRUE(Held(kNoCrossBlocking, j));
}

// Whatever is stuck, and whether it ended meanwhile.
TEST(NoCrossBlocking, BrokenByACallbackThatWaitsForAnotherContainer) {
  struct Stuck {
    EntryKind kind;
    std::string_view what;
    std::string_view said;
  };
  for (const Stuck& stuck :
       {Stuck{EntryKind::kRpcBegin, "AddProcess", "the AddProcess of a/e1"},
        Stuck{EntryKind::kAttachBegin, "", "the attach of a/e1"},
        Stuck{EntryKind::kCallBegin, "restore", "the restore of a/e1"},
        Stuck{EntryKind::kCallbackBegin, "exit-process", "the callback exit-process of a/e1"}}) {
    for (const bool ends : {false, true}) {
      JournalBuilder j;
      j.Created("b");
      const auto culprit = j.Any(stuck.kind, stuck.what, "a", {.process = "e1"}).Last();
      const auto event = j.Event("exit", "b", kInit).Last();
      j.Wait(seconds(3));
      const auto end_kind = static_cast<EntryKind>(static_cast<int>(stuck.kind) + 1);
      if (ends) j.Any(end_kind, stuck.what, "a", {.process = "e1"});
      const auto exit = j.Callback("exit", "b").Last();
      EXPECT_TRUE(Broken(kNoCrossBlocking, j,
                         {{"b: exit was called back 3000 ms after it could be, while " +
                               std::string(stuck.said) + " was under way",
                           {culprit, event, exit}}}));
    }
  }
}

TEST(NoCrossBlocking, WhatItsOwnContainerDelaysIsNoMatter) {
  JournalBuilder j;
  j.Created("b").CallbackBegin("oom", "a").CallbackBegin("oom", "b");
  j.Event("exit", "b", kInit).Wait(seconds(3)).CallbackEnd("oom", "b").Callback("exit", "b");
  EXPECT_TRUE(Held(kNoCrossBlocking, j));
}

TEST(NoCrossBlocking, WhatDueInAStepOfTheClockHappensAtItsEnd) {
  JournalBuilder j;
  j.Created("b").CallbackBegin("oom", "a").Event("exit", "b", kInit);
  j.Wait(seconds(30)).Callback("exit", "b");
  EXPECT_TRUE(Held(kNoCrossBlocking, j, {.stepped_clock = true}));
}

TEST(NoCrossBlocking, NotObservableWhileNothingElseIsUnderWay) {
  EXPECT_TRUE(NotObservable(kNoCrossBlocking, JournalBuilder().Created("a").Exited("a")));
}

// A restore tells of a pause or of none; what came to that is not called back.
TEST(NoCrossBlocking, WhatHappenedBeforeARestoreHoldsUpNothing) {
  for (const bool before : {true, false}) {
    JournalBuilder j;
    const auto other = j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c2").Last();
    if (before) j.Event("resume", "c1");
    j.CallBegin("restore", "c1", {.flag = true}).Callback("restore", "c1").CallEnd("restore", "c1");
    const auto event = before ? 0 : j.Event("resume", "c1").Last();
    j.Wait(seconds(3));
    if (before) j.Event("resume", "c1");
    const auto callback = j.Callback("resume", "c1").Last();
    if (before) {
      EXPECT_TRUE(Held(kNoCrossBlocking, j));
    } else {
      EXPECT_TRUE(Broken(kNoCrossBlocking, j,
                         {{"c1: resume was called back 3000 ms after it could be, while "
                           "the restore of c2 was under way",
                           {other, event, callback}}}));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
