// WorldObserver: everything that happens in the world, told as it happens, for a journal.
//
// Each call comes before the effect can be seen by anybody else. Called on the executor's thread;
// must not call back into the world. Every function does nothing unless overridden.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fake_containerd/injector.h"
#include "fake_containerd/world/model.h"

namespace fake_containerd {

class WorldObserver {
 public:
  virtual ~WorldObserver() = default;

  virtual void OnEventEmitted(const Event& /*event*/) {}
  // A subscriber's queue was full (or the log's: then `subscriber` is 0); it never gets this event.
  virtual void OnEventDropped(const Event& /*event*/, std::uint64_t /*subscriber*/) {}
  // A fault took it: from everybody, or from the log only; `why` says which and how. `emitted`: the
  // daemon meant to tell it, and OnEventEmitted was not and will not be called.
  virtual void OnEventLost(const Event& /*event*/, std::string_view /*why*/, bool /*emitted*/) {}
  virtual void OnContainerAdded(const ContainerKey& /*container*/) {}
  virtual void OnContainerRemoved(const ContainerKey& /*container*/) {}
  virtual void OnProcessStarted(const ContainerKey& /*container*/, const std::string& /*process*/,
                                std::uint32_t /*system_pid*/) {}
  // The process is dead; its exit event is yet to come.
  virtual void OnProcessEnded(const ContainerKey& /*container*/, const std::string& /*process*/,
                              std::uint32_t /*status*/) {}
  // Its terminal has a new size. `count` such changes were made, this one included.
  virtual void OnTerminalResized(const ContainerKey& /*container*/, const std::string& /*process*/,
                                 std::uint32_t /*width*/, std::uint32_t /*height*/,
                                 std::uint64_t /*count*/) {}
  // Outputs: about to be written by the process. Stdin: taken by it.
  virtual void OnStdioBytes(const ContainerKey& /*container*/, const std::string& /*process*/,
                            StdioStream /*stream*/, std::string_view /*data*/) {}
  // Outputs: the process and its children closed it. Stdin: end-of-file seen. `sha256` in hex, over
  // all bytes.
  virtual void OnStdioEnd(const ContainerKey& /*container*/, const std::string& /*process*/,
                          StdioStream /*stream*/, std::uint64_t /*total_bytes*/,
                          const std::string& /*sha256*/) {}
  virtual void OnFaultFired(const FiredFault& /*fault*/) {}
  virtual void OnHeld(const HeldItem& /*item*/) {}
  virtual void OnReleased(const HeldItem& /*item*/) {}
  virtual void OnDaemonStarted() {}
  virtual void OnDaemonStopped() {}
  // A fault stopped it for good: nothing here will start it again.
  virtual void OnDaemonPanicked() {}
};

}  // namespace fake_containerd
