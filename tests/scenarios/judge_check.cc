#include "tests/scenarios/judge_check.h"

namespace scenarios::testing {
namespace {

::testing::AssertionResult Compare(std::string_view name, const JournalBuilder& j,
                                   const Judgement& expected, const JudgeOptions& options) {
  const Guarantee* guarantee = FindGuarantee(name);
  if (guarantee == nullptr) return ::testing::AssertionFailure() << "no guarantee " << name;
  const Judgement judgement = JudgeJournal(*guarantee, j.journal(), options);
  if (judgement.verdict == expected.verdict && judgement.violations == expected.violations) {
    return ::testing::AssertionSuccess();
  }
  auto failure = ::testing::AssertionFailure()
                 << name << " is " << VerdictName(judgement.verdict) << ", expected "
                 << VerdictName(expected.verdict) << '\n';
  for (const Violation& violation : judgement.violations) {
    failure << "  " << violation.what << " " << ::testing::PrintToString(violation.entries) << '\n';
  }
  for (const Entry& entry : j.journal().entries()) {
    failure << ToJsonLine(j.journal(), entry) << '\n';
  }
  return failure;
}

}  // namespace

::testing::AssertionResult Held(std::string_view name, const JournalBuilder& j,
                                const JudgeOptions& options) {
  return Compare(name, j, {Verdict::kHeld, {}}, options);
}
::testing::AssertionResult NotObservable(std::string_view name, const JournalBuilder& j) {
  return Compare(name, j, {Verdict::kNotObservable, {}}, {});
}
::testing::AssertionResult Broken(std::string_view name, const JournalBuilder& j,
                                  const std::vector<Violation>& expected,
                                  const JudgeOptions& options) {
  return Compare(name, j, {Verdict::kBroken, expected}, options);
}

}  // namespace scenarios::testing
