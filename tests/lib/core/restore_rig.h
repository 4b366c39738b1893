// What the tests of Restore share beside the rig.
#pragma once

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/reference_behaviour.h"
#include "tests/conformance/rig.h"

namespace drydock_tests {

inline constexpr std::uint32_t kTerm = 15;
inline constexpr std::uint64_t kRestoreSeeds = 20;

inline libcontainerd::RestoreOptions Live(std::optional<Duration> timeout = {}) {
  return {.live = true, .timeout = timeout};
}
inline libcontainerd::RestoreOptions NotLive(std::optional<Duration> timeout = {}) {
  return {.live = false, .timeout = timeout};
}

inline fake_containerd::SignalHandler Ignoring() {
  return {.action = fake_containerd::SignalHandler::Action::kIgnore, .code = 0, .delay = {}};
}

inline void RestartEngine(Rig& rig) {
  rig.Flush();
  rig.StopEngine();
  rig.StartEngine();
}

// Lets the time of a restore that has begun pass, a little at a time; how long it took.
inline Duration TimeOf(Rig& rig, const Pending<void>& restored,
                       Duration most = std::chrono::seconds(60)) {
  constexpr Duration kStep = std::chrono::milliseconds(50);
  Duration passed{0};
  rig.Advance(Duration(0));
  while (!rig.Returned(restored) && passed < most) {
    rig.Advance(kStep);
    passed += kStep;
  }
  return passed;
}

inline std::string RestoreInTime(Rig& rig, const std::string& id,
                                 libcontainerd::RestoreOptions options) {
  const auto restored = rig.BeginRestore(id, options);
  TimeOf(rig, restored);
  return Describe(rig.Await(restored));
}

}  // namespace drydock_tests
