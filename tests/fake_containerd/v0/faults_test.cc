// Every action at every point, seen by what it does, over several seeds. What the relay does to
// connections is relay_test's.
#include <functional>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/v0/fault_harness.h"

namespace fake_containerd::v0 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kSeeds = 8;

using Check = std::function<void(std::uint64_t seed)>;
using Checks = std::map<std::pair<std::string, FaultAction>, Check>;

std::string Plan(const std::string& point, const std::string& term) {
  return point + "=1*" + term;
}

types::EventsRequest FromTheBeginning() {
  types::EventsRequest request;
  request.mutable_timestamp()->set_seconds(1);
  return request;
}

// What crashes and hangs do wherever they stand: `trigger` passes the point.
using Trigger = std::function<void(FaultHarness&)>;

void ExpectPanic(const std::string& point, std::uint64_t seed, const Trigger& trigger) {
  FaultHarness f(seed);
  ASSERT_EQ(f.h.Create("c1"), "OK");
  f.Faults(Plan(point, "panic"));
  f.Listen();
  trigger(f);
  f.h.runtime.Run(seconds(10));
  EXPECT_FALSE(f.h.world.daemon_running());
  EXPECT_EQ(f.sink.end, "14 transport is closing");
  EXPECT_EQ(f.Send("State", seconds(1)), "14 connection refused");
  EXPECT_EQ(f.injector().Fired().size(), 1U);
  // The machine went on: the next daemon finds the container.
  ASSERT_TRUE(f.h.world.StartDaemon());
  EXPECT_EQ(f.Send("Stats"), "OK");
}

void ExpectRestart(const std::string& point, std::uint64_t seed, const Trigger& trigger) {
  FaultHarness f(seed);
  ASSERT_EQ(f.h.Create("c1"), "OK");
  f.Faults(Plan(point, "restart(2s)"));
  trigger(f);
  const Duration crashed = f.Now();
  f.h.runtime.RunReady();
  EXPECT_FALSE(f.h.world.daemon_running());
  f.h.runtime.AdvanceTo(crashed + milliseconds(1999));
  EXPECT_FALSE(f.h.world.daemon_running());
  f.h.runtime.AdvanceTo(crashed + milliseconds(2001));
  EXPECT_TRUE(f.h.world.daemon_running());
  EXPECT_EQ(f.Send("Stats"), "OK");
}

void ExpectHang(const std::string& point, std::uint64_t seed, const Trigger& trigger) {
  FaultHarness f(seed);
  ASSERT_EQ(f.h.Create("c1"), "OK");
  f.Faults(Plan(point, "hang(9s)"));
  const Duration before = f.Now();
  trigger(f);
  EXPECT_EQ(f.Send("UpdateContainer"), "OK");  // behind whatever hangs
  EXPECT_GE(f.Now() - before, seconds(9));
  EXPECT_LT(f.Now() - before, seconds(12));
  EXPECT_TRUE(f.h.world.daemon_running());
}

void AddCrashes(Checks& checks, const std::string& point, const Trigger& trigger) {
  checks[{point, FaultAction::kPanic}] = [=](std::uint64_t seed) {
    ExpectPanic(point, seed, trigger);
  };
  checks[{point, FaultAction::kRestart}] = [=](std::uint64_t seed) {
    ExpectRestart(point, seed, trigger);
  };
  checks[{point, FaultAction::kHang}] = [=](std::uint64_t seed) {
    ExpectHang(point, seed, trigger);
  };
}

// --- Calls

std::string WithoutFault(const std::string& method, std::uint64_t seed) {
  FaultHarness f(seed);
  EXPECT_EQ(f.h.Create("c1"), "OK");
  return f.Send(method);
}

// The second container is there exactly if its create was executed.
void ExpectExecuted(FaultHarness& f, const std::string& method, bool executed) {
  if (method != "CreateContainer") return;
  EXPECT_EQ(f.h.world.Inspect(Harness::Key("c2")).has_value(), executed);
}

