// Orders: all interleavings of the branches of a `parallel`: the actions of one branch keep their
// order, those of different branches come in any.
//
// Six branches of one action have 720 orders; branches of a, b, c actions have (a+b+c)!/(a! b! c!).
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

// The only `parallel` among the scenario's own actions; nothing if there is none or another.
std::optional<std::size_t> FindParallel(const Scenario& scenario);
// The scenario with the actions of that `parallel` in this order.
Scenario InOrder(const Scenario& scenario, std::size_t parallel, const Order& order);

}  // namespace scenarios
