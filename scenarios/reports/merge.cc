#include "scenarios/reports/merge.h"

#include <algorithm>
#include <utility>

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

Status SameRun(const ShardReport& first, const ShardReport& other) {
  const RunInfo& a = first.report.run;
  const RunInfo& b = other.report.run;
  const auto differ = [&](const std::string& what, const std::string& here,
                          const std::string& there) {
    return Fail(ErrorCode::kInvalidArgument, first.name + " and " + other.name +
                                                 " are of different runs: " + what + " " + here +
                                                 " and " + there);
  };
  if (a.command != b.command) return differ("command", a.command, b.command);
  if (a.seed != b.seed) return differ("seed", std::to_string(a.seed), std::to_string(b.seed));
  if (a.shards != b.shards)
    return differ("number of shards", std::to_string(a.shards), std::to_string(b.shards));
  if (a.transport != b.transport) return differ("transport", a.transport, b.transport);
  if (a.versions != b.versions) return differ("versions", "of one", "of the other");
  return {};
}

// When the first began, and how long the longest took: shards run side by side.
void JoinRuns(RunInfo& all, const RunInfo& one) {
  if (all.started.empty() || (!one.started.empty() && one.started < all.started))
    all.started = one.started;
  all.time = std::max(all.time, one.time);
  for (const auto& [name, count] : one.explored) all.explored[name] += count;
}

}  // namespace

Result<MergedReport> MergeReports(std::vector<ShardReport> shards) {
  if (shards.empty()) return Fail(ErrorCode::kInvalidArgument, "no report to merge");
  std::ranges::stable_sort(shards, {},
                           [](const ShardReport& shard) { return shard.report.run.shard; });
  for (std::size_t i = 1; i < shards.size(); ++i) {
    if (Status same = SameRun(shards[0], shards[i]); !same) return Fail(same.error());
    if (shards[i - 1].report.run.shard == shards[i].report.run.shard) {
      return Fail(ErrorCode::kInvalidArgument, shards[i - 1].name + " and " + shards[i].name +
                                                   " are both of shard " +
                                                   std::to_string(shards[i].report.run.shard));
    }
  }
  MergedReport merged;
  merged.report.run = shards.front().report.run;
  merged.report.run.explored.clear();
  for (std::uint32_t shard = 1; shard <= merged.report.run.shards; ++shard) {
    if (std::ranges::none_of(
            shards, [&](const ShardReport& each) { return each.report.run.shard == shard; }))
      merged.missing.push_back(shard);
  }
  merged.report.run.shard = 1;
  merged.report.run.shards = 1;
  for (ShardReport& each : shards) {
    JoinRuns(merged.report.run, each.report.run);
    std::ranges::move(each.report.scenarios, std::back_inserter(merged.report.scenarios));
  }
  NameJournals(merged.report.scenarios);
  return merged;
}

}  // namespace scenarios
