#include "fake_containerd/world/stats_model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libcontainerd/random.h"

namespace fake_containerd {
namespace {

constexpr std::uint64_t kNoLimit = 9223372036854771712U;  // the kernel's word for it
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kLeastPeak = 917504;
constexpr std::uint64_t kKernelMemory = 241664;
constexpr std::uint64_t kKernelPeak = 430080;
constexpr std::uint64_t kStartCpu = 4'000'000;
constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kThrottledTime = 5'000'000;  // in one period

// The same for a container in every build and on every machine.
std::uint64_t SeedOf(const ContainerKey& key) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : key.space + '\0' + key.id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  return hash;
}

std::uint64_t WholePages(std::uint64_t bytes) {
  return bytes / kPage * kPage;
}

CpuUsage ModelCpu(const StatsInputs& inputs, libcontainerd::Random& random) {
  const auto running = static_cast<std::uint64_t>(inputs.running.count());
  CpuUsage cpu;
  cpu.total = kStartCpu + running / (200 + random.Below(1800));
  const std::uint64_t first = 40 + random.Below(40);  // percent of it, on the first of two
  cpu.per_cpu = {cpu.total * first / 100, cpu.total - cpu.total * first / 100};
  cpu.in_kernel = cpu.total / (3 + random.Below(5));
  cpu.in_user = cpu.total - cpu.in_kernel;
  cpu.system_total = static_cast<std::uint64_t>(inputs.uptime.count());
  cpu.periods = inputs.cpu_periods;
  cpu.throttled_periods = cpu.periods / (3 + random.Below(7));
  cpu.throttled_time = cpu.throttled_periods * kThrottledTime;
  return cpu;
}

void ModelMemory(const StatsInputs& inputs, libcontainerd::Random& random, TaskStats& stats) {
  const auto seconds = static_cast<std::uint64_t>(inputs.running.count()) / 1'000'000'000;
  const std::uint64_t most = (64 + random.Below(448)) * kPage;
  const std::uint64_t growth = std::min(seconds * (1 + random.Below(4)) * kPage, most);
  const std::uint64_t cache = WholePages(growth / 4);
  const std::uint64_t wanted = kLeastMemory + growth;
  const std::uint64_t limit = inputs.resources.memory_limit.value_or(kNoLimit);
  const std::uint64_t usage = std::min(wanted, std::max(limit, kLeastMemory));
  stats.memory = {.usage = usage,
                  .peak = std::max(kLeastPeak, usage),
                  .failures = std::max(inputs.memory_failures, (wanted - usage) / kPage),
                  .limit = limit};
  stats.swap = stats.memory;
  stats.swap.limit = inputs.resources.memory_swap.value_or(kNoLimit);
  stats.kernel = {.usage = kKernelMemory,
                  .peak = kKernelPeak,
                  .failures = 0,
                  .limit = inputs.resources.kernel_memory_limit.value_or(kNoLimit)};
  stats.cache = std::min(cache, usage - kKernelMemory);

  const std::uint64_t anonymous = usage - kKernelMemory - stats.cache;
  const std::uint64_t active = WholePages(anonymous / 3);
  const std::uint64_t pages_in = 139 + growth / kPage;
  const std::array<std::pair<const char*, std::uint64_t>, 19> details = {
      {{"active_anon", active},
       {"active_file", WholePages(stats.cache / 2)},
       {"cache", stats.cache},
       {"dirty", 0},
       {"inactive_anon", anonymous - active},
       {"inactive_file", stats.cache - WholePages(stats.cache / 2)},
       {"mapped_file", 0},
       {"pgfault", 294 + growth / kPage * 2},
       {"pgmajfault", growth / kPage / 16},
       {"pgpgin", pages_in},
       {"pgpgout", 101},
       {"rss", anonymous},
       {"rss_huge", 0},
       {"shmem", 0},
       {"swap", 0},
       {"unevictable", 0},
       {"workingset_refault_anon", 0},
       {"workingset_refault_file", 0},
       {"writeback", 0}}};
  for (const auto& [name, value] : details) {
    stats.memory_details[name] = value;
    stats.memory_details[std::string("total_") + name] = value;
  }
  stats.memory_details["hierarchical_memory_limit"] = stats.memory.limit;
  stats.memory_details["hierarchical_memsw_limit"] = stats.swap.limit;
}

// One disk; its operations add up either way, as the kernel's do.
std::vector<BlkioEntry> ByOperation(std::uint64_t reads, std::uint64_t writes) {
  const std::uint64_t synchronous = reads + writes / 2;
  const std::uint64_t total = reads + writes;
  return {{8, 0, "Read", reads},
          {8, 0, "Write", writes},
          {8, 0, "Sync", synchronous},
          {8, 0, "Async", total - synchronous},
          {8, 0, "Total", total}};
}

BlkioUsage ModelBlkio(const StatsInputs& inputs, libcontainerd::Random& random) {
  const auto milliseconds = static_cast<std::uint64_t>(inputs.running.count()) / 1'000'000;
  const std::uint64_t reads = 16 + milliseconds / (50 + random.Below(200));
  const std::uint64_t writes = milliseconds / (50 + random.Below(400));
  const std::uint64_t read_size = kPage << random.Below(4);
  const std::uint64_t write_size = kPage << random.Below(4);
  const std::uint64_t bytes = reads * read_size + writes * write_size;
  return {.service_bytes = ByOperation(reads * read_size, writes * write_size),
          .serviced = ByOperation(reads, writes),
          .queued = ByOperation(reads % 3, writes % 3),
          .service_time = ByOperation(reads * 120'000, writes * 340'000),
          .wait_time = ByOperation(reads * 30'000, writes * 90'000),
          .merged = ByOperation(reads / 8, writes / 4),
          .time = {{8, 0, "", (reads + writes) / 4}},
          .sectors = {{8, 0, "", bytes / kSector}}};
}

std::map<std::string, MemoryUsage> ModelHugetlb(libcontainerd::Random& random) {
  constexpr std::uint64_t kHugePage = 2U << 20U;
  const std::uint64_t pages = random.Below(4);
  return {{"1GB", {.usage = 0, .peak = 0, .failures = 0, .limit = kNoLimit}},
          {"2MB",
           {.usage = pages * kHugePage,
            .peak = (pages + random.Below(2)) * kHugePage,
            .failures = 0,
            .limit = kNoLimit}}};
}

NetworkUsage ModelNetwork(const StatsInputs& inputs, libcontainerd::Random& random) {
  const auto milliseconds = static_cast<std::uint64_t>(inputs.running.count()) / 1'000'000;
  NetworkUsage network{.name = "eth0"};
  network.rx_packets = 8 + milliseconds / (20 + random.Below(200));
  network.tx_packets = 8 + milliseconds / (20 + random.Below(200));
  network.rx_bytes = network.rx_packets * (90 + random.Below(900));
  network.tx_bytes = network.tx_packets * (90 + random.Below(900));
  network.rx_errors = network.rx_packets / (20'000 + random.Below(20'000));
  network.rx_dropped = network.rx_packets / (10'000 + random.Below(20'000));
  network.tx_errors = network.tx_packets / (40'000 + random.Below(20'000));
  network.tx_dropped = network.tx_packets / (30'000 + random.Below(20'000));
  return network;
}

}  // namespace

TaskStats ModelStats(const StatsInputs& inputs) {
  libcontainerd::Random random(SeedOf(inputs.container));
  TaskStats stats;
  stats.time = inputs.time;
  stats.cpu = ModelCpu(inputs, random);
  ModelMemory(inputs, random, stats);
  stats.blkio = ModelBlkio(inputs, random);
  stats.hugetlb = ModelHugetlb(random);
  stats.pids = inputs.pids;
  stats.pids_limit = inputs.resources.pids_limit.value_or(0);
  stats.networks = {ModelNetwork(inputs, random)};
  return stats;
}

StatsScript StatsSeries(std::vector<StatsPoint> points) {
  return [points = std::move(points)](const StatsMoment& moment, TaskStats& stats) {
    const StatsPoint* current = nullptr;
    for (const StatsPoint& point : points) {
      if (point.at <= moment.running) current = &point;
    }
    if (current == nullptr) return;
    const WallTime now = stats.time;
    stats = current->stats;
    if (stats.time == WallTime{}) stats.time = now;
  };
}

}  // namespace fake_containerd
