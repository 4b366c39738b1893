// docs/mutants.md is what the tables say, and a scenario that names a mutant means one of them.
#include "fake_containerd/mutant_docs.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "fake_containerd/mutant.h"
#include "libcontainerd/mutant.h"

namespace fake_containerd {
namespace {

// With DRYDOCK_UPDATE_DOCS=1 in the environment the page is written instead.
TEST(MutantDocs, AreUpToDate) {
  const std::string path = std::string(DRYDOCK_SOURCE_DIR) + "/docs/mutants.md";
  if (std::getenv("DRYDOCK_UPDATE_DOCS") != nullptr) std::ofstream(path) << RenderMutantDocs();
  std::ifstream in(path);
  std::ostringstream page;
  page << in.rdbuf();
  EXPECT_EQ(page.str(), RenderMutantDocs())
      << "run this test with DRYDOCK_UPDATE_DOCS=1 to write " << path;
}

TEST(MutantDocs, NoNameIsUsedOnBothSides) {
  for (const MutantInfo& info : AllMutants()) {
    EXPECT_EQ(libcontainerd::MutantFromName(info.name), std::nullopt) << info.name;
  }
}

}  // namespace
}  // namespace fake_containerd
