// From create to exit, with what init reads and writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

namespace step = fake_containerd::step;
using fake_containerd::OutputStream;
using libcontainerd::Method;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

void CreateStartExit(Rig& rig) {
  EXPECT_EQ(rig.Create("c0"), "OK");
  EXPECT_EQ(rig.Create("c3"), "OK");
  EXPECT_EQ(rig.Create("c9"), "OK");
  EXPECT_THAT(rig.Tracked(), ElementsAre("c0", "c3", "c9"));
  EXPECT_THAT(rig.Lines("c0"), ElementsAre("start-container"));
  EXPECT_THAT(rig.Files("c0"),
              ElementsAre("config.json", "init-stdin", "init-stdout", "init-stderr"));
  rig.Do([&] { EXPECT_EQ(rig.engine().started_pid("c0"), 1000U); });
  rig.Exit("c0", "init", 0);
  rig.Exit("c3", "init", 3);
  EXPECT_EQ(rig.Signal("c9", 9), "OK");
  rig.WaitForLine("c0 exit 0");
  rig.WaitForLine("c3 exit 3");
  rig.WaitForLine("c9 exit 137");
  rig.Flush();
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_THAT(rig.Lines("c0"), ElementsAre("start-container", "exit 0"));
  EXPECT_THAT(rig.Lines("c3"), ElementsAre("start-container", "exit 3"));
  EXPECT_THAT(rig.Lines("c9"), ElementsAre("start-container", "exit 137"));
  EXPECT_THAT(rig.Files("c0"), IsEmpty());
  EXPECT_EQ(rig.LiveObjects(), 0U);
}

void ExitDuringTheCreateRpc(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::Write{.data = "short\n"}, step::Exit{3}}});
  rig.Do([&] { rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kWithhold; });
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no answer to withhold");
  rig.Flush();
  EXPECT_FALSE(rig.Returned(created));
  EXPECT_THAT(rig.Lines("c1"), IsEmpty());
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(created)), "OK");
  rig.WaitForLine("c1 exit 3");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit 3"));
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init"), "short\n");
}

void ShortLived(Rig& rig) {
  for (int i = 0; i < 5; ++i) {
    const std::string id = "c" + std::to_string(i);
    rig.Behave(id, "init", {.steps = {step::Exit{7}}});
    EXPECT_EQ(rig.Create(id), "OK");
    rig.WaitForLine(id + " exit 7");
    EXPECT_THAT(rig.Lines(id), ElementsAre("start-container", "exit 7"));
  }
}

void OutputIsComplete(Rig& rig) {
  constexpr std::uint64_t kTimes = 1024;
  const std::string out = std::string(1023, 'o') + "\n";
  const std::string err = std::string(1023, 'e') + "\n";
  rig.Behave("c1", "init",
             {.steps = {step::Write{.data = out, .times = kTimes},
                        step::Write{.stream = OutputStream::kStderr, .data = err, .times = kTimes},
                        step::Exit{0}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.WaitForLine("c1 exit 0");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init").size(), kTimes * out.size());
  EXPECT_EQ(rig.Err("c1", "init").size(), kTimes * err.size());
  EXPECT_EQ(rig.Out("c1", "init").find('e'), std::string::npos);
  EXPECT_EQ(rig.Err("c1", "init").find('o'), std::string::npos);
}

void TerminalHasNoStderr(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::Write{.data = "tty"}, step::Exit{0}}});
  EXPECT_EQ(rig.Create("c1", R"({"process": {"terminal": true, "args": ["sh"], "cwd": "/",
                                 "user": {}}, "linux": {}})"),
            "OK");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init"), "tty");
  EXPECT_EQ(rig.Err("c1", "init"), "");
  rig.Do([&] { EXPECT_TRUE(rig.engine().stream("c1", "init")->terminal); });
}

void StdinIsEchoedAndClosedLater(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::EchoStdin{}, step::Exit{0}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  const std::string big(300 * 1024, 'x');  // more than a pipe holds
  EXPECT_EQ(rig.WriteStdin("c1", "init", "hello\n"), "OK");
  EXPECT_EQ(rig.WriteStdin("c1", "init", big), "OK");
  rig.WaitUntil(
      [&] { return rig.engine().stream("c1", "init")->out.text.size() == 6 + big.size(); },
      "the echo did not come");
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 0U);
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  rig.WaitForLine("c1 exit 0");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init"), "hello\n" + big);
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 1U);
}

