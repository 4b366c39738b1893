// How much one fake holds: containers known to it, subscribers, containers with all FIFOs open; and
// how fast a pattern comes out of a FIFO.
//
//   figures [CONTAINERS [SUBSCRIBERS [FIFO_CONTAINERS [PATTERN_MIB]]]]     100000 1000 3000 2048
//
// Prints a line for each figure. Exit code 1: something did not hold.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/post.hpp>

#include "fake_containerd/fake_containerd.h"
#include "fake_containerd/fifo_process_io.h"
#include "fake_containerd/memory_process_io.h"
#include "fake_containerd/pattern.h"
#include "fake_containerd/server.h"
#include "fake_containerd/world/digest.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/memory_fifos.h"
#include "libcontainerd/simulated_runtime.h"
#include "libcontainerd/threaded_runtime.h"

namespace {

using fake_containerd::World;
using fake_containerd::WorldOptions;
using Clock = std::chrono::steady_clock;

std::size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

bool Complain(const std::string& what) {
  std::cerr << "figures: " << what << '\n';
  return false;
}

libcontainerd::Awaitable<libcontainerd::Result<fake_containerd::BundleSpec>> ReadSpec() {
  fake_containerd::BundleSpec spec;
  spec.process.args = {"/bin/program"};
  spec.process.cwd = "/";
  co_return spec;
}

libcontainerd::Awaitable<void> Create(World& world, fake_containerd::CreateCommand command,
                                      std::size_t& failed) {
  auto creating = world.Create(std::move(command));
  const auto created = co_await std::move(creating);
  if (!created) ++failed;
}

// In a simulated world: what the fake itself takes, without a wire.
bool Containers(std::size_t count) {
  libcontainerd::SimulatedRuntime runtime(1);
  libcontainerd::MemoryFifos fifos(runtime);
  fake_containerd::MemoryProcessIo io(fifos);
  World world(runtime, io, WorldOptions());
  if (!world.StartDaemon()) return Complain("the daemon does not start");
  const std::size_t before = ResidentBytes();
  const auto begin = Clock::now();
  std::size_t failed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    fake_containerd::CreateCommand command;
    command.key.id = "container-" + std::to_string(i);
    command.bundle = "/run/engine/" + command.key.id;
    command.read_bundle = ReadSpec;
    libcontainerd::Spawn(runtime, Create(world, std::move(command), failed));
    if (i % 10 == 9) runtime.RunReady();
  }
  runtime.RunReady();
  const double seconds = SecondsSince(begin);
  const std::size_t each = count == 0 ? 0 : (ResidentBytes() - before) / count;
  if (failed != 0 || world.container_count() != count) return Complain("containers are missing");
  std::cout << "containers known: " << count << ", bytes of each: " << each << ", created in "
            << seconds << " s\n";
  return true;
}

struct CountingSink final : libcontainerd::EventSink {
  void OnEvents(std::span<const types::Event> burst) override {
    if ((events += burst.size()) >= wanted && !std::exchange(told, true)) enough.set_value();
  }
  void OnEnd(libcontainerd::Status) override {}
  std::size_t wanted = 0;
  std::size_t events = 0;
  bool told = false;
  std::promise<void> enough;
};

void OnExecutor(libcontainerd::ThreadedRuntime& runtime, const std::function<void()>& step) {
  std::promise<void> done;
  asio::post(runtime.executor(), [&] {
    step();
    done.set_value();
  });
  done.get_future().get();
}

