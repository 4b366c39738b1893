// Restores, the stored log, and containers that are gone without a word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/model/model_feed.h"

namespace scenarios::testing {
namespace {

using enum ContainerState;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A container that an engine left behind.
ModelFeed LeftBehind() {
  ModelFeed f;
  f.Created();
  f.model.EngineGone();
  return f;
}

TEST(RestoreModel, ALiveOne) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).ReadEnded(7).Called(kRestore).RestoreReturned();
  f.Exit(3).BundleRemoved().Called(kExit, {.code = 3}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, SuccessMeansThatSomethingWasTold) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).RestoreReturned();
  EXPECT_THAT(f.Differences(), ElementsAre("restore succeeded, but nothing had been called back"));
  ModelFeed g = LeftBehind();
  g.RestoreBegun(false).BundleRemoved().CallbackBegun(kExit, {.code = 255}).RestoreReturned();
  EXPECT_THAT(g.Differences(), ElementsAre("restore without live-restore succeeded before its exit "
                                           "callback ended"));
}

TEST(RestoreModel, OnlyALiveOneRestores) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(false).Called(kRestore);
  EXPECT_THAT(f.Differences(), ElementsAre("restore was called back though no live restore of it "
                                           "was under way"));
}

TEST(RestoreModel, OneThatIsGoneHasTheLogsCode) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Exit(4, {.read = 7}).ReadEnded(7).BundleRemoved();
  f.Called(kExit, {.code = 4}).RestoreReturned().Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g = LeftBehind();
  g.RestoreBegun(true).Exit(4, {.read = 7}).ReadEnded(7).BundleRemoved();
  g.Called(kExit, {.code = 255});
  EXPECT_THAT(g.Differences(), ElementsAre("exit 255 was called back, expected exit 4"));
}

TEST(RestoreModel, AReadingThatFailedMayBeMadeUseOf) {
  for (const std::uint32_t code : {4U, 255U}) {
    ModelFeed f = LeftBehind();
    f.RestoreBegun(true).Exit(4, {.read = 7}).ReadEnded(7, /*well=*/false).BundleRemoved();
    f.Called(kExit, {.code = code}).RestoreReturned();
    EXPECT_THAT(f.Differences(), IsEmpty()) << code;
  }
}

TEST(RestoreModel, WithoutACodeItIs255) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).ReadEnded(7).BundleRemoved().Called(kExit, {.code = 0});
  EXPECT_THAT(f.Differences(), ElementsAre("exit 0 was called back, but no exit of init had been "
                                           "delivered: expected 255"));
}

TEST(RestoreModel, AnExecsCodeIsNotTheContainers) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).ExecExit(kE1, 9, {.read = 7}).ReadEnded(7).BundleRemoved();
  f.Called(kExit, {.code = 9});
  EXPECT_THAT(f.Differences(), ElementsAre(HasSubstr("expected 255")));
}

TEST(RestoreModel, AnOomInTheLogCounts) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Oom({.read = 7}).ReadEnded(7).Called(kRestore).RestoreReturned();
  f.Exit(137).BundleRemoved().Called(kExit, {.code = 137});
  EXPECT_THAT(f.Differences(), ElementsAre("exit is not flagged OOM-killed, but an oom of this "
                                           "life had been delivered before it"));
}

TEST(RestoreModel, ALogThatComesBehindTheExitMayTellOfAnOom) {
  for (const bool flagged : {false, true}) {
    ModelFeed f = LeftBehind();
    f.RestoreBegun(true).Exit(137).Oom({.read = 7}).ReadEnded(7).BundleRemoved();
    f.Called(kExit, {.code = 137, .oom = flagged}).RestoreReturned();
    EXPECT_THAT(f.Differences(), IsEmpty());
  }
}

TEST(RestoreModel, AnOomThatTheLogHasBehindTheExitMayCount) {
  for (const bool flagged : {false, true}) {
    ModelFeed f = LeftBehind();
    f.RestoreBegun(true).Oom({.stamp = 900}).Exit(137, {.read = 7, .stamp = 800}).ReadEnded(7);
    f.BundleRemoved().Called(kExit, {.code = 137, .oom = flagged}).RestoreReturned();
    EXPECT_THAT(f.Differences(), IsEmpty()) << flagged;
  }
  ModelFeed g = LeftBehind();
  g.RestoreBegun(true).Oom({.stamp = 900}).Exit(137, {.read = 7, .stamp = 901}).ReadEnded(7);
  g.BundleRemoved().Called(kExit, {.code = 137});
  EXPECT_THAT(g.Differences(), ElementsAre(HasSubstr("exit is not flagged OOM-killed")));
}

