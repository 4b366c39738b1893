#include "scenarios/runner/orders.h"

#include <set>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/random.h"

namespace scenarios {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

std::vector<Order> All(const std::vector<std::size_t>& lengths) {
  std::vector<Order> orders;
  ForEachOrder(lengths, [&](const Order& order) {
    orders.push_back(order);
    return true;
  });
  return orders;
}

TEST(Orders, TheCountIsTheMultinomialCoefficient) {
  EXPECT_THAT(CountOrders({}), Optional(Eq(1U)));
  EXPECT_THAT(CountOrders({5}), Optional(Eq(1U)));
  EXPECT_THAT(CountOrders({1, 1, 1, 1, 1, 1}), Optional(Eq(720U)));
  EXPECT_THAT(CountOrders({1, 1, 1, 1, 1, 1, 1, 1}), Optional(Eq(40320U)));
  EXPECT_THAT(CountOrders({2, 2}), Optional(Eq(6U)));
  EXPECT_THAT(CountOrders({3, 2, 1}), Optional(Eq(60U)));
  EXPECT_THAT(CountOrders({0, 4, 0}), Optional(Eq(1U)));
  EXPECT_THAT(CountOrders({30, 30}), Optional(Eq(118264581564861424U)));  // 60 over 30
  EXPECT_EQ(CountOrders({40, 40}), std::nullopt);
}

TEST(Orders, AsManyAreVisitedAsAreCounted) {
  const std::vector<std::vector<std::size_t>> shapes = {
      {1, 1, 1, 1, 1, 1}, {2, 2, 2}, {3, 2, 1}, {4, 4}, {1, 5, 2}, {0, 2, 1}, {8}};
  for (const auto& lengths : shapes) {
    const std::vector<Order> orders = All(lengths);
    EXPECT_EQ(orders.size(), *CountOrders(lengths));
    EXPECT_EQ(std::set<Order>(orders.begin(), orders.end()).size(), orders.size());
    EXPECT_TRUE(std::ranges::is_sorted(orders));
    for (const Order& order : orders) {
      for (std::size_t branch = 0; branch < lengths.size(); ++branch)
        EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(order, branch)), lengths[branch]);
    }
  }
}

TEST(Orders, WhoHasEnoughSaysSo) {
  std::size_t visited = 0;
  ForEachOrder({1, 1, 1, 1}, [&](const Order&) { return ++visited < 5; });
  EXPECT_EQ(visited, 5U);
}

TEST(Orders, DrawnOnesReachAllOfThem) {
  std::set<Order> drawn;
  for (std::uint64_t seed = 0; seed < 400; ++seed) drawn.insert(DrawOrder({2, 1, 1}, seed));
  EXPECT_EQ(drawn.size(), *CountOrders({2, 1, 1}));
  EXPECT_EQ(DrawOrder({3, 3}, 7), DrawOrder({3, 3}, 7));
}

// --- Representatives

std::vector<Order> Representatives(const Swaps& swaps) {
  std::vector<Order> orders;
  ForEachRepresentative(swaps, [&](const Order& order) {
    orders.push_back(order);
    return true;
  });
  return orders;
}

// Where in the order each step is, and which it is.
std::vector<Step> StepsOf(const Order& order, std::size_t branches) {
  std::vector<std::size_t> next(branches, 0);
  std::vector<Step> steps;
  for (const std::size_t branch : order) steps.push_back({branch, next[branch]++});
  return steps;
}

// By the definition: everything that swapping neighbours leads to.
std::set<Order> ClassOf(const Order& order, const Swaps& swaps) {
  std::set<Order> seen = {order};
  std::vector<Order> todo = {order};
  while (!todo.empty()) {
    const Order current = todo.back();
    todo.pop_back();
    const std::vector<Step> steps = StepsOf(current, swaps.lengths().size());
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
      if (!swaps.May(steps[i], steps[i + 1])) continue;
      Order swapped = current;
      std::swap(swapped[i], swapped[i + 1]);
      if (seen.insert(swapped).second) todo.push_back(swapped);
    }
  }
  return seen;
}

