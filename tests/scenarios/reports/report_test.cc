// What stands in junit.xml, report.json and on a terminal, and that a report that is read back is
// the same.

#include "scenarios/reports/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "scenarios/reports/chrome_trace.h"
#include "scenarios/reports/entry_words.h"
#include "scenarios/reports/failure_text.h"
#include "scenarios/reports/html_report.h"
#include "scenarios/reports/report_json.h"
#include "scenarios/reports/scenario_report.h"
#include "scenarios/reports/text_encoding.h"
#include "tests/scenarios/journal_builder.h"
#include "tests/scenarios/reports/sample_results.h"

namespace scenarios::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

Report Sample() {
  return MakeReport(SampleResults(), SampleRun());
}

TEST(Report, NamesJournalsFitForFiles) {
  EXPECT_EQ(FileNameFor("web/e1 start"), "web_e1_start");
  EXPECT_EQ(FileNameFor("../up"), "_.._up");
  EXPECT_EQ(FileNameFor(""), "_");
  std::vector<ScenarioResult> results = SampleResults();
  results.back() = results.front();  // twice the same
  const Report report = MakeReport(results, {});
  EXPECT_EQ(report.scenarios.front().journal_file, "lifecycle_start-exit.journal.jsonl");
  EXPECT_EQ(report.scenarios.back().journal_file, "lifecycle_start-exit-2.journal.jsonl");
}

TEST(Report, CountsActionsInGroups) {
  EXPECT_EQ(Sample().scenarios[1].actions, 3U);
}

TEST(FailureText, TellsAllThatOneNeeds) {
  const Report report = Sample();
  EXPECT_EQ(FailureText(report.scenarios[1]),
            "oom/exec-flag: failed (loopback, seed 18446744073709551615)\n"
            "  An exec's exit is never flagged.\n"
            "  oom-flag-exact: " +
                std::string(FindGuarantee("oom-flag-exact")->sentence) +
                "\n"
                "    web: exit is not flagged OOM-killed though an oom was delivered before it\n"
                "      #18          0.018 ms  the client receives oom of web\n"
                "      #27         20.020 ms  the client receives exit of web, status 0\n"
                "      #28         20.020 ms  the engine is told exit of web, code 0\n"
                "  oom-flag-exec-clear: " +
                std::string(FindGuarantee("oom-flag-exec-clear")->sentence) +
                "\n"
                "    web/e1: exit-process is flagged OOM-killed\n"
                "      #23         20.020 ms  the engine is told exit-process of web/e1, code 0, "
                "OOM-killed\n"
                "  shrunk from 480 actions to 3\n"
                "  resembles B31 an exec's exit carries the OOM flag\n"
                "  reproduce: drydock run oom/exec-flag --transport loopback --seed "
                "18446744073709551615\n");
}

TEST(FailureText, TellsExpectationsWithTheirPlace) {
  ScenarioResult result;
  result.scenario.name = "x";
  result.transport = "socket";
  result.verdict = ScenarioVerdict::kFailed;
  result.complaints = {{{"a.json", 3, 7}, "expected exit 3,\nfound exit 4"}};
  EXPECT_EQ(FailureText(result),
            "x: failed (socket, seed 0)\n  a.json:3:7: expected exit 3,\n  found exit 4\n");
}

TEST(FailureText, TellsWhatHadToBreakOrToBeSeen) {
  ScenarioResult result;
  result.scenario.name = "x";
  result.transport = "socket";
  result.verdict = ScenarioVerdict::kFailed;
  const Guarantee* guarantee = FindGuarantee("one-exit");
  result.guarantees = {{guarantee, {Verdict::kHeld, {}}, true, false},
                       {guarantee, {Verdict::kNotObservable, {}}, false, true}};
  const std::string sentence = "  one-exit: " + std::string(guarantee->sentence) + "\n";
  EXPECT_EQ(FailureText(result), "x: failed (socket, seed 0)\n" + sentence +
                                     "    had to be broken here, and is held\n" + sentence +
                                     "    had to be held here, and is not observable\n");
  EXPECT_EQ(FailureHeadline(MakeReport(std::span(&result, 1), {}).scenarios.front()),
            "one-exit: had to be broken, and is held");
}

TEST(FailureText, IsNothingForWhatWentWell) {
  const Report report = Sample();
  EXPECT_EQ(FailureText(report.scenarios[0]), "");
  EXPECT_EQ(FailureText(report.scenarios[4]), "");
  EXPECT_EQ(FailureText(report.scenarios[5]), "");
}

