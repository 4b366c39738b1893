#include "fake_containerd/world/event_list.h"

#include <deque>

#include <gtest/gtest.h>

#include "libcontainerd/random.h"

namespace fake_containerd {
namespace {

Event Numbered(std::uint64_t number) {
  return Event{.kind = EventKind::kOom,
               .container = {.id = "c" + std::to_string(number % 5)},
               .process = "",
               .status = 0,
               .time = WallTime(Duration(number))};
}

std::vector<Event> Of(const EventList& list, const std::string& id) {
  std::vector<Event> found;
  list.ForEachOf(id, [&](const Event& event) { found.push_back(event); });
  return found;
}

// Beside a deque, cut and asked now and then.
TEST(EventList, KeepsTheLastOnesAndFindsThoseOfAContainer) {
  libcontainerd::Random random(1);
  EventList list;
  std::deque<Event> model;
  for (std::uint64_t i = 0; i < 4'000; ++i) {
    list.Append(Numbered(i));
    model.push_back(Numbered(i));
    if (random.Below(100) == 0) {
      const auto keep = static_cast<std::size_t>(random.Below(200));
      list.CutTo(keep);
      while (model.size() > keep) model.pop_front();
    }
    ASSERT_EQ(list.size(), model.size());
    if (random.Below(20) != 0 || model.empty()) continue;
    ASSERT_EQ(list.front(), model.front());
    ASSERT_EQ(list.back(), model.back());
    ASSERT_EQ(list[model.size() / 2], model[model.size() / 2]);
    const std::string id = "c" + std::to_string(random.Below(6));
    std::vector<Event> expected;
    for (const Event& event : model) {
      if (event.container.id == id) expected.push_back(event);
    }
    ASSERT_EQ(Of(list, id), expected) << i;
  }
  const std::vector<Event> all(model.begin(), model.end());
  EXPECT_EQ(list.Copy(), all);
  EXPECT_EQ(Of(list, ""), all);
  EXPECT_EQ(list.TakeAll(), all);
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(Of(list, "c1").empty());
  list.Append(Numbered(1));
  EXPECT_EQ(Of(list, "c1"), std::vector<Event>{Numbered(1)});
}

}  // namespace
}  // namespace fake_containerd
