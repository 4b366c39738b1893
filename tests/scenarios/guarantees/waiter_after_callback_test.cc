#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kWaiterAfterCallback = "waiter-after-callback";

TEST(WaiterAfterCallback, HoldsWhenTheCallbackEndedDuringTheCall) {
  JournalBuilder j;
  j.CallBegin("pause", "c1").Callback("pause", "c1").CallEnd("pause", "c1");
  j.CallBegin("resume", "c1").Callback("resume", "c1", {.failed = true}).CallEnd("resume", "c1");
  EXPECT_TRUE(Held(kWaiterAfterCallback, j));
}

TEST(WaiterAfterCallback, BrokenByASuccessBeforeTheCallbackHasEnded) {
  JournalBuilder j;
  const auto call = j.CallBegin("pause", "c1").CallbackBegin("pause", "c1").Last() - 1;
  const auto end = j.CallEnd("pause", "c1").Last();
  j.CallbackEnd("pause", "c1");
  EXPECT_TRUE(Broken(kWaiterAfterCallback, j,
                     {{"c1: pause succeeded before its callback had ended", {call, end}}}));
}

TEST(WaiterAfterCallback, BrokenByTheCallbackOfAnEarlierOne) {
  JournalBuilder j;
  j.CallBegin("pause", "c1").Callback("pause", "c1").CallEnd("pause", "c1");
  const auto call = j.CallBegin("pause", "c1").Last();
  const auto end = j.CallEnd("pause", "c1").Last();
  EXPECT_TRUE(Broken(kWaiterAfterCallback, j,
                     {{"c1: pause succeeded before its callback had ended", {call, end}}}));
}

TEST(WaiterAfterCallback, BrokenByTheCallbackOfAnotherStateOrContainer) {
  JournalBuilder j;
  const auto call = j.CallBegin("pause", "c1").Last();
  j.Callback("resume", "c1").Callback("pause", "c2");
  const auto end = j.CallEnd("pause", "c1").Last();
  EXPECT_TRUE(Broken(kWaiterAfterCallback, j,
                     {{"c1: pause succeeded before its callback had ended", {call, end}}}));
}

TEST(WaiterAfterCallback, NotObservableWithoutASuccessOrCallbacks) {
  JournalBuilder failed;
  failed.CallBegin("pause", "c1").CallEnd("pause", "c1", {.code = 4, .failed = true});
  failed.Callback("pause", "c1");
  EXPECT_TRUE(NotObservable(kWaiterAfterCallback, failed));
  EXPECT_TRUE(NotObservable(kWaiterAfterCallback,
                            JournalBuilder().CallBegin("pause", "c1").CallEnd("pause", "c1")));
}

}  // namespace
}  // namespace scenarios::testing
