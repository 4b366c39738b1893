// What the client makes of lost events, over loopback and many seeds: a stream that is cut, a
// stream that is up and loses, a log that has it, and one that has not.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lib/core/stepped_rig.h"

namespace drydock_tests {
namespace {

using libcontainerd::Deviation;
using libcontainerd::ErrorCode;
using libcontainerd::Method;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Every kind of event that is called back, and what of it.
void LiveAWholeLife(
    Rig& rig, const std::function<void()>& before_each = [] {}) {
  before_each();
  EXPECT_EQ(ResultOf(rig, rig.BeginCreate("c1")), "OK");
  before_each();
  EXPECT_EQ(ResultOf(rig, rig.BeginExec("c1", "e1")), "OK");
  before_each();
  EXPECT_EQ(ResultOf(rig, rig.BeginPause("c1")), "OK");
  before_each();
  EXPECT_EQ(ResultOf(rig, rig.BeginResume("c1")), "OK");
  before_each();
  rig.Oom("c1");
  UntilLine(rig, "c1 oom");
  before_each();
  rig.Exit("c1", "e1", 1);
  UntilLine(rig, "c1 exit-process e1 1");
  before_each();
  rig.Exit("c1", "init", 3);
  UntilLine(rig, "c1 exit 3 oom");
}
const std::vector<std::string> kWholeLife = {"start-container",   "pause",     "resume", "oom",
                                             "exit-process e1 1", "exit 3 oom"};

// --- Cut streams

// From the n-th event on the stream brings nothing any more, and then ends.
TEST(Reconcile, TheStreamIsCutBeforeEveryEvent) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (int n = 1; n <= 7; ++n) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", event " + std::to_string(n));
      Rig rig(Seeded(seed));
      int events = 0;
      bool silent = false;
      bool cut = false;
      rig.api().drops_live = [&](const types::Event& event) {
        if (cut || silent) return silent;
        if (!event.id().starts_with("c1") || ++events < n) return false;
        silent = true;
        asio::post(rig.world().runtime().executor(), [&] {
          cut = true;
          silent = false;
          rig.api().BreakStreams();
        });
        return true;
      };
      LiveAWholeLife(rig);
      EXPECT_EQ(rig.Lines("c1"), kWholeLife);
      EXPECT_TRUE(cut);
      EXPECT_EQ(rig.remote().subscriptions(), 2U);
      rig.Finish();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(Reconcile, TheStreamIsCutBetweenTheSteps) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rig rig(Seeded(seed));
    LiveAWholeLife(rig, [&] { rig.api().BreakStreams(); });
    EXPECT_EQ(rig.Lines("c1"), kWholeLife);
    EXPECT_GT(rig.Dropped().duplicate, 0U) << "it overlaps";
    rig.Finish();
    if (HasFailure()) return;
  }
}

// Every event twice, on every stream, and every stream more than once.
TEST(Reconcile, RepetitionsChangeNothing) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rig rig(Seeded(seed));
    rig.api().duplicates_events = true;
    LiveAWholeLife(rig, [&] {
      rig.api().BreakStreams();
      rig.Advance(seconds(3));
    });
    EXPECT_EQ(rig.Lines("c1"), kWholeLife);
    rig.Finish();
    if (HasFailure()) return;
  }
}

TEST(Reconcile, TheDaemonDiesWithWhatItHadNotSent) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rig rig(Seeded(seed));
    EXPECT_EQ(rig.Create("c1"), "OK");
    EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
    rig.world().HoldSubscribers(true);
    rig.Oom("c1");
    rig.Advance(milliseconds(1));
    rig.world().StopDaemon();
    rig.world().HoldSubscribers(false);
    rig.Exit("c1", "init", 3);
    rig.Advance(seconds(40));  // longer than any reading of the log
    EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container")) << "nobody says that it is gone";
    EXPECT_TRUE(rig.world().StartDaemon());
    UntilLine(rig, "c1 exit 3 oom");
    EXPECT_THAT(rig.Lines("c1"),
                ElementsAre("start-container", "oom", "exit-process e1 137", "exit 3 oom"));
    rig.Finish();
    if (HasFailure()) return;
  }
}

// --- A stream that loses while it is up

TEST(Reconcile, TheLogHasWhatTheStreamLost) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rig rig(Seeded(seed));
    rig.api().drops_live = [](const types::Event& event) { return event.id() == "c1"; };
    LiveAWholeLife(rig);
    EXPECT_EQ(rig.Lines("c1"), kWholeLife);
    EXPECT_EQ(rig.remote().subscriptions(), 1U);
    rig.Finish();
    if (HasFailure()) return;
  }
}

TEST(Reconcile, AFullQueueLosesNothing) {
  RigOptions options;
  options.subscriber_capacity = 8;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    options.seed = seed;
    Rig rig(options);
    EXPECT_EQ(rig.Create("c1"), "OK");
    rig.world().HoldSubscribers(true);
    for (int i = 0; i < 20; ++i) {
      rig.Oom("c1");
      rig.Advance(milliseconds(1));
    }
    rig.Exit("c1", "init", 3);
    rig.Advance(milliseconds(1));
    rig.world().HoldSubscribers(false);
    UntilLine(rig, "c1 exit 3 oom");
    EXPECT_EQ(std::ranges::count(rig.Lines("c1"), "oom"), 20);
    rig.Finish();
    if (HasFailure()) return;
  }
}

