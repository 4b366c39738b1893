#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kCallbacksSerial = "callbacks-serial";

TEST(CallbacksSerial, HoldsWhenOneFollowsTheOther) {
  JournalBuilder j;
  j.Created("c1").Callback("pause", "c1").Callback("resume", "c1").Exited("c1");
  EXPECT_TRUE(Held(kCallbacksSerial, j));
}

TEST(CallbacksSerial, ContainersDoNotConcernEachOther) {
  JournalBuilder j;
  j.Created("c1").Created("c2");
  j.CallbackBegin("pause", "c1").CallbackBegin("pause", "c2");
  j.CallbackEnd("pause", "c1").CallbackEnd("pause", "c2");
  EXPECT_TRUE(Held(kCallbacksSerial, j));
}

TEST(CallbacksSerial, BrokenByACallbackInsideAnother) {
  JournalBuilder j;
  const auto pause = j.Created("c1").CallbackBegin("pause", "c1").Last();
  const auto resume = j.Callback("resume", "c1").Last();
  j.CallbackEnd("pause", "c1").Exited("c1");
  EXPECT_TRUE(Broken(kCallbacksSerial, j,
                     {{"c1: resume was called back while the callback of pause was still running",
                       {pause, resume}}}));
}

TEST(CallbacksSerial, BrokenByTwoOfTheSameState) {
  JournalBuilder j;
  const auto first = j.Created("c1").CallbackBegin("oom", "c1").Last();
  const auto second = j.CallbackBegin("oom", "c1").Last();
  EXPECT_TRUE(Broken(
      kCallbacksSerial, j,
      {{"c1: oom was called back while the callback of oom was still running", {first, second}}}));
}

TEST(CallbacksSerial, NotObservableWithoutCallbacks) {
  EXPECT_TRUE(NotObservable(kCallbacksSerial, JournalBuilder().CreateFailed("c1")));
}

TEST(CallbacksSerial, WhatAnEngineLeftBehindRunsNoMore) {
  JournalBuilder j;
  j.CallbackBegin("oom", "c1").EngineGone().EngineBack().Callback("restore", "c1");
  EXPECT_TRUE(Held(kCallbacksSerial, j));
}

}  // namespace
}  // namespace scenarios::testing