std::vector<std::string> Methods() {
  std::vector<std::string> names = {"Health"};
  for (int i = 0; i < libcontainerd::kMethodCount; ++i) {
    names.emplace_back(MethodName(static_cast<libcontainerd::Method>(i)));
  }
  return names;
}

void AddCalls(Checks& checks) {
  for (const std::string& method : Methods()) {
    for (const bool executed : {false, true}) {
      const std::string point = "rpc." + method + (executed ? ".executed" : ".received");
      checks[{point, FaultAction::kError}] = [=](std::uint64_t seed) {
        FaultHarness f(seed, Plan(point, "error(NOT_FOUND:gone fishing)"));
        ASSERT_EQ(f.h.Create("c1").substr(0, 2), method == "CreateContainer" ? "5 " : "OK");
        if (method != "CreateContainer") {
          EXPECT_EQ(f.Send(method), "5 gone fishing");
        }
        EXPECT_EQ(f.h.world.Inspect(Harness::Key("c1")).has_value(),
                  executed || method != "CreateContainer");
      };
      checks[{point, FaultAction::kDelay}] = [=](std::uint64_t seed) {
        FaultHarness f(seed);
        ASSERT_EQ(f.h.Create("c1"), "OK");
        f.Faults(Plan(point, "delay(7s)"));
        const Duration before = f.Now();
        EXPECT_EQ(f.Send(method), WithoutFault(method, seed));
        EXPECT_GE(f.Now() - before, seconds(7));
        EXPECT_LT(f.Now() - before, seconds(8));
      };
      checks[{point, FaultAction::kDrop}] = [=](std::uint64_t seed) {
        FaultHarness f(seed);
        ASSERT_EQ(f.h.Create("c1"), "OK");
        f.Faults(Plan(point, "drop"));
        EXPECT_EQ(f.Send(method, seconds(60)), "4 Deadline Exceeded");
        ExpectExecuted(f, method, executed);
      };
      AddCrashes(checks, point, [method](FaultHarness& f) { f.Send(method, seconds(5)); });
    }
  }
  AddCrashes(checks, "daemon.call", [](FaultHarness& f) { f.Send("Signal", seconds(5)); });
}

// --- Streams

void Stream(FaultHarness& f) {
  f.stream.reset();
  f.sink = Sink();
  f.Listen(FromTheBeginning());
}

