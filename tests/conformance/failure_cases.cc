// What goes wrong, and that it leaves nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

using fake_containerd::FailureKind;
using libcontainerd::ErrorCode;
using libcontainerd::Method;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const libcontainerd::Error kNo{ErrorCode::kInternal, "the engine says no"};

void ExpectNothingOf(Rig& rig, const std::string& id) {
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_THAT(rig.Files(id), IsEmpty());
  EXPECT_FALSE(rig.Runs(id));
}

void ExpectRetryWorks(Rig& rig, const std::string& id) {
  rig.Do([&] { rig.engine().failing.clear(); });
  EXPECT_EQ(rig.Create(id), "OK");
  rig.Exit(id, "init", 0);
  rig.WaitForLine(id + " exit 0");
}

void TheAttachOfInitFails(Rig& rig) {
  rig.Do([&] { rig.engine().failing.emplace("c1 attach init", kNo); });
  EXPECT_EQ(rig.Create("c1"), "INTERNAL the engine says no");
  EXPECT_THAT(rig.Sent(), ::testing::Not(::testing::Contains("CreateContainer c1")));
  ExpectNothingOf(rig, "c1");
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "something is left");
  ExpectRetryWorks(rig, "c1");
}

void TheAttachOfAnExecFails(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.engine().failing.emplace("c1 attach e1", kNo); });
  const auto before = rig.Files("c1", {"e1"});
  EXPECT_EQ(rig.Exec("c1", "e1"), "INTERNAL the engine says no");
  rig.WaitUntil([&] { return rig.client().Tracked().front().processes.empty(); },
                "e1 is still tracked");
  EXPECT_EQ(rig.Sent("Signal c1/e1 9"), 1U);
  EXPECT_EQ(rig.Files("c1", {"e1"}), before);
  EXPECT_EQ(rig.Dropped().failed_start, 1U);
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  rig.Do([&] { rig.engine().failing.clear(); });
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
}

// It exited before the attach failed: nothing is left to kill.
void TheAttachOfAShortExecFails(Rig& rig) {
  rig.Behave("c1", "e1", {.steps = {fake_containerd::step::Exit{1}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.engine().failing.emplace("c1 attach e1", kNo);
    rig.engine().holds.insert("c1 attach e1");
  });
  const auto added = rig.BeginExec("c1", "e1");
  rig.WaitUntil([&] { return rig.engine().Holds("c1 attach e1"); }, "no attach");
  rig.WaitUntil([&] { return rig.world().Inspect(Rig::Key("c1"))->processes.size() == 1; },
                "e1 did not end");
  rig.Flush();
  rig.Do([&] { rig.engine().Release("c1 attach e1"); });
  EXPECT_EQ(Describe(rig.Await(added)), "INTERNAL the engine says no");
  rig.WaitUntil([&] { return rig.client().Tracked().front().processes.empty(); },
                "e1 is still tracked");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  rig.Do([&] { rig.engine().failing.clear(); });
}

void TheStartCallbackFails(Rig& rig) {
  rig.Do([&] { rig.engine().failing.emplace("c1 start-container", kNo); });
  EXPECT_EQ(rig.Create("c1"), "INTERNAL the engine says no");
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "c1 is still tracked");
  EXPECT_EQ(rig.Sent("Signal c1/init 9"), 1U);
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  ExpectNothingOf(rig, "c1");
  EXPECT_EQ(rig.Dropped().failed_start, 1U);
  ExpectRetryWorks(rig, "c1");
}

// The container's events came before the failing start callback ended.
void TheStartCallbackOfAShortLifeFails(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {fake_containerd::step::Exit{1}}});
  rig.Do([&] {
    rig.engine().failing.emplace("c1 start-container", kNo);
    rig.engine().holds.insert("c1 start-container");
  });
  const auto created = rig.BeginCreate("c1");
  rig.WaitForLine("c1 start-container");
  rig.WaitUntil([&] { return rig.world().container_count() == 0; }, "c1 did not end");
  rig.Flush();
  rig.Do([&] { rig.engine().Release("c1 start-container"); });
  EXPECT_EQ(Describe(rig.Await(created)), "INTERNAL the engine says no");
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "c1 is still tracked");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  ExpectNothingOf(rig, "c1");
}

struct FailedStart {
  FailureKind kind;
  const char* subject;
  const char* of_init;
  const char* of_exec;
};

