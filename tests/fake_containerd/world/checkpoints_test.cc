#include "fake_containerd/world/checkpoints.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

TEST(JoinPath, CleansAsGoDoes) {
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
  EXPECT_EQ(JoinPath("/a/", "/b/"), "/a/b");
  EXPECT_EQ(JoinPath("/a", ""), "/a");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("", ""), "");
  EXPECT_EQ(JoinPath("/", ""), "/");
  EXPECT_EQ(JoinPath("/a/../b", "c"), "/b/c");
}

TEST(Checkpoints, NamesBelongToTheirDirectory) {
  Checkpoints checkpoints;
  EXPECT_TRUE(checkpoints.Create("/a", {.name = "x"}));
  EXPECT_TRUE(checkpoints.Create("/b", {.name = "x"}));
  const auto again = checkpoints.Create("/a/", {.name = "x"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().subject, "/a/x");
  EXPECT_TRUE(checkpoints.Contains("/b", "x"));
  checkpoints.Delete("/b", "x");
  EXPECT_FALSE(checkpoints.Contains("/b", "x"));
  EXPECT_TRUE(checkpoints.Contains("/a", "x"));
}

TEST(Checkpoints, GoWithTheDirectoryAbove) {
  Checkpoints checkpoints;
  for (const char* directory : {"/s/web/checkpoints", "/s/web2/checkpoints", "/s/web"})
    EXPECT_TRUE(checkpoints.Create(directory, {.name = "x"}));
  checkpoints.Forget("/s/web/");
  EXPECT_FALSE(checkpoints.Contains("/s/web/checkpoints", "x"));
  EXPECT_FALSE(checkpoints.Contains("/s/web", "x"));
  EXPECT_TRUE(checkpoints.Contains("/s/web2/checkpoints", "x"));
  EXPECT_FALSE(checkpoints.List("/s/web/checkpoints"));
}

TEST(Checkpoints, AnEmptyNameIsTheDirectoryItself) {
  Checkpoints checkpoints;
  const auto created = checkpoints.Create("/a", {});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().subject, "/a");
  EXPECT_TRUE(checkpoints.List("/a")->empty());
}

TEST(CheckpointsOnDisk, AreDirectoriesThatAnybodyCanSee) {
  const TemporaryDirectory temporary;
  const std::string directory = temporary.path() / "checkpoints";
  Checkpoints checkpoints(/*on_disk=*/true);
  EXPECT_EQ(checkpoints.List(directory).error().kind, FailureKind::kCheckpointDirectory);
  const CheckpointOptions options{
      .name = "cp1", .exit = true, .tcp = true, .empty_namespaces = {"network"}};
  ASSERT_TRUE(checkpoints.Create(directory, options));
  EXPECT_TRUE(std::filesystem::is_regular_file(directory + "/cp1/config.json"));
  const auto again = checkpoints.Create(directory, options);
  EXPECT_EQ(again.error().kind, FailureKind::kCheckpointExists);
  EXPECT_EQ(again.error().subject, directory + "/cp1");
  // What others made counts as well.
  const Checkpoints later(/*on_disk=*/true);
  EXPECT_TRUE(later.Contains(directory, "cp1"));
  ASSERT_EQ(later.List(directory)->size(), 1U);
  EXPECT_EQ(later.List(directory)->at(0).name, "cp1");
  EXPECT_TRUE(later.List(directory)->at(0).tcp);
  std::filesystem::create_directory(directory + "/torn");
  EXPECT_EQ(later.List(directory).error().passed_on.message,
            directory + "/torn/config.json: no checkpoint, expected a JSON object");
  std::filesystem::remove(directory + "/torn");
  checkpoints.Delete(directory, "never");
  checkpoints.Delete(directory, "cp1");
  EXPECT_TRUE(later.List(directory)->empty());
}

TEST(CheckpointsOnDisk, NothingLeadsOutOfItsDirectory) {
  const TemporaryDirectory temporary;
  const std::string directory = temporary.path() / "a/checkpoints";
  Checkpoints checkpoints(/*on_disk=*/true);
  ASSERT_TRUE(checkpoints.Create(temporary.path() / "a", {.name = "other"}));
  for (const char* name : {"..", ".", "../other", "../../x"}) {
    const auto created = checkpoints.Create(directory, {.name = name});
    ASSERT_FALSE(created) << name;
    EXPECT_EQ(created.error().kind, FailureKind::kBundle);
    checkpoints.Delete(directory, name);
    EXPECT_FALSE(checkpoints.Contains(directory, name));
  }
  // No checkpoint, hence not deleted.
  std::filesystem::create_directories(directory + "/precious");
  checkpoints.Delete(directory, "precious");
  std::filesystem::create_directory_symlink(temporary.path() / "a/other", directory + "/link");
  checkpoints.Delete(directory, "link");
  EXPECT_TRUE(std::filesystem::exists(directory + "/precious"));
  EXPECT_TRUE(checkpoints.Contains(temporary.path() / "a", "other"));
}

}  // namespace
}  // namespace fake_containerd
