#include "fake_containerd/server.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <grpcpp/channel.h>

#include "libcontainerd/grpc_containerd_api.h"
#include "tests/lib/adapters/scripted_containerd_api.h"

namespace fake_containerd {
namespace {

using libcontainerd::Awaitable;
using libcontainerd::Call;
using libcontainerd::ContainerdApi;
using libcontainerd::ErrorCode;
using libcontainerd::Result;
using libcontainerd::Status;
using libcontainerd::SteppableClock;
using libcontainerd::ThreadedRuntime;
using libcontainerd::test::Await;
using libcontainerd::test::Board;
using libcontainerd::test::Describe;
using libcontainerd::test::NumberedEvents;
using libcontainerd::test::OpenStream;
using libcontainerd::test::Pending;
using libcontainerd::test::RecordingSink;
using libcontainerd::test::ScriptedApi;
using libcontainerd::test::TemporaryDirectory;
using namespace std::chrono_literals;

using Names = std::vector<std::string>;

class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override {
    api_.Release();
    EXPECT_FALSE(runtime_.failure());
  }

  std::string socket() const { return directory_.File("containerd.sock"); }

  std::unique_ptr<ContainerdApi> Connect() {
    return std::move(*libcontainerd::ConnectUnixSocket(runtime_, socket()));
  }
  Pending<Result<types::StateResponse>> StartCall(ContainerdApi& client) {
    return {runtime_, Call(client, types::StateRequest(), 30s)};
  }
  std::string CallState(ContainerdApi& client) { return Describe(StartCall(client).Get()); }
  std::string CallState() { return CallState(*Connect()); }

  ino_t InodeOfSocket() const {
    struct stat found {};
    return lstat(socket().c_str(), &found) == 0 ? found.st_ino : 0;
  }

  TemporaryDirectory directory_;
  SteppableClock clock_;
  ThreadedRuntime runtime_{&clock_};
  ScriptedApi api_{runtime_};
};

// A socket bound by somebody who knows nothing of lock files.
class ForeignSocket {
 public:
  explicit ForeignSocket(const std::string& path, int type = SOCK_STREAM)
      : descriptor_(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(listen(descriptor_, 1), 0);
    }
  }
  ~ForeignSocket() { close(descriptor_); }  // the file stays, as after a crash
  ForeignSocket(const ForeignSocket&) = delete;
  ForeignSocket& operator=(const ForeignSocket&) = delete;

 private:
  int descriptor_;
};

