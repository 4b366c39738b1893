// Checkpoints: made, listed, deleted, and started from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

using libcontainerd::Client;
using libcontainerd::CreateOptions;
using libcontainerd::Method;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

RigOptions WithTool() {
  RigOptions options;
  options.choices.checkpoint_tool = true;
  return options;
}

constexpr bool kExit = true;
constexpr bool kGoOn = false;

std::string Make(Rig& rig, const std::string& id, const std::string& name, const std::string& dir,
                 bool exit) {
  return Describe(rig.Await(rig.Begin<void>("create-checkpoint", id, "", [&](Client& client) {
    return client.CreateCheckpoint(id, name, dir, exit);
  })));
}

std::string Delete(Rig& rig, const std::string& id, const std::string& name,
                   const std::string& dir) {
  return Describe(rig.Await(rig.Begin<void>("delete-checkpoint", id, "", [&](Client& client) {
    return client.DeleteCheckpoint(id, name, dir);
  })));
}

Result<types::ListCheckpointResponse> List(Rig& rig, const std::string& id,
                                           const std::string& dir) {
  return rig.Await(rig.Begin<types::ListCheckpointResponse>(
      "list-checkpoints", id, "", [&](Client& client) { return client.ListCheckpoints(id, dir); }));
}

std::vector<std::string> Names(Rig& rig, const std::string& id, const std::string& dir) {
  std::vector<std::string> names;
  const auto listed = List(rig, id, dir);
  if (!listed) return {Describe(listed)};
  for (const types::Checkpoint& checkpoint : listed->checkpoints()) {
    names.push_back(checkpoint.name());
  }
  return names;
}

std::string CreateFrom(Rig& rig, const std::string& id, const std::string& name,
                       const std::string& dir) {
  CreateOptions options;
  options.checkpoint = name;
  options.checkpoint_dir = dir;
  return Describe(rig.Await(rig.BeginCreate(id, Rig::kSpec, options)));
}

void GoesOn(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(Make(rig, "c1", "cp", "", kGoOn), "OK");
  rig.Flush();
  EXPECT_TRUE(rig.Runs("c1"));
  EXPECT_THAT(rig.Tracked(), ElementsAre("c1"));
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  // And once more, by another name.
  EXPECT_EQ(Make(rig, "c1", "cp2", "", kGoOn), "OK");
  EXPECT_THAT(Names(rig, "c1", ""), ElementsAre("cp", "cp2"));
}

// The container ends as if it had been killed, with its execs, once the checkpoint is written.
void Exits(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(Make(rig, "c1", "cp", "/checkpoints", kExit), "OK");
  rig.WaitForLine("c1 exit 137");
  rig.WaitUntil([&] { return rig.client().Tracked().empty(); }, "c1 is still tracked");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit-process e1 137", "exit 137"));
  EXPECT_THAT(rig.Files("c1", {"e1"}), IsEmpty());
  EXPECT_EQ(Make(rig, "c1", "cp", "", kExit), "INVALID_ARGUMENT invalid container: c1");
}

void WhatIsSent(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  types::CreateCheckpointRequest made;
  types::DeleteCheckpointRequest deleted;
  types::ListCheckpointRequest listed;
  rig.Do([&] {
    rig.api().watch = [&](Method method, const google::protobuf::Message& request) {
      if (method == Method::kCreateCheckpoint) made.CopyFrom(request);
      if (method == Method::kDeleteCheckpoint) deleted.CopyFrom(request);
      if (method == Method::kListCheckpoint) listed.CopyFrom(request);
    };
  });
  EXPECT_EQ(Make(rig, "c1", "cp", "/d", kGoOn), "OK");
  const auto found = List(rig, "c1", "/d");
  EXPECT_EQ(Delete(rig, "c1", "cp", "/d"), "OK");
  rig.Do([&] { rig.api().watch = nullptr; });
  EXPECT_EQ(made.id(), "c1");
  EXPECT_EQ(made.checkpointdir(), "/d");
  EXPECT_EQ(made.checkpoint().name(), "cp");
  EXPECT_FALSE(made.checkpoint().exit());
  EXPECT_TRUE(made.checkpoint().tcp());
  EXPECT_TRUE(made.checkpoint().unixsockets());
  EXPECT_FALSE(made.checkpoint().shell());
  EXPECT_THAT(made.checkpoint().emptyns(), ElementsAre("network"));
  EXPECT_EQ(deleted.id(), "c1");
  EXPECT_EQ(deleted.name(), "cp");
  EXPECT_EQ(deleted.checkpointdir(), "/d");
  EXPECT_EQ(listed.id(), "c1");
  EXPECT_EQ(listed.checkpointdir(), "/d");
  // What the daemon tells of it again.
  ASSERT_TRUE(found);
  ASSERT_EQ(found->checkpoints_size(), 1);
  EXPECT_EQ(found->checkpoints(0).name(), "cp");
  EXPECT_TRUE(found->checkpoints(0).tcp());
  EXPECT_TRUE(found->checkpoints(0).unixsockets());
  EXPECT_FALSE(found->checkpoints(0).shell());
  EXPECT_FALSE(found->checkpoints(0).exit());
  EXPECT_EQ(found->checkpoints(0).emptyns_size(), 0);
}

