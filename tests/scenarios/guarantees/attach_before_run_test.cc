#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kAttachBeforeRun = "attach-before-run";

TEST(AttachBeforeRun, HoldsWhenTheAttachHasEnded) {
  JournalBuilder j;
  for (int life = 0; life < 2; ++life) {
    j.CallBegin("create", "c1").Attach("c1", "init").RpcBegin("CreateContainer", "c1");
    j.Replied("c1").Started("c1").RpcBegin("AddProcess", "c1", kExec);
    j.RpcEnd("AddProcess", "c1", kExec).Attach("c1", "e1").Event("exit", "c1", kExec);
    j.Callback("exit-process", "c1", kExec).Exited("c1");
  }
  EXPECT_TRUE(Held(kAttachBeforeRun, j));
}

TEST(AttachBeforeRun, BrokenByACreateWithoutAnAttach) {
  JournalBuilder j;
  j.CallBegin("create", "c1").Attach("c1", "init").RpcBegin("CreateContainer", "c1");
  j.Replied("c1").Started("c1").Exited("c1").CallBegin("create", "c1");
  const auto rpc = j.RpcBegin("CreateContainer", "c1").Last();
  EXPECT_TRUE(Broken(kAttachBeforeRun, j,
                     {{"c1: CreateContainer was sent without an attach of init", {rpc}}}));
}

TEST(AttachBeforeRun, BrokenByACreateThatDoesNotWait) {
  JournalBuilder j;
  const auto attach = j.CallBegin("create", "c1").AttachBegin("c1", "init").Last();
  const auto rpc = j.RpcBegin("CreateContainer", "c1").Last();
  j.AttachEnd("c1", "init");
  EXPECT_TRUE(Broken(
      kAttachBeforeRun, j,
      {{"c1: CreateContainer was sent before the attach of init had ended", {attach, rpc}}}));
}

TEST(AttachBeforeRun, BrokenByACreateAfterAnAttachThatFailed) {
  JournalBuilder j;
  const auto attach = j.CallBegin("create", "c1").Attach("c1", "init", true).Last();
  const auto rpc = j.RpcBegin("CreateContainer", "c1").Last();
  EXPECT_TRUE(Broken(
      kAttachBeforeRun, j,
      {{"c1: CreateContainer was sent though the attach of init had failed", {attach, rpc}}}));
}

TEST(AttachBeforeRun, BrokenByAnExitProcessThatDoesNotWait) {
  JournalBuilder j;
  const auto rpc = j.RpcBegin("AddProcess", "c1", kExec).Last();
  const auto attach = j.RpcEnd("AddProcess", "c1", kExec).AttachBegin("c1", "e1").Last();
  const auto exit = j.Event("exit", "c1", kExec).Callback("exit-process", "c1", kExec).Last();
  EXPECT_TRUE(Broken(
      kAttachBeforeRun, j,
      {{"c1/e1: exit-process was called back before its attach had ended", {rpc, attach, exit}}}));
}

TEST(AttachBeforeRun, BrokenByAnExitProcessBeforeItsAttach) {
  JournalBuilder j;
  j.Attach("c1", "init");
  const auto rpc = j.RpcBegin("AddProcess", "c1", kExec).Last();
  const auto exit = j.Callback("exit-process", "c1", kExec).Last();
  EXPECT_TRUE(
      Broken(kAttachBeforeRun, j,
             {{"c1/e1: exit-process was called back before its attach had begun", {rpc, exit}}}));
}

TEST(AttachBeforeRun, HoldsForTheExecsOfOthers) {
  JournalBuilder j;
  j.Attach("c1", "init").RpcBegin("CreateContainer", "c1").RpcBegin("AddProcess", "c1", kExec);
  j.RpcEnd("AddProcess", "c1", {.process = "e1", .failed = true});
  j.Callback("exit-process", "c1", kExec);
  EXPECT_TRUE(Held(kAttachBeforeRun, j));
}

TEST(AttachBeforeRun, NotObservableWithoutAttaches) {
  EXPECT_TRUE(NotObservable(kAttachBeforeRun, JournalBuilder().Created("c1").Exited("c1")));
  EXPECT_TRUE(NotObservable(kAttachBeforeRun, JournalBuilder().Attach("c1", "init")));
}

}  // namespace
}  // namespace scenarios::testing
