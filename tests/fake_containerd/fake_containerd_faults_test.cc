// Holds, steps and faults of the fixture, against a real client on a real socket and on a channel
// in the process.
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"
#include "tests/fake_containerd/mini_engine.h"

namespace fake_containerd {
namespace {

using std::chrono::milliseconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Faults : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { ASSERT_TRUE(fake_.Start({.socket = GetParam()})); }
  void TearDown() override {
    engine_.reset();
    EXPECT_TRUE(fake_.Stop());
  }
  MiniEngine& Engine() {
    if (!engine_) {
      engine_ = GetParam()
                    ? std::make_unique<MiniEngine>(fake_.socket_path(), fake_.directory())
                    : std::make_unique<MiniEngine>(fake_.InProcessChannel(), fake_.directory());
    }
    return *engine_;
  }

  FakeContainerd fake_;
  std::unique_ptr<MiniEngine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Transports, Faults, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& socket) {
                           return std::string(socket.param ? "Socket" : "InProcess");
                         });

TEST_P(Faults, AReplyIsHeldUntilItIsReleased) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.WaitForSubscribers(1));
  ASSERT_TRUE(fake_.Hold("rpc.CreateContainer.executed@web"));
  auto created = std::async(std::launch::async, [&] { return engine.Run("web"); });
  ASSERT_TRUE(fake_.WaitForHeld("rpc.CreateContainer.executed@web"));
  ASSERT_TRUE(fake_.WaitForContainer("web"));
  ASSERT_THAT(fake_.Held(), SizeIs(1));
  EXPECT_EQ(fake_.Held()[0].subject, "web");
  ASSERT_TRUE(fake_.Release("rpc.CreateContainer.executed@web"));
  EXPECT_TRUE(created.get());
  EXPECT_THAT(fake_.Held(), IsEmpty());
  ASSERT_TRUE(fake_.ExitInit("web", 3));
  EXPECT_EQ(engine.WaitForExit("web"), "exit 3");
}

TEST_P(Faults, APlanOfErrorsReachesTheClient) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.SetFaults("rpc.CreateContainer.received=1*error(RESOURCE_EXHAUSTED:no room)"));
  EXPECT_FALSE(engine.Run("web"));
  ASSERT_TRUE(fake_.WaitForFired("rpc.CreateContainer.received@web"));
  EXPECT_TRUE(engine.Run("web"));
  ASSERT_THAT(fake_.Fired(), SizeIs(1));
  EXPECT_EQ(fake_.Fired()[0].term, "1*error(RESOURCE_EXHAUSTED:no room)");
}

TEST_P(Faults, ABrokenStreamIsOpenedAgainAndNothingIsLost) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("web"));
  ASSERT_TRUE(fake_.SetFaults("stream.send@web=1*break"));
  ASSERT_TRUE(fake_.ExitInit("web", 4));
  EXPECT_EQ(engine.WaitForExit("web"), "exit 4");
  EXPECT_TRUE(fake_.WaitForFired("stream.send"));
}

TEST_P(Faults, ADaemonThatCrashesComesBack) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("web"));
  ASSERT_TRUE(fake_.SetFaults("process.exit@web=1*restart(10ms)"));
  ASSERT_TRUE(fake_.ExitInit("web", 5));
  EXPECT_EQ(engine.WaitForExit("web"), "exit 5");
}

TEST_P(Faults, StepByStep) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.WaitForSubscribers(1));
  fake_.SetAutonomous(false);
  auto created = std::async(std::launch::async, [&] { return engine.Run("web"); });
  ASSERT_TRUE(fake_.WaitForHeld("rpc.CreateContainer.executed"));
  ASSERT_TRUE(fake_.WaitForHeld("event.start-container"));
  EXPECT_EQ(fake_.Step(2), 2U);
  // The client asks more than this on its way.
  while (created.wait_for(milliseconds(1)) != std::future_status::ready) fake_.Step();
  EXPECT_TRUE(created.get());
  fake_.ReleaseAll();
}

TEST_P(Faults, StopAnswersWhatIsHeld) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.Hold("rpc.CreateContainer.received"));
  auto created = std::async(std::launch::async, [&] { return engine.Run("web"); });
  ASSERT_TRUE(fake_.WaitForHeld("rpc.CreateContainer.received"));
  if (GetParam()) {  // a channel must be given up before
    EXPECT_TRUE(fake_.Stop());
    EXPECT_FALSE(created.get());
  } else {
    fake_.ReleaseAll();
    EXPECT_TRUE(created.get());
  }
}