void NamesAndDirectories(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  std::string bundle;
  rig.Do([&] { bundle = rig.bundles().PathOf("c1"); });
  const std::string missing =
      "NOT_FOUND open " + bundle + "/checkpoints: no such file or directory";
  EXPECT_THAT(Names(rig, "c1", ""), ElementsAre(missing));
  EXPECT_THAT(Names(rig, "c1", "/none"),
              ElementsAre("NOT_FOUND open /none: no such file or directory"));
  EXPECT_EQ(Make(rig, "c1", "cp", "", kGoOn), "OK");
  EXPECT_EQ(Make(rig, "c1", "cp", "", kGoOn),
            "ALREADY_EXISTS mkdir " + bundle + "/checkpoints/cp: file exists");
  EXPECT_EQ(Make(rig, "c1", "cp", "/d", kGoOn), "OK");
  EXPECT_EQ(Make(rig, "c2", "cp", "/d", kGoOn), "ALREADY_EXISTS mkdir /d/cp: file exists");
  EXPECT_EQ(Make(rig, "c2", "cp2", "/d", kGoOn), "OK");
  // A directory belongs to nobody.
  EXPECT_THAT(Names(rig, "c1", "/d"), ElementsAre("cp", "cp2"));
  EXPECT_THAT(Names(rig, "c1", ""), ElementsAre("cp"));
  EXPECT_EQ(Delete(rig, "c1", "no", "/d"), "OK");
  EXPECT_EQ(Delete(rig, "c1", "", "/d"), "UNKNOWN checkpoint name cannot be empty");
  EXPECT_EQ(Delete(rig, "c1", "cp2", "/d"), "OK");
  EXPECT_THAT(Names(rig, "c2", "/d"), ElementsAre("cp"));
  EXPECT_EQ(Make(rig, "c1", "cp2", "/d", kGoOn), "OK");
  EXPECT_EQ(Delete(rig, "c1", "cp", ""), "OK");
  EXPECT_THAT(Names(rig, "c1", ""), IsEmpty());
}

void StartsFromOne(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(Make(rig, "c1", "cp", "/checkpoints", kExit), "OK");
  rig.WaitForLine("c1 exit 137");
  rig.WaitUntil([&] { return rig.client().Tracked().empty(); }, "c1 is still tracked");
  types::CreateContainerRequest sent;
  rig.Do([&] {
    rig.api().watch = [&](Method method, const google::protobuf::Message& request) {
      if (method == Method::kCreateContainer) sent.CopyFrom(request);
    };
  });
  EXPECT_EQ(CreateFrom(rig, "c1", "cp", "/checkpoints"), "OK");
  rig.Do([&] { rig.api().watch = nullptr; });
  EXPECT_EQ(sent.checkpoint(), "cp");
  EXPECT_EQ(sent.checkpointdir(), "/checkpoints");
  EXPECT_TRUE(rig.Runs("c1"));
  // A life like any other.
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  rig.Exit("c1", "init", 4);
  rig.WaitForLine("c1 exit 4");
  // Of another container, too.
  EXPECT_EQ(CreateFrom(rig, "c2", "cp", "/checkpoints"), "OK");
}

void StartsFromOneThatIsMissing(Rig& rig) {
  EXPECT_EQ(CreateFrom(rig, "c1", "cp", "/checkpoints"),
            "UNKNOWN shim error: open /checkpoints/cp/config.json: no such file or directory");
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "something is left");
  EXPECT_THAT(rig.Tracked(), IsEmpty());
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
  EXPECT_THAT(rig.Lines("c1"), IsEmpty());
  // Without a directory the daemon takes the name as it is, relative to its own.
  EXPECT_EQ(CreateFrom(rig, "c2", "cp", ""),
            "UNKNOWN shim error: open cp/config.json: no such file or directory");
  rig.WaitUntil([&] { return rig.world().container_count() == 0; }, "a container is left");
  EXPECT_EQ(rig.Create("c1"), "OK");
}

void WithoutTheTool(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(Make(rig, "c1", "cp", "/d", kExit),
            "UNKNOWN exit status 1: \"Unable to execute CRIU command: criu\\n\"");
  rig.Flush();
  EXPECT_TRUE(rig.Runs("c1"));
  EXPECT_THAT(Names(rig, "c1", "/d"), ElementsAre("cp"));  // the real daemon leaves it there, too
  EXPECT_EQ(Delete(rig, "c1", "cp", "/d"), "OK");
}

// A create and a delete of one container exclude each other, and everything else of it.
void OneAfterTheOther(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { rig.api().faults[Method::kCreateCheckpoint] = FaultyApi::Fault::kHang; });
  const auto made = rig.Begin<void>("create-checkpoint", "c1", "", [](Client& client) {
    return client.CreateCheckpoint("c1", "cp", "/d", kGoOn);
  });
  rig.WaitUntil([&] { return rig.api().waiting() == 1; }, "no request");
  const auto deleted = rig.Begin<void>("delete-checkpoint", "c1", "", [](Client& client) {
    return client.DeleteCheckpoint("c1", "cp", "/d");
  });
  EXPECT_EQ(rig.Signal("c1", 0), "OK");  // signals never wait
  rig.Flush();
  EXPECT_FALSE(rig.Returned(deleted));
  rig.Do([&] { rig.api().Release(); });
  EXPECT_EQ(Describe(rig.Await(made)), "OK");
  EXPECT_EQ(Describe(rig.Await(deleted)), "OK");
  EXPECT_THAT(Names(rig, "c1", "/d"), IsEmpty());
}

}  // namespace

std::vector<Case> CheckpointCases() {
  return {{"CheckpointGoesOn", &GoesOn, &WithTool},
          {"CheckpointExits", &Exits, &WithTool},
          {"CheckpointRequests", &WhatIsSent, &WithTool},
          {"CheckpointNamesAndDirectories", &NamesAndDirectories, &WithTool},
          {"CreateFromACheckpoint", &StartsFromOne, &WithTool},
          {"CreateFromAMissingCheckpoint", &StartsFromOneThatIsMissing, &WithTool},
          {"CheckpointWithoutTheTool", &WithoutTheTool},
          {"CheckpointsOneAfterTheOther", &OneAfterTheOther, &WithTool}};
}

}  // namespace drydock_tests
