// Scenario files: what is read, and that it is written again as it was.
#include "scenarios/scenario_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/scenario_text_checks.h"

namespace scenarios {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class T>
const T& What(const Scenario& scenario, std::size_t index) {
  return std::get<T>(scenario.actions.at(index).what);
}

TEST(ScenarioText, ReadsAllParts) {
  const Scenario scenario = Parsed(R"({
    // a comment
    "$schema": "../schema/scenario.schema.json",
    "intent": "An exit is told once.",
    "tags": ["lifecycle", "exit"],
    "setup": {
      "timing": {"call_deadline": "1m30s"}, /* and
      another */ "health_failures": 2,
      "choices": {"pause": "drawn", "gap": "10ms"}, "faults": "event.exit=1*drop",
      "retain_count": -1, "daemon": "owned", "transports": ["loopback"]
    },
    "actions": [
      {"do": "create", "id": "web", "spec": {"a": [1, 2.50, null]}, "timeout": "1.5s",
       "wait": false, "call": "c"},
      {"do": "exit", "id": "web", "code": 3},
      {"do": "await", "call": "c", "returns": "UNKNOWN text of the error"},
      {"at": "5s", "actions": [{"do": "stop-daemon"}]},
      {"when": {"rpc": "CreateContainer", "id": "web"}, "actions": [
        {"parallel": [[{"do": "settle"}], [{"do": "note", "text": "so"}]]}]}
    ],
    "guarantees": {"held": ["one-exit"], "broken": ["cursor-monotone"]},
    "failure": {"id": "B07", "what": "w", "reference": "r", "ours": "o", "breaks": ["one-exit"]}
  })",
                                   "library/lost-exit.json");
  EXPECT_EQ(scenario.name, "lost-exit");
  EXPECT_EQ(scenario.intent, "An exit is told once.");
  EXPECT_EQ(scenario.setup.timing.at("call_deadline"), Duration(seconds(90)));
  EXPECT_EQ(scenario.setup.health_failures, 2U);
  EXPECT_EQ(scenario.setup.choices.text, R"({"pause": "drawn", "gap": "10ms"})");
  EXPECT_EQ(scenario.setup.retain_count, -1);
  ASSERT_EQ(scenario.actions.size(), 5U);
  EXPECT_EQ(What<action::Create>(scenario, 0).spec.text, R"({"a": [1, 2.50, null]})");
  EXPECT_EQ(What<action::Create>(scenario, 0).terms.timeout, Duration(milliseconds(1500)));
  EXPECT_FALSE(What<action::Create>(scenario, 0).terms.wait);
  EXPECT_EQ(What<action::Exit>(scenario, 1).code, 3U);
  EXPECT_EQ(scenario.actions[1].place.text(), "library/lost-exit.json:15:7");
  const auto& when = What<action::Later>(scenario, 4);
  ASSERT_TRUE(when.when);
  EXPECT_EQ(when.when->rpc, "CreateContainer");
  const auto& parallel = std::get<action::Parallel>(when.actions.at(0).what);
  EXPECT_EQ(parallel.branches.size(), 2U);
  EXPECT_EQ(parallel.branches[1].at(0).place.text(), "library/lost-exit.json:19:44");
  EXPECT_EQ(scenario.guarantees.broken, std::vector<std::string>{"cursor-monotone"});
  ASSERT_TRUE(scenario.failure);
  EXPECT_EQ(scenario.failure->id, "B07");
  ExpectRoundTrip(scenario);
}

TEST(ScenarioText, IsPrintedAsAPersonWouldWriteIt) {
  const std::string text = R"({
  "intent": "One.",
  "tags": ["a", "b"],
  "setup": {
    "timing": {"call_deadline": "1m0s"},
    "daemon": "owned"
  },
  "actions": [
    {"do": "create", "id": "web"},
    {"at": "5s", "actions": [
      {"do": "exit", "id": "web", "code": 3},
      {"parallel": [
        [
          {"do": "settle"}
        ],
        [
          {"do": "advance", "by": "1s"},
          {"do": "settle"}
        ]
      ]}
    ]},
    {"do": "expect",
     "callbacks": {"web": ["start-container", "exit 3"]},
     "stdout": {"web": "a text that makes the line longer than all of the others are"}}
  ],
  "guarantees": {
    "held": ["one-exit"]
  }
}
)";
  EXPECT_EQ(PrintScenario(Parsed(text)), text);
}

}  // namespace
}  // namespace scenarios
