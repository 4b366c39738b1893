#include "bench/rigs/bench_world.h"

#include <charconv>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include <asio/post.hpp>

#include "bench/frame/stopwatch.h"
#include "fake_containerd/fifo_process_io.h"
#include "fake_containerd/memory_process_io.h"
#include "fake_containerd/on_executor.h"
#include "fake_containerd/v0/bundle_reader.h"
#include "libcontainerd/directory_bundle_store.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/file_cursor_store.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/loopback_containerd_api.h"
#include "libcontainerd/memory_fifos.h"
#include "libcontainerd/simulated_runtime.h"
#include "libcontainerd/threaded_runtime.h"

namespace bench {

using libcontainerd::ContainerdApi;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

namespace {

constexpr std::chrono::minutes kPatience{2};
constexpr std::size_t kIndexDigits = 8;
constexpr std::size_t kIdDigits = 64;

std::string SpecWith(const std::string& more) {
  return R"({"ociVersion":"1.0.0-rc1","platform":{"os":"linux","arch":"amd64"},)"
         R"("process":{"args":["/bin/program"],"cwd":"/","user":{"uid":0,"gid":0}},)"
         R"("root":{"path":"rootfs"},"linux":{)" +
         more + "}}";
}

}  // namespace

libcontainerd::Timing BenchWorld::Timing() {
  libcontainerd::Timing timing;
  timing.reconcile_interval = std::chrono::hours(1);
  return timing;
}

// Unary calls the short way, the event stream over the wire.
class BenchWorld::SplitApi final : public ContainerdApi {
 public:
  SplitApi(ContainerdApi& calls, ContainerdApi& events) : calls_(calls), events_(events) {}
  Awaitable<Status> Unary(libcontainerd::Method method, const google::protobuf::Message& request,
                          google::protobuf::Message& response,
                          libcontainerd::Duration timeout) override {
    return calls_.Unary(method, request, response, timeout);
  }
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override {
    return events_.Events(std::move(request), sink);
  }
  Awaitable<Status> CheckHealth(libcontainerd::Duration timeout) override {
    return events_.CheckHealth(timeout);
  }

 private:
  ContainerdApi& calls_;
  ContainerdApi& events_;
};

// Bundles and streams, both sides' of them: in memory, or on the disk.
struct BenchWorld::Bundles {
  explicit Bundles(libcontainerd::Runtime& runtime)
      : fifos(runtime),
        stdio(std::make_unique<libcontainerd::MemoryStdio>(runtime, fifos)),
        process_io(std::make_unique<fake_containerd::MemoryProcessIo>(fifos)) {
    auto in_memory = std::make_unique<libcontainerd::MemoryBundleStore>(fifos, "/bench");
    reader = std::make_unique<fake_containerd::v0::MemoryBundleReader>(
        [store = in_memory.get()](const std::string& bundle) -> std::optional<std::string> {
          const auto found = store->configs().find(bundle);
          if (found == store->configs().end()) return std::nullopt;
          return found->second;
        });
    store = std::move(in_memory);
  }
  Bundles(libcontainerd::Runtime& runtime, const std::string& directory)
      : fifos(runtime),
        store(std::make_unique<libcontainerd::DirectoryBundleStore>(
            runtime, libcontainerd::DirectoryBundleStore::Options{.state_dir = directory})),
        stdio(std::make_unique<libcontainerd::FifoStdio>(runtime)),
        process_io(std::make_unique<fake_containerd::FifoProcessIo>(runtime)),
        reader(std::make_unique<fake_containerd::v0::FileBundleReader>(runtime)) {}

