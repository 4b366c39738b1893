// What a container uses, as Stats tells it: what a script says, else a model.
//
// The model needs no setting up. It depends on nothing but the container's key and how long the
// container has run, pauses left out: the same container in the same world always uses the same.
// Counters never fall. Limits are those of config.json and of later updates.
//
//   fake.SetStats("web", StatsSeries({{.at = seconds(0), .stats = idle},
//                                     {.at = seconds(5), .stats = busy}}));
//   fake.SetStats("web", [](const StatsMoment& moment, TaskStats& stats) {
//     stats.memory.usage = moment.running < seconds(3) ? 1 << 20 : 1 << 30;
//   });
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fake_containerd/model.h"

namespace fake_containerd {

// Bytes; of pages for hugetlb as well.
struct MemoryUsage {
  std::uint64_t usage = 0;
  std::uint64_t peak = 0;
  std::uint64_t failures = 0;  // how often the limit was met
  std::uint64_t limit = 0;

  friend bool operator==(const MemoryUsage&, const MemoryUsage&) = default;
};

struct BlkioEntry {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::string op{};  // "Read", "Write", "Sync", "Async", "Total"; empty for what knows none
  std::uint64_t value = 0;

  friend bool operator==(const BlkioEntry&, const BlkioEntry&) = default;
};

struct BlkioUsage {
  std::vector<BlkioEntry> service_bytes{};
  std::vector<BlkioEntry> serviced{};
  std::vector<BlkioEntry> queued{};
  std::vector<BlkioEntry> service_time{};  // nanoseconds
  std::vector<BlkioEntry> wait_time{};     // nanoseconds
  std::vector<BlkioEntry> merged{};
  std::vector<BlkioEntry> time{};  // milliseconds
  std::vector<BlkioEntry> sectors{};

  friend bool operator==(const BlkioUsage&, const BlkioUsage&) = default;
};

struct NetworkUsage {
  std::string name{};
  std::uint64_t rx_bytes = 0;
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_errors = 0;
  std::uint64_t rx_dropped = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_errors = 0;
  std::uint64_t tx_dropped = 0;

  friend bool operator==(const NetworkUsage&, const NetworkUsage&) = default;
};

struct CpuUsage {  // times in nanoseconds
  std::uint64_t total = 0;
  std::vector<std::uint64_t> per_cpu{};
  std::uint64_t in_kernel = 0;
  std::uint64_t in_user = 0;
  std::uint64_t system_total = 0;  // of the machine
  std::uint64_t periods = 0;       // with a quota only, as what follows
  std::uint64_t throttled_periods = 0;
  std::uint64_t throttled_time = 0;

  friend bool operator==(const CpuUsage&, const CpuUsage&) = default;
};

struct TaskStats {
  WallTime time{};
  CpuUsage cpu{};
  MemoryUsage memory{};
  MemoryUsage swap{};  // memory and swap together
  MemoryUsage kernel{};
  std::uint64_t cache = 0;
  std::map<std::string, std::uint64_t> memory_details{};  // the lines of memory.stat
  BlkioUsage blkio{};
  std::map<std::string, MemoryUsage> hugetlb{};  // by page size: "2MB"
  std::uint64_t pids = 0;
  std::uint64_t pids_limit = 0;  // 0: none
  std::vector<NetworkUsage> networks{};

  friend bool operator==(const TaskStats&, const TaskStats&) = default;
};

struct StatsMoment {
  ContainerKey container{};
  Duration running{0};  // since its creation, pauses left out, by the runtime's clock
};

// Given what the model says; leaves in `stats` what is told. Runs on the executor's thread.
using StatsScript = std::function<void(const StatsMoment& moment, TaskStats& stats)>;

struct StatsPoint {
  Duration at{0};  // StatsMoment::running
  TaskStats stats{};
};
// From each point's time on, its stats as they stand; the model's before the first. A point without
// a time of day has the clock's. `points` in the order of their times.
StatsScript StatsSeries(std::vector<StatsPoint> points);

}  // namespace fake_containerd
