#include "lib/core/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

using ::testing::ElementsAre;

std::string ErrorOf(const std::string& spec) {
  const auto read = ReadSpec(spec);
  if (read) return "OK";
  EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
  return read.error().message;
}

TEST(Spec, ReadsWhatAnExecInherits) {
  const auto read = ReadSpec(R"({"ociVersion": "1.0.0-rc1", "process": {
      "terminal": true, "args": ["sh", "-c"], "env": ["A=1", "B="], "cwd": "/w",
      "user": {"uid": 1, "gid": 2, "additionalGids": [3, 4]},
      "capabilities": ["CAP_KILL"], "apparmorProfile": "p", "selinuxLabel": "l",
      "noNewPrivileges": true,
      "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 18446744073709551615}]}})");
  ASSERT_TRUE(read);
  const types::Process* const process = &read->process;
  EXPECT_TRUE(process->terminal());
  EXPECT_THAT(process->args(), ElementsAre("sh", "-c"));
  EXPECT_THAT(process->env(), ElementsAre("A=1", "B="));
  EXPECT_EQ(process->cwd(), "/w");
  EXPECT_EQ(process->user().uid(), 1U);
  EXPECT_EQ(process->user().gid(), 2U);
  EXPECT_THAT(process->user().additionalgids(), ElementsAre(3U, 4U));
  EXPECT_THAT(process->capabilities(), ElementsAre("CAP_KILL"));
  EXPECT_EQ(process->apparmorprofile(), "p");
  EXPECT_EQ(process->selinuxlabel(), "l");
  EXPECT_TRUE(process->nonewprivileges());
  ASSERT_EQ(process->rlimits_size(), 1);
  EXPECT_EQ(process->rlimits(0).type(), "RLIMIT_NOFILE");
  EXPECT_EQ(process->rlimits(0).soft(), 1U);
  EXPECT_EQ(process->rlimits(0).hard(), 18446744073709551615U);
}

TEST(Spec, TakesTheBoundingSetOfLaterSpecs) {
  const auto read =
      ReadSpec(R"({"process": {"capabilities": {"bounding": ["CAP_A"], "effective": ["CAP_B"]}}})");
  ASSERT_TRUE(read);
  EXPECT_THAT(read->process.capabilities(), ElementsAre("CAP_A"));
}

TEST(Spec, NeedsNothing) {
  for (const char* spec : {"{}", R"({"process": null})", R"({"process": {}, "x": [1]})",
                           R"({"process": {"args": null, "user": null, "rlimits": null}})"}) {
    EXPECT_EQ(ErrorOf(spec), "OK") << spec;
  }
}

TEST(Spec, SaysWhatIsWrong) {
  const struct {
    const char* spec;
    const char* error;
  } kCases[] = {
      {"", "OCI spec: expected a JSON object"},
      {"{", "OCI spec: expected a JSON object"},
      {"[]", "OCI spec: expected a JSON object"},
      {"null", "OCI spec: expected a JSON object"},
      {"\xff", "OCI spec: expected a JSON object"},
      {R"({"process": 3})", "OCI spec: process: expected an object, got 3"},
      {R"({"process": {"terminal": "yes"}})",
       "OCI spec: process.terminal: expected a boolean, got \"yes\""},
      {R"({"process": {"cwd": 1}})", "OCI spec: process.cwd: expected a string, got 1"},
      {R"({"process": {"args": "sh"}})",
       "OCI spec: process.args: expected an array of strings, got \"sh\""},
      {R"({"process": {"env": ["A", 2]}})",
       "OCI spec: process.env: expected an array of strings, got 2"},
      {R"({"process": {"capabilities": 1}})",
       "OCI spec: process.capabilities: expected an array of strings, got 1"},
      {R"({"process": {"capabilities": {"bounding": {}}}})",
       "OCI spec: process.capabilities.bounding: expected an array of strings, got {}"},
      {R"({"process": {"user": "root"}})",
       "OCI spec: process.user: expected an object, got \"root\""},
      {R"({"process": {"user": {"uid": -1}}})",
       "OCI spec: process.user.uid: expected a number from 0, got -1"},
      {R"({"process": {"user": {"uid": 1.5}}})",
       "OCI spec: process.user.uid: expected a number from 0, got 1.5"},
      {R"({"process": {"user": {"gid": 4294967296}}})",
       "OCI spec: process.user.gid: expected a smaller number, got 4294967296"},
      {R"({"process": {"user": {"additionalGids": [1, "a"]}}})",
       "OCI spec: process.user.additionalGids: expected an array of group ids, got \"a\""},
      {R"({"process": {"rlimits": [3]}})",
       "OCI spec: process.rlimits[].: expected an object, got 3"},
      {R"({"process": {"rlimits": [{"soft": "x"}]}})",
       "OCI spec: process.rlimits[].soft: expected a number from 0, got \"x\""},
      {R"({"process": {"cwd": [11111111111111111,11111111111111111,11111111111111111]}})",
       "OCI spec: process.cwd: expected a string, got "
       "[11111111111111111,11111111111111111,111…"},
      // The first complaint counts, and the process comes first.
      {R"({"linux": 4, "process": 3})", "OCI spec: process: expected an object, got 3"},
      {R"({"process": {"terminal": 1, "cwd": 2}})",
       "OCI spec: process.terminal: expected a boolean, got 1"},
  };
  for (const auto& tested : kCases) EXPECT_EQ(ErrorOf(tested.spec), tested.error) << tested.spec;
}

