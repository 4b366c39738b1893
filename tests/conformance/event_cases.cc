// OOM, pause and resume, repeated events, and that nothing waits for another container.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

using libcontainerd::Method;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

void TheOomFlagIsTheExitsAlone(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.Do([&] { EXPECT_TRUE(rig.client().Tracked().front().oom); });
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
  rig.Exit("c1", "init", 2);
  rig.WaitForLine("c1 exit 2 oom");
  rig.Flush();
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Exit("c1", "init", 3);
  rig.WaitForLine("c1 exit 3");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "oom", "exit-process e1 1",
                                           "exit 2 oom", "start-container", "exit 3"));
}

RigOptions OomFirst() {
  RigOptions options;
  options.choices.oom = fake_containerd::Choices::OomOrder::kBeforeExit;
  return options;
}

void TheKernelTakesInit(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { EXPECT_TRUE(rig.world().OomKill(Rig::Key("c1"), "init")); });
  rig.WaitForLine("c1 exit 137 oom");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "oom", "exit 137 oom"));
}

RigOptions OomLast() {
  RigOptions options;
  options.choices.oom = fake_containerd::Choices::OomOrder::kAfterExit;
  return options;
}

void AnOomAfterTheExitIsDropped(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.engine().holds.insert("c1 exit");
    EXPECT_TRUE(rig.world().OomKill(Rig::Key("c1"), "init"));
  });
  rig.WaitForLine("c1 exit 137");
  rig.WaitUntil([&] { return rig.client().dropped_events().after_exit == 1; }, "no late oom");
  rig.Do([&] { rig.engine().ReleaseAll(); });
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 137"));
}

void PauseAndResume(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.engine().holds.insert("c1 pause"); });
  const auto paused = rig.BeginPause("c1");
  rig.WaitForLine("c1 pause");
  rig.Flush();
  EXPECT_FALSE(rig.Returned(paused));
  rig.Do([&] { rig.engine().Release("c1 pause"); });
  EXPECT_EQ(Describe(rig.Await(paused)), "OK");
  EXPECT_EQ(rig.Pause("c1"),
            "UNKNOWN exit status 1: \"container not running or created: paused\\n\"");
  EXPECT_EQ(rig.Resume("c1"), "OK");
  EXPECT_EQ(rig.Resume("c1"), "UNKNOWN exit status 1: \"container not paused\\n\"");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  EXPECT_EQ(rig.Resume("c1"), "OK");
  EXPECT_THAT(rig.Lines("c1"),
              ElementsAre("start-container", "pause", "resume", "pause", "resume"));
}

void LosePause(Rig& rig) {
  rig.Do(
      [&] { rig.api().drops = [](const types::Event& event) { return event.type() == "pause"; }; });
}

void TheExitEndsAPause(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  LosePause(rig);
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Answered(Method::kUpdateContainer) == 1; }, "no answer");
  rig.Flush();
  EXPECT_FALSE(rig.Returned(paused));
  rig.Thaw("c1");
  rig.Kill("c1", "init", 9);
  EXPECT_EQ(Describe(rig.Await(paused)), "ABORTED container c1 exited");
  rig.WaitForLine("c1 exit 137");
}

