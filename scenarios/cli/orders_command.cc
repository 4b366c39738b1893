#include "scenarios/cli/orders_command.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/reports/output_directory.h"
#include "scenarios/runner/orders.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

struct Orders {
  std::vector<std::size_t> lengths{};
  std::size_t parallel = 0;
  std::optional<std::uint64_t> count{};
  std::vector<Order> chosen{};
};

Result<Orders> ChooseOrders(const Scenario& scenario, std::uint64_t bound, std::uint64_t seed) {
  const auto parallel = FindParallel(scenario);
  if (!parallel) {
    return Fail(ErrorCode::kInvalidArgument,
                scenario.name +
                    ": expected exactly one \"parallel\" among its actions, whose "
                    "branches are put into all orders");
  }
  Orders orders;
  orders.parallel = *parallel;
  for (const Actions& branch :
       std::get<action::Parallel>(scenario.actions[*parallel].what).branches)
    orders.lengths.push_back(branch.size());
  orders.count = CountOrders(orders.lengths);
  if (orders.count && *orders.count <= bound) {
    ForEachOrder(orders.lengths, [&](const Order& order) {
      orders.chosen.push_back(order);
      return true;
    });
    return orders;
  }
  std::set<Order> drawn;
  for (std::uint64_t i = 0; drawn.size() < bound && i < bound * 20; ++i)
    drawn.insert(DrawOrder(orders.lengths, seed + i));
  orders.chosen.assign(drawn.begin(), drawn.end());
  return orders;
}

// "2 1 1 3": whose turn it is, branches counted from 1.
std::string OrderText(const Order& order) {
  std::string text;
  for (const std::size_t branch : order)
    text += (text.empty() ? "" : " ") + std::to_string(branch + 1);
  return text;
}

std::string CountText(const Orders& orders) {
  const std::size_t actions = orders.chosen.empty() ? 0 : orders.chosen.front().size();
  std::ostringstream text;
  if (orders.count && orders.chosen.size() == *orders.count) {
    text << *orders.count << " orders of these " << actions << " actions";
  } else {
    text << orders.chosen.size() << " of "
         << (orders.count ? std::to_string(*orders.count) : "more than 2^64") << " orders of these "
         << actions << " actions";
  }
  return text.str();
}

}  // namespace

int RunOrdersCommand(const OrdersCommand& command, const Environment& environment,
                     std::ostream& out, std::ostream& err) {
  const auto usage = [&](const libcontainerd::Error& error) {
    err << "drydock: " << error.message << '\n';
    return static_cast<int>(kExitUsage);
  };
  // Shards are of orders here, not of scenarios.
  auto plan = Plan({command.word}, command.options, [](const char*) { return std::nullopt; });
  if (!plan) return usage(plan.error());
  auto shard = command.options.shard.empty() ? ShardFromEnvironment(environment)
                                             : ParseShard(command.options.shard);
  if (!shard) return usage(shard.error());
  if (plan->scenarios.size() != 1)
    return usage({ErrorCode::kInvalidArgument, "orders: expected one scenario"});
  const NamedScenario named = plan->scenarios.front();
  const auto orders = ChooseOrders(named.scenario, command.bound, plan->seed);
  if (!orders) return usage(orders.error());
  out << CountText(*orders) << '\n';

  plan->scenarios.clear();
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < orders->chosen.size(); ++i) {
    if (!shard->Has(i)) continue;
    NamedScenario ordered = named;
    ordered.scenario = InOrder(named.scenario, orders->parallel, orders->chosen[i]);
    ordered.scenario.name += "-order-" + std::to_string(i + 1);
    plan->scenarios.push_back(std::move(ordered));
    labels.push_back("order " + OrderText(orders->chosen[i]));
  }
  plan->shard = *shard;
  std::vector<PlannedWork> work = WorkOf(*plan);
  for (std::size_t i = 0; i < work.size(); ++i) {
    work[i].label = labels[i % labels.size()];
    work[i].reproduce = "drydock run " + command.options.report_dir + "/" +
                        work[i].scenario->scenario.name + ".json --seed " +
                        std::to_string(plan->seed) + " --transport " +
                        std::string(TransportName(work[i].options.transport));
  }
  Executed executed = Execute("drydock orders", *plan, work, out);
  const auto passed = static_cast<std::size_t>(
      std::ranges::count(executed.results, ScenarioVerdict::kPassed, &ScenarioResult::verdict));
  out << CountText(*orders) << ": " << passed << " of " << executed.results.size()
      << " runs passed\n";
  // Only what failed is of interest, and each as a file of its own.
  std::erase_if(executed.results, [](const ScenarioResult& result) {
    return result.verdict == ScenarioVerdict::kPassed ||
           result.verdict == ScenarioVerdict::kSkipped;
  });
  return Conclude("drydock orders", *plan, command.options.report_dir, executed, true, out, err);
}

void AddOrdersCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<OrdersCommand>();
  command->options.transport = "loopback";
  CLI::App* orders =
      app.add_subcommand("orders", "Run all orders of the branches of a scenario's \"parallel\"");
  orders->add_option("SCENARIO", command->word, "a file, or a name of `drydock list`")->required();
  orders->add_option("--bound", command->bound, "so many orders; of more, that many are drawn")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}));
  AddScenarioOptions(*orders, command->options);
  orders->callback([command, &exit_code] {
    exit_code = RunOrdersCommand(*command, ProcessEnvironment(), std::cout, std::cerr);
  });
}

}  // namespace scenarios