TEST(Reconcile, TheReferenceLosesWhatIsLost) {
  Rig rig(Without(Deviation::kReconciled));
  rig.ExpectBroken("one-exit");
  rig.ExpectBroken("nothing-lost-on-reconnect");
  rig.ExpectLeftovers();
  rig.ExpectBroken("returns-to-baseline");
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.api().drops_live = [](const types::Event& event) { return event.id() == "c1"; };
  rig.Exit("c1", "init", 3);
  rig.Advance(seconds(100));
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  EXPECT_THAT(rig.Tracked(), ElementsAre("c1"));
}

TEST(Reconcile, AStreamThatIsUpIsNotHeldUp) {
  Rig rig;
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.api().faults[Method::kState] = FaultyApi::Fault::kHang;
  rig.Advance(seconds(10));
  EXPECT_EQ(rig.api().waiting(), 1U) << "the daemon is asked";
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1 oom");
}

// --- Exits that nobody has

void LoseExits(Rig& rig) {
  rig.api().drops = [](const types::Event& event) { return event.type() == "exit"; };
}

TEST(Reconcile, AContainerThatIsGoneWithoutAWord) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rig rig(Seeded(seed));
    EXPECT_EQ(rig.Create("c1"), "OK");
    EXPECT_EQ(rig.Create("c2"), "OK");
    EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
    rig.Oom("c1");
    std::vector<types::Event> exits;
    rig.api().drops = [&](const types::Event& event) {
      if (event.type() != "exit") return false;
      exits.push_back(event);
      return true;
    };
    const libcontainerd::Duration before = rig.world().runtime().Now();
    rig.Exit("c1", "init", 3);
    UntilLine(rig, "c1 exit 255 oom");
    EXPECT_GE(rig.world().runtime().Now() - before, seconds(2));
    EXPECT_LE(rig.world().runtime().Now() - before, seconds(13));
    EXPECT_THAT(rig.Lines("c1"),
                ElementsAre("start-container", "oom", "exit-process e1 137", "exit 255 oom"));
    EXPECT_THAT(rig.Tracked(), ElementsAre("c2"));
    rig.api().drops = {};
    ASSERT_FALSE(exits.empty());
    rig.client().HandleEvents(exits);
    rig.Advance(seconds(1));
    EXPECT_THAT(rig.Lines("c1").size(), 4U) << "a late exit is dropped";
    EXPECT_THAT(rig.Lines("c2"), ElementsAre("start-container"));
    rig.Finish();
    if (HasFailure()) return;
  }
}

TEST(Reconcile, ALateExitStillSaysHowIfItIsNotTooLate) {
  Rig rig;
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.engine().holds.insert("c1 oom");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.api().drops = [&](const types::Event& event) { return event.type() == "exit"; };
  rig.Exit("c1", "init", 3);
  rig.Advance(seconds(10));
  rig.Advance(seconds(2));
  rig.Advance(seconds(1));
  EXPECT_EQ(rig.Signal("c1", 9), "UNKNOWN containerd: container not found");
  EXPECT_EQ(rig.Pause("c1"), "INVALID_ARGUMENT invalid container: c1") << "it has been concluded";
  rig.api().drops = {};
  rig.api().BreakStreams();
  rig.Advance(seconds(1));
  rig.engine().Release("c1 oom");
  rig.WaitForLine("c1 exit 3 oom");
}

TEST(Reconcile, TheExitComesBetweenTheQuestions) {
  Rig rig;
  EXPECT_EQ(rig.Create("c1"), "OK");
  LoseExits(rig);
  rig.Exit("c1", "init", 3);
  rig.Advance(seconds(10));
  rig.Advance(seconds(1));
  rig.api().drops = {};  // it stands in the log
  rig.Advance(seconds(1));
  EXPECT_TRUE(HasLine(rig, "c1 exit 3"));
}

TEST(Reconcile, OnlyNotFoundMeansGone) {
  const libcontainerd::Error kErrors[] = {
      {ErrorCode::kInternal, "get all pids for container: open: no such file or directory"},
      {ErrorCode::kUnavailable, "transport is closing"},
      {ErrorCode::kDeadlineExceeded, "context deadline exceeded"},
      {ErrorCode::kUnknown, "containerd: process not found for container"},
      {ErrorCode::kUnimplemented, "unknown method State"}};
  for (const libcontainerd::Error& error : kErrors) {
    Rig rig;
    EXPECT_EQ(rig.Create("c1"), "OK");
    LoseExits(rig);
    rig.Exit("c1", "init", 3);
    rig.api().failures[Method::kState] = error;
    for (int i = 0; i < 60; ++i) rig.Advance(seconds(1));
    EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container")) << error.message;
    EXPECT_GE(rig.api().Count(Method::kState), 5U);
    rig.api().failures.clear();
    UntilLine(rig, "c1 exit 255");
  }
}

