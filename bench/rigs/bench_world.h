// BenchWorld: client and fake joined by one transport, with streams in memory or in FIFOs, for
// suites to drive. Nothing is recorded, unless asked for; no relay stands before the socket.
//
// Client and fake share one executor, as when scenarios run: on a machine of few cores that is
// gRPC's threads and one more. What is not measured goes the short way: unless `calls_on_wire`,
// unary calls are joined directly, so that a hundred thousand containers are there in seconds.
//
// The client does not reconcile by the clock during a measurement (the interval is an hour).
//
// Threads: main's. What belongs to the executor is touched in Run() and Until() only; in the
// simulated world that is the same thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bench/floor/grpc_floor.h"
#include "bench/frame/scratch.h"
#include "bench/rigs/gate.h"
#include "fake_containerd/behaviour.h"
#include "fake_containerd/server.h"
#include "fake_containerd/v0/facade.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/client.h"
#include "libcontainerd/memory_world.h"
#include "libcontainerd/remote.h"
#include "scenarios/journaling.h"
#include "scenarios/journaling_world.h"

namespace bench {

using libcontainerd::Awaitable;
using libcontainerd::Result;
using libcontainerd::Status;

enum class Transport : std::uint8_t { kSimulated, kSocket, kInProcess };
enum class Cursor : std::uint8_t { kInMemory, kOnTmpfs, kOnDisk };

struct BenchWorldOptions {
  Transport transport = Transport::kSimulated;
  Cursor cursor = Cursor::kInMemory;
  bool journal = false;        // of everything, as when scenarios run
  bool fifos = false;          // real ones; not in the simulated world
  bool calls_on_wire = false;  // unary calls take the transport too
  std::string foreign{};       // the socket of another daemon, instead of a world of one's own
  bool gated = false;          // there is a gate()
  int retain_count = fake_containerd::EventLog::kDefaultRetainCount;
  fake_containerd::BehaviourPolicy behaviour{};
};

class BenchWorld {
 public:
  // Tells what it waits for that it is there; on the executor.
  using Done = std::function<void()>;

  // With the client connected, and its event stream open. `backend` outlives the world.
  static Result<std::unique_ptr<BenchWorld>> Make(BenchWorldOptions options,
                                                  libcontainerd::Backend& backend);
  ~BenchWorld();
  BenchWorld(const BenchWorld&) = delete;
  BenchWorld& operator=(const BenchWorld&) = delete;

  // As long as engines' are, and different from the first characters on.
  static std::string IdOf(std::size_t index);
  // The reverse.
  static std::size_t IndexOf(const std::string& id);
  // 200 bytes, and what an engine really writes: 16 KB.
  static const std::string& SmallSpec();
  static std::string RealSpec();

  // The engine goes, with its client and stream, and containers and cursor stay; then it is there
  // again, and tracks nothing yet.
  Status StopEngine();
  Status StartEngine();

  // `count` containers that stay, IdOf(0) on.
  Status CreateContainers(std::size_t count);

  void Run(const std::function<void()>& step);
  // Begins something on the executor, and goes on until it called its `done`. An error after two
  // minutes, or when nothing is left to do in the simulated world.
  Status Until(const std::function<void(Done)>& begin);
  Status Await(const std::function<Awaitable<Status>()>& call);

  // What an engine calls, on the executor; in the journal, if there is one.
  Awaitable<Status> Create(std::string id, std::string spec);

  bool simulated() const { return options_.transport == Transport::kSimulated; }
  libcontainerd::Runtime& runtime() { return *runtime_; }
  fake_containerd::World& world() { return *world_; }
  libcontainerd::Client& client() { return *client_; }
  libcontainerd::Remote& remote() { return *remote_; }
  libcontainerd::ContainerdApi& api() { return *api_; }
  Gate& gate() { return *gate_; }
  scenarios::Journal& journal() { return journal_; }
  // The client's.
  static libcontainerd::Timing Timing();

 private:
  class SplitApi;
  struct Bundles;

  explicit BenchWorld(BenchWorldOptions options);
  Status Build(libcontainerd::Backend& backend);
  Status MakeWorld();
  Status Connect();
  void MakeCursor();
  Status WaitForStream();

  const BenchWorldOptions options_;
  std::unique_ptr<Scratch> scratch_;
  std::unique_ptr<Scratch> cursor_directory_;
  std::unique_ptr<libcontainerd::Runtime> runtime_;
  scenarios::Journal journal_;
  std::unique_ptr<scenarios::Recorder> recorder_;
  std::unique_ptr<scenarios::JournalingWorldObserver> observer_;
  std::unique_ptr<Bundles> bundles_;
  std::unique_ptr<fake_containerd::World> world_;
  std::unique_ptr<fake_containerd::v0::Facade> facade_;
  std::unique_ptr<fake_containerd::Server> server_;
  std::unique_ptr<libcontainerd::ContainerdApi> loopback_;
  std::unique_ptr<libcontainerd::ContainerdApi> wire_;
  std::unique_ptr<libcontainerd::ContainerdApi> split_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<libcontainerd::ContainerdApi> journaling_api_;
  libcontainerd::ContainerdApi* api_ = nullptr;
  std::unique_ptr<libcontainerd::CursorStore> cursor_;
  std::unique_ptr<libcontainerd::CursorStore> journaling_cursor_;
  std::unique_ptr<libcontainerd::Backend> journaling_backend_;
  std::unique_ptr<libcontainerd::Stdio> journaling_stdio_;
  std::unique_ptr<libcontainerd::BundleStore> journaling_bundles_;
  libcontainerd::Backend* backend_ = nullptr;
  std::unique_ptr<libcontainerd::Client> client_;
  std::unique_ptr<libcontainerd::Remote> remote_;
};

}  // namespace bench
