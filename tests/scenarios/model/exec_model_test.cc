// Execs: one exit-process each, before their container's exit, with the right status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/model/model_feed.h"

namespace scenarios::testing {
namespace {

using enum ContainerState;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ExecModel, AnExecsLife) {
  ModelFeed f;
  f.Created().Added(kE1).ExecExit(kE1, 3).Called(kExitProcess, {.process = kE1, .code = 3});
  f.Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, AnExecHasItsOwnCode) {
  ModelFeed f;
  f.Created().Added(kE1).ExecExit(kE1, 3).Called(kExitProcess, {.process = kE1, .code = 0});
  EXPECT_THAT(f.Differences(), ElementsAre("e1: exit-process 0 was called back, expected 3"));
}

TEST(ExecModel, ItsExitNeverEndsTheContainer) {
  ModelFeed f;
  f.Created().Added(kE1).ExecExit(kE1, 3).BundleRemoved().Called(kExit, {.code = 3});
  EXPECT_THAT(f.Differences(),
              ::testing::Contains(::testing::HasSubstr("no exit of init had been delivered")));
}

TEST(ExecModel, ItIsToldOnce) {
  ModelFeed f;
  f.Created().Added(kE1).ExecExit(kE1, 3);
  f.Called(kExitProcess, {.process = kE1, .code = 3});
  f.Called(kExitProcess, {.process = kE1, .code = 3});
  EXPECT_THAT(f.Differences(),
              ElementsAre("e1: exit-process 3 was called back, which nothing accounts for"));
}

TEST(ExecModel, AndNotNever) {
  ModelFeed f;
  f.Created().Added(kE1).ExecExit(kE1, 3).Rest();
  EXPECT_THAT(f.Differences(), ElementsAre("e1: exit-process was never called back"));
}

TEST(ExecModel, InitsExitTakesItAlong) {
  ModelFeed f;
  f.Created().Added(kE1).Exit(0).Wait(milliseconds(50)).BundleRemoved();
  f.Called(kExitProcess, {.process = kE1, .code = 137}).Called(kExit).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, AnExitThatWasAnothersDoesNotSettleItsCode) {
  ModelFeed f;
  f.Created().Added(kE1).Exit(2, {.life = EventLife::kUnclear}).Exit(9).ExecExit(kE1, 5);
  f.Called(kExitProcess, {.process = kE1, .code = 5}).BundleRemoved().Called(kExit, {.code = 9});
  EXPECT_THAT(f.Differences(), IsEmpty());
}

// One exit is the refused one's own; another is that of somebody else's exec.
TEST(ExecModel, ARefusedOneTakesOneExitWithIt) {
  ModelFeed f;
  f.Created().AddBegun(kE1).AddSent(kE1).AddAnswered(kE1).Attached(kE1, true);
  f.AddReturned(kE1, ErrorCode::kInternal).Exit(0).ExecExit(kE1, 137).ExecExit(kE1, 5);
  f.Called(kExitProcess, {.process = kE1, .code = 5}).BundleRemoved().Called(kExit).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, ItComesBeforeItsContainersExit) {
  ModelFeed f;
  f.Created().Added(kE1).Exit(0).Wait(milliseconds(50)).BundleRemoved().Called(kExit);
  EXPECT_THAT(
      f.Differences(),
      ElementsAre("e1: exit was called back before the exit-process that had to come first"));
}

TEST(ExecModel, ItsOwnStatusInTimeCounts) {
  ModelFeed f;
  f.Created().Added(kE1).Exit(0).Wait(milliseconds(40)).ExecExit(kE1, 5).BundleRemoved();
  f.Called(kExitProcess, {.process = kE1, .code = 5}).Called(kExit).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
  ModelFeed g;
  g.Created().Added(kE1).Exit(0).Wait(milliseconds(40)).ExecExit(kE1, 5);
  g.Called(kExitProcess, {.process = kE1, .code = 137});
  EXPECT_THAT(g.Differences(), ElementsAre("e1: exit-process 137 was called back, expected 5"));
}

TEST(ExecModel, ALateOneIsDropped) {
  ModelFeed f;
  f.Created().Added(kE1).Exit(0).Wait(milliseconds(60)).ExecExit(kE1, 5).BundleRemoved();
  f.Called(kExitProcess, {.process = kE1, .code = 137}).Called(kExit).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, NobodyIsGivenUpBeforeTheGrace) {
  ModelFeed f;
  f.Created().Added(kE1).Exit(0).Wait(milliseconds(10));
  f.Called(kExitProcess, {.process = kE1, .code = 137});
  EXPECT_THAT(f.Differences(), ElementsAre("e1: exit-process 137 was called back before the time "
                                           "for its own status had passed"));
}

TEST(ExecModel, TheOrderAmongThoseThatDieTogetherIsFree) {
  ModelFeed f;
  f.Created().Added(kE1).Added(kE2).Exit(0).ExecExit(kE2, 2).ExecExit(kE1, 1).BundleRemoved();
  f.Called(kExitProcess, {.process = kE1, .code = 1});
  f.Called(kExitProcess, {.process = kE2, .code = 2}).Called(kExit).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, AnExitDuringItsAddWaits) {
  ModelFeed f;
  f.Created().AddBegun(kE1).AddSent(kE1).ExecExit(kE1, 4).Paused().Called(kPause);
  f.AddAnswered(kE1).Attached(kE1).Called(kExitProcess, {.process = kE1, .code = 4});
  f.AddReturned(kE1).Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, ItsAttachComesFirst) {
  ModelFeed f;
  f.Created().AddBegun(kE1).AddSent(kE1).ExecExit(kE1, 4);
  f.Called(kExitProcess, {.process = kE1, .code = 4});
  EXPECT_THAT(f.Differences(),
              ElementsAre("e1: exit-process was called back before its attach had ended"));
}

TEST(ExecModel, AFailedAttachAbsorbsTheExit) {
  ModelFeed f;
  f.Created().AddBegun(kE1).AddSent(kE1).AddAnswered(kE1).Attached(kE1, /*failed=*/true);
  f.AddReturned(kE1, ErrorCode::kInternal).ExecExit(kE1, 137).Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
  f.Called(kExitProcess, {.process = kE1, .code = 137});
  EXPECT_THAT(f.Differences(),
              ElementsAre("e1: exit-process 137 was called back, which nothing accounts for"));
}

TEST(ExecModel, AnExitToldOfAnAddThatFails) {
  ModelFeed f;
  f.Created().Adding(kE1).ExecExit(kE1, 4).Called(kExitProcess, {.process = kE1, .code = 4});
  f.AddReturned(kE1, ErrorCode::kAborted);
  EXPECT_THAT(f.Differences(),
              ElementsAre("e1: exit-process was called back though its add-process failed"));
}

TEST(ExecModel, ANameIsBusyUntilItsExitIsTold) {
  ModelFeed f;
  f.Created().Added(kE1).ExecExit(kE1, 4).AddBegun(kE1).AddSent(kE1);
  EXPECT_THAT(f.Differences(), ElementsAre("e1: AddProcess was sent although the exit of the "
                                           "name's last bearer has not been told"));
  ModelFeed g;
  g.Created().Added(kE1).ExecExit(kE1, 4).Called(kExitProcess, {.process = kE1, .code = 4});
  g.Added(kE1).ExecExit(kE1, 5).Called(kExitProcess, {.process = kE1, .code = 5}).Rest(true);
  EXPECT_THAT(g.Differences(), IsEmpty());
}

TEST(ExecModel, AStrangersExitIsToldToo) {
  ModelFeed f;
  f.Created().ExecExit(kE2, 9).Called(kExitProcess, {.process = kE2, .code = 9}).Rest(true);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, AnAddThatSucceedsBehindTheExitIsADifference) {
  ModelFeed f;
  f.Created().Adding(kE1).Exit(0).BundleRemoved().Called(kExit).AddReturned(kE1);
  EXPECT_THAT(f.Differences(), ElementsAre("e1: add-process succeeded, but its container was not "
                                           "running any more"));
}

TEST(ExecModel, AnAddThatFailsWithTheExitOwesNothing) {
  ModelFeed f;
  f.Created().Adding(kE1).Exit(0).AddReturned(kE1, ErrorCode::kAborted).BundleRemoved();
  f.Called(kExit).Rest(false);
  EXPECT_THAT(f.Differences(), IsEmpty());
}

TEST(ExecModel, ItsFifosAreGoneWhenItsExitIsTold) {
  ModelFeed f;
  f.Created().Added(kE1).ExecExit(kE1, 1);
  f.model.FifosMade(kE1, {{}, 9});
  f.Called(kExitProcess, {.process = kE1, .code = 1});
  EXPECT_THAT(f.Differences(),
              ElementsAre("e1: its FIFOs were there when its exit-process was called back"));
}

}  // namespace
}  // namespace scenarios::testing
