// Merging: the reports of the shards of one run become the report of the whole run.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libcontainerd/error.h"
#include "scenarios/reports/report.h"

namespace scenarios {

struct ShardReport {
  std::string name{};  // for messages: its directory
  Report report{};
};

struct MergedReport {
  Report report{};
  std::vector<std::uint32_t> missing{};  // shards, from 1
};

// In the order of the shards; a merged report is a report of all of them, even if some are missing.
// INVALID_ARGUMENT: none was given, or two are of different runs (command, seed, number of shards,
// versions) or of the same shard.
libcontainerd::Result<MergedReport> MergeReports(std::vector<ShardReport> shards);

}  // namespace scenarios
