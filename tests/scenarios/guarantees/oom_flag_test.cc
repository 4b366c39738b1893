#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

constexpr std::string_view kExact = "oom-flag-exact";
constexpr std::string_view kExecClear = "oom-flag-exec-clear";
constexpr Details kFlagged{.flag = true};

TEST(OomFlagExact, HoldsWithAndWithoutAnOom) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Event("exit", "c1", kInit).Callback("exit", "c1", kFlagged);
  j.Created("c1").Exited("c1");
  EXPECT_TRUE(Held(kExact, j));
}

TEST(OomFlagExact, HoldsForAnOomDuringTheCreate) {
  JournalBuilder j;
  j.Creating("c1").Event("oom", "c1").Replied("c1").Started("c1");
  j.Event("exit", "c1", kInit).Callback("exit", "c1", kFlagged);
  EXPECT_TRUE(Held(kExact, j));
}

TEST(OomFlagExact, BrokenByAMissingFlag) {
  JournalBuilder j;
  const auto oom = j.Created("c1").Event("oom", "c1").Last();
  const auto event = j.Event("exit", "c1", kInit).Last();
  const auto exit = j.Callback("exit", "c1").Last();
  EXPECT_TRUE(Broken(kExact, j,
                     {{"c1: exit is not flagged OOM-killed though an oom was delivered before it",
                       {oom, event, exit}}}));
}

TEST(OomFlagExact, BrokenByAnInventedFlag) {
  JournalBuilder j;
  const auto event = j.Created("c1").Event("exit", "c1", kInit).Last();
  const auto exit = j.Callback("exit", "c1", kFlagged).Last();
  EXPECT_TRUE(Broken(kExact, j,
                     {{"c1: exit is flagged OOM-killed though no oom of this life was delivered "
                       "before it",
                       {event, exit}}}));
}

TEST(OomFlagExact, BrokenByAnOomBehindTheExit) {
  JournalBuilder j;
  const auto event = j.Created("c1").Event("exit", "c1", kInit).Last();
  const auto oom = j.Event("oom", "c1").Last();
  const auto exit = j.Callback("exit", "c1", kFlagged).Last();
  EXPECT_TRUE(Broken(kExact, j,
                     {{"c1: exit is flagged OOM-killed though no oom of this life was delivered "
                       "before it",
                       {event, oom, exit}}}));
}

TEST(OomFlagExact, BrokenByAFlagOfTheLifeBefore) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Event("exit", "c1", kInit).Callback("exit", "c1", kFlagged);
  const auto event = j.Created("c1").Delivered("oom", "c1").Event("exit", "c1", kInit).Last();
  const auto exit = j.Callback("exit", "c1", kFlagged).Last();
  EXPECT_TRUE(Broken(kExact, j,
                     {{"c1 (life 2): exit is flagged OOM-killed though no oom of this life was "
                       "delivered before it",
                       {event, exit}}}));
}

TEST(OomFlagExact, WithoutAnExitEventTheCallbackIsTheLimit) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("exit", "c1", {.code = 255, .flag = true});
  EXPECT_TRUE(Held(kExact, j));
}

TEST(OomFlagExact, NotObservableWithoutEventsOrExits) {
  EXPECT_TRUE(NotObservable(kExact, JournalBuilder().Created("c1").Callback("exit", "c1")));
  EXPECT_TRUE(NotObservable(kExact, JournalBuilder().Created("c1").Event("oom", "c1")));
}

TEST(OomFlagExecClear, HoldsWithoutTheFlag) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1").Callback("exit-process", "c1", {.process = "e1"});
  EXPECT_TRUE(Held(kExecClear, j));
}

TEST(OomFlagExecClear, BrokenByTheFlag) {
  JournalBuilder j;
  j.Created("c1").Event("oom", "c1");
  const auto exec = j.Callback("exit-process", "c1", {.process = "e1", .flag = true}).Last();
  EXPECT_TRUE(Broken(kExecClear, j, {{"c1/e1: exit-process is flagged OOM-killed", {exec}}}));
}

TEST(OomFlagExecClear, NotObservableWithoutExecs) {
  EXPECT_TRUE(NotObservable(kExecClear, JournalBuilder().Created("c1").Exited("c1")));
}

}  // namespace
}  // namespace scenarios::testing
