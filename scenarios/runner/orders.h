// Orders: all interleavings of the branches of a `parallel`: the actions of one branch keep their
// order, those of different branches come in any.
//
// Six branches of one action have 720 orders; branches of a, b, c actions have (a+b+c)!/(a! b! c!).
//
// Many of them differ in nothing but the order of actions that may change places (independence.h).
// Orders that become each other by such changes of neighbours are one class; its representative is
// the lexicographically smallest of them. Actions of one branch never change places.
//
// Representatives are found by sleep sets (Godefroid): a branch whose next action was tried first
// sleeps in what is tried after it, until something comes that its action cannot change places
// with. So nothing is visited twice, and the other orders are not even begun for the most part.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "scenarios/scenario.h"

namespace scenarios {

// How many there are for branches of these lengths; nothing when that does not fit.
std::optional<std::uint64_t> CountOrders(const std::vector<std::size_t>& lengths);

// An order: which branch's next action comes, from the first to the last.
using Order = std::vector<std::size_t>;

// Calls `visit` with each order, in lexicographic order, until it returns false.
void ForEachOrder(const std::vector<std::size_t>& lengths,
                  const std::function<bool(const Order&)>& visit);
// Draws one; each is as likely as any other.
Order DrawOrder(const std::vector<std::size_t>& lengths, std::uint64_t seed);

// Whether an action of one branch and one of another may change places.
struct Step {
  std::size_t branch = 0;
  std::size_t index = 0;  // in its branch
  friend bool operator==(const Step&, const Step&) = default;
};
class Swaps {
 public:
  // Nothing changes places with anything: each order is its own representative.
  explicit Swaps(const std::vector<std::size_t>& lengths);
  explicit Swaps(const std::vector<Actions>& branches);  // by independence.h

  void Allow(Step a, Step b);
  bool May(Step a, Step b) const { return allowed_[Number(a) * total_ + Number(b)] != 0; }
  bool none() const;  // may change places
  const std::vector<std::size_t>& lengths() const { return lengths_; }

 private:
  std::size_t Number(Step step) const { return first_[step.branch] + step.index; }

  std::vector<std::size_t> lengths_;
  std::vector<std::size_t> first_;  // number of each branch's first action
  std::size_t total_ = 0;
  std::vector<char> allowed_;  // a square
};
// Calls `visit` with the representative of each class, in lexicographic order, until it returns
// false.
void ForEachRepresentative(const Swaps& swaps, const std::function<bool(const Order&)>& visit);
// Of the order's class.
Order RepresentativeOf(const Order& order, const Swaps& swaps);

// The only `parallel` among the scenario's own actions; nothing if there is none or another.
std::optional<std::size_t> FindParallel(const Scenario& scenario);
// The scenario with the actions of that `parallel` in this order.
Scenario InOrder(const Scenario& scenario, std::size_t parallel, const Order& order);

}  // namespace scenarios