// Over a real socket and one connection.
bool Subscribers(std::size_t count) {
  constexpr std::size_t kEvents = 100;
  fake_containerd::FakeContainerd fake;
  if (const auto started = fake.Start(); !started) return Complain(started.error().message);
  libcontainerd::ThreadedRuntime runtime;
  auto api = libcontainerd::ConnectUnixSocket(runtime, fake.socket_path());
  if (!api) return Complain(api.error().message);
  std::vector<std::unique_ptr<CountingSink>> sinks;
  std::vector<std::unique_ptr<libcontainerd::EventStream>> streams;
  OnExecutor(runtime, [&] {
    for (std::size_t i = 0; i < count; ++i) {
      sinks.push_back(std::make_unique<CountingSink>());
      sinks.back()->wanted = kEvents;
      streams.push_back((*api)->Events(types::EventsRequest(), *sinks.back()));
    }
  });
  bool well = true;
  if (const auto waited = fake.WaitForSubscribers(count, std::chrono::seconds(60)); !waited) {
    well = Complain(waited.message());
  }
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < kEvents; ++i) {
    fake.Emit({.kind = fake_containerd::EventKind::kOom, .container = {.id = "x"}});
  }
  for (const auto& sink : sinks) {
    auto enough = sink->enough.get_future();
    if (well && enough.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      well = Complain("a subscriber misses events");
    }
  }
  const double seconds = SecondsSince(begin);
  OnExecutor(runtime, [&] { streams.clear(); });
  runtime.Drain();
  if (!well) return false;
  std::cout << "subscribers: " << count << ", each told of " << kEvents << " events within "
            << seconds << " s (" << std::fixed << std::setprecision(0)
            << static_cast<double>(count * kEvents) / seconds << std::defaultfloat
            << std::setprecision(6) << " deliveries a second)\n";
  return true;
}

// The client's ends as the engine holds them: 3 descriptors; the fake's: 4, of which 2 are stdin's.
class Bundle {
 public:
  bool Make(const std::string& directory) {
    ::mkdir(directory.c_str(), 0700);
    for (const char* name : {"in", "out", "err"}) {
      const std::string path = directory + "/" + name;
      if (::mkfifo(path.c_str(), 0600) != 0) return false;
      const int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
      if (fd < 0) return false;
      descriptors_.push_back(fd);
    }
    std::ofstream(directory + "/config.json")
        << R"({"process": {"args": ["/bin/program"]}, "linux": {}})";
    return true;
  }
  Bundle() = default;
  ~Bundle() {
    for (const int fd : descriptors_) ::close(fd);
  }
  Bundle(const Bundle&) = delete;
  Bundle& operator=(const Bundle&) = delete;

 private:
  std::vector<int> descriptors_;
};

types::CreateContainerRequest CreateRequest(const std::string& id, const std::string& bundle) {
  types::CreateContainerRequest request;
  request.set_id(id);
  request.set_bundlepath(bundle);
  request.set_stdin(bundle + "/in");
  request.set_stdout(bundle + "/out");
  request.set_stderr(bundle + "/err");
  return request;
}

// With every FIFO open on both sides, over a real socket; then what is said when descriptors end.
bool Fifos(std::size_t count) {
  static_cast<void>(fake_containerd::RaiseDescriptorLimit());
  fake_containerd::FakeContainerd fake;
  if (const auto started = fake.Start(); !started) return Complain(started.error().message);
  libcontainerd::ThreadedRuntime runtime;
  auto api = libcontainerd::ConnectUnixSocket(runtime, fake.socket_path());
  if (!api) return Complain(api.error().message);
  std::vector<std::unique_ptr<Bundle>> bundles;
  const auto create = [&](std::size_t number) -> libcontainerd::Status {
    const std::string id = "c" + std::to_string(number);
    const std::string directory = fake.directory() + "/" + id;
    bundles.push_back(std::make_unique<Bundle>());
    if (!bundles.back()->Make(directory)) {
      return libcontainerd::Fail(libcontainerd::ErrorCode::kResourceExhausted,
                                 "the client's end cannot be opened");
    }
    const auto created = libcontainerd::WaitFor(
        runtime,
        libcontainerd::Call(**api, CreateRequest(id, directory), std::chrono::seconds(20)));
    if (!created) return libcontainerd::Fail(created.error());
    return {};
  };
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto created = create(i); !created) {
      return Complain("container " + std::to_string(i) + ": " + created.error().message);
    }
  }
  const double seconds = SecondsSince(begin);
  std::size_t descriptors = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++descriptors;
  }
  std::cout << "containers with all FIFOs open: " << count << ", descriptors: " << descriptors
            << ", created in " << seconds << " s\n";
  // So few are left that the next but a few does not fit.
  rlimit limits{};
  if (::getrlimit(RLIMIT_NOFILE, &limits) != 0) return Complain("no descriptor limit");
  limits.rlim_cur = descriptors + 64 + 20;
  if (::setrlimit(RLIMIT_NOFILE, &limits) != 0) return Complain("the limit cannot be lowered");
  std::optional<libcontainerd::Error> error;
  for (std::size_t i = 0; i < 20 && !error; ++i) {
    if (const auto created = create(count + i); !created) error = created.error();
  }
  if (!error) return Complain("the limit of descriptors is not felt");
  std::cout << "past the limit: " << ErrorCodeName(error->code) << ": " << error->message << '\n';
  const auto served = libcontainerd::WaitFor(
      runtime,
      libcontainerd::Call(**api, types::GetServerVersionRequest(), std::chrono::seconds(20)));
  if (!served) return Complain("not served past the limit: " + served.error().message);
  return error->code == libcontainerd::ErrorCode::kResourceExhausted;
}