void AddStreams(Checks& checks) {
  for (const std::string point : {"rpc.Events.received", "stream.open", "rpc.Events.executed"}) {
    checks[{point, FaultAction::kError}] = [=](std::uint64_t seed) {
      FaultHarness f(seed, Plan(point, "error(RESOURCE_EXHAUSTED:full)"));
      ASSERT_EQ(f.h.Create("c1"), "OK");
      Stream(f);
      EXPECT_EQ(f.sink.end, "8 full");
      EXPECT_THAT(f.sink.lines, IsEmpty());
      Stream(f);
      EXPECT_THAT(f.sink.lines, ElementsAre("start-container c1"));
    };
    checks[{point, FaultAction::kDelay}] = [=](std::uint64_t seed) {
      FaultHarness f(seed, Plan(point, "delay(3s)"));
      ASSERT_EQ(f.h.Create("c1"), "OK");
      Stream(f);
      EXPECT_THAT(f.sink.lines, IsEmpty());
      f.h.runtime.AdvanceTo(f.Now() + seconds(3));
      EXPECT_THAT(f.sink.lines, ElementsAre("start-container c1"));
    };
    for (const FaultAction action : {FaultAction::kDrop, FaultAction::kHalfOpen}) {
      checks[{point, action}] = [=](std::uint64_t seed) {
        FaultHarness f(seed, Plan(point, std::string(FaultActionName(action))));
        ASSERT_EQ(f.h.Create("c1"), "OK");
        Stream(f);
        f.Emit(EventKind::kOom, "c1");
        f.h.runtime.Run(seconds(100));
        EXPECT_THAT(f.sink.lines, IsEmpty());
        EXPECT_EQ(f.sink.end, "");
      };
    }
    AddCrashes(checks, point, [](FaultHarness& f) {
      if (!f.stream) Stream(f);
    });
  }
  checks[{"stream.open", FaultAction::kBreak}] = [](std::uint64_t seed) {
    FaultHarness f(seed, "stream.open=1*break");
    Stream(f);
    EXPECT_EQ(f.sink.end, "14 transport is closing");
  };
  // Nobody hears of anything, and the loop stands still at the next event, until a restart.
  checks[{"stream.open", FaultAction::kDeadlock}] = [](std::uint64_t seed) {
    FaultHarness f(seed, "stream.open=1*off->1*deadlock");
    ASSERT_EQ(f.h.Create("c1"), "OK");
    f.Listen();
    Sink late;
    const auto stream = f.h.api.Events(FromTheBeginning(), late);
    f.h.runtime.RunReady();
    EXPECT_EQ(f.Send("State", seconds(1)), "OK");
    f.Emit(EventKind::kOom, "c1");
    f.h.runtime.RunReady();
    EXPECT_EQ(f.Send("State", seconds(1)), "4 Deadline Exceeded");
    EXPECT_EQ(f.Send("Health", seconds(1)), "OK");
    EXPECT_THAT(f.sink.lines, IsEmpty());
    EXPECT_THAT(late.lines, IsEmpty());
    f.h.world.StopDaemon();
    ASSERT_TRUE(f.h.world.StartDaemon());
    EXPECT_EQ(f.Send("State", seconds(1)), "OK");
  };
  const auto send = [](FaultHarness& f) {
    f.Emit(EventKind::kOom, "a");
    f.Emit(EventKind::kOom, "b");
    f.h.runtime.RunReady();
  };
  checks[{"stream.send", FaultAction::kDrop}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "stream.send@a=drop");
    f.Listen();
    send(f);
    EXPECT_THAT(f.sink.lines, ElementsAre("oom b"));
    EXPECT_THAT(f.recorder.dropped, ElementsAre("oom a for 1"));
    f.injector().ClearFaults();
    EXPECT_THAT(f.Logged(), ElementsAre("oom a", "oom b"));
  };
  checks[{"stream.send", FaultAction::kBreak}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "stream.send=1*off->1*break");
    f.Listen();
    send(f);
    EXPECT_THAT(f.sink.lines, ElementsAre("oom a"));
    EXPECT_EQ(f.sink.end, "14 transport is closing");
    EXPECT_THAT(f.Logged(), ElementsAre("oom a", "oom b"));
  };
  checks[{"stream.send", FaultAction::kStall}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "stream.send=1*off->1*stall(5s)->1*off->1*stall");
    f.Listen();
    send(f);
    EXPECT_THAT(f.sink.lines, ElementsAre("oom a"));
    f.h.runtime.AdvanceTo(f.Now() + seconds(5));
    EXPECT_THAT(f.sink.lines, ElementsAre("oom a", "oom b"));
    send(f);
    f.h.runtime.Run(seconds(1000));
    EXPECT_THAT(f.sink.lines, ElementsAre("oom a", "oom b", "oom a"));
    EXPECT_EQ(f.sink.end, "");
  };
  checks[{"stream.send", FaultAction::kHalfOpen}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "stream.send=1*off->1*halfopen");
    f.Listen();
    send(f);
    f.h.world.StopDaemon();
    f.h.runtime.Run(seconds(100));
    EXPECT_THAT(f.sink.lines, ElementsAre("oom a"));
    EXPECT_EQ(f.sink.end, "");
  };
  AddCrashes(checks, "stream.send", [=](FaultHarness& f) {
    if (!f.stream) f.Listen();
    send(f);
  });
}

// --- Events

