#include "fake_containerd/v0/facade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/v0/harness.h"

namespace fake_containerd::v0 {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(Facade, Version) {
  FacadeHarness h;
  const auto version = h.Call(types::GetServerVersionRequest());
  ASSERT_TRUE(version);
  EXPECT_EQ(version->major(), 0U);
  EXPECT_EQ(version->minor(), 2U);
  EXPECT_EQ(version->patch(), 3U);
  EXPECT_EQ(version->revision(), "837e8c5e1cad013ed57f5c2090c8591c10cbbdae");
}

TEST(Facade, ACreateRepliesWithWhatConfigJsonSays) {
  FacadeHarness h;
  h.bundles.configs()["/state/c1"] = kConfig;
  auto request = h.CreateRequest("c1");
  request.add_labels("a=b");
  const IoPaths io = h.MakeFifos("c1", "init");
  request.set_stdin(io.in);
  request.set_stdout(io.out);
  request.set_stderr(io.err);
  const auto response = h.Call(request);
  ASSERT_TRUE(response) << response.error().message;
  const types::Container& container = response->container();
  EXPECT_EQ(container.ShortDebugString(),
            "id: \"c1\" bundlePath: \"/state/c1\" processes { pid: \"init\" user { uid: 1 gid: 2 "
            "additionalGids: 3 } args: \"/bin/sleep\" args: \"100\" env: \"PATH=/bin\" cwd: \"/\" "
            "systemPid: 1000 stdin: \"/state/c1/init-stdin\" stdout: \"/state/c1/init-stdout\" "
            "stderr: \"/state/c1/init-stderr\" capabilities: \"CAP_KILL\" rlimits { type: "
            "\"RLIMIT_NOFILE\" soft: 512 hard: 1024 } } status: \"running\" labels: \"a=b\" "
            "runtime: \"runc\"");
}

TEST(Facade, StateTellsContainersAndMachine) {
  FacadeHarness h;
  ASSERT_EQ(h.Create("c1"), "OK");
  ASSERT_EQ(h.Create("c2"), "OK");
  ASSERT_EQ(h.Try(h.ExecRequest("c2", "e1")), "OK");
  const auto state = h.Call(types::StateRequest());
  ASSERT_TRUE(state);
  ASSERT_EQ(state->containers_size(), 2);
  EXPECT_EQ(state->containers(1).processes_size(), 2);
  EXPECT_THAT(state->containers(1).pids(), ElementsAre(1001, 1002));
  EXPECT_EQ(state->machine().cpus(), 2U);
  EXPECT_EQ(state->machine().memory(), 24105U);
  ASSERT_EQ(h.Try(h.StatusOf("c1", "paused")), "OK");
  EXPECT_EQ(h.StateOfOne("c1").status(), "running");  // never "paused"
}

TEST(Facade, StatsFollowResources) {
  FacadeHarness h;
  ASSERT_EQ(h.Create("c1"), "OK");
  auto update = h.StatusOf("c1", "");
  update.mutable_resources()->set_memorylimit(134217728);
  update.mutable_resources()->set_pidslimit(7);
  ASSERT_EQ(h.Try(update), "OK");
  types::StatsRequest request;
  request.set_id("c1");
  const auto stats = h.Call(request);
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->cgroup_stats().memory_stats().usage().limit(), 134217728U);
  EXPECT_EQ(stats->cgroup_stats().pids_stats().current(), 1U);
  EXPECT_EQ(stats->cgroup_stats().pids_stats().limit(), 0U);  // a later release's field
  EXPECT_EQ(stats->timestamp().seconds(), 1475625600);
}

// Fields of counters that only mishaps move may be 0; everything else is there after a while.
std::vector<std::string> EmptyFields(const google::protobuf::Message& message) {
  std::vector<std::string> empty;
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    const bool there = field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                            : reflection->HasField(message, field);
    if (!there) empty.push_back(std::string(field->full_name()));
    if (field->is_repeated() || !there || field->message_type() == nullptr) continue;
    const auto below = EmptyFields(reflection->GetMessage(message, field));
    empty.insert(empty.end(), below.begin(), below.end());
  }
  return empty;
}

