// The cursor of a client at work: it follows the callbacks, never the events alone.
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/random.h"
#include "libcontainerd/time_text.h"
#include "tests/lib/core/stepped_rig.h"

namespace drydock_tests {
namespace {

using libcontainerd::Deviation;
using libcontainerd::Method;
using libcontainerd::WallTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

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
    if (!acts) rig.ExpectBroken("cursor-monotone");
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

// Between two writes the position may pass an event that was lost at first. Found again, it holds
// the writing back until its callback ended.
TEST(Cursor, AnEventFoundLateHoldsTheNextWrite) {
  RigOptions options;
  options.timing.cursor_interval = seconds(1);
  Rig rig(options);
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  rig.Advance(seconds(3));
  rig.Oom("c2");  // written at once
  rig.Advance(milliseconds(1));
  const auto stored = [&] { return libcontainerd::ParseTime(rig.cursor().text()).value(); };
  const WallTime written = stored();
  rig.engine().holds.insert("c1 oom");
  rig.api().drops = [](const types::Event& event) { return event.id() == "c1"; };
  rig.Oom("c1");
  rig.Flush();
  rig.api().drops = {};
  rig.Oom("c2");  // to be written a second later
  rig.WaitForLine("c2 oom", 2);
  rig.Flush();
  EXPECT_GT(rig.remote().cursor(), written);
  rig.api().BreakStreams();
  rig.Advance(milliseconds(500));
  EXPECT_EQ(rig.engine().held(), 1U) << "it was to be found in the log";
  rig.Advance(seconds(5));
  EXPECT_EQ(stored(), written);
  rig.engine().ReleaseAll();
  rig.Advance(seconds(1));
  EXPECT_GT(stored(), written);
  EXPECT_EQ(stored(), rig.remote().cursor());
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
  Rig rig;
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Advance(seconds(1));
  const WallTime before = rig.world().runtime().WallNow();
  rig.engine().holds.insert("c1 oom");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.Exit("c1", "init", 1);  // its callback waits for the one of the oom
  rig.Flush();
  const auto closed = rig.BeginClose();
  rig.Advance(seconds(1));
  EXPECT_FALSE(rig.Returned(closed)) << "a running callback is waited for";
  rig.engine().ReleaseAll();
  EXPECT_EQ(ResultOf(rig, closed), "OK");
  const auto cursor = libcontainerd::ParseTime(rig.cursor().text());
  ASSERT_TRUE(cursor);
  EXPECT_LT(*cursor, before);
}

// The same without the remote's help: the client is closed while it is still fed.
class ClosedClient {
 public:
  // At `begin` something happens that holds back the exit's callback.
  ClosedClient(Rig& rig, const std::function<void()>& begin) : rig_(rig) {
    EXPECT_EQ(rig.Create("c1"), "OK");
    EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
    begin();
    rig.Advance(seconds(1));
    before_exit_ = rig.world().runtime().WallNow();
    rig.Exit("c1", "init", 1);
    rig.Flush();
    Spawn(rig.world().runtime(), rig.client().Close());
    rig.Advance(seconds(1));
    rig.engine().ReleaseAll();
    rig.Advance(seconds(1));
  }
  void ExpectTheExitAgain() {
    EXPECT_EQ(rig_.LiveObjects(), 0U) << "it is closed";
    EXPECT_LT(rig_.remote().cursor(), before_exit_);
    EXPECT_EQ(Describe(rig_.Await(rig_.BeginClose())), "OK");
  }

 private:
  Rig& rig_;
  WallTime before_exit_{};
};

TEST(Cursor, AClosedClientsQueuedExitIsNotHandled) {
  Rig rig;
  rig.ExpectBroken("one-exit");  // closed long after it was due
  rig.ExpectBroken("exec-exits-once-before-exit");
  ClosedClient closed(rig, [&] {
    rig.engine().holds.insert("c1 oom");
    rig.Oom("c1");
  });
  closed.ExpectTheExitAgain();
}

TEST(Cursor, AClosedClientsQueuedCallbackIsNotHandled) {
  Rig rig;
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.engine().holds.insert("c1 oom");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.Advance(seconds(1));
  const WallTime before = rig.world().runtime().WallNow();
  rig.Oom("c1");
  rig.Flush();
  Spawn(rig.world().runtime(), rig.client().Close());
  rig.Advance(seconds(1));
  rig.engine().ReleaseAll();
  rig.Advance(seconds(1));
  EXPECT_EQ(rig.Lines("c1").size(), 2U) << "the second one is not called back";
  EXPECT_LT(rig.remote().cursor(), before);
  EXPECT_EQ(Describe(rig.Await(rig.BeginClose())), "OK");
}

TEST(Cursor, AClosedClientsExitThatWaitsForExecsIsNotHandled) {
  Rig rig;
  rig.ExpectBroken("one-exit");  // closed long after it was due
  ClosedClient closed(rig, [&] {
    rig.api().drops = [](const types::Event& event) { return event.pid() == "e1"; };
  });
  closed.ExpectTheExitAgain();
}

TEST(Cursor, AClosedClientsHeldEventsAreNotHandled) {
  Rig rig;
  rig.Behave("c1", "init", {.steps = {fake_containerd::step::Exit{3}}});
  rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kWithhold;
  rig.Advance(seconds(1));
  const WallTime before = rig.world().runtime().WallNow();
  const auto created = rig.BeginCreate("c1");
  rig.Advance(seconds(1));
  Spawn(rig.world().runtime(), rig.client().Close());
  rig.Advance(seconds(1));
  EXPECT_EQ(ResultOf(rig, created), "CANCELLED the client is closed");
  EXPECT_LT(rig.remote().cursor(), before);
  rig.api().Release();
  EXPECT_EQ(Describe(rig.Await(rig.BeginClose())), "OK");
}

}  // namespace
}  // namespace drydock_tests
