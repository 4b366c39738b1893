// Bundles of containers whose root is another user of the host. Decisions are tested with an
// ownership that remembers instead of acting, so that they need no privilege; what the system makes
// of it is tested with the real one, which says what it did either way.
#include <filesystem>
#include <fstream>
#include <map>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/blocking_client.h"
#include "libcontainerd/directory_bundle_store.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/temporary_directory.h"
#include "tests/lib/adapters/text_of.h"

namespace libcontainerd {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr FileOwner kMapped{.uid = 100000, .gid = 200000};

// Files belong to whom they were given, as far as anybody asks.
class RememberedOwnership final : public FileOwnership {
 public:
  Status Give(const std::string& path, FileOwner owner) override {
    if (path == refused) return Fail(ErrorCode::kPermissionDenied, "chown " + path + ": no");
    owners[path] = owner;
    given.push_back(path);
    return {};
  }
  Result<FileOwner> Of(const std::string& path) override {
    if (const auto found = owners.find(path); found != owners.end()) return found->second;
    return FileOwner{.uid = ::geteuid(), .gid = ::getegid()};
  }

  std::map<std::string, FileOwner> owners;
  std::vector<std::string> given;
  std::string refused;
};

class MappedBundleTest : public ::testing::Test {
 protected:
  MappedBundleTest() {
    fs::create_directory(Path("docker"));
    fs::create_directory(Path("docker/state"));
    Chmod("", 0711);
    Chmod("docker", 0711);
    Chmod("docker/state", 0700);
  }
  ~MappedBundleTest() override { EXPECT_EQ(runtime_.failure(), nullptr); }

  std::string Path(const std::string& name) const { return (directory_.path() / name).string(); }
  void Chmod(const std::string& name, unsigned mode) {
    ASSERT_EQ(::chmod(Path(name).c_str(), mode), 0);
  }
  unsigned ModeOf(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::lstat(Path(name).c_str(), &found), 0) << name;
    return found.st_mode & 07777U;
  }
  std::vector<std::string> Names(const std::string& directory) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(Path(directory))) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  // As after a restart of the engine: an object that was told nothing.
  std::unique_ptr<DirectoryBundleStore> NewStore() {
    return std::make_unique<DirectoryBundleStore>(
        runtime_, DirectoryBundleStore::Options{.state_dir = Path("docker/state"),
                                                .keep_bundles = keep_bundles_,
                                                .ownership = &ownership_});
  }
  std::string Create(const std::string& id, FileOwner root = kMapped) {
    return TextOf(WaitFor(runtime_, store_->Create(id, "{\"id\": \"" + id + "\"}", root)));
  }

  fake_containerd::TemporaryDirectory directory_;
  ThreadedRuntime runtime_;
  RememberedOwnership ownership_;
  bool keep_bundles_ = false;
  std::unique_ptr<DirectoryBundleStore> store_ = NewStore();
};

TEST_F(MappedBundleTest, ReplacesTheComponentThatIsClosed) {
  const mode_t before = ::umask(0);
  EXPECT_EQ(Create("c1"), "OK");
  ::umask(before);
  const std::string state = "docker/state.100000.200000";
  EXPECT_EQ(store_->PathOf("c1"), Path(state + "/c1"));
  EXPECT_EQ(ModeOf(state), 0700U);
  EXPECT_EQ(ModeOf(state + "/c1"), 0700U);
  // The bundle is given away last.
  EXPECT_THAT(ownership_.given,
              ElementsAre(Path(state), Path(state + "/c1/config.json"), Path(state + "/c1")));
  for (const auto& [path, owner] : ownership_.owners) EXPECT_EQ(owner, kMapped) << path;
  EXPECT_THAT(Names("docker/state"), IsEmpty());
}

TEST_F(MappedBundleTest, ReplacesWhatIsMissingBelowIt) {
  Chmod("docker", 0710);
  EXPECT_EQ(Create("c1"), "OK");
  EXPECT_EQ(store_->PathOf("c1"), Path("docker.100000.200000/state.100000.200000/c1"));
  EXPECT_THAT(Names(""), UnorderedElementsAre("docker", "docker.100000.200000"));
}

TEST_F(MappedBundleTest, ReplacesNothingThatIsOpen) {
  Chmod("docker/state", 0701);
  EXPECT_EQ(Create("c1"), "OK");
  EXPECT_EQ(store_->PathOf("c1"), Path("docker/state/c1"));
  EXPECT_THAT(ownership_.given,
              ElementsAre(Path("docker/state/c1/config.json"), Path("docker/state/c1")));
}

TEST_F(MappedBundleTest, TheHostsRootNeedsNoneOfIt) {
  EXPECT_EQ(Create("c1", FileOwner()), "OK");
  EXPECT_EQ(store_->PathOf("c1"), Path("docker/state/c1"));
  EXPECT_THAT(ownership_.given, IsEmpty());
  EXPECT_THAT(Names("docker"), ElementsAre("state"));
}