void AddEvents(Checks& checks) {
  for (const EventKind kind :
       {EventKind::kStartContainer, EventKind::kStartProcess, EventKind::kExit, EventKind::kOom,
        EventKind::kPause, EventKind::kResume, EventKind::kLive}) {
    const std::string point = "event." + std::string(EventKindName(kind));
    Event event;
    event.kind = kind;
    event.container.id = "x";
    const std::string line = Line(event);
    // The event, and two that have nothing to do with it.
    const EventKind another = kind == EventKind::kOom ? EventKind::kPause : EventKind::kOom;
    event.kind = another;
    const std::string other = Line(event);
    const auto run = [=](FaultHarness& f) {
      f.Listen();
      f.Emit(kind, "x");
      f.Emit(another, "x");
      f.Emit(another, "x");
      f.h.runtime.RunReady();
    };
    checks[{point, FaultAction::kDrop}] = [=](std::uint64_t seed) {
      FaultHarness f(seed, Plan(point, "drop"));
      run(f);
      EXPECT_THAT(f.sink.lines, ElementsAre(other, other));
      EXPECT_THAT(f.Logged(), ElementsAre(other, other));
      EXPECT_THAT(f.recorder.lost, ElementsAre(line + ", the log's too: a fault took it"));
    };
    checks[{point, FaultAction::kDuplicate}] = [=](std::uint64_t seed) {
      FaultHarness f(seed, Plan(point, "duplicate"));
      run(f);
      EXPECT_THAT(f.sink.lines, ElementsAre(line, line, other, other));
      EXPECT_THAT(f.Logged(), ElementsAre(line, line, other, other));
    };
    checks[{point, FaultAction::kReorder}] = [=](std::uint64_t seed) {
      FaultHarness f(seed, Plan(point, "reorder(1)"));
      run(f);
      EXPECT_THAT(f.sink.lines, ElementsAre(other, line, other));
      f.Faults(Plan(point, "reorder(100)"));
      f.Emit(kind, "x");
      f.h.runtime.RunReady();
      EXPECT_EQ(f.sink.lines.size(), 3U);
      f.injector().ClearFaults();  // what the plan kept comes with its end
      f.h.runtime.RunReady();
      EXPECT_EQ(f.sink.lines.size(), 4U);
    };
    checks[{point, FaultAction::kDelay}] = [=](std::uint64_t seed) {
      FaultHarness f(seed, Plan(point, "delay(2s)"));
      run(f);
      EXPECT_THAT(f.sink.lines, ElementsAre(other, other));
      f.h.runtime.AdvanceTo(f.Now() + seconds(2));
      EXPECT_THAT(f.sink.lines, ElementsAre(other, other, line));
    };
    checks[{point, FaultAction::kChange}] = [=](std::uint64_t seed) {
      FaultHarness f(seed, point +
                               "=1*change(id=y)->1*change(pid=p)->1*change(status=77)->"
                               "1*change(type=live)->1*change(timestamp=1970-01-01T00:00:09Z)");
      f.Listen();
      for (int i = 0; i < 5; ++i) f.Emit(kind, "x");
      f.h.runtime.RunReady();
      ASSERT_EQ(f.sink.received.size(), 5U);
      EXPECT_EQ(f.sink.received[0].id(), "y");
      EXPECT_EQ(f.sink.received[1].pid(), "p");
      EXPECT_EQ(f.sink.received[2].status(), 77U);
      EXPECT_EQ(f.sink.received[3].type(), "live");
      EXPECT_EQ(f.sink.received[4].timestamp().seconds(), 9);
    };
    AddCrashes(checks, point, [=](FaultHarness& f) { f.Emit(kind, "x"); });
  }
}

// --- Processes and their streams

std::string ExecOutput(FaultHarness& f, const IoPaths& io) {
  auto reader = f.h.fifos.OpenReader(io.out);
  EXPECT_TRUE(reader);
  auto request = FacadeHarness::ExecRequest("c1", "x1");
  request.set_stdout(io.out);
  std::string outcome = f.Sent(request, seconds(100));
  if (outcome != "OK") return outcome;
  std::string all;
  const Duration before = f.Now();
  while (true) {
    const auto bytes = Await(f.h.runtime, (*reader)->Read(100));
    if (!bytes) return all + "|no end";
    if (!*bytes) return all + "|" + bytes->error().message;
    if ((*bytes)->empty()) break;
    all += **bytes;
  }
  const auto waited = std::chrono::duration_cast<seconds>(f.Now() - before);
  return all + "|end after " + std::to_string(waited.count()) + " s";
}

