// Each deviation from the reference, on and off: off shows the defect that it repairs.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/reference_behaviour.h"
#include "tests/conformance/rig.h"

namespace drydock_tests {
namespace {

namespace step = fake_containerd::step;
using libcontainerd::Deviation;
using libcontainerd::Method;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> ExecExitAfterOom(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.Exit("c1", "e1", 1);
  rig.Flush();
  return rig.Lines("c1");
}

TEST(Deviation, ExecOomFlagClear) {
  Rig ours;
  EXPECT_THAT(ExecExitAfterOom(ours), ElementsAre("start-container", "oom", "exit-process e1 1"));
  Rig theirs(Without(Deviation::kExecOomFlagClear));
  theirs.ExpectBroken("oom-flag-exec-clear");
  EXPECT_THAT(ExecExitAfterOom(theirs),
              ElementsAre("start-container", "oom", "exit-process e1 1 oom"));
}

std::vector<std::string> InitExitsBeforeItsExec(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Exit("c1", "init", 3);
  rig.WaitForLine("c1 exit 3");
  rig.Flush();
  return rig.Lines("c1");
}

TEST(Deviation, ExecExitsBeforeExit) {
  RigOptions options;
  options.choices.exec_exits = fake_containerd::Choices::ExecExits::kAfterInit;
  Rig ours(options);
  EXPECT_THAT(InitExitsBeforeItsExec(ours),
              ElementsAre("start-container", "exit-process e1 137", "exit 3"));
  Rig theirs(Without(Deviation::kExecExitsBeforeExit, options));
  theirs.ExpectBroken("exec-exits-once-before-exit");
  EXPECT_THAT(InitExitsBeforeItsExec(theirs), ElementsAre("start-container", "exit 3"));
}

std::vector<std::string> RepeatedEvents(Rig& rig) {
  rig.Do([&] { rig.api().duplicates_events = true; });
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Oom("c1");
  rig.Flush();
  return rig.Lines("c1");
}

TEST(Deviation, DuplicateEventsDropped) {
  Rig ours;
  EXPECT_THAT(RepeatedEvents(ours), ElementsAre("start-container", "oom"));
  Rig theirs(Without(Deviation::kDuplicateEventsDropped));
  theirs.ExpectBroken("callbacks-in-order");
  theirs.ExpectBroken("replay-is-idempotent");
  theirs.ExpectBroken("oom-called-back");
  EXPECT_THAT(RepeatedEvents(theirs), ElementsAre("start-container", "oom", "oom"));
}

std::vector<std::string> AnOomOfTheLifeBefore(Rig& rig) {
  std::vector<types::Event> old;
  rig.Do([&] {
    rig.api().drops = [&](const types::Event& event) {
      const bool oom = event.type() == "oom" && event.id() == "c1";
      if (oom) old.push_back(event);
      return oom;
    };
  });
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Oom("c1");
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1");
  rig.Flush();
  rig.Advance(seconds(1));
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.api().drops = {};
    rig.client().HandleEvents(old);
  });
  rig.Exit("c1", "init", 2);
  rig.Flush();
  return rig.Lines("c1");
}

TEST(Deviation, StaleEventsDropped) {
  Rig ours;
  EXPECT_THAT(AnOomOfTheLifeBefore(ours),
              ElementsAre("start-container", "exit 1", "start-container", "exit 2"));
  Rig theirs(Without(Deviation::kStaleEventsDropped));
  theirs.ExpectBroken("oom-flag-exact");
  theirs.ExpectBroken("oom-flag-not-inherited");
  theirs.ExpectBroken("oom-called-back");
  theirs.ExpectBroken("callbacks-in-order");
  EXPECT_THAT(AnOomOfTheLifeBefore(theirs),
              ElementsAre("start-container", "exit 1", "start-container", "oom", "exit 2 oom"));
}

std::vector<std::string> AnExitBeforeTheReply(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::Exit{3}}});
  rig.Do([&] { rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kWithhold; });
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no answer to withhold");
  rig.Flush();
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(created)), "OK");
  rig.Flush();
  return rig.Lines("c1");
}

TEST(Deviation, StartCalledBackFirst) {
  Rig ours;
  EXPECT_THAT(AnExitBeforeTheReply(ours), ElementsAre("start-container", "exit 3"));
  Rig theirs(Without(Deviation::kStartCalledBackFirst));
  theirs.ExpectBroken("start-first-exit-last");
  EXPECT_THAT(AnExitBeforeTheReply(theirs), ElementsAre("exit 3", "start-container"));
}

std::string APauseWhoseEventOvertakesTheReply(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.api().faults[Method::kUpdateContainer] = FaultyApi::Fault::kWithhold; });
  const auto paused = rig.BeginPause("c1");
  rig.WaitForLine("c1 pause");
  rig.Flush();
  rig.Do([&] { rig.api().Release(); });
  rig.Flush();
  rig.Advance(seconds(10));
  return Describe(rig.Await(paused));
}