// What comes out of a FIFO, read as it comes.
struct Read {
  fake_containerd::Sha256 digest{};
  std::size_t most_resident = 0;
};

void ReadAll(int fd, Read& read) {
  std::vector<char> buffer(std::size_t{1} << 16);
  std::size_t pieces = 0;
  for (ssize_t size = 0; (size = ::read(fd, buffer.data(), buffer.size())) > 0; ++pieces) {
    read.digest.Update({buffer.data(), static_cast<std::size_t>(size)});
    if (pieces % 4096 == 0) read.most_resident = std::max(read.most_resident, ResidentBytes());
  }
}

// Through a real FIFO, with the digest on both sides.
bool Pattern(std::size_t mebibytes) {
  fake_containerd::FakeContainerd fake;
  if (const auto started = fake.Start(); !started) return Complain(started.error().message);
  const std::string directory = fake.directory() + "/p";
  ::mkdir(directory.c_str(), 0700);
  std::ofstream(directory + "/config.json")
      << R"({"process": {"args": ["drydock-process", "pattern=)" << mebibytes
      << R"(M:seed=7", "exit=0"]}, "linux": {}})";
  const std::string out = directory + "/out";
  if (::mkfifo(out.c_str(), 0600) != 0) return Complain("no FIFO");
  const int fd = ::open(out.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return Complain("the FIFO cannot be opened");
  ::fcntl(fd, F_SETFL, 0);
  libcontainerd::ThreadedRuntime runtime;
  auto api = libcontainerd::ConnectUnixSocket(runtime, fake.socket_path());
  types::CreateContainerRequest request;
  request.set_id("p");
  request.set_bundlepath(directory);
  request.set_stdout(out);
  const std::size_t before = ResidentBytes();
  const auto begin = Clock::now();
  const auto created =
      libcontainerd::WaitFor(runtime, libcontainerd::Call(**api, request, std::chrono::minutes(1)));
  Read read;
  if (created) ReadAll(fd, read);
  const double seconds = SecondsSince(begin);
  ::close(fd);
  if (!created) return Complain(created.error().message);
  if (!fake.WaitForExit("p")) return Complain("the process does not end");
  const auto total = fake.TotalOf("p", "init", fake_containerd::StdioStream::kStdout);
  const std::size_t bytes = mebibytes << 20;
  if (!total || total->bytes != bytes || read.digest.total_bytes() != bytes ||
      total->sha256 != read.digest.Hex() ||
      total->sha256 != fake_containerd::PatternSha256(7, bytes)) {
    return Complain("the pattern does not arrive as it is");
  }
  std::cout << "pattern: " << mebibytes << " MiB through a FIFO with its digest on both sides in "
            << seconds << " s (" << std::fixed << std::setprecision(0)
            << static_cast<double>(bytes) / 1e6 / seconds << std::defaultfloat
            << std::setprecision(6) << " MB/s), at most "
            << (std::max(read.most_resident, before) - before) / 1024 << " KiB of memory\n";
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int index, std::size_t otherwise) {
    return argc > index ? static_cast<std::size_t>(std::strtoull(argv[index], nullptr, 10))
                        : otherwise;
  };
  const bool containers = Containers(argument(1, 100'000));
  const bool subscribers = Subscribers(argument(2, 1'000));
  const bool pattern = Pattern(argument(4, 2'048));
  const bool fifos = Fifos(argument(3, 3'000));  // last: it lowers the limit of descriptors
  return containers && subscribers && fifos && pattern ? 0 : 1;
}
