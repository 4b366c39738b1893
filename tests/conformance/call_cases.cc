// The calls that are passed through, and what each says of a container that is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

using libcontainerd::Client;
using libcontainerd::Method;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class T, class F>
Result<T> Call(Rig& rig, F call) {
  return rig.Await(rig.Begin<T>("call", "c1", "", call));
}

void StatsPidsAndVersion(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  const auto stats =
      Call<types::StatsResponse>(rig, [](Client& client) { return client.Stats("c1"); });
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->cgroup_stats().pids_stats().current(), 2U);
  const auto pids = Call<std::vector<std::uint32_t>>(
      rig, [](Client& client) { return client.GetPidsForContainer("c1"); });
  ASSERT_TRUE(pids);
  EXPECT_THAT(*pids, ElementsAre(1000, 1001));
  const auto version = Call<types::GetServerVersionResponse>(
      rig, [](Client& client) { return client.GetServerVersion(); });
  ASSERT_TRUE(version);
  EXPECT_EQ(version->major(), 0U);
  EXPECT_EQ(version->minor(), 2U);
  EXPECT_EQ(version->patch(), 3U);
  EXPECT_EQ(version->revision(), "837e8c5e1cad013ed57f5c2090c8591c10cbbdae");
  const auto summary =
      Call<std::vector<std::string>>(rig, [](Client& client) { return client.Summary("c1"); });
  ASSERT_TRUE(summary);
  EXPECT_THAT(*summary, IsEmpty());
}

void ResizeAndUpdate(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(
      Describe(Call<void>(rig, [](Client& client) { return client.Resize("c1", "init", 80, 24); })),
      "OK");
  EXPECT_EQ(
      Describe(Call<void>(rig, [](Client& client) { return client.Resize("c1", "no", 80, 24); })),
      "UNKNOWN containerd: process not found for container");
  types::UpdateResource resources;
  resources.set_memorylimit(1 << 30);
  EXPECT_EQ(Describe(Call<void>(
                rig, [&](Client& client) { return client.UpdateResources("c1", resources); })),
            "OK");
  const auto stats =
      Call<types::StatsResponse>(rig, [](Client& client) { return client.Stats("c1"); });
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->cgroup_stats().memory_stats().usage().limit(), 1U << 30);
  resources.set_memorylimit(1);
  EXPECT_EQ(Describe(Call<void>(
                rig, [&](Client& client) { return client.UpdateResources("c1", resources); })),
            "UNKNOWN failed to write 1 to memory.limit_in_bytes: write "
            "/sys/fs/cgroup/memory/c1/memory.limit_in_bytes: device or resource busy\n");
}

// Each call of a container that this client does not track.
void InvalidContainers(Rig& rig) {
  const std::string invalid = "INVALID_ARGUMENT invalid container: c1";
  EXPECT_EQ(rig.Exec("c1", "e1"), invalid);
  EXPECT_EQ(rig.Pause("c1"), invalid);
  EXPECT_EQ(rig.Resume("c1"), invalid);
  const auto call = [&](auto make) { return Describe(Call<void>(rig, make)); };
  EXPECT_EQ(call([](Client& client) { return client.Resize("c1", "init", 1, 1); }), invalid);
  EXPECT_EQ(call([](Client& client) { return client.UpdateResources("c1", {}); }), invalid);
  EXPECT_EQ(call([](Client& client) { return client.CreateCheckpoint("c1", "a", "", false); }),
            invalid);
  EXPECT_EQ(call([](Client& client) { return client.DeleteCheckpoint("c1", "a", ""); }), invalid);
  EXPECT_EQ(Describe(Call<types::ListCheckpointResponse>(
                rig, [](Client& client) { return client.ListCheckpoints("c1", ""); })),
            invalid);
  EXPECT_THAT(rig.Sent(), IsEmpty());
  // These ask the daemon.
  const std::string unknown = "UNKNOWN containerd: container not found";
  EXPECT_EQ(rig.Signal("c1", 9), unknown);
  EXPECT_EQ(rig.Signal("c1", 9, "e1"), unknown);
  EXPECT_EQ(
      Describe(Call<types::StatsResponse>(rig, [](Client& client) { return client.Stats("c1"); })),
      unknown);
  EXPECT_EQ(Describe(Call<std::vector<std::uint32_t>>(
                rig, [](Client& client) { return client.GetPidsForContainer("c1"); })),
            unknown);
}

void InvalidArguments(Rig& rig) {
  for (const char* id : {"", ".", "..", "a/b"}) {
    EXPECT_EQ(rig.Create(id),
              "INVALID_ARGUMENT container id \"" + std::string(id) + "\": expected a file name");
  }
  EXPECT_EQ(rig.Create("c1", "{"), "INVALID_ARGUMENT OCI spec: expected a JSON object");
  EXPECT_EQ(rig.Create("c1", R"({"process": {"terminal": "yes"}})"),
            "INVALID_ARGUMENT OCI spec: process.terminal: expected a boolean, got \"yes\"");
  EXPECT_THAT(rig.Sent(), IsEmpty());
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
}