TEST_F(ServerTest, TheSocketIsPrivateAndGoesWithTheServer) {
  Server server(runtime_, api_);
  ASSERT_TRUE(server.Start(socket()));
  EXPECT_EQ(directory_.Names(), (Names{"containerd.sock", "containerd.sock.lock"}));
  struct stat found {};
  ASSERT_EQ(lstat(socket().c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(CallState(), "OK");
  server.Stop();
  EXPECT_EQ(directory_.Names(), Names());
}

TEST_F(ServerTest, AServerCanStartAgainButNotTwice) {
  Server server(runtime_, api_);
  server.Stop();
  EXPECT_EQ(server.InProcessChannel(), nullptr);
  for (int life = 0; life < 3; ++life) {
    ASSERT_TRUE(server.Start(socket()));
    EXPECT_EQ(Describe(server.Start(socket())), "FAILED_PRECONDITION: the server runs already");
    EXPECT_EQ(Describe(server.StartInProcess()), "FAILED_PRECONDITION: the server runs already");
    EXPECT_EQ(CallState(), "OK");
    server.Stop();
    EXPECT_EQ(server.InProcessChannel(), nullptr);
  }
  ASSERT_TRUE(server.StartInProcess());
  const auto client = libcontainerd::ConnectChannel(runtime_, server.InProcessChannel());
  EXPECT_EQ(CallState(*client), "OK");
}

TEST_F(ServerTest, ASocketServerHasAnInProcessChannelToo) {
  Server server(runtime_, api_);
  ASSERT_TRUE(server.Start(socket()));
  const auto client = libcontainerd::ConnectChannel(runtime_, server.InProcessChannel());
  EXPECT_EQ(CallState(*client), "OK");
  EXPECT_EQ(CallState(), "OK");
}

TEST_F(ServerTest, ASocketInUseIsNotStolen) {
  Server winner(runtime_, api_);
  ASSERT_TRUE(winner.Start(socket()));
  const ino_t inode = InodeOfSocket();
  {
    Server loser(runtime_, api_);
    EXPECT_EQ(Describe(loser.Start(socket())), "ALREADY_EXISTS: socket " + socket() + " is in use");
    loser.Stop();
  }
  EXPECT_EQ(InodeOfSocket(), inode);
  EXPECT_EQ(directory_.Names(), (Names{"containerd.sock", "containerd.sock.lock"}));
  EXPECT_EQ(CallState(), "OK");
}

TEST_F(ServerTest, OneOfManyRacersWins) {
  for (int round = 0; round < 10; ++round) {
    std::vector<std::unique_ptr<Server>> servers;
    for (int i = 0; i < 4; ++i) servers.push_back(std::make_unique<Server>(runtime_, api_));
    std::atomic<int> winners = 0;
    std::vector<std::thread> racers;
    for (auto& server : servers) {
      racers.emplace_back([&, racer = server.get()] {
        const Status started = racer->Start(socket());
        if (started) ++winners;
        if (!started) {
          EXPECT_EQ(started.error().code, ErrorCode::kAlreadyExists) << Describe(started);
        }
      });
    }
    for (std::thread& racer : racers) racer.join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(CallState(), "OK");
    servers.clear();
    EXPECT_EQ(directory_.Names(), Names());
  }
}

TEST_F(ServerTest, AForeignServersSocketIsNotStolenEither) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const ForeignSocket foreign(socket(), type);
    const ino_t inode = InodeOfSocket();
    Server server(runtime_, api_);
    EXPECT_EQ(Describe(server.Start(socket())),
              "ALREADY_EXISTS: socket " + socket() + " is in use");
    EXPECT_EQ(InodeOfSocket(), inode);
    EXPECT_EQ(directory_.Names(), (Names{"containerd.sock"}));
    unlink(socket().c_str());
  }
}

