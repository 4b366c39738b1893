#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kTrueExitCode = "true-exit-code";

constexpr Details Init(std::uint32_t code) {
  return {.process = "init", .code = code};
}
constexpr Details Exec(std::uint32_t code) {
  return {.process = "e1", .code = code};
}

TEST(TrueExitCode, HoldsForTheStatusThatWasDelivered) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Event("exit", "c1", Exec(3));
  j.Callback("exit-process", "c1", Exec(3)).Exited("c1", 7).Created("c1").Exited("c1", 0);
  EXPECT_TRUE(Held(kTrueExitCode, j));
}

TEST(TrueExitCode, HoldsFor255WhenNoExitHadBeenDelivered) {
  JournalBuilder j;
  j.Created("c1").Emitted("exit", "c1", Init(7)).Callback("exit", "c1", {.code = 255});
  j.Delivered("exit", "c1", Init(7));
  EXPECT_TRUE(Held(kTrueExitCode, j));
}

TEST(TrueExitCode, BrokenByAnotherCode) {
  JournalBuilder j;
  const auto event = j.Created("c1").Event("exit", "c1", Init(7)).Last();
  const auto exit = j.Callback("exit", "c1", {.code = 0}).Last();
  EXPECT_TRUE(
      Broken(kTrueExitCode, j,
             {{"c1: exit code 0 was called back, init's exit had status 7", {event, exit}}}));
}

TEST(TrueExitCode, BrokenByAnInventedZero) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Event("oom", "c1").Callback("exit", "c1", {.code = 0}).Last();
  EXPECT_TRUE(Broken(kTrueExitCode, j,
                     {{"c1: exit code 0 was called back, but no exit of init had been delivered, "
                       "which is 255",
                       {exit}}}));
}

TEST(TrueExitCode, BrokenByAnExecsCode) {
  JournalBuilder j;
  j.Created("c1").Event("exit", "c1", Exec(3));
  const auto exit = j.Callback("exit", "c1", {.code = 3}).Last();
  EXPECT_TRUE(Broken(kTrueExitCode, j,
                     {{"c1: exit code 3 was called back, but no exit of init had been delivered, "
                       "which is 255",
                       {exit}}}));
}

TEST(TrueExitCode, BrokenByTheCodeOfTheLifeBefore) {
  JournalBuilder j;
  j.Created("c1").Exited("c1", 7).Created("c1").Delivered("exit", "c1", Init(7));
  const auto exit = j.Callback("exit", "c1", {.code = 7}).Last();
  EXPECT_TRUE(Broken(kTrueExitCode, j,
                     {{"c1 (life 2): exit code 7 was called back, but no exit of init had been "
                       "delivered, which is 255",
                       {exit}}}));
}

TEST(TrueExitCode, HoldsFor137WhenInitWentFirst) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Event("exit", "c1", Init(7));
  j.Callback("exit-process", "c1", Exec(137)).Event("exit", "c1", Exec(3));
  j.Callback("exit", "c1", {.code = 7});
  EXPECT_TRUE(Held(kTrueExitCode, j));
}

TEST(TrueExitCode, HoldsForAnExecsOwnCodeWithinTheGrace) {
  for (const std::uint32_t code : {3U, 137U}) {  // 137 may have been settled just before
    JournalBuilder j;
    j.Created("c1").Exec("c1", "e1").Event("exit", "c1", Init(7)).Event("exit", "c1", Exec(3));
    j.Callback("exit-process", "c1", Exec(code)).Callback("exit", "c1", {.code = 7});
    EXPECT_TRUE(Held(kTrueExitCode, j));
  }
}

TEST(TrueExitCode, HoldsForTheNextBearerOfAnAbsorbedExecsName) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1", true).Event("exit", "c1", Exec(1));
  j.Exec("c1", "e1").Event("exit", "c1", Init(0));
  j.Callback("exit-process", "c1", Exec(137)).Callback("exit", "c1");
  EXPECT_TRUE(Held(kTrueExitCode, j));
}

TEST(TrueExitCode, BrokenByAnotherCodeOfAnExec) {
  JournalBuilder j;
  const auto event = j.Created("c1").Exec("c1", "e1").Event("exit", "c1", Exec(3)).Last();
  const auto exit = j.Callback("exit-process", "c1", Exec(137)).Last();
  EXPECT_TRUE(
      Broken(kTrueExitCode, j,
             {{"c1, e1: exit code 137 was called back, its exit had status 3", {event, exit}}}));
}

