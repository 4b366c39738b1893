// Shard: which part of all the work is done here, when it is split over several machines.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "libcontainerd/error.h"

namespace scenarios {

struct Shard {
  std::uint32_t index = 1;  // from 1
  std::uint32_t count = 1;

  // Whether the item of this number, from 0, is in it. Each item is in exactly one.
  bool Has(std::size_t item) const { return item % count == index - 1; }
  std::string text() const { return std::to_string(index) + "/" + std::to_string(count); }

  friend bool operator==(const Shard&, const Shard&) = default;
};

// "2/8". INVALID_ARGUMENT says what was expected.
libcontainerd::Result<Shard> ParseShard(const std::string& text);

// A variable of the environment, if it is set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment ProcessEnvironment();

// As the usual systems say it, the first that does counts:
//   DRYDOCK_SHARD                                                 "2/8"
//   CI_NODE_INDEX, CI_NODE_TOTAL                                  GitLab, from 1
//   CIRCLE_NODE_INDEX, CIRCLE_NODE_TOTAL                          CircleCI, from 0
//   BUILDKITE_PARALLEL_JOB, BUILDKITE_PARALLEL_JOB_COUNT          Buildkite, from 0
//   SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_MIN, …_COUNT            Slurm, from MIN
//   JOB_COMPLETION_INDEX, JOB_COMPLETIONS                         Kubernetes Indexed Job, from 0;
//   the
//                                                                 second has to be set in its
//                                                                 manifest
// Nothing is set: all of the work. INVALID_ARGUMENT for values that make no sense.
libcontainerd::Result<Shard> ShardFromEnvironment(const Environment& environment);

}  // namespace scenarios
