#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kStdioComplete = "stdio-complete";
constexpr auto kSource = EntryKind::kStdioSourceEof;
constexpr auto kEof = EntryKind::kStdioEof;

TEST(StdioComplete, HoldsForTheSameBytes) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init");
  j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Stdio(kSource, "c1", "init", "stderr", 0, "00");
  j.Stdio(kEof, "c1", "init", "stderr", 0).Stdio(kEof, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(Held(kStdioComplete, j));
}

TEST(StdioComplete, BrokenByMissingBytes) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "e1", "stdout", 6, "aa").Last();
  const auto eof = j.Stdio(kEof, "c1", "e1", "stdout", 1, "bb").Last();
  EXPECT_TRUE(
      Broken(kStdioComplete, j,
             {{"c1/e1: stdout ended after 1 byte, the process wrote 6 bytes", {source, eof}}}));
}

TEST(StdioComplete, BrokenByOtherBytes) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "init", "stderr", 6, "aa").Last();
  const auto eof = j.Stdio(kEof, "c1", "init", "stderr", 6, "bb").Last();
  EXPECT_TRUE(Broken(
      kStdioComplete, j,
      {{"c1: stderr has the right length but other bytes than the process wrote", {source, eof}}}));
}

TEST(StdioComplete, BrokenByAMissingEnd) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Last();
  EXPECT_TRUE(Broken(
      kStdioComplete, j,
      {{"c1: stdout never reached its end, the process wrote 6 bytes and closed it", {source}}}));
}

TEST(StdioComplete, HoldsWhenTheEngineClosedEarly) {
  JournalBuilder j;
  j.Stdio(kClosed, "c1", "init", "stdout").Stdio(kSource, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(Held(kStdioComplete, j));
}

TEST(StdioComplete, BrokenEvenIfTheEngineClosesAfterTheEnd) {
  JournalBuilder j;
  const auto source = j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Last();
  const auto eof = j.Stdio(kEof, "c1", "init", "stdout", 5, "bb").Last();
  j.Stdio(kClosed, "c1", "init", "stdout");
  EXPECT_TRUE(
      Broken(kStdioComplete, j,
             {{"c1: stdout ended after 5 bytes, the process wrote 6 bytes", {source, eof}}}));
}

TEST(StdioComplete, AttachmentsAreJudgedInTheirOrder) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "e1").Attach("c1", "e1").Stdio(kSource, "c1", "e1", "stdout", 1, "aa");
  j.Stdio(kOpened, "c1", "e1").Attach("c1", "e1");
  j.Stdio(kEof, "c1", "e1", "stdout", 1, "aa");  // a slow reader of the first
  const auto source = j.Stdio(kSource, "c1", "e1", "stdout", 2, "bb").Last();
  const auto eof = j.Stdio(kEof, "c1", "e1", "stdout", 3, "cc").Last();
  EXPECT_TRUE(
      Broken(kStdioComplete, j,
             {{"c1/e1: stdout ended after 3 bytes, the process wrote 2 bytes", {source, eof}}}));
}

TEST(StdioComplete, AFailedCreateLeavesItsStreamsOut) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init").CreateFailed("c1");
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init").Created("c1");
  j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Stdio(kEof, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(Held(kStdioComplete, j));
}

TEST(StdioComplete, NotObservableWithoutASourceOrAnAttachment) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Attach("c1", "init").Stdio(kEof, "c1", "init", "stdout", 6, "aa");
  EXPECT_TRUE(NotObservable(kStdioComplete, j));
  j.Stdio(kOpened, "c1", "e1").Attach("c1", "e1", true);
  j.Stdio(kSource, "c1", "e1", "stdout", 6, "aa");
  j.Stdio(kOpened, "c1", "e2").Stdio(kSource, "c1", "e2", "stdout", 6, "aa");
  EXPECT_TRUE(NotObservable(kStdioComplete, j));
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

TEST(StdioComplete, WhatNobodyOpenedIsLost) {
  for (const std::string_view term : {"1*neveropen", "1*delay(1ms)"}) {
    JournalBuilder j;
    j.Stdio(kOpened, "c1", "init").Attach("c1", "init");
    j.Any(EntryKind::kFaultFired, "fifo.open", "c1", {.process = "init", .text = term});
    const auto source = j.Stdio(kSource, "c1", "init", "stdout", 4, "aa").Last();
    const auto eof = j.Stdio(kEof, "c1", "init", "stdout", 0, "bb").Last();
    if (term == "1*neveropen") {
      EXPECT_TRUE(Held(kStdioComplete, j));
    } else {
      EXPECT_TRUE(
          Broken(kStdioComplete, j,
                 {{"c1: stdout ended after 0 bytes, the process wrote 4 bytes", {source, eof}}}));
    }
  }
}

