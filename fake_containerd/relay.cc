#include "fake_containerd/relay.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include "fake_containerd/socket_claim.h"
#include "libcontainerd/async.h"

namespace fake_containerd {

using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;

namespace {

using Protocol = asio::local::stream_protocol;
using Socket = asio::basic_stream_socket<Protocol, asio::any_io_executor>;
using Acceptor = asio::basic_socket_acceptor<Protocol, asio::any_io_executor>;
using Verdict = Injector::Verdict;
using libcontainerd::Runtime;

constexpr std::size_t kChunk = 64 * 1024;
// Until it is tried again to accept somebody whom there was no descriptor for.
constexpr int kPauseMs = 50;

// What a fault, or its absence, means for a connection.
enum class Fate { kGoesOn, kCloses, kStandsStill, kIsSwallowed };

void CloseOnExec(Socket& socket) {
  (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

// Ends what was accepted on this address: an accepted socket has its listener's name.
void CutConnectionsOf(const std::string& address) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const int descriptor = std::atoi(entry.path().filename().c_str());
    sockaddr_un name{};
    socklen_t size = sizeof name;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0 ||
        name.sun_family != AF_UNIX || size >= sizeof name) {
      continue;
    }
    if (address == name.sun_path) ::shutdown(descriptor, SHUT_RDWR);
  }
}

// Of real time, whatever the clock: it is the machine that lacks something.
Awaitable<libcontainerd::Unit> Pause(Runtime& runtime) {
  auto wait = [] {
    (void)::poll(nullptr, 0, kPauseMs);
    return libcontainerd::Unit();
  };
  return libcontainerd::OffExecutor(runtime, wait);
}

}  // namespace

struct Relay::State : std::enable_shared_from_this<Relay::State> {
  struct Connection {
    Connection(std::uint64_t its_number, Socket its_client, Socket near_end, Socket far_end)
        : number(its_number),
          client(std::move(its_client)),
          server(std::move(near_end)),
          handed_over(std::move(far_end)) {}
    void Close() {
      asio::error_code ignored;
      client.close(ignored);
      server.close(ignored);
      handed_over.close(ignored);
    }
    const std::uint64_t number;
    Socket client;
    Socket server;
    Socket handed_over;     // the other end of `server`, until the server gets it
    bool carries = false;   // bytes flow
    bool swallows = false;  // half open: the client talks to nobody
  };
  using ConnectionPtr = std::shared_ptr<Connection>;

  State(Runtime& its_runtime, std::shared_ptr<Injector> its_injector, Serve its_serve)
      : runtime(its_runtime), injector(std::move(its_injector)), serve(std::move(its_serve)) {}

  Status Listen();
  void Consider();
  void CloseAcceptor();
  void End(const ConnectionPtr& connection) {
    connection->Close();
    connections.erase(connection->number);
  }
  void HandOver(Socket socket) const;
  bool AcceptOne(Acceptor& from);

  static Awaitable<void> Accept(std::shared_ptr<State> self, std::shared_ptr<Acceptor> from);
  static Awaitable<void> Serving(std::shared_ptr<State> self, ConnectionPtr connection);
  static Awaitable<void> Pump(std::shared_ptr<State> self, ConnectionPtr connection,
                              bool from_client);
  static Awaitable<Fate> Decide(std::shared_ptr<State> self, std::string point,
                                ConnectionPtr connection);

  Runtime& runtime;
  const std::shared_ptr<Injector> injector;
  const Serve serve;
  std::string path;
  bool stopped = false;
  std::uint64_t refusals = 0;  // counts changes of listening, for timers that come late
  std::unique_ptr<SocketClaim> claim;
  std::shared_ptr<Acceptor> acceptor;
  std::uint64_t last_number = 0;
  std::map<std::uint64_t, ConnectionPtr> connections;
};

