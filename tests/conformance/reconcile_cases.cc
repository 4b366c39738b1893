// A stream that breaks, events that get lost, and containers that are gone without a word.
//
// Time is stepped to the moment when the client acts; what it then does over the wire is waited
// for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/time_text.h"
#include "tests/conformance/case.h"

namespace drydock_tests {
namespace {

using libcontainerd::Method;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Longer than any pause before the stream is opened again.
constexpr seconds kLongestPause{5};

void WaitForRound(Rig& rig, std::uint64_t number) {
  rig.WaitUntil([&] { return rig.remote().reconciled() >= number; }, "it was not reconciled");
}

void Reopen(Rig& rig) {
  std::uint64_t before = 0;
  rig.Do([&] { before = rig.remote().subscriptions(); });
  rig.Advance(kLongestPause);
  rig.WaitUntil([&] { return rig.remote().subscriptions() > before; }, "it was not opened again");
}

void WhatHappensWhileTheStreamIsDownIsToldLater(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  WaitForRound(rig, 1);
  rig.Do([&] { rig.api().BreakStreams(); });
  rig.Oom("c1");
  rig.Exit("c1", "e1", 1);
  rig.Exit("c1", "init", 2);
  rig.Advance(milliseconds(1));
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  Reopen(rig);
  rig.WaitForLine("c1 exit-process e1 1");
  rig.Advance(milliseconds(50));
  rig.WaitForLine("c1 exit 2 oom");
  EXPECT_THAT(rig.Lines("c1"),
              ElementsAre("start-container", "oom", "exit-process e1 1", "exit 2 oom"));
  rig.Exit("c2", "init", 4);
  rig.WaitForLine("c2 exit 4");
}

void APauseSurvivesTheStream(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do([&] {
    rig.api().drops_live = [](const types::Event& event) { return event.type() == "pause"; };
  });
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Answered(Method::kUpdateContainer) == 1; }, "no answer");
  rig.Flush();
  EXPECT_FALSE(rig.Returned(paused));
  rig.Do([&] {
    rig.api().drops_live = {};
    rig.api().BreakStreams();
  });
  Reopen(rig);
  EXPECT_EQ(Describe(rig.Await(paused)), "OK");
  EXPECT_EQ(rig.Resume("c1"), "OK");
  rig.Exit("c1", "init", 0);
  rig.WaitForLine("c1 exit 0");
}

void APauseWhoseEventIsLostEndsWithTheStream(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  rig.Do(
      [&] { rig.api().drops = [](const types::Event& event) { return event.type() == "pause"; }; });
  const auto paused = rig.BeginPause("c1");
  rig.WaitUntil([&] { return rig.api().Answered(Method::kUpdateContainer) == 1; }, "no answer");
  rig.Flush();
  rig.Do([&] { rig.api().BreakStreams(); });
  Reopen(rig);
  EXPECT_EQ(Describe(rig.Await(paused)),
            "UNAVAILABLE container c1: the event stream broke, and its pause event is lost");
}

void TheLogTellsWhatAStreamThatIsUpLost(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  WaitForRound(rig, 1);
  rig.Do(
      [&] { rig.api().drops_live = [](const types::Event& event) { return event.id() == "c1"; }; });
  rig.Oom("c1");
  rig.Exit("c1", "e1", 1);
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container"));
  rig.Advance(seconds(10));
  rig.WaitForLine("c1 exit-process e1 1");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "oom", "exit-process e1 1"));
  rig.Exit("c1", "init", 2);
  rig.Flush();
  WaitForRound(rig, 2);
  rig.Advance(seconds(10));
  rig.WaitForLine("c1 exit 2 oom");
}

void AContainerGoneWithoutAWordIsGivenUp(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  WaitForRound(rig, 1);
  rig.Do([&] {
    rig.api().drops = [](const types::Event& event) {
      return event.type() == "exit" && event.id() == "c1";
    };
  });
  rig.Exit("c1", "init", 3);
  rig.Flush();
  rig.WaitUntil([&] { return rig.world().container_count() == 1; }, "it is not gone");
  rig.Advance(seconds(10));
  WaitForRound(rig, 2);
  rig.Advance(seconds(1));
  rig.Flush();
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container")) << "its exit may be on its way";
  rig.Advance(seconds(1));
  WaitForRound(rig, 3);
  rig.Advance(milliseconds(50));  // for the exec's own exit
  rig.WaitForLine("c1 exit 255");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit-process e1 137", "exit 255"));
  rig.Flush();
  EXPECT_THAT(rig.Tracked(), ElementsAre("c2"));
  EXPECT_THAT(rig.Files("c1", {"e1"}), IsEmpty());
  rig.Do([&] { rig.api().drops = {}; });
  EXPECT_EQ(rig.Create("c1"), "OK") << "the id is free";
}

void TheDaemonComesBack(Rig& rig) {
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  EXPECT_EQ(rig.Exec("c1", "e1"), "OK");
  WaitForRound(rig, 1);
  rig.StopDaemon();
  rig.Exit("c1", "init", 3);
  rig.Advance(milliseconds(1));
  rig.Do([&] { EXPECT_TRUE(rig.world().StartDaemon()); });
  Reopen(rig);
  rig.WaitForLine("c1 exit-process e1 137");
  rig.Advance(milliseconds(50));
  rig.WaitForLine("c1 exit 3");
  EXPECT_THAT(rig.Lines("c1"), ElementsAre("start-container", "exit-process e1 137", "exit 3"));
  rig.Exit("c2", "init", 4);
  rig.WaitForLine("c2 exit 4");
}

void TheCursorFollowsTheCallbacks(Rig& rig) {
  const auto stored = [&] {
    libcontainerd::WallTime time{};
    rig.Do([&] {
      const auto parsed = libcontainerd::ParseTime(rig.cursor().text());
      EXPECT_TRUE(parsed || rig.cursor().text().empty()) << rig.cursor().text();
      if (parsed) time = *parsed;
    });
    return time;
  };
  EXPECT_EQ(rig.Create("c1"), "OK");
  EXPECT_EQ(rig.Create("c2"), "OK");
  rig.Flush();
  rig.Advance(seconds(1));
  libcontainerd::WallTime before{};
  rig.Do([&] {
    before = rig.world().runtime().WallNow();
    rig.engine().holds.insert("c1 exit");
  });
  rig.Exit("c1", "init", 1);
  rig.WaitForLine("c1 exit 1");
  rig.Oom("c2");
  rig.WaitForLine("c2 oom");
  rig.Flush();
  rig.Advance(seconds(1));
  EXPECT_LT(stored(), before);
  rig.Do([&] { rig.engine().Release("c1 exit"); });
  rig.Flush();
  rig.Advance(seconds(1));
  rig.Flush();
  EXPECT_GE(stored(), before);
}

}  // namespace

std::vector<Case> ReconcileCases() {
  return {
      {"WhatHappensWhileTheStreamIsDownIsToldLater", &WhatHappensWhileTheStreamIsDownIsToldLater},
      {"APauseSurvivesTheStream", &APauseSurvivesTheStream},
      {"APauseWhoseEventIsLostEndsWithTheStream", &APauseWhoseEventIsLostEndsWithTheStream},
      {"TheLogTellsWhatAStreamThatIsUpLost", &TheLogTellsWhatAStreamThatIsUpLost},
      {"AContainerGoneWithoutAWordIsGivenUp", &AContainerGoneWithoutAWordIsGivenUp},
      {"TheDaemonComesBack", &TheDaemonComesBack},
      {"TheCursorFollowsTheCallbacks", &TheCursorFollowsTheCallbacks}};
}

}  // namespace drydock_tests
