#include "scenarios/recording.h"

#include <gtest/gtest.h>

#include "tests/scenarios/trace_files.h"

namespace scenarios {
namespace {

TEST(SubstitutePlaceholders, ReplacesWhatHasAValue) {
  const std::map<std::string, std::string> values = {{"A", "/a"}, {"B", "${A}"}};
  EXPECT_EQ(SubstitutePlaceholders("${A}/x ${B} ${C} ${", values), "/a/x ${A} ${C} ${");
  EXPECT_EQ(SubstitutePlaceholders("${x${A}", values), "${x/a");
  EXPECT_EQ(SubstitutePlaceholders("", values), "");
}

TEST(Recording, WithPlaceholdersReachesMessagesErrorsAndValues) {
  const Recording original = testing::ReadTrace("errors_lib");
  const Recording recording =
      original.WithPlaceholders({{"STATE_DIR", "/run/s"}, {"CONTAINERD_DIR", "/run/c"}});
  const auto& request = recording.rpcs[1].Request<types::CreateContainerRequest>();
  EXPECT_EQ(request.bundlepath(), "/run/s/c1");
  const auto& response = recording.rpcs[1].Response<types::CreateContainerResponse>();
  EXPECT_EQ(response.container().processes(0).stdout(), "/run/s/c1/init-stdout");
  const RecordedCommand& busy = recording.commands[14];
  EXPECT_EQ(busy.error_text, "mkdir /run/c/c1/e9: file exists");
  EXPECT_EQ(recording.commands[3].value["containers"][0]["dir"], "/run/s/c1");
  // The original is untouched.
  EXPECT_EQ(original.rpcs[1].Request<types::CreateContainerRequest>().bundlepath(),
            "${STATE_DIR}/c1");
}

}  // namespace
}  // namespace scenarios
