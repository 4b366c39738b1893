// Scripts: what they may say, and the full text of what is wrong with them.
#include "fake_containerd/script.h"

#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/mini_engine.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  const auto script = ParseScript(text, "s.json");
  return script ? "" : script.error().message;
}

TEST(Script, SaysAll) {
  const auto script = ParseScript(R"({
    "behaviours": [{"id": "web", "process": "shell", "behaviour": "echo; exit=0"},
                   {"id": "web", "behaviour": "exit=1"},
                   {"program": "/bin/cat", "behaviour": "echo"},
                   {"behaviour": "ignore=TERM"}],
    "faults": ["event.exit=1*drop", "daemon.call=1*panic # all"],
    "choices": {"start_container": "event-first", "gap": "10ms", "exec_exits": "after-init",
                "late_exec_status": 255, "oom": "before-exit", "exit_notice_delay": "1s",
                "failed_create_exit": 2, "log_delay": "2s", "state_fails_for_dead_init": false,
                "checkpoint_tool": true},
    "steps": [{"after": "1.5s", "do": "emit", "type": "exit", "id": "web", "process": "init",
               "status": 9, "timestamp": "2016-10-05T00:00:00.5Z"},
              {"do": "write", "id": "web", "stream": "stderr", "text": "oh\n"},
              {"do": "kill", "id": "web", "process": "shell", "signal": 15},
              {"do": "release-events"}]})",
                                  "s.json");
  ASSERT_TRUE(script) << script.error().message;
  ASSERT_EQ(script->behaviours.size(), 4U);
  EXPECT_EQ(script->behaviours[0].process, "shell");
  EXPECT_EQ(script->behaviours[1].process, "init");
  EXPECT_EQ(script->behaviours[2].program, "/bin/cat");
  EXPECT_EQ(script->behaviours[3].behaviour.signals.count(15), 1U);
  ASSERT_TRUE(script->faults);
  EXPECT_EQ(script->faults->rules().size(), 2U);
  ASSERT_TRUE(script->choices);
  EXPECT_EQ(script->choices->start_container, Order::kEventFirst);
  EXPECT_EQ(script->choices->start_process, Choices().start_process);
  EXPECT_EQ(script->choices->gap, Duration(milliseconds(10)));
  EXPECT_EQ(script->choices->exec_exits, Choices::ExecExits::kAfterInit);
  EXPECT_EQ(script->choices->late_exec_status, 255U);
  EXPECT_EQ(script->choices->oom, Choices::OomOrder::kBeforeExit);
  EXPECT_EQ(script->choices->failed_create_exit, 2U);
  EXPECT_EQ(script->choices->log_delay, Duration(seconds(2)));
  EXPECT_FALSE(script->choices->state_fails_for_dead_init);
  EXPECT_TRUE(script->choices->checkpoint_tool);
  ASSERT_EQ(script->steps.size(), 4U);
  EXPECT_EQ(script->steps[0].after, Duration(milliseconds(1500)));
  EXPECT_EQ(script->steps[0].event.kind, EventKind::kExit);
  EXPECT_EQ(script->steps[0].event.status, 9U);
  EXPECT_EQ(script->steps[1].stream, OutputStream::kStderr);
  EXPECT_EQ(script->steps[1].text, "oh\n");
  EXPECT_EQ(script->steps[2].number, 15U);
  EXPECT_EQ(ScriptStepName(script->steps[3].what), "release-events");
}

TEST(Script, ThePageShowsOne) {
  std::ifstream file(DRYDOCK_SOURCE_DIR "/docs/fake-containerd.md");
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string fence = "```json\n";
  const std::size_t begin = page.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = page.find("```", begin + fence.size());
  const auto script =
      ParseScript(page.substr(begin + fence.size(), end - begin - fence.size()), "page");
  ASSERT_TRUE(script) << script.error().message;
  EXPECT_EQ(script->behaviours.size(), 4U);
  EXPECT_EQ(script->steps.size(), 3U);
}

TEST(Script, NothingIsAScript) {
  EXPECT_TRUE(ParseScript("{}", "s.json"));
}

