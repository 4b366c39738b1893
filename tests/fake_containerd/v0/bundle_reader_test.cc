#include "fake_containerd/v0/bundle_reader.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/temporary_directory.h"
#include "tests/fake_containerd/v0/harness.h"

namespace fake_containerd::v0 {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ParseConfig, TakesWhatTheReplyNeeds) {
  const auto spec = ParseConfig(kConfig);
  ASSERT_TRUE(spec);
  EXPECT_THAT(spec->process.args, ElementsAre("/bin/sleep", "100"));
  EXPECT_EQ(spec->cgroups_path, "/oracle/c1");
  EXPECT_EQ(spec->process.privileges->rlimits.at(0).hard, 1024U);
}

TEST(ParseConfig, TakesTodaysCapabilitiesToo) {
  const auto spec = ParseConfig(R"({
    "linux": {},
    "process": {"terminal": true, "capabilities": {"bounding": ["CAP_KILL"]}}
  })");
  ASSERT_TRUE(spec);
  EXPECT_TRUE(spec->process.terminal);
  EXPECT_THAT(spec->process.privileges->capabilities, ElementsAre("CAP_KILL"));
}

TEST(ParseConfig, TakesAnnotations) {
  const auto spec = ParseConfig(R"({"linux": {}, "annotations": {"a": "1", "io.b": ""}})");
  ASSERT_TRUE(spec);
  EXPECT_THAT(spec->annotations, ElementsAre(Pair("a", "1"), Pair("io.b", "")));
}

TEST(ParseConfig, EveryCutIsAnUnexpectedEnd) {
  const std::string whole = kConfig;
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_EQ(Outcome(ParseConfig(whole.substr(0, length))), "9 unexpected EOF") << length;
  }
}

TEST(ParseConfig, WhatIsRefused) {
  EXPECT_EQ(Outcome(ParseConfig(" \n")), "11 EOF");
  EXPECT_EQ(Outcome(ParseConfig("{x}")), "2 invalid character 'x' looking for beginning of value");
  const std::string wrong = "2 json: cannot unmarshal config.json into Go value of type specs.Spec";
  EXPECT_EQ(Outcome(ParseConfig("[]")), wrong);
  EXPECT_EQ(Outcome(ParseConfig(R"({"linux": {}, "process": {"args": "x"}})")), wrong);
  EXPECT_EQ(Outcome(ParseConfig(R"({"linux": {}, "process": {"args": [1]}})")), wrong);
  EXPECT_EQ(Outcome(ParseConfig(R"({"linux": {}, "annotations": {"a": 1}})")), wrong);
  EXPECT_EQ(Outcome(ParseConfig(R"({"process": {}})")),
            "3 config.json: linux: missing, expected an object");
  EXPECT_EQ(Outcome(ParseConfig(R"({"linux": null})")),
            "3 config.json: linux: missing, expected an object");
}

TEST(FileBundleReader, ReadsFiles) {
  libcontainerd::SimulatedRuntime runtime(1);
  FileBundleReader reader(runtime);
  TemporaryDirectory directory;
  const std::string bundle = directory.path() / "c1";
  const auto read = [&] { return *Await(runtime, reader.ReadConfig(bundle)); };
  EXPECT_EQ(Outcome(read()), "5 open " + bundle + "/config.json: no such file or directory");
  std::filesystem::create_directory(bundle);
  std::ofstream(bundle + "/config.json") << "text";
  EXPECT_EQ(read().value_or("error"), "text");
}

TEST(MemoryBundleReader, ReadsWhereItIsTold) {
  libcontainerd::SimulatedRuntime runtime(1);
  MemoryBundleReader reader([](const std::string& bundle) -> std::optional<std::string> {
    if (bundle != "/b") return std::nullopt;
    return "text";
  });
  EXPECT_EQ(Await(runtime, reader.ReadConfig("/b"))->value_or("error"), "text");
  EXPECT_EQ(Outcome(*Await(runtime, reader.ReadConfig("/c"))),
            "5 open /c/config.json: no such file or directory");
}

}  // namespace
}  // namespace fake_containerd::v0
