#include "scenarios/runner/orders.h"

#include <limits>
#include <numeric>
#include <utility>
#include <variant>

#include "libcontainerd/random.h"

namespace scenarios {

namespace {

// Visits all continuations of `order`; false when `visit` had enough.
bool Extend(std::vector<std::size_t>& left, Order& order, std::size_t total,
            const std::function<bool(const Order&)>& visit) {
  if (order.size() == total) return visit(order);
  for (std::size_t branch = 0; branch < left.size(); ++branch) {
    if (left[branch] == 0) continue;
    --left[branch];
    order.push_back(branch);
    const bool more = Extend(left, order, total, visit);
    order.pop_back();
    ++left[branch];
    if (!more) return false;
  }
  return true;
}

std::size_t Sum(const std::vector<std::size_t>& lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), std::size_t{0});
}

}  // namespace

// A product of binomial coefficients, each built up so that every step is a whole number.
std::optional<std::uint64_t> CountOrders(const std::vector<std::size_t>& lengths) {
  std::uint64_t count = 1;
  std::uint64_t placed = 0;
  for (const std::size_t length : lengths) {
    std::uint64_t choices = 1;
    for (std::uint64_t i = 1; i <= length; ++i) {
      const std::uint64_t factor = placed + i;
      const std::uint64_t common = std::gcd(choices, i);
      const std::uint64_t rest = i / common;
      choices /= common;
      if (choices > std::numeric_limits<std::uint64_t>::max() / (factor / rest))
        return std::nullopt;
      choices *= factor / rest;
    }
    if (choices != 0 && count > std::numeric_limits<std::uint64_t>::max() / choices)
      return std::nullopt;
    count *= choices;
    placed += length;
  }
  return count;
}

void ForEachOrder(const std::vector<std::size_t>& lengths,
                  const std::function<bool(const Order&)>& visit) {
  std::vector<std::size_t> left = lengths;
  Order order;
  Extend(left, order, Sum(lengths), visit);
}

// A branch is drawn with the weight of what it has left: then all interleavings are equally likely.
Order DrawOrder(const std::vector<std::size_t>& lengths, std::uint64_t seed) {
  libcontainerd::Random random(seed);
  std::vector<std::size_t> left = lengths;
  Order order;
  for (std::size_t total = Sum(lengths); total > 0; --total) {
    auto ticket = static_cast<std::size_t>(random.Below(total));
    std::size_t branch = 0;
    while (ticket >= left[branch]) ticket -= left[branch++];
    --left[branch];
    order.push_back(branch);
  }
  return order;
}

std::optional<std::size_t> FindParallel(const Scenario& scenario) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < scenario.actions.size(); ++i) {
    if (!std::holds_alternative<action::Parallel>(scenario.actions[i].what)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

Scenario InOrder(const Scenario& scenario, std::size_t parallel, const Order& order) {
  Scenario ordered = scenario;
  auto& group = std::get<action::Parallel>(ordered.actions[parallel].what);
  const std::vector<Actions> branches = std::exchange(group.branches, {});
  std::vector<std::size_t> next(branches.size(), 0);
  Actions sequence;
  for (const std::size_t branch : order) sequence.push_back(branches[branch][next[branch]++]);
  group.branches.push_back(std::move(sequence));
  return ordered;
}

}  // namespace scenarios
