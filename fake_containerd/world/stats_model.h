// StatsModel: what a container that nobody scripts uses. A function of its arguments.
#pragma once

#include "fake_containerd/stats.h"
#include "fake_containerd/world/model.h"

namespace fake_containerd {

// What an idle container of the recordings used, and what cannot be taken from it by a limit.
inline constexpr std::uint64_t kLeastMemory = 516096;

struct StatsInputs {
  ContainerKey container{};
  Duration running{0};  // pauses left out
  Duration uptime{0};   // of the machine
  WallTime time{};
  std::uint64_t pids = 0;
  Resources resources{};
  std::uint64_t cpu_periods = 0;      // that passed under a quota
  std::uint64_t memory_failures = 0;  // at least so many
};

TaskStats ModelStats(const StatsInputs& inputs);

}  // namespace fake_containerd
