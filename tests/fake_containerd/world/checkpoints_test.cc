#include "fake_containerd/world/checkpoints.h"

#include <gtest/gtest.h>

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

TEST(Checkpoints, AnEmptyNameIsTheDirectoryItself) {
  Checkpoints checkpoints;
  const auto created = checkpoints.Create("/a", {});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().subject, "/a");
  EXPECT_TRUE(checkpoints.List("/a")->empty());
}

}  // namespace
}  // namespace fake_containerd
