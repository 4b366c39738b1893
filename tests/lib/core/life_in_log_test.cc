// What a log of one container's events tells of its present life.
#include "lib/core/life_in_log.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/core/event.h"

namespace libcontainerd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

types::Event Make(const std::string& type, const std::string& pid, std::uint32_t status, int time) {
  types::Event event;
  event.set_id("c1");
  event.set_type(type);
  event.set_pid(pid);
  event.set_status(status);
  SetTimestamp(WallTime(std::chrono::seconds(time)), *event.mutable_timestamp());
  return event;
}

// "start exit:init:3 oom start-process:e1", one second after the other.
std::vector<types::Event> Log(const std::string& words) {
  std::vector<types::Event> log;
  std::istringstream in(words);
  int time = 0;
  for (std::string word; in >> word;) {
    std::istringstream parts(word);
    std::string type;
    std::string pid;
    std::string status;
    std::getline(parts, type, ':');
    std::getline(parts, pid, ':');
    std::getline(parts, status, ':');
    if (type == "start") type = "start-container";
    if (type == "exec") type = "start-process";
    const auto code = static_cast<std::uint32_t>(status.empty() ? 0 : std::stoi(status));
    log.push_back(Make(type, pid, code, ++time));
  }
  return log;
}

std::vector<std::string> Pids(const std::vector<types::Event>& events) {
  std::vector<std::string> pids;
  for (const types::Event& event : events) pids.push_back(event.pid());
  return pids;
}

// An oom may come while its create is under way. Behind an exit it may be a late one.
TEST(LifeInLog, WhatStandsInFrontOfTheFirstStartIsItsOwn) {
  EXPECT_TRUE(LifeOfRunning(Log("oom start")).oom);
  EXPECT_TRUE(LifeOfGone(Log("oom start exit:init:3")).oom);
  EXPECT_FALSE(LifeOfRunning(Log("exit:init:3 oom start")).oom);
}

TEST(LifeInLog, AnEmptyLogKnowsNothing) {
  EXPECT_FALSE(LifeOfRunning({}).known);
  EXPECT_FALSE(LifeOfGone({}).known);
  EXPECT_FALSE(LifeOfGone({}).exit_status);
}

TEST(LifeInLog, OfOneThatRuns) {
  const LifeInLog life = LifeOfRunning(
      Log("start oom pause exit:init:1 start exec:e1 exec:e2 pause exit:e1:4 oom resume pause"));
  EXPECT_TRUE(life.known);
  EXPECT_FALSE(life.exit_status);
  EXPECT_TRUE(life.oom);
  EXPECT_TRUE(life.paused);
  EXPECT_THAT(life.execs, ElementsAre("e2"));
  EXPECT_THAT(Pids(life.exec_exits), ElementsAre("e1"));
  ASSERT_TRUE(life.began_after);
  EXPECT_EQ(*life.began_after, WallTime(std::chrono::seconds(4)));
}

// An oom and an exec's exit that came late belong to the life before; an exec added while the
// create was under way to this one.
TEST(LifeInLog, BetweenTwoLives) {
  const LifeInLog life =
      LifeOfRunning(Log("start exec:old exit:init:1 oom exit:old:137 exec:e1 exit:e1:2 start"));
  EXPECT_FALSE(life.oom);
  EXPECT_FALSE(life.paused);
  EXPECT_THAT(life.execs, IsEmpty());
  EXPECT_THAT(Pids(life.exec_exits), ElementsAre("e1"));
}

TEST(LifeInLog, WhereTheBeginningWasCut) {
  const LifeInLog life = LifeOfRunning(Log("oom exit:e1:2 pause"));
  EXPECT_TRUE(life.known);
  EXPECT_TRUE(life.oom);
  EXPECT_TRUE(life.paused);
  EXPECT_THAT(Pids(life.exec_exits), ElementsAre("e1"));
  EXPECT_FALSE(life.began_after);
}

TEST(LifeInLog, WithoutAStartTheExitBoundsIt) {
  const LifeInLog life = LifeOfRunning(Log("oom pause exit:init:1 oom"));
  EXPECT_TRUE(life.oom);
  EXPECT_FALSE(life.paused);
}

TEST(LifeInLog, AClockSetBackTellsNoBound) {
  std::vector<types::Event> log = Log("start exit:init:1");
  log.push_back(Make("start-container", "", 0, -100));
  EXPECT_FALSE(LifeOfRunning(log).began_after);
}

TEST(LifeInLog, OfOneThatIsGone) {
  const LifeInLog life =
      LifeOfGone(Log("start oom exit:init:1 start exec:e1 exit:init:7 exit:e1:0 oom"));
  EXPECT_TRUE(life.known);
  EXPECT_EQ(life.exit_status, 7U);
  EXPECT_FALSE(life.oom);  // the first is of the life before, the last too late
  EXPECT_TRUE(LifeOfGone(Log("start oom exit:init:7")).oom);
}

