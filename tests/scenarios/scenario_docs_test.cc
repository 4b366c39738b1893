// docs/scenarios.md and the schema are what the tables say, and the page's examples can be read.
#include "scenarios/text/scenario_docs.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/text/words.h"
#include "tests/scenarios/scenario_text_checks.h"

namespace scenarios {
namespace {

using ::testing::HasSubstr;

std::string PathOf(const char* file) {
  return std::string(DRYDOCK_SOURCE_DIR) + "/" + file;
}

std::string ContentOf(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// With DRYDOCK_UPDATE_DOCS=1 in the environment the file is written instead.
void ExpectUpToDate(const std::string& path, const std::string& expected) {
  if (std::getenv("DRYDOCK_UPDATE_DOCS") != nullptr) std::ofstream(path) << expected;
  EXPECT_EQ(ContentOf(path), expected) << "run this test with DRYDOCK_UPDATE_DOCS=1 to write it";
}

TEST(ScenarioDocs, TablesAreUpToDate) {
  const std::string path = PathOf("docs/scenarios.md");
  const std::string page = ContentOf(path);
  ASSERT_FALSE(page.empty());
  ExpectUpToDate(path, WithScenarioTables(page));
}

TEST(ScenarioDocs, TheSchemaIsUpToDate) {
  ExpectUpToDate(PathOf("scenarios/schema/scenario.schema.json"), ScenarioSchema());
}

TEST(ScenarioDocs, EveryActionIsInATable) {
  const std::string page = ContentOf(PathOf("docs/scenarios.md"));
  for (const std::string_view word : ActionWords()) {
    EXPECT_THAT(page, HasSubstr("\n| `" + std::string(word) + "` | "));
  }
}

TEST(ScenarioDocs, ExamplesCanBeRead) {
  const std::string page = ContentOf(PathOf("docs/scenarios.md"));
  const std::string fence = "```json\n";
  int examples = 0;
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    std::string text = page.substr(begin, page.find("```", begin) - begin);
    if (text.starts_with("[")) text = "{\"actions\": " + text + "}";
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      ExpectRoundTrip(Parsed(text, "example.json", {.seed = seed}));
    }
    ++examples;
  }
  EXPECT_EQ(examples, 7);
}

TEST(ScenarioDocs, TheErrorLooksAsThePageSays) {
  const std::string page = ContentOf(PathOf("docs/scenarios.md"));
  EXPECT_THAT(page,
              HasSubstr("actions[3].do is \"craete\", expected one of create, add-process, …; "
                        "did you mean \"create\"?"));
}

}  // namespace
}  // namespace scenarios