TEST(RestoreModel, OfTwoExitsInTheLogTheLastCounts) {
  for (const std::uint32_t told : {1U, 0U}) {
    ModelFeed f = LeftBehind();
    f.RestoreBegun(true).Oom({.read = 7}).Exit(0, {.read = 7}).Exit(1, {.read = 7}).ReadEnded(7);
    f.BundleRemoved().Called(kExit, {.code = told}).RestoreReturned();
    EXPECT_EQ(f.Differences().empty(), told == 1) << told;
  }
}

TEST(RestoreModel, WhomStateKnowsHasNotExited) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Exit(4, {.read = 7}).ReadEnded(7).StateSaid(StateSays::kKnown).Exit(1);
  f.BundleRemoved().Called(kExit, {.code = 1}).RestoreReturned();
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g = LeftBehind();
  g.RestoreBegun(true).Exit(4, {.read = 7}).ReadEnded(7).StateSaid(StateSays::kNotFound).Exit(1);
  g.BundleRemoved().Called(kExit, {.code = 1});
  EXPECT_THAT(g.Differences(), ElementsAre("exit 1 was called back, expected exit 4"));
}

TEST(RestoreModel, WhatIsReadBeforeALateStartIsNotOwed) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Oom({.read = 7}).Exit(4, {.read = 7}).ReadEnded(7);
  f.model.InitStarted();
  f.Called(kRestore).RestoreReturned().Rest();
  EXPECT_THAT(f.Differences(), IsEmpty());
  f.Exit(3).BundleRemoved().Called(kExit, {.code = 3});
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g = LeftBehind();
  g.RestoreBegun(true).Exit(4, {.read = 7}).ReadEnded(7).Called(kRestore).RestoreReturned().Rest();
  EXPECT_THAT(g.Differences(), ElementsAre("exit was never called back"));
}

TEST(RestoreModel, AnExitOfAnUnclearLifeYieldsToTheLogs) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Exit(2, {.life = EventLife::kUnclear, .read = 7}).Exit(1, {.read = 7});
  f.ReadEnded(7).BundleRemoved().Called(kExit, {.code = 1}).RestoreReturned();
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, AnOomBehindAnExitOfAnUnclearLifeMayCount) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Exit(2, {.life = EventLife::kUnclear, .read = 7});
  f.Oom({.life = EventLife::kUnclear, .read = 7}).ReadEnded(7).Exit(143).BundleRemoved();
  f.Called(kExit, {.code = 143, .oom = true}).RestoreReturned();
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, OneThatIsPausedIsToldSo) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Paused({.read = 7}).ReadEnded(7).Called(kRestore).Called(kPause);
  f.RestoreReturned().Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g = LeftBehind();
  g.RestoreBegun(true).Paused({.read = 7}).Resumed({.read = 7}).ReadEnded(7).Called(kRestore);
  g.Called(kPause);
  EXPECT_THAT(g.Differences(),
              ElementsAre("pause was called back without a pause event of this life"));
}

TEST(RestoreModel, ATrackedOneIsRefused) {
  ModelFeed f;
  f.Created().RestoreBegun(true).RestoreReturned();
  EXPECT_THAT(f.Differences(), ElementsAre("restore succeeded although its container was tracked"));
}

