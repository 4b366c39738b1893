// What Stats tells of containers, as a script says it: points in a container's life, from each of
// which on some fields have the values that it names. The others stay the model's (stats.h).
//
// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "fake_containerd/json_node.h"
#include "fake_containerd/stats.h"

namespace fake_containerd {

struct ScriptStats {
  std::string id{};  // of a container
  StatsScript script{};
};

// One for each container that is named. Throws JsonError.
std::vector<ScriptStats> ReadStats(const JsonNode& node);

}  // namespace fake_containerd
