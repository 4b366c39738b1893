#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kReplayIsIdempotent = "replay-is-idempotent";

TEST(ReplayIsIdempotent, HoldsWhenARepetitionIsDropped) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("oom", "c1").Delivered("oom", "c1");
  j.Event("oom", "c1").Callback("oom", "c1").Exited("c1", 7).Created("c1");
  j.Delivered("exit", "c1", kExitOf7);
  EXPECT_TRUE(Held(kReplayIsIdempotent, j));
}

TEST(ReplayIsIdempotent, BrokenWithinALife) {
  JournalBuilder j;
  const auto first = j.Created("c1").Event("oom", "c1").Last();
  const auto again = j.Callback("oom", "c1").Delivered("oom", "c1").Last();
  const auto callback = j.Callback("oom", "c1").Last();
  EXPECT_TRUE(Broken(kReplayIsIdempotent, j,
                     {{"c1: oom was called back again for an event that was delivered again",
                       {first, again, callback}}}));
}

TEST(ReplayIsIdempotent, BrokenAcrossLives) {
  JournalBuilder j;
  const auto first = j.Created("c1").Event("exit", "c1", kExitOf7).Last();
  const auto again =
      j.Callback("exit", "c1", {.code = 7}).Created("c1").Delivered("exit", "c1", kExitOf7).Last();
  const auto callback = j.Callback("exit", "c1", {.code = 7}).Last();
  EXPECT_TRUE(Broken(kReplayIsIdempotent, j,
                     {{"c1: exit was called back again for an event that was delivered again",
                       {first, again, callback}}}));
}

TEST(ReplayIsIdempotent, BrokenByWhatTheStoredLogRepeats) {
  JournalBuilder j;
  const auto first = j.Created("c1").Event("exit", "c1", {.process = "e1", .code = 3}).Last();
  j.Callback("exit-process", "c1", {.process = "e1", .code = 3}).Stream(0, true);
  const auto again = j.Read("exit", "c1", {.process = "e1", .code = 3}).Last();
  const auto callback =
      j.StreamEnd().Callback("exit-process", "c1", {.process = "e1", .code = 3}).Last();
  EXPECT_TRUE(
      Broken(kReplayIsIdempotent, j,
             {{"c1/e1: exit-process was called back again for an event that was delivered again",
               {first, again, callback}}}));
}

TEST(ReplayIsIdempotent, AnotherEngineMayHearOfItAgain) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Delivered("oom", "c1").CallbackBegin("oom", "c1");
  j.EngineGone().EngineBack().CallBegin("restore", "c1", {.flag = true}).Callback("restore", "c1");
  j.CallEnd("restore", "c1").Delivered("oom", "c1").Callback("oom", "c1");
  EXPECT_TRUE(Held(kReplayIsIdempotent, j));
}

TEST(ReplayIsIdempotent, NotObservableWithoutARepetition) {
  EXPECT_TRUE(NotObservable(kReplayIsIdempotent, JournalBuilder().Created("c1").Exited("c1")));
}

}  // namespace
}  // namespace scenarios::testing
