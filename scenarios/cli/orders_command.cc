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
  std::vector<Actions> branches{};
  std::size_t parallel = 0;
  std::size_t actions = 0;
  std::optional<std::uint64_t> count{};  // of all
  bool reduced = false;                  // those that differ are fewer, and only they are meant
  bool drawn = false;                    // `chosen` are not all that are meant
  std::vector<Order> chosen{};
};

// Representatives, which without anything that may change places are all orders there are. False:
// there are more than `bound`.
bool ChooseAll(const Swaps& swaps, std::uint64_t bound, Orders& orders) {
  bool all = true;
  ForEachRepresentative(swaps, [&](const Order& order) {
    all = orders.chosen.size() < bound;
    if (all) orders.chosen.push_back(order);
    return all;
  });
  return all;
}

void Draw(const Swaps& swaps, std::uint64_t bound, std::uint64_t seed, Orders& orders) {
  std::set<Order> drawn;
  for (std::uint64_t i = 0; drawn.size() < bound && i < bound * 20; ++i)
    drawn.insert(RepresentativeOf(DrawOrder(swaps.lengths(), seed + i), swaps));
  orders.drawn = true;
  orders.chosen.assign(drawn.begin(), drawn.end());
}

Result<Orders> ChooseOrders(const Scenario& scenario, const OrdersCommand& command,
                            std::uint64_t seed) {
  const auto parallel = FindParallel(scenario);
  if (!parallel) {
    return Fail(ErrorCode::kInvalidArgument,
                scenario.name +
                    ": expected exactly one \"parallel\" among its actions, whose "
                    "branches are put into all orders");
  }
  Orders orders;
  orders.parallel = *parallel;
  orders.branches = std::get<action::Parallel>(scenario.actions[*parallel].what).branches;
  std::vector<std::size_t> lengths;
  for (const Actions& branch : orders.branches) {
    lengths.push_back(branch.size());
    orders.actions += branch.size();
  }
  orders.count = CountOrders(lengths);
  const Swaps swaps = command.all ? Swaps(lengths) : Swaps(orders.branches);
  const bool complete = ChooseAll(swaps, command.bound, orders);
  if (!complete) Draw(swaps, command.bound, seed, orders);
  orders.reduced = !swaps.none();
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
  const std::string all = orders.count ? std::to_string(*orders.count) : "more than 2^64";
  const std::string of = " orders of these " + std::to_string(orders.actions) + " actions";
  const std::string chosen = std::to_string(orders.chosen.size());
  if (!orders.reduced) return orders.drawn ? chosen + " of " + all + of : all + of;
  return all + of + "; " + (orders.drawn ? chosen + " drawn of those" : chosen) +
         " that differ (the others swap what concerns different containers)";
}

// The scenarios of a part of the orders, and what is to be done with them. A part at a time: all of
// them would not fit into memory.
class Parts {
 public:
  Parts(const OrdersCommand& command, const PlannedRun& plan, const NamedScenario& scenario,
        const Orders& orders)
      : command_(command), plan_(plan), scenario_(scenario), orders_(orders) {
    for (std::size_t i = 0; i < orders.chosen.size(); ++i) {
      if (plan.shard.Has(i)) mine_.push_back(i);
    }
  }

  std::size_t runs() const { return mine_.size() * plan_.transports.size(); }
  std::vector<PlannedWork> From(std::size_t first) {
    constexpr std::size_t kLargest = 1000;
    const std::size_t end = std::min(runs(), first + kLargest);
    scenarios_.clear();
    scenarios_.reserve(end - first);
    std::vector<PlannedWork> work;
    for (std::size_t i = first; i < end; ++i)
      work.push_back(Make(mine_[i % mine_.size()], plan_.transports[i / mine_.size()]));
    return work;
  }

 private:
  PlannedWork Make(std::size_t number, Transport transport) {
    const Order& order = orders_.chosen[number];
    NamedScenario& ordered = scenarios_.emplace_back(scenario_);
    ordered.scenario = InOrder(scenario_.scenario, orders_.parallel, order);
    ordered.scenario.name += "-order-" + std::to_string(number + 1);
    PlannedWork work;
    work.scenario = &ordered;
    work.options.transport = transport;
    work.options.seed = plan_.seed;
    work.options.oracle = plan_.oracle;
    work.label = "order " + OrderText(order);
    work.reproduce = "drydock run " + command_.options.report_dir + "/" + ordered.scenario.name +
                     ".json --seed " + std::to_string(plan_.seed) + " --transport " +
                     std::string(TransportName(transport));
    return work;
  }

  const OrdersCommand& command_;
  const PlannedRun& plan_;
  const NamedScenario& scenario_;
  const Orders& orders_;
  std::vector<std::size_t> mine_;  // numbers of the orders of this shard
  std::vector<NamedScenario> scenarios_;
};

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
  plan->shard = *shard;
  const NamedScenario named = plan->scenarios.front();
  const auto orders = ChooseOrders(named.scenario, command, plan->seed);
  if (!orders) return usage(orders.error());
  out << CountText(*orders) << '\n';
  Parts parts(command, *plan, named, *orders);
  const ExecutedParts executed = ExecuteParts(
      "drydock orders", *plan, parts.runs(), [&](std::size_t first) { return parts.From(first); },
      out);
  out << CountText(*orders) << ": " << executed.passed << " of " << executed.runs
      << " runs passed\n";
  // Only what failed is of interest, and each as a file of its own.
  return Conclude("drydock orders", *plan, command.options.report_dir, executed.bad, true, out,
                  err);
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
  orders->add_flag("--all", command->all,
                   "those, too, that only swap what concerns different containers");
  AddScenarioOptions(*orders, command->options);
  orders->callback([command, &exit_code] {
    exit_code = RunOrdersCommand(*command, ProcessEnvironment(), std::cout, std::cerr);
  });
}

}  // namespace scenarios