Status Relay::State::Listen() {
  claim.reset();  // a dead socket of ours lies there
  auto made = SocketClaim::Make(path);
  if (!made) return Fail(std::move(made).error());
  claim = std::move(*made);
  auto listening = std::make_shared<Acceptor>(runtime.executor());
  asio::error_code error;
  listening->open(Protocol(), error);
  if (!error) (void)::fcntl(listening->native_handle(), F_SETFD, FD_CLOEXEC);
  if (!error) listening->non_blocking(true, error);
  if (!error) listening->bind(Protocol::endpoint(claim->bind_path()), error);
  if (!error) listening->listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Fail(ErrorCode::kUnavailable, "cannot listen on " + path + ": " + error.message());
  }
  if (Status published = claim->Publish(); !published) return published;
  acceptor = listening;
  libcontainerd::Spawn(runtime, Accept(shared_from_this(), listening));
  return {};
}

// Clients find a socket behind which nobody is.
void Relay::State::CloseAcceptor() {
  asio::error_code ignored;
  if (acceptor) acceptor->close(ignored);
  acceptor.reset();
}

void Relay::State::Consider() {
  if (stopped || !injector) return;
  const std::uint64_t refusal = ++refusals;
  const std::optional<FaultTerm> fault = injector->Draw("connection.listen", {}).fault;
  if (!fault) {
    if (acceptor) return;
    if (Status listening = Listen(); !listening) {
      runtime.ReportFailure(std::make_exception_ptr(std::runtime_error(listening.error().message)));
    }
    return;
  }
  CloseAcceptor();
  if (fault->duration == Duration::zero()) return;  // until the plan changes
  runtime.StartTimer(fault->duration, [weak = weak_from_this(), refusal] {
    const auto self = weak.lock();
    if (self && self->refusals == refusal) self->Consider();
  });
}

void Relay::State::HandOver(Socket socket) const {
  asio::error_code error;
  socket.native_non_blocking(true, error);
  if (error) return;  // and so it ends
  const int descriptor = socket.release(error);
  if (!error) serve(descriptor);
}

// False when what another connection takes is lacking.
bool Relay::State::AcceptOne(Acceptor& from) {
  Socket near_end(runtime.executor());
  Socket far_end(runtime.executor());
  Socket client(runtime.executor());
  asio::error_code error;
  if (injector) asio::local::connect_pair(near_end, far_end, error);
  if (error) return false;
  from.accept(client, error);
  if (error) {
    // Somebody who gave up is nothing that we lack.
    return error == asio::error::would_block || error == asio::error::try_again ||
           error == asio::error::connection_aborted || error == asio::error::interrupted;
  }
  CloseOnExec(client);
  if (!injector) {
    HandOver(std::move(client));
    return true;
  }
  CloseOnExec(near_end);
  CloseOnExec(far_end);
  const auto connection = std::make_shared<Connection>(++last_number, std::move(client),
                                                       std::move(near_end), std::move(far_end));
  connections[connection->number] = connection;
  libcontainerd::Spawn(runtime, Serving(shared_from_this(), connection));
  return true;
}

Awaitable<void> Relay::State::Accept(std::shared_ptr<State> self, std::shared_ptr<Acceptor> from) {
  asio::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  while (true) {
    co_await from->async_wait(asio::socket_base::wait_read, token);
    if (error || self->stopped || !from->is_open()) co_return;
    if (!self->AcceptOne(*from)) {
      Awaitable<libcontainerd::Unit> pausing = Pause(self->runtime);
      (void)co_await std::move(pausing);
    } else if (self->acceptor == from) {
      self->Consider();
    }
    if (!from->is_open()) co_return;
  }
}