const FailedStart kFailedStarts[] = {
    {FailureKind::kBinaryMissing, "/no",
     "UNKNOWN oci runtime error: container_linux.go:247: starting container process caused \"exec: "
     "\\\"/no\\\": stat /no: no such file or directory\"\n",
     "UNKNOWN oci runtime error: exec failed: container_linux.go:247: starting container process "
     "caused \"exec: \\\"/no\\\": stat /no: no such file or directory\"\n"},
    {FailureKind::kNotInPath, "no",
     "UNKNOWN oci runtime error: container_linux.go:247: starting container process caused \"exec: "
     "\\\"no\\\": executable file not found in $PATH\"\n",
     "UNKNOWN oci runtime error: exec failed: container_linux.go:247: starting container process "
     "caused \"exec: \\\"no\\\": executable file not found in $PATH\"\n"},
    {FailureKind::kNotExecutable, "/etc",
     "UNKNOWN oci runtime error: container_linux.go:247: starting container process caused \"exec: "
     "\\\"/etc\\\": permission denied\"\n",
     "UNKNOWN oci runtime error: exec failed: container_linux.go:247: starting container process "
     "caused \"exec: \\\"/etc\\\": permission denied\"\n"},
    {FailureKind::kBadCwd, "/no",
     "UNKNOWN oci runtime error: container_linux.go:247: starting container process caused \"chdir "
     "to cwd (\\\"/no\\\") set in config.json failed: no such file or directory\"\n",
     nullptr},
    {FailureKind::kRuntimeMessage, "rootfs is gone", "UNKNOWN oci runtime error: rootfs is gone\n",
     "UNKNOWN oci runtime error: exec failed: rootfs is gone\n"},
    {FailureKind::kNotStarted, "", "UNKNOWN containerd: container not started", nullptr},
    {FailureKind::kRuntimeMissing, "/no/runc",
     "UNKNOWN shim error: fork/exec /no/runc: no such file or directory", nullptr},
};

void AFailedCreateLeavesNothing(Rig& rig) {
  int number = 0;
  for (const FailedStart& failed : kFailedStarts) {
    const std::string id = "c" + std::to_string(++number);
    rig.Behave(id, "init", {.start_failure = {{failed.kind, failed.subject}}});
    EXPECT_EQ(rig.Create(id), failed.of_init);
    rig.WaitForEnd(id, "init");
    ExpectNothingOf(rig, id);
    EXPECT_THAT(rig.Lines(id), IsEmpty());
    rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "something is left");
    rig.WaitUntil([&] { return rig.world().container_count() == 0; }, "the daemon keeps it");
    rig.Behave(id, "init", {});
    ExpectRetryWorks(rig, id);
  }
}

// The runtime says it on stderr, too.
void WhatAFailedCreateWroteIsReadable(Rig& rig) {
  rig.Behave("c1", "init", {.start_failure = {{FailureKind::kNotInPath, "no"}}});
  rig.Create("c1");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Err("c1", "init"),
            "container_linux.go:247: starting container process caused \"exec: \\\"no\\\": "
            "executable file not found in $PATH\"\n");
  EXPECT_EQ(rig.Out("c1", "init"), "");
}

void AFailedExecLeavesNothing(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  const auto before = rig.Files("c1", {"e1"});
  for (const FailedStart& failed : kFailedStarts) {
    if (failed.of_exec == nullptr) continue;
    rig.Behave("c1", "e1", {.start_failure = {{failed.kind, failed.subject}}});
    EXPECT_EQ(rig.Exec("c1", "e1"), failed.of_exec);
    EXPECT_EQ(rig.Files("c1", {"e1"}), before);
    rig.Do([&] { EXPECT_THAT(rig.client().Tracked().front().processes, IsEmpty()); });
  }
  rig.Behave("c1", "e1", {});
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
}

// Its exit came before the reply, and nobody wants it.
RigOptions FailedCreateExits() {
  RigOptions options;
  options.choices.failed_create_exit = 1;
  return options;
}

void AFailedCreateHasNoExit(Rig& rig) {
  rig.Behave("c1", "init", {.start_failure = {{FailureKind::kNotInPath, "no"}}});
  rig.Create("c1");
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), IsEmpty());
  ExpectNothingOf(rig, "c1");
}

void ABundleThatCannotBeMade(Rig& rig) {
  rig.Do([&] { rig.bundles().fail_create = {ErrorCode::kResourceExhausted, "disk full"}; });
  EXPECT_EQ(rig.Create("c1"), "RESOURCE_EXHAUSTED disk full");
  ExpectNothingOf(rig, "c1");
  rig.Do([&] { rig.bundles().fail_create.reset(); });
  ExpectRetryWorks(rig, "c1");
}

void ASpecThatCannotBeReadBack(Rig& rig) {
  rig.Do([&] { rig.bundles().fail_read = {ErrorCode::kNotFound, "open config.json: gone"}; });
  EXPECT_EQ(rig.Create("c1"), "NOT_FOUND open config.json: gone");
  rig.Do([&] { rig.bundles().fail_read.reset(); });
  ExpectNothingOf(rig, "c1");
  ExpectRetryWorks(rig, "c1");
}

