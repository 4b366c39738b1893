#include "libcontainerd/directory_bundle_store.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/blocking_client.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/temporary_directory.h"
#include "tests/lib/adapters/text_of.h"

namespace libcontainerd {
namespace {

unsigned ModeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777U;
}

class DirectoryBundleStoreTest : public ::testing::Test {
 protected:
  std::string Create(const std::string& id, const std::string& config) {
    return TextOf(WaitFor(runtime_, store_.Create(id, config, FileOwner())));
  }
  std::string Remove(const std::string& id) { return TextOf(WaitFor(runtime_, store_.Remove(id))); }
  std::string Path(const std::string& name) const { return (directory_.path() / name).string(); }

  fake_containerd::TemporaryDirectory directory_;
  ThreadedRuntime runtime_;
  DirectoryBundleStore store_{runtime_,
                              {.state_dir = directory_.path().string(), .keep_bundles = false}};
};

TEST_F(DirectoryBundleStoreTest, MakesABundle) {
  EXPECT_EQ(store_.PathOf("c1"), Path("c1"));
  const mode_t before = ::umask(0077);
  EXPECT_EQ(Create("c1", "{\"a\": 1}\n"), "OK");
  ::umask(before);
  EXPECT_EQ(ModeOf(Path("c1")), 0700U);
  EXPECT_EQ(ModeOf(Path("c1/config.json")), 0600U);
  EXPECT_EQ(WaitFor(runtime_, store_.ReadConfig("c1")).value_or(""), "{\"a\": 1}\n");
}

TEST_F(DirectoryBundleStoreTest, KeepsEveryByte) {
  std::string config;
  for (int i = 0; i < 300000; ++i) config += static_cast<char>(i % 251);
  EXPECT_EQ(Create("c1", config), "OK");
  EXPECT_EQ(WaitFor(runtime_, store_.ReadConfig("c1")).value_or(""), config);
}

TEST_F(DirectoryBundleStoreTest, CleansAnOlderBundle) {
  EXPECT_EQ(Create("c1", "old"), "OK");
  std::ofstream(Path("c1/leftover")) << "x";
  EXPECT_EQ(Create("c1", "new"), "OK");
  EXPECT_FALSE(std::filesystem::exists(Path("c1/leftover")));
  EXPECT_EQ(WaitFor(runtime_, store_.ReadConfig("c1")).value_or(""), "new");
}

TEST_F(DirectoryBundleStoreTest, ReplacesAFileInItsPlace) {
  std::ofstream(Path("c1")) << "a file";
  EXPECT_EQ(Create("c1", "{}"), "OK");
}

TEST_F(DirectoryBundleStoreTest, RemovesTheBundleWhole) {
  EXPECT_EQ(Create("c1", "{}"), "OK");
  std::filesystem::create_directories(Path("c1/deep/down"));
  ASSERT_EQ(::mkfifo(Path("c1/init-stdin").c_str(), 0700), 0);
  EXPECT_EQ(Remove("c1"), "OK");
  EXPECT_FALSE(std::filesystem::exists(Path("c1")));
  EXPECT_EQ(Remove("c1"), "OK");  // a missing one is fine
}

// Somebody else removes files of the same bundle meanwhile.
TEST_F(DirectoryBundleStoreTest, RemovesWhatOthersRemoveAtTheSameTime) {
  constexpr int kFiles = 300;
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(Create("c1", "{}"), "OK");
    for (int i = 0; i < kFiles; ++i) std::ofstream(Path("c1/" + std::to_string(i))) << "x";
    std::thread other([&] {
      for (int i = 0; i < kFiles; ++i) ::unlink(Path("c1/" + std::to_string(i)).c_str());
    });
    EXPECT_EQ(Remove("c1"), "OK");
    other.join();
    EXPECT_FALSE(std::filesystem::exists(Path("c1")));
  }
}

TEST_F(DirectoryBundleStoreTest, DoesNotFollowLinks) {
  std::filesystem::create_directory(Path("outside"));
  std::ofstream(Path("outside/precious")) << "x";
  EXPECT_EQ(Create("c1", "{}"), "OK");
  std::filesystem::create_symlink(Path("outside"), Path("c1/link"));
  EXPECT_EQ(Remove("c1"), "OK");
  EXPECT_TRUE(std::filesystem::exists(Path("outside/precious")));
  std::filesystem::create_symlink(Path("outside"), Path("c2"));
  EXPECT_EQ(Create("c2", "{}"), "OK");
  EXPECT_TRUE(std::filesystem::exists(Path("outside/precious")));
  EXPECT_FALSE(std::filesystem::is_symlink(Path("c2")));
}

TEST_F(DirectoryBundleStoreTest, SaysWhatIsMissing) {
  EXPECT_EQ(TextOf(WaitFor(runtime_, store_.ReadConfig("c1"))),
            "NOT_FOUND open " + Path("c1/config.json") + ": no such file or directory");
  DirectoryBundleStore lost(runtime_, {.state_dir = Path("no"), .keep_bundles = false});
  EXPECT_EQ(TextOf(WaitFor(runtime_, lost.Create("c1", "{}", FileOwner()))),
            "NOT_FOUND mkdir " + Path("no/c1") + ": no such file or directory");
}

