// Journals, as the model sees them.
#include "scenarios/model/compare_with_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/journal_builder.h"

namespace scenarios::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void Create(JournalBuilder& j, const char* id) {
  j.CallBegin("create", id).Attach(id, "init").RpcBegin("CreateContainer", id);
  j.RpcEnd("CreateContainer", id).Callback("start-container", id).CallEnd("create", id);
}

TEST(CompareWithModel, WithoutCallbacksThereIsNothingToCompare) {
  JournalBuilder j;
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kNotObservable);
  j.CallBegin("create", "c1").CallEnd("create", "c1", {.code = 2, .failed = true});
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kNotObservable);
}

TEST(CompareWithModel, ALife) {
  JournalBuilder j;
  Create(j, "c1");
  j.Event("exit", "c1", {.process = "init", .code = 7}).Callback("exit", "c1", {.code = 7});
  const Judgement judgement = CompareWithModel(j.journal());
  EXPECT_EQ(judgement.verdict, Verdict::kHeld);
  EXPECT_THAT(judgement.violations, IsEmpty());
}

TEST(CompareWithModel, ADifferenceNamesContainerAndEntries) {
  JournalBuilder j;
  Create(j, "c1");
  const auto event = j.Event("exit", "c1", {.process = "init", .code = 7}).Last();
  const auto exit = j.Callback("exit", "c1", {.code = 0}).Last();
  const Judgement judgement = CompareWithModel(j.journal());
  EXPECT_EQ(judgement.verdict, Verdict::kBroken);
  EXPECT_THAT(judgement.violations,
              ElementsAre(Violation{"c1: exit 0 was called back, expected exit 7", {event, exit}}));
}

TEST(CompareWithModel, ContainersAreComparedEachOnItsOwn) {
  JournalBuilder j;
  Create(j, "c1");
  Create(j, "c2");
  j.Event("oom", "c1").Event("oom", "c2").Callback("oom", "c2").Callback("oom", "c1");
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kHeld);
}

TEST(CompareWithModel, AnEventBelongsToTheLifeInWhichItWasEmitted) {
  JournalBuilder j;
  Create(j, "c1");
  j.Event("exit", "c1", {.process = "init", .code = 1}).Emitted("oom", "c1");
  j.Callback("exit", "c1", {.code = 1});
  Create(j, "c1");
  j.Delivered("oom", "c1");
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kHeld);
  const auto oom = j.Callback("oom", "c1").Last();
  EXPECT_THAT(
      CompareWithModel(j.journal()).violations,
      ElementsAre(Violation{"c1: oom was called back without a oom event of this life", {oom}}));
}

TEST(CompareWithModel, AnExitBeforeTheStartMayBeAnothers) {
  JournalBuilder j;
  j.CallBegin("create", "c1").Attach("c1", "init").RpcBegin("CreateContainer", "c1");
  j.Event("exit", "c1", {.process = "init", .code = 3}).Event("start-container", "c1");
  j.RpcEnd("CreateContainer", "c1").Callback("start-container", "c1").CallEnd("create", "c1");
  j.Event("exit", "c1", {.process = "init", .code = 4}).Callback("exit", "c1", {.code = 4});
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kHeld);
}

TEST(CompareWithModel, AnExitBehindTheStartIsNot) {
  JournalBuilder j;
  j.CallBegin("create", "c1").Attach("c1", "init").RpcBegin("CreateContainer", "c1");
  j.Event("start-container", "c1").Event("exit", "c1", {.process = "init", .code = 3});
  j.RpcEnd("CreateContainer", "c1").Callback("start-container", "c1").CallEnd("create", "c1");
  j.Event("exit", "c1", {.process = "init", .code = 4}).Callback("exit", "c1", {.code = 4});
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kBroken);
}

TEST(CompareWithModel, ALateStartContainerEndsNoOtherLife) {
  for (const std::uint32_t told : {3U, 4U}) {
    JournalBuilder j;
    Create(j, "c1");
    j.Emitted("exit", "c1", {.process = "init", .code = 2, .pid = 1});
    j.Delivered("exit", "c1", {.process = "init", .code = 2}).Callback("exit", "c1", {.code = 2});
    Create(j, "c1");
    j.Emitted("exit", "c1", {.process = "init", .code = 3, .pid = 2});
    j.Emitted("start-container", "c1", {.pid = 1});
    j.Delivered("exit", "c1", {.process = "init", .code = 3})
        .Callback("exit", "c1", {.code = told});
    const Verdict expected = told == 3 ? Verdict::kHeld : Verdict::kBroken;
    EXPECT_EQ(CompareWithModel(j.journal()).verdict, expected);
  }
}

