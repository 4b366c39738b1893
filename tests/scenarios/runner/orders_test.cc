#include "scenarios/runner/orders.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
