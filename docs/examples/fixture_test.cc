// A test of an engine against a simulated containerd, with fake_containerd/testing.h. The engine
// here is libcontainerd's own blocking client; yours takes its place.
#include "fake_containerd/testing.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "libcontainerd/blocking_remote.h"

namespace lib = libcontainerd;

// Remembers how its containers ended.
class Engine final : private lib::BlockingBackend {
 public:
  explicit Engine(lib::BlockingRemote& remote)
      : remote_(remote), client_(remote.NewClient(*this)) {}
  ~Engine() override { remote_.Close(); }

  lib::Status Run(const std::string& id) {
    return client_.Create(id, R"({"process": {"args": ["/bin/program"], "cwd": "/",
                                              "user": {"uid": 0, "gid": 0}}, "linux": {}})");
  }
  int WaitForExit(const std::string& id) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return exits_.contains(id); });
    return exits_.contains(id) ? exits_[id] : -1;
  }

 private:
  lib::Status StateChanged(const std::string& id, const lib::StateInfo& info) override {
    if (info.state != lib::ContainerState::kExit) return {};
    const std::lock_guard lock(mutex_);
    exits_[id] = static_cast<int>(info.exit_code);
    changed_.notify_all();
    return {};
  }
  lib::Status AttachStreams(const std::string&, const std::string&, lib::IoPipe) override {
    return {};
  }

  std::mutex mutex_;  // guards exits_
  std::condition_variable changed_;
  std::map<std::string, int> exits_;
  lib::BlockingRemote& remote_;
  lib::BlockingClient& client_;
};

class EngineTest : public fake_containerd::FakeContainerdTest {};

TEST_F(EngineTest, HearsHowAContainerEnds) {
  const auto remote =
      lib::BlockingRemote::Start({.state_dir = directory(), .address = socket_path()});
  ASSERT_TRUE(remote) << remote.error().message;
  Engine engine(**remote);
  ASSERT_SUBSCRIBED(fake(), 1);
  ASSERT_WORKS(engine.Run("web"));
  ASSERT_CONTAINER_RUNS(fake(), "web");
  ASSERT_WORKS(fake().ExitInit("web", 3));
  ASSERT_EXIT_TOLD(fake(), "web");
  EXPECT_EQ(engine.WaitForExit("web"), 3);
}