TEST_P(Faults, ADaemonIsStoppedAndStartedAsOneLikes) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("web"));
  ASSERT_TRUE(engine.Run("db"));
  EXPECT_TRUE(fake_.daemon_running());
  fake_.StopDaemon();
  EXPECT_FALSE(fake_.daemon_running());
  EXPECT_TRUE(fake_.WaitForDaemon(false));
  EXPECT_FALSE(engine.Run("other"));
  ASSERT_TRUE(fake_.ExitInit("web", 3));  // the machine goes on
  ASSERT_TRUE(fake_.StartDaemon());
  EXPECT_TRUE(fake_.WaitForDaemon(true));
  EXPECT_EQ(engine.WaitForExit("web"), "exit 3");
  ASSERT_TRUE(fake_.RestartDaemon());
  EXPECT_TRUE(fake_.daemon_running());
  ASSERT_TRUE(fake_.ExitInit("db", 4));
  EXPECT_EQ(engine.WaitForExit("db"), "exit 4");
}

TEST_P(Faults, ADaemonThatPanicsStaysAwayUntilItIsStarted) {
  MiniEngine& engine = Engine();
  ASSERT_TRUE(fake_.WaitForSubscribers(1));
  ASSERT_TRUE(engine.Run("web"));
  ASSERT_TRUE(fake_.SetFaults("process.exit@web=1*panic"));
  ASSERT_TRUE(fake_.ExitInit("web", 5));
  ASSERT_TRUE(fake_.WaitForDaemon(false));
  EXPECT_FALSE(engine.Run("other"));
  EXPECT_EQ(fake_.WaitForDaemon(true, milliseconds(0)).message(),
            "the daemon did not start within 0 s");
  ASSERT_TRUE(fake_.RestartDaemon());
  EXPECT_EQ(engine.WaitForExit("web"), "exit 5");
}

TEST_P(Faults, AStartThatFailsSaysWhy) {
  ASSERT_TRUE(fake_.SetFaults("daemon.start=1*error(ABORTED:not today)"));
  EXPECT_EQ(fake_.RestartDaemon().message(), "not today");
  EXPECT_EQ(fake_.WaitForDaemon(true, milliseconds(0)).message(),
            "the daemon did not start within 0 s: not today");
  fake_.Reset();
  EXPECT_TRUE(fake_.WaitForDaemon(true));
}

TEST(FaultsOfTheFixture, TheFirstStartCanBeHeld) {
  FakeContainerd fake;
  auto started = fake.Start({.holds = {"rpc.Stats.executed", "daemon.begin"}});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            "\"daemon.begin\": no such point, the nearest is daemon.start");
  started = fake.Start({.holds = {"rpc.CreateContainer.executed", "daemon.start"}});
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_TRUE(fake.WaitForHeld("daemon.start"));
  EXPECT_FALSE(fake.daemon_running());
  MiniEngine engine(fake.socket_path(), fake.directory());
  EXPECT_FALSE(engine.Run("early"));
  ASSERT_TRUE(fake.Release("daemon.start"));
  ASSERT_TRUE(fake.WaitForDaemon(true));
  ASSERT_TRUE(fake.WaitForSubscribers(1));
  auto created = std::async(std::launch::async, [&] { return engine.Run("web"); });
  ASSERT_TRUE(fake.WaitForHeld("rpc.CreateContainer.executed@web"));
  ASSERT_TRUE(fake.Release("rpc.CreateContainer.executed"));
  EXPECT_TRUE(created.get());
}

TEST(FaultsOfTheFixture, SayWhatIsWrong) {
  FakeContainerd fake;
  EXPECT_EQ(fake.Hold("event.exit").message(), "the fake containerd does not run");
  const auto refused = fake.Start({.faults = "event.exit=drpo"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.substr(0, 17), "faults:1:12: \"drp");
  ASSERT_TRUE(fake.Start({.socket = false, .faults = "event.oom=drop"}));
  EXPECT_EQ(fake.Hold("evnt.exit").message(),
            "\"evnt.exit\": no such point, the nearest is event.exit");
  EXPECT_EQ(fake.SetFaults("connection.data=reset").message(),
            "faults of connections need a socket and FakeContainerdOptions::relay");
  EXPECT_EQ(fake.SetFaults("event.oom").message(),
            "faults:1:10: nothing: expected = and what shall happen");
  fake.Emit({.kind = EventKind::kOom, .container = {.id = "a"}});
  EXPECT_TRUE(fake.WaitForFired("event.oom@a"));
  EXPECT_EQ(fake.WaitForFired("event.oom@b", 1, milliseconds(0)).message(),
            "0 of 1 faults fired at event.oom@b within 0 s; fired: event.oom@a");
  EXPECT_EQ(fake.WaitForHeld("event.oom", 2, milliseconds(0)).message(),
            "0 of 2 waited at event.oom within 0 s; held: none");
  EXPECT_THAT(fake.Events(), IsEmpty());
}

}  // namespace
}  // namespace fake_containerd