TEST(Script, ErrorsNameThePlace) {
  EXPECT_EQ(ErrorOf("[]"), "s.json:1:1: the script is no object");
  EXPECT_EQ(ErrorOf("{\n  \"stepz\": []\n}"),
            "s.json:2:3: stepz is unknown, expected one of seed, behaviours, faults, choices, "
            "stats, steps; did you mean \"steps\"?");
  EXPECT_EQ(
      ErrorOf("{\n\n\"steps\": [\n{\"do\": \"dance\"}]}"),
      "s.json:4:8: steps[0].do is \"dance\", expected one of emit, exit, kill, oom, oom-kill, "
      "write, cue, hold-events, release-events, stop-daemon, start-daemon, restart-daemon");
  EXPECT_EQ(ErrorOf("{\"steps\": [{\"do\": \"exit\"}]}"), "s.json:1:12: steps[0] lacks \"id\"");
  EXPECT_EQ(ErrorOf("{\"steps\": [{}]}"), "s.json:1:12: steps[0] lacks \"do\"");
  EXPECT_EQ(ErrorOf("{\"steps\": [{\"do\": \"oom\", \"id\": \"a\",\n\"code\": 1}]}"),
            "s.json:2:1: steps[0].code is unknown, expected one of after, do, id");
  EXPECT_EQ(ErrorOf("{\"steps\": [{\"do\": \"exit\", \"id\": \"a\", \"code\":\n-1\n}]}"),
            "s.json:2:1: steps[0].code is no whole number from 0 to 4294967295");
  EXPECT_EQ(ErrorOf("{\"steps\": [{\"do\": \"exit\", \"id\": \"a\", \"after\": \"soon\"}]}"),
            "s.json:1:47: steps[0].after is \"soon\", expected a duration (as 1.5s, 2m)");
  EXPECT_EQ(
      ErrorOf("{\"steps\": [{\"do\": \"emit\", \"id\": \"a\", \"type\": \"tea\"}]}"),
      "s.json:1:46: steps[0].type is \"tea\", expected one of start-container, start-process, "
      "exit, oom, pause, resume, live");
  EXPECT_EQ(ErrorOf("{\"choices\": {\"pause\": \"never\"}}"),
            "s.json:1:23: choices.pause is \"never\", expected one of event-first, reply-first, "
            "drawn");
  EXPECT_EQ(ErrorOf("{\"choices\": {\"checkpoint_tool\": 1}}"),
            "s.json:1:33: choices.checkpoint_tool is neither true nor false");
  EXPECT_EQ(ErrorOf("{\"behaviours\": [{\"process\": \"x\", \"behaviour\": \"echo\"}]}"),
            "s.json:1:17: behaviours[0] has a \"process\" and no \"id\"");
  EXPECT_THAT(ErrorOf("{\"behaviours\": [\n{\"id\": \"a\", \"behaviour\": \"slep=2s\"}]}"),
              HasSubstr("s.json:2:26: behaviours[0].behaviour is no behaviour: term 1"));
  EXPECT_THAT(ErrorOf("{\"faults\": [\n\"event.exit=brew\"]}"),
              HasSubstr("s.json:2:1: faults[0] is no fault plan: "));
  EXPECT_EQ(ErrorOf("{\"steps\": [],\n\"steps\": []}"), "s.json:2:1: \"steps\" stands there twice");
  EXPECT_EQ(
      ErrorOf("{\n\"steps\": [}"),
      "s.json:2:11: syntax error while parsing value - unexpected '}'; expected '[', '{', or a "
      "literal");
  EXPECT_THAT(ErrorOf(""), HasSubstr("s.json:1:1: "));
  EXPECT_THAT(ErrorOf(std::string(1000, '[')), HasSubstr("is nested too deeply"));
}

TEST(Script, ChoicesAreDrawnFromTheSeed) {
  const auto choices = [](const std::string& text, std::uint64_t seed) {
    return *ParseScript(text, "s.json", seed)->choices;
  };
  EXPECT_EQ(choices(R"({"choices": {}})", 7).seed, 7U);
  EXPECT_EQ(choices(R"({"seed": 9, "choices": {}})", 7).seed, 9U);
  const Choices orders = choices(R"({"choices": {"start_container": "drawn", "pause": "drawn",
                                     "exec_exits": "drawn", "oom": "drawn",
                                     "replay_deadlocks": true}})",
                                 7);
  EXPECT_EQ(orders.start_container, Order::kDrawn);
  EXPECT_EQ(orders.start_process, Choices().start_process);
  EXPECT_EQ(orders.exec_exits, Choices::ExecExits::kDrawn);
  EXPECT_EQ(orders.oom, Choices::OomOrder::kDrawn);
  EXPECT_TRUE(orders.replay_deadlocks);
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const Choices drawn = choices(R"({"choices": {"drawn": true, "gap": "7s"}})", seed);
    const Choices expected = Choices::Drawn(seed);
    EXPECT_EQ(drawn.seed, expected.seed);
    EXPECT_EQ(drawn.resume, Order::kDrawn);
    EXPECT_EQ(drawn.shim_wait, expected.shim_wait);
    EXPECT_EQ(drawn.log_delay, expected.log_delay);
    EXPECT_EQ(drawn.gap, Duration(seconds(7)));
  }
  EXPECT_EQ(choices(R"({"choices": {"drawn": false}})", 3).pause, Choices().pause);
}