std::string OutputUnder(std::uint64_t seed, const std::string& plan) {
  WorldOptions options;
  Behaviour behaviour;
  behaviour.steps = {step::Write{.data = "a"}, step::Wait{seconds(1)}, step::Write{.data = "b"},
                     step::Exit{0}};
  options.behaviour = ByName({{"x1", behaviour}});
  FaultHarness f(seed, plan, options);
  EXPECT_EQ(f.h.Create("c1"), "OK");
  return ExecOutput(f, f.h.MakeFifos("c1", "x1"));
}

void AddStdio(Checks& checks) {
  checks[{"fifo.open", FaultAction::kError}] = [](std::uint64_t seed) {
    EXPECT_EQ(OutputUnder(seed, "fifo.open@c1/x1=error(no fifo today)"), "2 no fifo today");
  };
  checks[{"fifo.open", FaultAction::kDelay}] = [](std::uint64_t seed) {
    FaultHarness f(seed, "fifo.open@c1/x1=delay(3s)");
    ASSERT_EQ(f.h.Create("c1"), "OK");
    const Duration before = f.Now();
    EXPECT_EQ(f.Send("AddProcess"), "OK");
    EXPECT_EQ(f.Now() - before, seconds(3));
  };
  checks[{"fifo.open", FaultAction::kNeverOpen}] = [](std::uint64_t seed) {
    EXPECT_EQ(OutputUnder(seed, "fifo.open@c1/x1=neveropen"), "|no end");
  };
  checks[{"fifo.write", FaultAction::kDelay}] = [](std::uint64_t seed) {
    EXPECT_EQ(OutputUnder(seed, ""), "ab|end after 1 s");
    EXPECT_EQ(OutputUnder(seed, "fifo.write@c1/x1=2*delay(4s)"), "ab|end after 9 s");
  };
  checks[{"fifo.write", FaultAction::kDrop}] = [](std::uint64_t seed) {
    EXPECT_EQ(OutputUnder(seed, "fifo.write@c1/x1=1*drop"), "b|end after 1 s");
  };
  checks[{"fifo.write", FaultAction::kCloseEarly}] = [](std::uint64_t seed) {
    EXPECT_EQ(OutputUnder(seed, "fifo.write@c1/x1=1*closeearly"), "|end after 0 s");
    EXPECT_EQ(OutputUnder(seed, "fifo.write@c1/x1=1*off->1*closeearly"), "a|end after 1 s");
  };
  checks[{"fifo.close", FaultAction::kHoldOpen}] = [](std::uint64_t seed) {
    EXPECT_EQ(OutputUnder(seed, "fifo.close@c1/x1=holdopen(5s)"), "ab|end after 6 s");
    EXPECT_EQ(OutputUnder(seed, "fifo.close@c1/x1=holdopen"), "ab|no end");
  };
}

