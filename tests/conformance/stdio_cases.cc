// Streams: readers that are slow or never read, daemons that never open their ends, and closing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

namespace step = fake_containerd::step;
using fake_containerd::OutputStream;
using libcontainerd::Method;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kMoreThanAPipe = 300 * 1024;

std::string Letters(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

void ASlowReaderLosesNothing(Rig& rig) {
  const std::string out = Letters(kMoreThanAPipe);
  rig.Behave(
      "c1", "init",
      {.steps = {step::Write{.data = out},
                 step::Write{.stream = OutputStream::kStderr, .data = "end"}, step::Exit{3}}});
  rig.Do([&] { rig.engine().HoldReading(true); });
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Flush();
  EXPECT_TRUE(rig.Runs("c1"));  // its pipe is full
  EXPECT_EQ(rig.Out("c1", "init"), "");
  rig.Do([&] { rig.engine().HoldReading(false); });
  rig.WaitForLine("c1 exit 3");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init"), out);
  EXPECT_EQ(rig.Err("c1", "init"), "end");
}

// The daemon reports an exit after all output was taken, and holds a reading end itself: whoever
// does not read holds up the exit, even of a process that was killed. Calls end all the same, and
// the rest comes as soon as somebody reads.
void AReaderThatNeverReads(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::Write{.data = Letters(kMoreThanAPipe)}}});
  rig.Behave("c2", "init", {.steps = {step::Write{.data = "short"}, step::Exit{2}}});
  rig.Do([&] { rig.engine().HoldReading(true); });
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  rig.WaitForLine("c2 exit 2");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Kill("c1", "init", 9);
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Count(Method::kUpdateContainer) == 1; }, "no request");
  rig.Advance(seconds(30));
  EXPECT_THAT(Describe(rig.Await(paused)), StartsWith("DEADLINE_EXCEEDED"));
  EXPECT_THAT(rig.Lines("c1"), Not(Contains("exit 137")));
  rig.Do([&] { rig.engine().HoldReading(false); });
  rig.WaitForLine("c1 exit 137");
  rig.WaitForEnd("c1", "init");
  rig.WaitForEnd("c2", "init");
  EXPECT_EQ(rig.Out("c2", "init"), "short");
  const std::string out = rig.Out("c1", "init");
  EXPECT_GE(out.size(), 65536U);
  EXPECT_EQ(out, Letters(kMoreThanAPipe).substr(0, out.size()));
}

// The create is given up; whoever waits for the streams hears of it.
void ADaemonThatNeverOpens(Rig& rig) {
  rig.Do([&] { rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kHang; });
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  EXPECT_EQ(rig.WriteStdin("c1", "init", "kept for whoever comes"), "OK");
  const auto written = rig.BeginWriteStdin("c1", "init", Letters(kMoreThanAPipe));
  rig.Flush();
  EXPECT_FALSE(rig.Returned(written));
  rig.Advance(seconds(150));
  EXPECT_EQ(Describe(rig.Await(created)), "DEADLINE_EXCEEDED CreateContainer: no answer in time");
  EXPECT_EQ(Describe(rig.Await(written)), "CANCELLED stream closed");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init"), "");
  rig.Do([&] { rig.api().Release(); });
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "something is left");
}

// A write that nobody takes ends with the closing, long before the daemon answers.
void ClosingEndsAWriteThatNobodyTakes(Rig& rig) {
  rig.Behave("c1", "init", {.steps = {step::ReadStdin{}, step::Exit{0}}});
  rig.Do([&] { rig.api().faults[Method::kCreateContainer] = FaultyApi::Fault::kHang; });
  const auto created = rig.BeginCreate("c1");
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  const auto written = rig.BeginWriteStdin("c1", "init", Letters(kMoreThanAPipe));
  rig.Flush();
  EXPECT_FALSE(rig.Returned(written));
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  EXPECT_EQ(Describe(rig.Await(written)), "CANCELLED stream closed");
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(created)), "OK");
  rig.WaitForLine("c1 exit 0");
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 1U);
}

