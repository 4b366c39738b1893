// Which actions may change places: every word once at least, and that leaving out the orders that
// swap such actions loses no verdict.
#include "scenarios/runner/independence.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/runner/orders.h"
#include "scenarios/runner/run_scenario.h"
#include "scenarios/scenario_text.h"

namespace scenarios {
namespace {

using Ids = std::set<std::string>;

Action Read(const std::string& text) {
  auto action = ParseAction(text);
  EXPECT_TRUE(action) << text << ": " << action.error().message;
  return action ? *action : Action{};
}

const std::map<std::string, Ids>& OfContainers() {
  static const std::map<std::string, Ids> kActions = {
      {R"({"do": "create", "id": "a"})", {"a"}},
      {R"({"do": "create", "id": "a", "from_callback": "b"})", {"a", "b"}},
      {R"({"do": "add-process", "id": "a", "process": "e"})", {"a"}},
      {R"({"do": "signal", "id": "a", "signal": 9})", {"a"}},
      {R"({"do": "signal", "id": "a", "signal": 9, "from_callback": "b"})", {"a", "b"}},
      {R"({"do": "resize", "id": "a", "width": 1, "height": 1})", {"a"}},
      {R"({"do": "pause", "id": "a"})", {"a"}},
      {R"({"do": "resume", "id": "a"})", {"a"}},
      {R"({"do": "stats", "id": "a"})", {"a"}},
      {R"({"do": "pids", "id": "a"})", {"a"}},
      {R"({"do": "summary", "id": "a"})", {"a"}},
      {R"({"do": "update", "id": "a", "resources": {"cpuShares": 1}})", {"a"}},
      {R"({"do": "create-checkpoint", "id": "a", "name": "n"})", {"a"}},
      {R"({"do": "delete-checkpoint", "id": "a", "name": "n"})", {"a"}},
      {R"({"do": "list-checkpoints", "id": "a"})", {"a"}},
      {R"({"do": "restore", "id": "a"})", {"a"}},
      {R"({"do": "write-stdin", "id": "a", "text": "x"})", {"a"}},
      {R"({"do": "close-stdin", "id": "a"})", {"a"}},
      {R"({"do": "fail", "point": "callback.exit@a", "error": "INTERNAL x"})", {"a"}},
      {R"({"do": "fail", "point": "bundle.remove@a", "error": "INTERNAL x"})", {"a"}},
      {R"({"do": "behave", "id": "a", "behaviour": "exit=0"})", {"a"}},
      {R"({"do": "exit", "id": "a"})", {"a"}},
      {R"({"do": "kill", "id": "a"})", {"a"}},
      {R"({"do": "oom", "id": "a"})", {"a"}},
      {R"({"do": "oom-kill", "id": "a"})", {"a"}},
      {R"({"do": "kill-shim", "id": "a"})", {"a"}},
      {R"({"do": "write", "id": "a", "text": "x"})", {"a"}},
      {R"({"do": "cue", "id": "a", "name": "n"})", {"a"}},
      {R"({"do": "emit", "type": "exit", "id": "a", "process": "init"})", {"a"}},
      {R"({"do": "hold", "point": "event.exit@a/init"})", {"a"}},
      {R"({"do": "hold", "point": "rpc.Signal.received@a"})", {"a"}},
      {R"({"do": "release", "point": "process.exit@a", "count": 1})", {"a"}},
  };
  return kActions;
}

const std::vector<std::string>& OfEverything() {
  static const std::vector<std::string> kActions = {
      R"({"do": "create", "id": "a", "checkpoint": "c", "checkpoint_dir": "/shared"})",
      R"({"do": "create-checkpoint", "id": "a", "name": "n", "checkpoint_dir": "/shared"})",
      R"({"do": "delete-checkpoint", "id": "a", "name": "n", "checkpoint_dir": "/shared"})",
      R"({"do": "list-checkpoints", "id": "a", "checkpoint_dir": "/shared"})",
      R"({"do": "version"})",
      R"({"do": "await", "call": "c"})",
      R"({"do": "stop-engine"})",
      R"({"do": "start-engine"})",
      R"({"do": "close"})",
      R"({"do": "close-stdin-at-attach"})",
      R"({"do": "fail", "point": "callback.exit", "error": "INTERNAL x"})",
      R"({"do": "fail", "point": "cursor.write", "error": "INTERNAL x"})",
      R"({"do": "replace-cursor", "text": ""})",
      R"({"do": "choices", "choices": {}})",
      R"({"do": "hold", "point": "event.exit"})",
      R"({"do": "hold", "point": "engine.read"})",
      R"({"do": "hold", "point": "stream.open@a"})",
      R"({"do": "release"})",
      R"({"do": "release", "point": "event.exit"})",
      R"({"do": "faults", "plan": "event.exit@a=1*drop"})",
      R"({"do": "stop-daemon"})",
      R"({"do": "start-daemon"})",
      R"({"do": "hang-daemon", "for": "1s"})",
      R"({"do": "advance", "by": "1s"})",
      R"({"do": "steps", "count": 3})",
      R"({"do": "settle"})",
      R"({"do": "wait", "callback": "a exit 0"})",
      R"({"do": "expect", "tracked": ["a"]})",
      R"({"do": "note", "text": "x"})",
      R"({"parallel": [[{"do": "exit", "id": "a"}]]})",
      R"({"after": "1s", "actions": [{"do": "exit", "id": "a"}]})",
  };
  return kActions;
}

TEST(Independence, EveryWordSaysWhatItConcerns) {
  std::set<std::size_t> words;
  for (const auto& [text, ids] : OfContainers()) {
    const Action action = Read(text);
    words.insert(action.what.index());
    EXPECT_EQ(ConcernOf(action), (Concern{.all = false, .ids = ids})) << text;
  }
  for (const std::string& text : OfEverything()) {
    const Action action = Read(text);
    words.insert(action.what.index());
    EXPECT_TRUE(ConcernOf(action).all) << text;
  }
  EXPECT_EQ(words.size(), std::variant_size_v<action::What>);
}

TEST(Independence, IsOfDifferentContainersOnly) {
  const Action exit_a = Read(R"({"do": "exit", "id": "a"})");
  const Action exit_b = Read(R"({"do": "exit", "id": "b"})");
  const Action both = Read(R"({"do": "signal", "id": "a", "signal": 9, "from_callback": "b"})");
  const Action settle = Read(R"({"do": "settle"})");
  EXPECT_TRUE(Independent(exit_a, exit_b));
  EXPECT_FALSE(Independent(exit_a, exit_a));
  EXPECT_FALSE(Independent(exit_b, both));
  EXPECT_FALSE(Independent(both, exit_a));
  EXPECT_FALSE(Independent(exit_a, settle));
  EXPECT_FALSE(Independent(settle, settle));
}

// --- Nothing is lost

// Two containers, whose events come as they like.
constexpr const char* kEvents = R"({
  "intent": "Events of two containers.", "tags": ["concurrency"],
  "actions": [
    {"do": "create", "id": "a"}, {"do": "create", "id": "b"},
    {"do": "add-process", "id": "a", "process": "e1"},
    {"parallel": [
      [{"do": "oom", "id": "a"}],
      [{"do": "exit", "id": "a", "process": "e1", "code": 3}],
      [{"do": "kill", "id": "a"}],
      [{"do": "pause", "id": "b", "returns": "any"}],
      [{"do": "oom-kill", "id": "b"}]
    ]},
    {"do": "settle"}
  ]})";
