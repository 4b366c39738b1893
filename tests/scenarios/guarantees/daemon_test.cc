#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kComeback = "daemon-comes-back";
constexpr std::string_view kRetry = "retry-is-bounded";
constexpr std::string_view kKill = "kill-needs-proof";
constexpr auto kStarted = EntryKind::kDaemonStarted;
constexpr auto kAdopted = EntryKind::kDaemonAdopted;
constexpr auto kRefused = EntryKind::kDaemonRefused;
constexpr auto kSignalled = EntryKind::kDaemonSignalled;
constexpr auto kEnded = EntryKind::kDaemonEnded;
constexpr Details kSigkill{.code = 9};

// Three failed checks, after the daemon had been well.
JournalBuilder& Hangs(JournalBuilder& j) {
  j.Health(true);
  for (int i = 0; i < 3; ++i) j.Wait(seconds(3)).Health(false);
  return j;
}

TEST(DaemonComesBack, HoldsForADaemonThatIsRestarted) {
  for (const auto first : {kStarted, kAdopted}) {
    JournalBuilder j;
    j.Daemon(first, 7).Stream(1);
    Hangs(j).Daemon(kSignalled, 7, kSigkill).Daemon(kEnded, 7).StreamEnd(true).Wait(seconds(5));
    j.Stream(1).Daemon(kStarted, 8).Wait(seconds(1)).Health(true);
    EXPECT_TRUE(Held(kComeback, j));
  }
}

TEST(DaemonComesBack, BrokenByAStreamThatIsNotOpenedAgain) {
  JournalBuilder j;
  j.Stream(1);
  const auto end = j.StreamEnd(true).Last();
  j.Wait(seconds(7));
  const auto late = j.Stream(1).Last();
  EXPECT_TRUE(
      Broken(kComeback, j,
             {{"the event stream ended and was opened again only after 7000 ms", {end, late}}}));
  JournalBuilder never;
  const auto last = never.Stream(1).StreamEnd(true).Last();
  never.Wait(seconds(7)).Note("rest");
  EXPECT_TRUE(
      Broken(kComeback, never, {{"the event stream ended and was never opened again", {last}}}));
}

TEST(DaemonComesBack, BrokenByChecksThatEnd) {
  JournalBuilder j;
  const auto check = j.Health(true).Wait(milliseconds(500)).Health(false).Last();
  j.Wait(seconds(6)).Note("rest");
  EXPECT_TRUE(Broken(kComeback, j, {{"the health checks ended", {check}}}));
  const auto late = j.Health(true).Last();
  EXPECT_TRUE(Broken(kComeback, j, {{"no health check for 6000 ms", {check, late}}}));
}

TEST(DaemonComesBack, BrokenByADaemonThatIsNotStartedAgain) {
  for (const auto first : {kStarted, kAdopted}) {
    JournalBuilder j;
    const auto ended = j.Daemon(first, 7).Daemon(kEnded, 7).Last();
    j.Wait(seconds(32)).Note("rest");
    EXPECT_TRUE(Broken(kComeback, j, {{"the daemon ended and was never started again", {ended}}}));
    const auto started = j.Daemon(kStarted, 8).Last();
    EXPECT_TRUE(
        Broken(kComeback, j,
               {{"the daemon ended and was started again only after 32000 ms", {ended, started}}}));
  }
}

TEST(DaemonComesBack, BrokenByAStartThatFailsForGood) {
  JournalBuilder j;
  j.Daemon(kStarted, 7).Daemon(kEnded, 7);
  const auto failed = j.Wait(seconds(1)).Daemon(kStarted, 0, {.failed = true}).Last();
  j.Wait(seconds(32)).Note("rest");
  EXPECT_TRUE(Broken(kComeback, j, {{"the daemon ended and was never started again", {failed}}}));
}

TEST(DaemonComesBack, BrokenByADaemonThatMayHang) {
  JournalBuilder j;
  j.Daemon(kStarted, 7);
  const auto third = Hangs(j).Last();
  j.Wait(seconds(3)).Health(false);
  EXPECT_TRUE(Broken(kComeback, j,
                     {{"daemon 7 failed 3 health checks in a row and was never ended",
                       {third - 2, third - 1, third, third + 1}}}));
  const auto signal = j.Daemon(kSignalled, 7, kSigkill).Last();
  EXPECT_TRUE(Broken(kComeback, j,
                     {{"daemon 7 failed 3 health checks in a row and was not ended at once",
                       {third - 2, third - 1, third, third + 1, signal}}}));
}

TEST(DaemonComesBack, AfterCloseNothingIsOwed) {
  for (const bool gone : {false, true}) {
    JournalBuilder j;
    j.Daemon(kStarted, 7).Stream(1).StreamEnd().Stream(1).Health(true).Health(true);
    j.Wait(milliseconds(500)).StreamEnd().Wait(milliseconds(100)).Stream(1);
    if (gone) j.EngineGone();
    if (!gone) j.CallBegin("close", "");
    j.StreamEnd().Daemon(kEnded, 7).Wait(seconds(60)).Note("rest");
    EXPECT_TRUE(Held(kComeback, j));
  }
}

TEST(DaemonComesBack, BrokenByWhatHadNotComeBeforeClose) {
  JournalBuilder j;
  const auto ended = j.Daemon(kStarted, 7).Daemon(kEnded, 7).Last();
  j.Wait(seconds(32)).CallBegin("close", "");
  EXPECT_TRUE(Broken(kComeback, j, {{"the daemon ended and was never started again", {ended}}}));
}

