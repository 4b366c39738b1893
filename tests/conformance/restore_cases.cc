// What a new engine makes of the containers that the one before left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

namespace step = fake_containerd::step;
using fake_containerd::SignalHandler;
using libcontainerd::Error;
using libcontainerd::ErrorCode;
using libcontainerd::Method;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::uint32_t kTerm = 15;

SignalHandler Ignoring() {
  return {.action = SignalHandler::Action::kIgnore, .code = 0, .delay = {}};
}
SignalHandler ExitingWith(std::uint32_t code) {
  return {.action = SignalHandler::Action::kExit, .code = code, .delay = {}};
}

void RestartEngine(Rig& rig) {
  rig.Flush();
  rig.StopEngine();
  rig.StartEngine();
}

void Say(Rig& rig, const std::string& id, const std::string& text) {
  rig.Do([&] {
    EXPECT_TRUE(rig.world().WriteOutput(Rig::Key(id), "init",
                                        fake_containerd::OutputStream::kStdout, text));
  });
}

// Its streams are the engine's again, with what was written meanwhile.
void ALiveContainerGoesOn(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::EchoStdin{}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  std::uint32_t pid = 0;
  rig.Do([&] { pid = rig.engine().started_pid("c1"); });
  rig.Flush();
  rig.StopEngine();
  Say(rig, "c1", "alone ");
  rig.StartEngine();
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.Do([&] {
    EXPECT_EQ(rig.engine().started_pid("c1"), pid);
    EXPECT_EQ(rig.client().Tracked().front().system_pid, pid);
  });
  EXPECT_EQ(rig.WriteStdin("c1", "init", "hello"), "OK");
  rig.WaitUntil([&] { return rig.engine().stream("c1", "init")->out.text == "alone hello"; },
                "no echo");
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 1U);
  rig.Exit("c1", "init", 3);
  rig.WaitForLine("c1 exit 3");
  rig.WaitForEnd("c1", "init");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "restore", "exit 3"));
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
}

// Also with the run-time switch, and every operation works afterwards.
void ARestoredContainerIsAsAnyOther(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  rig.Do([&] { rig.client().SetLiveRestore(true); });
  EXPECT_EQ(Describe(rig.Await(rig.BeginRestore("c1"))), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  EXPECT_EQ(rig.Resume("c1"), "OK");
  rig.Exit("c1", "e1", 4);
  rig.WaitForLine("c1 exit-process e1 4");
  EXPECT_EQ(rig.Signal("c1", 9), "OK");
  rig.WaitForLine("c1 exit 137");
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "restore", "pause", "resume",
                                           "exit-process e1 4", "exit 137"));
  EXPECT_EQ(rig.Create("c1"), "OK");
}

void APauseSurvives(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  EXPECT_EQ(rig.Pause("c2"), "OK");
  EXPECT_EQ(rig.Resume("c2"), "OK");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  EXPECT_EQ(rig.Restore("c2", true), "OK");
  EXPECT_EQ(rig.Resume("c1"), "OK");
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1");
  const auto lines = rig.Lines("c1");
  ASSERT_GE(lines.size(), 5U);
  EXPECT_EQ(lines[2], "restore");
  EXPECT_EQ(lines[3], "pause");
  EXPECT_EQ(lines[4], "resume");
  EXPECT_THAT(rig.Lines("c2"), ElementsAre("start-container", "pause", "resume", "restore"));
}

// B30: an oom of this life, and none of the life before.
void AnOomSurvives(Rig& rig) {
  for (const char* id : {"c1", "c2"}) {
    EXPECT_EQ(rig.Create(id), "OK");
    rig.Oom(id);
    rig.WaitForLine(std::string(id) + " oom");
  }
  rig.Exit("c2", "init", 1);
  rig.WaitForLine("c2 exit 1 oom");
  rig.Flush();
  EXPECT_EQ(rig.Create("c2"), "OK");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  EXPECT_EQ(rig.Restore("c2", true), "OK");
  rig.Exit("c1", "init", 137);
  rig.WaitForLine("c1 exit 137 oom");
  rig.Exit("c2", "init", 2);
  rig.WaitForLine("c2 exit 2");
}

