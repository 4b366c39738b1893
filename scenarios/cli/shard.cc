#include "scenarios/cli/shard.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

constexpr std::uint32_t kMostShards = 1'000'000;

std::optional<std::uint32_t> Number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool Sensible(std::uint32_t index, std::uint32_t count) {
  return index >= 1 && index <= count && count <= kMostShards;
}

struct System {
  const char* index;
  const char* count;
  const char* first;  // a variable with the first index; null: see `base`
  std::uint32_t base;
};
constexpr std::array<System, 5> kSystems = {{
    {"CI_NODE_INDEX", "CI_NODE_TOTAL", nullptr, 1},
    {"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", nullptr, 0},
    {"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", nullptr, 0},
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", 0},
    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", nullptr, 0},
}};

Result<Shard> ShardOf(const System& system, const std::string& index, const std::string& count,
                      const std::string& first) {
  const auto number = Number(index);
  const auto total = Number(count);
  const auto base = first.empty() ? system.base : Number(first);
  if (number && total && base && *number >= *base) {
    const std::uint32_t place = *number - *base + 1;
    if (place != 0 && Sensible(place, *total)) return Shard{place, *total};
  }
  return Fail(ErrorCode::kInvalidArgument, std::string(system.index) + "=" + index + " and " +
                                               system.count + "=" + count +
                                               " are no place among so many");
}

}  // namespace

Result<Shard> ParseShard(const std::string& text) {
  const auto slash = text.find('/');
  if (slash != std::string::npos) {
    const auto index = Number(std::string_view(text).substr(0, slash));
    const auto count = Number(std::string_view(text).substr(slash + 1));
    if (index && count && Sensible(*index, *count)) return Shard{*index, *count};
  }
  return Fail(ErrorCode::kInvalidArgument,
              "shard \"" + text + "\": expected I/N, I from 1 to N, such as 2/8");
}

Environment ProcessEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

Result<Shard> ShardFromEnvironment(const Environment& environment) {
  if (const auto own = environment("DRYDOCK_SHARD")) return ParseShard(*own);
  for (const System& system : kSystems) {
    const auto index = environment(system.index);
    const auto count = environment(system.count);
    if (!index || !count) continue;
    const auto first = system.first == nullptr ? std::nullopt : environment(system.first);
    return ShardOf(system, *index, *count, first.value_or(""));
  }
  return Shard{};
}

}  // namespace scenarios
