// One container's life from its create to its exit: order, codes, flags, and what is refused.
#include "scenarios/model/container_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/model/model_feed.h"

namespace scenarios::testing {
namespace {

using enum ContainerState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Lifecycle

TEST(ContainerModel, ALifeFromStartToExit) {
  ModelFeed f;
  f.Created().Exit(7).BundleRemoved().Called(kExit, {.code = 7}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ContainerModel, TheExitHasInitsOwnCode) {
  ModelFeed f;
  f.Created().Exit(7).BundleRemoved().Called(kExit, {.code = 0});
  EXPECT_THAT(f.Differences(), ElementsAre("exit 0 was called back, expected exit 7"));
}

TEST(ContainerModel, AnExitWithoutAnEventIsADifference) {
  ModelFeed f;
  f.Created().BundleRemoved().Called(kExit, {.code = 255});
  EXPECT_THAT(f.Differences(),
              ElementsAre("exit 255 was called back, but no exit of init had been delivered, and "
                          "State had not called it unknown for long enough"));
}

TEST(ContainerModel, AnExitThatNeverComesIsOneAtRest) {
  ModelFeed f;
  f.Created().Exit(7).Rest();
  EXPECT_THAT(f.Differences(), ElementsAre("exit was never called back"));
}

TEST(ContainerModel, TheExitComesOnce) {
  ModelFeed f;
  f.Created().Exit(7).BundleRemoved().Called(kExit, {.code = 7}).Called(kExit, {.code = 7});
  EXPECT_THAT(f.Differences(), ElementsAre("exit was called back though nothing was tracked"));
}

TEST(ContainerModel, AnExitWhileTheFirstRunsIsOneTooMany) {
  ModelFeed f;
  f.Created().Exit(7).BundleRemoved().CallbackBegun(kExit, {.code = 7});
  f.CallbackBegun(kExit, {.code = 7});
  EXPECT_THAT(f.Differences(),
              ElementsAre("exit was called back while the callback of exit was running",
                          "exit was called back once more"));
}

TEST(ContainerModel, EventsDuringACreateWaitForItsStart) {
  ModelFeed f;
  f.CreateBegun().CreateSent().Paused().Exit(3).CreateAnswered();
  f.Called(kStart).Called(kPause).CreateReturned().Called(kExit, {.code = 3}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ContainerModel, AnEventOvertakesTheStart) {
  ModelFeed f;
  f.Creating().Paused().Called(kPause);
  EXPECT_THAT(f.Differences(),
              ElementsAre("pause was called back before its container was called back as running"));
}

TEST(ContainerModel, AnExitOvertakesTheStart) {
  ModelFeed f;
  f.Creating().Exit(1).Called(kExit, {.code = 1});
  EXPECT_THAT(f.Differences(), ElementsAre("exit was called back before its start-container"));
}

TEST(ContainerModel, CallbacksFollowTheOrderOfTheirEvents) {
  ModelFeed f;
  f.Created().Paused().Resumed().Called(kResume).Called(kPause);
  EXPECT_THAT(
      f.Differences(),
      ElementsAre("resume was called back before the pause whose event had been delivered first"));
}

TEST(ContainerModel, CallbacksOfOneContainerTakeTurns) {
  ModelFeed f;
  f.Created().Paused().Resumed().CallbackBegun(kPause).CallbackBegun(kResume);
  EXPECT_THAT(f.Differences(),
              ElementsAre("resume was called back while the callback of pause was running"));
}

TEST(ContainerModel, WhatStandsBeforeTheExitMayNotBeLeftOut) {
  ModelFeed f;
  f.Created().Paused().Exit(1).BundleRemoved().Called(kExit, {.code = 1});
  EXPECT_THAT(f.Differences(),
              ElementsAre("exit was called back before the pause that had to come first"));
}

TEST(ContainerModel, WhatComesBehindTheExitIsDropped) {
  ModelFeed f;
  f.Created().Exit(1).Paused().BundleRemoved().Called(kExit, {.code = 1}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.Created().Exit(1).Paused().Called(kPause);
  EXPECT_THAT(g.Differences(),
              ElementsAre("pause was called back without a pause event of this life"));
}

TEST(ContainerModel, TheBundleIsGoneWhenTheExitIsTold) {
  ModelFeed f;
  f.Created().Exit(1).Called(kExit, {.code = 1});
  EXPECT_THAT(f.Differences(), ElementsAre("its bundle was there when its exit was called back"));
  ModelOptions keeps;
  keeps.keeps_bundles = true;
  ModelFeed g(keeps);
  g.Created().Exit(1).Called(kExit, {.code = 1}).Rest(false);
  EXPECT_THAT(g.Differences(), IsEmpty());
}

TEST(ContainerModel, WhatRunsIsTrackedAndWhatIsGoneIsNot) {
  ModelFeed f;
  f.Created().Rest(false);
  EXPECT_THAT(f.Differences(), ElementsAre("it is not tracked, but runs"));
  ModelFeed g;
  g.Created().Exit(1).BundleRemoved().Called(kExit, {.code = 1}).Rest(true);
  EXPECT_THAT(g.Differences(), ElementsAre("it is tracked, but nothing of it is left"));
}

// Repetitions and earlier lives

TEST(ContainerModel, ARepeatedEventIsDropped) {
  ModelFeed f;
  f.Created().Oom({.stamp = 5}).Oom({.stamp = 5}).Called(kOom);
  EXPECT_THAT(f.Differences(), IsEmpty());
  f.Called(kOom);
  EXPECT_THAT(f.Differences(), ElementsAre("oom was called back without a oom event of this life"));
}

TEST(ContainerModel, ARepeatedExitDoesNotEndTheNextLife) {
  ModelFeed f;
  f.Created().Exit(1, {.stamp = 5}).BundleRemoved().Called(kExit, {.code = 1});
  f.Created().Exit(1, {.stamp = 5}).Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
  f.BundleRemoved().Called(kExit, {.code = 1});
  EXPECT_THAT(f.Differences(), ::testing::SizeIs(1));
}

TEST(ContainerModel, AnEventOfAnEarlierLifeTouchesNothing) {
  ModelFeed f;
  f.Created().Exit(9, {.life = EventLife::kEarlier}).Oom({.life = EventLife::kEarlier});
  f.Exit(2).BundleRemoved().Called(kExit, {.code = 2});
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ContainerModel, WhatNobodyCanTellApartMayBeToldOrNot) {
  for (const bool told : {false, true}) {
    ModelFeed f;
    f.Created().Paused({.life = EventLife::kUnclear});
    if (told) f.Called(kPause);
    f.Exit(2).BundleRemoved().Called(kExit, {.code = 2}).Rest(false);
    EXPECT_THAT(f.Differences(), IsEmpty()) << told;
  }
}

// OOM

TEST(ContainerModel, AnOomIsToldAndFlagsTheExit) {
  ModelFeed f;
  f.Created().Oom().Called(kOom).Exit(137).BundleRemoved();
  f.Called(kExit, {.code = 137, .oom = true}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ContainerModel, AFlagThatIsMissing) {
  ModelFeed f;
  f.Created().Oom().Called(kOom).Exit(137).BundleRemoved().Called(kExit, {.code = 137});
  EXPECT_THAT(f.Differences(),
              ElementsAre("exit is not flagged OOM-killed, but an oom of this life had been "
                          "delivered before it"));
}

// The first may be another life's; whichever of them the one callback was of, nothing is missing.
TEST(ContainerModel, AnOomThatMayBeMissingIsNotTakenForTheOneThatMayNot) {
  ModelFeed f;
  f.Created().Oom({.life = EventLife::kUnclear}).Oom().Called(kOom);
  f.Exit(137).BundleRemoved().Called(kExit, {.code = 137, .oom = true}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.Created().Oom({.life = EventLife::kUnclear}).Oom();
  g.Exit(137).BundleRemoved().Called(kExit, {.code = 137, .oom = true});
  EXPECT_THAT(g.Differences(),
              ElementsAre("exit was called back before the oom that had to come first"));
}

TEST(ContainerModel, AnOomBehindTheExitIsTooLate) {
  ModelFeed f;
  f.Created().Exit(137).Oom().BundleRemoved().Called(kExit, {.code = 137}).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.Created().Exit(137).Oom().BundleRemoved().Called(kExit, {.code = 137, .oom = true});
  EXPECT_THAT(g.Differences(),
              ElementsAre("exit is flagged OOM-killed, but no oom of this life had "
                          "been delivered before it"));
}

TEST(ContainerModel, TheFlagEndsWithItsLife) {
  ModelFeed f;
  f.Created().Oom().Called(kOom).Exit(137).BundleRemoved();
  f.Called(kExit, {.code = 137, .oom = true});
  f.Created().Exit(0).BundleRemoved().Called(kExit, {.code = 0, .oom = true});
  EXPECT_THAT(f.Differences(),
              ElementsAre("exit is flagged OOM-killed, but no oom of this life had "
                          "been delivered before it"));
}

TEST(ContainerModel, AnExecIsNeverFlagged) {
  ModelFeed f;
  f.Created().Added(kE1).Oom().Called(kOom).ExecExit(kE1, 137);
  f.Called(kExitProcess, {.process = kE1, .code = 137, .oom = true});
  EXPECT_THAT(f.Differences(),
              ElementsAre("e1: exit-process is flagged OOM-killed, which only an exit can be"));
}

TEST(ContainerModel, EachOomIsTold) {
  ModelFeed f;
  f.Created().Oom().Oom().Called(kOom).Rest();
  EXPECT_THAT(f.Differences(), ElementsAre("oom was never called back"));
}

// Pause and resume

TEST(ContainerModel, APauseReturnsAfterItsCallback) {
  ModelFeed f;
  f.Created().ChangeBegun(kPause).Paused().Called(kPause).ChangeReturned();
  f.ChangeBegun(kResume).Resumed().CallbackBegun(kResume);
  EXPECT_THAT(f.Differences(), IsEmpty());
  f.ChangeReturned();
  EXPECT_THAT(f.Differences(), ElementsAre("resume succeeded without a resume callback, of an "
                                           "event since its begin, that had ended"));
}

TEST(ContainerModel, OneCallbackReleasesOneCall) {
  ModelFeed f;
  f.Created().ChangeBegun(kPause).Paused().Called(kPause).ChangeReturned();
  f.ChangeBegun(kPause).ChangeReturned();
  EXPECT_THAT(
      f.Differences(),
      ElementsAre(
          "pause succeeded without a pause callback, of an event since its begin, that had ended"));
}

TEST(ContainerModel, ACallNeedsAnEventOfItsOwn) {
  ModelFeed f;
  f.Created().Paused().CallbackBegun(kPause).ChangeBegun(kPause).CallbackEnded().ChangeReturned();
  EXPECT_THAT(f.Differences(),
              ElementsAre("pause succeeded without a pause callback, of an event since its begin, "
                          "that had ended"));
}

TEST(ContainerModel, APauseThatFailsOwesNothing) {
  ModelFeed f;
  f.Created().ChangeBegun(kPause).ChangeReturned(ErrorCode::kUnknown).Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

// Creates that fail

TEST(ContainerModel, ARefusedCreateOwesNothingAndTracksNothing) {
  ModelFeed f;
  f.CreateBegun().CreateSent().CreateAnswered(Answer::kRefused).Exit(1);
  f.CreateReturned(ErrorCode::kUnknown).Exit(1).Oom().Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
  f.Called(kExit, {.code = 1});
  EXPECT_THAT(f.Differences(), ElementsAre("exit was called back though nothing was tracked"));
}

TEST(ContainerModel, ARefusedCreateLeavesNoBundle) {
  ModelFeed f;
  f.Creating().CreateAnswered(Answer::kRefused).CreateReturned(ErrorCode::kUnknown).Rest(false);
  EXPECT_THAT(f.Differences(), ElementsAre("its bundle was never removed"));
}

TEST(ContainerModel, ACreateSucceedsExactlyWithItsStart) {
  ModelFeed f;
  f.Creating().CreateReturned();
  EXPECT_THAT(f.Differences(), ElementsAre("create succeeded without a start-container callback "
                                           "that had ended well"));
  ModelFeed g;
  g.Creating().Called(kStart).CreateReturned(ErrorCode::kUnknown);
  EXPECT_THAT(g.Differences(),
              ElementsAre("create failed although its start-container callback had ended well"));
}

TEST(ContainerModel, AFailedStartCallbackCondemnsTheContainer) {
  ModelFeed f;
  f.Creating().CallbackBegun(kStart).CallbackEnded(/*failed=*/true);
  f.CreateReturned(ErrorCode::kInternal).Exit(137).BundleRemoved().Rest();
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.Creating().CallbackBegun(kStart).CallbackEnded(/*failed=*/true).Exit(137);
  g.Called(kExit, {.code = 137});
  EXPECT_THAT(g.Differences(),
              ElementsAre("exit was called back though its container had never been told of"));
}

TEST(ContainerModel, ALostAnswerMayMeanEither) {
  ModelFeed f;
  f.CreateBegun().CreateSent().CreateAnswered(Answer::kUnknown).Called(kStart).CreateReturned();
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.CreateBegun().CreateSent().CreateAnswered(Answer::kUnknown);
  g.CreateReturned(ErrorCode::kUnavailable).Exit(137).Rest();
  EXPECT_THAT(g.Differences(), IsEmpty());
}

TEST(ContainerModel, NoSecondCreateWhileOneIsTracked) {
  ModelFeed f;
  f.Created().CreateBegun().CreateSent();
  EXPECT_THAT(f.Differences(), ElementsAre("CreateContainer was sent although a container of that "
                                           "id is tracked"));
}

TEST(ContainerModel, ARefusalNeedsSomethingTracked) {
  ModelFeed f;
  f.Created().CreateBegun().CreateReturned(ErrorCode::kAlreadyExists);
  EXPECT_THAT(f.Differences(), IsEmpty());
  f.Exit(1).BundleRemoved().Called(kExit, {.code = 1});
  f.CreateBegun().CreateReturned(ErrorCode::kAlreadyExists);
  EXPECT_THAT(f.Differences(),
              ElementsAre("create was refused as already active, but nothing was tracked"));
}

TEST(ContainerModel, TheNextLifeBeginsBehindTheExitCallback) {
  ModelFeed f;
  f.Created().Exit(1).BundleRemoved().CallbackBegun(kExit, {.code = 1});
  f.CreateBegun().CreateSent();
  EXPECT_THAT(f.Differences(), ElementsAre("CreateContainer was sent although a container of that "
                                           "id is tracked"));
}

TEST(ContainerModel, TheAttachOfInitComesFirst) {
  ModelFeed f;
  f.CreateBegun();
  f.model.CreateSent({});
  EXPECT_THAT(f.Differences(),
              ElementsAre("CreateContainer was sent before the attach of init had ended"));
}

TEST(ContainerModel, ClosingOwesNothing) {
  ModelFeed f;
  f.Created().Exit(1);
  f.model.Closing();
  f.Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

}  // namespace
}  // namespace scenarios::testing