void AddProcesses(Checks& checks) {
  checks[{"process.start", FaultAction::kError}] = [](std::uint64_t seed) {
    FaultHarness f(seed, "process.start@c1/x1=1*error(PERMISSION_DENIED:no)");
    ASSERT_EQ(f.h.Create("c1"), "OK");
    EXPECT_EQ(f.Send("AddProcess"), "7 no");
    EXPECT_EQ(f.Send("AddProcess"), "OK");  // its name is free
  };
  checks[{"process.start", FaultAction::kDelay}] = [](std::uint64_t seed) {
    FaultHarness f(seed, "process.start=1*delay(5s)");
    EXPECT_EQ(f.h.Create("c1"), "OK");
    EXPECT_EQ(f.Now(), seconds(5));
  };
  AddCrashes(checks, "process.start", [](FaultHarness& f) { f.Send("AddProcess", seconds(20)); });
  const auto exits = [](FaultHarness& f) {
    if (!f.stream) f.Listen();
    f.h.world.ExitProcess(Harness::Key("c1"), "init", 5);
    f.h.runtime.RunReady();
  };
  checks[{"process.exit", FaultAction::kDrop}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "process.exit=1*drop");
    ASSERT_EQ(f.h.Create("c1"), "OK");
    exits(f);
    EXPECT_THAT(f.sink.lines, IsEmpty());
    EXPECT_TRUE(f.h.world.Inspect(Harness::Key("c1")));
    // The next daemon finds it.
    f.h.world.StopDaemon();
    ASSERT_TRUE(f.h.world.StartDaemon());
    f.h.runtime.RunReady();
    EXPECT_THAT(f.Logged(), ElementsAre("start-container c1", "exit c1/init 5"));
  };
  checks[{"process.exit", FaultAction::kDelay}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "process.exit=1*delay(5s)");
    ASSERT_EQ(f.h.Create("c1"), "OK");
    exits(f);
    EXPECT_THAT(f.sink.lines, IsEmpty());
    f.h.runtime.AdvanceTo(f.Now() + seconds(5));
    EXPECT_THAT(f.sink.lines, ElementsAre("exit c1/init 5"));
  };
  // An exec's, for c1 must be there afterwards.
  AddCrashes(checks, "process.exit", [](FaultHarness& f) {
    ASSERT_EQ(f.Send("AddProcess"), "OK");
    f.h.world.ExitProcess(Harness::Key("c1"), "x1", 5);
  });
}

// --- The daemon's start and the disk

void AddDaemon(Checks& checks) {
  const auto restarted = [](FaultHarness& f) {
    EXPECT_EQ(f.h.Create("a"), "OK");
    EXPECT_EQ(f.h.Create("b"), "OK");
    f.h.world.StopDaemon();
    return f.h.world.StartDaemon();
  };
  checks[{"daemon.start", FaultAction::kError}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "daemon.start=1*error(ABORTED:not today)");
    EXPECT_EQ(v0::Outcome(restarted(f)), "10 not today");
    EXPECT_FALSE(f.h.world.daemon_running());
    EXPECT_EQ(f.h.world.start_failure()->message, "not today");
    EXPECT_TRUE(f.h.world.StartDaemon());
    EXPECT_TRUE(f.h.world.daemon_running());
  };
  checks[{"daemon.start", FaultAction::kDelay}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "daemon.start=1*delay(30s)");
    EXPECT_TRUE(restarted(f));
    EXPECT_FALSE(f.h.world.daemon_running());
    EXPECT_EQ(f.Send("State", seconds(1)), "14 connection refused");
    f.Listen(FromTheBeginning());
    f.h.runtime.AdvanceTo(f.Now() + seconds(30));
    EXPECT_TRUE(f.h.world.daemon_running());
    EXPECT_THAT(f.sink.lines, ElementsAre("start-container a", "start-container b"));
  };
  checks[{"daemon.start", FaultAction::kLostLog}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "daemon.start=1*lostlog");
    EXPECT_TRUE(restarted(f));
    EXPECT_THAT(f.Logged(), IsEmpty());
    EXPECT_THAT(f.recorder.lost,
                ElementsAre("start-container a, told, the log's alone: a fault took it",
                            "start-container b, told, the log's alone: a fault took it"));
  };
  checks[{"daemon.start", FaultAction::kTruncateLog}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "daemon.start=1*truncatelog");
    EXPECT_TRUE(restarted(f));
    EXPECT_THAT(f.Logged(), ElementsAre("start-container a"));
  };
  checks[{"daemon.start", FaultAction::kCorruptLog}] = [=](std::uint64_t seed) {
    FaultHarness f(seed, "daemon.start=1*corruptlog");
    EXPECT_EQ(v0::Outcome(restarted(f)), "15 event log:3: not a JSON object, expected one event");
    EXPECT_FALSE(f.h.world.daemon_running());
    EXPECT_TRUE(f.h.world.StartDaemon());
    EXPECT_THAT(f.Logged(), ElementsAre("start-container a", "start-container b"));
  };
}