TEST(TrueExitCode, BrokenByAnInventedCodeOfAnExec) {
  JournalBuilder j;
  j.Created("c1").Exec("c1", "e1").Event("exit", "c1", Init(7));
  const auto exit = j.Callback("exit-process", "c1", Exec(7)).Last();
  EXPECT_TRUE(Broken(kTrueExitCode, j,
                     {{"c1, e1: exit code 7 was called back, but no exit of it had been delivered, "
                       "which is 137",
                       {exit}}}));
}

TEST(TrueExitCode, NotObservableWithoutEventsOrExits) {
  EXPECT_TRUE(NotObservable(kTrueExitCode, JournalBuilder().Created("c1").Callback("exit", "c1")));
  EXPECT_TRUE(
      NotObservable(kTrueExitCode, JournalBuilder().Created("c1").Event("exit", "c1", Init(0))));
}

TEST(TrueExitCode, HoldsForWhatTheStoredLogTells) {
  JournalBuilder j;
  j.CallBegin("restore", "c1").Stream(0, true, "c1").Read("exit", "c1", Init(7)).StreamEnd();
  j.Callback("exit", "c1", {.code = 7}).CallEnd("restore", "c1");
  EXPECT_TRUE(Held(kTrueExitCode, j));
}

TEST(TrueExitCode, BrokenByARestoreThatInvents) {
  JournalBuilder j;
  const auto exit =
      j.CallBegin("restore", "c1").ReadNothing("c1").Callback("exit", "c1", {.code = 0}).Last();
  j.Event("oom", "c1");
  EXPECT_TRUE(Broken(kTrueExitCode, j,
                     {{"c1: exit code 0 was called back, but no exit of init had been delivered, "
                       "which is 255",
                       {exit}}}));
}

TEST(TrueExitCode, BrokenByARestoreThatTakesAnExecsCode) {
  JournalBuilder j;
  j.CallBegin("restore", "c1").Stream(0, true, "c1");
  const auto event = j.Read("exit", "c1", Init(137)).Last();
  j.Read("exit", "c1", Exec(0)).StreamEnd();
  const auto exit = j.Callback("exit", "c1", {.code = 0}).Last();
  EXPECT_TRUE(
      Broken(kTrueExitCode, j,
             {{"c1: exit code 0 was called back, init's exit had status 137", {event, exit}}}));
}

TEST(TrueExitCode, WhatIsReadInTheVeryMomentMayBeTooLate) {
  JournalBuilder j;
  j.Created("c1").Wait(std::chrono::seconds(2)).Freeze().Stream(0, true);
  j.Read("exit", "c1", Init(7)).StreamEnd().Callback("exit", "c1", {.code = 255});
  EXPECT_TRUE(Held(kTrueExitCode, j));
}

// The start-container may be late, or another life's whose exit was lost.
TEST(TrueExitCode, AnExitInFrontOfAStartMayBeAnotherLifes) {
  for (const std::uint32_t code : {7U, 255U, 0U}) {
    JournalBuilder j;
    j.Created("c1").Event("exit", "c1", Init(7)).EngineGone().EngineBack();
    const auto call = j.CallBegin("restore", "c1").Stream(0, true, "c1").Last();
    const auto event = j.Read("exit", "c1", Init(7)).Last();
    j.Read("start-container", "c1").StreamEnd();
    const auto exit = j.Callback("exit", "c1", {.code = code}).Last();
    ASSERT_GT(exit, call);
    if (code != 0) {
      EXPECT_TRUE(Held(kTrueExitCode, j));
    } else {
      EXPECT_TRUE(Broken(
          kTrueExitCode, j,
          {{"c1 (life 2): exit code 0 was called back, init's exit had status 7", {event, exit}}}));
    }
  }
}

// What only a living container causes may be another life's.
TEST(TrueExitCode, MayBe255IfASignOfLifeStoodBehindTheExit) {
  for (const bool alive : {true, false}) {
    JournalBuilder j;
    j.CallBegin("restore", "c1").Stream(0, true, "c1");
    const auto read = j.Read("exit", "c1", Init(7)).Last();
    j.Read(alive ? "start-process" : "oom", "c1").StreamEnd().Wait(std::chrono::seconds(10));
    const auto exit = j.Callback("exit", "c1", {.code = 255}).Last();
    j.CallEnd("restore", "c1");
    if (alive) {
      EXPECT_TRUE(Held(kTrueExitCode, j));
      continue;
    }
    EXPECT_TRUE(
        Broken(kTrueExitCode, j,
               {{"c1: exit code 255 was called back, init's exit had status 7", {read, exit}}}));
  }
}

}  // namespace
}  // namespace scenarios::testing
