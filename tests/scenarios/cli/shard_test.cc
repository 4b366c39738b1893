#include "scenarios/cli/shard.h"

#include <map>

#include <gtest/gtest.h>

namespace scenarios {
namespace {

Environment Of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

std::string Found(std::map<std::string, std::string> variables) {
  const auto shard = ShardFromEnvironment(Of(std::move(variables)));
  return shard ? shard->text() : shard.error().message;
}

TEST(Shard, IsWrittenAsAPlaceAmongSoMany) {
  EXPECT_EQ(*ParseShard("2/8"), (Shard{2, 8}));
  EXPECT_EQ(*ParseShard("1/1"), (Shard{1, 1}));
  for (const char* wrong :
       {"", "2", "0/8", "9/8", "2/", "/8", "-1/8", "2/8/3", "a/b", "1/99999999"})
    EXPECT_EQ(ParseShard(wrong).error().message,
              "shard \"" + std::string(wrong) + "\": expected I/N, I from 1 to N, such as 2/8");
}

TEST(Shard, EachItemIsInExactlyOne) {
  for (std::size_t item = 0; item < 100; ++item) {
    int holders = 0;
    for (std::uint32_t index = 1; index <= 7; ++index) holders += Shard{index, 7}.Has(item) ? 1 : 0;
    EXPECT_EQ(holders, 1) << item;
  }
}

TEST(Shard, TheUsualSystemsAreUnderstood) {
  EXPECT_EQ(Found({}), "1/1");
  EXPECT_EQ(Found({{"DRYDOCK_SHARD", "3/4"}, {"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "2"}}),
            "3/4");
  EXPECT_EQ(Found({{"CI_NODE_INDEX", "2"}, {"CI_NODE_TOTAL", "5"}}), "2/5");
  EXPECT_EQ(Found({{"CIRCLE_NODE_INDEX", "0"}, {"CIRCLE_NODE_TOTAL", "5"}}), "1/5");
  EXPECT_EQ(Found({{"BUILDKITE_PARALLEL_JOB", "4"}, {"BUILDKITE_PARALLEL_JOB_COUNT", "5"}}), "5/5");
  EXPECT_EQ(Found({{"SLURM_ARRAY_TASK_ID", "10"},
                   {"SLURM_ARRAY_TASK_MIN", "10"},
                   {"SLURM_ARRAY_TASK_COUNT", "3"}}),
            "1/3");
  EXPECT_EQ(Found({{"JOB_COMPLETION_INDEX", "2"}, {"JOB_COMPLETIONS", "3"}}), "3/3");
  EXPECT_EQ(Found({{"JOB_COMPLETION_INDEX", "2"}}), "1/1");
}

TEST(Shard, WhatMakesNoSenseIsSaid) {
  EXPECT_EQ(Found({{"CI_NODE_INDEX", "6"}, {"CI_NODE_TOTAL", "5"}}),
            "CI_NODE_INDEX=6 and CI_NODE_TOTAL=5 are no place among so many");
  EXPECT_EQ(Found({{"CI_NODE_INDEX", "0"}, {"CI_NODE_TOTAL", "5"}}),
            "CI_NODE_INDEX=0 and CI_NODE_TOTAL=5 are no place among so many");
  EXPECT_EQ(Found({{"DRYDOCK_SHARD", "x"}}),
            "shard \"x\": expected I/N, I from 1 to N, such as 2/8");
}

}  // namespace
}  // namespace scenarios