  libcontainerd::MemoryFifos fifos;
  std::unique_ptr<libcontainerd::BundleStore> store;
  std::unique_ptr<libcontainerd::Stdio> stdio;
  std::unique_ptr<fake_containerd::ProcessIo> process_io;
  std::unique_ptr<fake_containerd::v0::BundleReader> reader;
};

Result<std::unique_ptr<BenchWorld>> BenchWorld::Make(BenchWorldOptions options,
                                                     libcontainerd::Backend& backend) {
  std::unique_ptr<BenchWorld> world(new BenchWorld(std::move(options)));
  if (Status built = world->Build(backend); !built) return Fail(std::move(built).error());
  return world;
}

BenchWorld::BenchWorld(BenchWorldOptions options) : options_(std::move(options)) {
  if (options_.transport == Transport::kSimulated) {
    runtime_ = std::make_unique<libcontainerd::SimulatedRuntime>(1);
  } else {
    runtime_ = std::make_unique<libcontainerd::ThreadedRuntime>();
  }
}

Status BenchWorld::Build(libcontainerd::Backend& backend) {
  auto scratch = Scratch::Make(Scratch::Where::kMemory);
  if (!scratch) return Fail(std::move(scratch).error());
  scratch_ = std::move(*scratch);
  bundles_ = options_.fifos ? std::make_unique<Bundles>(*runtime_, scratch_->path())
                            : std::make_unique<Bundles>(*runtime_);
  backend_ = &backend;
  if (options_.journal) {
    recorder_ = std::make_unique<scenarios::Recorder>(*runtime_, journal_);
    observer_ = std::make_unique<scenarios::JournalingWorldObserver>(*recorder_);
    journaling_backend_ = std::make_unique<scenarios::JournalingBackend>(*recorder_, backend);
    backend_ = journaling_backend_.get();
    journaling_stdio_ = std::make_unique<scenarios::JournalingStdio>(*recorder_, *bundles_->stdio);
    journaling_bundles_ =
        std::make_unique<scenarios::JournalingBundleStore>(*recorder_, *bundles_->store);
  }
  Status built = options_.foreign.empty() ? MakeWorld() : Status();
  if (built) built = Connect();
  if (!built) return built;
  MakeCursor();
  return StartEngine();
}

Status BenchWorld::MakeWorld() {
  fake_containerd::WorldOptions options;
  options.behaviour = options_.behaviour;
  options.retain_count = options_.retain_count;
  options.observer = observer_.get();
  Status started;
  Run([&] {
    world_ = std::make_unique<fake_containerd::World>(*runtime_, *bundles_->process_io,
                                                      std::move(options));
    facade_ = std::make_unique<fake_containerd::v0::Facade>(*world_, *bundles_->reader,
                                                            fake_containerd::v0::FacadeOptions());
    started = world_->StartDaemon();
  });
  return started;
}

Status BenchWorld::StartEngine() {
  Run([&] {
    client_ = std::make_unique<libcontainerd::Client>(
        libcontainerd::Client::Ports{*runtime_, *api_,
                                     journaling_stdio_ ? *journaling_stdio_ : *bundles_->stdio,
                                     journaling_bundles_ ? *journaling_bundles_ : *bundles_->store},
        *backend_, libcontainerd::ClientOptions{.timing = Timing()});
    remote_ = std::make_unique<libcontainerd::Remote>(
        libcontainerd::Remote::Ports{*runtime_, *api_,
                                     journaling_cursor_ ? *journaling_cursor_ : *cursor_},
        libcontainerd::RemoteOptions{.timing = Timing()});
    remote_->Add(*client_);
  });
  const Status started = Await([this] { return remote_->Start(); });
  return started && world_ ? WaitForStream() : started;
}

// What happens before the daemon knows of the stream may be more than its log keeps. Marks go to
// subscribers alone, and the client drops them.
Status BenchWorld::WaitForStream() {
  constexpr double kPatienceSeconds = 60;
  const Stopwatch watch;
  while (watch.seconds() < kPatienceSeconds) {
    bool heard = false;
    Run([&] {
      heard = client_->dropped_events().total() > 0;
      if (!heard) world_->Mark("opened");
    });
    if (heard) return {};
  }
  return Fail(ErrorCode::kDeadlineExceeded, "the event stream does not open");
}

Status BenchWorld::StopEngine() {
  if (!remote_) return {};
  Status closed = Await([this]() -> Awaitable<Status> {
    co_await remote_->Close();
    co_await client_->Close();
    co_return Status();
  });
  Run([&] {
    remote_.reset();
    client_.reset();
  });
  return closed;
}

Status BenchWorld::Connect() {
  if (!options_.foreign.empty()) {
    auto connected = libcontainerd::ConnectUnixSocket(*runtime_, options_.foreign);
    if (!connected) return Fail(std::move(connected).error());
    wire_ = std::move(*connected);
    api_ = wire_.get();
    return {};
  }
  loopback_ = std::make_unique<libcontainerd::LoopbackContainerdApi>(*runtime_, *facade_);
  api_ = loopback_.get();
  if (options_.transport != Transport::kSimulated) {
    server_ = std::make_unique<fake_containerd::Server>(*runtime_, *facade_);
    if (options_.transport == Transport::kSocket) {
      const std::string socket = scratch_->path() + "/bench.sock";
      if (Status started = server_->Start(socket); !started) return started;
      auto connected = libcontainerd::ConnectUnixSocket(*runtime_, socket);
      if (!connected) return Fail(std::move(connected).error());
      wire_ = std::move(*connected);
    } else {
      if (Status started = server_->StartInProcess(); !started) return started;
      wire_ = libcontainerd::ConnectChannel(*runtime_, server_->InProcessChannel());
    }
    split_ = std::make_unique<SplitApi>(*loopback_, *wire_);
    api_ = options_.calls_on_wire ? wire_.get() : split_.get();
  }
  if (options_.gated) {
    gate_ = std::make_unique<Gate>(*api_);
    api_ = gate_.get();
  }
  if (recorder_) {
    journaling_api_ = std::make_unique<scenarios::JournalingContainerdApi>(*recorder_, *api_);
    api_ = journaling_api_.get();
  }
  return {};
}

void BenchWorld::MakeCursor() {
  if (options_.cursor == Cursor::kInMemory || options_.transport == Transport::kSimulated) {
    cursor_ = std::make_unique<libcontainerd::MemoryCursorStore>();
  } else {
    const auto where =
        options_.cursor == Cursor::kOnTmpfs ? Scratch::Where::kMemory : Scratch::Where::kTemporary;
    if (auto made = Scratch::Make(where)) cursor_directory_ = std::move(*made);
    cursor_ = std::make_unique<libcontainerd::FileCursorStore>(
        *runtime_, cursor_directory_ ? cursor_directory_->path() : scratch_->path());
  }
  if (recorder_) {
    journaling_cursor_ = std::make_unique<scenarios::JournalingCursorStore>(*recorder_, *cursor_);
  }
}

// The client first; its containers die with their world.
BenchWorld::~BenchWorld() {
  static_cast<void>(StopEngine());
  Run([&] {
    if (world_) world_->StopDaemon();
  });
  wire_.reset();  // channels go before servers
  if (server_) server_->Stop();
  server_.reset();
  Run([&] {
    facade_.reset();
    world_.reset();
  });
  Run([] {});
}

std::string BenchWorld::IdOf(std::size_t index) {
  std::string id(kIdDigits, '7');
  for (std::size_t i = 0; i < kIndexDigits; ++i) {
    id[i] = "0123456789abcdef"[(index >> (4 * i)) & 15U];
  }
  return id;
}

std::size_t BenchWorld::IndexOf(const std::string& id) {
  std::size_t index = 0;
  for (std::size_t i = kIndexDigits; i-- > 0;) {
    const char digit = id[i];
    index = index << 4 | static_cast<std::size_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return index;
}

const std::string& BenchWorld::SmallSpec() {
  static const std::string* const kSpec = new std::string(SpecWith(""));
  return *kSpec;
}

// The size and the shape are those of an engine's: most of it are system calls that are allowed.
std::string BenchWorld::RealSpec() {
  constexpr std::size_t kBytes = 16'000;
  std::string calls;
  for (int i = 0; calls.size() < kBytes; ++i) {
    calls += std::string(i == 0 ? "" : ",") + R"({"name":"system_call_)" + std::to_string(i) +
             R"(","action":"SCMP_ACT_ALLOW","args":[]})";
  }
  return SpecWith(R"("seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[)" + calls + "]}");
}

