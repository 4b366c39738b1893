#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

using std::chrono::seconds;

constexpr std::string_view kStdin = "close-stdin-once";
constexpr std::string_view kSilent = "silent-after-exit";
constexpr std::string_view kDouble = "no-double-create";
constexpr Details kCloseStdin{.process = "init", .flag = true};
constexpr Details kCloseExec{.process = "e1", .flag = true};

TEST(CloseStdinOnce, HoldsForOneEach) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Created("c1").StdinClosed("c1", "init");
  j.RpcBegin("UpdateProcess", "c1", kCloseStdin).RpcEnd("UpdateProcess", "c1", kCloseStdin);
  j.Stdio(kOpened, "c1", "e1").Exec("c1", "e1").StdinClosed("c1", "e1");
  j.RpcBegin("UpdateProcess", "c1", kCloseExec);
  EXPECT_TRUE(Held(kStdin, j));
}

TEST(CloseStdinOnce, HoldsForOneThatIsKnownToBeGone) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Created("c1").Event("exit", "c1", kInit);
  EXPECT_TRUE(Held(kStdin, j.StdinClosed("c1", "init").Callback("exit", "c1")));
}

TEST(CloseStdinOnce, HoldsForAFailedAddProcess) {
  JournalBuilder j;
  j.Created("c1").Stdio(kOpened, "c1", "e1").CallBegin("add-process", "c1", kExec);
  j.RpcBegin("AddProcess", "c1", kExec).RpcEnd("AddProcess", "c1", kExec);
  j.StdinClosed("c1", "e1").CallEnd("add-process", "c1", {.process = "e1", .failed = true});
  EXPECT_TRUE(NotObservable(kStdin, j));
}

TEST(CloseStdinOnce, BrokenByTwo) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Created("c1").StdinClosed("c1", "init");
  const auto first = j.RpcBegin("UpdateProcess", "c1", kCloseStdin).Last();
  const auto second = j.RpcBegin("UpdateProcess", "c1", kCloseStdin).Last();
  EXPECT_TRUE(Broken(kStdin, j, {{"c1: closeStdin was sent 2 times", {first, second}}}));
}

TEST(CloseStdinOnce, BrokenWithoutASuccessfulReply) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Creating("c1");
  const auto closed = j.Stdio(kClosed, "c1", "init", "stdin").Last();
  j.RpcEnd("CreateContainer", "c1", {.code = 2, .failed = true});
  const auto told = j.RpcBegin("UpdateProcess", "c1", kCloseStdin).Last();
  EXPECT_TRUE(Broken(
      kStdin, j,
      {{"c1: closeStdin was sent without a successful reply to its start", {closed, told}}}));
}

TEST(CloseStdinOnce, BrokenWithoutTheEnginesWish) {
  JournalBuilder j;
  const auto opened = j.Stdio(kOpened, "c1", "init").Last();
  const auto told = j.Created("c1").RpcBegin("UpdateProcess", "c1", kCloseStdin).Last();
  EXPECT_TRUE(
      Broken(kStdin, j,
             {{"c1: closeStdin was sent though the engine had not closed stdin", {opened, told}}}));
}

TEST(CloseStdinOnce, BrokenByAWishThatIsForgotten) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Created("c1");
  const auto flushed = j.StdinClosed("c1", "init").Last();
  j.Exited("c1");
  EXPECT_TRUE(Broken(
      kStdin, j,
      {{"c1: the engine closed stdin and closeStdin was never sent", {flushed - 1, flushed}}}));
}

TEST(CloseStdinOnce, NothingIsToldThroughAClosedClient) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Created("c1").CallBegin("close", "").StdinClosed("c1", "init");
  EXPECT_TRUE(NotObservable(kStdin, j));
}

// What it was about to tell it may tell.
TEST(CloseStdinOnce, AClosingClientMay) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Created("c1").CallBegin("close", "").StdinClosed("c1", "init");
  EXPECT_TRUE(Held(kStdin, j.RpcBegin("UpdateProcess", "c1", kCloseStdin)));
}

