// Faults of connections: each action at each point of the relay, seen by a plain socket in front of
// an echo, and by a whole client.
#include "fake_containerd/relay.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/post.hpp>

#include "fake_containerd/fake_containerd.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/mini_engine.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

using std::chrono::milliseconds;

constexpr int kPatienceMs = 10'000;
constexpr int kMomentMs = 50;  // long enough to see that nothing comes

sockaddr_un Address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// The server behind: echoes on a thread of its own, one connection after the other.
class Echo {
 public:
  Echo() {
    thread_ = std::async(std::launch::async, [this] {
      for (int peer = Next(); peer >= 0; peer = Next()) {
        char bytes[256];
        for (ssize_t size = ::read(peer, bytes, sizeof(bytes)); size > 0;
             size = ::read(peer, bytes, sizeof(bytes))) {
          if (::send(peer, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL) < 0) break;
        }
        ::close(peer);
      }
    });
  }
  ~Echo() {
    Serve(-1);
    thread_.get();
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void Serve(int descriptor) {
    if (descriptor >= 0) {
      const int flags = ::fcntl(descriptor, F_GETFL);
      EXPECT_NE(flags & O_NONBLOCK, 0);
      EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
      ::fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
    }
    const std::lock_guard lock(mutex_);
    waiting_.push_back(descriptor);
    changed_.notify_all();
  }

 private:
  int Next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty(); });
    const int next = waiting_.front();
    waiting_.pop_front();
    return next;
  }

  std::mutex mutex_;  // guards the next two
  std::condition_variable changed_;
  std::deque<int> waiting_;
  std::future<void> thread_;
};

class Peer {
 public:
  explicit Peer(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    const sockaddr_un address = Address(path);
    const int result =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    error_ = result == 0 ? 0 : errno;
  }
  ~Peer() { ::close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  int error() const { return error_; }
  void Send(const std::string& text) {
    (void)!::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  // What comes within that time: bytes, "end", "reset", or "nothing".
  std::string Receive(int timeout_ms = kPatienceMs) {
    pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, timeout_ms) <= 0) return "nothing";
    char bytes[256];
    const ssize_t size = ::read(socket_, bytes, sizeof(bytes));
    if (size < 0) return errno == ECONNRESET ? "reset" : std::strerror(errno);
    return size == 0 ? "end" : std::string(bytes, static_cast<std::size_t>(size));
  }
  std::string Ask(const std::string& text, int timeout_ms = kPatienceMs) {
    Send(text);
    return Receive(timeout_ms);
  }

 private:
  const int socket_;
  int error_ = 0;
};

class RelayRig {
 public:
  explicit RelayRig(const std::string& plan, bool relays = true)
      : injector_(std::make_shared<Injector>(runtime_, 1, Injector::Hooks())) {
    On([&] {
      injector_->SetFaults(*FaultPlan::Parse(plan));
      relay_ = std::make_unique<Relay>(runtime_, relays ? injector_ : nullptr,
                                       [this](int descriptor) { echo_.Serve(descriptor); });
      const auto started = relay_->Start(path());
      EXPECT_TRUE(started) << started.error().message;
    });
  }
  ~RelayRig() {
    On([&] { relay_.reset(); });
    On([&] { injector_->Detach(); });
    runtime_.Drain();
    EXPECT_FALSE(runtime_.failure());
    EXPECT_FALSE(std::filesystem::exists(path()));
  }
  RelayRig(const RelayRig&) = delete;
  RelayRig& operator=(const RelayRig&) = delete;

  std::string path() const { return directory_.path() / "front"; }
  Relay& relay() { return *relay_; }
  void On(const std::function<void()>& step) {
    std::promise<void> done;
    asio::post(runtime_.executor(), [&] {
      step();
      done.set_value();
    });
    done.get_future().get();
  }
  // Lets that much time pass for the relay; whatever was due has happened when it returns.
  void Pass(milliseconds time) {
    clock_.AdvanceBy(time);
    On([] {});
  }
  void Faults(const std::string& plan) {
    On([&] {
      injector_->SetFaults(*FaultPlan::Parse(plan));
      relay_->Reconsider();
    });
  }

