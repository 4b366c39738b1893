// A small engine on libcontainerd: it runs a container, attaches to it, runs a second process in
// it, waits for both, and leaves nothing behind. docs/callers.md has the rules that it follows.
//
//   engine                           a fake containerd in this process: no root, no containers
//   engine SOCKET STATE_DIR ROOTFS   the containerd that listens on SOCKET; bundles go to STATE_DIR
#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>

#include "fake_containerd/fake_containerd.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/directory_bundle_store.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/remote.h"
#include "libcontainerd/threaded_runtime.h"

namespace lib = libcontainerd;
namespace step = fake_containerd::step;
constexpr char kId[] = "example";

class Engine final : private lib::BlockingBackend {
 public:
  Engine(lib::Runtime& runtime, lib::ContainerdApi& api, const std::string& state_dir)
      : runtime_(runtime),
        bundles_(runtime, {.state_dir = state_dir}),
        core_({.runtime = runtime, .api = api, .stdio = stdio_, .bundles = bundles_}, backend_),
        remote_(runtime, api, {&core_}) {
    lib::WaitFor(runtime_, Begin());
  }
  // Calls and callbacks end first, then the events, then the streams.
  ~Engine() override {
    client_.Close();
    lib::WaitFor(runtime_, remote_.Close());
    lib::WaitFor(runtime_, CloseStreams());
  }

  // A container that copies its input until that ends.
  bool Run(const std::string& rootfs) {
    const std::string spec =
        R"({"ociVersion": "1.0.0-rc1", "platform": {"os": "linux", "arch": "amd64"},
            "process": {"args": ["/bin/cat"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
            "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}]},
            "root": {"path": ")" +
        rootfs + "\"}}";
    if (!Succeeded("create", client_.Create(kId, spec))) return false;
    const bool well = Talk();
    // Whatever went wrong, the container must not be left running.
    if (!well && !Succeeded("kill", client_.Signal(kId, 9))) return false;
    return WaitForExit("init") == 0 && well;
  }

 private:
  bool Talk() {
    lib::ProcessSpec echo;
    echo.args = {"/bin/echo", "hello"};
    if (!Succeeded("exec", client_.AddProcess(kId, "echo", echo))) return false;
    lib::StdinWriter& in = *pipes_.at("init")->in;
    return WaitForExit("echo") == 0 &&
           Succeeded("write", lib::WaitFor(runtime_, in.Write("and good bye\n"))) &&
           Succeeded("close", lib::WaitFor(runtime_, in.Close()));
  }

  // --- What the client tells. These run on threads of their own, and may block.

  lib::Status StateChanged(const std::string& id, const lib::StateInfo& info) override {
    const std::lock_guard lock(mutex_);
    std::cout << id << ": " << ContainerStateName(info.state) << " " << info.process << '\n';
    if (info.state == lib::ContainerState::kExit) exits_["init"] = info.exit_code;
    if (info.state == lib::ContainerState::kExitProcess) exits_[info.process] = info.exit_code;
    changed_.notify_all();
    return {};
  }
  // From here on the streams are ours; both outputs have to be read to their end.
  lib::Status AttachStreams(const std::string&, const std::string& process,
                            lib::IoPipe pipe) override {
    lib::WaitFor(runtime_, Attach(process, std::make_shared<lib::IoPipe>(std::move(pipe))));
    return {};
  }

  // --- Coroutines. These run on the runtime's executor, one at a time, and must not block.

  lib::Awaitable<void> Begin() {
    remote_.Start();
    co_return;
  }
  lib::Awaitable<void> Attach(std::string process, std::shared_ptr<lib::IoPipe> pipe) {
    pipes_[process] = pipe;
    reading_.Spawn(Print(process, *pipe->out));
    reading_.Spawn(Print(process, *pipe->err));
    co_return;
  }
  lib::Awaitable<void> Print(std::string process, lib::OutputReader& output) {
    while (true) {
      const lib::Result<std::string> data = co_await output.Read(4096);
      if (!data || data->empty()) co_return;
      const std::lock_guard lock(mutex_);
      std::cout << process << " wrote: " << *data;
    }
  }
  lib::Awaitable<void> CloseStreams() {
    for (const auto& [process, pipe] : pipes_) {  // a read that still waits ends
      pipe->out->Close();
      pipe->err->Close();
    }
    co_await reading_.Join();
    pipes_.clear();
  }

  std::uint32_t WaitForExit(const std::string& process) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return exits_.contains(process); });
    return exits_[process];
  }
  template <class T>
  static bool Succeeded(const char* what, const lib::Result<T>& result) {
    if (!result) std::cerr << what << ": " << result.error().message << '\n';
    return result.has_value();
  }

  lib::Runtime& runtime_;
  std::mutex mutex_;  // guards exits_ and the output
  std::condition_variable changed_;
  std::map<std::string, std::uint32_t> exits_;
  std::map<std::string, std::shared_ptr<lib::IoPipe>> pipes_;  // complete once the call returned
  lib::TaskScope reading_{runtime_};
  lib::FifoStdio stdio_{runtime_};
  lib::DirectoryBundleStore bundles_;
  lib::BlockingBackendAdapter backend_{runtime_, *this};
  lib::Client core_;
  lib::Remote remote_;
  lib::BlockingClient client_{runtime_, core_};
};

bool RunOn(const std::string& socket, const std::string& state_dir, const std::string& rootfs) {
  lib::ThreadedRuntime runtime;
  const auto api = lib::ConnectUnixSocket(runtime, socket);
  if (!api) std::cerr << api.error().message << '\n';
  return api && Engine(runtime, **api, state_dir).Run(rootfs);
}

int main(int argc, char** argv) {
  if (argc == 4) return RunOn(argv[1], argv[2], argv[3]) ? 0 : 1;
  fake_containerd::FakeContainerd fake;
  fake.SetBehaviourOf("/bin/cat", {.steps = {step::EchoStdin{}, step::Exit{0}}});
  fake.SetBehaviourOf("/bin/echo", {.steps = {step::Write{.data = "hello\n"}, step::Exit{0}}});
  return fake.Start() && RunOn(fake.socket_path(), fake.directory(), "/") ? 0 : 1;
}