TEST_F(MappedBundleTest, SharesTheDirectoriesOfAnOwner) {
  EXPECT_EQ(Create("c1"), "OK");
  EXPECT_EQ(Create("c2"), "OK");
  EXPECT_EQ(Create("c3", {.uid = 5, .gid = 0}), "OK");
  EXPECT_THAT(Names("docker"), UnorderedElementsAre("state", "state.100000.200000", "state.5.0"));
  EXPECT_EQ(TextOf(WaitFor(runtime_, store_->Remove("c1"))), "OK");
  EXPECT_THAT(Names("docker/state.100000.200000"), ElementsAre("c2"));
  EXPECT_EQ(store_->PathOf("c1"), Path("docker/state/c1"));
}

TEST_F(MappedBundleTest, AnotherEngineFindsIt) {
  EXPECT_EQ(Create("c1"), "OK");
  const std::string path = store_->PathOf("c1");
  store_ = NewStore();
  EXPECT_EQ(store_->PathOf("c1"), Path("docker/state/c1"));  // nobody looked yet
  EXPECT_EQ(WaitFor(runtime_, store_->ReadConfig("c1")).value_or(""), R"({"id": "c1"})");
  EXPECT_EQ(WaitFor(runtime_, store_->Find("c1")), path);
  EXPECT_EQ(store_->PathOf("c1"), path);
  store_ = NewStore();
  EXPECT_EQ(TextOf(WaitFor(runtime_, store_->Remove("c1"))), "OK");
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(WaitFor(runtime_, store_->Find("c1")), Path("docker/state/c1"));
  EXPECT_EQ(TextOf(WaitFor(runtime_, store_->Remove("c1"))), "OK");  // a missing one is fine
}

// Permissions decide at the create, and may be other ones since.
TEST_F(MappedBundleTest, FindsItWhateverThePermissionsAreNow) {
  Chmod("docker", 0700);
  EXPECT_EQ(Create("c1"), "OK");
  const std::string path = store_->PathOf("c1");
  Chmod("docker", 0755);
  Chmod("docker/state", 0755);
  store_ = NewStore();
  EXPECT_EQ(WaitFor(runtime_, store_->Find("c1")), path);
}

TEST_F(MappedBundleTest, CleansWhatOtherMappingsLeft) {
  EXPECT_EQ(Create("c1"), "OK");
  EXPECT_EQ(Create("c1", {.uid = 5, .gid = 6}), "OK");
  EXPECT_THAT(Names("docker/state.100000.200000"), IsEmpty());
  EXPECT_EQ(Create("c1", FileOwner()), "OK");
  EXPECT_THAT(Names("docker/state.5.6"), IsEmpty());
  EXPECT_EQ(store_->PathOf("c1"), Path("docker/state/c1"));
  EXPECT_EQ(Create("c1"), "OK");
  EXPECT_THAT(Names("docker/state"), IsEmpty());
}