// A daemon that does not tell init's system pid.
void ContainersWithoutAProcess(Rig& rig) {
  rig.Do([&] {
    rig.api().edits = [](Method method, google::protobuf::Message& response) {
      if (method != Method::kCreateContainer) return;
      static_cast<types::CreateContainerResponse&>(response).mutable_container()->clear_processes();
    };
  });
  EXPECT_EQ(rig.Create("c1"), "OK");
  const std::string inactive = "FAILED_PRECONDITION No active process for container c1";
  EXPECT_EQ(rig.Pause("c1"), inactive);
  EXPECT_EQ(rig.Resume("c1"), inactive);
  EXPECT_EQ(
      Describe(Call<void>(rig, [](Client& client) { return client.UpdateResources("c1", {}); })),
      inactive);
}

void AStateWithoutTheContainer(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.api().edits = [](Method method, google::protobuf::Message& response) {
      if (method != Method::kState) return;
      static_cast<types::StateResponse&>(response).clear_containers();
    };
  });
  EXPECT_EQ(Describe(Call<std::vector<std::uint32_t>>(
                rig, [](Client& client) { return client.GetPidsForContainer("c1"); })),
            "INTERNAL invalid state response");
}

void CallsEndAtTheirDeadline(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    for (const Method method : {Method::kStats, Method::kSignal, Method::kUpdateProcess}) {
      rig.api().faults[method] = FaultyApi::Fault::kHang;
    }
  });
  const auto stats = rig.Begin<types::StatsResponse>(
      "stats", "c1", "", [](Client& client) { return client.Stats("c1"); });
  const auto signalled = rig.BeginSignal("c1", 10);
  libcontainerd::CallOptions options;
  options.timeout = std::chrono::seconds(60);
  const auto resized =
      rig.Begin<void>("resize", "c1", "",
                      [&](Client& client) { return client.Resize("c1", "init", 1, 1, options); },
                      {.timeout = options.timeout});
  rig.WaitUntil([&] { return rig.api().waiting() == 3; }, "no requests");
  rig.Advance(std::chrono::seconds(30));
  EXPECT_EQ(Describe(rig.Await(stats)), "DEADLINE_EXCEEDED Stats: no answer in time");
  EXPECT_EQ(Describe(rig.Await(signalled)), "DEADLINE_EXCEEDED Signal: no answer in time");
  EXPECT_FALSE(rig.Returned(resized));
  rig.Advance(std::chrono::seconds(30));
  EXPECT_EQ(Describe(rig.Await(resized)), "DEADLINE_EXCEEDED UpdateProcess: no answer in time");
}

// While a callback of c1 has not ended, everything but what waits for it may be called.
void CallbacksMayCall(Rig& rig) {
  const scenarios::CallFacts inside{.from_callback_of = rig.journal().Intern("c1")};
  const auto call = [&](const char* operation, const char* id, const char* process,
                        Awaitable<Status> (*begin)(Client&)) {
    return Describe(rig.Await(rig.Begin<void>(operation, id, process, begin, inside)));
  };
  rig.Behave("c1", "init", {.signals = {{10, {}}}});
  rig.Do([&] { rig.engine().holds = {"c1 start-container", "c1 exit"}; });
  const auto created = rig.BeginCreate("c1");
  rig.WaitForLine("c1 start-container");
  const auto added = rig.Begin<libcontainerd::AddedProcess>(
      "add-process", "c1", "e1",
      [](Client& client) { return client.AddProcess("c1", "e1", Rig::ExecSpec()); }, inside);
  EXPECT_EQ(Describe(rig.Await(added)), "OK");
  const auto stats = rig.Begin<types::StatsResponse>(
      "stats", "c1", "", [](Client& client) { return client.Stats("c1"); }, inside);
  EXPECT_EQ(Describe(rig.Await(stats)), "OK");
  EXPECT_EQ(call("signal", "c1", "", [](Client& client) { return client.Signal("c1", 10); }), "OK");
  EXPECT_EQ(call("resize", "c1", "init",
                 [](Client& client) { return client.Resize("c1", "init", 80, 24); }),
            "OK");
  EXPECT_EQ(
      call("create", "c2", "", [](Client& client) { return client.Create("c2", Rig::kSpec); }),
      "OK");
  EXPECT_FALSE(rig.Returned(created));
  rig.Do([&] { rig.engine().Release("c1 start-container"); });
  EXPECT_EQ(Describe(rig.Await(created)), "OK");

  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
  EXPECT_EQ(call("pause", "c2", "", [](Client& client) { return client.Pause("c2"); }), "OK");
  EXPECT_EQ(call("resume", "c2", "", [](Client& client) { return client.Resume("c2"); }), "OK");
  EXPECT_EQ(call("signal", "c1", "", [](Client& client) { return client.Signal("c1", 9); }),
            "UNKNOWN containerd: container not found");
  EXPECT_EQ(
      call("create", "c1", "", [](Client& client) { return client.Create("c1", Rig::kSpec); }),
      "ALREADY_EXISTS Container c1 is already active");
  rig.Do([&] { rig.engine().ReleaseAll(); });
}

}  // namespace

std::vector<Case> CallCases() {
  return {{"StatsPidsAndVersion", &StatsPidsAndVersion},
          {"ResizeAndUpdate", &ResizeAndUpdate},
          {"InvalidContainers", &InvalidContainers},
          {"InvalidArguments", &InvalidArguments},
          {"ContainersWithoutAProcess", &ContainersWithoutAProcess},
          {"AStateWithoutTheContainer", &AStateWithoutTheContainer},
          {"CallsEndAtTheirDeadline", &CallsEndAtTheirDeadline},
          {"CallbacksMayCall", &CallbacksMayCall}};
}

}  // namespace drydock_tests