 private:
  TemporaryDirectory directory_;
  Echo echo_;
  libcontainerd::SteppableClock clock_;
  libcontainerd::ThreadedRuntime runtime_{&clock_};
  std::shared_ptr<Injector> injector_;
  std::unique_ptr<Relay> relay_;
};

// Until somebody listens.
std::string AskUntilServed(const RelayRig& rig) {
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(kPatienceMs);
  while (std::chrono::steady_clock::now() < deadline) {
    Peer peer(rig.path());
    if (peer.error() == 0) return peer.Ask("back");
  }
  return "nobody";
}

using Checks = std::map<std::pair<std::string, FaultAction>, std::function<void()>>;

void AddListening(Checks& checks) {
  checks[{"connection.listen", FaultAction::kRefuse}] = [] {
    RelayRig rig("connection.listen=1*refuse(200ms)");
    EXPECT_EQ(Peer(rig.path()).error(), ECONNREFUSED);
    rig.Pass(milliseconds(199));
    EXPECT_EQ(Peer(rig.path()).error(), ECONNREFUSED);
    rig.Pass(milliseconds(1));
    EXPECT_EQ(AskUntilServed(rig), "back");
    rig.Faults("connection.listen=refuse");
    EXPECT_EQ(Peer(rig.path()).error(), ECONNREFUSED);
    rig.Faults("");
    EXPECT_EQ(Peer(rig.path()).Ask("hello"), "hello");
  };
}

void AddConnections(Checks& checks) {
  for (const std::string point : {"connection.accept", "connection.data"}) {
    const auto first = [point](const std::string& term) { return point + "=1*" + term; };
    checks[{point, FaultAction::kDrop}] = [=] {
      RelayRig rig(first("drop"));
      Peer peer(rig.path());
      if (point == "connection.data") peer.Send("x");
      EXPECT_EQ(peer.Receive(), "end");
      EXPECT_EQ(Peer(rig.path()).Ask("hello"), "hello");
    };
    checks[{point, FaultAction::kReset}] = [=] {
      RelayRig rig(first("reset"));
      EXPECT_EQ(Peer(rig.path()).Ask("x"), "reset");
      EXPECT_EQ(Peer(rig.path()).Ask("hello"), "hello");
    };
    checks[{point, FaultAction::kDelay}] = [=] {
      RelayRig rig(first("delay(150ms)"));
      Peer slow(rig.path());
      EXPECT_EQ(slow.Ask("x", kMomentMs), "nothing");
      rig.Pass(milliseconds(150));
      EXPECT_EQ(slow.Receive(), "x");
    };
    checks[{point, FaultAction::kHalfOpen}] = [=] {
      RelayRig rig(first("halfopen"));
      Peer peer(rig.path());
      EXPECT_EQ(peer.Ask("x", kMomentMs), "nothing");
      EXPECT_EQ(peer.Ask(std::string(1000, 'y'), kMomentMs), "nothing");
      EXPECT_EQ(Peer(rig.path()).Ask("hello"), "hello");
    };
  }
  checks[{"connection.accept", FaultAction::kStall}] = [] {
    RelayRig rig("connection.accept=1*stall(150ms)->1*stall");
    Peer slow(rig.path());
    EXPECT_EQ(slow.Ask("x", kMomentMs), "nothing");
    rig.Pass(milliseconds(150));
    EXPECT_EQ(slow.Receive(), "x");
    Peer stuck(rig.path());
    EXPECT_EQ(stuck.Ask("x", kMomentMs), "nothing");
    rig.Pass(std::chrono::hours(1));
    EXPECT_EQ(stuck.Receive(kMomentMs), "nothing");
  };
  // The echo's answer passes the point too.
  checks[{"connection.data", FaultAction::kStall}] = [] {
    RelayRig rig("connection.data=1*stall(150ms)->1*off->1*stall");
    Peer slow(rig.path());
    EXPECT_EQ(slow.Ask("x", kMomentMs), "nothing");
    rig.Pass(milliseconds(150));
    EXPECT_EQ(slow.Receive(), "x");
    EXPECT_EQ(slow.Ask("y", kMomentMs), "nothing");
    rig.Pass(std::chrono::hours(1));
    EXPECT_EQ(slow.Receive(kMomentMs), "nothing");
  };
}