void ABundleThatCannotBeRemoved(Rig& rig) {
  rig.ExpectBroken("bundle-gone-on-exit");
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.bundles().fail_remove = {ErrorCode::kPermissionDenied, "no"}; });
  rig.Exit("c1", "init", 5);
  rig.WaitForLine("c1 exit 5");  // nobody is left waiting for it
  rig.Flush();
  EXPECT_THAT(rig.Tracked(), IsEmpty());
}

// The daemon works on, its answer comes too late: what became of it is asked, and it is killed.
void TheAnswerToACreateComesTooLate(Rig& rig) {
  rig.Do([&] { rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kWithhold; });
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no answer to withhold");
  rig.Advance(seconds(149));
  EXPECT_FALSE(rig.Returned(created));
  rig.Advance(seconds(1));
  EXPECT_EQ(Describe(rig.Await(created)), "DEADLINE_EXCEEDED CreateContainer: no answer in time");
  rig.Do([&] { rig.api().Release(); });
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "c1 is still tracked");
  EXPECT_EQ(rig.Sent("State c1"), 1U);
  EXPECT_EQ(rig.Sent("Signal c1/init 9"), 1U);
  EXPECT_THAT(rig.Lines("c1"), IsEmpty());
  ExpectNothingOf(rig, "c1");
  ExpectRetryWorks(rig, "c1");
}

void TheAnswerToACreateIsLost(Rig& rig) {
  rig.Do([&] {
    rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kLose;
    rig.api().faults[Method::kState] = FaultyApi::Fault::kHang;  // what became of it is not known
  });
  EXPECT_EQ(rig.Create("c1"), "UNAVAILABLE the answer was lost");
  EXPECT_EQ(rig.Create("c1"), "ALREADY_EXISTS Container c1 is already active");
  rig.Do([&] { rig.api().Release(); });
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "c1 is still tracked");
  ExpectNothingOf(rig, "c1");
  EXPECT_THAT(rig.Lines("c1"), IsEmpty());
  ExpectRetryWorks(rig, "c1");
}

void ACreateThatNeverArrived(Rig& rig) {
  rig.Do([&] {
    rig.api().failures[Method::kCreateContainer] = {ErrorCode::kUnavailable, "nobody listens"};
  });
  EXPECT_EQ(rig.Create("c1"), "UNAVAILABLE nobody listens");
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "c1 is still tracked");
  EXPECT_EQ(rig.Sent("State c1"), 1U);
  ExpectNothingOf(rig, "c1");
  rig.Do([&] { rig.api().failures.clear(); });
  ExpectRetryWorks(rig, "c1");
}

// Neither does the daemon answer what became of it, for a while.
void TheOutcomeStaysUnknownForAWhile(Rig& rig) {
  rig.Do([&] {
    rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kLose;
    rig.api().failures[Method::kState] = {ErrorCode::kUnavailable, "nobody listens"};
  });
  EXPECT_EQ(rig.Create("c1"), "UNAVAILABLE the answer was lost");
  rig.Flush();
  EXPECT_THAT(rig.Tracked(), ElementsAre("c1"));
  rig.Do([&] {
    rig.api().failures.clear();
    rig.api().Release();
  });
  rig.Advance(seconds(5));
  rig.WaitUntil([&] { return rig.client().Tracked().empty(); }, "c1 is still tracked");
  ExpectNothingOf(rig, "c1");
}

void TheAnswerToAnAddProcessIsLost(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  const auto before = rig.Files("c1", {"e1"});
  rig.Do([&] { rig.api().faults[Method::kAddProcess] = FaultyApi::Fault::kLose; });
  EXPECT_EQ(rig.Exec("c1", "e1"), "UNAVAILABLE the answer was lost");
  rig.Do([&] { rig.api().Release(); });
  rig.WaitUntil([&] { return rig.client().Tracked().front().processes.empty(); },
                "e1 is still tracked");
  EXPECT_EQ(rig.Files("c1", {"e1"}), before);
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
}

// The kill of an exec that must not run is repeated until it reaches the daemon.
void AnExecIsKilledAsSoonAsTheDaemonIsBack(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.engine().failing.emplace("c1 attach e1", kNo);
    rig.api().failures[Method::kSignal] = {ErrorCode::kUnavailable, "nobody listens"};
  });
  EXPECT_EQ(rig.Exec("c1", "e1"), "INTERNAL the engine says no");
  rig.WaitUntil([&] { return rig.api().Count(Method::kSignal) == 1; }, "no signal");
  rig.Flush();
  EXPECT_EQ(rig.Exec("c1", "e1"), "ALREADY_EXISTS Process e1 of container c1 is already active");
  rig.Do([&] { rig.api().failures.clear(); });
  rig.Advance(std::chrono::milliseconds(100));
  rig.WaitUntil([&] { return rig.client().Tracked().front().processes.empty(); },
                "e1 is still tracked");
  EXPECT_EQ(rig.Sent("Signal c1/e1 9"), 2U);
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
}

