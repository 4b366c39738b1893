// A small engine on libcontainerd: it runs a container, attaches to it, runs a second process in
// it, waits for both, and leaves nothing behind. docs/callers.md has the rules that it follows.
//
//   engine                           a fake containerd in this process: no root, no containers
//   engine SOCKET STATE_DIR ROOTFS   the containerd that listens on SOCKET; bundles go to STATE_DIR
#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "fake_containerd/fake_containerd.h"
#include "libcontainerd/blocking_remote.h"

namespace lib = libcontainerd;
namespace step = fake_containerd::step;
constexpr char kId[] = "example";

template <class T>
bool Succeeded(const char* what, const lib::Result<T>& result) {
  if (!result) std::cerr << what << ": " << result.error().message << '\n';
  return result.has_value();
}

class Engine final : private lib::BlockingBackend {
 public:
  explicit Engine(lib::BlockingRemote& remote)
      : remote_(remote), client_(remote.NewClient(*this)) {}
  // Calls and callbacks end first, then the streams.
  ~Engine() override {
    remote_.Close();
    for (std::thread& reader : readers_) reader.join();
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
    lib::StdinWriter& in = *stdins_.at("init");
    return WaitForExit("echo") == 0 &&
           Succeeded("write", lib::WaitFor(remote_.runtime(), in.Write("and good bye\n"))) &&
           Succeeded("close", lib::WaitFor(remote_.runtime(), in.Close()));
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
    const std::lock_guard lock(mutex_);
    stdins_[process] = std::move(pipe.in);
    for (std::unique_ptr<lib::OutputReader>* output : {&pipe.out, &pipe.err}) {
      readers_.emplace_back(&Engine::Print, this, process, std::move(*output));
    }
    return {};
  }

  void Print(std::string process, std::unique_ptr<lib::OutputReader> output) {
    constexpr std::size_t kMost = 4096;
    while (true) {
      const auto data = lib::WaitFor(remote_.runtime(), output->Read(kMost));
      if (!data || data->empty()) return;
      const std::lock_guard lock(mutex_);
      std::cout << process << " wrote: " << *data;
    }
  }

  std::uint32_t WaitForExit(const std::string& process) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return exits_.contains(process); });
    return exits_[process];
  }

  lib::BlockingRemote& remote_;
  std::mutex mutex_;  // guards what follows, and the output
  std::condition_variable changed_;
  std::map<std::string, std::uint32_t> exits_;
  std::map<std::string, std::unique_ptr<lib::StdinWriter>> stdins_;
  std::vector<std::thread> readers_;
  lib::BlockingClient& client_;
};

bool RunOn(const std::string& socket, const std::string& state_dir, const std::string& rootfs) {
  lib::BlockingRemoteOptions options;
  options.state_dir = state_dir;
  options.address = socket;
  options.timing.daemon_ready_deadline = std::chrono::seconds(1);  // nobody starts it meanwhile
  auto remote = lib::BlockingRemote::Start(options);
  return Succeeded("start", remote) && Engine(**remote).Run(rootfs);
}

int main(int argc, char** argv) {
  if (argc == 4) return RunOn(argv[1], argv[2], argv[3]) ? 0 : 1;
  fake_containerd::FakeContainerd fake;
  fake.SetBehaviourOf("/bin/cat", {.steps = {step::EchoStdin{}, step::Exit{0}}});
  fake.SetBehaviourOf("/bin/echo", {.steps = {step::Write{.data = "hello\n"}, step::Exit{0}}});
  return fake.Start() && RunOn(fake.socket_path(), fake.directory(), "/") ? 0 : 1;
}