// For each of a number of creates whether the event or the reply came first: "eree…".
std::string OrdersOfStarts(std::uint64_t seed, const std::string& script) {
  constexpr int kCreates = 24;
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "run.jsonl").string();
  FakeContainerd fake;
  EXPECT_TRUE(fake.Start({.journal = path, .seed = seed}));
  const auto loaded = fake.LoadScript(script);
  EXPECT_TRUE(loaded) << loaded.error().message;
  {
    MiniEngine engine(fake.socket_path(), fake.directory());
    for (int i = 0; i < kCreates; ++i) {
      EXPECT_TRUE(engine.Run("c" + std::to_string(i)));
      EXPECT_TRUE(fake.WaitForEvent(EventKind::kStartContainer, "c" + std::to_string(i)));
    }
  }
  EXPECT_TRUE(fake.Stop());
  std::string orders;
  std::set<std::string> seen;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const bool reply = line.find(R"("rpc_end","what":"CreateContainer")") != std::string::npos;
    const bool event = line.find(R"("what":"start-container")") != std::string::npos;
    if (!reply && !event) continue;
    const std::size_t id = line.find(R"("id":")") + 6;
    if (seen.insert(line.substr(id, line.find('"', id) - id)).second) orders += reply ? 'r' : 'e';
  }
  EXPECT_EQ(orders.size(), std::size_t{kCreates});
  return orders;
}

TEST(Script, SaysWhatStatsTell) {
  const auto script = ParseScript(R"({"stats": [
      {"id": "web", "cpu": {"total": 7, "per_cpu": [3, 4]}, "memory": {"usage": 1099511627776},
       "pids": 5, "cache": 6, "memory_details": {"rss": 8}, "hugetlb": {"2MB": {"limit": 9}}},
      {"id": "web", "at": "5s", "swap": {"failures": 2}, "kernel": {"peak": 3}, "pids": 50,
       "networks": [{"name": "eth7", "rx_bytes": 11}],
       "blkio": {"serviced": [{"major": 8, "op": "Read", "value": 12}]}},
      {"id": "db", "pids_limit": 99}]})",
                                  "s.json");
  ASSERT_TRUE(script) << script.error().message;
  ASSERT_EQ(script->stats.size(), 2U);
  EXPECT_EQ(script->stats[0].id, "db");
  EXPECT_EQ(script->stats[1].id, "web");
  TaskStats stats;
  stats.cpu.in_user = 77;
  stats.networks.push_back({.name = "eth0"});
  script->stats[1].script({.running = seconds(4)}, stats);
  EXPECT_EQ(stats.cpu.total, 7U);
  EXPECT_EQ(stats.cpu.in_user, 77U);
  EXPECT_EQ(stats.cpu.per_cpu, (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(stats.memory.usage, std::uint64_t{1} << 40U);
  EXPECT_EQ(stats.pids, 5U);
  EXPECT_EQ(stats.cache, 6U);
  EXPECT_EQ(stats.memory_details.at("rss"), 8U);
  EXPECT_EQ(stats.hugetlb.at("2MB").limit, 9U);
  EXPECT_EQ(stats.networks.at(0).name, "eth0");
  script->stats[1].script({.running = seconds(5)}, stats);
  EXPECT_EQ(stats.cpu.total, 7U);
  EXPECT_EQ(stats.pids, 50U);
  EXPECT_EQ(stats.swap.failures, 2U);
  EXPECT_EQ(stats.kernel.peak, 3U);
  ASSERT_EQ(stats.networks.size(), 1U);
  EXPECT_EQ(stats.networks[0].name, "eth7");
  EXPECT_EQ(stats.networks[0].rx_bytes, 11U);
  ASSERT_EQ(stats.blkio.serviced.size(), 1U);
  EXPECT_EQ(stats.blkio.serviced[0], (BlkioEntry{.major = 8, .op = "Read", .value = 12}));
  EXPECT_EQ(ErrorOf(R"({"stats": [{"pids": 1}]})"), "s.json:1:12: stats[0] lacks \"id\"");
  EXPECT_EQ(ErrorOf(R"({"stats": [{"id": "a", "pids": -1}]})"),
            "s.json:1:32: stats[0].pids is no whole number from 0 to 18446744073709551615");
  EXPECT_EQ(
      ErrorOf(R"({"stats": [{"id": "a", "memory": {"rss": 1}}]})"),
      "s.json:1:35: stats[0].memory.rss is unknown, expected one of usage, peak, failures, limit");
  EXPECT_EQ(ErrorOf(R"({"stats": [{"id": "a", "hugetlb": 1}]})"),
            "s.json:1:35: stats[0].hugetlb is no object");
}

TEST(Script, ItsStatsReachTheClientUntilAReset) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  ASSERT_TRUE(fake.LoadScript(
      R"({"stats": [{"id": "web", "pids": 4242}, {"id": "other", "pids": 4242}]})"));
  MiniEngine engine(fake.socket_path(), fake.directory());
  ASSERT_TRUE(engine.Run("web"));
  const auto pids = [&](const std::string& id) -> std::uint64_t {
    const auto stats = engine.client().Stats(id);
    return stats ? stats->cgroup_stats().pids_stats().current() : 0;
  };
  EXPECT_EQ(pids("web"), 4242U);
  fake.Reset();
  EXPECT_EQ(engine.WaitForExit("web"), "exit 137");
  ASSERT_TRUE(engine.Run("other"));
  EXPECT_EQ(pids("other"), 1U);
}