TEST(Facade, StatsFillEveryField) {
  FacadeHarness h(1, {}, {.late_fields = true});
  ASSERT_EQ(h.Create("c1"), "OK");
  auto update = h.StatusOf("c1", "");
  update.mutable_resources()->set_cpuquota(1000);
  update.mutable_resources()->set_pidslimit(7);
  update.mutable_resources()->set_memorylimit(524288);
  ASSERT_EQ(h.Try(update), "OK");
  h.runtime.AdvanceTo(std::chrono::hours(10) + Duration(1));
  types::StatsRequest request;
  request.set_id("c1");
  const auto stats = h.Call(request);
  ASSERT_TRUE(stats);
  std::vector<std::string> empty = EmptyFields(*stats);
  const auto network = EmptyFields(stats->network_stats(0));
  empty.insert(empty.end(), network.begin(), network.end());
  EXPECT_THAT(empty, ElementsAre("types.MemoryData.failcnt"));  // the kernel's
  const auto& blkio = stats->cgroup_stats().blkio_stats();
  EXPECT_EQ(blkio.io_service_bytes_recursive(4).op(), "Total");
  EXPECT_EQ(
      blkio.io_service_bytes_recursive(4).value(),
      blkio.io_service_bytes_recursive(0).value() + blkio.io_service_bytes_recursive(1).value());
  EXPECT_EQ(stats->cgroup_stats().hugetlb_stats().at("2MB").limit(), 9223372036854771712U);
  EXPECT_EQ(stats->cgroup_stats().memory_stats().usage().usage(), 524288U);
}

TEST(Facade, StatsKnowTheLimitsOfTheBundle) {
  FacadeHarness h;
  h.bundles.configs()["/state/c1"] = R"({"process": {"args": ["sh"]}, "linux": {"resources": {
      "memory": {"limit": 1048576, "swap": -1}, "pids": {"limit": 9}, "cpu": {"quota": 5}}}})";
  ASSERT_EQ(h.Create("c1"), "OK");
  types::StatsRequest request;
  request.set_id("c1");
  const auto stats = h.Call(request);
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->cgroup_stats().memory_stats().usage().limit(), 1048576U);
  EXPECT_EQ(stats->cgroup_stats().memory_stats().swap_usage().limit(), 9223372036854771712U);
  EXPECT_EQ(stats->cgroup_stats().pids_stats().limit(), 9U);
}

TEST(Facade, StatsAnswerWhileTheLoopStandsStill) {
  FacadeHarness h;
  ASSERT_EQ(h.Create("c1"), "OK");
  h.world.StallLoop(seconds(10));
  types::StatsRequest request;
  request.set_id("c1");
  const auto stats = h.Start(libcontainerd::Call(h.api, request, h.kPatience));
  const auto state = h.Start(libcontainerd::Call(h.api, types::StateRequest(), h.kPatience));
  h.runtime.RunReady();
  EXPECT_TRUE(*stats);
  EXPECT_FALSE(*state);
}

TEST(Facade, WhatTheDaemonIgnores) {
  FacadeHarness h;
  h.bundles.configs()["/state/c1"] = kConfig;
  types::CreateContainerRequest create = h.CreateRequest("c1");
  create.add_runtimeargs("--systemd-cgroup");  // without a runtime
  const auto created = h.Call(create);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->container().runtime(), "runc");
  types::StatsRequest request;
  request.set_id("c1");
  const auto before = h.Call(request);
  auto update = h.StatusOf("c1", "");
  types::UpdateResource& resources = *update.mutable_resources();
  resources.set_blkioleafweight(1);
  resources.add_blkioweightdevice();
  resources.add_blkiothrottlereadbpsdevice();
  resources.add_blkiothrottlewritebpsdevice();
  resources.add_blkiothrottlereadiopsdevice();
  resources.add_blkiothrottlewriteiopsdevice();
  EXPECT_EQ(h.Try(update), "OK");
  const auto after = h.Call(request);
  EXPECT_EQ(after->DebugString(), before->DebugString());
}

TEST(Facade, LateFieldsWhenToldTo) {
  FacadeHarness h(1, {}, {.late_fields = true});
  ASSERT_EQ(h.Create("c1"), "OK");
  const auto added = h.Call(h.ExecRequest("c1", "e1"));
  ASSERT_TRUE(added);
  EXPECT_EQ(added->systempid(), 1001U);
  FacadeHarness old;
  ASSERT_EQ(old.Create("c1"), "OK");
  EXPECT_EQ(old.Call(old.ExecRequest("c1", "e1"))->systempid(), 0U);
}