void ALostPauseEndsAtItsDeadline(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  LosePause(rig);
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Answered(Method::kUpdateContainer) == 1; }, "no answer");
  rig.Flush();
  rig.Flush();
  rig.Advance(seconds(9));
  EXPECT_FALSE(rig.Returned(paused));
  rig.Advance(seconds(1));
  EXPECT_EQ(Describe(rig.Await(paused)),
            "DEADLINE_EXCEEDED container c1: no pause event came in time");
  rig.Do([&] { rig.api().drops = {}; });
  EXPECT_EQ(rig.Resume("c1"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  // The same with the caller's own time-out.
  LosePause(rig);
  EXPECT_EQ(rig.Resume("c1"), "OK");
  libcontainerd::CallOptions patience;
  patience.timeout = seconds(2);
  const auto again = rig.BeginPause("c1", patience);
  rig.WaitUntil([&] { return rig.api().Answered(Method::kUpdateContainer) == 5; }, "no answer");
  rig.Flush();
  rig.Flush();
  rig.Advance(seconds(2));
  EXPECT_EQ(Describe(rig.Await(again)),
            "DEADLINE_EXCEEDED container c1: no pause event came in time");
}

void ThePauseEventOvertakesTheReply(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.api().faults[Method::kUpdateContainer] = FaultyApi::Fault::kWithhold; });
  const auto paused = rig.BeginPause("c1");
  rig.WaitForLine("c1 pause");
  rig.Flush();
  EXPECT_FALSE(rig.Returned(paused));
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no answer to withhold");
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(paused)), "OK");
}

void ThePauseEventComesAfterTheReply(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.api().HoldEvents(true); });
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Answered(Method::kUpdateContainer) == 1; }, "no answer");
  EXPECT_FALSE(rig.Returned(paused));
  rig.Do([&] { rig.api().HoldEvents(false); });
  EXPECT_EQ(Describe(rig.Await(paused)), "OK");
}

void ASignalWaitsForNothing(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Do([&] { rig.api().faults[Method::kUpdateContainer] = FaultyApi::Fault::kHang; });
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  EXPECT_EQ(rig.Signal("c1", 15, "e1"), "OK");
  rig.WaitForLine("c1 exit-process e1 143");
  EXPECT_EQ(rig.Signal("c1", 9), "OK");
  rig.WaitForLine("c1 exit 137");
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(paused)), "UNKNOWN containerd: container not found");
}

void OperationsOfOneContainerWaitTheirTurn(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.api().faults[Method::kUpdateProcess] = FaultyApi::Fault::kHang; });
  const auto resized = rig.Begin<void>("resize", "c1", "init", [](libcontainerd::Client& client) {
    return client.Resize("c1", "init", 80, 24);
  });
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  libcontainerd::CallOptions patience;
  patience.timeout = seconds(5);
  const auto paused = rig.BeginPause("c1", patience);
  rig.Flush();
  EXPECT_EQ(rig.Sent("UpdateContainer c1/init paused"), 0U);
  rig.Advance(seconds(5));
  EXPECT_EQ(Describe(rig.Await(paused)),
            "DEADLINE_EXCEEDED container c1: the operation before this one did not end in time");
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(resized)), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
}

// What is stuck for c1 in every way that there is.
void AnotherContainerDoesNotWait(Rig& rig) {
  const auto other = [&](const std::string& id) {
    EXPECT_EQ(rig.Create(id), "OK");
    EXPECT_EQ(rig.Exec(id, "e1"), "OK");
    EXPECT_EQ(rig.Pause(id), "OK");
    EXPECT_EQ(rig.Resume(id), "OK");
    rig.Exit(id, "e1", 0);
    rig.WaitForLine(id + " exit-process e1 0");
    rig.Exit(id, "init", 1);
    rig.WaitForLine(id + " exit 1");
  };
  rig.Do([&] { rig.engine().holds.insert("c1 attach init"); });
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.engine().Holds("c1 attach init"); }, "no attach");
  other("a1");
  rig.Do([&] {
    rig.engine().holds.insert("c1 start-container");
    rig.engine().Release("c1 attach init");
  });
  rig.WaitForLine("c1 start-container");
  other("a2");
  rig.Do([&] { rig.engine().Release("c1 start-container"); });
  EXPECT_EQ(Describe(rig.Await(created)), "OK");
  rig.Do([&] { rig.api().faults[Method::kStats] = FaultyApi::Fault::kHang; });
  const auto stats = rig.Begin<types::StatsResponse>(
      "stats", "c1", "", [](libcontainerd::Client& client) { return client.Stats("c1"); });
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  other("a3");
  rig.Do([&] { rig.engine().holds.insert("c1 oom"); });
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  other("a4");
  rig.Exit("c1", "init", 2);
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "oom"));
  rig.Do([&] {
    rig.api().Release();
    rig.engine().Release("c1 oom");
  });
  rig.WaitForLine("c1 exit 2 oom");
  EXPECT_EQ(Describe(rig.Await(stats)), "UNKNOWN containerd: container not found");
}

