// Calls that overlap: journals that an order of them explains, and journals that none does.
#include "scenarios/model/linearizability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/journal_builder.h"

namespace scenarios::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// JournalBuilder joins an end with the begin of the same words; these name each call by a number.
class Calls {
 public:
  std::uint64_t Begin(std::string_view what, std::string_view id, std::string_view process = "") {
    Entry entry = Make(EntryKind::kCallBegin, what, id, process);
    entry.number = journal_.NextNumber();
    calls_[entry.number] = entry;
    Record(entry);
    return entry.number;
  }
  void End(std::uint64_t call, std::uint32_t code = 0, std::string_view text = "") {
    Entry entry = calls_[call];
    entry.kind = EntryKind::kCallEnd;
    entry.code = code;
    entry.failed = code != 0;
    entry.text = journal_.Intern(text);
    Record(entry);
  }
  void Called(std::string_view state, std::string_view id, std::string_view process = "") {
    Record(Make(EntryKind::kCallbackBegin, state, id, process));
    Record(Make(EntryKind::kCallbackEnd, state, id, process));
  }
  void Delivered(std::string_view event, std::string_view id, std::string_view process) {
    Record(Make(EntryKind::kEventDelivered, event, id, process));
  }
  // Of the call that follows, as of what was recorded last.
  void InTheSameMoment() { still_ = true; }
  void Created(std::string_view id) {
    const std::uint64_t create = Begin("create", id);
    Called("start-container", id);
    End(create);
  }
  Linearizability Check(const LinearizabilityOptions& options = {}) const {
    return CheckLinearizable(journal_, options);
  }
  std::vector<std::string> Unexplained() const {
    std::vector<std::string> texts;
    for (const Violation& each : Check().judgement.violations) texts.push_back(each.what);
    return texts;
  }

 private:
  Entry Make(EntryKind kind, std::string_view what, std::string_view id, std::string_view process) {
    Entry entry;
    entry.kind = kind;
    entry.what = journal_.Intern(what);
    entry.id = journal_.Intern(id);
    entry.process = journal_.Intern(process);
    return entry;
  }
  void Record(Entry entry) {
    if (!std::exchange(still_, false)) ++time_;
    entry.t = std::chrono::microseconds(time_);
    journal_.Record(entry);
  }

  Journal journal_;
  std::int64_t time_ = 0;
  bool still_ = false;
  std::map<std::uint64_t, Entry> calls_;
};

constexpr std::uint32_t kAlreadyExists = 6;
constexpr std::uint32_t kInvalid = 3;
constexpr std::uint32_t kUnknown = 2;

TEST(Linearizability, WithoutCallsThereIsNothingToExplain) {
  const Calls calls;
  EXPECT_EQ(calls.Check().judgement.verdict, Verdict::kNotObservable);
}

TEST(Linearizability, OfTwoCreatesOneIsRefused) {
  Calls calls;
  const auto first = calls.Begin("create", "c1");
  const auto second = calls.Begin("create", "c1");
  calls.End(first, kAlreadyExists, "Container c1 is already active");
  calls.Called("start-container", "c1");
  calls.End(second);
  EXPECT_EQ(calls.Check().judgement.verdict, Verdict::kHeld);
}

TEST(Linearizability, TwoCreatesOfOneIdCannotBothSucceed) {
  Calls calls;
  const auto first = calls.Begin("create", "c1");
  const auto second = calls.Begin("create", "c1");
  calls.Called("start-container", "c1");
  calls.End(first);
  calls.Called("start-container", "c1");
  calls.End(second);
  EXPECT_THAT(calls.Unexplained(),
              ElementsAre("c1: no order of the calls explains that create succeeded; before it the "
                          "container had just been started or was running"));
}

TEST(Linearizability, NobodyIsRefusedWithoutAReason) {
  Calls calls;
  const auto create = calls.Begin("create", "c1");
  calls.End(create, kAlreadyExists, "Container c1 is already active");
  EXPECT_THAT(calls.Unexplained(),
              ElementsAre("c1: no order of the calls explains that create failed with "
                          "ALREADY_EXISTS; before it the container was not there"));
}

TEST(Linearizability, InTheMomentOfTheExitTheIdMayBeTakenYet) {
  Calls calls;
  calls.Created("c1");
  calls.Called("exit", "c1");
  calls.InTheSameMoment();
  calls.End(calls.Begin("create", "c1"), kAlreadyExists, "Container c1 is already active");
  EXPECT_EQ(calls.Check().judgement.verdict, Verdict::kHeld);
  calls.End(calls.Begin("create", "c1"), kAlreadyExists, "Container c1 is already active");
  EXPECT_THAT(calls.Unexplained(), ElementsAre(HasSubstr("create failed with ALREADY_EXISTS")));
}

