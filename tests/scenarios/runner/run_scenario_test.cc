// The runner on scenarios made by hand, over every transport: what must pass passes, what must fail
// fails, with the sentence that says why.
#include "scenarios/runner/run_scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/reports/failure_text.h"

namespace scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
  Transport transport;
  std::uint64_t seed;
};

class RunScenarioTest : public testing::TestWithParam<Case> {
 protected:
  ScenarioResult Run(Actions actions, scenarios::Setup setup = {}, Verdicts verdicts = {}) {
    Scenario scenario;
    scenario.name = "by-hand";
    scenario.setup = std::move(setup);
    scenario.actions = std::move(actions);
    scenario.guarantees = std::move(verdicts);
    return RunScenario(scenario, {.transport = GetParam().transport, .seed = GetParam().seed});
  }
  static std::vector<std::string> Complaints(const ScenarioResult& result) {
    std::vector<std::string> texts;
    for (const Complaint& each : result.complaints) texts.push_back(each.what);
    return texts;
  }
  static void ExpectPassed(const ScenarioResult& result) {
    EXPECT_EQ(result.verdict, ScenarioVerdict::kPassed)
        << FailureText(result) << result.cannot_judge;
  }
};

action::Expect Callbacks(const std::string& id, std::vector<std::string> lines) {
  action::Expect expected;
  expected.callbacks[id] = std::move(lines);
  return expected;
}
action::Create CreateOf(const std::string& id) {
  action::Create create;
  create.id = id;
  return create;
}
action::Exit ExitOf(const std::string& id, std::uint32_t code,
                    const std::string& process = "init") {
  action::Exit exit;
  exit.id = id;
  exit.process = process;
  exit.code = code;
  return exit;
}

TEST_P(RunScenarioTest, ALifeFromCreateToExit) {
  action::Expect expected = Callbacks("web", {"start-container", "exit 3"});
  expected.tracked.emplace();
  expected.files["web"] = {};
  expected.sent["CreateContainer web"] = 1;
  ExpectPassed(Run({{CreateOf("web")}, {ExitOf("web", 3)}, {expected}}));
}

TEST_P(RunScenarioTest, WhatIsNotAsExpectedIsSaid) {
  const ScenarioResult result = Run(
      {{CreateOf("web")}, {ExitOf("web", 3)}, {Callbacks("web", {"start-container", "exit 4"})}});
  EXPECT_EQ(result.verdict, ScenarioVerdict::kFailed);
  EXPECT_THAT(Complaints(result),
              ElementsAre("expect: callbacks of web: expected [\"start-container\", \"exit 4\"], "
                          "found [\"start-container\", \"exit 3\"]"));
}

TEST_P(RunScenarioTest, ResultsOfCallsAreCompared) {
  action::Create again = CreateOf("web");
  action::Create expected = CreateOf("web");
  expected.terms.returns = "ALREADY_EXISTS Container web is already active";
  const ScenarioResult result = Run({{CreateOf("web")}, {expected}, {again}});
  EXPECT_THAT(Complaints(result),
              ElementsAre("create web: expected OK, returned ALREADY_EXISTS Container web is "
                          "already active"));
}

TEST_P(RunScenarioTest, AWaitThatDoesNotComeStops) {
  action::WaitFor wait;
  wait.condition.callback = "web exit 0";
  const ScenarioResult result = Run({{CreateOf("web")}, {wait}, {Callbacks("web", {})}});
  EXPECT_THAT(Complaints(result), ElementsAre("wait: did not come: callback web exit 0"));
}

TEST_P(RunScenarioTest, AnAttachCanBeWaitedFor) {
  action::WaitFor wait;
  wait.condition.callback = "web attach init";
  action::Hold hold;
  hold.point = "callback.attach@web";
  action::Create create = CreateOf("web");
  create.terms.wait = false;
  create.terms.call = "c";
  action::Release release;
  release.point = hold.point;
  action::Await await;
  await.call = "c";
  ExpectPassed(Run({{hold}, {create}, {wait}, {Callbacks("web", {})}, {release}, {await}}));
}

