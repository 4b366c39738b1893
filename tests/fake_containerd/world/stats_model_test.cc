// What nobody scripts: the same for the same container, and never less of a counter.
#include "fake_containerd/world/stats_model.h"

#include <gtest/gtest.h>

namespace fake_containerd {
namespace {

using std::chrono::seconds;

TaskStats At(const std::string& id, Duration running) {
  return ModelStats({.container = {.id = id}, .running = running, .pids = 1});
}

std::vector<std::uint64_t> CountersOf(const TaskStats& stats) {
  std::vector<std::uint64_t> counters = {stats.cpu.total,
                                         stats.cpu.per_cpu.at(0),
                                         stats.cpu.per_cpu.at(1),
                                         stats.cpu.in_kernel,
                                         stats.cpu.in_user,
                                         stats.memory.peak,
                                         stats.memory.failures,
                                         stats.memory_details.at("pgpgin"),
                                         stats.memory_details.at("pgfault")};
  const BlkioUsage& blkio = stats.blkio;
  for (const auto* list : {&blkio.service_bytes, &blkio.serviced, &blkio.service_time,
                           &blkio.wait_time, &blkio.merged, &blkio.time, &blkio.sectors}) {
    for (const BlkioEntry& entry : *list) counters.push_back(entry.value);
  }
  const NetworkUsage& net = stats.networks.at(0);
  for (const std::uint64_t counter :
       {net.rx_bytes, net.rx_packets, net.rx_errors, net.rx_dropped, net.tx_bytes, net.tx_packets,
        net.tx_errors, net.tx_dropped}) {
    counters.push_back(counter);
  }
  return counters;
}

TEST(StatsModel, IsTheContainersOwn) {
  EXPECT_EQ(At("c1", seconds(100)), At("c1", seconds(100)));
  EXPECT_NE(At("c1", seconds(100)), At("c2", seconds(100)));
}

TEST(StatsModel, CountersNeverFall) {
  for (const char* id : {"c1", "c2", "a longer name"}) {
    std::vector<std::uint64_t> before = CountersOf(At(id, Duration(0)));
    for (std::int64_t time = 1; time < 100'000'000'000'000; time += 1 + time / 3) {
      const std::vector<std::uint64_t> now = CountersOf(At(id, Duration(time)));
      for (std::size_t i = 0; i < now.size(); ++i) EXPECT_GE(now[i], before[i]) << id << " " << i;
      before = now;
    }
  }
}

TEST(StatsModel, AddsUp) {
  const TaskStats stats = At("c1", seconds(12345));
  EXPECT_EQ(stats.cpu.total, stats.cpu.per_cpu.at(0) + stats.cpu.per_cpu.at(1));
  EXPECT_EQ(stats.cpu.total, stats.cpu.in_kernel + stats.cpu.in_user);
  EXPECT_EQ(stats.memory.usage, stats.kernel.usage + stats.memory_details.at("rss") + stats.cache);
  EXPECT_EQ(stats.blkio.serviced[4].value,
            stats.blkio.serviced[2].value + stats.blkio.serviced[3].value);
  EXPECT_LE(stats.memory.usage, stats.memory.peak);
}

TEST(StatsModel, MemoryStaysBelowItsLimitAndCountsWhatItWasRefused) {
  const TaskStats stats = ModelStats({.container = {.id = "c1"},
                                      .running = seconds(100'000),
                                      .resources = {.memory_limit = 524288}});
  EXPECT_EQ(stats.memory.usage, 524288U);
  EXPECT_GT(stats.memory.failures, 0U);
}

}  // namespace
}  // namespace fake_containerd
