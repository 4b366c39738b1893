#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kName = "stdio-complete";
constexpr auto kOpened = EntryKind::kStdioOpened;
constexpr auto kSource = EntryKind::kStdioSourceEof;
constexpr auto kEof = EntryKind::kStdioEof;
constexpr auto kClosed = EntryKind::kStdioClosed;

TEST(StdioComplete, HoldsForTheSameBytes) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init");
  j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Stdio(kSource, "c1", "init", "stderr", 0, "00");
  j.Stdio(kEof, "c1", "init", "stderr", 0).Stdio(kEof, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(Held(kName, j));
}

TEST(StdioComplete, BrokenByMissingBytes) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "e1", "stdout", 6, "aa").Last();
  const auto eof = j.Stdio(kEof, "c1", "e1", "stdout", 1, "bb").Last();
  EXPECT_TRUE(Broken(
      kName, j, {{"c1/e1: stdout ended after 1 byte, the process wrote 6 bytes", {source, eof}}}));
}

TEST(StdioComplete, BrokenByOtherBytes) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "init", "stderr", 6, "aa").Last();
  const auto eof = j.Stdio(kEof, "c1", "init", "stderr", 6, "bb").Last();
  EXPECT_TRUE(Broken(
      kName, j,
      {{"c1: stderr has the right length but other bytes than the process wrote", {source, eof}}}));
}

TEST(StdioComplete, BrokenByAMissingEnd) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Last();
  EXPECT_TRUE(Broken(
      kName, j,
      {{"c1: stdout never reached its end, the process wrote 6 bytes and closed it", {source}}}));
}

TEST(StdioComplete, HoldsWhenTheEngineClosedEarly) {
  JournalBuilder j;
  j.Stdio(kClosed, "c1", "init", "stdout").Stdio(kSource, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(Held(kName, j));
}

TEST(StdioComplete, BrokenEvenIfTheEngineClosesAfterTheEnd) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Last();
  const auto eof = j.Stdio(kEof, "c1", "init", "stdout", 5, "bb").Last();
  j.Stdio(kClosed, "c1", "init", "stdout");
  EXPECT_TRUE(Broken(
      kName, j, {{"c1: stdout ended after 5 bytes, the process wrote 6 bytes", {source, eof}}}));
}

TEST(StdioComplete, AttachmentsAreJudgedInTheirOrder) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "e1").Attach("c1", "e1").Stdio(kSource, "c1", "e1", "stdout", 1, "aa");
  j.Stdio(kOpened, "c1", "e1").Attach("c1", "e1");
  j.Stdio(kEof, "c1", "e1", "stdout", 1, "aa");  // a slow reader of the first
  const auto source = j.Stdio(kSource, "c1", "e1", "stdout", 2, "bb").Last();
  const auto eof = j.Stdio(kEof, "c1", "e1", "stdout", 3, "cc").Last();
  EXPECT_TRUE(Broken(
      kName, j, {{"c1/e1: stdout ended after 3 bytes, the process wrote 2 bytes", {source, eof}}}));
}

TEST(StdioComplete, AFailedCreateLeavesItsStreamsOut) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init").CreateFailed("c1");
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init").Created("c1");
  j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Stdio(kEof, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(Held(kName, j));
}

TEST(StdioComplete, NotObservableWithoutASourceOrAnAttachment) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init").Stdio(kEof, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(NotObservable(kName, j));
  j.Stdio(kOpened, "c1", "e1").Attach("c1", "e1", true);
  j.Stdio(kSource, "c1", "e1", "stdout", 6, "aa");
  j.Stdio(kOpened, "c1", "e2").Stdio(kSource, "c1", "e2", "stdout", 6, "aa");
  EXPECT_TRUE(NotObservable(kName, j));
}

TEST(StdioComplete, OfARestoredProcessOnlyTheEndIsKnown) {
  for (const bool ended : {true, false}) {
    JournalBuilder j;
    j.Stdio(EntryKind::kStdioOpened, "c1", "init").Attach("c1", "init").EngineGone().EngineBack();
    j.CallBegin("restore", "c1", {.flag = true});
    j.Stdio(EntryKind::kStdioOpened, "c1", "init").Attach("c1", "init").CallEnd("restore", "c1");
    const auto source = j.Stdio(EntryKind::kStdioSourceEof, "c1", "init", "stdout", 9, "x").Last();
    if (ended) {
      EXPECT_TRUE(
          Held("stdio-complete", j.Stdio(EntryKind::kStdioEof, "c1", "init", "stdout", 4, "y")));
    } else {
      EXPECT_TRUE(
          Broken("stdio-complete", j,
                 {{"c1: stdout never reached its end, the process wrote 9 bytes and closed it",
                   {source}}}));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