TEST_F(DirectoryBundleStoreTest, KeepsBundlesOnDemand) {
  DirectoryBundleStore keeping(runtime_,
                               {.state_dir = directory_.path().string(), .keep_bundles = true});
  EXPECT_EQ(TextOf(WaitFor(runtime_, keeping.Create("c1", "{}", FileOwner()))), "OK");
  EXPECT_EQ(TextOf(WaitFor(runtime_, keeping.Remove("c1"))), "OK");
  EXPECT_TRUE(std::filesystem::exists(Path("c1/config.json")));
  // But not in the way of the next one.
  EXPECT_EQ(TextOf(WaitFor(runtime_, keeping.Create("c1", "new", FileOwner()))), "OK");
  EXPECT_EQ(WaitFor(runtime_, keeping.ReadConfig("c1")).value_or(""), "new");
}

// --- A rootfs that an engine of 1.11.0 left mounted in the bundle

// A store with a mount table of the test's own, and an unmount that is only remembered.
class LeftoverMount : public DirectoryBundleStoreTest {
 protected:
  LeftoverMount() {
    std::filesystem::create_directories(Path("state dir/c1/rootfs/etc"));
    std::filesystem::create_symlink(Path("state dir"), Path("link"));
    SetTable({});
  }
  void SetTable(const std::vector<std::string>& mount_points) {
    std::ofstream table(Path("mountinfo"));
    table << "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n";
    for (const std::string& mount_point : mount_points) {
      table << "36 22 98:0 /root " << mount_point << " rw - ext3 /dev/x rw\n";
    }
  }
  // As the table has it: a space stands there as \040.
  std::string Escaped(const std::string& name) const {
    std::string path = Path(name);
    for (std::size_t at = path.find(' '); at != std::string::npos; at = path.find(' ', at)) {
      path.replace(at, 1, "\\040");
    }
    return path;
  }
  std::string Release(Status unmounts = {}) {
    DirectoryBundleStore store(runtime_, {.state_dir = Path("link"),
                                          .keep_bundles = false,
                                          .mount_table = Path("mountinfo"),
                                          .unmount = [&](const std::string& mount_point) {
                                            unmounted_.push_back(mount_point);
                                            return unmounts;
                                          }});
    return TextOf(WaitFor(runtime_, store.ReleaseRootfs("c1")));
  }

  std::vector<std::string> unmounted_;
};

TEST_F(LeftoverMount, OnlyWhatIsMountedExactlyThereIsUnmounted) {
  SetTable({Escaped("state dir/c10/rootfs"), Escaped("state dir/c1"),
            Escaped("state dir/c1/rootfs/etc"), "/elsewhere/c1/rootfs"});
  EXPECT_EQ(Release(), "OK");
  EXPECT_THAT(unmounted_, ::testing::IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(Path("link/c1/rootfs/etc")));
}

TEST_F(LeftoverMount, EachOfSeveralOnTopOfEachOther) {
  SetTable({Escaped("state dir/c1/rootfs"), Escaped("state dir/c1/rootfs")});
  EXPECT_EQ(Release(), "OK");
  const std::string mount_point = Path("state dir/c1/rootfs");
  EXPECT_THAT(unmounted_, ::testing::ElementsAre(mount_point, mount_point));
}

TEST_F(LeftoverMount, AnEmptyDirectoryGoes) {
  std::filesystem::remove(Path("link/c1/rootfs/etc"));
  EXPECT_EQ(Release(), "OK");
  EXPECT_FALSE(std::filesystem::exists(Path("link/c1/rootfs")));
  EXPECT_EQ(Release(), "OK");  // nothing there is fine
  std::filesystem::remove_all(Path("link/c1"));
  EXPECT_EQ(Release(), "OK");
}

TEST_F(LeftoverMount, ASymbolicLinkIsNotFollowed) {
  std::filesystem::remove_all(Path("link/c1/rootfs"));
  std::filesystem::create_directory(Path("image"));
  std::filesystem::create_symlink(Path("image"), Path("link/c1/rootfs"));
  SetTable({Escaped("image")});
  EXPECT_EQ(Release(), "OK");
  EXPECT_THAT(unmounted_, ::testing::IsEmpty());
}

TEST_F(LeftoverMount, AFailureIsReported) {
  SetTable({Escaped("state dir/c1/rootfs")});
  EXPECT_EQ(Release(Fail(ErrorCode::kPermissionDenied, "no")), "PERMISSION_DENIED no");
  EXPECT_TRUE(std::filesystem::exists(Path("link/c1/rootfs/etc")));
  std::filesystem::remove(Path("mountinfo"));
  EXPECT_EQ(Release(), "NOT_FOUND open " + Path("mountinfo") + ": no such file or directory");
}

// With the machine's own mount table; where this test may not mount, what is expected of the table
// is all that can be seen, and the tests above have seen it.
TEST_F(LeftoverMount, ForReal) {
  const std::string rootfs = Path("link/c1/rootfs");
  DirectoryBundleStore store(runtime_, {.state_dir = Path("link"), .keep_bundles = false});
  if (::mount("none", rootfs.c_str(), "tmpfs", 0, "size=64k") != 0) {
    ASSERT_EQ(errno, EPERM);
    std::cout << "no mounts here: only what is not mounted was looked at\n";
    EXPECT_EQ(TextOf(WaitFor(runtime_, store.ReleaseRootfs("c1"))), "OK");
    EXPECT_TRUE(std::filesystem::exists(rootfs + "/etc"));
    return;
  }
  std::ofstream(rootfs + "/precious") << "data";
  EXPECT_EQ(TextOf(WaitFor(runtime_, store.ReleaseRootfs("c1"))), "OK");
  EXPECT_TRUE(std::filesystem::exists(rootfs + "/etc"));  // what the mount had hidden
  EXPECT_FALSE(std::filesystem::exists(rootfs + "/precious"));
}

}  // namespace
}  // namespace libcontainerd
