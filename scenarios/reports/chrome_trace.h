// trace.json: the runs of a report in Chrome's trace event format, for ui.perfetto.dev and
// chrome://tracing.
#pragma once

#include <string>

#include "scenarios/reports/report.h"

namespace scenarios {

// A process for each scenario whose journal is there, a thread for each row of a container; a row
// in which things overlap has several. Of entries at one time the later stands a microsecond behind
// the earlier: their order is what matters. The journal's own time is among the arguments.
std::string ChromeTrace(const Report& report);

}  // namespace scenarios
