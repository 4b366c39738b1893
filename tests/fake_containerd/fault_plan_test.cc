// The fault grammar: what it means, what it refuses and in which words, and that it is written as
// it is read.
#include "fake_containerd/fault_plan.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "libcontainerd/time_text.h"

namespace fake_containerd {
namespace {

using libcontainerd::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::SizeIs;

FaultPlan Plan(const std::string& text) {
  const auto plan = FaultPlan::Parse(text);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan.value_or(FaultPlan());
}

std::string Refusal(const std::string& text) {
  const auto plan = FaultPlan::Parse(text);
  if (plan) return "accepted: " + plan->ToString();
  EXPECT_EQ(plan.error().code, ErrorCode::kInvalidArgument);
  return plan.error().message;
}

TEST(FaultPlan, ReadsGofailsTerms) {
  const FaultPlan plan = Plan("rpc.State.received=5*off->1*error(text)->1*delay(100ms)->1*panic");
  ASSERT_THAT(plan.rules(), SizeIs(1));
  const FaultRule& rule = plan.rules().front();
  EXPECT_EQ(rule.point, "rpc.State.received");
  EXPECT_EQ(rule.subject, "");
  ASSERT_THAT(rule.terms, SizeIs(4));
  EXPECT_EQ(rule.terms[0].action, FaultAction::kOff);
  EXPECT_EQ(rule.terms[0].times, 5U);
  EXPECT_EQ(rule.terms[1].error, (libcontainerd::Error{ErrorCode::kUnknown, "text"}));
  EXPECT_EQ(rule.terms[2].duration, milliseconds(100));
  EXPECT_EQ(rule.terms[3].action, FaultAction::kPanic);
  EXPECT_EQ(rule.terms[3].probability, std::nullopt);
}

TEST(FaultPlan, ReadsSubjectsProbabilitiesCodesAndComments) {
  const FaultPlan plan = Plan(
      "# two rules in a line; and a comment\n"
      "event.exit@web/init = 25.0%drop ; stream.send@db=12.5%3*stall(1.5s) # so be it\n"
      "rpc.AddProcess.executed=error(UNAVAILABLE:a \\(b\\) #; c)\n\n");
  ASSERT_THAT(plan.rules(), SizeIs(3));
  EXPECT_EQ(plan.rules()[0].subject, "web/init");
  EXPECT_EQ(plan.rules()[0].terms[0].probability, 250'000U);
  EXPECT_EQ(plan.rules()[1].terms[0].probability, 125'000U);
  EXPECT_EQ(plan.rules()[1].terms[0].times, 3U);
  EXPECT_EQ(plan.rules()[1].terms[0].duration, milliseconds(1500));
  EXPECT_EQ(plan.rules()[2].terms[0].error,
            (libcontainerd::Error{ErrorCode::kUnavailable, "a (b) #; c"}));
  EXPECT_TRUE(plan.Names("stream."));
  EXPECT_FALSE(plan.Names("connection."));
}

TEST(FaultPlan, NothingIsAPlan) {
  EXPECT_TRUE(Plan("").empty());
  EXPECT_TRUE(Plan(" ;\n;; # nothing\n").empty());
}

TEST(FaultPlan, IsWrittenInOneWay) {
  EXPECT_EQ(Plan("event.oom = 025.50%03*delay(1500ms) -> delay(60s);"
                 "event.exit=change(status=7)->reorder(2)\n"
                 "rpc.Stats.received=error(UNKNOWN:x)->error(UNKNOWN:OUT_OF_RANGE:y)->error()\n"
                 "connection.listen=refuse->refuse(1h30m)")
                .ToString(),
            "event.oom=25.5%3*delay(1500ms)->delay(1m)\n"
            "event.exit=change(status=7)->reorder(2)\n"
            "rpc.Stats.received=error(x)->error(UNKNOWN:OUT_OF_RANGE:y)->error()\n"
            "connection.listen=refuse->refuse(90m)\n");
}

TEST(FaultPlan, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(Refusal("rpc.Sate.received=off"),
            "faults:1:1: \"rpc.Sate.received\": no such point, the nearest is rpc.State.received");
  EXPECT_EQ(Refusal("\n  event.exit=dopr"),
            "faults:2:14: \"dopr\": no such action, expected one of off, drop, duplicate, reorder, "
            "delay, change, panic, restart, hang");
  EXPECT_EQ(Refusal("disk.log=off->drop"),
            "faults:1:15: \"drop\": not possible at disk.log, expected one of off, full, readonly");
  EXPECT_EQ(Refusal("=off"), "faults:1:1: \"=off\": expected the name of a point");
  EXPECT_EQ(Refusal("event.exit"), "faults:1:11: nothing: expected = and what shall happen");
  EXPECT_EQ(Refusal("event.exit@=drop"),
            "faults:1:12: \"=drop\": expected a container's id after @");
  EXPECT_EQ(Refusal("event.exit="),
            "faults:1:12: nothing: no such action, expected one of off, drop, duplicate, reorder, "
            "delay, change, panic, restart, hang");
  EXPECT_EQ(Refusal("event.exit=drop drop"),
            "faults:1:17: \"drop\": expected ->, ; or the end of the line");
  EXPECT_EQ(Refusal("event.exit=drop(1)"), "faults:1:16: \"(1)\": drop takes no argument");
  EXPECT_EQ(Refusal("event.exit=delay"),
            "faults:1:17: nothing: expected ( and a duration such as 100ms, 1.5s or 2m");
  EXPECT_EQ(Refusal("event.exit=delay(soon)"),
            "faults:1:18: \"soon\": expected a duration such as 100ms, 1.5s or 2m");
  EXPECT_EQ(Refusal("event.exit=delay(-1s)"),
            "faults:1:18: \"-1s\": expected a duration such as 100ms, 1.5s or 2m");
  EXPECT_EQ(Refusal("stream.send=stall(0)"),
            "faults:1:19: \"0\": expected a duration such as 100ms, 1.5s or 2m");
  EXPECT_EQ(Refusal("event.exit=reorder(0)"), "faults:1:20: \"0\": expected a whole number from 1");
  EXPECT_EQ(Refusal("event.exit=change(statu=3)"),
            "faults:1:19: \"statu=3\": expected type=KIND, id=TEXT, pid=TEXT, status=NUMBER or "
            "timestamp=RFC 3339 time");
  EXPECT_EQ(Refusal("event.exit=change(status=-3)"),
            "faults:1:19: \"status=-3\": expected type=KIND, id=TEXT, pid=TEXT, status=NUMBER or "
            "timestamp=RFC 3339 time");
  EXPECT_EQ(Refusal("rpc.State.received=error(never closed\n)"),
            "faults:1:25: \"(never closed\": expected ) on the same line");
  EXPECT_EQ(Refusal("event.exit=0*drop"),
            "faults:1:12: \"0\": expected a whole number of times from 1");
  EXPECT_EQ(Refusal("event.exit=101%drop"),
            "faults:1:12: \"101\": expected a probability above 0 and up to 100, with four "
            "decimals at most");
  EXPECT_EQ(Refusal("event.exit=3drop"), "faults:1:12: \"3\": expected % or * after the number");
  EXPECT_EQ(Refusal("event.exit=3*25%drop"),
            "faults:1:14: \"25\": expected one probability, before the number of times");
  EXPECT_EQ(Refusal("event.exit=3*3*drop"), "faults:1:14: \"3\": expected one number of times");
}

TEST(FaultPlan, EveryPointIsNearestToItself) {
  std::set<std::string> names;
  for (const InjectionPoint& point : InjectionPoints()) {
    EXPECT_EQ(NearestInjectionPoint(point.name), point.name);
    EXPECT_EQ(FindInjectionPoint(point.name), &point);
    EXPECT_TRUE(names.insert(point.name).second) << point.name;
    EXPECT_FALSE(point.sentence.empty());
    EXPECT_TRUE(point.holdable || !point.actions.empty()) << point.name;
  }
  EXPECT_EQ(FindInjectionPoint("nowhere"), nullptr);
}

TEST(FaultPlan, EveryActionHasAPlaceAndItsName) {
  for (const FaultActionInfo& info : FaultActions()) {
    EXPECT_EQ(FaultActionName(info.action), info.name);
    const bool somewhere =
        info.action == FaultAction::kOff ||
        std::ranges::any_of(InjectionPoints(), [&](const InjectionPoint& point) {
          return std::ranges::find(point.actions, info.action) != point.actions.end();
        });
    EXPECT_TRUE(somewhere) << info.name;
  }
}

// --- Any plan is read as it was written.

std::string AnyText() {
  static const std::string kLetters = "ab ();#\\@=->%*:\n\"\xc3\xa9";
  std::string text;
  for (const int letter : *rc::gen::container<std::vector<int>>(
           rc::gen::inRange(0, static_cast<int>(kLetters.size())))) {
    text += kLetters[static_cast<std::size_t>(letter)];
  }
  return text;
}

FaultTerm AnyTerm(const InjectionPoint& point) {
  std::vector<FaultAction> actions = point.actions;
  actions.push_back(FaultAction::kOff);
  FaultTerm term;
  term.action = *rc::gen::elementOf(actions);
  if (*rc::gen::arbitrary<bool>()) {
    term.times = *rc::gen::inRange<std::uint64_t>(1, 1'000'000'000'000U);
  }
  if (*rc::gen::arbitrary<bool>()) {
    term.probability = *rc::gen::inRange<std::uint32_t>(1, 1'000'001U);
  }
  switch (FaultActions()[static_cast<std::size_t>(term.action)].argument) {
    case FaultArgument::kNone:
      break;
    case FaultArgument::kDuration:
    case FaultArgument::kOptionalDuration:
      term.duration =
          Duration(*rc::gen::inRange<std::int64_t>(0, 100'000) *
                   *rc::gen::elementOf(std::vector<std::int64_t>{1, 1'000'000, 60'000'000'000}));
      break;
    case FaultArgument::kCount:
      term.count = *rc::gen::inRange<std::uint64_t>(1, 1'000'000);
      break;
    case FaultArgument::kError:
      term.error.code = libcontainerd::ErrorCodeFromNumber(*rc::gen::inRange(1, 17));
      term.error.message = (*rc::gen::arbitrary<bool>() ? "UNKNOWN:" : "") + AnyText();
      break;
    case FaultArgument::kField:
      term.field =
          *rc::gen::elementOf(std::vector<std::string>{"type", "id", "pid", "status", "timestamp"});
      term.value = AnyText();
      if (term.field == "type") term.value = "oom";
      if (term.field == "status") {
        term.value = std::to_string(*rc::gen::arbitrary<std::uint32_t>());
      }
      if (term.field == "timestamp") {
        term.value = libcontainerd::FormatTime(
            WallTime(Duration(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000'000))));
      }
      break;
  }
  return term;
}

FaultRule AnyRule() {
  const InjectionPoint point = *rc::gen::elementOf(InjectionPoints());
  FaultRule rule;
  rule.point = point.name;
  rule.subject = *rc::gen::elementOf(std::vector<std::string>{"", "web", "web/init", "a-b.c_d"});
  const int terms = *rc::gen::inRange(1, 5);
  for (int i = 0; i < terms; ++i) rule.terms.push_back(AnyTerm(point));
  return rule;
}

TEST(FaultPlanProperty, IsReadAsItWasWritten) {
  EXPECT_TRUE(rc::check("Parse(ToString(plan)) == plan", [] {
    std::vector<FaultRule> rules;
    const int count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) rules.push_back(AnyRule());
    const FaultPlan plan(rules);
    const auto read = FaultPlan::Parse(plan.ToString());
    if (!read) RC_FAIL(read.error().message + "\n" + plan.ToString());
    RC_ASSERT(*read == plan);
    RC_ASSERT(read->ToString() == plan.ToString());
  }));
}

}  // namespace
}  // namespace fake_containerd