// B39 and more: e1 lives on, e2 ended while nobody listened, e3 had ended before.
void ExecsAreFollowed(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  for (const char* name : {"e1", "e2", "e3"}) EXPECT_EQ(rig.Exec("c1", name), "OK");
  rig.Exit("c1", "e3", 3);
  rig.WaitForLine("c1 exit-process e3 3");
  rig.Flush();
  rig.StopEngine();
  rig.Exit("c1", "e2", 2);
  rig.Advance(seconds(1));
  rig.StartEngine();
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.WaitForLine("c1 exit-process e2 2");
  EXPECT_EQ(rig.Exec("c1", "e1"), "ALREADY_EXISTS Process e1 of container c1 is already active");
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
  EXPECT_THAT(rig.Files("c1", {"e1", "e2", "e3"}),
              ElementsAre("config.json", "init-stdin", "init-stdout", "init-stderr"));
  EXPECT_EQ(rig.Exec("c1", "e2"), "OK");
  rig.Exit("c1", "init", 9);
  rig.WaitForLine("c1 exit 9");
  const auto lines = rig.Lines("c1");
  EXPECT_THAT(std::vector<std::string>(lines.begin(), lines.begin() + 5),
              ElementsAre("start-container", "exit-process e3 3", "restore", "exit-process e2 2",
                          "exit-process e1 1"));
}

// An exec that ends with its container is reported first, restored or not.
void AnExitTakesRestoredExecsAlong(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.Exit("c1", "init", 9);
  rig.WaitUntil([&] { return rig.world().container_count() == 0; }, "still there");
  rig.Flush();
  rig.Advance(milliseconds(50));
  rig.WaitForLine("c1 exit 9");
  EXPECT_THAT(rig.Lines("c1"),
              ElementsAre("start-container", "restore", "exit-process e1 137", "exit 9"));
}

// It ended while nobody listened, and one ended before that.
void TheExitOfOneThatIsGone(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.Flush();
  rig.StopEngine();
  rig.Exit("c1", "init", 42);
  rig.Exit("c2", "init", 0);
  rig.Advance(seconds(5));
  rig.StartEngine();
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  EXPECT_EQ(rig.Restore("c2", false), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "oom", "exit 42 oom"));
  EXPECT_THAT(rig.Lines("c2"), ElementsAre("start-container", "exit 0"));
  EXPECT_THAT(rig.Files("c1", {"e1"}), IsEmpty());
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_EQ(rig.Create("c1"), "OK");
}

// Nobody ever knew it: 255 after half a second.
void OneThatNeverWas(Rig& rig) {
  const auto restored = rig.BeginRestore("c1", {.live = true, .timeout = {}});
  rig.WaitUntil([&] { return rig.api().Answered(Method::kState) >= 1; }, "State was not asked");
  rig.Advance(milliseconds(400));
  rig.WaitUntil([&] { return rig.api().Answered(Method::kState) >= 2; }, "nor again");
  EXPECT_FALSE(rig.Returned(restored));
  rig.Advance(milliseconds(100));
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("exit 255"));
}

void BadIds(Rig& rig) {
  EXPECT_EQ(rig.Restore("", true), "INVALID_ARGUMENT container id \"\": expected a file name");
  EXPECT_EQ(rig.Restore("a/b", true),
            "INVALID_ARGUMENT container id \"a/b\": expected a file name");
}

// It is there already, or about to be.
void ATrackedOneIsActive(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Restore("c1", true), "ALREADY_EXISTS container c1 is already active");
  RestartEngine(rig);
  rig.Do([&] { rig.api().faults[Method::kState] = FaultyApi::Fault::kHang; });
  const auto first = rig.BeginRestore("c1", {.live = true, .timeout = {}});
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "State was not asked");
  EXPECT_EQ(rig.Restore("c1", true), "ALREADY_EXISTS container c1 is already active");
  EXPECT_EQ(rig.Create("c1"), "ALREADY_EXISTS Container c1 is already active");
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(first)), "OK");
  EXPECT_EQ(rig.Restore("c1", false), "ALREADY_EXISTS container c1 is already active");
}

