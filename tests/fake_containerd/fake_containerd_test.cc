// The fixture: its life, its steps, its waits and what they say, and that nothing stays behind.
#include "fake_containerd/fake_containerd.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/pattern.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/mini_engine.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

using libcontainerd::ErrorCode;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr milliseconds kAtOnce{0};

std::vector<std::string> Contents(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

TEST(FakeContainerd, MakesADirectoryOfItsOwnAndTakesItAway) {
  FakeContainerd fake;
  EXPECT_FALSE(fake.running());
  ASSERT_TRUE(fake.Start());
  EXPECT_TRUE(fake.running());
  const std::string directory = fake.directory();
  EXPECT_EQ(fake.socket_path(), directory + "/containerd.sock");
  EXPECT_TRUE(std::filesystem::is_socket(fake.socket_path()));
  ASSERT_TRUE(fake.Stop());
  EXPECT_FALSE(fake.running());
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_EQ(fake.socket_path(), "");
}

TEST(FakeContainerd, KeepsADirectoryThatWasThere) {
  const TemporaryDirectory temporary;
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.directory = temporary.path()}));
  ASSERT_TRUE(fake.Stop());
  EXPECT_THAT(Contents(temporary.path()), IsEmpty());
}

TEST(FakeContainerd, MakesAMissingDirectoryAndTakesItAway) {
  const TemporaryDirectory temporary;
  {
    FakeContainerd fake;
    ASSERT_TRUE(fake.Start({.directory = temporary.path() / "state"}));
    EXPECT_THAT(Contents(temporary.path()), ElementsAre("state"));
  }
  EXPECT_THAT(Contents(temporary.path()), IsEmpty());
}

TEST(FakeContainerd, StartsAgainAfterStop) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  const auto again = fake.Start();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(again.error().message, "the fake containerd runs already");
  ASSERT_TRUE(fake.Stop());
  ASSERT_TRUE(fake.Stop());
  ASSERT_TRUE(fake.Start());
  MiniEngine engine(fake.socket_path(), fake.directory());
  EXPECT_TRUE(engine.Run("c1"));
}

TEST(FakeContainerd, SaysThatItsDirectoryCannotBeUsed) {
  const TemporaryDirectory temporary;
  const std::string file = temporary.path() / "file";
  std::ofstream(file) << "text";
  FakeContainerd fake;

  auto started = fake.Start({.directory = file});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(started.error().message, "directory " + file + " cannot be used: Not a directory");

  started = fake.Start({.directory = temporary.path() / "no" / "such"});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(started.error().message, "directory " + (temporary.path() / "no/such").string() +
                                         " cannot be used: No such file or directory");

  EXPECT_FALSE(fake.running());
  EXPECT_THAT(Contents(temporary.path()), ElementsAre("file"));
}

TEST(FakeContainerd, SaysThatItMayNotWriteToItsDirectory) {
  FakeContainerd fake;  // nobody, root included, makes directories there
  const auto started = fake.Start({.directory = "/proc/self/state"});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("directory /proc/self/state cannot be used: "));
}

TEST(FakeContainerd, SaysThatASocketPathIsTooLong) {
  const TemporaryDirectory temporary;
  const std::string path = (temporary.path() / std::string(100, 'x')).string();
  FakeContainerd fake;
  const auto started = fake.Start({.directory = temporary.path() / "state", .socket_path = path});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(started.error().message, "the socket path has " + std::to_string(path.size()) +
                                         " bytes, the limit is 107: " + path);
  EXPECT_THAT(Contents(temporary.path()), IsEmpty());
}

TEST(FakeContainerd, SaysThatItsSocketIsInUse) {
  FakeContainerd first;
  ASSERT_TRUE(first.Start());
  FakeContainerd second;
  const auto started = second.Start({.socket_path = first.socket_path()});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(started.error().message, "socket " + first.socket_path() + " is in use");
  EXPECT_TRUE(second.directory().empty());
  MiniEngine engine(first.socket_path(), first.directory());
  EXPECT_TRUE(engine.Run("c1"));
}

TEST(FakeContainerd, ServesAChannelWithoutASocket) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.socket = false}));
  EXPECT_EQ(fake.socket_path(), "");
  MiniEngine engine(fake.InProcessChannel(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("c1"));
  ASSERT_TRUE(fake.ExitInit("c1", 4));
  EXPECT_EQ(engine.WaitForExit("c1"), "exit 4");
}