TEST(CloseStdinOnce, BeforeItsCallReturnsNothingIsOwed) {
  enum class Meanwhile { kNothing, kClose, kExit };
  for (const Meanwhile meanwhile : {Meanwhile::kNothing, Meanwhile::kClose, Meanwhile::kExit}) {
    JournalBuilder j;
    j.Created("c1").Stdio(kOpened, "c1", "e1").CallBegin("add-process", "c1", kExec);
    j.RpcBegin("AddProcess", "c1", kExec).RpcEnd("AddProcess", "c1", kExec);
    const auto flushed = j.StdinClosed("c1", "e1").Last();
    if (meanwhile == Meanwhile::kClose) j.CallBegin("close", "");
    if (meanwhile == Meanwhile::kExit) j.Event("exit", "c1", kInit);
    j.CallEnd("add-process", "c1", kExec);
    if (meanwhile != Meanwhile::kNothing) {
      EXPECT_TRUE(Held(kStdin, j));
      continue;
    }
    EXPECT_TRUE(Broken(kStdin, j,
                       {{"c1/e1: the engine closed stdin and closeStdin was never sent",
                         {flushed - 1, flushed}}}));
  }
}

TEST(CloseStdinOnce, NotObservableWithoutAClosedStdin) {
  JournalBuilder j;
  j.Stdio(kOpened, "c1", "init").Created("c1").Exited("c1");
  EXPECT_TRUE(NotObservable(kStdin, j));
}

TEST(SilentAfterExit, HoldsForTheUsersOwnCalls) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").CallBegin("signal", "c1").RpcBegin("Signal", "c1", kInit);
  j.RpcEnd("Signal", "c1", kInit).CallEnd("signal", "c1").CallBegin("pids", "c1");
  j.RpcBegin("State", "c1").CallEnd("pids", "c1").CallBegin("resize", "c1");
  j.RpcBegin("UpdateProcess", "c1", kInit).CallEnd("resize", "c1").Created("c1");
  j.RpcBegin("State", "c1");
  EXPECT_TRUE(Held(kSilent, j));
}

TEST(SilentAfterExit, BrokenByEveryRpcOfItsOwn) {
  struct Own {
    std::string_view method;
    Details with;
    std::string_view said;
  };
  for (const Own& own : {Own{"UpdateProcess", kCloseStdin, "closeStdin"},
                         Own{"Signal", kInit, "Signal"}, Own{"State", {}, "State"}}) {
    JournalBuilder j;
    j.Created("c1").Event("start-container", "c1");
    const auto exit = j.Event("exit", "c1", kInit).Last();
    const auto rpc = j.RpcBegin(own.method, "c1", own.with).Last();
    EXPECT_TRUE(
        Broken(kSilent, j,
               {{"c1: " + std::string(own.said) + " was sent though it was known to be gone",
                 {exit, rpc}}}));
  }
}

constexpr Details kNotFound{.code = 2, .failed = true, .text = "containerd: container not found"};

TEST(SilentAfterExit, AsksOnceWhoseAnExitIsThatComesBeforeTheStart) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Event("exit", "c1", kInit).Last();
  j.RpcBegin("State", "c1").RpcEnd("State", "c1", kNotFound);
  EXPECT_TRUE(Held(kSilent, j));
  const auto rpc = j.RpcBegin("State", "c1").Last();
  EXPECT_TRUE(
      Broken(kSilent, j, {{"c1: State was sent though it was known to be gone", {exit, rpc}}}));
}

TEST(SilentAfterExit, AnExitBetweenTwoStartsIsAskedAbout) {
  for (const bool twice : {true, false}) {
    JournalBuilder j;
    j.Creating("c1").Event("start-container", "c1").Event("exit", "c1", kInit);
    const auto exit = j.Last();
    if (twice) j.Event("start-container", "c1");
    const auto rpc = j.Replied("c1").RpcBegin("State", "c1").Last();
    if (twice) {
      EXPECT_TRUE(Held(kSilent, j));
    } else {
      EXPECT_TRUE(
          Broken(kSilent, j, {{"c1: State was sent though it was known to be gone", {exit, rpc}}}));
    }
  }
}

TEST(SilentAfterExit, OneThatStateKnowsIsNotGone) {
  JournalBuilder j;
  j.Created("c1").Event("exit", "c1", kInit).RpcBegin("State", "c1").RpcEnd("State", "c1");
  EXPECT_TRUE(Held(kSilent, j.RpcBegin("Signal", "c1", kInit)));
}

// Somebody asked for another reason.
TEST(SilentAfterExit, AStateThatWasUnderWayMayStillBeSent) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Freeze().Event("exit", "c1", kInit).Last();
  for (int i = 0; i < 2; ++i) j.RpcBegin("State", "c1").RpcEnd("State", "c1", kNotFound);
  EXPECT_TRUE(Held(kSilent, j));
  const auto rpc = j.RpcBegin("State", "c1").Last();
  EXPECT_TRUE(
      Broken(kSilent, j, {{"c1: State was sent though it was known to be gone", {exit, rpc}}}));
}