TEST(Script, TheSeedDecidesRaces) {
  const std::string drawn = R"("choices": {"start_container": "drawn", "gap": "1ms"})";
  const std::string seven = OrdersOfStarts(7, "{" + drawn + "}");
  EXPECT_THAT(seven, HasSubstr("r"));
  EXPECT_THAT(seven, HasSubstr("e"));
  EXPECT_EQ(OrdersOfStarts(7, "{" + drawn + "}"), seven);
  EXPECT_EQ(OrdersOfStarts(1, R"({"seed": 7, )" + drawn + "}"), seven);
  EXPECT_NE(OrdersOfStarts(8, "{" + drawn + "}"), seven);
}

TEST(Script, StopsAndStartsTheDaemon) {
  libcontainerd::SteppableClock clock;
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.clock = &clock}));
  ASSERT_TRUE(fake.LoadScript(R"({"steps": [
      {"after": "1s", "do": "stop-daemon"}, {"after": "2s", "do": "start-daemon"},
      {"after": "3s", "do": "restart-daemon"}]})"));
  EXPECT_TRUE(fake.daemon_running());
  clock.AdvanceBy(seconds(1));
  EXPECT_TRUE(fake.WaitForDaemon(false));
  clock.AdvanceBy(seconds(1));
  EXPECT_TRUE(fake.WaitForDaemon(true));
  ASSERT_TRUE(fake.SetFaults("daemon.start=1*error(x)"));
  clock.AdvanceBy(seconds(1));
  EXPECT_TRUE(fake.WaitForDaemon(false));
}

TEST(Script, AMissingFileIsNamed) {
  const auto text = ReadScriptFile("/proc/nowhere/s.json");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message,
            "script /proc/nowhere/s.json cannot be read: No such file or directory");
}

TEST(Script, StepsKeepToTheClock) {
  libcontainerd::SteppableClock clock;
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.clock = &clock}));
  ASSERT_TRUE(fake.LoadScript(R"({"steps": [
      {"after": "2s", "do": "emit", "type": "oom", "id": "late"},
      {"after": "1s", "do": "emit", "type": "pause", "id": "early"}]})"));
  clock.AdvanceBy(seconds(1));
  ASSERT_TRUE(fake.WaitForEvent(EventKind::kPause, "early"));
  EXPECT_EQ(fake.Events().size(), 1U);
  clock.AdvanceBy(seconds(1));
  ASSERT_TRUE(fake.WaitForEvent(EventKind::kOom, "late"));
  EXPECT_TRUE(fake.Stop());
}

TEST(Script, ABadOneChangesNothing) {
  FakeContainerd fake;
  EXPECT_EQ(fake.LoadScript("{}").error().message, "the fake containerd does not run");
  ASSERT_TRUE(fake.Start());
  const auto loaded = fake.LoadScript(
      R"({"steps": [{"do": "emit", "type": "oom", "id": "a"}, {"do": "?"}]})", "mine");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("mine:1:61: steps[1].do"));
  EXPECT_TRUE(fake.Events().empty());
}

}  // namespace
}  // namespace fake_containerd