TEST(FakeContainerd, StepsDoWhatTheySay) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("c1"));
  ASSERT_TRUE(engine.client().AddProcess("c1", "sh", {.args = {"/bin/sh"}}));
  ASSERT_TRUE(fake.WaitForProcess("c1", "sh"));
  ASSERT_TRUE(fake.WriteOutput("c1", "sh", OutputStream::kStdout, "hello\n"));
  ASSERT_TRUE(fake.ExitProcess("c1", "sh", 5));
  EXPECT_EQ(engine.OutputOf("c1", "sh"), "hello\n");
  ASSERT_TRUE(fake.WaitForExit("c1", "sh"));
  ASSERT_TRUE(fake.OomKill("c1"));
  EXPECT_EQ(engine.WaitForExit("c1").substr(0, 8), "exit 137");
  ASSERT_TRUE(fake.WaitForExit("c1"));
  ASSERT_TRUE(fake.WaitForEvent(EventKind::kOom, "c1"));

  ASSERT_TRUE(engine.Run("c2"));
  ASSERT_TRUE(fake.KillProcess("c2", "init", 15));
  EXPECT_EQ(engine.WaitForExit("c2"), "exit 143");
  ASSERT_TRUE(fake.Stop());
}

TEST(FakeContainerd, BehavioursApplyFromTheMostParticularOn) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start(
      {.behaviour = [](const ProcessRequest&) { return Behaviour{.steps = {step::Exit{1}}}; }}));
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("c1"));
  EXPECT_EQ(engine.WaitForExit("c1"), "exit 1");
  fake.SetBehaviourOf("/bin/program", {.steps = {step::Exit{2}}});
  ASSERT_TRUE(engine.Run("c2"));
  EXPECT_EQ(engine.WaitForExit("c2"), "exit 2");
  fake.SetBehaviour("c3", "init", {.steps = {step::AwaitCue{.name = "now"}, step::Exit{3}}});
  ASSERT_TRUE(engine.Run("c3"));
  ASSERT_TRUE(fake.GiveCue("c3", "init", "now"));
  EXPECT_EQ(engine.WaitForExit("c3"), "exit 3");
}

TEST(FakeContainerd, TakesContainersAtTheirWord) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  constexpr char kSpec[] = R"({"linux": {},
      "process": {"args": ["drydock-process", "pattern=1M:seed=7", "exit=3"], "cwd": "/",
                  "user": {"uid": 0, "gid": 0}},
      "annotations": {"io.drydock.behaviour.sh": "write=hello\\n; cue=never"}})";
  ASSERT_TRUE(engine.Run("c1", kSpec));
  EXPECT_EQ(engine.OutputOf("c1"), PatternBytes(7, 0, 1U << 20U));
  EXPECT_EQ(engine.WaitForExit("c1"), "exit 3");
  EXPECT_EQ(fake.TotalOf("c1", "init", StdioStream::kStdout),
            (StreamTotal{1U << 20U, PatternSha256(7, 1U << 20U)}));
  EXPECT_FALSE(fake.TotalOf("c1", "init", StdioStream::kStdin));
  EXPECT_FALSE(fake.TotalOf("c2", "init", StdioStream::kStdout));

  ASSERT_TRUE(fake.SetBehaviourText("c2", "init", "cue=end exit=4"));
  EXPECT_EQ(fake.SetBehaviourText("c2", "init", "exit").message(),
            "term 1, \"exit\": no value, expected exit=…");
  ASSERT_TRUE(engine.Run("c2", kSpec));
  ASSERT_TRUE(engine.client().AddProcess("c2", "sh", {.args = {"/bin/sh"}}));
  ASSERT_TRUE(fake.GiveCue("c2", "init", "end"));
  EXPECT_EQ(engine.OutputOf("c2", "sh"), "hello\n");
  EXPECT_EQ(engine.WaitForExit("c2"), "exit 4");
}

TEST(FakeContainerd, StepsSayWhatIsMissing) {
  FakeContainerd fake;
  EXPECT_EQ(fake.ExitInit("c1", 0).message(), "the fake containerd does not run");
  ASSERT_TRUE(fake.Start());
  EXPECT_EQ(fake.ExitInit("c1", 0).message(), "there is no container c1");
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(engine.Run("c1"));
  EXPECT_EQ(fake.ExitProcess("c1", "sh", 0).message(), "container c1 has no living process sh");
  EXPECT_TRUE(fake.ExitProcess("c1", "init", 0));
}