// The container's end does it as well.
void AnExecThatCannotBeKilledEndsWithItsContainer(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.engine().failing.emplace("c1 attach e1", kNo);
    rig.api().failures[Method::kSignal] = {ErrorCode::kUnavailable, "nobody listens"};
  });
  EXPECT_EQ(rig.Exec("c1", "e1"), "INTERNAL the engine says no");
  rig.Exit("c1", "init", 2);
  rig.WaitForLine("c1 exit 2");
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "something is left");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 2"));
}

void CloseEndsEveryWait(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  rig.Do([&] {
    rig.engine().holds.insert("c2 oom");
    rig.api().drops = [](const types::Event& event) { return event.type() == "pause"; };
  });
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Answered(Method::kUpdateContainer) == 1; }, "no answer");
  rig.Flush();
  rig.Flush();
  rig.Do([&] {
    rig.api().faults[Method::kStats] = FaultyApi::Fault::kHang;
    rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kHang;
    rig.api().faults[Method::kUpdateProcess] = FaultyApi::Fault::kHang;
  });
  const auto stats = rig.Begin<types::StatsResponse>(
      "stats", "c1", "", [](libcontainerd::Client& client) { return client.Stats("c1"); });
  const auto created = rig.BeginCreate("c3");
  const auto resized = rig.Begin<void>("resize", "c2", "init", [](libcontainerd::Client& client) {
    return client.Resize("c2", "init", 80, 24);
  });
  rig.WaitUntil([&] { return rig.api().waiting() == 3; }, "no requests");
  const auto queued = rig.BeginPause("c2");
  rig.Oom("c2");
  rig.WaitForLine("c2 oom");
  const auto closed = rig.BeginClose();
  EXPECT_EQ(Describe(rig.Await(paused)), "CANCELLED the client is closing");
  EXPECT_EQ(Describe(rig.Await(stats)), "CANCELLED the client is closed");
  EXPECT_EQ(Describe(rig.Await(created)), "CANCELLED the client is closed");
  EXPECT_EQ(Describe(rig.Await(resized)), "CANCELLED the client is closed");
  EXPECT_EQ(Describe(rig.Await(queued)), "CANCELLED the client is closed");
  EXPECT_FALSE(rig.Returned(closed));  // a callback runs
  EXPECT_EQ(rig.Signal("c1", 9), "CANCELLED the client is closed");
  EXPECT_EQ(rig.Create("c4"), "CANCELLED the client is closed");
  rig.Do([&] { rig.engine().Release("c2 oom"); });
  EXPECT_EQ(Describe(rig.Await(closed)), "OK");
  EXPECT_EQ(rig.LiveObjects(), 0U);
  rig.Do([&] { rig.api().Release(); });
}

}  // namespace

std::vector<Case> FailureCases() {
  return {{"TheAttachOfInitFails", &TheAttachOfInitFails},
          {"TheAttachOfAnExecFails", &TheAttachOfAnExecFails},
          {"TheAttachOfAShortExecFails", &TheAttachOfAShortExecFails},
          {"TheStartCallbackFails", &TheStartCallbackFails},
          {"TheStartCallbackOfAShortLifeFails", &TheStartCallbackOfAShortLifeFails},
          {"AFailedCreateLeavesNothing", &AFailedCreateLeavesNothing},
          {"WhatAFailedCreateWroteIsReadable", &WhatAFailedCreateWroteIsReadable},
          {"AFailedExecLeavesNothing", &AFailedExecLeavesNothing},
          {"AFailedCreateHasNoExit", &AFailedCreateHasNoExit, &FailedCreateExits},
          {"ABundleThatCannotBeMade", &ABundleThatCannotBeMade},
          {"ASpecThatCannotBeReadBack", &ASpecThatCannotBeReadBack},
          {"ABundleThatCannotBeRemoved", &ABundleThatCannotBeRemoved},
          {"TheAnswerToACreateComesTooLate", &TheAnswerToACreateComesTooLate},
          {"TheAnswerToACreateIsLost", &TheAnswerToACreateIsLost},
          {"ACreateThatNeverArrived", &ACreateThatNeverArrived},
          {"TheOutcomeStaysUnknownForAWhile", &TheOutcomeStaysUnknownForAWhile},
          {"TheAnswerToAnAddProcessIsLost", &TheAnswerToAnAddProcessIsLost},
          {"AnExecIsKilledAsSoonAsTheDaemonIsBack", &AnExecIsKilledAsSoonAsTheDaemonIsBack},
          {"AnExecThatCannotBeKilledEndsWithItsContainer",
           &AnExecThatCannotBeKilledEndsWithItsContainer},
          {"CloseEndsEveryWait", &CloseEndsEveryWait}};
}

}  // namespace drydock_tests
