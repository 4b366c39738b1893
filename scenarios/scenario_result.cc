#include "scenarios/scenario_result.h"

namespace scenarios {

std::string_view ScenarioVerdictName(ScenarioVerdict verdict) {
  switch (verdict) {
    case ScenarioVerdict::kPassed:
      return "passed";
    case ScenarioVerdict::kFailed:
      return "failed";
    case ScenarioVerdict::kSkipped:
      return "skipped";
    case ScenarioVerdict::kCannotJudge:
      break;
  }
  return "cannot judge";
}

}  // namespace scenarios