void AddDisk(Checks& checks) {
  const std::map<FaultAction, std::string> texts{{FaultAction::kFull, "no space left on device"},
                                                 {FaultAction::kReadOnly, "read-only file system"}};
  for (const auto& [action, text] : texts) {
    const std::string term(FaultActionName(action));
    checks[{"disk.log", action}] = [=, text = text](std::uint64_t seed) {
      FaultHarness f(seed, "disk.log@a=" + term);
      ASSERT_EQ(f.h.Create("a"), "OK");
      ASSERT_EQ(f.h.Create("b"), "OK");
      // In memory, and so in replays, until the daemon dies.
      EXPECT_THAT(f.Logged(), ElementsAre("start-container a", "start-container b"));
      ASSERT_TRUE(f.h.world.event_log().store_failure());
      EXPECT_EQ(f.h.world.event_log().store_failure()->message, "write events.log: " + text);
      f.h.world.StopDaemon();
      ASSERT_TRUE(f.h.world.StartDaemon());
      EXPECT_THAT(f.Logged(), ElementsAre("start-container b"));
    };
    checks[{"disk.state", action}] = [=, text = text](std::uint64_t seed) {
      FaultHarness f(seed, "disk.state=1*off->2*" + term);
      ASSERT_EQ(f.h.Create("c1"), "OK");
      EXPECT_EQ(f.Send("AddProcess"), "2 mkdir /run/containerd/c1/x1: " + text);
      EXPECT_EQ(f.Send("CreateContainer"), "2 mkdir /run/containerd/c2: " + text);
      EXPECT_FALSE(f.h.world.Inspect(Harness::Key("c2")));
      EXPECT_EQ(f.Send("AddProcess"), "OK");
      EXPECT_EQ(f.Send("CreateContainer"), "OK");
    };
    checks[{"disk.checkpoint", action}] = [=, text = text](std::uint64_t seed) {
      WorldOptions options;
      options.choices.checkpoint_tool = true;
      FaultHarness f(seed, "disk.checkpoint=1*" + term, options);
      ASSERT_EQ(f.h.Create("c1"), "OK");
      EXPECT_EQ(f.Send("CreateCheckpoint"), "2 mkdir /state/c1/checkpoints/cp: " + text);
      EXPECT_EQ(f.Send("CreateCheckpoint"), "OK");
    };
  }
}

const Checks& AllChecks() {
  static const Checks checks = [] {
    Checks all;
    AddCalls(all);
    AddStreams(all);
    AddEvents(all);
    AddStdio(all);
    AddProcesses(all);
    AddDaemon(all);
    AddDisk(all);
    return all;
  }();
  return checks;
}

TEST(Faults, EveryActionAtEveryPointIsTested) {
  for (const InjectionPoint& point : InjectionPoints()) {
    if (point.name.starts_with("connection.")) continue;
    for (const FaultAction action : point.actions) {
      EXPECT_TRUE(AllChecks().contains({point.name, action}))
          << point.name << " " << FaultActionName(action);
    }
  }
}

class FaultPoints : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> TestedPoints() {
  std::vector<std::string> names;
  for (const InjectionPoint& point : InjectionPoints()) {
    if (!point.name.starts_with("connection.")) names.push_back(point.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, FaultPoints, ::testing::ValuesIn(TestedPoints()),
                         [](const ::testing::TestParamInfo<std::string>& point) {
                           std::string name = point.param;
                           for (char& c : name) {
                             if (c == '.' || c == '-') c = '_';
                           }
                           return name;
                         });

TEST_P(FaultPoints, DoWhatThePlanSays) {
  for (const FaultAction action : FindInjectionPoint(GetParam())->actions) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      SCOPED_TRACE(GetParam() + "=" + std::string(FaultActionName(action)) + " seed " +
                   std::to_string(seed));
      AllChecks().at({GetParam(), action})(seed);
    }
  }
}

}  // namespace
}  // namespace fake_containerd::v0
