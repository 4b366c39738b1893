// The smallest engine there is: runs a container, remembers what it wrote and how it ended. For
// tests and examples of the fixture.
//
// Threads: the test's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/backend.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/directory_bundle_store.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/remote.h"
#include "libcontainerd/threaded_runtime.h"

namespace fake_containerd {

class MiniEngine final : private libcontainerd::BlockingBackend {
 public:
  MiniEngine(const std::string& socket_path, const std::string& state_dir)
      : MiniEngine(state_dir, [&](libcontainerd::Runtime& runtime) {
          return std::move(*libcontainerd::ConnectUnixSocket(runtime, socket_path));
        }) {}
  explicit MiniEngine(const std::shared_ptr<grpc::Channel>& channel, const std::string& state_dir)
      : MiniEngine(state_dir, [&](libcontainerd::Runtime& runtime) {
          return libcontainerd::ConnectChannel(runtime, channel);
        }) {}
  ~MiniEngine() override {
    WaitFor(runtime_, remote_.Close());
    client_.Close();
    WaitFor(runtime_, Gone());
  }

  libcontainerd::BlockingClient& client() { return client_; }

  bool Run(const std::string& id) {
    constexpr char kSpec[] = R"({"process": {"args": ["/bin/program"], "cwd": "/",
                                             "user": {"uid": 0, "gid": 0}}, "linux": {}})";
    return Run(id, kSpec);
  }
  bool Run(const std::string& id, const std::string& spec) {
    return client_.Create(id, spec).has_value();
  }
  // "exit 3" or "exit 137, out of memory"; "" if it does not come.
  std::string WaitForExit(const std::string& id) {
    Await([&] { return exits_.contains(id); });
    const std::lock_guard lock(mutex_);
    return exits_[id];
  }
  // All of stdout, once it ended.
  std::string OutputOf(const std::string& id, const std::string& process = "init") {
    Await([&] { return outputs_[{id, process}].ended; });
    const std::lock_guard lock(mutex_);
    return outputs_[{id, process}].text;
  }

 private:
  struct Output {
    std::string text;
    bool ended = false;
  };

  template <class Connect>
  MiniEngine(const std::string& state_dir, Connect connect)
      : stdio_(runtime_),
        bundles_(runtime_, {.state_dir = state_dir, .keep_bundles = false}),
        api_(connect(runtime_)),
        backend_(runtime_, *this),
        core_({.runtime = runtime_, .api = *api_, .stdio = stdio_, .bundles = bundles_}, backend_),
        remote_({.runtime = runtime_, .api = *api_, .cursor = cursor_}),
        client_(runtime_, core_) {
    WaitFor(runtime_, Begin());
  }

  libcontainerd::Awaitable<void> Begin() {
    remote_.Add(core_);
    libcontainerd::Status started = co_await remote_.Start();
    if (!started) std::abort();  // an absent cursor can always be read
  }
  libcontainerd::Awaitable<void> Gone() {
    for (const auto& pipe : pipes_) pipe->out->Close();
    co_await reading_.Join();
    pipes_.clear();
  }

  libcontainerd::Status StateChanged(const std::string& id,
                                     const libcontainerd::StateInfo& info) override {
    if (info.state != libcontainerd::ContainerState::kExit) return {};
    const std::lock_guard lock(mutex_);
    exits_[id] =
        "exit " + std::to_string(info.exit_code) + (info.oom_killed ? ", out of memory" : "");
    changed_.notify_all();
    return {};
  }
  libcontainerd::Status AttachStreams(const std::string& id, const std::string& process,
                                      libcontainerd::IoPipe pipe) override {
    auto shared = std::make_shared<libcontainerd::IoPipe>(std::move(pipe));
    asio::post(runtime_.executor(), [this, id, process, shared] {
      pipes_.push_back(shared);
      reading_.Spawn(Read(std::pair(id, process), shared));
    });
    return {};
  }
  libcontainerd::Awaitable<void> Read(std::pair<std::string, std::string> key,
                                      std::shared_ptr<libcontainerd::IoPipe> pipe) {
    constexpr std::size_t kChunk = 4096;
    while (true) {
      auto data = co_await pipe->out->Read(kChunk);
      const std::lock_guard lock(mutex_);
      Output& output = outputs_[key];
      output.ended = !data || data->empty();
      if (data) output.text += *data;
      changed_.notify_all();
      if (output.ended) co_return;
    }
  }
  template <class Condition>
  void Await(Condition condition) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), condition);
  }

  std::mutex mutex_;  // guards exits_ and outputs_
  std::condition_variable changed_;
  std::map<std::string, std::string> exits_;
  std::map<std::pair<std::string, std::string>, Output> outputs_;

  libcontainerd::ThreadedRuntime runtime_;
  std::vector<std::shared_ptr<libcontainerd::IoPipe>> pipes_;  // executor's thread
  libcontainerd::TaskScope reading_{runtime_};
  libcontainerd::FifoStdio stdio_;
  libcontainerd::DirectoryBundleStore bundles_;
  std::unique_ptr<libcontainerd::ContainerdApi> api_;
  libcontainerd::BlockingBackendAdapter backend_;
  libcontainerd::Client core_;
  libcontainerd::MemoryCursorStore cursor_;
  libcontainerd::Remote remote_;
  libcontainerd::BlockingClient client_;
};

}  // namespace fake_containerd