std::vector<Order> SmallestOfEachClass(const Swaps& swaps) {
  std::vector<Order> smallest;
  std::set<Order> done;
  for (const Order& order : All(swaps.lengths())) {
    if (done.contains(order)) continue;
    smallest.push_back(order);
    done.merge(ClassOf(order, swaps));
  }
  return smallest;
}

// Draws which steps of different branches may change places.
Swaps DrawSwaps(const std::vector<std::size_t>& lengths, std::uint64_t percent,
                libcontainerd::Random& random) {
  Swaps swaps(lengths);
  for (std::size_t a = 0; a < lengths.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      for (std::size_t i = 0; i < lengths[a]; ++i) {
        for (std::size_t j = 0; j < lengths[b]; ++j) {
          if (random.Below(100) < percent) swaps.Allow({a, i}, {b, j});
        }
      }
    }
  }
  return swaps;
}

TEST(Representatives, AreTheSmallestOfEachClassAndNoOther) {
  const std::vector<std::vector<std::size_t>> shapes = {{1, 1, 1, 1, 1}, {2, 2, 2},    {3, 2, 1},
                                                        {3, 3},          {0, 2, 1, 2}, {4, 1, 1}};
  libcontainerd::Random random(5);
  for (const auto& lengths : shapes) {
    for (const std::uint64_t percent : {0U, 20U, 50U, 80U, 100U}) {
      const Swaps swaps = DrawSwaps(lengths, percent, random);
      const std::vector<Order> found = Representatives(swaps);
      ASSERT_EQ(found, SmallestOfEachClass(swaps)) << testing::PrintToString(lengths);
      const std::set<Order> set(found.begin(), found.end());
      for (const Order& order : All(lengths)) {
        const Order representative = RepresentativeOf(order, swaps);
        ASSERT_TRUE(set.contains(representative)) << testing::PrintToString(order);
        ASSERT_TRUE(ClassOf(order, swaps).contains(representative));
      }
    }
  }
}

// By deletion and contraction: the chromatic polynomial at -1, without its sign.
std::uint64_t AcyclicOrientations(std::vector<std::set<std::size_t>> edges) {
  for (std::size_t a = 0; a < edges.size(); ++a) {
    if (edges[a].empty()) continue;
    const std::size_t b = *edges[a].begin();
    edges[a].erase(b);
    edges[b].erase(a);
    std::vector<std::set<std::size_t>> contracted = edges;
    for (const std::size_t c : edges[b]) {
      contracted[c].erase(b);
      contracted[c].insert(a);
      contracted[a].insert(c);
    }
    contracted[b].clear();
    return AcyclicOrientations(edges) + AcyclicOrientations(contracted);
  }
  return 1;
}

// Branches of one action: a class is a way to say, of each two that cannot change places, which
// comes first, without a circle (Cartier and Foata, Stanley).
TEST(Representatives, AreAsManyAsAcyclicOrientationsOfWhatCannotChangePlaces) {
  libcontainerd::Random random(11);
  for (int i = 0; i < 40; ++i) {
    const std::vector<std::size_t> lengths(7, 1);
    const Swaps swaps = DrawSwaps(lengths, 30 + random.Below(60), random);
    std::vector<std::set<std::size_t>> edges(lengths.size());
    for (std::size_t a = 0; a < lengths.size(); ++a) {
      for (std::size_t b = 0; b < lengths.size(); ++b) {
        if (a != b && !swaps.May({a, 0}, {b, 0})) edges[a].insert(b);
      }
    }
    ASSERT_EQ(Representatives(swaps).size(), AcyclicOrientations(edges));
  }
}

Action ExitOf(const std::string& id) {
  action::Exit exit;
  exit.id = id;
  return {exit};
}