TEST(Linearizability, TheNameOfAStrangersExecIsTakenUntilItsExitIsTold) {
  Calls calls;
  calls.Created("c1");
  calls.Delivered("exit", "c1", "e1");
  calls.End(calls.Begin("add-process", "c1", "e1"), kAlreadyExists, "Process e1 is already active");
  EXPECT_EQ(calls.Check().judgement.verdict, Verdict::kHeld);
  calls.Called("exit-process", "c1", "e1");
  calls.End(calls.Begin("add-process", "c1", "e1"), kAlreadyExists, "Process e1 is already active");
  EXPECT_THAT(calls.Unexplained(), ElementsAre(HasSubstr("add-process e1 failed")));
}

TEST(Linearizability, ACreateThatSucceededWasToldOf) {
  Calls calls;
  calls.End(calls.Begin("create", "c1"));
  EXPECT_THAT(calls.Unexplained(), ElementsAre(HasSubstr("that create succeeded")));
}

TEST(Linearizability, APauseNeedsAContainerThatRuns) {
  Calls calls;
  calls.End(calls.Begin("create", "c1"), kUnknown, "oci runtime error");
  const auto pause = calls.Begin("pause", "c1");
  calls.Called("pause", "c1");
  calls.End(pause);
  EXPECT_THAT(calls.Unexplained(),
              ElementsAre(HasSubstr("that pause succeeded; before it the container was")));
}

TEST(Linearizability, TwoPausesNeedTwoCallbacks) {
  Calls calls;
  calls.Created("c1");
  const auto first = calls.Begin("pause", "c1");
  const auto second = calls.Begin("pause", "c1");
  calls.Called("pause", "c1");
  calls.End(second);
  EXPECT_THAT(calls.Unexplained(), IsEmpty());
  calls.End(first);
  EXPECT_THAT(calls.Unexplained(), ElementsAre(HasSubstr("that pause succeeded")));
}

TEST(Linearizability, ACallThatOverlapsTheExitMayComeFirstOrLast) {
  for (const std::uint32_t code : {0U, kInvalid}) {
    Calls calls;
    calls.Created("c1");
    const auto add = calls.Begin("add-process", "c1", "e1");
    if (code == 0) calls.Called("exit-process", "c1", "e1");
    calls.Called("exit", "c1");
    calls.End(add, code, "invalid container: c1");
    EXPECT_THAT(calls.Unexplained(), IsEmpty()) << code;
  }
}

TEST(Linearizability, ACallBehindTheExitIsRefused) {
  Calls calls;
  calls.Created("c1");
  calls.Called("exit", "c1");
  const auto other = calls.Begin("create", "c1");
  calls.End(calls.Begin("resize", "c1"));
  calls.Called("start-container", "c1");
  calls.End(other);
  EXPECT_THAT(calls.Unexplained(),
              ElementsAre("c1: no order of the calls explains that resize succeeded, while under "
                          "way: create; before it the container was not there or was being made"));
}

TEST(Linearizability, OneNameBelongsToOneExec) {
  Calls calls;
  calls.Created("c1");
  const auto first = calls.Begin("add-process", "c1", "e1");
  const auto second = calls.Begin("add-process", "c1", "e1");
  calls.End(second);
  calls.End(first, kAlreadyExists, "Process e1 of container c1 is already active");
  EXPECT_THAT(calls.Unexplained(), IsEmpty());
  const auto third = calls.Begin("add-process", "c1", "e1");
  calls.Called("exit-process", "c1", "e1");
  calls.End(third);
  EXPECT_THAT(calls.Unexplained(), IsEmpty());
  calls.End(calls.Begin("add-process", "c1", "e1"));
  EXPECT_THAT(calls.Unexplained(), ElementsAre(HasSubstr("that add-process e1 succeeded")));
}

TEST(Linearizability, ACallWithoutAnEndMayHaveDoneAnything) {
  Calls calls;
  calls.Begin("create", "c1");
  calls.Called("start-container", "c1");
  calls.End(calls.Begin("resize", "c1"));
  EXPECT_THAT(calls.Unexplained(), IsEmpty());
}

TEST(Linearizability, ABoundThatIsReachedIsSaid) {
  Calls calls;
  calls.Created("c1");
  for (int i = 0; i < 20; ++i) calls.Begin("add-process", "c1", "e" + std::to_string(i));
  calls.End(calls.Begin("resize", "c1"));
  const Linearizability result = calls.Check({.most_states = 1000});
  EXPECT_EQ(result.judgement.verdict, Verdict::kNotObservable);
  EXPECT_EQ(result.bound, "c1: more than 1000 states at once");
}

}  // namespace
}  // namespace scenarios::testing