// Two containers, with calls that meet a fault of the daemon.
constexpr const char* kCalls = R"({
  "intent": "Calls of two containers.", "tags": ["concurrency"],
  "actions": [
    {"do": "create", "id": "a"},
    {"parallel": [
      [{"do": "add-process", "id": "a", "process": "e1", "returns": "any"},
       {"do": "signal", "id": "a", "process": "e1", "signal": 15, "returns": "any"}],
      [{"do": "signal", "id": "a", "signal": 9, "returns": "any"}],
      [{"do": "create", "id": "b", "returns": "any"}, {"do": "create", "id": "b", "returns": "any"}],
      [{"do": "hang-daemon", "for": "1s"}]
    ]},
    {"do": "advance", "by": "5s"}
  ]})";

struct Loss {
  std::string name;
  const char* scenario;
  std::vector<std::string> mutants;
};

class NothingIsLost : public testing::TestWithParam<Loss> {};

// What all orders of a set break, together. Of orders that differ in nothing that matters each is a
// schedule of its own all the same, so whoever runs fewer orders may run each with more seeds.
std::set<std::string> BrokenBy(const Scenario& scenario, const std::vector<Order>& orders,
                               std::size_t runs, const std::string& mutant) {
  std::set<std::string> broken;
  RunOptions options;
  options.mutants = {mutant};
  for (std::size_t i = 0; i < runs; ++i) {
    const Order& order = orders[i % orders.size()];
    options.seed = 1 + i / orders.size();
    const ScenarioResult result =
        RunScenario(InOrder(scenario, *FindParallel(scenario), order), options);
    if (!result.cannot_judge.empty()) broken.insert("cannot judge");
    for (const GuaranteeResult& each : result.guarantees) {
      if (each.bad()) broken.emplace(each.guarantee->name);
    }
  }
  return broken;
}

TEST_P(NothingIsLost, RepresentativesBreakWhateverAllOrdersBreak) {
  const auto scenario = ParseScenario(GetParam().scenario, "events.json");
  ASSERT_TRUE(scenario) << scenario.error().message;
  const auto& parallel =
      std::get<action::Parallel>(scenario->actions[*FindParallel(*scenario)].what);
  const Swaps swaps(parallel.branches);
  std::vector<Order> all;
  ForEachOrder(swaps.lengths(), [&](const Order& order) {
    all.push_back(order);
    return true;
  });
  std::vector<Order> representatives;
  ForEachRepresentative(swaps, [&](const Order& order) {
    representatives.push_back(order);
    return true;
  });
  ASSERT_LT(representatives.size(), all.size());
  for (const std::string& mutant : GetParam().mutants) {
    const std::set<std::string> broken = BrokenBy(*scenario, all, all.size(), mutant);
    EXPECT_FALSE(broken.empty()) << mutant << " breaks nothing: no proof of anything";
    EXPECT_THAT(BrokenBy(*scenario, representatives, all.size(), mutant),
                testing::IsSupersetOf(broken))
        << mutant;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Independence, NothingIsLost,
    testing::Values(Loss{"events",
                         kEvents,
                         {"exit-called-back-twice", "exec-exit-ignored", "callbacks-swapped",
                          "oom-flag-lost", "oom-not-called-back", "oom-after-exit-counts",
                          "exec-code-as-exit", "exit-leaves-tracked", "bundle-kept"}},
                    Loss{"calls",
                         kCalls,
                         {"create-while-active", "signal-to-init", "exit-signal-lost",
                          "exec-fifos-kept", "bundle-removed-late", "exit-called-back-twice"}}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace scenarios
