#include "fake_containerd/script_stats.h"

#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace fake_containerd {
namespace {

template <class Usage>
using Change = std::function<void(Usage&)>;
template <class Usage>
struct Field {
  std::string_view name;
  std::uint64_t Usage::*member;
};

constexpr std::array<Field<MemoryUsage>, 4> kMemory = {{{"usage", &MemoryUsage::usage},
                                                        {"peak", &MemoryUsage::peak},
                                                        {"failures", &MemoryUsage::failures},
                                                        {"limit", &MemoryUsage::limit}}};
constexpr std::array<Field<CpuUsage>, 7> kCpu = {
    {{"total", &CpuUsage::total},
     {"in_kernel", &CpuUsage::in_kernel},
     {"in_user", &CpuUsage::in_user},
     {"system_total", &CpuUsage::system_total},
     {"periods", &CpuUsage::periods},
     {"throttled_periods", &CpuUsage::throttled_periods},
     {"throttled_time", &CpuUsage::throttled_time}}};
constexpr std::array<Field<NetworkUsage>, 8> kNetwork = {
    {{"rx_bytes", &NetworkUsage::rx_bytes},
     {"rx_packets", &NetworkUsage::rx_packets},
     {"rx_errors", &NetworkUsage::rx_errors},
     {"rx_dropped", &NetworkUsage::rx_dropped},
     {"tx_bytes", &NetworkUsage::tx_bytes},
     {"tx_packets", &NetworkUsage::tx_packets},
     {"tx_errors", &NetworkUsage::tx_errors},
     {"tx_dropped", &NetworkUsage::tx_dropped}}};
constexpr std::array<Field<BlkioEntry>, 3> kBlkioEntry = {
    {{"major", &BlkioEntry::major}, {"minor", &BlkioEntry::minor}, {"value", &BlkioEntry::value}}};
constexpr std::array<Field<TaskStats>, 3> kNumbers = {{{"cache", &TaskStats::cache},
                                                       {"pids", &TaskStats::pids},
                                                       {"pids_limit", &TaskStats::pids_limit}}};

struct BlkioList {
  std::string_view name;
  std::vector<BlkioEntry> BlkioUsage::*member;
};
constexpr std::array<BlkioList, 8> kBlkio = {{{"service_bytes", &BlkioUsage::service_bytes},
                                              {"serviced", &BlkioUsage::serviced},
                                              {"queued", &BlkioUsage::queued},
                                              {"service_time", &BlkioUsage::service_time},
                                              {"wait_time", &BlkioUsage::wait_time},
                                              {"merged", &BlkioUsage::merged},
                                              {"time", &BlkioUsage::time},
                                              {"sectors", &BlkioUsage::sectors}}};

template <class Table>
std::vector<std::string_view> Names(const Table& table) {
  std::vector<std::string_view> names;
  for (const auto& field : table) names.push_back(field.name);
  return names;
}

// Those of the table that are named; whether others may be is the caller's to say.
template <class Usage>
Change<Usage> ReadNumbers(const JsonNode& node, std::span<const Field<Usage>> table) {
  std::vector<std::pair<std::uint64_t Usage::*, std::uint64_t>> values;
  for (const Field<Usage>& field : table) {
    if (const auto found = node.Find(std::string(field.name))) {
      values.emplace_back(field.member, found->Whole());
    }
  }
  return [values = std::move(values)](Usage& usage) {
    for (const auto& [member, value] : values) usage.*member = value;
  };
}

Change<MemoryUsage> ReadMemory(const JsonNode& node) {
  node.Object(Names(kMemory));
  return ReadNumbers<MemoryUsage>(node, kMemory);
}

Change<TaskStats> ReadCpu(const JsonNode& node) {
  std::vector<std::string_view> names = Names(kCpu);
  names.push_back("per_cpu");
  node.Object(names);
  std::optional<std::vector<std::uint64_t>> each;
  if (const auto found = node.Find("per_cpu")) {
    each.emplace();
    for (const JsonNode& item : found->Items()) each->push_back(item.Whole());
  }
  return [numbers = ReadNumbers<CpuUsage>(node, kCpu), each = std::move(each)](TaskStats& stats) {
    numbers(stats.cpu);
    if (each) stats.cpu.per_cpu = *each;
  };
}

Change<TaskStats> ReadNetworks(const JsonNode& node) {
  std::vector<std::string_view> names = Names(kNetwork);
  names.push_back("name");
  std::vector<NetworkUsage> networks;
  for (const JsonNode& item : node.Items()) {
    item.Object(names);
    NetworkUsage& network = networks.emplace_back();
    network.name = item.At("name").Text();
    ReadNumbers<NetworkUsage>(item, kNetwork)(network);
  }
  return [networks = std::move(networks)](TaskStats& stats) { stats.networks = networks; };
}

std::vector<BlkioEntry> ReadBlkioList(const JsonNode& node) {
  std::vector<std::string_view> names = Names(kBlkioEntry);
  names.push_back("op");
  std::vector<BlkioEntry> entries;
  for (const JsonNode& item : node.Items()) {
    item.Object(names);
    BlkioEntry& entry = entries.emplace_back();
    if (const auto op = item.Find("op")) entry.op = op->Text();
    ReadNumbers<BlkioEntry>(item, kBlkioEntry)(entry);
  }
  return entries;
}

Change<TaskStats> ReadBlkio(const JsonNode& node) {
  node.Object(Names(kBlkio));
  std::vector<std::pair<std::vector<BlkioEntry> BlkioUsage::*, std::vector<BlkioEntry>>> lists;
  for (const BlkioList& list : kBlkio) {
    if (const auto found = node.Find(std::string(list.name))) {
      lists.emplace_back(list.member, ReadBlkioList(*found));
    }
  }
  return [lists = std::move(lists)](TaskStats& stats) {
    for (const auto& [member, entries] : lists) stats.blkio.*member = entries;
  };
}

Change<TaskStats> ReadHugetlb(const JsonNode& node) {
  std::vector<std::pair<std::string, Change<MemoryUsage>>> sizes;
  for (const auto& [size, usage] : node.Fields()) sizes.emplace_back(size, ReadMemory(usage));
  return [sizes = std::move(sizes)](TaskStats& stats) {
    for (const auto& [size, change] : sizes) change(stats.hugetlb[size]);
  };
}

Change<TaskStats> ReadDetails(const JsonNode& node) {
  std::vector<std::pair<std::string, std::uint64_t>> details;
  for (const auto& [name, value] : node.Fields()) details.emplace_back(name, value.Whole());
  return [details = std::move(details)](TaskStats& stats) {
    for (const auto& [name, value] : details) stats.memory_details[name] = value;
  };
}

Change<TaskStats> ReadMemoryOf(const JsonNode& node, MemoryUsage TaskStats::*member) {
  return [change = ReadMemory(node), member](TaskStats& stats) { change(stats.*member); };
}

struct Part {
  std::string_view name;
  Change<TaskStats> (*read)(const JsonNode&);
};
constexpr std::array<Part, 8> kParts = {
    {{"cpu", ReadCpu},
     {"memory", [](const JsonNode& node) { return ReadMemoryOf(node, &TaskStats::memory); }},
     {"swap", [](const JsonNode& node) { return ReadMemoryOf(node, &TaskStats::swap); }},
     {"kernel", [](const JsonNode& node) { return ReadMemoryOf(node, &TaskStats::kernel); }},
     {"memory_details", ReadDetails},
     {"hugetlb", ReadHugetlb},
     {"blkio", ReadBlkio},
     {"networks", ReadNetworks}}};

struct Point {
  Duration at{0};
  std::vector<Change<TaskStats>> changes{};
};

Point ReadPoint(const JsonNode& node) {
  std::vector<std::string_view> names = {"id", "at"};
  for (const std::string_view name : Names(kNumbers)) names.push_back(name);
  for (const Part& part : kParts) names.push_back(part.name);
  node.Object(names);
  Point point;
  if (const auto at = node.Find("at")) point.at = at->Length();
  point.changes.push_back(ReadNumbers<TaskStats>(node, kNumbers));
  for (const Part& part : kParts) {
    if (const auto found = node.Find(std::string(part.name))) {
      point.changes.push_back(part.read(*found));
    }
  }
  return point;
}

}  // namespace

std::vector<ScriptStats> ReadStats(const JsonNode& node) {
  std::map<std::string, std::vector<Point>> points;
  for (const JsonNode& item : node.Items()) {
    Point point = ReadPoint(item);
    points[item.At("id").Text()].push_back(std::move(point));
  }
  std::vector<ScriptStats> all;
  for (auto& [id, own] : points) {
    all.push_back({id, [own = std::move(own)](const StatsMoment& moment, TaskStats& stats) {
                     for (const Point& point : own) {
                       if (point.at > moment.running) continue;
                       for (const Change<TaskStats>& change : point.changes) change(stats);
                     }
                   }});
  }
  return all;
}

}  // namespace fake_containerd
