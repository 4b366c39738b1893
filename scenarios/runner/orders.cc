#include "scenarios/runner/orders.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <variant>

#include "libcontainerd/random.h"
#include "scenarios/runner/independence.h"

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

std::vector<std::size_t> LengthsOf(const std::vector<Actions>& branches) {
  std::vector<std::size_t> lengths;
  for (const Actions& branch : branches) lengths.push_back(branch.size());
  return lengths;
}

// The search for representatives.
class Search {
 public:
  Search(const Swaps& swaps, const std::function<bool(const Order&)>& visit)
      : swaps_(swaps),
        visit_(visit),
        next_(swaps.lengths().size(), 0),
        total_(Sum(swaps.lengths())) {}

  // Visits all continuations of the order so far but those that begin with a branch that sleeps;
  // false when `visit` had enough.
  bool Continue(std::vector<char> sleeping) {
    if (order_.size() == total_) return visit_(order_);
    for (std::size_t branch = 0; branch < next_.size(); ++branch) {
      if (!HasMore(branch) || sleeping[branch] != 0) continue;
      const Step step = NextOf(branch);
      std::vector<char> still(next_.size(), 0);
      for (std::size_t other = 0; other < next_.size(); ++other)
        still[other] = sleeping[other] != 0 && swaps_.May(NextOf(other), step) ? 1 : 0;
      ++next_[branch];
      order_.push_back(branch);
      const bool more = !AllCanWake(still) || Continue(std::move(still));
      order_.pop_back();
      --next_[branch];
      if (!more) return false;
      sleeping[branch] = 1;
    }
    return true;
  }

 private:
  Step NextOf(std::size_t branch) const { return {branch, next_[branch]}; }
  bool HasMore(std::size_t branch) const { return next_[branch] < swaps_.lengths()[branch]; }

  // A branch that nothing to come can wake makes every continuation one that was visited before.
  bool AllCanWake(const std::vector<char>& sleeping) const {
    for (std::size_t branch = 0; branch < next_.size(); ++branch) {
      if (sleeping[branch] != 0 && !CanWake(branch)) return false;
    }
    return true;
  }
  bool CanWake(std::size_t branch) const {
    for (std::size_t other = 0; other < next_.size(); ++other) {
      if (other == branch) continue;
      for (std::size_t i = next_[other]; i < swaps_.lengths()[other]; ++i) {
        if (!swaps_.May(NextOf(branch), {other, i})) return true;
      }
    }
    return false;
  }

  const Swaps& swaps_;
  const std::function<bool(const Order&)>& visit_;
  std::vector<std::size_t> next_;  // of each branch
  const std::size_t total_;
  Order order_;
};

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

Swaps::Swaps(const std::vector<std::size_t>& lengths) : lengths_(lengths), total_(Sum(lengths)) {
  std::size_t first = 0;
  for (const std::size_t length : lengths_) {
    first_.push_back(first);
    first += length;
  }
  allowed_.resize(total_ * total_, 0);
}

Swaps::Swaps(const std::vector<Actions>& branches) : Swaps(LengthsOf(branches)) {
  std::vector<Concern> concerns;
  std::vector<Step> steps;
  for (std::size_t branch = 0; branch < branches.size(); ++branch) {
    for (std::size_t i = 0; i < branches[branch].size(); ++i) {
      concerns.push_back(ConcernOf(branches[branch][i]));
      steps.push_back({branch, i});
    }
  }
  for (std::size_t a = 0; a < steps.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const bool others = steps[a].branch != steps[b].branch;
      if (others && Independent(concerns[a], concerns[b])) Allow(steps[a], steps[b]);
    }
  }
}

void Swaps::Allow(Step a, Step b) {
  allowed_[Number(a) * total_ + Number(b)] = 1;
  allowed_[Number(b) * total_ + Number(a)] = 1;
}

bool Swaps::none() const {
  return std::ranges::count(allowed_, 0) == std::ranges::ssize(allowed_);
}

void ForEachRepresentative(const Swaps& swaps, const std::function<bool(const Order&)>& visit) {
  Search search(swaps, visit);
  search.Continue(std::vector<char>(swaps.lengths().size(), 0));
}

// Of all actions that nothing holds back, the one of the first branch comes next.
Order RepresentativeOf(const Order& order, const Swaps& swaps) {
  std::vector<Step> left;
  std::vector<std::size_t> next(swaps.lengths().size(), 0);
  for (const std::size_t branch : order) left.push_back({branch, next[branch]++});
  Order representative;
  while (!left.empty()) {
    std::size_t chosen = left.size();
    for (std::size_t i = 0; i < left.size(); ++i) {
      bool free = chosen == left.size() || left[i].branch < left[chosen].branch;
      for (std::size_t before = 0; before < i && free; ++before)
        free = swaps.May(left[before], left[i]);
      if (free) chosen = i;
    }
    representative.push_back(left[chosen].branch);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(chosen));
  }
  return representative;
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
