// What simulated processes do with their streams, signals and children, seen through a world.
#include "fake_containerd/world/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using libcontainerd::Awaitable;
using libcontainerd::MemoryFifos;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Awaitable<void> ReadAll(MemoryFifos::Reader* reader, std::string* text, bool* eof) {
  while (true) {
    libcontainerd::Result<std::string> data = co_await reader->Read(4096);
    if (!data || data->empty()) break;
    *text += *data;
  }
  *eof = true;
}

Awaitable<void> WriteThenClose(std::unique_ptr<MemoryFifos::Writer> writer, std::string text) {
  (void)co_await writer->Write(std::move(text));
  writer->Close();
}

// A container c1 with FIFOs whose other ends the test holds.
class ProcessTest : public ::testing::Test {
 protected:
  void Start(Behaviour behaviour, bool terminal = false) {
    WorldOptions options;
    options.behaviour = Always(std::move(behaviour));
    readers_.clear();
    in_.reset();
    out_.clear();
    h_ = std::make_unique<Harness>(1, std::move(options));
    CreateCommand command = Harness::CreateOf("c1");
    command.io = h_->MakeFifos("c1", "init");
    command.read_bundle = [terminal]() -> Awaitable<libcontainerd::Result<BundleSpec>> {
      BundleSpec spec;
      spec.process.args = {"/bin/cat"};
      spec.process.terminal = terminal;
      co_return spec;
    };
    readers_.push_back(*h_->fifos.OpenReader(command.io.out));
    readers_.push_back(*h_->fifos.OpenReader(command.io.err));
    libcontainerd::Spawn(h_->runtime, ReadAll(readers_[0].get(), &out_, &out_eof_));
    libcontainerd::Spawn(h_->runtime, ReadAll(readers_[1].get(), &err_, &err_eof_));
    in_ = *h_->fifos.OpenWriter(command.io.in);
    ASSERT_TRUE(h_->Run(h_->world.Create(std::move(command))));
    h_->runtime.RunReady();
  }
  void Send(std::string text) {
    libcontainerd::Spawn(h_->runtime, WriteThenClose(std::move(in_), std::move(text)));
    h_->runtime.RunReady();
  }
  void Signal(std::uint32_t signal) {
    ASSERT_TRUE(h_->Run(h_->world.Signal(key_, "init", signal)));
    h_->runtime.RunReady();
  }
  void CloseStdin() {
    ASSERT_TRUE(h_->Run(h_->world.UpdateProcess(key_, "init", {.close_stdin = true})));
    h_->runtime.RunReady();
  }
  const std::vector<std::string>& emitted() const { return h_->recorder.emitted; }

  std::unique_ptr<Harness> h_;
  ContainerKey key_ = Harness::Key("c1");
  // Closed before the runtime dies: a reader that waits would keep its pipe for ever.
  std::vector<std::unique_ptr<MemoryFifos::Reader>> readers_;
  std::unique_ptr<MemoryFifos::Writer> in_;
  std::string out_;
  std::string err_;
  bool out_eof_ = false;
  bool err_eof_ = false;
};

TEST_F(ProcessTest, WritesAndExits) {
  Start({.steps = {step::Write{.data = "out\n"},
                   step::Write{.stream = OutputStream::kStderr, .data = "err\n", .times = 2},
                   step::Exit{3}}});
  EXPECT_EQ(out_, "out\n");
  EXPECT_EQ(err_, "err\nerr\n");
  EXPECT_TRUE(out_eof_);
  EXPECT_TRUE(err_eof_);
  EXPECT_THAT(emitted(), ElementsAre("start-container c1", "exit c1/init 3"));
  EXPECT_THAT(h_->recorder.ends, ElementsAre("c1/init stdout 4", "c1/init stderr 8"));
  // Of "out\n".
  EXPECT_EQ(h_->recorder.digests[0],
            "54034ac5c6e9ea95734ec2b729fd6d62abf64af34a9f9ce5d466cb788191a73d");
}

TEST_F(ProcessTest, OutputLargerThanThePipeArrivesWhole) {
  Start({.steps = {step::Write{.data = "0123456789", .times = 30000}, step::Exit{0}}});
  EXPECT_EQ(out_.size(), 300000U);
  EXPECT_TRUE(out_eof_);
  EXPECT_THAT(h_->recorder.ends, Contains("c1/init stdout 300000"));
}

