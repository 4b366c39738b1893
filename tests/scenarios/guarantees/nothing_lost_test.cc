#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

using std::chrono::seconds;

constexpr std::string_view kNothingLost = "nothing-lost-on-reconnect";

TEST(NothingLost, HoldsWhenTheStoredLogBringsIt) {
  JournalBuilder j;
  j.Stream(1).Created("c1").StreamEnd(true).Emitted("exit", "c1", kExitOf7).Stream(1000);
  j.Stream(0, true)
      .Read("exit", "c1", kExitOf7)
      .StreamEnd()
      .Wait(seconds(60))
      .Callback("exit", "c1");
  EXPECT_TRUE(Held(kNothingLost, j));
}

TEST(NothingLost, BrokenByAStreamThatBeginsBehindIt) {
  JournalBuilder j;
  j.Stream(1).Created("c1").StreamEnd(true);
  const auto exit = j.Emitted("exit", "c1", kExitOf7).Last();
  const auto stream = j.Stream(5000).Last();
  j.Wait(seconds(3)).Note("rest");
  EXPECT_TRUE(Broken(kNothingLost, j,
                     {{"c1: exit was never delivered, and the stored log was not read again after "
                       "the stream had been reopened",
                       {exit, stream}}}));
}

// A full queue loses an event while the stream is up.
TEST(NothingLost, BrokenByALossThatNobodyLooksFor) {
  JournalBuilder j;
  const auto exit = j.Stream(1).Created("c1").Emitted("exit", "c1", kExitOf7).Last();
  j.Wait(seconds(10)).Note("soon");
  EXPECT_TRUE(Held(kNothingLost, j));
  j.Wait(seconds(3)).Note("rest");
  EXPECT_TRUE(
      Broken(kNothingLost, j,
             {{"c1: exit was never delivered, and the stored log was not read again", {exit}}}));
}

TEST(NothingLost, BrokenByAReadThatLooksElsewhere) {
  for (const int how : {0, 1, 2}) {
    JournalBuilder j;
    const auto exit = j.Stream(1).Created("c1").Emitted("exit", "c1", kExitOf7).Last();
    const bool fails = how == 0;
    if (how == 0) j.Stream(1, true).StreamEnd(fails);
    if (how == 1) j.Stream(j.Clock(), true).StreamEnd();  // strictly after the event
    if (how == 2) j.ReadNothing("c2");
    j.Wait(seconds(12)).Note("rest");
    EXPECT_TRUE(
        Broken(kNothingLost, j,
               {{"c1: exit was never delivered, and the stored log was not read again", {exit}}}));
  }
}

TEST(NothingLost, HoldsWhenTheLogNoLongerHasIt) {
  JournalBuilder j;
  j.Stream(1).Created("c1").Emitted("exit", "c1", kExitOf7).ReadNothing().Wait(seconds(12));
  EXPECT_TRUE(Held(kNothingLost, j.Note("rest")));
}

TEST(NothingLost, AfterTheEngineIsClosedNothingIsOwed) {
  JournalBuilder j;
  j.Stream(1).Created("c1").Event("oom", "c1").CallBegin("close", "").CallEnd("close", "");
  j.Emitted("exit", "c1", kExitOf7).Wait(seconds(60)).Note("rest");
  EXPECT_TRUE(Held(kNothingLost, j));
}

TEST(NothingLost, NotObservableWithoutEmissionsOrStreams) {
  EXPECT_TRUE(NotObservable(kNothingLost, JournalBuilder().Created("c1").Exited("c1")));
  EXPECT_TRUE(NotObservable(
      kNothingLost, JournalBuilder().Stream(1).Created("c1").Delivered("exit", "c1", kExitOf7)));
}

TEST(NothingLost, AClientThatIsClosedMayHaveBeenReading) {
  for (const bool reads : {true, false}) {
    JournalBuilder j;
    j.Stream(1).Created("c1").StreamEnd(true);
    const auto exit = j.Emitted("exit", "c1", kExitOf7).Last();
    const auto stream = j.Stream(5000).Last();
    if (reads) j.Stream(0, true);
    j.Wait(seconds(3)).CallBegin("close", "");
    if (reads) j.StreamEnd(true);
    j.CallEnd("close", "");
    if (reads) {
      EXPECT_TRUE(Held(kNothingLost, j));
      continue;
    }
    EXPECT_TRUE(Broken(kNothingLost, j,
                       {{"c1: exit was never delivered, and the stored log was not read again "
                         "after the stream had been reopened",
                         {exit, stream}}}));
  }
}

}  // namespace
}  // namespace scenarios::testing