void RepeatedEventsAreDropped(Rig& rig) {
  rig.Do([&] { rig.api().duplicates_events = true; });
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  EXPECT_EQ(rig.Resume("c1"), "OK");
  rig.Oom("c1");
  rig.WaitForLine("c1 oom");
  rig.Exit("c1", "init", 2);
  rig.WaitForLine("c1 exit 2 oom");
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit-process e1 1", "pause",
                                           "resume", "oom", "exit 2 oom"));
  EXPECT_GE(rig.Dropped().duplicate, 6U);
}

void EventsOfAnEarlierLifeAreDropped(Rig& rig) {
  std::vector<types::Event> old;
  rig.Do([&] {
    rig.api().drops = [&](const types::Event& event) {
      if (event.type() == "oom" && event.id() == "c1") old.push_back(event);
      return event.type() == "oom" && event.id() == "c1";
    };
  });
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Oom("c1");
  rig.WaitUntil([&] { return old.size() == 1; }, "no oom");
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1");
  rig.Flush();
  rig.Advance(seconds(1));
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.client().HandleEvents(old);
    EXPECT_EQ(rig.client().dropped_events().earlier_life, 1U);
    rig.api().drops = {};
  });
  rig.Exit("c1", "init", 2);
  rig.WaitForLine("c1 exit 2");
}

void AFailingCallbackHoldsNothingUp(Rig& rig) {
  const libcontainerd::Error error{libcontainerd::ErrorCode::kInternal, "no"};
  rig.Do([&] {
    for (const char* name : {"c1 pause", "c1 oom", "c1 exit-process e1", "c1 exit"}) {
      rig.engine().failing.emplace(name, error);
    }
  });
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Pause("c1"), "OK");
  EXPECT_EQ(rig.Resume("c1"), "OK");
  rig.Oom("c1");
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
  rig.WaitForLine("c1 oom");
  rig.Exit("c1", "init", 2);
  rig.WaitForLine("c1 exit 2 oom");
  rig.Flush();
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
}

}  // namespace

std::vector<Case> EventCases() {
  return {{"TheOomFlagIsTheExitsAlone", &TheOomFlagIsTheExitsAlone},
          {"TheKernelTakesInit", &TheKernelTakesInit, &OomFirst},
          {"AnOomAfterTheExitIsDropped", &AnOomAfterTheExitIsDropped, &OomLast},
          {"PauseAndResume", &PauseAndResume},
          {"TheExitEndsAPause", &TheExitEndsAPause},
          {"ALostPauseEndsAtItsDeadline", &ALostPauseEndsAtItsDeadline},
          {"ThePauseEventOvertakesTheReply", &ThePauseEventOvertakesTheReply},
          {"ThePauseEventComesAfterTheReply", &ThePauseEventComesAfterTheReply},
          {"ASignalWaitsForNothing", &ASignalWaitsForNothing},
          {"OperationsOfOneContainerWaitTheirTurn", &OperationsOfOneContainerWaitTheirTurn},
          {"AnotherContainerDoesNotWait", &AnotherContainerDoesNotWait},
          {"RepeatedEventsAreDropped", &RepeatedEventsAreDropped},
          {"EventsOfAnEarlierLifeAreDropped", &EventsOfAnEarlierLifeAreDropped},
          {"AFailingCallbackHoldsNothingUp", &AFailingCallbackHoldsNothingUp}};
}

}  // namespace drydock_tests