// Nor is the next life.
TEST(SilentAfterExit, TheDoubtEndsWithTheLife) {
  JournalBuilder j;
  j.Created("c1").Event("exit", "c1", kInit).Callback("exit", "c1").RpcBegin("State", "c1");
  j.CallBegin("create", "c1").RpcBegin("CreateContainer", "c1").RpcEnd("State", "c1", kNotFound);
  EXPECT_TRUE(Held(kSilent, j.RpcBegin("State", "c1")));
}

// An oom may come behind its exit.
TEST(SilentAfterExit, AnOomBehindAnotherLifeShowsNone) {
  for (const bool parted : {true, false}) {
    JournalBuilder j;
    j.Created("c1").EngineGone().EngineBack().CallBegin("restore", "c1", {.flag = true});
    j.Stream(0, true, "c1");
    if (parted) j.DeliveredStored(1, "exit", "c1", kInit);
    j.DeliveredStored(2, "oom", "c1").StreamEnd().Callback("restore", "c1");
    const auto exit = j.CallEnd("restore", "c1").Event("exit", "c1", kInit).Last();
    const auto rpc = j.RpcBegin("State", "c1").Last();
    if (parted) {
      EXPECT_TRUE(Held(kSilent, j));
      continue;
    }
    EXPECT_TRUE(
        Broken(kSilent, j, {{"c1: State was sent though it was known to be gone", {exit, rpc}}}));
  }
}

TEST(SilentAfterExit, BrokenByWhatIsSentForAnExecThatIsGone) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Exec("c1", "e1").Event("exit", "c1", kExec).Last();
  const auto rpc = j.RpcBegin("UpdateProcess", "c1", kCloseExec).Last();
  j.Exec("c1", "e1").RpcBegin("UpdateProcess", "c1", kCloseExec);  // the next of that name lives
  EXPECT_TRUE(Broken(kSilent, j,
                     {{"c1/e1: closeStdin was sent though it was known to be gone", {exit, rpc}}}));
}

TEST(SilentAfterExit, BrokenAfterAnExitThatWasFoundOutWithoutAnEvent) {
  JournalBuilder j;
  const auto exit = j.Created("c1").Callback("exit", "c1", {.code = 255}).Last();
  const auto rpc = j.RpcBegin("State", "c1").Last();
  EXPECT_TRUE(
      Broken(kSilent, j, {{"c1: State was sent though it was known to be gone", {exit, rpc}}}));
}

TEST(SilentAfterExit, AClosingThatWasUnderWayMayStillBeSent) {
  JournalBuilder j;
  j.Created("c1").Stdio(kOpened, "c1", "e1").Wait(seconds(1)).StdinClosed("c1", "e1");
  j.Freeze().Event("exit", "c1", kExec).RpcBegin("UpdateProcess", "c1", kCloseExec);
  EXPECT_TRUE(Held(kSilent, j));
}

TEST(SilentAfterExit, NotObservableWithoutAnExit) {
  EXPECT_TRUE(NotObservable(kSilent, JournalBuilder().Created("c1").RpcBegin("State", "c1")));
}

TEST(NoDoubleCreate, HoldsForOneAfterAnother) {
  JournalBuilder j;
  j.Created("c1").Exited("c1").CreateFailed("c1").Created("c1").EngineGone().EngineBack();
  EXPECT_TRUE(Held(kDouble, j.Created("c1")));
}

TEST(NoDoubleCreate, BrokenWhileTheContainerLives) {
  JournalBuilder j;
  const auto first = j.Created("c1").Last() - 5;
  const auto second = j.Creating("c1").Last();
  EXPECT_TRUE(
      Broken(kDouble, j,
             {{"c1 (life 2): CreateContainer was sent while the life before was still tracked",
               {first, second}}}));
}

TEST(NoDoubleCreate, BrokenWhileTheExitIsCalledBack) {
  JournalBuilder j;
  const auto first = j.Created("c1").Last() - 5;
  const auto exit = j.Event("exit", "c1", kInit).CallbackBegin("exit", "c1").Last();
  const auto second = j.Creating("c1").Last();
  j.CallbackEnd("exit", "c1");
  EXPECT_TRUE(
      Broken(kDouble, j,
             {{"c1 (life 2): CreateContainer was sent while the life before was still tracked",
               {first, exit, second}}}));
}

TEST(NoDoubleCreate, NotObservableWithoutACreate) {
  EXPECT_TRUE(NotObservable(kDouble, JournalBuilder().CallBegin("create", "c1")));
}

}  // namespace
}  // namespace scenarios::testing
