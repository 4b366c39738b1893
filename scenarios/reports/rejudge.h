// Journals that were saved, judged again.
#pragma once

#include <string>

#include "scenarios/reports/report.h"

namespace scenarios {

// How a journal is judged of which nothing else is known: as one whose clock was stepped, which
// forgives what happened within a step.
JudgeOptions UsualJudgeOptions();

// A scenario that is nothing but its journal: passed if no guarantee is broken.
ReportedScenario JudgeAgain(std::string name, std::shared_ptr<const Journal> journal,
                            const JudgeOptions& options);
// The same of one that was reported before: with its options and demands, and all the rest kept.
// Its verdict is that of its guarantees and of the complaints that it had; one that could not be
// judged or was skipped stays so.
ReportedScenario JudgeAgain(const ReportedScenario& before);

}  // namespace scenarios