TEST_F(ServerTest, AForeignServerWhoseBacklogIsFullIsAlive) {
  const ForeignSocket foreign(socket());
  std::vector<int> waiting;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket().data(), socket().size());
  do {
    waiting.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  } while (connect(waiting.back(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
           0);
  Server server(runtime_, api_);
  EXPECT_EQ(Describe(server.Start(socket())), "ALREADY_EXISTS: socket " + socket() + " is in use");
  for (const int descriptor : waiting) close(descriptor);
}

TEST_F(ServerTest, AHeldLockFileAloneMeansInUse) {
  const int lock = open((socket() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  Server server(runtime_, api_);
  EXPECT_EQ(Describe(server.Start(socket())), "ALREADY_EXISTS: socket " + socket() + " is in use");
  EXPECT_EQ(directory_.Names(), (Names{"containerd.sock.lock"}));
  close(lock);
  // Left over by somebody who died.
  EXPECT_EQ(Describe(server.Start(socket())), "OK");
}

TEST_F(ServerTest, ADeadServersSocketIsReplaced) {
  { const ForeignSocket dead(socket()); }
  const ino_t inode = InodeOfSocket();
  ASSERT_NE(inode, 0U);
  Server server(runtime_, api_);
  ASSERT_EQ(Describe(server.Start(socket())), "OK");
  EXPECT_NE(InodeOfSocket(), inode);
  EXPECT_EQ(CallState(), "OK");
  server.Stop();
  EXPECT_EQ(directory_.Names(), Names());
}

TEST_F(ServerTest, WhatIsNotASocketIsKept) {
  std::ofstream(socket()) << "precious";
  Server server(runtime_, api_);
  EXPECT_EQ(Describe(server.Start(socket())),
            "ALREADY_EXISTS: " + socket() + " exists and is not a socket");
  std::string content;
  std::ifstream(socket()) >> content;
  EXPECT_EQ(content, "precious");
  EXPECT_EQ(directory_.Names(), (Names{"containerd.sock"}));
}

TEST_F(ServerTest, StopRemovesOnlyItsOwnSocket) {
  Server server(runtime_, api_);
  ASSERT_TRUE(server.Start(socket()));
  const ForeignSocket foreign(directory_.File("other"));
  std::filesystem::rename(directory_.File("other"), socket());
  const ino_t inode = InodeOfSocket();
  server.Stop();
  EXPECT_EQ(InodeOfSocket(), inode);
  EXPECT_EQ(directory_.Names(), (Names{"containerd.sock"}));
}

TEST_F(ServerTest, ImpossiblePathsAreRefused) {
  Server server(runtime_, api_);
  const std::string start = directory_.File("");
  const std::string path = start + std::string(108 - start.size(), 's');
  EXPECT_EQ(Describe(server.Start(path)),
            "INVALID_ARGUMENT: the socket path has 108 bytes, the limit is 107: " + path);
  EXPECT_EQ(Describe(server.Start("")), "INVALID_ARGUMENT: the socket path is empty");
  EXPECT_EQ(Describe(server.Start(std::string("/tmp/a\0b", 8))),
            "INVALID_ARGUMENT: the socket path contains a NUL byte");
  EXPECT_EQ(directory_.Names(), Names());
}

TEST_F(ServerTest, AMissingDirectoryIsNamed) {
  Server server(runtime_, api_);
  const std::string path = directory_.File("none/containerd.sock");
  EXPECT_EQ(Describe(server.Start(path)),
            "NOT_FOUND: cannot create lock file " + path + ".lock: No such file or directory");
  std::ofstream(directory_.File("file")) << "";
  const std::string below_file = directory_.File("file/containerd.sock");
  EXPECT_EQ(Describe(server.Start(below_file)),
            "NOT_FOUND: cannot create lock file " + below_file + ".lock: Not a directory");
  EXPECT_EQ(directory_.Names(), (Names{"file"}));
}

// Drops root's right to write everywhere for its lifetime.
class Unprivileged {
 public:
  Unprivileged() : root_(geteuid() == 0) {
    if (root_) {
      EXPECT_EQ(seteuid(65534), 0);
    }
  }
  ~Unprivileged() {
    if (root_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  bool root_;
};

TEST_F(ServerTest, ADirectoryThatIsClosedToUsIsNamed) {
  Server server(runtime_, api_);
  ASSERT_EQ(chmod(directory_.path().c_str(), 0555), 0);
  {
    const Unprivileged nobody;
    EXPECT_EQ(Describe(server.Start(socket())), "PERMISSION_DENIED: cannot create lock file " +
                                                    socket() + ".lock: Permission denied");
  }
  EXPECT_EQ(directory_.Names(), Names());
  ASSERT_EQ(chmod(directory_.path().c_str(), 0700), 0);
}

TEST_F(ServerTest, StoppingWithAnIdleStreamTakesNoLongerThanTheGrace) {
  std::size_t streams = 0;
  for (const auto grace : {0ms, 50ms}) {
    ++streams;
    Server server(runtime_, api_);
    ASSERT_TRUE(server.Start(socket()));
    const auto client = Connect();
    RecordingSink sink;
    OpenStream stream(runtime_, *client, sink);
    ASSERT_TRUE(api_.WaitForStreams(streams, 0));
    const auto start = std::chrono::steady_clock::now();
    server.Stop(grace);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
    ASSERT_TRUE(sink.WaitForEnd());
    EXPECT_EQ(sink.ends().front().error().code, ErrorCode::kUnavailable);
    ASSERT_TRUE(api_.WaitForStreams(streams, streams));
  }
}

TEST_F(ServerTest, StoppingWhileTheStreamIsFlooded) {
  for (std::size_t round = 1; round <= 5; ++round) {
    Server server(runtime_, api_);
    ASSERT_TRUE(server.Start(socket()));
    const auto client = Connect();
    RecordingSink sink;
    OpenStream stream(runtime_, *client, sink);
    ASSERT_TRUE(api_.WaitForStreams(round, round - 1));
    api_.Emit(NumberedEvents(0, 20'000));
    ASSERT_TRUE(sink.WaitForEvents(1));
    server.Stop();
    ASSERT_TRUE(sink.WaitForEnd());
  }
}

TEST_F(ServerTest, AStalledCallDoesNotHoldTheDisconnection) {
  Server server(runtime_, api_);
  ASSERT_TRUE(server.Start(socket()));
  const auto client = Connect();
  api_.Hold();
  auto call = StartCall(*client);
  ASSERT_TRUE(api_.WaitForCalls(1));
  server.Disconnect();
  EXPECT_EQ(call.Get().error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(std::filesystem::exists(socket()));
  api_.Release();
  server.Stop();
  EXPECT_EQ(directory_.Names(), Names());
}

TEST_F(ServerTest, GraceLetsACallEnd) {
  Server server(runtime_, api_);
  ASSERT_TRUE(server.Start(socket()));
  const auto client = Connect();
  api_.Hold();
  auto call = StartCall(*client);
  ASSERT_TRUE(api_.WaitForCalls(1));
  std::thread stop([&] { server.Stop(libcontainerd::test::kPatience); });
  api_.Release();
  EXPECT_EQ(Describe(call.Get()), "OK");
  stop.join();
}

TEST_F(ServerTest, ACoroutineOnTheExecutorCanStopTheServer) {
  Server server(runtime_, api_);
  ASSERT_TRUE(server.Start(socket()));
  const auto client = Connect();
  RecordingSink sink;
  OpenStream stream(runtime_, *client, sink);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  static constexpr auto kStop = [](Server* stopped) -> Awaitable<Status> {
    co_await stopped->AsyncStop();
    co_return Status();
  };
  EXPECT_EQ(Describe(Await(runtime_, kStop(&server))), "OK");
  EXPECT_EQ(directory_.Names(), Names());
}

// Notes the frames' completions as text.
class FrameLog {
 public:
  FrameHook hook() {
    return [this](const SentFrame& frame) {
      static constexpr const char* kKinds[] = {"event", "end", "reply"};
      std::string text = kKinds[static_cast<int>(frame.kind)] + std::to_string(frame.call);
      if (!frame.delivered) text += " lost";
      board_.Locked([&] { frames_.push_back(text); });
      if (on_frame) on_frame(frame);
    };
  }
  std::function<void(const SentFrame&)> on_frame;
  testing::AssertionResult WaitFor(const Names& expected) {
    auto result =
        board_.WaitFor("the last frame", [&] { return frames_.size() >= expected.size(); });
    if (!result) return result;
    const Names frames = board_.Locked([&] { return frames_; });
    if (frames == expected) return testing::AssertionSuccess();
    testing::AssertionResult failure = testing::AssertionFailure() << "the frames were";
    for (const std::string& frame : frames) failure << " " << frame;
    return failure;
  }

 private:
  Board board_;
  Names frames_;
};

TEST_F(ServerTest, EachFrameIsReportedOnTheExecutorOnceItIsOut) {
  FrameLog log;
  std::atomic<int> elsewhere = 0;
  log.on_frame = [&](const SentFrame&) { elsewhere += runtime_.OnExecutorThread() ? 0 : 1; };
  Server server(runtime_, api_, log.hook());
  ASSERT_TRUE(server.Start(socket()));
  const auto client = Connect();
  RecordingSink sink;
  OpenStream stream(runtime_, *client, sink);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  EXPECT_EQ(CallState(*client), "OK");
  ASSERT_TRUE(log.WaitFor({"reply2"}));
  api_.Emit(NumberedEvents(0, 2));
  ASSERT_TRUE(sink.WaitForEvents(2));
  ASSERT_TRUE(log.WaitFor({"reply2", "event1", "event1"}));
  api_.End({});
  ASSERT_TRUE(sink.WaitForEnd());
  ASSERT_TRUE(log.WaitFor({"reply2", "event1", "event1", "end1"}));
  EXPECT_EQ(elsewhere, 0);
}

// What a replayer does: the next frame goes out when the one before is out.
TEST_F(ServerTest, AHookCanFixTheFramesOrder) {
  FrameLog log;
  Server server(runtime_, api_, log.hook());
  log.on_frame = [&](const SentFrame& frame) {
    if (frame.kind != SentFrame::Kind::kReply) return;
    api_.EmitHere(NumberedEvents(static_cast<std::uint32_t>(frame.call), 1));
  };
  ASSERT_TRUE(server.Start(socket()));
  const auto client = Connect();
  RecordingSink sink;
  OpenStream stream(runtime_, *client, sink);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  Names expected;
  for (std::uint32_t call = 2; call < 102; ++call) {
    EXPECT_EQ(CallState(*client), "OK");
    ASSERT_TRUE(sink.WaitForEvents(call - 1));
    expected.push_back("reply" + std::to_string(call));
    expected.push_back("event1");
    // The client may have the event before the server's side knows that it is out.
    ASSERT_TRUE(log.WaitFor(expected));
  }
}

TEST_F(ServerTest, WhatTheClientGaveUpIsReportedAsLost) {
  FrameLog log;
  Server server(runtime_, api_, log.hook());
  ASSERT_TRUE(server.Start(socket()));
  auto client = Connect();
  api_.Hold();
  auto call = StartCall(*client);
  ASSERT_TRUE(api_.WaitForCalls(1));
  client.reset();
  EXPECT_EQ(call.Get().error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(log.WaitFor({"reply1 lost"}));
  api_.Release();
}

TEST(ServerDefects, AnExceptionOfTheApiIsReportedAndAnswered) {
  ThreadedRuntime runtime;
  ScriptedApi api(runtime);
  Server server(runtime, api);
  ASSERT_TRUE(server.StartInProcess());
  const auto client = libcontainerd::ConnectChannel(runtime, server.InProcessChannel());
  api.SetAnswer([](libcontainerd::Method, const auto&, auto&) -> Status {
    throw std::runtime_error("defect");
  });
  EXPECT_EQ(Describe(Await(runtime, Call(*client, types::StateRequest(), 30s))),
            "INTERNAL: the API threw an exception");
  EXPECT_TRUE(runtime.failure());
}

TEST_F(ServerTest, ManyClientsComeAndGo) {
  Server server(runtime_, api_);
  ASSERT_TRUE(server.Start(socket()));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this] {
      for (int i = 0; i < 10; ++i) {
        const auto client = Connect();
        RecordingSink sink;
        OpenStream stream(runtime_, *client, sink);
        std::vector<Pending<Result<types::StateResponse>>> calls;
        for (int j = 0; j < 10; ++j) calls.push_back(StartCall(*client));
        if (i % 2 == 0) continue;  // leaves in the middle
        for (auto& call : calls) EXPECT_EQ(Describe(call.Get()), "OK");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(DescriptorLimit, IsRaisedToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lowered = before;
  lowered.rlim_cur = std::min<rlim_t>(before.rlim_cur, 256);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  EXPECT_TRUE(RaiseDescriptorLimit());
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, std::min<rlim_t>(before.rlim_max, 1 << 20));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace fake_containerd