void TheExitEndsAWriteThatNobodyTakes(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  const auto to_exec = rig.BeginWriteStdin("c1", "e1", Letters(kMoreThanAPipe));
  const auto to_init = rig.BeginWriteStdin("c1", "init", Letters(kMoreThanAPipe));
  rig.Flush();
  // What comes first, that nobody has the other end any more or the exit itself, is open.
  const auto ended = ::testing::AnyOf("CANCELLED stream closed", "UNAVAILABLE broken pipe",
                                      "UNAVAILABLE write stdin: Broken pipe");
  rig.Exit("c1", "e1", 0);
  EXPECT_THAT(Describe(rig.Await(to_exec)), ended);
  EXPECT_FALSE(rig.Returned(to_init));
  rig.Exit("c1", "init", 0);
  EXPECT_THAT(Describe(rig.Await(to_init)), ended);
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 0U);
}

// However it is closed, the daemon hears of it once.
void ClosedExactlyOnce(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  for (const char* name : {"closed", "dropped", "both"}) EXPECT_EQ(rig.Exec("c1", name), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "closed"), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "closed"), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "both"), "OK");
  rig.Do([&] {
    rig.engine().stream("c1", "dropped")->in.reset();
    rig.engine().stream("c1", "both")->in.reset();
  });
  rig.WaitUntil([&] { return rig.api().Count(Method::kUpdateProcess) >= 3; }, "no closeStdin");
  rig.Flush();
  for (const char* name : {"closed", "dropped", "both"}) {
    EXPECT_EQ(rig.Sent("UpdateProcess c1/" + std::string(name) + " closeStdin"), 1U) << name;
  }
  EXPECT_EQ(rig.Sent("UpdateProcess c1/init closeStdin"), 0U);
}

// The engine reads no more: the process hears of a broken pipe, and everybody else of nothing.
void ClosingAnOutput(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.engine().stream("c1", "init")->out_reader->Close(); });
  rig.WaitUntil([&] { return rig.engine().stream("c1", "init")->out.ended; }, "still reading");
  rig.Do([&] {
    EXPECT_EQ(rig.engine().stream("c1", "init")->out.error, "stream closed");
    EXPECT_FALSE(rig.engine().stream("c1", "init")->err.ended);
  });
  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
  rig.WaitForEnd("c1", "init");
}

void AnExecOnATerminal(Rig& rig) {
  rig.Behave("c1", "tty", {.steps = {step::EchoStdin{}, step::Exit{1}}});
  rig.Behave("c1", "plain",
             {.steps = {step::Write{.stream = OutputStream::kStderr, .data = "e"}, step::Exit{0}}});
  EXPECT_EQ(rig.Create("c1"), "OK");
  libcontainerd::ProcessSpec spec = Rig::ExecSpec();
  spec.terminal = true;
  EXPECT_EQ(Describe(rig.Await(rig.BeginExec("c1", "tty", spec))), "OK");
  EXPECT_EQ(rig.Exec("c1", "plain"), "OK");
  rig.Do([&] {
    EXPECT_TRUE(rig.engine().stream("c1", "tty")->terminal);
    EXPECT_FALSE(rig.engine().stream("c1", "plain")->terminal);
  });
  EXPECT_EQ(rig.WriteStdin("c1", "tty", "typed"), "OK");
  EXPECT_EQ(rig.CloseStdin("c1", "tty"), "OK");
  rig.WaitForLine("c1 exit-process tty 1");
  rig.WaitForEnd("c1", "tty");
  rig.WaitForEnd("c1", "plain");
  EXPECT_EQ(rig.Out("c1", "tty"), "typed");
  EXPECT_EQ(rig.Err("c1", "tty"), "");
  EXPECT_EQ(rig.Err("c1", "plain"), "e");
}

}  // namespace

std::vector<Case> StdioCases() {
  return {{"ASlowReaderLosesNothing", &ASlowReaderLosesNothing},
          {"AReaderThatNeverReads", &AReaderThatNeverReads},
          {"ADaemonThatNeverOpens", &ADaemonThatNeverOpens},
          {"ClosingEndsAWriteThatNobodyTakes", &ClosingEndsAWriteThatNobodyTakes},
          {"TheExitEndsAWriteThatNobodyTakes", &TheExitEndsAWriteThatNobodyTakes},
          {"StdinIsClosedExactlyOnce", &ClosedExactlyOnce},
          {"ClosingAnOutput", &ClosingAnOutput},
          {"AnExecOnATerminal", &AnExecOnATerminal}};
}

}  // namespace drydock_tests
