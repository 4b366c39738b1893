// docs/faults.md is what the tables say, and its plans and refusals are true.
#include "fake_containerd/fault_docs.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd/fault_plan.h"

namespace fake_containerd {
namespace {

using ::testing::HasSubstr;

// With DRYDOCK_UPDATE_DOCS=1 in the environment the page is written instead.
TEST(FaultDocs, AreUpToDate) {
  const std::string path = std::string(DRYDOCK_SOURCE_DIR) + "/docs/faults.md";
  if (std::getenv("DRYDOCK_UPDATE_DOCS") != nullptr) std::ofstream(path) << RenderFaultDocs();
  std::ifstream in(path);
  std::ostringstream page;
  page << in.rdbuf();
  EXPECT_EQ(page.str(), RenderFaultDocs())
      << "run this test with DRYDOCK_UPDATE_DOCS=1 to write " << path;
}

TEST(FaultDocs, ShowPlansThatCanBeRead) {
  const std::string page = RenderFaultDocs();
  const std::string fence = "```faults\n";
  std::size_t examples = 0;
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    const auto plan = FaultPlan::Parse(page.substr(begin, page.find("```", begin) - begin));
    ASSERT_TRUE(plan) << plan.error().message;
    examples += plan->rules().size();
  }
  EXPECT_EQ(examples, 8U);
}

TEST(FaultDocs, QuoteRefusalsWordForWord) {
  const std::string page = RenderFaultDocs();
  for (const char* plan :
       {"rpc.Sate.received=off", "disk.log=off->drop", "\nevent.exit=101%drop"}) {
    EXPECT_THAT(page, HasSubstr("\n" + FaultPlan::Parse(plan).error().message + "\n"));
  }
}

}  // namespace
}  // namespace fake_containerd
