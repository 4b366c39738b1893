// A world on the simulated runtime with FIFOs in memory, and everything that it said, for tests.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/memory_process_io.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/memory_fifos.h"
#include "libcontainerd/simulated_runtime.h"

namespace fake_containerd {

// Runs `answer` on the runtime until it is there. Null when the world came to rest without it.
template <class T>
std::shared_ptr<T> Await(libcontainerd::SimulatedRuntime& runtime,
                         libcontainerd::Awaitable<T> answer) {
  struct Waiter {
    static libcontainerd::Awaitable<void> Run(libcontainerd::Awaitable<T> awaited,
                                              std::shared_ptr<std::shared_ptr<T>> result) {
      *result = std::make_shared<T>(co_await std::move(awaited));
    }
  };
  auto result = std::make_shared<std::shared_ptr<T>>();
  libcontainerd::Spawn(runtime, Waiter::Run(std::move(answer), result));
  runtime.RunUntil([&] { return *result != nullptr; });
  return *result;
}

// The same without waiting: the result appears when the runtime runs.
template <class T>
std::shared_ptr<std::shared_ptr<T>> Begin(libcontainerd::SimulatedRuntime& runtime,
                                          libcontainerd::Awaitable<T> answer) {
  struct Waiter {
    static libcontainerd::Awaitable<void> Run(libcontainerd::Awaitable<T> awaited,
                                              std::shared_ptr<std::shared_ptr<T>> result) {
      *result = std::make_shared<T>(co_await std::move(awaited));
    }
  };
  auto result = std::make_shared<std::shared_ptr<T>>();
  libcontainerd::Spawn(runtime, Waiter::Run(std::move(answer), result));
  return result;
}

// "exit c1/init 137": an event in one line.
inline std::string Line(const Event& event) {
  std::string line(EventKindName(event.kind));
  line.append(" ").append(event.container.id);
  if (!event.process.empty()) line.append("/").append(event.process);
  if (event.kind == EventKind::kExit) line.append(" ").append(std::to_string(event.status));
  return line;
}

class Recorder : public WorldObserver {
 public:
  void OnEventEmitted(const Event& event) override { emitted.push_back(Line(event)); }
  void OnEventDropped(const Event& event, std::uint64_t subscriber) override {
    dropped.push_back(Line(event) + " for " + std::to_string(subscriber));
  }
  void OnContainerAdded(const ContainerKey& key) override { log.push_back("added " + key.id); }
  void OnContainerRemoved(const ContainerKey& key) override { log.push_back("removed " + key.id); }
  void OnProcessStarted(const ContainerKey& key, const std::string& process,
                        std::uint32_t) override {
    log.push_back("started " + key.id + "/" + process);
  }
  void OnProcessEnded(const ContainerKey& key, const std::string& process,
                      std::uint32_t status) override {
    log.push_back("ended " + key.id + "/" + process + " " + std::to_string(status));
  }
  void OnTerminalResized(const ContainerKey& key, const std::string& process, std::uint32_t width,
                         std::uint32_t height, std::uint64_t count) override {
    resizes.push_back(key.id + "/" + process + " " + std::to_string(width) + "x" +
                      std::to_string(height) + " " + std::to_string(count));
  }
  void OnStdioBytes(const ContainerKey&, const std::string&, StdioStream stream,
                    std::string_view data) override {
    bytes += std::string(StdioStreamName(stream)) + ":" + std::string(data) + "|";
  }
  void OnStdioEnd(const ContainerKey& key, const std::string& process, StdioStream stream,
                  std::uint64_t total, const std::string& sha256) override {
    ends.push_back(key.id + "/" + process + " " + std::string(StdioStreamName(stream)) + " " +
                   std::to_string(total));
    digests.push_back(sha256);
  }
  void OnDaemonStarted() override { log.push_back("daemon started"); }
  void OnDaemonStopped() override { log.push_back("daemon stopped"); }