TEST_F(ProcessTest, AnUnreadPipeHoldsTheExitBack) {
  WorldOptions options;
  options.behaviour = Always({.steps = {step::Write{.data = std::string(100000, 'x')}}});
  Harness h(1, std::move(options));
  CreateCommand command = Harness::CreateOf("c1");
  command.io = h.MakeFifos("c1", "init");
  auto reader = *h.fifos.OpenReader(command.io.out);
  ASSERT_TRUE(h.Run(h.world.Create(std::move(command))));
  h.runtime.RunReady();
  ASSERT_TRUE(h.Run(h.world.Signal(key_, "init", 9)));
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, Not(Contains("exit c1/init 137")));
  std::string text;
  bool eof = false;
  libcontainerd::Spawn(h.runtime, ReadAll(reader.get(), &text, &eof));
  h.runtime.RunReady();
  EXPECT_EQ(text.size(), 100000U);
  EXPECT_THAT(h.recorder.emitted, Contains("exit c1/init 137"));
}

TEST_F(ProcessTest, EchoesStdinUntilBothWritersAreClosed) {
  Start({.steps = {step::EchoStdin{}, step::Exit{0}}});
  Send("hello");
  EXPECT_EQ(out_, "hello");
  // The client's end is closed, the shim's own writer is not: no end-of-file.
  EXPECT_FALSE(out_eof_);
  CloseStdin();
  EXPECT_TRUE(out_eof_);
  EXPECT_THAT(emitted(), Contains("exit c1/init 0"));
  EXPECT_THAT(h_->recorder.ends, Contains("c1/init stdin 5"));
}

TEST_F(ProcessTest, ReadsStdinToItsEnd) {
  Start({.steps = {step::ReadStdin{}, step::Write{.data = "done"}, step::Exit{0}}});
  CloseStdin();
  EXPECT_EQ(out_, "");
  Send("ignored");
  EXPECT_EQ(out_, "done");
}

TEST_F(ProcessTest, StdinEndsOnce) {
  Start(
      {.steps = {step::EchoStdin{}, step::ReadStdin{}, step::EchoStdin{}, step::AwaitCue{"end"}}});
  Send("once");
  CloseStdin();
  EXPECT_EQ(out_, "once");
  EXPECT_THAT(h_->recorder.ends, ElementsAre("c1/init stdin 4"));
  const ProcessActivity activity = h_->world.Inspect(key_)->activity.at("init");
  EXPECT_EQ(activity.in.bytes, 4U);
  EXPECT_EQ(activity.in, activity.out);
}

TEST_F(ProcessTest, ATerminalHasNoStderr) {
  Start({.steps = {step::Write{.stream = OutputStream::kStderr, .data = "oops"}, step::Exit{1}}},
        /*terminal=*/true);
  EXPECT_EQ(out_, "oops");
  EXPECT_FALSE(err_eof_);  // nobody ever opened it for writing
  EXPECT_THAT(h_->recorder.ends, ElementsAre("c1/init stdout 4"));
}

TEST_F(ProcessTest, WaitsInVirtualTime) {
  Start({.steps = {step::Wait{seconds(3600)}, step::Exit{7}}});
  EXPECT_THAT(emitted(), ElementsAre("start-container c1"));
  h_->runtime.AdvanceTo(seconds(3600));
  EXPECT_THAT(emitted(), ElementsAre("start-container c1", "exit c1/init 7"));
}

TEST_F(ProcessTest, ADeathEndsItsWait) {
  Start({.steps = {step::Wait{seconds(3600)}, step::Exit{7}}});
  Signal(9);
  h_->runtime.Run();
  EXPECT_THAT(emitted(), ElementsAre("start-container c1", "exit c1/init 137"));
  EXPECT_LT(h_->runtime.Now(), seconds(1));
}

TEST_F(ProcessTest, ExitsOnCue) {
  Start({.steps = {step::AwaitCue{"go"}, step::Exit{5}}});
  EXPECT_FALSE(h_->world.GiveCue(key_, "nobody", "go"));
  EXPECT_TRUE(h_->world.GiveCue(key_, "init", "other"));
  h_->runtime.RunReady();
  EXPECT_THAT(emitted(), ElementsAre("start-container c1"));
  EXPECT_TRUE(h_->world.GiveCue(key_, "init", "go"));
  h_->runtime.RunReady();
  EXPECT_THAT(emitted(), Contains("exit c1/init 5"));
}

TEST_F(ProcessTest, SignalsByDefaultKill) {
  for (const std::uint32_t signal : {1U, 2U, 9U, 15U, 10U, 34U, 64U}) {
    Start({});
    Signal(signal);
    EXPECT_THAT(emitted(), Contains("exit c1/init " + std::to_string(128 + signal)));
  }
}

TEST_F(ProcessTest, SomeSignalsAreIgnoredByDefault) {
  for (const std::uint32_t signal : {0U, 17U, 18U, 23U, 28U}) {
    Start({});
    Signal(signal);
    EXPECT_THAT(emitted(), ElementsAre("start-container c1")) << signal;
  }
}

