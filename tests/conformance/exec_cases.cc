// Further processes of a container.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

namespace step = fake_containerd::step;
using libcontainerd::Method;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

void ExecLife(Rig& rig) {
  rig.Behave("c1", "e1", {.steps = {step::EchoStdin{}, step::Exit{5}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  const auto added = rig.Await(rig.BeginExec("c1", "e1"));
  ASSERT_TRUE(added);
  EXPECT_EQ(added->system_pid, 0U);  // this daemon does not tell
  EXPECT_THAT(rig.Files("c1", {"e1"}),
              ElementsAre("config.json", "init-stdin", "init-stdout", "init-stderr", "e1-stdin",
                          "e1-stdout", "e1-stderr"));
  rig.Do([&] { EXPECT_THAT(rig.client().Tracked().front().processes, ElementsAre("e1")); });
  EXPECT_EQ(rig.WriteStdin("c1", "e1", "ping"), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "e1"), "OK");
  rig.WaitForLine("c1 exit-process e1 5");
  rig.WaitForEnd("c1", "e1");
  EXPECT_EQ(rig.Out("c1", "e1"), "ping");
  rig.Flush();
  EXPECT_THAT(rig.Files("c1", {"e1"}),
              ElementsAre("config.json", "init-stdin", "init-stdout", "init-stderr"));
  EXPECT_EQ(rig.Sent("UpdateProcess c1/e1 closeStdin"), 1U);
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Signal("c1", 15, "e1"), "OK");
  rig.WaitForLine("c1 exit-process e1 143");
  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
  EXPECT_THAT(rig.Lines("c1"),
              ElementsAre("start-container", "exit-process e1 5", "exit-process e1 143", "exit 0"));
}

RigOptions LateFields() {
  RigOptions options;
  options.late_fields = true;
  return options;
}

void SystemPidWhereTheDaemonTells(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  const auto added = rig.Await(rig.BeginExec("c1", "e1"));
  ASSERT_TRUE(added);
  EXPECT_EQ(added->system_pid, 1001U);
}

void ABusyNameIsRefused(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "ALREADY_EXISTS Process e1 of container c1 is already active");
  EXPECT_EQ(rig.Exec("c1", "init"),
            "ALREADY_EXISTS Process init of container c1 is already active");
  EXPECT_EQ(rig.Exec("c1", ""), "INVALID_ARGUMENT process name \"\": expected a file name");
  EXPECT_EQ(rig.Exec("c1", "a/b"), "INVALID_ARGUMENT process name \"a/b\": expected a file name");
  rig.Do([&] {
    EXPECT_EQ(rig.api().Count(Method::kAddProcess), 1U);
    rig.engine().holds.insert("c1 exit-process e1");
  });
  rig.Exit("c1", "e1", 1);
  rig.WaitForLine("c1 exit-process e1 1");
  EXPECT_EQ(rig.Exec("c1", "e1"), "ALREADY_EXISTS Process e1 of container c1 is already active");
  rig.Do([&] { rig.engine().Release("c1 exit-process e1"); });
  rig.WaitUntil([&] { return rig.client().Tracked().front().processes.empty(); }, "e1 is busy");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
}

void ExitDuringTheAddProcessRpc(Rig& rig) {
  rig.Behave("c1", "e1", {.steps = {step::Write{.data = "short"}, step::Exit{6}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.api().faults[Method::kAddProcess] = FaultyApi::Fault::kWithhold;
    rig.engine().holds.insert("c1 attach e1");
  });
  const auto added = rig.BeginExec("c1", "e1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no answer to withhold");
  rig.Flush();
  rig.Do([&] { rig.api().Release(); });
  rig.WaitUntil([&] { return rig.engine().Holds("c1 attach e1"); }, "no attach");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  rig.Do([&] { rig.engine().Release("c1 attach e1"); });
  EXPECT_EQ(Describe(rig.Await(added)), "OK");
  rig.WaitForLine("c1 exit-process e1 6");
  rig.WaitForEnd("c1", "e1");
  EXPECT_EQ(rig.Out("c1", "e1"), "short");
}

RigOptions ExecsTellAfterInit() {
  RigOptions options;
  options.choices.exec_exits = fake_containerd::Choices::ExecExits::kAfterInit;
  options.choices.late_exec_status = 255;
  return options;
}

// Their own status arrives within the grace.
void ExecsThatTellAfterInitComeFirst(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e2"), "OK");
  rig.Exit("c1", "init", 3);
  rig.WaitForLine("c1 exit 3");
  const auto lines = rig.Lines("c1");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(std::vector(lines.begin() + 1, lines.begin() + 3),
              UnorderedElementsAre("exit-process e1 255", "exit-process e2 255"));
  EXPECT_EQ(lines.back(), "exit 3");
}

// The exits of execs are lost, or come after the grace.
void ExecsThatSayNothingAreReportedKilled(Rig& rig) {
  std::vector<types::Event> late;
  rig.Do([&] {
    rig.api().drops = [&](const types::Event& event) {
      const bool exec = event.type() == "exit" && event.pid() != "init";
      if (exec) late.push_back(event);
      return exec;
    };
  });
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e2"), "OK");
  rig.Exit("c1", "init", 3);
  rig.WaitUntil([&] { return late.size() == 2; }, "the execs did not end");
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  rig.Do([&] { rig.engine().holds.insert("c1 exit"); });
  rig.Advance(milliseconds(49));
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  rig.Advance(milliseconds(1));
  rig.WaitForLine("c1 exit 3");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit-process e1 137",
                                           "exit-process e2 137", "exit 3"));
  rig.Do([&] {
    const auto before = rig.client().dropped_events().after_exit;
    rig.client().HandleEvents(late);
    EXPECT_EQ(rig.client().dropped_events().after_exit, before + 2);
    rig.api().drops = {};
    rig.engine().Release("c1 exit");
  });
}

