#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kCreateStartsOnce = "create-starts-once";

TEST(CreateStartsOnce, HoldsForSuccessAndFailure) {
  JournalBuilder j;
  j.Created("c1").CreateFailed("c2");
  j.Creating("c3").Replied("c3").Callback("start-container", "c3", {.failed = true});
  j.CallEnd("create", "c3", kFailed);
  EXPECT_TRUE(Held(kCreateStartsOnce, j));
}

TEST(CreateStartsOnce, HoldsForACreateThatIsRefusedWhileTheContainerLives) {
  JournalBuilder j;
  j.Creating("c1").CallBegin("create", "c1");
  j.CallEnd("create", "c1", {.code = 6, .failed = true}).Replied("c1");
  EXPECT_TRUE(NotObservable(kCreateStartsOnce, j));
  j.Created("c2").CallBegin("create", "c2").CallEnd("create", "c2", {.code = 6, .failed = true});
  EXPECT_TRUE(Held(kCreateStartsOnce, j));
}

TEST(CreateStartsOnce, HoldsForAStartThatEndedAfterTheCreateHadFailed) {
  JournalBuilder j;
  j.Creating("c1").Replied("c1").CallbackBegin("start-container", "c1");
  j.CallEnd("create", "c1", {.code = 4, .failed = true}).CallbackEnd("start-container", "c1");
  EXPECT_TRUE(Held(kCreateStartsOnce, j));
}

TEST(CreateStartsOnce, BrokenByASuccessWithoutStart) {
  JournalBuilder j;
  const auto create = j.CallBegin("create", "c1").Last();
  const auto end = j.CallEnd("create", "c1").Last();
  EXPECT_TRUE(Broken(kCreateStartsOnce, j,
                     {{"c1: create succeeded without start-container", {create, end}}}));
}

TEST(CreateStartsOnce, BrokenByASuccessBeforeTheStartHasEnded) {
  JournalBuilder j;
  const auto start = j.Creating("c1").Replied("c1").CallbackBegin("start-container", "c1").Last();
  const auto end = j.CallEnd("create", "c1").Last();
  const auto start_end = j.CallbackEnd("start-container", "c1").Last();
  EXPECT_TRUE(Broken(
      kCreateStartsOnce, j,
      {{"c1: create succeeded before its start-container had ended", {start, end, start_end}}}));
}

TEST(CreateStartsOnce, BrokenByASuccessAfterAStartThatFailed) {
  JournalBuilder j;
  j.Creating("c1").Replied("c1");
  const auto start = j.Callback("start-container", "c1", {.failed = true}).Last();
  const auto end = j.CallEnd("create", "c1").Last();
  EXPECT_TRUE(Broken(
      kCreateStartsOnce, j,
      {{"c1: create succeeded though its start-container had failed", {start, start + 1, end}}}));
}

TEST(CreateStartsOnce, BrokenByAFailureAfterAStartThatSucceeded) {
  JournalBuilder j;
  const auto start = j.Creating("c1").Replied("c1").Callback("start-container", "c1").Last();
  const auto end = j.CallEnd("create", "c1", kFailed).Last();
  EXPECT_TRUE(Broken(
      kCreateStartsOnce, j,
      {{"c1: create failed though its start-container had succeeded", {start, start + 1, end}}}));
}

TEST(CreateStartsOnce, BrokenByTwoStarts) {
  JournalBuilder j;
  const auto first = j.Creating("c1").Replied("c1").Callback("start-container", "c1").Last();
  j.CallEnd("create", "c1");
  const auto second = j.Callback("start-container", "c1").Last();
  EXPECT_TRUE(Broken(kCreateStartsOnce, j,
                     {{"c1: start-container was called back 2 times", {first, second}}}));
}

TEST(CreateStartsOnce, NotObservableWithoutAReturnOrWithoutCallbacks) {
  EXPECT_TRUE(NotObservable(
      kCreateStartsOnce,
      JournalBuilder().Creating("c1").Replied("c1").Callback("start-container", "c1")));
  EXPECT_TRUE(NotObservable(kCreateStartsOnce, JournalBuilder().CreateFailed("c1")));
}

}  // namespace
}  // namespace scenarios::testing
