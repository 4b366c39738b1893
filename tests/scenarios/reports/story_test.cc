// What `drydock explain` tells of a journal, word by word, and journals that are judged again.

#include "scenarios/reports/story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "scenarios/reports/rejudge.h"
#include "scenarios/reports/text_table.h"
#include "tests/scenarios/journal_builder.h"
#include "tests/scenarios/reports/sample_results.h"

namespace scenarios::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

ReportedScenario Judge(const std::shared_ptr<JournalBuilder>& j) {
  return JudgeAgain("web", std::shared_ptr<const Journal>(j, &j->journal()), UsualJudgeOptions());
}

TEST(Story, TellsWhatWasBrokenAndWhatHappenedAround) {
  const auto j = std::make_shared<JournalBuilder>();
  j->Created("web").Created("db").Exec("web", "e1").Event("exit", "web", {.process = "e1"});
  j->Callback("exit-process", "web", {.process = "e1", .flag = true}).Exited("db");
  const ReportedScenario scenario = Judge(j);
  EXPECT_EQ(scenario.verdict, ScenarioVerdict::kFailed);
  const std::string story = Story(scenario, 1);
  EXPECT_THAT(story, StartsWith("web: 24 entries, 2 lives of containers, 24 µs on its clock\n"));
  EXPECT_THAT(story, HasSubstr("\noom-flag-exec-clear is broken\n"
                               "  An exit-process callback is never flagged OOM-killed.\n"
                               "\n"
                               "  1. web/e1: exit-process is flagged OOM-killed\n"
                               "       #18          0.018 ms  the client receives exit of web/e1, "
                               "status 0\n"
                               "     > #19          0.019 ms  the engine is told exit-process of "
                               "web/e1, code 0, OOM-killed\n"
                               "       #20          0.020 ms  the engine is done with exit-process "
                               "of web/e1\n"));
}

TEST(Story, LeavesOutWhatIsFarAway) {
  const auto j = std::make_shared<JournalBuilder>();
  j->Created("web").Exited("web", 3).Wait(std::chrono::seconds(2)).Created("db");
  j->Callback("exit", "web", {.code = 3});
  const std::string story = Story(Judge(j), 0);
  EXPECT_THAT(story, HasSubstr("one-exit is broken\n"));
  EXPECT_THAT(story, HasSubstr("  1. web: exit was called back 2 times\n"
                               "     > #9           0.009 ms  the engine is told exit of web, code "
                               "3\n"
                               "       … 7 entries, 2.000008 s later\n"
                               "     > #17       2000.017 ms  the engine is told exit of web, code "
                               "3\n"));
}

TEST(Story, TellsTheLivesOfContainers) {
  const auto j = std::make_shared<JournalBuilder>();
  j->Created("web").Event("oom", "web").Event("exit", "web", {.process = "init", .code = 137});
  j->Callback("exit", "web", {.code = 137, .flag = true}).Created("web").CreateFailed("db");
  EXPECT_EQ(LivesTable(j->journal()),
            "life          by              begins     told started  oom received  exit emitted  "
            "exit received  told exit               in the end\n"
            "web           create          #1 1 µs    #4 4 µs       #8 8 µs       #9 9 µs       "
            "#10 10 µs      #11 11 µs code 137 OOM  ended\n"
            "web (life 2)  create          #13 13 µs  #16 16 µs     -             -             "
            "-              -                       runs\n"
            "db            create, failed  #19 19 µs  -             -             -             "
            "-              -                       never ran\n");
}

TEST(JudgeAgain, KeepsDemandsAndComplaints) {
  Report report = MakeReport(SampleResults(), {});
  const ReportedScenario museum = JudgeAgain(report.scenarios[5]);
  EXPECT_EQ(museum.verdict, ScenarioVerdict::kPassed);
  EXPECT_EQ(museum.museum, "B31");
  report.scenarios[5].complaints.push_back({{}, "expected something else"});
  EXPECT_EQ(JudgeAgain(report.scenarios[5]).verdict, ScenarioVerdict::kFailed);
  const auto held = std::make_shared<JournalBuilder>();
  held->Created("web").Exited("web");
  report.scenarios[5].journal = std::shared_ptr<const Journal>(held, &held->journal());
  report.scenarios[5].complaints.clear();
  EXPECT_EQ(JudgeAgain(report.scenarios[5]).verdict, ScenarioVerdict::kFailed)
      << "what had to break holds";
}

TEST(TextTable, CountsCharacters) {
  TextTable table({"a", "time", "b"});
  table.Add({"1", "15 µs", "x"});
  table.Add({"22", "1 ms", ""});
  EXPECT_EQ(table.Text(), "a   time   b\n1   15 µs  x\n22  1 ms\n");
}

}  // namespace
}  // namespace scenarios::testing