// So many actions of each container, each in a branch of its own.
std::vector<Actions> Scattered(const std::vector<std::size_t>& counts) {
  std::vector<Actions> branches;
  for (std::size_t container = 0; container < counts.size(); ++container) {
    const Action exit = ExitOf("c" + std::to_string(container));
    branches.insert(branches.end(), counts[container], {exit});
  }
  return branches;
}

std::size_t CountOf(const std::vector<Actions>& branches) {
  return Representatives(Swaps(branches)).size();
}

TEST(Representatives, OfContainersThatHaveNothingToDoWithEachOtherAreTheProductOfTheirOwn) {
  EXPECT_EQ(CountOf(Scattered({6})), 720U);
  EXPECT_EQ(CountOf(Scattered({8})), 40320U);
  EXPECT_EQ(CountOf(Scattered({3, 3})), 36U);  // 3! 3!, of 720
  EXPECT_EQ(CountOf(Scattered({4, 2, 2})), 96U);
  EXPECT_EQ(CountOf(Scattered({1, 1, 1, 1, 1, 1, 1, 1})), 1U);
  // A branch for each container has one order: that in which they are written.
  EXPECT_EQ(CountOf({{ExitOf("a"), ExitOf("a")}, {ExitOf("b"), ExitOf("b")}}), 1U);
  // 4 over 2 of a's, times 3 over 1 of b's.
  EXPECT_EQ(CountOf({{ExitOf("a"), ExitOf("a")},
                     {ExitOf("b"), ExitOf("b")},
                     {ExitOf("a"), ExitOf("a")},
                     {ExitOf("b")}}),
            18U);
}

TEST(Representatives, OfWhatConcernsAllAreEitherBeforeOrAfterIt) {
  for (std::size_t n = 1; n <= 7; ++n) {
    std::vector<Actions> branches = Scattered(std::vector<std::size_t>(n, 1));
    branches.push_back({{action::Settle{}}});
    EXPECT_EQ(CountOf(branches), std::size_t{1} << n);
  }
}

TEST(Representatives, WhatIsLeftOutIsNotEvenBegun) {
  std::vector<Actions> branches;
  for (int i = 0; i < 20; ++i)
    branches.emplace_back(std::size_t{30}, ExitOf("c" + std::to_string(i)));
  EXPECT_EQ(CountOf(branches), 1U);  // of 600!/30!^20
  EXPECT_EQ(CountOrders(Swaps(branches).lengths()), std::nullopt);
}

TEST(Representatives, WhoHasEnoughSaysSo) {
  std::size_t visited = 0;
  ForEachRepresentative(Swaps(Scattered({4, 2})), [&](const Order&) { return ++visited < 5; });
  EXPECT_EQ(visited, 5U);
}

// --- Orders of a scenario

Action NoteOf(const std::string& text) {
  action::Note note;
  note.text = text;
  return {note};
}

TEST(Orders, OnlyTheParallelIsReordered) {
  Scenario scenario;
  action::Parallel parallel;
  parallel.branches = {{NoteOf("a1"), NoteOf("a2")}, {NoteOf("b")}};
  scenario.actions = {NoteOf("first"), {parallel}, NoteOf("last")};
  ASSERT_THAT(FindParallel(scenario), Optional(Eq(1U)));
  const Scenario ordered = InOrder(scenario, 1, {0, 1, 0});
  action::Parallel expected;
  expected.branches = {{NoteOf("a1"), NoteOf("b"), NoteOf("a2")}};
  EXPECT_THAT(ordered.actions, ElementsAre(NoteOf("first"), Action{expected, {}}, NoteOf("last")));
}

TEST(Orders, TwoParallelsAreNone) {
  Scenario scenario;
  EXPECT_EQ(FindParallel(scenario), std::nullopt);
  scenario.actions = {{action::Parallel{}}, {action::Parallel{}}};
  EXPECT_EQ(FindParallel(scenario), std::nullopt);
}

}  // namespace
}  // namespace scenarios