TEST(Deviation, WaiterRegisteredFirst) {
  Rig ours;
  EXPECT_EQ(APauseWhoseEventOvertakesTheReply(ours), "OK");
  Rig theirs(Without(Deviation::kWaiterRegisteredFirst));
  EXPECT_EQ(APauseWhoseEventOvertakesTheReply(theirs),
            "DEADLINE_EXCEEDED container c1: no pause event came in time");
}

std::string APauseOfAContainerThatExits(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do(
      [&] { rig.api().drops = [](const types::Event& event) { return event.type() == "pause"; }; });
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Count(Method::kUpdateContainer) == 1; }, "no request");
  rig.Flush();
  rig.Thaw("c1");
  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
  rig.Flush();
  rig.Advance(seconds(10));
  return Describe(rig.Await(paused));
}

TEST(Deviation, ExitEndsWaiters) {
  Rig ours;
  EXPECT_EQ(APauseOfAContainerThatExits(ours), "ABORTED container c1 exited");
  Rig theirs(Without(Deviation::kExitEndsWaiters));
  theirs.ExpectBroken("calls-return");
  EXPECT_EQ(APauseOfAContainerThatExits(theirs),
            "DEADLINE_EXCEEDED container c1: no pause event came in time");
}

std::size_t ClosesStdinOfAFailedCreate(Rig& rig) {
  rig.Do([&] { rig.engine().closes_stdin_at_attach = true; });
  rig.Behave("c1", "init", {.start_failure = {{fake_containerd::FailureKind::kNotInPath, "no"}}});
  EXPECT_THAT(rig.Create("c1"), HasSubstr("not found in $PATH"));
  rig.Flush();
  return rig.Sent("UpdateProcess c1/init closeStdin");
}

TEST(Deviation, CloseStdinAfterSuccess) {
  Rig ours;
  EXPECT_EQ(ClosesStdinOfAFailedCreate(ours), 0U);
  Rig theirs(Without(Deviation::kCloseStdinAfterSuccess));
  theirs.ExpectBroken("close-stdin-once");
  EXPECT_EQ(ClosesStdinOfAFailedCreate(theirs), 2U);  // by the engine and by the client
}

std::size_t ClosesStdinAfterTheExit(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  return rig.Sent("UpdateProcess c1/init closeStdin");
}

TEST(Deviation, SilentAfterExit) {
  Rig ours;
  EXPECT_EQ(ClosesStdinAfterTheExit(ours), 0U);
  Rig theirs(Without(Deviation::kSilentAfterExit));
  theirs.ExpectBroken("silent-after-exit");
  EXPECT_EQ(ClosesStdinAfterTheExit(theirs), 1U);
}

