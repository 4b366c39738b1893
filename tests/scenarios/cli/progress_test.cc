#include "scenarios/cli/progress.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scenarios {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Progress, IsALineForEachPieceInAFile) {
  std::ostringstream out;
  {
    Progress progress(out, /*terminal=*/false, 2);
    progress.Done("passed a", "", false);
    progress.Done("failed b", "because\n", true);
  }
  EXPECT_EQ(out.str(), "passed a\nfailed b\nbecause\n");
}

TEST(Progress, IsABarOnATerminal) {
  std::ostringstream out;
  {
    Progress progress(out, /*terminal=*/true, 4);
    progress.Done("passed a", "", false);
    EXPECT_THAT(out.str(), EndsWith("[######..................] 1/4  passed a"));
    progress.Done("passed b", "", false);
    EXPECT_THAT(out.str(), EndsWith("[############............] 2/4  passed b"));
    EXPECT_THAT(out.str(), Not(HasSubstr("\n")));
  }
  EXPECT_THAT(out.str(), EndsWith("\r\x1b[K")) << "the bar goes away";
}

TEST(Progress, WhatFailedStaysAboveTheBar) {
  std::ostringstream out;
  Progress progress(out, /*terminal=*/true, 2);
  progress.Done("failed a", "because\n", true);
  EXPECT_EQ(
      out.str(),
      "\r\x1b[Kfailed a\nbecause\n\r\x1b[K[############............] 1/2, 1 failed  failed a");
}

TEST(Progress, ALongNameDoesNotBreakTheLine) {
  std::ostringstream out;
  Progress progress(out, /*terminal=*/true, 1);
  progress.Done(std::string(500, 'x'), "", false);
  EXPECT_LE(out.str().size(), 90U);
}

}  // namespace
}  // namespace scenarios