TEST(Reconcile, OneThatStateKnowsAgainIsNotMissing) {
  Rig rig;
  EXPECT_EQ(rig.Create("c1"), "OK");
  for (int i = 0; i < 5; ++i) {
    rig.api().failures[Method::kState] = {ErrorCode::kUnknown, "containerd: container not found"};
    const std::size_t asked = rig.api().Count(Method::kState);
    Until(
        rig, [&] { return rig.api().Count(Method::kState) > asked; }, "no question");
    rig.api().failures.clear();
    Until(
        rig, [&] { return rig.api().Count(Method::kState) > asked + 1; }, "no second question");
    EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  }
}

TEST(Reconcile, AContainerInCreationIsLeftAlone) {
  Rig rig;
  rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kHang;
  const auto created = rig.BeginCreate("c1");
  for (int i = 0; i < 60; ++i) rig.Advance(seconds(1));
  EXPECT_EQ(rig.api().Count(Method::kState), 0U);
  EXPECT_GE(rig.remote().reconciled(), 6U);
  rig.api().Release();
  EXPECT_EQ(ResultOf(rig, created), "OK");
}

TEST(Reconcile, ManyAreAskedAboutAtOnce) {
  Rig rig;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(rig.Create("c" + std::to_string(i)), "OK");
  rig.Advance(seconds(10));
  EXPECT_EQ(rig.Sent("State"), 1U);
  EXPECT_EQ(rig.api().Count(Method::kState), 1U);
  LoseExits(rig);
  rig.Exit("c7", "init", 1);
  rig.Exit("c9", "init", 1);
  rig.Advance(seconds(10));
  EXPECT_EQ(rig.Sent("State"), 2U);
  EXPECT_EQ(rig.api().Count(Method::kState), 4U);
  UntilLine(rig, "c7 exit 255");
  UntilLine(rig, "c9 exit 255");
  EXPECT_EQ(rig.Tracked().size(), 18U);
  rig.api().drops = {};
}

TEST(Reconcile, OneThatIsKilledForItsFailedCreateComesToItsEnd) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rig rig(Seeded(seed));
    LoseExits(rig);
    rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kLose;
    EXPECT_EQ(rig.Create("c1"), "UNAVAILABLE the answer was lost");
    rig.api().Release();
    Until(
        rig, [&] { return rig.Tracked().empty(); }, "it is tracked for ever");
    EXPECT_FALSE(rig.Runs("c1"));
    EXPECT_THAT(rig.Files("c1"), IsEmpty());
    rig.api().drops = {};
    rig.Finish();
    if (HasFailure()) return;
  }
}

// --- Waits

TEST(Reconcile, AWaitEndsWithTheStreamThatItsEventWentWith) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rig rig(Seeded(seed));
    EXPECT_EQ(rig.Create("c1"), "OK");
    rig.api().drops = [](const types::Event& event) { return event.type() == "pause"; };
    const auto paused = rig.BeginPause("c1");
    rig.Advance(milliseconds(1));
    EXPECT_FALSE(rig.Returned(paused));
    rig.api().BreakStreams();
    rig.Advance(milliseconds(1));
    EXPECT_FALSE(rig.Returned(paused)) << "the log may have it";
    rig.Advance(milliseconds(200));
    EXPECT_TRUE(rig.Returned(paused));
    EXPECT_EQ(ResultOf(rig, paused),
              "UNAVAILABLE container c1: the event stream broke, and its pause event is lost");
    rig.api().drops = {};
    EXPECT_EQ(ResultOf(rig, rig.BeginResume("c1")), "OK") << "a wait of the new stream";
    rig.Finish();
    if (HasFailure()) return;
  }
}

TEST(Reconcile, AWaitWhoseRequestIsUnderWayGoesOn) {
  Rig rig;
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.api().faults[Method::kUpdateContainer] = FaultyApi::Fault::kHang;
  const auto paused = rig.BeginPause("c1");
  rig.Advance(milliseconds(1));
  rig.api().BreakStreams();
  rig.Advance(seconds(1));
  EXPECT_FALSE(rig.Returned(paused));
  rig.api().Release();
  EXPECT_EQ(ResultOf(rig, paused), "OK");
}

// --- Close

TEST(Reconcile, CloseEndsARoundThatHangs) {
  for (const bool hangs_in_log : {false, true}) {
    Rig rig;
    EXPECT_EQ(rig.Create("c1"), "OK");
    if (hangs_in_log) {
      rig.world().HoldSubscribers(true);
    } else {
      rig.api().faults[Method::kState] = FaultyApi::Fault::kHang;
    }
    rig.Advance(seconds(10));
    const libcontainerd::Duration before = rig.world().runtime().Now();
    EXPECT_EQ(Describe(rig.Await(rig.BeginClose())), "OK");
    EXPECT_EQ(rig.world().runtime().Now(), before);
    rig.api().Release();
    rig.world().HoldSubscribers(false);
  }
}

}  // namespace
}  // namespace drydock_tests