TEST(CompareWithModel, ACreateThatStartsNothingIsNoLife) {
  JournalBuilder j;
  Create(j, "c1");
  j.Event("exit", "c1", {.process = "init", .code = 2}).Callback("exit", "c1", {.code = 2});
  j.CallBegin("create", "c1").Attach("c1", "init").RpcBegin("CreateContainer", "c1");
  j.RpcEnd("CreateContainer", "c1", {.code = 14, .failed = true});
  j.CallEnd("create", "c1", {.code = 14, .failed = true}).EngineGone().EngineBack();
  j.CallBegin("restore", "c1").Stream(0, true, "c1");
  j.Read("exit", "c1", {.process = "init", .code = 2}).StreamEnd();
  j.Callback("exit", "c1", {.code = 2}).CallEnd("restore", "c1");
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kHeld);
}

Judgement WithABundleThatStays(bool refused) {
  JournalBuilder j;
  j.Bundle(EntryKind::kBundleCreated, "c1");
  Create(j, "c1");
  j.Event("exit", "c1", {.process = "init"});
  if (refused) j.Any(EntryKind::kFaultFired, "bundle.remove", "c1");
  j.Callback("exit", "c1");
  return CompareWithModel(j.journal());
}

TEST(CompareWithModel, WhatTheFileSystemWouldNotRemoveMayStay) {
  EXPECT_EQ(WithABundleThatStays(false).verdict, Verdict::kBroken);
  EXPECT_EQ(WithABundleThatStays(true).verdict, Verdict::kHeld);
}

TEST(CompareWithModel, ARepetitionCausesNothing) {
  JournalBuilder j;
  Create(j, "c1");
  j.Event("oom", "c1").Delivered("oom", "c1").Callback("oom", "c1");
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kHeld);
}

TEST(CompareWithModel, ARestoreReadsTheLog) {
  JournalBuilder j;
  Create(j, "c1");
  j.EngineGone().EngineBack().Emitted("exit", "c1", {.process = "init", .code = 6});
  j.CallBegin("restore", "c1", {.flag = true}).Stream(0, true, "c1");
  const auto read = j.Read("exit", "c1", {.process = "init", .code = 6}).Last();
  j.StreamEnd();
  const auto exit = j.Callback("exit", "c1", {.code = 1}).Last();
  j.CallEnd("restore", "c1");
  EXPECT_THAT(CompareWithModel(j.journal()).violations,
              ElementsAre(Violation{"c1: exit 1 was called back, expected exit 6", {read, exit}}));
}

TEST(CompareWithModel, AnExitThatIsLivedOnInTheLogMayBeAnothers) {
  JournalBuilder j;
  Create(j, "c1");
  j.EngineGone().EngineBack().Emitted("exit", "c1", {.process = "init", .code = 6});
  j.CallBegin("restore", "c1", {.flag = true}).Stream(0, true, "c1");
  j.Read("exit", "c1", {.process = "init", .code = 6}).Read("start-process", "c1").StreamEnd();
  j.Callback("exit", "c1", {.code = 255}).CallEnd("restore", "c1", {.flag = true});
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kHeld);
}

TEST(CompareWithModel, WhatIsTrackedInTheEndIsCompared) {
  JournalBuilder j;
  Create(j, "c1");
  Create(j, "c2");
  j.Count("tracked", 1).Tracked("c2");
  EXPECT_THAT(CompareWithModel(j.journal()).violations,
              ElementsAre(::testing::Field(&Violation::what, "c1: it is not tracked, but runs")));
}

TEST(CompareWithModel, FromTheCloseOnNothingIsOwed) {
  JournalBuilder j;
  Create(j, "c1");
  j.Event("exit", "c1", {.process = "init"}).CallBegin("close", "");
  EXPECT_EQ(CompareWithModel(j.journal()).verdict, Verdict::kHeld);
}

}  // namespace
}  // namespace scenarios::testing
