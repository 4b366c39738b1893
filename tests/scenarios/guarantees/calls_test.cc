#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kReturn = "calls-return";
constexpr std::string_view kSignal = "signal-never-waits";
constexpr std::string_view kReentry = "callbacks-may-call";
constexpr Details kLate{.code = 4, .failed = true};

TEST(CallsReturn, HoldsAtTheDeadline) {
  JournalBuilder j;
  j.CallBegin("stats", "c1").Wait(seconds(30)).CallEnd("stats", "c1", kLate);
  j.CallBegin("create", "c1").Wait(seconds(150)).CallEnd("create", "c1", kLate);
  j.CallBegin("pause", "c1").Wait(seconds(40)).CallEnd("pause", "c1", kLate);
  j.CallBegin("resize", "c1", {.stamp = 60'000'000'000}).Wait(seconds(60));
  j.CallEnd("resize", "c1", kLate);
  EXPECT_TRUE(Held(kReturn, j));
}

TEST(CallsReturn, HoldsWithTheCallbacksThatItWaitsFor) {
  JournalBuilder j;
  j.CallBegin("create", "c1").CallbackBegin("start-container", "c1").Wait(seconds(400));
  j.CallbackEnd("start-container", "c1").Wait(seconds(150)).CallEnd("create", "c1", kLate);
  j.CallBegin("restore", "c1").CallbackBegin("oom", "c1").Wait(seconds(400)).Note("it is held");
  EXPECT_TRUE(Held(kReturn, j));
}

TEST(CallsReturn, BrokenByAPauseThatWaitsForACallbackPastItsDeadline) {
  JournalBuilder late;
  const auto call = late.CallBegin("pause", "c1").CallbackBegin("oom", "c1").Last() - 1;
  late.Wait(seconds(50)).CallbackEnd("oom", "c1");
  const auto end = late.CallEnd("pause", "c1").Last();
  EXPECT_TRUE(
      Broken(kReturn, late,
             {{"pause of c1 returned after 50000 ms, its deadline is 40000 ms", {call, end}}}));

  JournalBuilder never;
  const auto resume = never.CallBegin("resume", "c1").CallbackBegin("oom", "c1").Last() - 1;
  never.Wait(seconds(50)).Note("it is held");
  EXPECT_TRUE(Broken(kReturn, never,
                     {{"resume of c1 never returned, its deadline is 40000 ms", {resume}}}));
}

TEST(CallsReturn, BrokenPastTheDeadline) {
  JournalBuilder j;
  const auto call = j.CallBegin("stats", "c1").CallbackBegin("oom", "c2").Last() - 1;
  const auto end = j.Wait(seconds(32)).CallEnd("stats", "c1", kLate).Last();
  EXPECT_TRUE(
      Broken(kReturn, j,
             {{"stats of c1 returned after 32000 ms, its deadline is 30000 ms", {call, end}}}));
  EXPECT_TRUE(Held(kReturn, j, {.stepped_clock = true}));  // it was one step
}

TEST(CallsReturn, BrokenPastADeadlineOfItsOwn) {
  JournalBuilder j;
  const auto call = j.CallBegin("version", "", {.stamp = 1'000'000'000}).Last();
  const auto end = j.Wait(seconds(4)).Note("a step").Wait(seconds(4)).CallEnd("version", "").Last();
  const std::vector<Violation> expected{
      {"version returned after 8000 ms, its deadline is 1000 ms", {call, end}}};
  EXPECT_TRUE(Broken(kReturn, j, expected));
  EXPECT_TRUE(Broken(kReturn, j, expected, {.stepped_clock = true}));
}

TEST(CallsReturn, BrokenWhenItNeverReturns) {
  JournalBuilder j;
  const auto call = j.CallBegin("pause", "c1").Wait(seconds(40)).Note("soon").Last() - 1;
  EXPECT_TRUE(Held(kReturn, j));
  j.Wait(seconds(2)).Note("rest");
  EXPECT_TRUE(
      Broken(kReturn, j, {{"pause of c1 never returned, its deadline is 40000 ms", {call}}}));
}

TEST(CallsReturn, BrokenByAPauseThatGoesOnAfterTheExit) {
  JournalBuilder j;
  const auto call = j.Created("c1").CallBegin("pause", "c1").Last();
  const auto exit = j.Event("exit", "c1", {.process = "init"}).Last();
  const auto end = j.Callback("exit", "c1").Wait(seconds(5)).CallEnd("pause", "c1", kLate).Last();
  EXPECT_TRUE(
      Broken(kReturn, j,
             {{"pause of c1 went on for 5000 ms after its container's exit had been delivered",
               {call, exit, end}}}));
}

TEST(CallsReturn, AfterTheExitAPauseWaitsForItsReply) {
  JournalBuilder j;
  j.Created("c1").CallBegin("pause", "c1").RpcBegin("UpdateContainer", "c1");
  j.Event("exit", "c1", {.process = "init"}).Wait(seconds(5)).RpcEnd("UpdateContainer", "c1");
  EXPECT_TRUE(Held(kReturn, j.CallEnd("pause", "c1", kLate)));
}

TEST(CallsReturn, BrokenByOneThatOutlivesTheClient) {
  JournalBuilder j;
  const auto call = j.CallBegin("stats", "c1").Last();
  const auto end = j.CallBegin("close", "").CallEnd("close", "").Last();
  EXPECT_TRUE(Broken(kReturn, j,
                     {{"stats of c1 had not returned when the client was closed", {call, end}}}));
}

TEST(CallsReturn, OneOfAnEngineThatIsGoneNeedNot) {
  JournalBuilder j;
  j.CallBegin("stats", "c1").EngineGone().Wait(seconds(60)).EngineBack();
  EXPECT_TRUE(Held(kReturn, j));
}

TEST(CallsReturn, NotObservableWithoutACall) {
  EXPECT_TRUE(NotObservable(kReturn, JournalBuilder().CallBegin("close", "").CallEnd("close", "")));
}

TEST(SignalNeverWaits, HoldsWhileTheContainerIsBusy) {
  JournalBuilder j;
  j.CallBegin("add-process", "c1", {.process = "e1"}).CallBegin("signal", "c1");
  j.RpcBegin("Signal", "c1", {.process = "init"}).Wait(seconds(30));
  j.CallEnd("signal", "c1", kLate).CallBegin("signal-process", "c1", {.process = "e1"});
  j.CallEnd("signal-process", "c1", {.process = "e1", .code = 1, .failed = true});  // closed
  EXPECT_TRUE(Held(kSignal, j));
}

TEST(SignalNeverWaits, BrokenByOneThatIsSentLate) {
  JournalBuilder j;
  const auto call = j.CallBegin("signal", "c1").Last();
  const auto rpc = j.Wait(seconds(3)).RpcBegin("Signal", "c1", {.process = "init"}).Last();
  EXPECT_TRUE(Broken(kSignal, j, {{"c1: its signal was sent 3000 ms late", {call, rpc}}}));
}

TEST(SignalNeverWaits, BrokenByOneThatIsNeverSent) {
  JournalBuilder j;
  const auto call = j.CallBegin("signal-process", "c1", {.process = "e1"}).Last();
  j.RpcBegin("Signal", "c1", {.process = "e2"}).Wait(seconds(3)).Note("rest");
  EXPECT_TRUE(Broken(kSignal, j, {{"c1/e1: its signal was never sent", {call}}}));
  const auto end = j.CallEnd("signal-process", "c1", {.process = "e1"}).Last();
  EXPECT_TRUE(Broken(kSignal, j, {{"c1/e1: its signal was never sent", {call, end}}}));
}

TEST(SignalNeverWaits, NotObservableWithoutASignalOrRpcs) {
  EXPECT_TRUE(NotObservable(kSignal, JournalBuilder().Created("c1")));
  EXPECT_TRUE(
      NotObservable(kSignal, JournalBuilder().CallBegin("signal", "c1").CallEnd("signal", "c1")));
}

TEST(CallbacksMayCall, HoldsWhenTheyReturn) {
  JournalBuilder j;
  j.CallbackBegin("exit", "c1").CallBegin("create", "c1", {.text = "c1"});
  j.CallEnd("create", "c1", {.code = 9, .failed = true});
  j.CallBegin("create", "c2", {.text = "c1"}).Wait(seconds(9)).CallEnd("create", "c2");
  j.CallBegin("stats", "c1", {.text = "c1"}).CallEnd("stats", "c1").CallbackEnd("exit", "c1");
  EXPECT_TRUE(Held(kReentry, j));
}

TEST(CallbacksMayCall, BrokenByADeadlock) {
  JournalBuilder j;
  const auto call = j.CallbackBegin("oom", "c1").CallBegin("stats", "c1", {.text = "c1"}).Last();
  EXPECT_TRUE(Broken(kReentry, j, {{"stats of c1 from a callback of c1 never returned", {call}}}));
}

TEST(CallbacksMayCall, BrokenByAWaitForItself) {
  for (const std::string_view operation : {"create", "pause", "resume", "restore"}) {
    JournalBuilder j;
    const auto call = j.CallBegin(operation, "c1", {.text = "c1"}).Last();
    const auto end = j.Wait(seconds(10)).CallEnd(operation, "c1", kLate).Last();
    EXPECT_TRUE(Broken(
        kReentry, j,
        {{std::string(operation) + " of c1 from a callback of c1 was refused only after 10000 ms",
          {call, end}}}));
  }
}

TEST(CallbacksMayCall, BrokenByASuccessThatCannotBe) {
  JournalBuilder j;
  const auto call = j.CallBegin("pause", "c1", {.text = "c1"}).Last();
  const auto end = j.CallEnd("pause", "c1").Last();
  EXPECT_TRUE(Broken(kReentry, j, {{"pause of c1 from a callback of c1 succeeded", {call, end}}}));
}

TEST(CallbacksMayCall, NotObservableWithoutACallFromACallback) {
  EXPECT_TRUE(NotObservable(kReentry, JournalBuilder().Created("c1").Exited("c1")));
}

// Two under way are not told apart.
TEST(SignalNeverWaits, ALaterOneMayReturnFirst) {
  for (const int sent : {1, 2}) {
    JournalBuilder j;
    const auto first = j.CallBegin("signal", "c1").Last();
    j.CallBegin("signal", "c1").RpcBegin("Signal", "c1", kInit).RpcEnd("Signal", "c1", kInit);
    j.CallEnd("signal", "c1");  // the second
    if (sent == 2) j.RpcBegin("Signal", "c1", kInit).RpcEnd("Signal", "c1", kInit);
    const auto end = j.CallEnd("signal", "c1").Last();
    if (sent == 2) {
      EXPECT_TRUE(Held("signal-never-waits", j));
    } else {
      EXPECT_TRUE(
          Broken("signal-never-waits", j, {{"c1: its signal was never sent", {first, end}}}));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
