// The daemon's command line, and the daemon itself in this process. tests/lib/adapters has it as a
// program.
#include "fake_containerd/daemon.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/blocking_client.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/mini_engine.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

using libcontainerd::Duration;
using libcontainerd::WaitFor;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(std::vector<std::string> arguments) {
  const auto line = ParseCommandLine(std::move(arguments));
  return line ? "" : line.error().message;
}

TEST(DaemonCommandLine, DefaultsAreTheRealOnes) {
  const auto line = ParseCommandLine({});
  ASSERT_TRUE(line);
  const DaemonOptions& options = line->options;
  EXPECT_EQ(options.listen, "unix:///run/containerd/containerd.sock");
  EXPECT_EQ(options.socket_path(), "/run/containerd/containerd.sock");
  EXPECT_EQ(options.state_dir, "/run/containerd");
  EXPECT_EQ(options.runtime, "runc");
  EXPECT_EQ(options.shim, "containerd-shim");
  EXPECT_EQ(options.start_timeout, Duration(seconds(15)));
  EXPECT_EQ(options.retain_count, 500);
  EXPECT_EQ(options.metrics_interval, Duration(minutes(5)));
  EXPECT_FALSE(options.debug);
  EXPECT_EQ(line->text, "");
}

TEST(DaemonCommandLine, WhatTheEnginePasses) {
  const auto line = ParseCommandLine(
      {"-l", "unix:///s/docker-containerd.sock", "--shim", "docker-containerd-shim",
       "--metrics-interval=0", "--start-timeout", "2m", "--state-dir", "/s/containerd", "--runtime",
       "docker-runc", "--debug", "--runtime-args", "--systemd-cgroup", "--runtime-args", "a=b"});
  ASSERT_TRUE(line) << line.error().message;
  const DaemonOptions& options = line->options;
  EXPECT_EQ(options.socket_path(), "/s/docker-containerd.sock");
  EXPECT_EQ(options.shim, "docker-containerd-shim");
  EXPECT_EQ(options.metrics_interval, Duration(0));
  EXPECT_EQ(options.start_timeout, Duration(minutes(2)));
  EXPECT_EQ(options.state_dir, "/s/containerd");
  EXPECT_EQ(options.runtime, "docker-runc");
  EXPECT_TRUE(options.debug);
  EXPECT_THAT(options.runtime_args, ElementsAre("--systemd-cgroup", "a=b"));
}