void BenchWorld::Run(const std::function<void()>& step) {
  if (options_.transport != Transport::kSimulated) {
    fake_containerd::OnExecutor(*runtime_, step);
    return;
  }
  step();
  static_cast<libcontainerd::SimulatedRuntime&>(*runtime_).RunReady();
}

Status BenchWorld::Until(const std::function<void(Done)>& begin) {
  if (options_.transport == Transport::kSimulated) {
    auto& simulated = static_cast<libcontainerd::SimulatedRuntime&>(*runtime_);
    bool done = false;
    begin([&done] { done = true; });
    simulated.RunReady();
    if (done || simulated.RunUntil([&done] { return done; })) return {};
    return Fail(ErrorCode::kUnknown, "nothing is left to do, but it is not over");
  }
  const auto promise = std::make_shared<std::promise<void>>();
  std::future<void> done = promise->get_future();
  asio::post(runtime_->executor(),
             [&begin, promise] { begin([promise] { promise->set_value(); }); });
  if (done.wait_for(kPatience) == std::future_status::ready) return {};
  return Fail(ErrorCode::kDeadlineExceeded, "it was not over within two minutes");
}

Status BenchWorld::Await(const std::function<Awaitable<Status>()>& call) {
  Status result;
  const Status over = Until([&](const Done& done) {
    const auto carry = [](std::function<Awaitable<Status>()> what, Status* into,
                          Done then) -> Awaitable<void> {
      Awaitable<Status> begun = what();
      *into = co_await std::move(begun);
      then();
    };
    libcontainerd::Spawn(*runtime_, carry(call, &result, done));
  });
  return over ? result : over;
}

Awaitable<Status> BenchWorld::Create(std::string id, std::string spec) {
  if (!recorder_) return client_->Create(std::move(id), std::move(spec));
  auto call = client_->Create(id, std::move(spec));
  return scenarios::JournaledCall(*recorder_, "create", std::move(id), "", std::move(call));
}

Status BenchWorld::CreateContainers(std::size_t count) {
  // As many at once as the daemon starts at a time.
  constexpr std::size_t kAtOnce = 16;
  struct Progress {
    std::size_t next = 0;
    std::size_t ended = 0;
    Status failure;
  } progress;
  const auto worker = [](BenchWorld* self, Progress* shared, std::size_t of,
                         Done done) -> Awaitable<void> {
    while (shared->next < of) {
      const std::string id = IdOf(shared->next++);
      Awaitable<Status> creating = self->Create(id, SmallSpec());
      Status created = co_await std::move(creating);
      if (!created && shared->failure) shared->failure = std::move(created);
    }
    if (++shared->ended == kAtOnce) done();
  };
  const Status over = Until([&](const Done& done) {
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      libcontainerd::Spawn(*runtime_, worker(this, &progress, count, done));
    }
  });
  return over ? progress.failure : over;
}

}  // namespace bench
