// What a user of the library may write first: a container's whole life in virtual time, without a
// kernel, a containerd or a socket. The container writes a word, and exits with 3 an hour later.
#include <chrono>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fake_containerd/memory_process_io.h>
#include <fake_containerd/v0/bundle_reader.h>
#include <fake_containerd/v0/facade.h>
#include <fake_containerd/world/world.h>
#include <libcontainerd/client.h>
#include <libcontainerd/loopback_containerd_api.h>
#include <libcontainerd/memory_world.h>
#include <libcontainerd/remote.h>
#include <libcontainerd/simulated_runtime.h>

namespace lib = libcontainerd;
namespace fake = fake_containerd;

namespace {

constexpr const char* kSpec =
    R"({"ociVersion": "1.0.0-rc1", "platform": {"os": "linux", "arch": "amd64"},
  "process": {"args": ["sh"], "cwd": "/", "user": {}}, "root": {"path": "rootfs"}, "linux": {}})";

// An engine's part: hears what happens, and reads what the container writes.
class Engine final : public lib::Backend {
 public:
  explicit Engine(lib::Runtime& runtime) : runtime_(runtime) {}

  void StateChanged(const std::string& id, const lib::StateInfo& info, lib::Done done) override {
    heard.push_back(id + " " + std::string(lib::ContainerStateName(info.state)) + " " +
                    std::to_string(info.exit_code));
    done(lib::Status());
  }
  void AttachStreams(const std::string&, const std::string&, lib::IoPipe pipe,
                     lib::Done done) override {
    lib::Spawn(runtime_, ReadOutput(std::move(pipe)));
    done(lib::Status());
  }

  std::vector<std::string> heard;
  std::string output;

 private:
  lib::Awaitable<void> ReadOutput(lib::IoPipe pipe) {
    while (true) {
      const lib::Result<std::string> read = co_await pipe.out->Read(100);
      if (!read || read->empty()) co_return;
      output += *read;
    }
  }

  lib::Runtime& runtime_;
};

lib::Awaitable<void> StartRemote(lib::Remote& remote, std::optional<lib::Status>& started) {
  started = co_await remote.Start();
}

lib::Awaitable<void> CreateContainer(lib::Client& client, std::optional<lib::Status>& created) {
  // The call first, then the wait: g++ 12 frees the strings that a call makes inside co_await
  // twice.
  lib::Awaitable<lib::Status> call = client.Create("c1", kSpec);
  created = co_await std::move(call);
}

lib::Awaitable<void> CloseAll(lib::Remote& remote, lib::Client& client, bool& closed) {
  co_await remote.Close();
  co_await client.Close();
  closed = true;
}

bool RunContainer() {
  lib::SimulatedRuntime runtime(1);
  lib::MemoryFifos fifos(runtime);
  lib::MemoryBundleStore bundles(fifos, "/state");
  lib::MemoryStdio stdio(runtime, fifos);

  fake::MemoryProcessIo io(fifos);
  fake::WorldOptions options;
  options.behaviour = [](const fake::ProcessRequest&) {
    fake::Behaviour behaviour;
    behaviour.steps = {fake::step::Write{.data = "ahoy"}, fake::step::Wait{std::chrono::hours(1)},
                       fake::step::Exit{3}};
    return behaviour;
  };
  fake::World world(runtime, io, options);
  fake::v0::MemoryBundleReader reader([&](const std::string& bundle) {
    const auto found = bundles.configs().find(bundle);
    return found == bundles.configs().end() ? std::nullopt : std::optional(found->second);
  });
  fake::v0::Facade facade(world, reader, {});
  if (!world.StartDaemon()) return false;

  lib::LoopbackContainerdApi api(runtime, facade);
  Engine engine(runtime);
  lib::Client client({runtime, api, stdio, bundles}, engine);
  lib::MemoryCursorStore cursor;
  lib::Remote remote({runtime, api, cursor});
  remote.Add(client);

  std::optional<lib::Status> started;
  lib::Spawn(runtime, StartRemote(remote, started));
  std::optional<lib::Status> created;
  lib::Spawn(runtime, CreateContainer(client, created));
  runtime.RunUntil([&] { return engine.heard.size() == 2; });
  bool closed = false;
  lib::Spawn(runtime, CloseAll(remote, client, closed));
  runtime.Run();

  for (const std::string& line : engine.heard) std::cout << line << '\n';
  std::cout << "wrote " << engine.output << ", after "
            << std::chrono::duration_cast<std::chrono::minutes>(runtime.Now()).count()
            << " virtual minutes\n";
  return started && started->has_value() && created && created->has_value() && closed &&
         !runtime.failure() &&
         engine.heard == std::vector<std::string>{"c1 start-container 0", "c1 exit 3"} &&
         engine.output == "ahoy" && runtime.Now() >= std::chrono::hours(1);
}

}  // namespace

int main() {
  const bool well = RunContainer();
  std::cout << (well ? "all well\n" : "something is wrong\n");
  return well ? 0 : 1;
}