void InitExitsWhileAnExecIsAdded(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.api().faults[Method::kAddProcess] = FaultyApi::Fault::kWithhold; });
  const auto added = rig.BeginExec("c1", "e1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no answer to withhold");
  rig.Exit("c1", "init", 3);
  rig.Flush();
  rig.Advance(milliseconds(50));
  rig.WaitForLine("c1 exit 3");
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(added)), "ABORTED container c1 exited");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 3"));
}

void InitExitsBeforeAnExecReachesTheDaemon(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.api().faults[Method::kAddProcess] = FaultyApi::Fault::kHang; });
  const auto added = rig.BeginExec("c1", "e1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  rig.Exit("c1", "init", 3);
  rig.Flush();
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(added)), "UNKNOWN containerd: container not found");
  rig.WaitForLine("c1 exit 3");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 3"));
  EXPECT_THAT(rig.Files("c1", {"e1"}), IsEmpty());
}

void ExecInheritsTheSpec(Rig& rig) {
  fake_containerd::ProcessSpec seen;
  rig.Do([&] {});
  EXPECT_EQ(rig.Create("c1", R"({"process": {"args": ["a"], "env": ["A=1"], "cwd": "/w",
          "user": {"uid": 7, "gid": 8, "additionalGids": [9]}, "capabilities": ["CAP_KILL"],
          "apparmorProfile": "p", "selinuxLabel": "l", "noNewPrivileges": true,
          "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 2}]}, "linux": {}})"),
            "OK");
  const auto look = [&](const std::string& name) {
    rig.Do([&] {
      const auto info = rig.world().Inspect(Rig::Key("c1"));
      ASSERT_TRUE(info);
      for (const auto& process : info->processes) {
        if (process.name == name) seen = process.spec;
      }
    });
  };
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  look("e1");
  EXPECT_THAT(seen.args, ElementsAre("/bin/exec"));
  EXPECT_THAT(seen.env, ElementsAre("A=1"));
  EXPECT_EQ(seen.cwd, "/w");
  EXPECT_EQ(seen.user.uid, 7U);
  EXPECT_THAT(seen.user.additional_gids, ElementsAre(9U));
  EXPECT_THAT(seen.privileges->capabilities, ElementsAre("CAP_KILL"));
  EXPECT_EQ(seen.privileges->apparmor_profile, "p");
  EXPECT_EQ(seen.privileges->selinux_label, "l");
  EXPECT_TRUE(seen.privileges->no_new_privileges);
  ASSERT_EQ(seen.privileges->rlimits.size(), 1U);
  EXPECT_EQ(seen.privileges->rlimits[0].hard, 2U);
  EXPECT_FALSE(seen.terminal);

  libcontainerd::ProcessSpec own = Rig::ExecSpec();
  own.terminal = true;
  own.env = {"B=2"};
  own.cwd = "/v";
  own.user.emplace().set_uid(1);
  own.capabilities.emplace();
  EXPECT_EQ(Describe(rig.Await(rig.BeginExec("c1", "e2", own))), "OK");
  look("e2");
  EXPECT_THAT(seen.env, ElementsAre("B=2"));
  EXPECT_EQ(seen.cwd, "/v");
  EXPECT_EQ(seen.user.uid, 1U);
  EXPECT_THAT(seen.privileges->capabilities, IsEmpty());
  EXPECT_TRUE(seen.terminal);
}

void ManyExecsAtOnce(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  std::vector<Pending<libcontainerd::AddedProcess>> added;
  constexpr int kExecs = 15;
  for (int i = 0; i < kExecs; ++i) {
    const std::string name = "e" + std::to_string(i);
    rig.Behave("c1", name,
               {.steps = {step::Write{.data = name}, step::Exit{static_cast<std::uint32_t>(i)}}});
    added.push_back(rig.BeginExec("c1", name));
  }
  for (const auto& add : added) EXPECT_EQ(Describe(rig.Await(add)), "OK");
  for (int i = 0; i < kExecs; ++i) {
    const std::string name = "e" + std::to_string(i);
    rig.WaitForLine("c1 exit-process " + name + " " + std::to_string(i));
    rig.WaitForEnd("c1", name);
    EXPECT_EQ(rig.Out("c1", name), name);
  }
}

}  // namespace

std::vector<Case> ExecCases() {
  return {
      {"ExecLife", &ExecLife},
      {"SystemPidWhereTheDaemonTells", &SystemPidWhereTheDaemonTells, &LateFields},
      {"ABusyNameIsRefused", &ABusyNameIsRefused},
      {"ExitDuringTheAddProcessRpc", &ExitDuringTheAddProcessRpc},
      {"ExecsThatTellAfterInitComeFirst", &ExecsThatTellAfterInitComeFirst, &ExecsTellAfterInit},
      {"ExecsThatSayNothingAreReportedKilled", &ExecsThatSayNothingAreReportedKilled},
      {"InitExitsWhileAnExecIsAdded", &InitExitsWhileAnExecIsAdded},
      {"InitExitsBeforeAnExecReachesTheDaemon", &InitExitsBeforeAnExecReachesTheDaemon},
      {"ExecInheritsTheSpec", &ExecInheritsTheSpec},
      {"ManyExecsAtOnce", &ManyExecsAtOnce}};
}

}  // namespace drydock_tests
