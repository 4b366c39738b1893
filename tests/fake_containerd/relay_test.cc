// Faults of connections: each action at each point of the relay, seen by a plain socket in front of
// an echo, and by a whole client.
#include "fake_containerd/relay.h"

#include <cerrno>
#include <cstring>
#include <functional>
#include <future>
#include <map>

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

// Echoes on a thread of its own; a new connection after the other.
class Echo {
 public:
  explicit Echo(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    const sockaddr_un address = Address(path);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    thread_ = std::async(std::launch::async, [this] {
      for (int peer = ::accept(listener_, nullptr, nullptr); peer >= 0;
           peer = ::accept(listener_, nullptr, nullptr)) {
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
    ::shutdown(listener_, SHUT_RDWR);
    thread_.get();
    ::close(listener_);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

 private:
  const int listener_;
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
  explicit RelayRig(const std::string& plan)
      : echo_(target()), injector_(std::make_shared<Injector>(runtime_, 1, Injector::Hooks())) {
    On([&] {
      injector_->SetFaults(*FaultPlan::Parse(plan));
      relay_ = std::make_unique<Relay>(runtime_, injector_);
      const auto started = relay_->Start(path(), target());
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
  std::string target() const { return directory_.path() / "back"; }
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
  RelayRig rig("");
  Peer peer(rig.path());
  EXPECT_EQ(peer.Ask("one"), "one");
  EXPECT_EQ(peer.Ask("two"), "two");
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
