// What the client makes of lost events, over loopback and many seeds: a stream that is cut, a
// stream that is up and loses, a log that has it, and one that has not. And the cursor meanwhile.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/random.h"
#include "libcontainerd/time_text.h"
#include "tests/conformance/rig.h"

namespace drydock_tests {
namespace {

using libcontainerd::Deviation;
using libcontainerd::ErrorCode;
using libcontainerd::Method;
using libcontainerd::WallTime;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

RigOptions Seeded(std::uint64_t seed) {
  RigOptions options;
  options.seed = seed;
  return options;
}
RigOptions Without(Deviation deviation) {
  RigOptions options;
  options.reference = libcontainerd::ReferenceBehaviour{deviation};
  return options;
}

// Lets virtual time pass until it holds.
void Until(Rig& rig, const std::function<bool()>& condition, const std::string& otherwise) {
  constexpr int kSteps = 600;  // 30 s
  for (int i = 0; i < kSteps; ++i) {
    if (condition()) return;
    rig.Advance(milliseconds(50));
  }
  ADD_FAILURE() << otherwise;
}
bool HasLine(Rig& rig, const std::string& line) {
  return std::ranges::count(rig.engine().lines(), line) > 0;
}
void UntilLine(Rig& rig, const std::string& line) {
  Until(
      rig, [&] { return HasLine(rig, line); }, "no callback \"" + line + "\"");
}
template <class T>
std::string ResultOf(Rig& rig, const Pending<T>& pending) {
  Until(
      rig, [&] { return pending->has_value(); }, "a call did not return");
  return pending->has_value() ? Describe(**pending) : "did not return";
}

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

// --- The cursor

// Of every event that is not newer than the cursor in the store, the callback has ended: whoever
// dies here and begins again there loses nothing.
class CursorWatch {
 public:
  explicit CursorWatch(Rig& rig) : rig_(rig) {}

  void Check() {
    const auto parsed = libcontainerd::ParseTime(rig_.cursor().text());
    if (!parsed) {
      EXPECT_EQ(rig_.cursor().text(), "") << "torn";
      return;
    }
    EXPECT_GE(*parsed, last_) << "it went back";
    if (*parsed == last_) return;
    last_ = *parsed;
    ++moves_;
    std::map<std::string, int> open;  // by id, process and callback: events without an end
    const scenarios::Journal& journal = rig_.journal();
    for (const scenarios::Entry& entry : journal.entries()) {
      const std::string what = journal.Text(entry.what);
      if (entry.kind == scenarios::EntryKind::kEventEmitted) {
        if (what != "exit" && what != "oom" && what != "pause" && what != "resume") continue;
        if (!journal.Text(entry.id).starts_with("c")) continue;
        if (WallTime(libcontainerd::Duration(entry.stamp)) > last_) continue;
        const bool exec = what == "exit" && journal.Text(entry.process) != "init";
        ++open[journal.Text(entry.id) + (exec ? "/" + journal.Text(entry.process) : "") + " " +
               (exec ? "exit-process" : what)];
      } else if (entry.kind == scenarios::EntryKind::kCallbackEnd) {
        const bool exec = what == "exit-process";
        --open[journal.Text(entry.id) + (exec ? "/" + journal.Text(entry.process) : "") + " " +
               what];
      }
    }
    for (const auto& [name, count] : open) {
      EXPECT_LE(count, 0) << "the cursor passed " << name << " before its callback ended";
    }
  }
  int moves() const { return moves_; }

 private:
  Rig& rig_;
  WallTime last_{};
  int moves_ = 0;
};

TEST(Cursor, WhoeverDiesAnywhereRepeatsInsteadOfLosing) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RigOptions options = Seeded(seed);
    options.timing.cursor_interval = libcontainerd::Duration(1);
    Rig rig(options);
    CursorWatch watch(rig);
    libcontainerd::Random random(seed);
    rig.engine().on_begin = [&](const std::string& name) {
      if (random.Chance(1, 2)) rig.engine().holds.insert(name);
    };
    std::vector<Pending<void>> created;
    for (const char* id : {"c1", "c2", "c3"}) created.push_back(rig.BeginCreate(id));
    const auto run = [&](libcontainerd::Duration time) {
      const libcontainerd::Duration end = rig.world().runtime().Now() + time;
      while (rig.world().runtime().Now() < end) {
        rig.Advance(milliseconds(1));
        watch.Check();
      }
    };
    run(milliseconds(5));
    for (const char* name : {"c1 attach init", "c2 attach init", "c3 attach init",
                             "c1 start-container", "c2 start-container", "c3 start-container"}) {
      rig.engine().Release(name);
      run(milliseconds(5));
    }
    std::vector<std::string> held = {"c1 oom", "c2 oom", "c3 oom"};
    for (const char* id : {"c1", "c2", "c3"}) {
      rig.Oom(id);
      run(milliseconds(2));
    }
    if (random.Chance(1, 2)) rig.api().BreakStreams();
    for (const char* id : {"c1", "c2", "c3"}) {
      rig.Exit(id, "init", 1);
      held.push_back(std::string(id) + " exit");
      run(milliseconds(2));
    }
    random.Shuffle(held);
    while (!rig.Tracked().empty()) {
      for (const std::string& name : held) {
        rig.engine().Release(name);
        run(milliseconds(100));
      }
    }
    EXPECT_GE(watch.moves(), 2);
    rig.Finish();
    if (HasFailure()) return;
  }
}