TEST(RestoreModel, WhatIsBeingEndedRefusesARestoreAndTheNextCreate) {
  ModelFeed f;
  f.CreateBegun().CreateSent().CreateReturned(ErrorCode::kDeadlineExceeded);
  f.RestoreBegun(true).RestoreReturned(ErrorCode::kAlreadyExists);
  f.CreateBegun().CreateReturned(ErrorCode::kAlreadyExists);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, OneThatFailedOwesNothing) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).RestoreReturned(ErrorCode::kInternal).Exit(1).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, ARefusedRestoreCallbackForgetsIt) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).CallbackBegun(kRestore).CallbackEnded(/*failed=*/true);
  f.RestoreReturned(ErrorCode::kInternal).Exit(1).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, OneThatWouldNotDieMayKeepItsBundle) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(false).Called(kExit, {.code = 255}).RestoreReturned().Exit(137);
  f.BundleRemoved().Rest();
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, AnExecThatItDoesNotKnowMayDieWithIt) {
  ModelFeed f = LeftBehind();
  f.RestoreBegun(true).Called(kRestore).RestoreReturned().Exit(0).Wait(milliseconds(50));
  f.BundleRemoved().Called(kExitProcess, {.process = kE1, .code = 137}).Called(kExit).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(RestoreModel, WhatCameAMomentBeforeItMayCount) {
  for (const std::uint32_t code : {6U, 255U}) {
    ModelFeed f = LeftBehind();
    f.Exit(6).RestoreBegun(true).BundleRemoved().Called(kExit, {.code = code}).RestoreReturned();
    EXPECT_THAT(f.Differences(), IsEmpty()) << code;
  }
}

// The stored log, while the container is tracked

TEST(LogModel, AnExitFoundInTheLogIsTold) {
  ModelFeed f;
  f.Created().Exit(8, {.read = 7}).ReadEnded(7).BundleRemoved().Called(kExit, {.code = 8});
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.Created().Exit(8, {.read = 7}).ReadEnded(7).Rest();
  EXPECT_THAT(g.Differences(), ElementsAre("exit was never called back"));
}

TEST(LogModel, WhatAReadingBringsMayComeLate) {
  ModelFeed f;
  f.Created().Oom({.read = 7}).Paused().Called(kPause).ReadEnded(7).Called(kOom).Exit(1);
  f.BundleRemoved().Called(kExit, {.code = 1, .oom = true}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(LogModel, ButNotNever) {
  ModelFeed f;
  f.Created().Paused({.read = 7}).ReadEnded(7).Rest();
  EXPECT_THAT(f.Differences(), ElementsAre("pause was never called back"));
}

TEST(LogModel, AFailedReadingOwesNothing) {
  ModelFeed f;
  f.Created().Paused({.read = 7}).ReadEnded(7, /*well=*/false).Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(LogModel, AnOomBehindTheExitInTheLogIsTooLate) {
  ModelFeed f;
  f.Created().Exit(1, {.read = 7}).Oom({.read = 7}).ReadEnded(7).BundleRemoved();
  f.Called(kExit, {.code = 1, .oom = true});
  EXPECT_THAT(f.Differences(), ElementsAre(HasSubstr("no oom of this life")));
}

TEST(LogModel, WhatTheLogToldIsARepetitionThen) {
  ModelFeed f;
  f.Created().Paused({.read = 7, .stamp = 5}).ReadEnded(7).Called(kPause).Paused({.stamp = 5});
  f.Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

// Gone without a word

TEST(GoneModel, StateHasToSaySoForTheGrace) {
  ModelFeed f;
  f.Created().Added(kE1).StateSaid(StateSays::kNotFound).Wait(seconds(2));
  f.StateSaid(StateSays::kNotFound).BundleRemoved();
  f.Called(kExitProcess, {.process = kE1, .code = 137}).Called(kExit, {.code = 255}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.Created().StateSaid(StateSays::kNotFound).Wait(seconds(1)).StateSaid(StateSays::kNotFound);
  g.BundleRemoved().Called(kExit, {.code = 255});
  EXPECT_THAT(g.Differences(), ElementsAre(HasSubstr("for long enough")));
}

TEST(GoneModel, AnAnswerInBetweenBeginsAnew) {
  ModelFeed f;
  f.Created().StateSaid(StateSays::kNotFound).Wait(seconds(1)).StateSaid(StateSays::kKnown);
  f.Wait(seconds(1)).StateSaid(StateSays::kNotFound).BundleRemoved();
  f.Called(kExit, {.code = 255});
  EXPECT_THAT(f.Differences(), ElementsAre(HasSubstr("for long enough")));
}

TEST(GoneModel, TheTrueCodeCountsUntilTheCallback) {
  ModelFeed f;
  f.Created().StateSaid(StateSays::kNotFound).Wait(seconds(2)).StateSaid(StateSays::kNotFound);
  f.Exit(4).BundleRemoved().Called(kExit, {.code = 255});
  EXPECT_THAT(f.Differences(), ElementsAre("exit 255 was called back, expected exit 4"));
}

TEST(GoneModel, ItsExecsComeFirst) {
  ModelFeed f;
  f.Created().Added(kE1).StateSaid(StateSays::kNotFound).Wait(seconds(2));
  f.StateSaid(StateSays::kNotFound).BundleRemoved().Called(kExit, {.code = 255});
  EXPECT_THAT(f.Differences(), ElementsAre("e1: exit of its container was called back without its "
                                           "exit-process before it"));
}

TEST(GoneModel, OneThatEndedIsOwedItsExit) {
  ModelFeed f;
  f.Created();
  f.model.InitEnded({});
  f.Rest();
  EXPECT_THAT(f.Differences(),
              ElementsAre("its init has ended, but its exit was never called back"));
}

}  // namespace
}  // namespace scenarios::testing
