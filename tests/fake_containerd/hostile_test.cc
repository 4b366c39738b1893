// Clients that mean no good: what they do harms nobody but themselves. Each is thrown at a fake in
// this process and at the program, with an honest client beside it; afterwards descriptors and
// memory are back.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <malloc.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/random.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/child_daemon.h"

namespace fake_containerd {
namespace {

using libcontainerd::Random;
using libcontainerd::ThreadedRuntime;
using libcontainerd::test::OnExecutor;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr int kPatienceMs = 20000;

std::size_t CountDescriptors(pid_t pid) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

std::size_t ResidentBytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// A connection without manners.
class RawConnection {
 public:
  explicit RawConnection(const std::string& path)
      : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    connected_ =
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawConnection() { ::close(descriptor_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool connected() const { return connected_; }
  // As much of it as is taken; the other side may hang up.
  void Send(const std::string& data) const {
    static_cast<void>(::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  // Whether the other side hangs up before long.
  bool WaitForEnd() const {
    char buffer[4096];
    while (true) {
      pollfd waited{.fd = descriptor_, .events = POLLIN, .revents = 0};
      if (::poll(&waited, 1, kPatienceMs) <= 0) return false;
      const ssize_t count = ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (count <= 0) return true;
    }
  }

 private:
  int descriptor_;
  bool connected_ = false;
};

// A client that keeps to the rules.
class Honest {
 public:
  explicit Honest(const std::string& socket)
      : api_(std::move(*libcontainerd::ConnectUnixSocket(runtime_, socket))) {}
  ~Honest() {
    OnExecutor(runtime_, [this] { streams_.clear(); });
    runtime_.Drain();
  }

  template <class Request>
  libcontainerd::Result<libcontainerd::ResponseOf<Request>> Call(Request request) {
    return libcontainerd::WaitFor(runtime_,
                                  libcontainerd::Call(*api_, std::move(request), seconds(20)));
  }
  template <class Request>
  std::string ErrorOf(Request request) {
    const auto result = Call(std::move(request));
    if (result) return "OK";
    return std::string(ErrorCodeName(result.error().code)) + ": " + result.error().message;
  }
  bool Served() { return Call(types::StateRequest()).has_value(); }
  // "" while it is open; else how it ended.
  struct Stream final : libcontainerd::EventSink {
    void OnEvents(std::span<const types::Event> burst) override {
      const std::lock_guard lock(mutex);
      events += burst.size();
      changed.notify_all();
    }
    bool WaitForEvents(std::size_t count) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                              [&] { return events >= count; });
    }
    void OnEnd(libcontainerd::Status status) override {
      ended.set_value(status ? "OK"
                             : std::string(ErrorCodeName(status.error().code)) + ": " +
                                   status.error().message);
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t events = 0;
    std::promise<std::string> ended;
    std::unique_ptr<libcontainerd::EventStream> handle;
  };
  std::shared_ptr<Stream> Subscribe() {
    auto stream = std::make_shared<Stream>();
    OnExecutor(runtime_, [&] {
      stream->handle = api_->Events(types::EventsRequest(), *stream);
      streams_.push_back(stream);
    });
    return stream;
  }

 private:
  ThreadedRuntime runtime_;
  std::unique_ptr<libcontainerd::ContainerdApi> api_;
  std::vector<std::shared_ptr<Stream>> streams_;
};

// --- The attacks. Each leaves nothing of its own behind.

void RandomBytes(const std::string& socket) {
  constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    std::string noise(1 + random.Below(20'000), '\0');
    for (char& c : noise) c = static_cast<char>(random.Below(256));
    const RawConnection connection(socket);
    ASSERT_TRUE(connection.connected());
    // Half of them get past the preface, where frames are read.
    connection.Send(seed % 2 == 0 ? noise : kPreface + noise);
  }
}

void ManyConnections(const std::string& socket) {
  std::vector<std::unique_ptr<RawConnection>> connections;
  for (int i = 0; i < 2'000; ++i) {
    connections.push_back(std::make_unique<RawConnection>(socket));
    ASSERT_TRUE(connections.back()->connected()) << i;
  }
  EXPECT_TRUE(Honest(socket).Served());
}

void HugeMessages(const std::string& socket) {
  Honest client(socket);
  types::CreateContainerRequest request;
  request.set_bundlepath("/x");
  *request.add_labels() = std::string(std::size_t{17} << 20, 'x');
  for (int i = 0; i < 5; ++i) EXPECT_THAT(client.ErrorOf(request), HasSubstr("RESOURCE_EXHAUSTED"));
}

void BadNames(const std::string& socket) {
  Honest client(socket);
  types::CreateContainerRequest create;
  create.set_bundlepath("/x");
  create.set_id(std::string(300, 'i'));
  EXPECT_EQ(client.ErrorOf(create),
            "INVALID_ARGUMENT: types.CreateContainerRequest.id: has 300 bytes, the limit is 255");
  create.set_id(std::string("a\0b", 3));
  EXPECT_EQ(client.ErrorOf(create),
            "INVALID_ARGUMENT: types.CreateContainerRequest.id: contains a NUL byte");
  create.set_id("../../etc");
  EXPECT_THAT(client.ErrorOf(create), HasSubstr("NOT_FOUND: mkdir"));
  create.set_id("a");
  create.set_stdout("/" + std::string(5000, 'p'));
  EXPECT_EQ(client.ErrorOf(create),
            "INVALID_ARGUMENT: types.CreateContainerRequest.stdout: has 5001 bytes, the limit is "
            "4095");
  types::AddProcessRequest add;
  add.set_id("a");
  add.set_pid("../x");
  EXPECT_EQ(client.ErrorOf(add),
            "INVALID_ARGUMENT: types.AddProcessRequest.pid: \"../x\" is no name of a directory's "
            "entry");
  types::CreateCheckpointRequest checkpoint;
  checkpoint.set_id("a");
  checkpoint.mutable_checkpoint()->set_name("..");
  EXPECT_EQ(client.ErrorOf(checkpoint),
            "INVALID_ARGUMENT: types.Checkpoint.name: \"..\" is no name of a directory's entry");
  create.set_stdout("");
  create.set_bundlepath("/dev");  // whose config.json is not there
  EXPECT_THAT(client.ErrorOf(create), HasSubstr("NOT_FOUND: open /dev/config.json"));
}

struct Attack {
  const char* name;
  void (*run)(const std::string& socket);
};
constexpr Attack kAttacks[] = {{"RandomBytes", RandomBytes},
                               {"ManyConnections", ManyConnections},
                               {"HugeMessages", HugeMessages},
                               {"BadNames", BadNames}};

class Hostile : public testing::TestWithParam<Attack> {
 protected:
  // Runs it once to warm up caches and arenas, then again for what stays behind.
  void Throw(const std::string& socket, pid_t pid) {
    Honest honest(socket);
    const auto stream = honest.Subscribe();
    ASSERT_TRUE(honest.Served());
    GetParam().run(socket);
    ASSERT_TRUE(honest.Served());
    const std::size_t descriptors = Settled(pid);
    const std::size_t resident = ResidentBytes(pid);
    for (int round = 0; round < 3; ++round) {
      GetParam().run(socket);
      ASSERT_TRUE(honest.Served());
    }
    EXPECT_TRUE(BackTo(descriptors, pid)) << CountDescriptors(pid) << " after " << descriptors;
    // What threads' arenas keep for later use; the huge messages of three rounds are 255 MiB.
    constexpr std::size_t kSlack = std::size_t{128} << 20;
    ::malloc_trim(0);  // of this process, where the attacker's own memory counts too
    EXPECT_LT(ResidentBytes(pid), resident + kSlack);
    EXPECT_EQ(stream->ended.get_future().wait_for(seconds(0)), std::future_status::timeout)
        << "the honest client's stream broke";
  }

 private:
  // The kernel tells nobody when another process closes a descriptor: one has to look.
  static bool BackTo(std::size_t count, pid_t pid) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (CountDescriptors(pid) > count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      ::poll(nullptr, 0, 10);
    }
    return true;
  }
  // The lowest count that is seen while nothing goes on.
  static std::size_t Settled(pid_t pid) {
    std::size_t lowest = CountDescriptors(pid);
    for (int quiet = 0; quiet < 20; ++quiet) {
      ::poll(nullptr, 0, 10);
      const std::size_t now = CountDescriptors(pid);
      if (now < lowest) quiet = 0;
      lowest = std::min(lowest, now);
    }
    return lowest;
  }
};

TEST_P(Hostile, ThrownAtAFakeInThisProcess) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  Throw(fake.socket_path(), ::getpid());
  EXPECT_TRUE(fake.Stop());
}

TEST_P(Hostile, ThrownAtTheProgram) {
  ChildDaemon daemon;
  Throw(daemon.socket(), daemon.pid());
  EXPECT_EQ(daemon.Stop(), 0);
}

// The other attacks speak the API of the daemon.
TEST(HostileBytes, ThrownAtTheControlService) {
  ChildDaemon daemon;
  RandomBytes(daemon.control_socket());
  EXPECT_TRUE(Honest(daemon.socket()).Served());
  EXPECT_EQ(daemon.Stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(All, Hostile, testing::ValuesIn(kAttacks),
                         [](const testing::TestParamInfo<Attack>& attack) {
                           return std::string(attack.param.name);
                         });

TEST(HostileReader, WhoDoesNotReadLosesEventsAndBlocksNobody) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  Honest honest(fake.socket_path());
  const auto stream = honest.Subscribe();
  // Opens a stream by hand and never reads: the preface, empty settings, and a request for Events.
  const RawConnection lazy(fake.socket_path());
  std::string frames = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  frames += std::string("\0\0\0\4\0\0\0\0\0", 9);
  const auto literal = [](const std::string& name, const std::string& value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + name +
           static_cast<char>(value.size()) + value;
  };
  const std::string headers = literal(":method", "POST") + literal(":scheme", "http") +
                              literal(":path", "/types.API/Events") + literal(":authority", "x") +
                              literal("te", "trailers") +
                              literal("content-type", "application/grpc");
  frames += std::string("\0\0", 2) + static_cast<char>(headers.size()) + "\x01\x04" +
            std::string("\0\0\0\1", 4) + headers;
  frames += std::string("\0\0\5\0\1\0\0\0\1", 9) + std::string(5, '\0');
  lazy.Send(frames);
  ASSERT_TRUE(fake.WaitForSubscribers(2));

  const std::size_t before = ResidentBytes(::getpid());
  constexpr std::size_t kEvents = 20'000;
  for (std::size_t i = 0; i < kEvents; ++i) {
    fake.Emit({.kind = EventKind::kOom, .container = {.id = std::string(200, 'x')}});
    // Not more ahead of the honest reader than its queue holds.
    if (i >= 1'000) {
      ASSERT_TRUE(stream->WaitForEvents(i - 1'000));
    }
  }
  EXPECT_TRUE(stream->WaitForEvents(kEvents));
  // What the fake itself remembers of them, and no second copy for the lazy one.
  constexpr std::size_t kEach = 1'500;
  EXPECT_LT(ResidentBytes(::getpid()), before + kEvents * kEach);
  EXPECT_TRUE(honest.Served());
  EXPECT_TRUE(fake.Stop());
}

// What the process may have from now on; its hard limit stays.
void LimitDescriptors(pid_t pid, std::size_t count) {
  rlimit limit{};
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(count, limit.rlim_max);
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr), 0);
}

// Clients that come while there are no descriptors wait; those who are there are served, and so are
// all once there are some again. At both sockets.
TEST(HostileConnections, WithoutDescriptorsForThemTheProgramGoesOn) {
  constexpr std::size_t kLeft = 30;
  constexpr std::size_t kMany = 100;
  ChildDaemon daemon;
  Honest honest(daemon.socket());
  const auto stream = honest.Subscribe();
  ASSERT_TRUE(honest.Served());
  for (const std::string& socket : {daemon.socket(), daemon.control_socket()}) {
    LimitDescriptors(daemon.pid(), CountDescriptors(daemon.pid()) + kLeft);
    std::vector<std::unique_ptr<RawConnection>> connections;
    for (std::size_t i = 0; i < kMany; ++i) {
      connections.push_back(std::make_unique<RawConnection>(socket));
      ASSERT_TRUE(connections.back()->connected()) << i;
    }
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(honest.Served());
    connections.clear();
    EXPECT_TRUE(Honest(daemon.socket()).Served());
    EXPECT_TRUE(RawConnection(daemon.control_socket()).connected());
  }
  // One who comes while there is no room, and stays.
  LimitDescriptors(daemon.pid(), 3);
  Honest late(daemon.socket());
  auto served = std::async(std::launch::async, [&] { return late.Served(); });
  EXPECT_EQ(served.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  LimitDescriptors(daemon.pid(), 1000);
  EXPECT_TRUE(served.get());
  EXPECT_EQ(stream->ended.get_future().wait_for(seconds(0)), std::future_status::timeout);
  EXPECT_EQ(daemon.Stop(), 0);
}

// --- The limits, each with its sentence.

class Limited : public testing::Test {
 protected:
  void Start(const Limits& limits) {
    FakeContainerdOptions options;
    options.limits = limits;
    ASSERT_TRUE(fake_.Start(options));
    std::ofstream(fake_.directory() + "/config.json")
        << R"({"process": {"args": ["/bin/program"]}, "linux": {}})";
  }
  types::CreateContainerRequest Create(const std::string& id) const {
    types::CreateContainerRequest request;
    request.set_id(id);
    request.set_bundlepath(fake_.directory());
    return request;
  }
  FakeContainerd fake_;
};

TEST_F(Limited, Containers) {
  Start({.containers = 2});
  Honest client(fake_.socket_path());
  EXPECT_EQ(client.ErrorOf(Create("a")), "OK");
  EXPECT_EQ(client.ErrorOf(Create("b")), "OK");
  EXPECT_EQ(client.ErrorOf(Create("c")),
            "RESOURCE_EXHAUSTED: fake-containerd: the limit of 2 containers is reached");
  ASSERT_TRUE(fake_.ExitInit("a", 0));
  ASSERT_TRUE(fake_.WaitForExit("a"));
  EXPECT_EQ(client.ErrorOf(Create("c")), "OK");
}

TEST_F(Limited, Subscribers) {
  Start({.subscribers = 2});
  Honest client(fake_.socket_path());
  const auto first = client.Subscribe();
  const auto second = client.Subscribe();
  ASSERT_TRUE(fake_.WaitForSubscribers(2));
  const auto third = client.Subscribe();
  auto ended = third->ended.get_future();
  ASSERT_EQ(ended.wait_for(std::chrono::milliseconds(kPatienceMs)), std::future_status::ready);
  EXPECT_EQ(ended.get(),
            "RESOURCE_EXHAUSTED: fake-containerd: the limit of 2 event streams is reached");
}

TEST_F(Limited, RequestBytesAndCalls) {
  Start({.calls = 0});
  EXPECT_EQ(Honest(fake_.socket_path()).ErrorOf(types::StateRequest()),
            "RESOURCE_EXHAUSTED: fake-containerd: the limit of 0 calls under way is reached");
  ASSERT_TRUE(fake_.Stop());
  Start({.request_bytes = 10});
  EXPECT_EQ(Honest(fake_.socket_path()).ErrorOf(Create("a")),
            "RESOURCE_EXHAUSTED: fake-containerd: the limit of 10 bytes of requests under way is "
            "reached");
}

TEST_F(Limited, EventBytes) {
  Start({.event_bytes = 4'000});
  Honest client(fake_.socket_path());
  const auto stream = client.Subscribe();
  ASSERT_TRUE(fake_.WaitForSubscribers(1));
  fake_.HoldEvents(true);
  for (int i = 0; i < 100; ++i) fake_.Emit({.kind = EventKind::kOom, .container = {.id = "x"}});
  auto ended = stream->ended.get_future();
  ASSERT_EQ(ended.wait_for(std::chrono::milliseconds(kPatienceMs)), std::future_status::ready);
  EXPECT_EQ(ended.get(),
            "RESOURCE_EXHAUSTED: fake-containerd: the limit of bytes of events that wait to be "
            "read is reached");
  fake_.HoldEvents(false);
  const auto other = client.Subscribe();
  ASSERT_TRUE(fake_.WaitForEvent(EventKind::kOom, "x", "", 100));
  EXPECT_TRUE(client.Served());
}

TEST_F(Limited, StreamsOfProcessesAreFifos) {
  Start({});
  Honest client(fake_.socket_path());
  types::CreateContainerRequest request = Create("a");
  const std::string precious = fake_.directory() + "/precious";
  std::ofstream(precious) << "gold";
  request.set_stdout(precious);
  EXPECT_EQ(client.ErrorOf(request), "UNKNOWN: shim error: open " + precious + ": is no FIFO");
}

}  // namespace
}  // namespace fake_containerd