TEST(FakeContainerd, WaitsSayWhatIsMissing) {
  FakeContainerd fake;
  EXPECT_EQ(fake.WaitForContainer("c1").message(), "the fake containerd does not run");
  ASSERT_TRUE(fake.Start());
  EXPECT_EQ(fake.WaitForContainer("c1", milliseconds(100)).message(),
            "container c1 did not run within 0.1 s: nobody created such a container; there are: "
            "none");
  EXPECT_EQ(fake.WaitForSubscribers(1, kAtOnce).message(),
            "0 of 1 event streams were open after 0 s");
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("c1"));
  ASSERT_TRUE(fake.WaitForContainer("c1"));
  EXPECT_EQ(fake.WaitForContainer("c2", kAtOnce).message(),
            "container c2 did not run within 0 s: nobody created such a container; there are: c1");
  EXPECT_EQ(fake.WaitForProcess("c1", "sh", kAtOnce).message(),
            "process sh of container c1 did not run within 0 s: no such process was added; "
            "running: init");
  EXPECT_EQ(fake.WaitForExit("c1", "init", kAtOnce).message(),
            "no exit of container c1 was told within 0 s: it runs");
  ASSERT_TRUE(fake.ExitInit("c1", 6));
  ASSERT_TRUE(fake.WaitForExit("c1"));
  EXPECT_EQ(fake.WaitForContainer("c1", kAtOnce).message(),
            "container c1 did not run within 0 s: it ran and ended with 6");
  EXPECT_EQ(fake.WaitForEvent(EventKind::kOom, "c1", "", 1, kAtOnce).message(),
            "0 of 1 oom events of container c1 were told within 0 s; told of the container: "
            "start-container, exit init 6");
  EXPECT_EQ(fake.WaitForEvent(EventKind::kExit, "c1", "sh", 2, kAtOnce).message(),
            "0 of 2 exit events of process sh of container c1 were told within 0 s; told of the "
            "container: start-container, exit init 6");
}

TEST(FakeContainerd, AnOutcomeIsAVerdictOfGoogleTest) {
  const ::testing::AssertionResult verdict = Outcome::Failed("because");
  EXPECT_FALSE(verdict);
  EXPECT_STREQ(verdict.message(), "because");
  EXPECT_TRUE(::testing::AssertionResult(Outcome()));
}

TEST(FakeContainerd, EmitsAnyEvent) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  fake.Emit({.kind = EventKind::kPause, .container = {.id = "ghost"}});
  ASSERT_TRUE(fake.WaitForEvent(EventKind::kPause, "ghost"));
  ASSERT_EQ(fake.Events().size(), 1U);
  EXPECT_NE(fake.Events()[0].time, WallTime{});
}

TEST(FakeContainerd, HoldsEvents) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("c1"));
  fake.HoldEvents(true);
  ASSERT_TRUE(fake.ExitInit("c1", 7));
  ASSERT_TRUE(fake.WaitForExit("c1"));
  EXPECT_EQ(engine.client().Tracked().size(), 1U);
  fake.HoldEvents(false);
  EXPECT_EQ(engine.WaitForExit("c1"), "exit 7");
}

TEST(FakeContainerd, TimeStandsStillOnASteppedClock) {
  libcontainerd::SteppableClock clock;
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.clock = &clock}));
  fake.SetBehaviour("c1", "init",
                    {.steps = {step::Wait{.duration = std::chrono::hours(1)}, step::Exit{8}}});
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(engine.Run("c1"));
  ASSERT_TRUE(fake.WaitForContainer("c1"));
  EXPECT_FALSE(fake.WaitForExit("c1", "init", kAtOnce));
  // The wait begins as a step after the start was told.
  for (int i = 0; i < 3 && !fake.WaitForExit("c1", "init", milliseconds(200)); ++i) {
    clock.AdvanceBy(std::chrono::hours(1));
  }
  EXPECT_TRUE(fake.WaitForExit("c1"));
}

TEST(FakeContainerd, StopsWithContainersAndCallsUnderWay) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  fake.SetBehaviour("slow", "init", {.start_delay = std::chrono::seconds(10)});
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("c1"));
  std::thread creating([&] { EXPECT_FALSE(engine.Run("slow")); });
  for (int i = 0; i < 1000 && !fake.Inspect("slow"); ++i) std::this_thread::yield();
  const std::string directory = fake.directory();
  ASSERT_TRUE(fake.Stop());
  creating.join();
  EXPECT_FALSE(std::filesystem::exists(directory));
}

}  // namespace
}  // namespace fake_containerd