std::vector<std::string> FilesAfterAFailedExec(Rig& rig) {
  rig.Behave("c1", "e1", {.start_failure = {{fake_containerd::FailureKind::kNotInPath, "no"}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_THAT(rig.Exec("c1", "e1"), HasSubstr("not found in $PATH"));
  rig.Flush();
  return rig.Files("c1", {"e1"});
}

TEST(Deviation, FailedExecRemovesFifos) {
  Rig ours;
  EXPECT_THAT(FilesAfterAFailedExec(ours), Not(Contains("e1-stdin")));
  Rig theirs(Without(Deviation::kFailedExecRemovesFifos));
  theirs.ExpectBroken("failed-exec-leaves-nothing");
  EXPECT_THAT(FilesAfterAFailedExec(theirs), Contains("e1-stdin"));
}

bool RunsAfterAFailedAttach(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.engine().failing.emplace("c1 attach e1",
                                 libcontainerd::Error{libcontainerd::ErrorCode::kInternal, "no"});
  });
  EXPECT_EQ(rig.Exec("c1", "e1"), "INTERNAL no");
  rig.Flush();
  rig.Advance(std::chrono::seconds(2));
  bool runs = false;
  rig.Do([&] { runs = rig.world().Inspect(Rig::Key("c1"))->processes.size() == 2; });
  return runs;
}

TEST(Deviation, FailedAttachKillsExec) {
  Rig ours;
  EXPECT_FALSE(RunsAfterAFailedAttach(ours));
  Rig theirs(Without(Deviation::kFailedAttachKillsExec));
  theirs.ExpectBroken("failed-exec-leaves-nothing");
  EXPECT_TRUE(RunsAfterAFailedAttach(theirs));
}

bool RunsAfterAFailedStart(Rig& rig) {
  rig.Do([&] {
    rig.engine().failing.emplace("c1 start-container",
                                 libcontainerd::Error{libcontainerd::ErrorCode::kInternal, "no"});
  });
  EXPECT_EQ(rig.Create("c1"), "INTERNAL no");
  rig.Flush();
  return rig.Runs("c1");
}

TEST(Deviation, FailedStartKills) {
  Rig ours;
  EXPECT_FALSE(RunsAfterAFailedStart(ours));
  Rig theirs(Without(Deviation::kFailedStartKills));
  theirs.ExpectBroken("failed-create-leaves-nothing");
  EXPECT_TRUE(RunsAfterAFailedStart(theirs));
  EXPECT_THAT(theirs.Tracked(), IsEmpty());
}

bool RunsAfterALostReply(Rig& rig) {
  rig.Do([&] { rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kLose; });
  EXPECT_EQ(rig.Create("c1"), "UNAVAILABLE the answer was lost");
  rig.Flush();
  return rig.Runs("c1");
}

TEST(Deviation, UnknownOutcomeResolved) {
  Rig ours;
  EXPECT_FALSE(RunsAfterALostReply(ours));
  Rig theirs(Without(Deviation::kUnknownOutcomeResolved));
  EXPECT_TRUE(RunsAfterALostReply(theirs));
  EXPECT_THAT(theirs.Tracked(), IsEmpty());
}

// Its process ended, its child still holds its streams: the daemon knows the name no more.
std::vector<std::string> ReusesTheNameOfALingeringExec(Rig& rig) {
  rig.Behave("c1", "e1", {.steps = {step::SpawnChildren{.lifetime = seconds(5)}, step::Exit{1}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.WaitUntil([&] { return rig.world().Inspect(Rig::Key("c1"))->processes.size() == 1; },
                "e1 did not end");
  rig.Behave("c1", "e1", {.steps = {step::Exit{2}}});
  const std::string again = rig.Exec("c1", "e1");
  rig.Flush();
  rig.Advance(seconds(5));
  rig.Flush();
  std::vector<std::string> lines = rig.Lines("c1");
  lines.push_back(again);
  return lines;
}

TEST(Deviation, ExecNameBusy) {
  Rig ours;
  EXPECT_THAT(ReusesTheNameOfALingeringExec(ours),
              ElementsAre("start-container", "exit-process e1 1",
                          "ALREADY_EXISTS Process e1 of container c1 is already active"));
  Rig theirs(Without(Deviation::kExecNameBusy));
  EXPECT_THAT(ReusesTheNameOfALingeringExec(theirs),
              ElementsAre("start-container", "exit-process e1 2", "exit-process e1 1", "OK"));
}

std::string CreatesDuringTheExitCallback(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.engine().holds.insert("c1 exit"); });
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1");
  std::string created = rig.Create("c1");
  rig.Do([&] { rig.engine().Release("c1 exit"); });
  rig.Flush();
  return created;
}

TEST(Deviation, ActiveUntilCalledBack) {
  Rig ours;
  EXPECT_EQ(CreatesDuringTheExitCallback(ours), "ALREADY_EXISTS Container c1 is already active");
  Rig theirs(Without(Deviation::kActiveUntilCalledBack));
  theirs.ExpectBroken("callbacks-serial");
  theirs.ExpectBroken("start-first-exit-last");
  theirs.ExpectBroken("no-double-create");
  EXPECT_EQ(CreatesDuringTheExitCallback(theirs), "OK");
}

std::string CreatesWithoutAReadableSpec(Rig& rig) {
  rig.Do([&] {
    rig.bundles().fail_read = {libcontainerd::ErrorCode::kNotFound, "no config.json"};
  });
  return rig.Create("c1");
}

TEST(Deviation, UnreadableSpecIsError) {
  Rig ours;
  EXPECT_EQ(CreatesWithoutAReadableSpec(ours), "NOT_FOUND no config.json");
  Rig theirs(Without(Deviation::kUnreadableSpecIsError));
  theirs.ExpectBroken("create-starts-once");
  EXPECT_EQ(CreatesWithoutAReadableSpec(theirs), "OK");
  EXPECT_FALSE(theirs.Runs("c1"));
}

TEST(Deviation, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < libcontainerd::kDeviationCount; ++i) {
    names.insert(libcontainerd::DeviationName(static_cast<Deviation>(i)));
  }
  EXPECT_EQ(names.size(), libcontainerd::kDeviationCount);
  EXPECT_EQ(libcontainerd::DeviationName(Deviation::kExecOomFlagClear), "exec-oom-flag-clear");
  EXPECT_EQ(libcontainerd::DeviationName(Deviation::kUnreadableSpecIsError),
            "unreadable-spec-is-error");
  const libcontainerd::ReferenceBehaviour reference{Deviation::kExecNameBusy};
  EXPECT_FALSE(reference.Acts(Deviation::kExecNameBusy));
  EXPECT_TRUE(reference.Acts(Deviation::kExitEndsWaiters));
}

}  // namespace
}  // namespace drydock_tests