Checks AllChecks() {
  Checks checks;
  AddListening(checks);
  AddConnections(checks);
  return checks;
}

TEST(Relay, DoesToConnectionsWhatThePlanSays) {
  Checks checks = AllChecks();
  for (const InjectionPoint& point : InjectionPoints()) {
    if (!point.name.starts_with("connection.")) continue;
    for (const FaultAction action : point.actions) {
      SCOPED_TRACE(point.name + " " + std::string(FaultActionName(action)));
      const auto found = checks.find({point.name, action});
      ASSERT_NE(found, checks.end());
      found->second();
    }
  }
}

TEST(Relay, OnlyCarriesWithoutFaults) {
  for (const bool relays : {true, false}) {
    RelayRig rig("", relays);
    Peer peer(rig.path());
    EXPECT_EQ(peer.Ask("one"), "one");
    EXPECT_EQ(peer.Ask("two"), "two");
  }
}

TEST(Relay, ConnectionsStayWhenNobodyListensAnyMoreAndCanBeCut) {
  for (const bool relays : {true, false}) {
    RelayRig rig("", relays);
    Peer peer(rig.path());
    EXPECT_EQ(peer.Ask("one"), "one");
    rig.On([&] { rig.relay().StopListening(); });
    EXPECT_FALSE(std::filesystem::exists(rig.path()));
    EXPECT_TRUE(std::filesystem::exists(rig.path() + ".lock"));
    EXPECT_EQ(peer.Ask("two"), "two");
    rig.On([&] { rig.relay().CutConnections(); });
    EXPECT_EQ(peer.Receive(), "end");
  }
}

TEST(Relay, FaultsOfConnectionsCanBeSetAtAnyTime) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  {
    MiniEngine engine(fake.socket_path(), fake.directory());
    ASSERT_TRUE(fake.WaitForSubscribers(1));
    ASSERT_TRUE(engine.Run("web"));
    ASSERT_TRUE(fake.SetFaults("connection.data=1*reset"));
    ASSERT_TRUE(fake.ExitInit("web", 3));
    EXPECT_EQ(engine.WaitForExit("web"), "exit 3");
    EXPECT_TRUE(fake.WaitForFired("connection.data"));
  }
  EXPECT_TRUE(fake.Stop());
}

TEST(Relay, WithoutOneFaultsOfConnectionsAreRefused) {
  const std::string sentence =
      "faults of connections need a socket and FakeContainerdOptions::relay";
  for (const bool socket : {true, false}) {
    FakeContainerd fake;
    const auto started =
        fake.Start({.socket = socket, .faults = "connection.data=reset", .relay = !socket});
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message, sentence);
    ASSERT_TRUE(fake.Start({.socket = socket, .relay = !socket}));
    EXPECT_EQ(fake.SetFaults("event.oom=drop; connection.data=reset").message(), sentence);
    if (socket) {
      MiniEngine engine(fake.socket_path(), fake.directory());
      EXPECT_TRUE(engine.Run("web"));
    }
    EXPECT_TRUE(fake.Stop());
  }
}

TEST(Relay, AClientComesThroughWhateverHappensToItsConnections) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.faults = "connection.accept=1*drop->1*reset"}));
  {
    MiniEngine engine(fake.socket_path(), fake.directory());
    ASSERT_TRUE(fake.WaitForSubscribers(1));
    EXPECT_TRUE(fake.WaitForFired("connection.accept", 2));
    ASSERT_TRUE(engine.Run("web"));
    ASSERT_TRUE(fake.SetFaults("connection.data=1*reset"));
    ASSERT_TRUE(fake.ExitInit("web", 3));
    EXPECT_EQ(engine.WaitForExit("web"), "exit 3");
    EXPECT_TRUE(fake.WaitForFired("connection.data"));
  }
  EXPECT_TRUE(fake.Stop());
}

}  // namespace
}  // namespace fake_containerd