  std::vector<std::string> emitted;
  std::vector<std::string> dropped;
  std::vector<std::string> log;
  std::vector<std::string> ends;
  std::vector<std::string> resizes;
  std::vector<std::string> digests;
  std::string bytes;
};

// Hears the world's events as a client would.
class Listener {
 public:
  Listener(World& world, EventFilter filter)
      : subscription_(world.Subscribe(std::move(filter), [this] { Drain(); })) {}

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const Event& event : events) lines.push_back(Line(event));
    return lines;
  }
  std::vector<Event> events;
  bool ended = false;
  bool broken = false;

 private:
  void Drain() {
    for (Event event; subscription_->Next(event);) events.push_back(event);
    ended = subscription_->ended();
    broken = subscription_->broken();
  }
  std::unique_ptr<Subscription> subscription_;
};

struct Harness {
  explicit Harness(std::uint64_t seed = 1, WorldOptions options = {})
      : runtime(seed), fifos(runtime), io(fifos), world(runtime, io, With(std::move(options))) {
    started = world.StartDaemon().has_value();
  }

  template <class T>
  T Run(libcontainerd::Awaitable<T> answer) {
    return *Await(runtime, std::move(answer));
  }
  template <class T>
  std::shared_ptr<std::shared_ptr<T>> Start(libcontainerd::Awaitable<T> answer) {
    return Begin(runtime, std::move(answer));
  }
  // FIFOs for one process, as the client makes them.
  IoPaths MakeFifos(const std::string& id, const std::string& process) {
    const std::string base = "/state/" + id + "/" + process;
    IoPaths paths{base + "-stdin", base + "-stdout", base + "-stderr"};
    for (const std::string& path : {paths.in, paths.out, paths.err}) fifos.Create(path);
    return paths;
  }
  static CreateCommand CreateOf(const std::string& id) {
    CreateCommand command;
    command.key.id = id;
    command.bundle = "/state/" + id;
    command.read_bundle = []() -> libcontainerd::Awaitable<libcontainerd::Result<BundleSpec>> {
      BundleSpec spec;
      spec.process.args = {"/bin/sleep", "100"};
      spec.process.cwd = "/";
      co_return spec;
    };
    return command;
  }
  static AddProcessCommand ExecOf(const std::string& id, const std::string& name) {
    AddProcessCommand command;
    command.key.id = id;
    command.name = name;
    command.spec.args = {"/bin/true"};
    command.spec.cwd = std::string("/");
    return command;
  }
  bool Create(const std::string& id) { return Run(world.Create(CreateOf(id))).has_value(); }
  bool Exec(const std::string& id, const std::string& name) {
    return Run(world.AddProcess(ExecOf(id, name))).has_value();
  }
  // A container that runs, all of its events out.
  bool Running(const std::string& id) {
    const bool created = Create(id);
    runtime.RunReady();
    return created;
  }
  static ContainerKey Key(const std::string& id) { return ContainerKey{.id = id}; }

  Recorder recorder;
  libcontainerd::SimulatedRuntime runtime;
  libcontainerd::MemoryFifos fifos;
  MemoryProcessIo io;
  World world;
  bool started = false;

 private:
  WorldOptions With(WorldOptions options) {
    if (options.observer == nullptr) options.observer = &recorder;
    return options;
  }
};

// A policy that gives every process the same behaviour.
inline BehaviourPolicy Always(Behaviour behaviour) {
  return [behaviour = std::move(behaviour)](const ProcessRequest&) { return behaviour; };
}
// By process name; the others run until signalled.
inline BehaviourPolicy ByName(std::map<std::string, Behaviour> behaviours) {
  return [behaviours = std::move(behaviours)](const ProcessRequest& request) {
    const auto found = behaviours.find(request.process);
    return found == behaviours.end() ? Behaviour() : found->second;
  };
}

// The container that most tests are about.
inline const ContainerKey kKey = Harness::Key("c1");

}  // namespace fake_containerd