TEST_P(RunScenarioTest, HeldCallbacksWait) {
  action::Hold hold;
  hold.point = "callback.exit@web";
  action::WaitFor held;
  held.condition.held = hold.point;
  action::Create again = CreateOf("web");
  again.terms.returns = "ALREADY_EXISTS Container web is already active";
  action::Release release;
  release.point = hold.point;
  ExpectPassed(Run({{CreateOf("web")},
                    {hold},
                    {ExitOf("web", 0)},
                    {held},
                    {again},
                    {release},
                    {Callbacks("web", {"start-container", "exit 0"})},
                    {CreateOf("web")},
                    {Callbacks("web", {"start-container", "exit 0", "start-container"})}}));
}

TEST_P(RunScenarioTest, ALostPauseEndsAtItsDeadline) {
  action::SetFaults faults;
  faults.plan = "event.pause@web=1*drop";
  action::Pause pause;
  pause.id = "web";
  pause.terms.wait = false;
  pause.terms.call = "p";
  pause.terms.returns = "DEADLINE_EXCEEDED container web: no pause event in time";
  action::Advance advance;
  advance.by = std::chrono::seconds(11);
  action::Await await;
  await.call = "p";
  const ScenarioResult result = Run({{CreateOf("web")}, {faults}, {pause}, {advance}, {await}});
  EXPECT_EQ(result.cannot_judge, "");
  EXPECT_LE(result.complaints.size(), 1U) << FailureText(result);
}

TEST_P(RunScenarioTest, ACrashedEngineRestoresWhatRuns) {
  action::StopEngine crash;
  crash.crash = true;
  action::Restore restore;
  restore.id = "web";
  restore.live = true;
  ExpectPassed(Run({{CreateOf("web")},
                    {crash},
                    {action::StartEngine{}},
                    {restore},
                    {ExitOf("web", 7)},
                    {Callbacks("web", {"start-container", "restore", "exit 7"})}}));
}

TEST_P(RunScenarioTest, AnOwnedDaemonComesBack) {
  scenarios::Setup setup;
  setup.daemon = "owned";
  action::Advance advance;
  advance.by = std::chrono::seconds(5);
  ExpectPassed(Run({{CreateOf("web")},
                    {action::StopDaemon{}},
                    {advance},
                    {ExitOf("web", 2)},
                    {advance},
                    {Callbacks("web", {"start-container", "exit 2"})}},
                   setup, {.held = {"daemon-comes-back"}, .broken = {}}));
}

action::SetFaults FaultsOf(const std::string& plan) {
  action::SetFaults faults;
  faults.plan = plan;
  return faults;
}
action::Advance AdvanceOf(Duration by) {
  action::Advance advance;
  advance.by = by;
  return advance;
}

// Health checks are answered before the clock goes on, however slow they are: two that fail do not
// become three.
TEST_P(RunScenarioTest, WhatBecomesOfTheDaemonIsToldInOrder) {
  scenarios::Setup setup;
  setup.daemon = "owned";
  action::Expect nothing;
  nothing.daemon = {"started"};
  action::Expect killed;
  killed.daemon = {"started", "signal 9", "ended", "started"};
  ExpectPassed(
      Run({{AdvanceOf(std::chrono::seconds(1))},
           {FaultsOf("rpc.Health.received=2*delay(2900ms)->2*error(UNAVAILABLE:busy)->1*off")},
           {AdvanceOf(std::chrono::seconds(20))},
           {nothing},
           {FaultsOf("rpc.Health.received=3*error(UNAVAILABLE:busy)")},
           {AdvanceOf(std::chrono::seconds(5))},
           {killed}},
          setup));
}

