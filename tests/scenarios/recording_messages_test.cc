#include "scenarios/recording_messages.h"

#include <gtest/gtest.h>

namespace scenarios {
namespace {

using nlohmann::json;

struct Converted {
  std::string problem;
  std::vector<std::string> unknown;
};

Converted Convert(const std::string& text, google::protobuf::Message& message) {
  const json object = json::parse(text);
  LineFields fields(object, "f:1");
  Converted result;
  JsonToMessage(object, "request", fields, result.unknown, message);
  if (auto status = fields.Check(); !status) result.problem = status.error().message;
  return result;
}

TEST(JsonToMessage, TakesSnakeAndCamelNamesMapsAndBigNumbers) {
  types::StatsResponse stats;
  const Converted result =
      Convert(R"({"network_stats":[{"name":"eth0","rx_Packets":18446744073709551615,"rxBytes":2}],)"
              R"("cgroupStats":{"memory_stats":{"stats":{"cache":7}},"cpu_stats":{"cpu_usage":)"
              R"({"percpu_usage":[1,2]}}},"timestamp":{"seconds":5,"nanos":-1}})",
              stats);
  EXPECT_EQ(result.problem, "");
  EXPECT_TRUE(result.unknown.empty());
  EXPECT_EQ(stats.network_stats(0).rx_packets(), 18446744073709551615U);
  EXPECT_EQ(stats.network_stats(0).rx_bytes(), 2U);
  EXPECT_EQ(stats.cgroup_stats().memory_stats().stats().at("cache"), 7U);
  EXPECT_EQ(stats.cgroup_stats().cpu_stats().cpu_usage().percpu_usage_size(), 2);
  EXPECT_EQ(stats.timestamp().nanos(), -1);  // out of range, and kept
}

TEST(JsonToMessage, AbsentAndNullFieldsAreDefaults) {
  types::CreateContainerRequest request;
  EXPECT_EQ(Convert(R"({"id":"c1","labels":null})", request).problem, "");
  EXPECT_EQ(request.id(), "c1");
  EXPECT_EQ(request.labels_size(), 0);
}

TEST(JsonToMessage, NamesUnknownFieldsByPath) {
  types::AddProcessRequest request;
  const Converted result = Convert(R"({"user":{"uid":1,"shoe":2}})", request);
  EXPECT_EQ(result.unknown, std::vector<std::string>{"request.user.shoe"});
}

TEST(JsonToMessage, SaysWhatIsWrong) {
  types::AddProcessRequest request;
  EXPECT_EQ(Convert(R"({"user":{"uid":-1}})", request).problem,
            "f:1: field \"request.user.uid\" is -1, expected a whole number from 0 to 4294967295");
  EXPECT_EQ(Convert(R"({"args":["a",5]})", request).problem,
            "f:1: field \"request.args[1]\" is 5, expected a string");
  EXPECT_EQ(Convert(R"({"args":{}})", request).problem,
            "f:1: field \"request.args\" is an object, expected an array");
  EXPECT_EQ(Convert(R"({"user":[]})", request).problem,
            "f:1: field \"request.user\" is an array, expected an object");
  EXPECT_EQ(Convert(R"({"terminal":1})", request).problem,
            "f:1: field \"request.terminal\" is 1, expected true or false");
}

TEST(JsonToMessage, KnowsEveryMethodAndNoOther) {
  EXPECT_EQ(MethodNames(),
            "GetServerVersion, CreateContainer, UpdateContainer, Signal, UpdateProcess, "
            "AddProcess, CreateCheckpoint, DeleteCheckpoint, ListCheckpoint, State, Events, Stats");
  EXPECT_EQ(RequestType("Signal")->name(), "SignalRequest");
  EXPECT_EQ(ResponseType("Signal")->name(), "SignalResponse");
  EXPECT_EQ(RequestType("Check"), nullptr);
}

}  // namespace
}  // namespace scenarios