TEST(Facade, AListedCheckpointLacksExitAndEmptyNamespaces) {
  FacadeHarness h;
  ASSERT_EQ(h.Create("c1"), "OK");
  types::CreateCheckpointRequest create;
  create.set_id("c1");
  types::Checkpoint* checkpoint = create.mutable_checkpoint();
  checkpoint->set_name("cp1");
  checkpoint->set_exit(true);
  checkpoint->set_tcp(true);
  checkpoint->set_unixsockets(true);
  checkpoint->set_shell(true);
  checkpoint->add_emptyns("network");
  EXPECT_FALSE(h.Call(create));
  types::ListCheckpointRequest list;
  list.set_id("c1");
  const auto listed = h.Call(list);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->checkpoints_size(), 1);
  EXPECT_EQ(listed->checkpoints(0).ShortDebugString(),
            "name: \"cp1\" tcp: true unixSockets: true shell: true");
  // An empty directory is the bundle's.
  list.set_checkpointdir("/state/c1/checkpoints");
  EXPECT_EQ(h.Call(list)->checkpoints_size(), 1);
}

TEST(Facade, ATimeoutLeavesTheCommandRunning) {
  FacadeHarness h(1, {.behaviour = Always({.start_delay = seconds(10)})});
  h.bundles.configs()["/state/c1"] = kConfig;
  EXPECT_EQ(Outcome(h.Call(h.CreateRequest("c1"), seconds(1))), "4 Deadline Exceeded");
  EXPECT_EQ(h.runtime.Now(), seconds(1));
  h.runtime.Run();
  EXPECT_EQ(h.StateOfOne("c1").status(), "running");
}

TEST(Facade, AnEndlessTimeoutIsNone) {
  FacadeHarness h;
  EXPECT_EQ(Outcome(h.Call(types::StateRequest(), Duration::max())), "OK");
}

TEST(Facade, HealthIsGoodWhateverTheLoopDoes) {
  FacadeHarness h;
  h.world.StallLoop(seconds(100));
  h.runtime.RunReady();
  EXPECT_EQ(Outcome(h.Run(h.api.CheckHealth(seconds(1)))), "OK");
  EXPECT_EQ(Outcome(h.Call(types::StateRequest(), seconds(1))), "4 Deadline Exceeded");
}

TEST(Facade, AStoppedDaemonIsUnavailable) {
  FacadeHarness h;
  ASSERT_EQ(h.Create("c1"), "OK");
  h.world.StallLoop(seconds(1));
  h.runtime.RunReady();
  const auto pending = h.Start(libcontainerd::Call(h.api, types::StateRequest(), seconds(100)));
  h.runtime.RunReady();
  h.world.StopDaemon();
  h.runtime.RunReady();
  ASSERT_TRUE(*pending);
  EXPECT_EQ(Outcome(**pending), "14 transport is closing");
  EXPECT_EQ(h.Try(types::StateRequest()), "14 connection refused");
  EXPECT_EQ(h.Try(types::GetServerVersionRequest()), "14 connection refused");
  EXPECT_EQ(Outcome(h.Run(h.api.CheckHealth(seconds(1)))), "14 connection refused");
  ASSERT_TRUE(h.world.StartDaemon());
  EXPECT_EQ(h.StateOfOne("c1").status(), "running");
}

TEST(Facade, ARunOfAContainer) {
  FacadeHarness h(1, {.behaviour = ByName({{"e1", {.steps = {step::Exit{2}}}}})});
  Sink sink;
  const auto stream = h.api.Events({}, sink);
  ASSERT_EQ(h.Create("c1"), "OK");
  ASSERT_EQ(h.Try(h.ExecRequest("c1", "e1")), "OK");
  h.runtime.RunReady();
  ASSERT_EQ(h.Try(h.StatusOf("c1", "paused")), "OK");
  ASSERT_EQ(h.Try(h.StatusOf("c1", "running")), "OK");
  ASSERT_EQ(h.Try(h.SignalOf("c1", "init", 15)), "OK");
  h.runtime.RunReady();
  EXPECT_THAT(sink.lines, ElementsAre("start-container c1", "start-process c1/e1", "exit c1/e1 2",
                                      "pause c1", "resume c1", "exit c1/init 143"));
  EXPECT_EQ(h.Try(h.SignalOf("c1", "init", 15)), "2 containerd: container not found");
}

}  // namespace
}  // namespace fake_containerd::v0