// One connection at one point. What is reset is closed with something unread, which the kernel
// tells the other side; what stands still keeps its sockets until the relay stops.
Awaitable<Fate> Relay::State::Decide(std::shared_ptr<State> self, std::string point,
                                     ConnectionPtr connection) {
  Awaitable<Verdict> passing = self->injector->Passed(std::move(point), InjectionSubject());
  // The relay is no part of the daemon: it goes on when that dies.
  const Verdict verdict = co_await std::move(passing);
  if (!verdict.fault) co_return Fate::kGoesOn;
  switch (verdict.fault->action) {
    case FaultAction::kStall: {
      if (verdict.fault->duration == Duration::zero()) co_return Fate::kStandsStill;
      co_await libcontainerd::Sleep(self->runtime, verdict.fault->duration);
      co_return Fate::kGoesOn;
    }
    case FaultAction::kHalfOpen:
      co_return Fate::kIsSwallowed;
    case FaultAction::kReset: {
      // Data that arrived is unread yet; a client that just came is about to say something.
      asio::error_code error;
      auto token = asio::redirect_error(asio::use_awaitable, error);
      if (!connection->carries) {
        co_await connection->client.async_wait(asio::socket_base::wait_read, token);
      }
      co_return Fate::kCloses;
    }
    default: {
      // A clean end: nothing is left unread.
      std::array<char, 4096> rest{};
      asio::error_code error;
      connection->client.non_blocking(true, error);
      while (!error) connection->client.read_some(asio::buffer(rest), error);
      co_return Fate::kCloses;
    }
  }
}

Awaitable<void> Relay::State::Serving(std::shared_ptr<State> self, ConnectionPtr connection) {
  Awaitable<Fate> deciding = Decide(self, "connection.accept", connection);
  const Fate fate = co_await std::move(deciding);
  if (fate == Fate::kCloses || self->stopped) co_return self->End(connection);
  if (fate == Fate::kStandsStill) co_return;
  connection->carries = true;
  if (fate == Fate::kIsSwallowed) {
    connection->swallows = true;
  } else {
    self->HandOver(std::move(connection->handed_over));
    libcontainerd::Spawn(self->runtime, Pump(self, connection, /*from_client=*/false));
  }
  libcontainerd::Spawn(self->runtime, Pump(self, connection, /*from_client=*/true));
}

Awaitable<void> Relay::State::Pump(std::shared_ptr<State> self, ConnectionPtr connection,
                                   bool from_client) {
  Socket& from = from_client ? connection->client : connection->server;
  Socket& to = from_client ? connection->server : connection->client;
  asio::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  while (true) {
    co_await from.async_wait(asio::socket_base::wait_read, token);
    const bool nobody = connection->swallows && !from_client;
    if (error || nobody) break;
    const std::size_t available = from.available(error);
    if (!error && available > 0 && !connection->swallows) {
      Awaitable<Fate> deciding = Decide(self, "connection.data", connection);
      const Fate fate = co_await std::move(deciding);
      if (fate == Fate::kStandsStill) co_return;
      if (fate == Fate::kCloses) break;
      if (fate == Fate::kIsSwallowed) {
        connection->swallows = true;
        asio::error_code ignored;
        connection->server.close(ignored);
        if (!from_client) co_return;  // the other pump drains the client
      }
    }
    // None while it is idle: connections may be many.
    std::vector<char> buffer(std::clamp<std::size_t>(available, 1, kChunk));
    const std::size_t size = co_await from.async_read_some(asio::buffer(buffer), token);
    if (error) break;
    if (connection->swallows) continue;
    const auto data = asio::buffer(buffer.data(), size);
    co_await asio::async_write(to, data, token);
    if (error) break;
  }
  // A half-open one ends with its client only.
  if (from_client || !connection->swallows) self->End(connection);
}

Relay::Relay(Runtime& runtime, std::shared_ptr<Injector> injector, Serve serve)
    : state_(std::make_shared<State>(runtime, std::move(injector), std::move(serve))) {}

Relay::~Relay() {
  Stop();
}

Status Relay::Start(std::string path) {
  state_->path = std::move(path);
  Status listening = state_->Listen();
  if (listening) state_->Consider();
  return listening;
}

void Relay::Reconsider() {
  state_->Consider();
}

void Relay::StopListening() {
  state_->stopped = true;
  if (state_->claim) state_->claim->Unpublish();  // while its inode cannot be anybody else's
  state_->CloseAcceptor();
}

void Relay::CutConnections() {
  if (!state_->injector && state_->claim) CutConnectionsOf(state_->claim->bind_path());
  for (auto& [number, connection] : std::exchange(state_->connections, {})) connection->Close();
}

void Relay::Stop() {
  StopListening();
  for (auto& [number, connection] : std::exchange(state_->connections, {})) connection->Close();
  state_->claim.reset();
}

}  // namespace fake_containerd
