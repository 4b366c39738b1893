// ReplayWorld: what a replay runs in — runtime, transport, streams and bundles — behind one face
// for the simulated and the real kind.
//
//   socket     gRPC over a unix socket, FIFOs and files in a temporary directory, a stepped clock
//   inprocess  gRPC over an in-process channel, the rest as above
//   loopback   no gRPC, everything in memory, one thread, virtual time, the seed orders what is
//   ready
//
// Threads: the replayer's own thread, which is not the executor's (but for loopback, where it is).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fake_containerd/injector.h"
#include "fake_containerd/world/process_io.h"
#include "libcontainerd/bundle_store.h"
#include "libcontainerd/containerd_api.h"
#include "libcontainerd/stdio.h"

namespace scenarios {

enum class Transport : std::uint8_t { kSocket, kInProcess, kLoopback };
std::string_view TransportName(Transport transport);  // "socket", "inprocess", "loopback"
// INVALID_ARGUMENT lists the known ones.
libcontainerd::Result<Transport> ParseTransport(std::string_view name);

// How long the real worlds wait for what must happen before they call it missing.
inline constexpr std::chrono::seconds kPatience{20};

class ReplayWorld {
 public:
  virtual ~ReplayWorld() = default;

  virtual libcontainerd::Runtime& runtime() = 0;
  virtual libcontainerd::Stdio& stdio() = 0;
  virtual libcontainerd::BundleStore& bundles() = 0;
  virtual fake_containerd::ProcessIo& process_io() = 0;
  // Absolute; the client's state directory is in it, and so are the values of a recording's
  // placeholders.
  virtual std::string directory() const = 0;

  // Puts `daemon` behind the transport and returns the client's end, owned by the world until
  // Disconnect().
  // Over a socket, with an injector, connections do what its plan says of them.
  virtual libcontainerd::Result<libcontainerd::ContainerdApi*> Connect(
      libcontainerd::ContainerdApi& daemon, std::shared_ptr<fake_containerd::Injector> relay) = 0;
  libcontainerd::Result<libcontainerd::ContainerdApi*> Connect(
      libcontainerd::ContainerdApi& daemon) {
    return Connect(daemon, nullptr);
  }
  // That plan changed. On the executor.
  virtual void PlanChanged() {}
  virtual void Disconnect() = 0;

  // Runs `step` on the executor and waits for it.
  virtual void Run(const std::function<void()>& step) = 0;
  // Lets everything go on, time standing still, until `condition`, looked at on the executor,
  // holds. False if it does not within `patience` (of real time; in the simulated world, when
  // nothing moves any more).
  virtual bool WaitUntil(const std::function<bool()>& condition,
                         std::chrono::milliseconds patience) = 0;
  bool WaitUntil(const std::function<bool()>& condition) { return WaitUntil(condition, kPatience); }
  // Runs what is ready, and what follows from it, without waiting for anything outside.
  virtual void Settle() = 0;
  // One leap in the real worlds: what a timer starts counts from `time`.
  virtual void AdvanceTo(libcontainerd::Duration time) = 0;
  // The same, but as soon as `condition` holds it stops there and returns true. Simulated only.
  virtual bool AdvanceUntil(const std::function<bool()>& /*condition*/,
                            libcontainerd::Duration time) {
    AdvanceTo(time);
    return false;
  }
  // When the next timer of a real world is due; on the executor. The simulated world, which takes
  // them one by one, has none to tell of.
  virtual std::optional<libcontainerd::Duration> NextTimer() const { return std::nullopt; }
  // What escaped from a coroutine; empty if nothing did.
  virtual std::string failure() const = 0;
};

struct ReplayWorldOptions {
  Transport transport = Transport::kSocket;
  std::uint64_t seed = 0;           // loopback
  libcontainerd::WallTime epoch{};  // the time of day when the replay's clock stands at 0
};

// UNIMPLEMENTED for a transport that this build does not have.
libcontainerd::Result<std::unique_ptr<ReplayWorld>> MakeReplayWorld(
    const ReplayWorldOptions& options);

}  // namespace scenarios