TEST(DaemonCommandLine, GosOtherSpellings) {
  const auto line =
      ParseCommandLine({"-listen=unix:///a", "-r", "x", "-state-dir", "/b", "--retain-count", "-1",
                        "--pprof-address", "h:1", "--graphite-address=g", "-debug"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->options.listen, "unix:///a");
  EXPECT_EQ(line->options.runtime, "x");
  EXPECT_EQ(line->options.state_dir, "/b");
  EXPECT_EQ(line->options.retain_count, -1);
  EXPECT_EQ(line->options.pprof_address, "h:1");
  EXPECT_EQ(line->options.graphite_address, "g");
  EXPECT_TRUE(line->options.debug);
}

TEST(DaemonCommandLine, BadFlagsAreOneLine) {
  EXPECT_EQ(ErrorOf({"--listen", "/x"}), "--listen: \"/x\" is not unix://PATH");
  EXPECT_EQ(ErrorOf({"-l", "tcp://1"}), "--listen: \"tcp://1\" is not unix://PATH");
  EXPECT_EQ(ErrorOf({"--start-timeout", "2"}), "--start-timeout: \"2\" is no duration (as 2m)");
  EXPECT_EQ(ErrorOf({"--bogus"}), "The following argument was not expected: --bogus");
  EXPECT_EQ(ErrorOf({"serve"}), "The following argument was not expected: serve");
  EXPECT_THAT(ErrorOf({"--retain-count", "many"}), HasSubstr("--retain-count"));
  EXPECT_THAT(ErrorOf({"--state-dir"}), HasSubstr("--state-dir"));
}

TEST(DaemonCommandLine, OurOwnFlags) {
  const auto line =
      ParseCommandLine({"--script", "s.json", "-journal=j", "--control", "/c", "--fault",
                        "event.exit=drop", "--fault", "event.oom=drop", "--seed", "9",
                        "--max-containers", "3", "--max-event-bytes=10"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->options.script, "s.json");
  EXPECT_EQ(line->options.journal, "j");
  EXPECT_EQ(line->options.control, "/c");
  EXPECT_THAT(line->options.faults, ElementsAre("event.exit=drop", "event.oom=drop"));
  EXPECT_EQ(line->options.seed, 9U);
  EXPECT_FALSE(line->options.drawn_choices);
  EXPECT_TRUE(line->options.relay);
  EXPECT_TRUE(line->options.holds.empty());
  EXPECT_EQ(line->options.limits.containers, 3U);
  EXPECT_EQ(line->options.limits.event_bytes, 10U);
  EXPECT_THAT(ErrorOf({"--max-calls", "0"}), HasSubstr("--max-calls"));
  const auto more = ParseCommandLine(
      {"-hold", "daemon.start", "--hold=event.exit@a", "--choices", "drawn", "--no-relay"});
  ASSERT_TRUE(more) << more.error().message;
  EXPECT_THAT(more->options.holds, ElementsAre("daemon.start", "event.exit@a"));
  EXPECT_TRUE(more->options.drawn_choices);
  EXPECT_FALSE(more->options.relay);
  EXPECT_THAT(ErrorOf({"--choices", "mad"}), HasSubstr("--choices"));
}

TEST(DaemonCommandLine, HelpAndVersion) {
  EXPECT_THAT(ParseCommandLine({"--version"})->text,
              HasSubstr("containerd version 0.2.3 commit: 837e8c5e1cad"));
  const std::string help = ParseCommandLine({"--help"})->text;
  for (const char* flag : {"--listen",
                           "--state-dir",
                           "--runtime",
                           "--runtime-args",
                           "--shim",
                           "--start-timeout",
                           "--retain-count",
                           "--metrics-interval",
                           "--pprof-address",
                           "--graphite-address",
                           "--debug",
                           "--version",
                           "--script",
                           "--journal",
                           "--control",
                           "--fault",
                           "--seed",
                           "--hold",
                           "--choices",
                           "--no-relay",
                           "--max-containers",
                           "--max-subscribers",
                           "--max-calls",
                           "--max-message-bytes",
                           "--max-request-bytes",
                           "--max-event-bytes",
                           "has no meaning here"}) {
    EXPECT_THAT(help, HasSubstr(flag));
  }
}

class DaemonTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  DaemonOptions Options() const {
    DaemonOptions options;
    options.listen = "unix://" + path("c.sock");
    options.state_dir = path("state");
    return options;
  }
  std::string StartError(const DaemonOptions& options) {
    Daemon daemon;
    const auto started = daemon.Start(options);
    return started ? "" : started.error().message;
  }
  std::vector<types::Event> StoredEvents() {
    class Sink final : public libcontainerd::EventSink {
     public:
      void OnEvents(std::span<const types::Event> burst) override {
        events.insert(events.end(), burst.begin(), burst.end());
      }
      void OnEnd(libcontainerd::Status) override { ended.set_value(); }
      std::vector<types::Event> events;
      std::promise<void> ended;
    } sink;
    libcontainerd::ThreadedRuntime runtime;
    auto api = *libcontainerd::ConnectUnixSocket(runtime, path("c.sock"));
    types::EventsRequest request;
    request.mutable_timestamp()->set_seconds(1);
    request.set_storedonly(true);
    std::unique_ptr<libcontainerd::EventStream> stream;
    std::promise<void> opened;
    asio::post(runtime.executor(), [&] {
      stream = api->Events(request, sink);
      opened.set_value();
    });
    opened.get_future().get();
    EXPECT_EQ(sink.ended.get_future().wait_for(seconds(20)), std::future_status::ready);
    std::promise<void> closed;
    asio::post(runtime.executor(), [&] {
      stream.reset();
      closed.set_value();
    });
    closed.get_future().get();
    return sink.events;
  }

  TemporaryDirectory directory_;
};

TEST_F(DaemonTest, ServesAndLeavesOnlyItsLog) {
  Daemon daemon;
  const auto started = daemon.Start(Options());
  ASSERT_TRUE(started) << started.error().message;
  {
    libcontainerd::ThreadedRuntime runtime;
    auto api = *libcontainerd::ConnectUnixSocket(runtime, path("c.sock"));
    EXPECT_TRUE(WaitFor(runtime, api->CheckHealth(seconds(20))));
    const auto version =
        WaitFor(runtime, libcontainerd::Call(*api, types::GetServerVersionRequest(), seconds(20)));
    ASSERT_TRUE(version);
    EXPECT_EQ(version->minor(), 2U);
  }
  EXPECT_TRUE(daemon.Stop());
  EXPECT_FALSE(std::filesystem::exists(path("c.sock")));
  EXPECT_FALSE(std::filesystem::exists(path("c.sock.lock")));
  EXPECT_TRUE(std::filesystem::exists(path("state/events.log")));
}

TEST_F(DaemonTest, LostContainersExitAtTheNextStart) {
  std::filesystem::create_directory(path("bundles"));
  {
    Daemon daemon;
    ASSERT_TRUE(daemon.Start(Options()));
    MiniEngine engine(path("c.sock"), path("bundles"));
    ASSERT_TRUE(engine.Run("a"));
    ASSERT_TRUE(engine.client().AddProcess("a", "x", {.args = {"/bin/sh"}}));
    ASSERT_TRUE(engine.Run("b"));
    ASSERT_TRUE(engine.client().Signal("b", 9));
    EXPECT_EQ(engine.WaitForExit("b"), "exit 137");
  }
  EXPECT_TRUE(std::filesystem::exists(path("state/a/state.json")));
  EXPECT_FALSE(std::filesystem::exists(path("state/b")));
  Daemon daemon;
  const auto started = daemon.Start(Options());
  ASSERT_TRUE(started) << started.error().message;
  constexpr std::size_t kAll = 6;
  std::vector<types::Event> stored;
  for (int i = 0; i < 1000 && stored.size() < kAll; ++i) stored = StoredEvents();
  std::vector<std::string> told;
  for (const types::Event& event : stored) {
    told.push_back(event.id() + " " + event.type() + " " + event.pid() + " " +
                   std::to_string(event.status()));
  }
  EXPECT_THAT(told,
              ElementsAre("a start-container  0", "a start-process x 0", "b start-container  0",
                          "b exit init 137", "a exit x 255", "a exit init 255"));
  EXPECT_FALSE(std::filesystem::exists(path("state/a")));
}

TEST_F(DaemonTest, AContainerThatCannotBeReadStopsTheStart) {
  std::filesystem::create_directories(path("state/c1"));
  EXPECT_EQ(StartError(Options()),
            "open " + path("state/c1/state.json") + ": no such file or directory");
}

TEST_F(DaemonTest, ContainersSayWhatTheyDo) {
  Daemon daemon;
  ASSERT_TRUE(daemon.Start(Options()));
  std::filesystem::create_directory(path("bundles"));
  MiniEngine engine(path("c.sock"), path("bundles"));
  ASSERT_TRUE(engine.Run("c1", R"({"linux": {},
      "process": {"args": ["drydock-process", "write=hello\\n", "exit=7"], "cwd": "/",
                  "user": {"uid": 0, "gid": 0}}})"));
  EXPECT_EQ(engine.OutputOf("c1"), "hello\n");
  EXPECT_EQ(engine.WaitForExit("c1"), "exit 7");
}

TEST_F(DaemonTest, ABadScriptOrPlanStopsTheStart) {
  DaemonOptions options = Options();
  options.script = path("s.json");
  std::ofstream(path("s.json")) << "{\n\"stepz\": 1}";
  EXPECT_EQ(StartError(options),
            path("s.json") +
                ":2:1: stepz is unknown, expected one of seed, behaviours, faults, choices, "
                "stats, steps; did you mean \"steps\"?");
  EXPECT_FALSE(std::filesystem::exists(path("state")));
  options = Options();
  options.faults = {"event.exit=drop", "tea=drop"};
  EXPECT_THAT(StartError(options), HasSubstr("faults:2:1: \"tea\": no such point"));
}

TEST_F(DaemonTest, ItsOwnerIsToldOfAPanic) {
  DaemonOptions options = Options();
  options.faults = {"rpc.GetServerVersion.executed=1*panic"};
  std::promise<std::string> panicked;
  Daemon daemon([&](const std::string& why) { panicked.set_value(why); });
  ASSERT_TRUE(daemon.Start(options));
  {
    libcontainerd::ThreadedRuntime runtime;
    auto api = *libcontainerd::ConnectUnixSocket(runtime, path("c.sock"));
    EXPECT_FALSE(
        WaitFor(runtime, libcontainerd::Call(*api, types::GetServerVersionRequest(), seconds(20))));
  }
  EXPECT_EQ(panicked.get_future().get(),
            "the fault plan says so, rpc.GetServerVersion.executed=1*panic");
  EXPECT_TRUE(daemon.Stop());
}

TEST_F(DaemonTest, WhatCannotBeUsed) {
  DaemonOptions options = Options();
  options.state_dir = "/proc/nothing";
  EXPECT_EQ(StartError(options),
            "state directory /proc/nothing cannot be used: No such file or directory");

  options = Options();
  options.listen = "unix://" + path("missing/c.sock");
  EXPECT_THAT(StartError(options), HasSubstr(path("missing/c.sock")));

  std::ofstream(path("state/events.log")) << "no event\n";
  EXPECT_THAT(StartError(Options()), HasSubstr(path("state/events.log") + ":1: "));
}

TEST_F(DaemonTest, WhatAnotherDaemonUses) {
  Daemon daemon;
  ASSERT_TRUE(daemon.Start(Options()));
  EXPECT_EQ(StartError(Options()), "state directory " + path("state") + " is in use");
  DaemonOptions options = Options();
  options.state_dir = path("state2");
  EXPECT_EQ(StartError(options), "socket " + path("c.sock") + " is in use");
}

}  // namespace
}  // namespace fake_containerd
