#include "scenarios/guarantees/guarantee_docs.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "scenarios/guarantees/guarantee.h"

namespace scenarios {
namespace {

TEST(Guarantees, AreFoundByTheirNames) {
  std::set<std::string_view> names;
  for (const Guarantee& guarantee : AllGuarantees()) {
    EXPECT_TRUE(names.insert(guarantee.name).second) << guarantee.name;
    EXPECT_EQ(FindGuarantee(guarantee.name), &guarantee);
  }
  EXPECT_EQ(names.size(), 39U);
  EXPECT_EQ(FindGuarantee("world-peace"), nullptr);
}

TEST(Guarantees, NoneIsObservableInAnEmptyJournal) {
  const Journal empty;
  for (const Guarantee& guarantee : AllGuarantees()) {
    const Judgement judgement = JudgeJournal(guarantee, empty);
    EXPECT_EQ(VerdictName(judgement.verdict), "not observable") << guarantee.name;
    EXPECT_TRUE(judgement.violations.empty());
  }
}

// With DRYDOCK_UPDATE_DOCS=1 in the environment the page is written instead.
TEST(Guarantees, TheirPageIsUpToDate) {
  const std::string path = std::string(DRYDOCK_SOURCE_DIR) + "/docs/guarantees.md";
  if (std::getenv("DRYDOCK_UPDATE_DOCS") != nullptr) std::ofstream(path) << RenderGuaranteeDocs();
  std::ifstream in(path);
  std::ostringstream page;
  page << in.rdbuf();
  EXPECT_EQ(page.str(), RenderGuaranteeDocs())
      << "run this test with DRYDOCK_UPDATE_DOCS=1 to write " << path;
}

}  // namespace
}  // namespace scenarios