TEST(LifeInLog, OfOneWhoseExitIsNotThereYet) {
  for (const char* log : {"start exit:init:7 start", "start", "start exit:init:7 exec:e1",
                          "exit:init:7 start oom exit:e1:3"}) {
    const LifeInLog life = LifeOfGone(Log(log));
    EXPECT_TRUE(life.known) << log;
    EXPECT_FALSE(life.exit_status) << log;
  }
  EXPECT_TRUE(LifeOfGone(Log("exit:init:7 start oom")).oom);
}

TEST(LifeInLog, AnExecNamedAgainWithoutAnExitBetween) {
  EXPECT_THAT(LifeOfRunning(Log("start exec:e1 exec:e2 exec:e1")).execs, ElementsAre("e2", "e1"));
}

TEST(MergeEvents, EachOnceAndInOrder) {
  const std::vector<types::Event> log = {Make("start-container", "", 0, 5),
                                         Make("pause", "", 0, 7)};
  const std::vector<types::Event> others = {Make("pause", "", 0, 7), Make("oom", "", 0, 2),
                                            Make("oom", "", 0, 6), Make("resume", "", 0, 9),
                                            Make("resume", "", 0, 9)};
  std::vector<std::string> merged;
  for (const types::Event& event : MergeEvents(log, others)) {
    merged.push_back(event.type() + std::to_string(event.timestamp().seconds()));
  }
  EXPECT_THAT(merged, ElementsAre("oom2", "start-container5", "oom6", "pause7", "resume9"));
  EXPECT_THAT(MergeEvents({}, {}), IsEmpty());
  const std::vector<types::Event> twice = {Make("exit", "init", 1, 5), Make("exit", "init", 0, 5)};
  EXPECT_EQ(LifeOfGone(MergeEvents(twice, {})).exit_status, 1U);  // the first is the event
}

TEST(MergeEvents, WhatIsMissingStandsBeforeWhatHappenedLater) {
  const auto merged = [](const std::vector<types::Event>& log,
                         const std::vector<types::Event>& others) {
    std::string order;
    for (const types::Event& event : MergeEvents(log, others)) {
      order += " " + event.type() + std::to_string(event.timestamp().seconds());
    }
    return order;
  };
  // The daemon's end took it from the log, and left the exit behind it.
  EXPECT_EQ(merged({Make("start-container", "", 0, 5), Make("exit", "init", 1, 9)},
                   {Make("oom", "", 0, 8)}),
            " start-container5 oom8 exit9");
  // A clock that was set back tells nothing of the order.
  EXPECT_EQ(merged({Make("start-container", "", 0, 5), Make("exit", "init", 1, 9),
                    Make("start-container", "", 0, 7)},
                   {Make("oom", "", 0, 8)}),
            " start-container5 exit9 start-container7 oom8");
  // What came on its own keeps its order.
  EXPECT_EQ(merged({Make("start-container", "", 0, 5)},
                   {Make("exit", "init", 1, 9), Make("oom", "", 0, 8)}),
            " start-container5 exit9 oom8");
}

TEST(LifeInLog, TheExitBetweenTwoStartsMayBeLost) {
  for (const LifeInLog& life : {LifeOfRunning(Log("start oom pause start exec:e2")),
                                LifeOfGone(Log("start oom pause start exec:e2"))}) {
    EXPECT_FALSE(life.oom);
    EXPECT_FALSE(life.paused);
    EXPECT_THAT(life.execs, ElementsAre("e2"));
  }
}

// A stream brings what is new at once, and the log what stands before that.
TEST(UnclaimedEvents, StandInTheOrderOfTheirTimes) {
  UnclaimedEvents events;
  events.Add(Make("exit", "init", 2, 9));
  events.Add(Make("oom", "", 0, 4));
  events.Add(Make("exit", "init", 1, 3));
  const std::vector<types::Event> taken = events.Take("c1");
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[0].status(), 1U);
  EXPECT_EQ(taken[1].type(), "oom");
  EXPECT_EQ(taken[2].status(), 2U);
}

TEST(UnclaimedEvents, KeepsTheLastOnes) {
  UnclaimedEvents events(3);
  for (int i = 0; i < 5; ++i) events.Add(Make("oom", std::to_string(i), 0, i));
  types::Event other = Make("oom", "", 0, 9);
  other.set_id("c2");
  events.Add(other);
  EXPECT_EQ(events.size(), 3U);
  EXPECT_THAT(Pids(events.Take("c1")), ElementsAre("3", "4"));
  EXPECT_THAT(events.Take("c1"), IsEmpty());
  EXPECT_EQ(events.Take("c2").size(), 1U);
}

}  // namespace
}  // namespace libcontainerd