void OneThatHeedsSigterm(Rig& rig) {
  rig.Behave("c1", "init", {.signals = {{kTerm, ExitingWith(5)}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", false), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "oom", "exit 5 oom"));
  EXPECT_EQ(rig.Sent("Signal c1/init 15"), 1U);
  EXPECT_EQ(rig.Sent("Signal c1/init 9"), 0U);
  EXPECT_THAT(rig.Files("c1", {"e1"}), IsEmpty());
}

// Its output is full, so that it could not even see the signal.
void ABlockedWriterIsEndedToo(Rig& rig) {
  rig.Behave("c1", "init",
             {.steps = {step::AwaitCue{"away"},
                        step::Write{.data = std::string(100000, 'x'), .times = 3}, step::Exit{6}},
              .signals = {{kTerm, Ignoring()}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Flush();
  rig.StopEngine();
  rig.Do([&] { EXPECT_TRUE(rig.world().GiveCue(Rig::Key("c1"), "init", "away")); });
  rig.Advance(seconds(1));
  rig.StartEngine();
  EXPECT_EQ(rig.Restore("c1", false), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 6"));
}

void OneThatIgnoresSigterm(Rig& rig) {
  rig.Behave("c1", "init", {.signals = {{kTerm, Ignoring()}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  const auto restored = rig.BeginRestore("c1", {.live = false, .timeout = {}});
  rig.WaitUntil([&] { return rig.api().Answered(Method::kSignal) == 1; }, "no SIGTERM");
  rig.Flush();
  rig.Advance(seconds(9));
  rig.Flush();
  EXPECT_EQ(rig.Sent("Signal c1/init 9"), 0U);
  EXPECT_FALSE(rig.Returned(restored));
  rig.Advance(seconds(1));
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 137"));
}

// B25: frozen, it would not see the signals.
void APausedOneIsResumedToDie(Rig& rig) {
  rig.Behave("c1", "init", {.signals = {{kTerm, ExitingWith(7)}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", false), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "pause", "exit 7"));
}

// An exec's exit does not pass for its container's.
void AnExecsExitIsNotTheContainers(Rig& rig) {
  rig.Behave("c1", "init", {.signals = {{kTerm, Ignoring()}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  RestartEngine(rig);
  const auto restored = rig.BeginRestore("c1", {.live = false, .timeout = {}});
  rig.WaitUntil([&] { return rig.api().Answered(Method::kSignal) == 1; }, "no SIGTERM");
  rig.Exit("c1", "e1", 1);
  rig.Flush();
  EXPECT_FALSE(rig.Returned(restored));
  rig.Exit("c1", "init", 2);
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 2"));
}

// B27. Frozen behind everybody's back, it cannot die.
void OneThatWouldNotDie(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  rig.Do([&] { rig.api().failures[Method::kSignal] = {ErrorCode::kInternal, "no"}; });
  const auto restored = rig.BeginRestore("c1", {.live = false, .timeout = {}});
  rig.WaitUntil([&] { return rig.api().Count(Method::kSignal) == 1; }, "no SIGTERM");
  rig.Advance(seconds(10));
  rig.WaitUntil([&] { return rig.api().Count(Method::kSignal) == 2; }, "no SIGKILL");
  rig.Advance(seconds(2));
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 255"));
  EXPECT_THAT(rig.Tracked(), ElementsAre("c1"));
  EXPECT_THAT(rig.Files("c1"),
              ElementsAre("config.json", "init-stdin", "init-stdout", "init-stderr"));
  EXPECT_EQ(rig.Create("c1"), "ALREADY_EXISTS Container c1 is already active");
  EXPECT_EQ(rig.Restore("c1", false), "ALREADY_EXISTS container c1 is already active");
  rig.Exit("c1", "init", 3);
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "still tracked");
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 255"));
  EXPECT_EQ(rig.Create("c1"), "OK");
}

// The engine may refuse it at each of three points, and try again.
void ARefusedOneRunsOn(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  RestartEngine(rig);
  for (const char* callback : {"c1 attach init", "c1 restore", "c1 pause"}) {
    rig.Do([&] { rig.engine().failing.emplace(callback, Error{ErrorCode::kInternal, "no"}); });
    EXPECT_EQ(rig.Restore("c1", true), "INTERNAL no") << callback;
    EXPECT_THAT(rig.Tracked(), IsEmpty()) << callback;
    EXPECT_TRUE(rig.Runs("c1")) << callback;
    EXPECT_THAT(rig.Files("c1"),
                ElementsAre("config.json", "init-stdin", "init-stdout", "init-stderr"));
    rig.Do([&] { rig.engine().failing.clear(); });
    rig.Flush();
    EXPECT_EQ(rig.LiveObjects(), 0U) << callback;
  }
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 0U);
  EXPECT_EQ(rig.Resume("c1"), "OK");
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "pause", "restore", "restore",
                                           "pause", "restore", "pause", "resume", "exit 1"));
}

// What State answers is passed on; nothing has changed.
void StateErrorsAreReturned(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  rig.Do([&] { rig.api().failures[Method::kState] = {ErrorCode::kInternal, "no pids"}; });
  EXPECT_EQ(rig.Restore("c1", true), "INTERNAL no pids");
  EXPECT_EQ(rig.Restore("c1", false), "INTERNAL no pids");
  rig.Do([&] {
    rig.api().failures.clear();
    rig.api().edits = [](Method method, google::protobuf::Message& reply) {
      if (method != Method::kState) return;
      static_cast<types::StateResponse&>(reply).clear_containers();
    };
  });
  EXPECT_EQ(rig.Restore("c1", true), "INTERNAL invalid state response");
  rig.Do([&] {
    rig.api().edits = {};
    rig.api().stored_failure = {ErrorCode::kUnimplemented, "no log"};
  });
  EXPECT_EQ(rig.Restore("c1", true), "UNIMPLEMENTED no log");
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_EQ(rig.LiveObjects(), 0U);
  rig.Do([&] { rig.api().stored_failure.reset(); });
  EXPECT_EQ(rig.Restore("c1", true), "OK");
}

// Killed and started again, both of them; one container died while nobody looked.
void DaemonAndEngineComeBack(Rig& rig) {
  for (const char* id : {"run", "paused", "dies"}) EXPECT_EQ(rig.Create(id), "OK");
  EXPECT_EQ(rig.Pause("paused"), "OK");
  rig.Flush();
  rig.StopEngine();
  rig.StopDaemon();
  rig.Exit("dies", "init", 42);
  rig.Advance(seconds(2));
  rig.Do([&] { EXPECT_TRUE(rig.world().StartDaemon()); });
  rig.StartEngine();
  rig.Flush();
  EXPECT_EQ(rig.Restore("run", true), "OK");
  EXPECT_EQ(rig.Restore("paused", true), "OK");
  EXPECT_EQ(rig.Restore("dies", true), "OK");
  EXPECT_THAT(rig.Lines("run"), ElementsAre("start-container", "restore"));
  EXPECT_THAT(rig.Lines("paused"), ElementsAre("start-container", "pause", "restore", "pause"));
  EXPECT_THAT(rig.Lines("dies"), ElementsAre("start-container", "exit 42"));
}

// The daemon alone: the engine keeps what it tracks, restored ones too.
void OnlyTheDaemonComesBack(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c1", true), "OK");
  rig.StopDaemon();
  rig.StartDaemon();
  rig.Exit("c1", "init", 8);
  rig.WaitForLine("c1 exit 8");
}

// While the callbacks of one are held, others are restored, created, and end.
void NobodyWaitsForARestore(Rig& rig) {
  for (const char* id : {"c1", "c2", "c3"}) EXPECT_EQ(rig.Create(id), "OK");
  RestartEngine(rig);
  EXPECT_EQ(rig.Restore("c2", true), "OK");
  rig.Do([&] { rig.engine().holds.insert("c1 restore"); });
  const auto first = rig.BeginRestore("c1", {.live = true, .timeout = {}});
  rig.WaitForLine("c1 restore");
  rig.Exit("c2", "init", 2);
  rig.WaitForLine("c2 exit 2");
  EXPECT_EQ(rig.Restore("c3", true), "OK");
  EXPECT_EQ(rig.Create("c4"), "OK");
  rig.Exit("c1", "init", 1);
  rig.Flush();
  EXPECT_FALSE(rig.Returned(first));
  EXPECT_EQ(rig.Lines("c1").back(), "restore");
  rig.Do([&] { rig.engine().ReleaseAll(); });
  EXPECT_EQ(Describe(rig.Await(first)), "OK");
  rig.WaitForLine("c1 exit 1");
}

// What arrives while the restore is under way is neither lost nor told twice.
void EventsDuringARestore(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  RestartEngine(rig);
  rig.Flush();
  rig.Do([&] { rig.engine().holds.insert("c1 attach init"); });
  std::vector<std::string> attaches;
  rig.Do(
      [&] { rig.engine().on_begin = [&](const std::string& name) { attaches.push_back(name); }; });
  const auto restored = rig.BeginRestore("c1", {.live = true, .timeout = {}});
  rig.WaitUntil([&] { return !attaches.empty(); }, "no attach");
  rig.Oom("c1");
  rig.Exit("c1", "e1", 4);
  rig.Flush();
  rig.Do([&] { rig.engine().ReleaseAll(); });
  EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  rig.WaitForLine("c1 exit-process e1 4");
  rig.Exit("c1", "init", 5);
  rig.WaitForLine("c1 exit 5 oom");
  rig.Flush();
  const auto lines = rig.Lines("c1");
  EXPECT_THAT(std::vector<std::string>(lines.begin() + 2, lines.begin() + 4),
              UnorderedElementsAre("oom", "exit-process e1 4"));
  EXPECT_EQ(lines.size(), 5U);
  rig.Do([&] { rig.engine().on_begin = {}; });
}

void ManyRestoresAtOnce(Rig& rig) {
  constexpr int kMany = 40;
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(rig.Create("c" + std::to_string(i)), "OK");
  RestartEngine(rig);
  std::vector<Pending<void>> restores;
  for (int i = 0; i < kMany; ++i) {
    restores.push_back(
        rig.BeginRestore("c" + std::to_string(i), {.live = i % 4 != 0, .timeout = {}}));
  }
  for (const auto& restored : restores) EXPECT_EQ(Describe(rig.Await(restored)), "OK");
  for (int i = 0; i < kMany; ++i) {
    const auto lines = rig.Lines("c" + std::to_string(i));
    ASSERT_EQ(lines.size(), 2U) << i;
    EXPECT_EQ(lines[1], i % 4 == 0 ? "exit 143" : "restore") << i;
  }
}

void CloseEndsARestore(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Behave("c2", "init", {.signals = {{kTerm, Ignoring()}}});
  EXPECT_EQ(rig.Create("c2"), "OK");
  RestartEngine(rig);
  rig.Flush();
  const auto ends = rig.BeginRestore("c2", {.live = false, .timeout = {}});
  rig.WaitUntil([&] { return rig.api().Answered(Method::kSignal) == 1; }, "no SIGTERM");
  rig.Do([&] { rig.api().stored_hangs = true; });
  const auto reads = rig.BeginRestore("c1", {.live = true, .timeout = {}});
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "the log was not read");
  const auto unknown = rig.BeginRestore("c3", {.live = true, .timeout = {}});
  rig.Await(rig.BeginClose());
  for (const auto& restored : {ends, reads, unknown}) {
    EXPECT_THAT(Describe(rig.Await(restored)), HasSubstr("CANCELLED"));
  }
}

}  // namespace

std::vector<Case> RestoreCases() {
  return {
      {"ALiveContainerGoesOn", ALiveContainerGoesOn},
      {"ARestoredContainerIsAsAnyOther", ARestoredContainerIsAsAnyOther},
      {"APauseSurvives", APauseSurvives},
      {"AnOomSurvives", AnOomSurvives},
      {"ExecsAreFollowed", ExecsAreFollowed},
      {"AnExitTakesRestoredExecsAlong", AnExitTakesRestoredExecsAlong},
      {"TheExitOfOneThatIsGone", TheExitOfOneThatIsGone},
      {"OneThatNeverWas", OneThatNeverWas},
      {"BadIds", BadIds},
      {"ATrackedOneIsActive", ATrackedOneIsActive},
      {"OneThatHeedsSigterm", OneThatHeedsSigterm},
      {"ABlockedWriterIsEndedToo", ABlockedWriterIsEndedToo},
      {"OneThatIgnoresSigterm", OneThatIgnoresSigterm},
      {"APausedOneIsResumedToDie", APausedOneIsResumedToDie},
      {"AnExecsExitIsNotTheContainers", AnExecsExitIsNotTheContainers},
      {"OneThatWouldNotDie", OneThatWouldNotDie},
      {"ARefusedOneRunsOn", ARefusedOneRunsOn},
      {"StateErrorsAreReturned", StateErrorsAreReturned},
      {"DaemonAndEngineComeBack", DaemonAndEngineComeBack},
      {"OnlyTheDaemonComesBack", OnlyTheDaemonComesBack},
      {"NobodyWaitsForARestore", NobodyWaitsForARestore},
      {"EventsDuringARestore", EventsDuringARestore},
      {"ManyRestoresAtOnce", ManyRestoresAtOnce},
      {"CloseEndsARestore", CloseEndsARestore},
  };
}

}  // namespace drydock_tests