TEST_F(ProcessTest, TrapsAndIgnoresSignals) {
  Behaviour behaviour;
  behaviour.signals[15] = {.action = SignalHandler::Action::kExit, .code = 9, .delay = seconds(2)};
  behaviour.signals[2] = {.action = SignalHandler::Action::kIgnore};
  behaviour.signals[9] = {.action = SignalHandler::Action::kIgnore};  // cannot be
  Start(behaviour);
  Signal(2);
  Signal(15);
  EXPECT_THAT(emitted(), ElementsAre("start-container c1"));
  h_->runtime.AdvanceTo(seconds(2));
  EXPECT_THAT(emitted(), Contains("exit c1/init 9"));
  Start(behaviour);
  Signal(9);
  EXPECT_THAT(emitted(), Contains("exit c1/init 137"));
}

TEST_F(ProcessTest, StopsAndContinues) {
  Start({.steps = {step::Wait{seconds(1)}, step::Exit{4}}});
  Signal(19);
  h_->runtime.AdvanceTo(seconds(5));
  EXPECT_THAT(emitted(), ElementsAre("start-container c1"));
  Signal(18);
  EXPECT_THAT(emitted(), Contains("exit c1/init 4"));
}

TEST_F(ProcessTest, AStoppedProcessCanBeKilled) {
  Start({});
  Signal(19);
  Signal(15);
  EXPECT_THAT(emitted(), ElementsAre("start-container c1"));
  Signal(9);
  EXPECT_THAT(emitted(), Contains("exit c1/init 137"));
}

TEST_F(ProcessTest, APauseFreezesEverything) {
  Start({.steps = {step::Wait{seconds(1)}, step::Write{.data = "x"}, step::Exit{0}}});
  ASSERT_TRUE(h_->Run(h_->world.Pause(key_)));
  h_->runtime.AdvanceTo(seconds(10));
  EXPECT_EQ(out_, "");
  ASSERT_TRUE(h_->Run(h_->world.Resume(key_)));
  h_->runtime.RunReady();
  EXPECT_EQ(out_, "x");
  EXPECT_THAT(emitted(),
              ElementsAre("start-container c1", "pause c1", "resume c1", "exit c1/init 0"));
}

TEST_F(ProcessTest, AKillOfAPausedContainerTakesEffectOnResume) {
  Start({});
  ASSERT_TRUE(h_->Run(h_->world.Pause(key_)));
  Signal(9);
  h_->runtime.AdvanceTo(seconds(60));
  EXPECT_THAT(emitted(), Not(Contains("exit c1/init 137")));
  ASSERT_TRUE(h_->Run(h_->world.Resume(key_)));
  h_->runtime.RunReady();
  EXPECT_THAT(emitted(),
              ElementsAre("start-container c1", "pause c1", "resume c1", "exit c1/init 137"));
}

TEST_F(ProcessTest, ChildrenCountAndDieWithInit) {
  Start({.steps = {step::SpawnChildren{.count = 2}}});
  EXPECT_EQ(h_->world.Inspect(key_)->pids.size(), 3U);
  Signal(9);
  EXPECT_TRUE(out_eof_);
  EXPECT_THAT(emitted(), Contains("exit c1/init 137"));
}

TEST_F(ProcessTest, ClosesOneOutputEarly) {
  Start({.steps = {step::Write{.data = "bye"}, step::CloseOutput{}}});
  EXPECT_TRUE(out_eof_);
  EXPECT_FALSE(err_eof_);
  EXPECT_TRUE(h_->world.WriteOutput(key_, "init", OutputStream::kStdout, "lost"));
  EXPECT_TRUE(h_->world.WriteOutput(key_, "init", OutputStream::kStderr, "kept"));
  h_->runtime.RunReady();
  EXPECT_EQ(out_, "bye");
  EXPECT_EQ(err_, "kept");
}

TEST_F(ProcessTest, InjectedOutputAndExit) {
  Start({});
  EXPECT_TRUE(h_->world.WriteOutput(key_, "init", OutputStream::kStdout, "hi"));
  EXPECT_TRUE(h_->world.ExitProcess(key_, "init", 12));
  EXPECT_FALSE(h_->world.ExitProcess(key_, "init", 13));
  h_->runtime.RunReady();
  EXPECT_EQ(out_, "hi");
  EXPECT_THAT(emitted(), Contains("exit c1/init 12"));
}

TEST_F(ProcessTest, DiesFromItsOwnSignal) {
  Start({.steps = {step::Die{6}}});
  EXPECT_THAT(emitted(), Contains("exit c1/init 134"));
}

TEST_F(ProcessTest, TheObserverHearsBytesBeforeAnybody) {
  Start({.steps = {step::Write{.data = "a"}, step::Exit{0}}});
  EXPECT_THAT(h_->recorder.bytes, HasSubstr("stdout:a|"));
  EXPECT_THAT(h_->recorder.log, ElementsAre("daemon started", "added c1", "started c1/init",
                                            "ended c1/init 0", "removed c1"));
}

}  // namespace
}  // namespace fake_containerd
