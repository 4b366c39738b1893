#include "libcontainerd/seldom.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace libcontainerd {
namespace {

struct Rarity {
  int number = 7;
  std::string text;
};

TEST(Seldom, IsAPointerAndReadsAsANewValueUntilItIsMade) {
  Seldom<Rarity> seldom;
  EXPECT_EQ(sizeof seldom, sizeof(void*));
  EXPECT_EQ(seldom->number, 7);
  EXPECT_EQ(seldom.IfMade(), nullptr);
  seldom.Make().number = 8;
  seldom.Make().text = "a";
  EXPECT_EQ(seldom->number, 8);
  EXPECT_EQ(seldom.get().text, "a");
  ASSERT_NE(seldom.IfMade(), nullptr);
  EXPECT_EQ(Seldom<Rarity>()->number, 7) << "another one is still new";
}

TEST(Seldom, ACopyIsItsOwn) {
  Seldom<Rarity> seldom;
  const Seldom<Rarity> of_nothing = seldom;
  seldom.Make().text = "a";
  Seldom<Rarity> copy = seldom;
  copy.Make().text = "b";
  EXPECT_EQ(seldom->text, "a");
  EXPECT_EQ(of_nothing->text, "");
  seldom = std::move(copy);
  EXPECT_EQ(seldom->text, "b");
}

}  // namespace
}  // namespace libcontainerd