std::string RootOf(const std::string& linux_section) {
  const auto read = ReadSpec(R"({"linux": )" + linux_section + "}");
  if (read) return std::to_string(read->root.uid) + ":" + std::to_string(read->root.gid);
  EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
  return read.error().message;
}

TEST(SpecRoot, IsTheHostsWhereNothingMapsIt) {
  EXPECT_EQ(ReadSpec("{}").value().root, FileOwner());
  EXPECT_EQ(ReadSpec(R"({"linux": null})").value().root, FileOwner());
  for (const char* section :
       {"{}", R"({"uidMappings": null, "gidMappings": []})",
        R"({"uidMappings": [{"containerID": 0, "hostID": 0, "size": 4294967295}]})",
        R"({"uidMappings": [{"containerID": 1, "hostID": 100000, "size": 10}]})"}) {
    EXPECT_EQ(RootOf(section), "0:0") << section;
  }
}

TEST(SpecRoot, IsWhereTheMapsPutIt) {
  EXPECT_EQ(RootOf(R"({"uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
                       "gidMappings": [{"hostID": 7, "containerID": 1, "size": 9},
                                       {"hostID": 200000, "containerID": 0, "size": 1}]})"),
            "100000:200000");
  EXPECT_EQ(RootOf(R"({"gidMappings": [{"containerID": 0, "hostID": 5, "size": 1}]})"), "0:5");
  // Neighbours do not overlap, and the last id may be mapped.
  EXPECT_EQ(RootOf(R"({"uidMappings": [{"containerID": 10, "hostID": 4294967285, "size": 10},
                                       {"containerID": 0, "hostID": 4294967275, "size": 10},
                                       {"containerID": 20, "hostID": 0, "size": 10}]})"),
            "4294967275:0");
}

TEST(SpecRoot, SaysWhatIsWrong) {
  const struct {
    const char* section;
    const char* error;
  } kCases[] = {
      {"3", "OCI spec: linux: expected an object, got 3"},
      {R"({"uidMappings": {}})",
       "OCI spec: linux.uidMappings: expected an array of mappings, got {}"},
      {R"({"gidMappings": [[]]})", "OCI spec: linux.gidMappings[0]: expected an object, got []"},
      {R"({"uidMappings": [{"containerID": -1, "hostID": 0, "size": 1}]})",
       "OCI spec: linux.uidMappings[0].containerID: expected a number from 0, got -1"},
      {R"({"uidMappings": [{"containerID": 0, "hostID": "x", "size": 1}]})",
       "OCI spec: linux.uidMappings[0].hostID: expected a number from 0, got \"x\""},
      {R"({"uidMappings": [{"containerID": 0, "hostID": 4294967296, "size": 1}]})",
       "OCI spec: linux.uidMappings[0].hostID: expected a smaller number, got 4294967296"},
      {R"({"uidMappings": [{"containerID": 0, "hostID": 1}]})",
       "OCI spec: linux.uidMappings[0].size: expected a number from 1, got 0"},
      {R"({"uidMappings": [{"containerID": 4294967290, "hostID": 0, "size": 6}]})",
       "OCI spec: linux.uidMappings[0]: containerID 4294967290 and size 6 go beyond the last id, "
       "4294967294"},
      {R"({"gidMappings": [{"containerID": 0, "hostID": 1, "size": 1},
                           {"containerID": 1, "hostID": 4294967295, "size": 4294967295}]})",
       "OCI spec: linux.gidMappings[1]: containerID 1 and size 4294967295 go beyond the last id, "
       "4294967294"},
      {R"({"gidMappings": [{"containerID": 0, "hostID": 4294967295, "size": 1}]})",
       "OCI spec: linux.gidMappings[0]: hostID 4294967295 and size 1 go beyond the last id, "
       "4294967294"},
      {R"({"uidMappings": [{"containerID": 0, "hostID": 100, "size": 10},
                           {"containerID": 20, "hostID": 300, "size": 10},
                           {"containerID": 9, "hostID": 200, "size": 1}]})",
       "OCI spec: linux.uidMappings[2]: containerID overlaps linux.uidMappings[0]"},
      {R"({"uidMappings": [{"containerID": 0, "hostID": 109, "size": 10},
                           {"containerID": 20, "hostID": 100, "size": 10}]})",
       "OCI spec: linux.uidMappings[1]: hostID overlaps linux.uidMappings[0]"},
      {R"({"gidMappings": [{"containerID": 0, "hostID": 100, "size": 1},
                           {"containerID": 0, "hostID": 200, "size": 1}]})",
       "OCI spec: linux.gidMappings[1]: containerID overlaps linux.gidMappings[0]"},
  };
  for (const auto& tested : kCases) EXPECT_EQ(RootOf(tested.section), tested.error);
}

}  // namespace
}  // namespace libcontainerd