// The engine reads what two lives left at once.
TEST(StdioComplete, TheNewerOneMayBeReadFirst) {
  JournalBuilder j;
  for (const std::uint64_t bytes : {4U, 0U}) {
    j.Stdio(kOpened, "c1", "init").Attach("c1", "init");
    j.Stdio(kSource, "c1", "init", "stdout", bytes, bytes == 0 ? "none" : "four");
  }
  j.Stdio(kEof, "c1", "init", "stdout", 0, "none").Stdio(kEof, "c1", "init", "stdout", 4, "four");
  EXPECT_TRUE(Held(kStdioComplete, j));
}

// A create that an engine's end hid goes on in the daemon.
TEST(StdioComplete, WhatAnEngineThatWentAwayOpenedIsNobodys) {
  JournalBuilder j;
  j.Stdio(kOpened, "c2", "init").Attach("c2", "init").EngineGone();
  j.Stdio(kSource, "c1", "init", "stdout", 4, "aa").Stdio(kSource, "c2", "init", "stdout", 1, "a");
  EXPECT_TRUE(Held(kStdioComplete, j));
}

// Of a create that was cut short before its request nothing runs.
TEST(StdioComplete, WhatACreateOpenedGoesWithIt) {
  for (const bool fails : {true, false}) {
    JournalBuilder j;
    j.CallBegin("create", "c1").Stdio(kOpened, "c1", "init").Attach("c1", "init");
    if (!fails) j.RpcBegin("CreateContainer", "c1").RpcEnd("CreateContainer", "c1");
    j.CallEnd("create", "c1", {.code = fails ? 1U : 0U, .failed = fails});
    const auto eof = j.Stdio(kEof, "c1", "init", "stdout", 0, "00").Last();
    const auto source = j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Last();
    if (fails) {
      EXPECT_TRUE(NotObservable(kStdioComplete, j));
      continue;
    }
    EXPECT_TRUE(
        Broken(kStdioComplete, j,
               {{"c1: stdout ended after 0 bytes, the process wrote 6 bytes", {eof, source}}}));
  }
}

TEST(StdioComplete, BeforeACreateIsCarriedOutTheProcessOfBeforeEnds) {
  for (const bool started : {false, true}) {
    JournalBuilder j;
    j.CallBegin("create", "c1").Stdio(kOpened, "c1", "init").Attach("c1", "init");
    j.RpcBegin("CreateContainer", "c1").Emitted("start-container", "c1");
    j.RpcEnd("CreateContainer", "c1").CallEnd("create", "c1").EngineGone().EngineBack();
    j.CallBegin("create", "c1").Stdio(kOpened, "c1", "init").Attach("c1", "init");
    if (started) j.Emitted("start-container", "c1");
    const auto source = j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Last();
    if (!started) j.Emitted("start-container", "c1").Stdio(kSource, "c1", "init", "stdout", 0, "");
    const auto eof = j.Stdio(kEof, "c1", "init", "stdout", 0, "00").Last();
    if (!started) {
      EXPECT_TRUE(Held(kStdioComplete, j));
      continue;
    }
    EXPECT_TRUE(
        Broken(kStdioComplete, j,
               {{"c1: stdout ended after 0 bytes, the process wrote 6 bytes", {source, eof}}}));
  }
}

// What a create that failed had opened ends with nothing, at any time.
TEST(StdioComplete, TheEndOfAStreamThatWasGivenUpIsNotAnEarlierOnes) {
  for (const bool failed : {true, false}) {
    JournalBuilder j;
    j.CallBegin("create", "c1").Stdio(kOpened, "c1", "init").Attach("c1", "init");
    j.RpcBegin("CreateContainer", "c1").Replied("c1").Started("c1");
    const auto source = j.Stdio(kSource, "c1", "init", "stdout", 6, "aa").Last();
    if (failed) {
      j.Exited("c1").CallBegin("create", "c1").Stdio(kOpened, "c1", "init").Attach("c1", "init");
      j.RpcBegin("CreateContainer", "c1").RpcEnd("CreateContainer", "c1", kFailed);
      j.CallEnd("create", "c1", kFailed);
    }
    const auto nothing = j.Stdio(kEof, "c1", "init", "stdout", 0, "00").Last();
    if (failed) {
      EXPECT_TRUE(Held(kStdioComplete, j.Stdio(kEof, "c1", "init", "stdout", 6, "aa")));
    } else {
      EXPECT_TRUE(Broken(
          kStdioComplete, j,
          {{"c1: stdout ended after 0 bytes, the process wrote 6 bytes", {source, nothing}}}));
    }
  }
}

}  // namespace
}  // namespace scenarios::testing
