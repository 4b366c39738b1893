// Containers in a user namespace, whose root is another user of the host, and specs that say
// nothing about it.
#include <filesystem>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

using libcontainerd::Method;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kMappedSpec[] =
    R"({"process": {"args": ["/bin/program"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
        "linux": {"namespaces": [{"type": "user"}],
                  "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
                  "gidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}]}})";

// Whether this process may give files away; nothing needs to be given in memory.
bool MayGiveFiles(Rig& rig) {
  return rig.options().transport == Transport::kLoopback || ::geteuid() == 0;
}

// Only the state directory itself is to be closed to others.
void OpenTheWayToIt(Rig& rig) {
  if (rig.options().transport == Transport::kLoopback) return;
  namespace fs = std::filesystem;
  rig.Do([&] {
    const fs::path state = fs::path(rig.bundles().PathOf("c1")).parent_path();
    fs::permissions(state.parent_path(), fs::perms::others_exec, fs::perm_options::add);
    fs::permissions(state, fs::perms::owner_all);
  });
}

void LivesElsewhere(Rig& rig) {
  OpenTheWayToIt(rig);
  std::string usual;
  std::string sent;
  rig.Do([&] {
    usual = rig.bundles().PathOf("c1");
    rig.api().watch = [&](Method method, const google::protobuf::Message& request) {
      if (method != Method::kCreateContainer) return;
      sent = static_cast<const types::CreateContainerRequest&>(request).bundlepath();
    };
  });
  rig.Behave("c1", "init",
             {.steps = {fake_containerd::step::EchoStdin{}, fake_containerd::step::Exit{3}}});
  const std::string created = rig.Create("c1", kMappedSpec);
  rig.Do([&] { rig.api().watch = nullptr; });
  if (!MayGiveFiles(rig)) {
    EXPECT_THAT(created, HasSubstr("PERMISSION_DENIED chown "));
    EXPECT_THAT(rig.Files("c1"), IsEmpty());
    return;
  }
  EXPECT_EQ(created, "OK");
  EXPECT_THAT(sent, EndsWith("state.100000.200000/c1"));
  EXPECT_NE(sent, usual);
  EXPECT_THAT(rig.Files("c1"),
              ElementsAre("config.json", "init-stdin", "init-stdout", "init-stderr"));
  rig.Do([&] { EXPECT_EQ(rig.bundles().PathOf("c1"), sent); });
  // Its streams are there as well, and so is what belongs to its execs.
  EXPECT_EQ(rig.WriteStdin("c1", "init", "hello"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  EXPECT_EQ(rig.Files("c1", {"e1"}).size(), 7U);
  rig.Exit("c1", "e1", 0);
  rig.WaitForLine("c1 exit-process e1 0");
  EXPECT_EQ(rig.Files("c1", {"e1"}).size(), 4U);
  EXPECT_EQ(rig.CloseStdin("c1", "init"), "OK");
  rig.WaitForLine("c1 exit 3");
  rig.WaitForEnd("c1", "init");
  EXPECT_EQ(rig.Out("c1", "init"), "hello");
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
  if (rig.options().transport != Transport::kLoopback) {
    EXPECT_FALSE(std::filesystem::exists(sent));
  }
  rig.WaitUntil([&] { return rig.client().Tracked().empty(); }, "c1 is still tracked");
  // The next life may be one of the host's root.
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] { EXPECT_EQ(rig.bundles().PathOf("c1"), usual); });
}

void MapsThatCannotBe(Rig& rig) {
  EXPECT_EQ(rig.Create("c1", R"({"process": {}, "linux": {"uidMappings": [
                {"containerID": 0, "hostID": 1000, "size": 10},
                {"containerID": 5, "hostID": 2000, "size": 10}]}})"),
            "INVALID_ARGUMENT OCI spec: linux.uidMappings[1]: containerID overlaps "
            "linux.uidMappings[0]");
  EXPECT_EQ(rig.Create("c1", R"({"process": {}, "linux": {"gidMappings": [
                {"containerID": 0, "hostID": 4294967295, "size": 2}]}})"),
            "INVALID_ARGUMENT OCI spec: linux.gidMappings[0]: hostID 4294967295 and size 2 go "
            "beyond the last id, 4294967294");
  EXPECT_THAT(rig.Sent(), IsEmpty());
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
  EXPECT_THAT(rig.Tracked(), IsEmpty());
}

// The client has nothing against it; what the daemon has is its own business.
void ASpecWithoutALinuxSection(Rig& rig) {
  EXPECT_EQ(rig.Create("c1", R"({"process": {"args": ["a"], "cwd": "/", "user": {}}})"),
            "INVALID_ARGUMENT config.json: linux: missing, expected an object");
  EXPECT_EQ(rig.Sent("CreateContainer c1"), 1U);
  rig.WaitUntil([&] { return rig.client().LiveObjects() == 0; }, "something is left");
  EXPECT_THAT(rig.Files("c1"), IsEmpty());
}

}  // namespace

std::vector<Case> MappedRootCases() {
  return {{"AMappedRootLivesElsewhere", &LivesElsewhere},
          {"MapsThatCannotBe", &MapsThatCannotBe},
          {"ASpecWithoutALinuxSection", &ASpecWithoutALinuxSection}};
}

}  // namespace drydock_tests