void StdinIsWrittenBeforeTheProcessIsThere(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::EchoStdin{}, step::Exit{0}}});
  rig.Do([&] { rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kHang; });
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  EXPECT_EQ(rig.WriteStdin("c1", "init", "early"), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  EXPECT_EQ(rig.WriteStdin("c1", "init", "late"), "CANCELLED stream closed");
  rig.Flush();
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 0U);
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(created)), "OK");
  rig.WaitForLine("c1 exit 0");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init"), "early");
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 1U);
}

void StdinIsClosedAtAttach(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::ReadStdin{}, step::Exit{4}}});
  rig.Do([&] { rig.engine().closes_stdin_at_attach = true; });
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.WaitForLine("c1 exit 4");
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 1U);
  rig.Behave("c2", "e1", {.steps = {step::ReadStdin{}, step::Exit{5}}});
  EXPECT_EQ(rig.Create("c2"), "OK");
  EXPECT_EQ(rig.Exec("c2", "e1"), "OK");
  rig.WaitForLine("c2 exit-process e1 5");
  rig.Flush();
  EXPECT_EQ(rig.Sent("UpdateProcess c2/e1 closeStdin"), 1U);
}

void StdinClosedAfterTheExitIsSilent(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Exit("c1", "e1", 0);
  rig.WaitForLine("c1 exit-process e1 0");
  EXPECT_EQ(rig.CloseStdin("c1", "e1"), "OK");
  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  EXPECT_EQ(rig.WriteStdin("c1", "init", "x"), "CANCELLED stream closed");
  rig.Flush();
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 0U);
  EXPECT_EQ(rig.Sent("UpdateProcess c1/e1 closeStdin"), 0U);
}

void AnIdIsActiveUntilItsExitIsCalledBack(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c1"), "ALREADY_EXISTS Container c1 is already active");
  rig.Do([&] { rig.engine().holds.insert("c1 exit"); });
  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
  EXPECT_EQ(rig.Create("c1"), "ALREADY_EXISTS Container c1 is already active");
  rig.Do([&] { rig.engine().Release("c1 exit"); });
  rig.WaitUntil([&] { return rig.client().Tracked().empty(); }, "c1 is still tracked");
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1");
  EXPECT_THAT(rig.Lines("c1"),
              ElementsAre("start-container", "exit 0", "start-container", "exit 1"));
}

void TheSpecIsPassedOnUntouched(Rig& rig) {
  const std::string spec =
      "{ "
      "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"user\":{}},\t\"linux\":{\"x-new\":[1e3,null]},"
      "\"unknown\": \"\\u00fc\" }\n";
  EXPECT_EQ(rig.Create("c1", spec), "OK");
  std::string kept;
  const auto read = rig.Begin<std::string>(
      "read", "c1", "", [&](libcontainerd::Client&) { return rig.bundles().ReadConfig("c1"); });
  EXPECT_EQ(rig.Await(read).value_or(""), spec);
}

void ManyAtOnce(Rig& rig) {
  constexpr int kContainers = 20;
  std::vector<Pending<void>> created;
  for (int i = 0; i < kContainers; ++i) {
    const std::string id = "c" + std::to_string(i);
    rig.Behave(id, "init",
               {.steps = {step::Write{.data = id}, step::Exit{static_cast<std::uint32_t>(i)}}});
    created.push_back(rig.BeginCreate(id));
  }
  for (const auto& create : created) EXPECT_EQ(Describe(rig.Await(create)), "OK");
  for (int i = 0; i < kContainers; ++i) {
    const std::string id = "c" + std::to_string(i);
    rig.WaitForLine(id + " exit " + std::to_string(i));
    rig.WaitForEnd(id, "init");
    EXPECT_EQ(rig.Out(id, "init"), id);
  }
}

}  // namespace

std::vector<Case> LifeCases() {
  return {{"CreateStartExit", &CreateStartExit},
          {"ExitDuringTheCreateRpc", &ExitDuringTheCreateRpc},
          {"ShortLived", &ShortLived},
          {"OutputIsComplete", &OutputIsComplete},
          {"TerminalHasNoStderr", &TerminalHasNoStderr},
          {"StdinIsEchoedAndClosedLater", &StdinIsEchoedAndClosedLater},
          {"StdinIsWrittenBeforeTheProcessIsThere", &StdinIsWrittenBeforeTheProcessIsThere},
          {"StdinIsClosedAtAttach", &StdinIsClosedAtAttach},
          {"StdinClosedAfterTheExitIsSilent", &StdinClosedAfterTheExitIsSilent},
          {"AnIdIsActiveUntilItsExitIsCalledBack", &AnIdIsActiveUntilItsExitIsCalledBack},
          {"TheSpecIsPassedOnUntouched", &TheSpecIsPassedOnUntouched},
          {"ManyAtOnce", &ManyAtOnce}};
}

}  // namespace drydock_tests
