// Results as a run of scenarios would give them, made by hand: of every sort one, with texts that
// every form of report has to survive; and big ones.
#pragma once

#include <cstddef>
#include <vector>

#include "scenarios/reports/report.h"

namespace scenarios::testing {

// In this order: "lifecycle/start-exit" passed; "oom/exec-flag" failed, with violations of real
// guarantees; "bad </script> input" failed, expectations only, hostile texts; "restore/slow" could
// not be judged; "stdio/socket-only" skipped; "museum/B31" passed, because what had to break broke;
// "lifecycle/start-exit" once more, without a journal.
std::vector<ScenarioResult> SampleResults();
RunInfo SampleRun();

// Failed; about so many entries over 20 containers, at few different times, one violation near the
// end.
ScenarioResult BigResult(std::size_t entries);

// What stands in SampleResults()'s hostile texts.
inline constexpr const char* kHostile =
    "</script><script>document.title='broken'</script>\xE2\x80\xA8<!-- & ]]> \x01\xFF\"";

}  // namespace scenarios::testing