TEST_F(MappedBundleTest, KeepsBundlesOnDemand) {
  keep_bundles_ = true;
  store_ = NewStore();
  EXPECT_EQ(Create("c1"), "OK");
  const std::string path = store_->PathOf("c1");
  EXPECT_EQ(TextOf(WaitFor(runtime_, store_->Remove("c1"))), "OK");
  EXPECT_TRUE(fs::exists(path + "/config.json"));
  EXPECT_EQ(Create("c1", FileOwner()), "OK");
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(MappedBundleTest, ABundleThatCannotBeGivenAwayIsRemoved) {
  const std::string state = Path("docker/state.100000.200000");
  for (const std::string& refused : {state + "/c1/config.json", state + "/c1"}) {
    ownership_.refused = refused;
    EXPECT_EQ(Create("c1"), "PERMISSION_DENIED chown " + refused + ": no");
    EXPECT_FALSE(fs::exists(state + "/c1"));
    EXPECT_EQ(store_->PathOf("c1"), Path("docker/state/c1"));
  }
  ownership_.refused.clear();
  EXPECT_EQ(Create("c1"), "OK");
}

// An engine died between making a directory and giving it away.
TEST_F(MappedBundleTest, FinishesADirectoryThatIsHalfMade) {
  const std::string state = Path("docker/state.100000.200000");
  ownership_.refused = state;
  EXPECT_EQ(Create("c1"), "PERMISSION_DENIED chown " + state + ": no");
  EXPECT_TRUE(fs::exists(state));
  ownership_.refused.clear();
  EXPECT_EQ(Create("c1"), "OK");
  EXPECT_EQ(ownership_.owners[state], kMapped);
}

TEST_F(MappedBundleTest, RefusesWhatSomebodyElsePutThere) {
  const std::string state = Path("docker/state.100000.200000");
  fs::create_directory(state);
  ownership_.owners[state] = {.uid = 7, .gid = 8};
  EXPECT_EQ(Create("c1"), "PERMISSION_DENIED mkdir " + state + ": exists and belongs to 7:8");
  fs::create_directory(state + "/c2");
  EXPECT_EQ(TextOf(WaitFor(runtime_, store_->Remove("c2"))), "OK");
  EXPECT_TRUE(fs::exists(state + "/c2"));  // not ours
  fs::remove_all(state);

  fs::create_directory(Path("elsewhere"));
  fs::create_directory(Path("elsewhere/c2"));
  fs::create_directory_symlink(Path("elsewhere"), state);
  ownership_.owners[state] = kMapped;
  EXPECT_EQ(Create("c1"), "ALREADY_EXISTS mkdir " + state + ": exists and is not a directory");
  EXPECT_EQ(TextOf(WaitFor(runtime_, store_->Remove("c2"))), "OK");
  EXPECT_TRUE(fs::exists(Path("elsewhere/c2")));
}

TEST_F(MappedBundleTest, IgnoresNamesThatOnlyLookAlike) {
  for (const char* name : {"state.1", "state.1.2.3", "state.a.b", "state.1.", "stat.1.2",
                           "state.1.99999999999", "state.-1.2"}) {
    fs::create_directories(Path(std::string("docker/") + name + "/c1"));
    ownership_.owners[Path(std::string("docker/") + name)] = {.uid = 1, .gid = 2};
  }
  EXPECT_EQ(WaitFor(runtime_, store_->Find("c1")), Path("docker/state/c1"));
}

TEST_F(MappedBundleTest, FifosBelongToWhomTheirBundleBelongs) {
  EXPECT_EQ(Create("c1"), "OK");
  FifoStdio stdio(runtime_, &ownership_);
  const StdioPaths paths = StdioPaths::In(store_->PathOf("c1"), "init");
  auto opened = WaitFor(runtime_, stdio.Open(paths, false));
  ASSERT_TRUE(opened) << opened.error().message;
  for (const std::string& path : {paths.in, paths.out, paths.err}) {
    EXPECT_EQ(ownership_.owners[path], kMapped) << path;
  }
  // Those that are there already are nobody's business.
  ownership_.given.clear();
  EXPECT_TRUE(WaitFor(runtime_, stdio.Open(paths, false)));
  EXPECT_THAT(ownership_.given, IsEmpty());
  EXPECT_EQ(TextOf(WaitFor(runtime_, stdio.Remove(paths))), "OK");
  ownership_.owners.erase(paths.err);
  ownership_.refused = paths.err;
  EXPECT_EQ(TextOf(WaitFor(runtime_, stdio.Open(paths, false))),
            "PERMISSION_DENIED chown " + paths.err + ": no");
}

// With the system's ownership: real files of a real other user where we may make them, and the
// system's refusal where we may not.
TEST_F(MappedBundleTest, ForReal) {
  DirectoryBundleStore store(
      runtime_, {.state_dir = Path("docker/state"), .keep_bundles = false, .ownership = nullptr});
  const std::string state = Path("docker/state.100000.200000");
  const std::string created = TextOf(WaitFor(runtime_, store.Create("c1", "{}", kMapped)));
  if (::geteuid() != 0) {
    EXPECT_EQ(created, "PERMISSION_DENIED chown " + state + ": operation not permitted");
    return;
  }
  ASSERT_EQ(created, "OK");
  FifoStdio stdio(runtime_);
  const std::string bundle = store.PathOf("c1");
  EXPECT_EQ(bundle, state + "/c1");
  const StdioPaths paths = StdioPaths::In(bundle, "init");
  ASSERT_TRUE(WaitFor(runtime_, stdio.Open(paths, false)));
  for (const std::string& path :
       {state, bundle, bundle + "/config.json", paths.in, paths.out, paths.err}) {
    struct stat found {};
    ASSERT_EQ(::lstat(path.c_str(), &found), 0) << path;
    EXPECT_EQ(found.st_uid, kMapped.uid) << path;
    EXPECT_EQ(found.st_gid, kMapped.gid) << path;
    const bool is_config = path.ends_with("config.json");
    EXPECT_EQ(found.st_mode & 07777U, is_config ? 0600U : 0700U) << path;
  }
  DirectoryBundleStore restarted(
      runtime_, {.state_dir = Path("docker/state"), .keep_bundles = false, .ownership = nullptr});
  EXPECT_EQ(WaitFor(runtime_, restarted.Find("c1")), bundle);
  EXPECT_EQ(TextOf(WaitFor(runtime_, restarted.Remove("c1"))), "OK");
  EXPECT_FALSE(fs::exists(bundle));
}

}  // namespace
}  // namespace libcontainerd