TEST_P(RunScenarioTest, ADaemonThatCannotStartEnds) {
  scenarios::Setup setup;
  setup.daemon = "owned";
  action::Expect expected;
  expected.daemon = {"started", "ended", "started", "ended", "started"};
  expected.fired["daemon.start"] = 1;
  ExpectPassed(Run({{AdvanceOf(std::chrono::seconds(1))},
                    {FaultsOf("daemon.start=1*corruptlog")},
                    {action::StopDaemon{}},
                    {AdvanceOf(std::chrono::seconds(2))},
                    {expected}},
                   setup));
}

// The stored log is read before the clock goes on, so that what is concluded from it has its time.
TEST_P(RunScenarioTest, EventStreamsCountAsSent) {
  action::Expect expected = Callbacks("web", {"start-container", "exit 255"});
  expected.sent["Events"] = 1;
  expected.sent["Events stored"] = 3;
  ExpectPassed(Run({{CreateOf("web")},
                    {FaultsOf("event.exit=1*drop")},
                    {ExitOf("web", 1)},
                    {AdvanceOf(std::chrono::seconds(13))},
                    {expected}}));
}

TEST_P(RunScenarioTest, ACodeAloneMeansAnyText) {
  action::Create again = CreateOf("web");
  again.terms.returns = "ALREADY_EXISTS";
  action::Stats none;
  none.id = "db";
  none.terms.returns = "NOT_FOUND";
  EXPECT_THAT(Complaints(Run({{CreateOf("web")}, {again}, {none}})),
              ElementsAre(HasSubstr("stats db: expected NOT_FOUND, returned ")));
}

TEST_P(RunScenarioTest, CheckpointsInABundleGoWithIt) {
  scenarios::Setup setup;
  setup.choices.text = R"({"checkpoint_tool": true})";
  action::CreateCheckpoint checkpoint;
  checkpoint.id = "web";
  checkpoint.name = "a";
  ExpectPassed(Run({{CreateOf("web")},
                    {checkpoint},
                    {ExitOf("web", 0)},
                    {Callbacks("web", {"start-container", "exit 0"})},
                    {CreateOf("web")},
                    {checkpoint}},
                   setup));
}

TEST_P(RunScenarioTest, WhatIsForLaterBegins) {
  action::Later at;
  at.at = std::chrono::seconds(2);
  at.actions = {{ExitOf("web", 9)}};
  action::Later when;
  action::Condition condition;
  condition.callback = "web exit 9";
  when.when = condition;
  action::Create next = CreateOf("db");
  when.actions = {{next}};
  action::Advance advance;
  advance.by = std::chrono::seconds(3);
  ExpectPassed(
      Run({{CreateOf("web")}, {at}, {when}, {advance}, {Callbacks("db", {"start-container"})}}));
}

TEST_P(RunScenarioTest, ABrokenGuaranteeMustBeAskedFor) {
  scenarios::Setup reference;
  reference.deviations_off = {"exec-oom-flag-clear"};
  action::AddProcess add;
  add.id = "web";
  add.process = "e1";
  action::Oom oom;
  oom.id = "web";
  const Actions actions = {
      {CreateOf("web")}, {add}, {oom}, {action::Settle{}}, {ExitOf("web", 0, "e1")},
      {action::Settle{}}};
  EXPECT_EQ(Run(actions, reference).verdict, ScenarioVerdict::kFailed);
  ExpectPassed(Run(actions, reference, {.held = {}, .broken = {"oom-flag-exec-clear"}}));
  EXPECT_EQ(Run(actions, {}, {.held = {}, .broken = {"oom-flag-exec-clear"}}).verdict,
            ScenarioVerdict::kFailed);
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) cases.push_back({Transport::kLoopback, seed});
#ifdef DRYDOCK_HAS_GRPC
  cases.push_back({Transport::kInProcess, 1});
  cases.push_back({Transport::kSocket, 1});
#endif
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Transports, RunScenarioTest, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<Case>& each) {
                           return std::string(TransportName(each.param.transport)) +
                                  std::to_string(each.param.seed);
                         });

}  // namespace
}  // namespace scenarios