TEST(Cursor, ABlockedCallbackHoldsIt) {
  for (const bool acts : {true, false}) {
    Rig rig(acts ? RigOptions() : Without(Deviation::kCursorAfterCallback));
    EXPECT_EQ(rig.Create("c1"), "OK");
    EXPECT_EQ(rig.Create("c2"), "OK");
    EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
    rig.engine().holds.insert("c1 exit-process e1");
    rig.Advance(seconds(1));
    rig.Exit("c1", "e1", 1);
    rig.WaitForLine("c1 exit-process e1 1");
    rig.Flush();
    const WallTime held = rig.world().runtime().WallNow();
    rig.Advance(seconds(1));
    for (int i = 0; i < 5; ++i) {
      rig.Oom("c2");
      rig.Advance(milliseconds(200));
    }
    EXPECT_EQ(rig.remote().cursor() < held, acts);
    EXPECT_EQ(rig.cursor().text(), libcontainerd::FormatTime(rig.remote().cursor()));
    rig.engine().Release("c1 exit-process e1");
    rig.Advance(milliseconds(200));
    EXPECT_GT(rig.remote().cursor(), held) << "nothing holds it any more";
    EXPECT_EQ(rig.cursor().text(), libcontainerd::FormatTime(rig.remote().cursor()));
  }
}

// The execs that init's exit ends, and init's own: all of it is of that one event.
TEST(Cursor, AnExitIsHandledWhenAllIsCalledBack) {
  RigOptions options;
  options.choices.exec_exits = fake_containerd::Choices::ExecExits::kAfterInit;
  for (const char* held : {"c1 exit-process e1", "c1 exit"}) {
    Rig rig(options);
    EXPECT_EQ(rig.Create("c1"), "OK");
    EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
    rig.Advance(seconds(1));
    const WallTime before = rig.world().runtime().WallNow();
    rig.engine().holds.insert(held);
    rig.api().drops = [](const types::Event& event) { return event.pid() == "e1"; };
    rig.Exit("c1", "init", 1);
    rig.Advance(seconds(1));
    EXPECT_EQ(rig.engine().held(), 1U);
    EXPECT_LT(rig.remote().cursor(), before);
    rig.engine().ReleaseAll();
    rig.Advance(seconds(1));
    EXPECT_GE(rig.remote().cursor(), before);
    rig.api().drops = {};
  }
}

// While its create is under way a container's events wait, and the cursor with them.
TEST(Cursor, HeldEventsHoldIt) {
  Rig rig;
  rig.Behave("c1", "init", {.steps = {fake_containerd::step::Exit{3}}});
  rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kWithhold;
  rig.Advance(seconds(1));
  const WallTime before = rig.world().runtime().WallNow();
  const auto created = rig.BeginCreate("c1");
  rig.Advance(seconds(1));
  EXPECT_LT(rig.remote().cursor(), before);
  rig.api().Release();
  EXPECT_EQ(ResultOf(rig, created), "OK");
  UntilLine(rig, "c1 exit 3");
  rig.Advance(seconds(1));
  EXPECT_GE(rig.remote().cursor(), before);
}

TEST(Cursor, WhatACloseLeavesUndoneIsDeliveredAgain) {
  for (const bool client_first : {false, true}) {
    Rig rig;
    rig.ExpectBroken("one-exit");
    EXPECT_EQ(rig.Create("c1"), "OK");
    rig.Advance(seconds(1));
    const WallTime before = rig.world().runtime().WallNow();
    rig.engine().holds.insert("c1 oom");
    rig.Oom("c1");
    rig.WaitForLine("c1 oom");
    rig.Exit("c1", "init", 1);  // its callback waits for the one of the oom
    rig.Flush();
    if (client_first) Spawn(rig.world().runtime(), rig.client().Close());
    const auto closed = rig.BeginClose();
    rig.Advance(seconds(1));
    EXPECT_FALSE(rig.Returned(closed)) << "a running callback is waited for";
    rig.engine().ReleaseAll();
    EXPECT_EQ(ResultOf(rig, closed), "OK");
    const auto cursor = libcontainerd::ParseTime(rig.cursor().text());
    ASSERT_TRUE(cursor);
    EXPECT_LE(*cursor, before + libcontainerd::Duration(client_first ? 10 : 0));
  }
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