TEST(DaemonComesBack, NotObservableWithoutAnEndOrASecondCheck) {
  EXPECT_TRUE(NotObservable(
      kComeback, JournalBuilder().Daemon(kStarted, 7).Stream(1).Health(true).Note("rest")));
}

TEST(RetryIsBounded, HoldsForPausesThatDouble) {
  JournalBuilder j;
  j.Stream(1);
  for (const int pause : {75, 150, 400, 600, 1600, 2400, 3750, 3750}) {
    j.StreamEnd(true).Wait(milliseconds(pause)).Stream(1);
  }
  j.Delivered("oom", "c1").StreamEnd(true).Wait(milliseconds(75)).Stream(1).Wait(seconds(2));
  j.StreamEnd(true).Wait(milliseconds(75)).Stream(1).Stream(0, true).StreamEnd();
  EXPECT_TRUE(Held(kRetry, j));
}

TEST(RetryIsBounded, BrokenBySpinning) {
  JournalBuilder j;
  const auto end = j.Stream(1).StreamEnd(true).Last();
  const auto again = j.Wait(milliseconds(1)).Stream(1).Last();
  EXPECT_TRUE(Broken(kRetry, j,
                     {{"the event stream was opened again 1 ms after its end, expected a pause of "
                       "100 ms",
                       {end, again}}}));
}

TEST(RetryIsBounded, BrokenByPausesThatDoNotGrow) {
  JournalBuilder j;
  j.Stream(1).StreamEnd(true).Wait(milliseconds(100)).Stream(1);
  const auto end = j.StreamEnd(true).Last();
  const auto again = j.Wait(milliseconds(100)).Stream(1).Last();
  EXPECT_TRUE(Broken(kRetry, j,
                     {{"the event stream was opened again 100 ms after its end, expected a pause "
                       "of 200 ms",
                       {end, again}}}));
}

TEST(RetryIsBounded, NotObservableWithoutASecondStream) {
  EXPECT_TRUE(NotObservable(kRetry, JournalBuilder().Stream(1).StreamEnd()));
}

TEST(KillNeedsProof, HoldsForADaemonThatHangs) {
  for (const auto first : {kStarted, kAdopted}) {
    JournalBuilder j;
    j.Daemon(first, 7);
    Hangs(j).Daemon(kSignalled, 7, kSigkill).Daemon(kEnded, 7).Wait(milliseconds(100));
    EXPECT_TRUE(Held(kKill, j.Daemon(kStarted, 8)));
  }
}

TEST(KillNeedsProof, HoldsForCleanup) {
  JournalBuilder j;
  j.Daemon(kStarted, 7).Health(true).CallBegin("cleanup", "").Daemon(kSignalled, 7, {.code = 15});
  EXPECT_TRUE(Held(kKill, j.CallEnd("cleanup", "")));
}

TEST(KillNeedsProof, BrokenByFailuresThatAreNotInARow) {
  JournalBuilder j;
  j.Daemon(kStarted, 7);
  const auto last = Hangs(j).Health(true).Health(false).Last();
  const auto kill = j.Daemon(kSignalled, 7, kSigkill).Last();
  EXPECT_TRUE(
      Broken(kKill, j,
             {{"daemon 7 was sent signal 9 after 1 failed health checks in a row, 3 are needed",
               {last, kill}}}));
}

// It finds its containers again.
TEST(KillNeedsProof, BrokenRightAfterAStart) {
  JournalBuilder j;
  j.Daemon(kStarted, 7);
  for (int i = 0; i < 3; ++i) j.Wait(seconds(2)).Health(false);
  const auto kill = j.Daemon(kSignalled, 7, kSigkill).Last();
  EXPECT_TRUE(
      Broken(kKill, j,
             {{"daemon 7 was sent signal 9 after 0 failed health checks in a row, 3 are needed",
               {kill}}}));
}

TEST(KillNeedsProof, BrokenByAForeignProcess) {
  JournalBuilder j;
  const auto refused = Hangs(j).Daemon(kRefused, 7).Last();
  const auto kill = j.Daemon(kSignalled, 7, kSigkill).Last();
  const auto other = j.Daemon(kSignalled, 9, kSigkill).Last();
  EXPECT_TRUE(Broken(kKill, j,
                     {{"daemon 7 was sent signal 9 though it is not ours", {refused, kill}},
                      {"daemon 9 was sent signal 9 without proof that it is ours", {other}}}));
}

TEST(KillNeedsProof, BrokenByANumberThatIsAnybodysNow) {
  JournalBuilder j;
  j.Daemon(kStarted, 7);
  const auto kill = Hangs(j).Daemon(kEnded, 7).Daemon(kSignalled, 7, kSigkill).Last();
  EXPECT_TRUE(
      Broken(kKill, j, {{"daemon 7 was sent signal 9 without proof that it is ours", {kill}}}));
}

TEST(KillNeedsProof, BrokenByStartsWithoutAPause) {
  JournalBuilder j;
  const auto first = j.Daemon(kStarted, 7).Last();
  const auto second = j.Daemon(kEnded, 7).Wait(milliseconds(20)).Daemon(kStarted, 8).Last();
  EXPECT_TRUE(Broken(kKill, j, {{"the daemon was started twice within 20 ms", {first, second}}}));
}

TEST(KillNeedsProof, NotObservableWithoutADaemon) {
  EXPECT_TRUE(NotObservable(kKill, JournalBuilder().Health(false).Daemon(kAdopted, 7)));
}

}  // namespace
}  // namespace scenarios::testing