TEST(FailureText, DoesNotGoOnForEver) {
  ScenarioResult result;
  result.verdict = ScenarioVerdict::kFailed;
  const std::vector<std::uint64_t> entries{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  result.guarantees = {{FindGuarantee("one-exit"),
                        {Verdict::kBroken, std::vector<Violation>(9, {"again", entries})}}};
  EXPECT_THAT(FailureText(result), HasSubstr("      … and 2 more\n"));
  EXPECT_THAT(FailureText(result), HasSubstr("    … and 4 more violations\n"));
}

TEST(JUnit, HasACaseForEachScenario) {
  const std::string text = ReportJUnit(Sample());
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(text.c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_STREQ(suite.attribute("name").value(), "drydock run scenarios/library");
  EXPECT_STREQ(suite.attribute("tests").value(), "7");
  EXPECT_STREQ(suite.attribute("failures").value(), "2");
  EXPECT_STREQ(suite.attribute("errors").value(), "1");
  EXPECT_STREQ(suite.attribute("skipped").value(), "1");
  EXPECT_STREQ(suite.attribute("time").value(), "61.500000");
  std::vector<std::string> cases;
  for (const pugi::xml_node test : suite.children("testcase")) {
    cases.push_back(std::string(test.attribute("classname").value()) + " " +
                    test.attribute("name").value() + " " + test.first_child().name() + " " +
                    test.first_child().attribute("type").value());
  }
  EXPECT_THAT(cases,
              ::testing::ElementsAre("drydock.loopback lifecycle/start-exit  ",
                                     "drydock.loopback oom/exec-flag failure guarantee",
                                     "drydock.loopback bad </script> input failure expectation",
                                     "drydock.socket restore/slow error cannot judge",
                                     "drydock.loopback stdio/socket-only skipped ",
                                     "drydock.loopback museum/B31  ",
                                     "drydock.loopback lifecycle/start-exit (2)  "));
  const pugi::xml_node failure =
      suite.find_child_by_attribute("name", "oom/exec-flag").child("failure");
  EXPECT_STREQ(failure.attribute("message").value(),
               "oom-flag-exact: web: exit is not flagged OOM-killed though an oom was delivered "
               "before it");
  EXPECT_EQ(failure.text().get(), FailureText(Sample().scenarios[1]));
}

TEST(JUnit, SaysNothingThatXmlCannot) {
  const std::string text = ReportJUnit(Sample());
  EXPECT_THAT(text, Not(HasSubstr("&#")));
  EXPECT_THAT(text, HasSubstr("\xEF\xBF\xBD\xEF\xBF\xBD"));  // \x01 and \xFF
  EXPECT_EQ(XmlText("a\tb\n\x02\xEF\xBF\xBF."), "a\tb\n\xEF\xBF\xBD\xEF\xBF\xBD.");
}

TEST(ReportJson, ReadBackIsTheSame) {
  const Report report = Sample();
  auto read = ReadReportJson(ReportJson(report), "report.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->run, report.run);
  ASSERT_EQ(read->scenarios.size(), report.scenarios.size());
  for (std::size_t i = 0; i < report.scenarios.size(); ++i) {
    read->scenarios[i].journal = report.scenarios[i].journal;
  }
  EXPECT_EQ(ReportJson(*read), ReportJson(report));
  EXPECT_EQ(read->scenarios[2].complaints[0].place.line, 12);
  EXPECT_TRUE(read->scenarios[1].judged_with.stepped_clock);
  EXPECT_EQ(read->scenarios[1].seed, 18446744073709551615U);
}

TEST(ReportJson, KeepsWhatWasJudgedWith) {
  ScenarioResult result;
  result.judged_with.timing.call_deadline = std::chrono::seconds(3);
  result.judged_with.timing.health_failures = 5;
  result.judged_with.promptly = std::chrono::milliseconds(7);
  auto read = ReadReportJson(ReportJson(MakeReport(std::span(&result, 1), {})), "report.json");
  ASSERT_TRUE(read) << read.error().message;
  const JudgeOptions& options = read->scenarios.front().judged_with;
  EXPECT_EQ(options.timing.call_deadline, std::chrono::seconds(3));
  EXPECT_EQ(options.timing.create_deadline, libcontainerd::Timing().create_deadline);
  EXPECT_EQ(options.timing.health_failures, 5);
  EXPECT_EQ(options.promptly, std::chrono::milliseconds(7));
  EXPECT_FALSE(options.stepped_clock);
}

TEST(ReportJson, ErrorsSayWhereAndWhat) {
  using nlohmann::json;
  const json good = json::parse(ReportJson(Sample()));
  const auto error = [&](const char* patch) {
    auto read = ReadReportJson(good.patch(json::parse(patch)).dump(), "r.json");
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(ReadReportJson("{", "r.json").error().message,
            "r.json: not JSON, expected what drydock run wrote");
  EXPECT_EQ(ReadReportJson("[]", "r.json").error().message,
            "r.json: \"format\" is not \"drydock-report\": expected what drydock run wrote");
  EXPECT_EQ(error(R"([{"op": "replace", "path": "/version", "value": 9}])"),
            "r.json: version 9, expected version 1");
  EXPECT_EQ(error(R"([{"op": "remove", "path": "/run"}])"), "r.json: \"run\" is missing");
  EXPECT_EQ(error(R"([{"op": "replace", "path": "/scenarios/3/verdict", "value": "tea"}])"),
            "r.json: scenarios[3].verdict: \"tea\", expected one of passed, failed, cannot judge, "
            "skipped");
  EXPECT_EQ(error(R"([{"op": "replace", "path": "/scenarios/0/seed", "value": -1}])"),
            "r.json: scenarios[0].seed: -1 is out of range");
  EXPECT_EQ(error(R"([{"op": "replace", "path": "/scenarios/0/time_ms", "value": "long"}])"),
            "r.json: scenarios[0].time_ms: expected a number");
  EXPECT_EQ(error(R"([{"op": "replace", "path": "/scenarios/0/journal", "value": "../x"}])"),
            "r.json: scenarios[0].journal: no name of a file in the same directory");
  EXPECT_EQ(error(R"([{"op": "add", "path": "/scenarios/0/later", "value": 1}])"), "");
}

TEST(Html, CannotBeLeftByWhatStandsInIt) {
  const std::string page = HtmlReport(Sample());
  EXPECT_THAT(page, Not(HasSubstr("<script>document")));
  EXPECT_THAT(page, Not(HasSubstr("\xE2\x80\xA8")));
  EXPECT_THAT(page, HasSubstr("\\u003c/script>\\u003cscript>document.title"));
  EXPECT_THAT(page, HasSubstr("\\u2028"));
  for (const char* mark : {"<!-- data -->", "/* report.css */", "/* report.js */"}) {
    EXPECT_THAT(page, Not(HasSubstr(mark)));
  }
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
}

TEST(Html, HasTheJournalsThatWereKept) {
  const std::string page = HtmlReport(Sample());
  for (const int kept : {0, 1, 2, 5}) {
    EXPECT_THAT(page, HasSubstr("id=\"journal-" + std::to_string(kept) + "\""));
  }
  for (const int missing : {3, 4, 6}) {
    EXPECT_THAT(page, Not(HasSubstr("id=\"journal-" + std::to_string(missing) + "\"")));
  }
}

class ReportDirectoryTest : public ::testing::Test {
 protected:
  ReportDirectoryTest() {
    std::string pattern = (fs::temp_directory_path() / "report-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    auto output = OutputDirectory::Begin(directory_ + "/out").value();
    EXPECT_TRUE(WriteScenarioReports(*output, SampleResults(), SampleRun()));
    EXPECT_TRUE(output->Commit());
  }
  ~ReportDirectoryTest() override { fs::remove_all(directory_); }

  std::string Read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_ + "/out/" + name).rdbuf();
    return text.str();
  }

  std::string directory_;
};

TEST_F(ReportDirectoryTest, IsDrawnAgainFromWhatItHolds) {
  std::map<std::string, std::string> before;
  for (const char* name : {"junit.xml", "trace.json", "report.html"}) {
    before[name] = Read(name);
    fs::remove(directory_ + "/out/" + name);
  }
  auto report = LoadReport(directory_ + "/out");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(ReportJson(*report), Read("report.json"));
  ASSERT_TRUE(RewriteReport(directory_ + "/out", *report));
  // The bytes that were no UTF-8 are U+FFFD in the journal, which is the only difference.
  for (const auto& [name, text] : before) EXPECT_EQ(Read(name), ValidUtf8(text)) << name;
}

TEST_F(ReportDirectoryTest, MissingJournalIsSaid) {
  fs::remove(directory_ + "/out/oom_exec-flag.journal.jsonl");
  EXPECT_EQ(LoadReport(directory_ + "/out").error().message,
            "cannot open " + directory_ + "/out/oom_exec-flag.journal.jsonl: expected a journal");
}

TEST(EntryWords, DurationsAreShort) {
  using namespace std::chrono_literals;
  EXPECT_EQ(DurationText(0s), "0");
  EXPECT_EQ(DurationText(15us), "15 µs");
  EXPECT_EQ(DurationText(1500us), "1.5 ms");
  EXPECT_EQ(DurationText(2250ms), "2.25 s");
  EXPECT_EQ(DurationText(1ns), "1 ns");
}

TEST(EntryWords, EveryKindHasItsOwn) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < kEntryKindCount; ++i) {
    Journal journal;
    Entry entry;
    entry.kind = static_cast<EntryKind>(i);
    entry.what = journal.Intern("stdout");
    entry.id = journal.Intern("web");
    entry.text = journal.Intern("text");
    EXPECT_TRUE(seen.insert(DescribeEntry(journal, entry)).second) << EntryKindName(entry.kind);
  }
}

}  // namespace
}  // namespace scenarios::testing
