// What a person and a CI see of a replay: a table, JUnit XML, JSON, and what the page needs.
#pragma once

#include <span>
#include <string>

#include "scenarios/replay/trace_result.h"
#include "scenarios/reports/report.h"

namespace scenarios {

// trace, events, calls, callbacks, verdict, time; a line for each trace and one with the sums. No
// trailing newline.
std::string ReplayTableHeader();
std::string ReplayTableLine(const TraceResult& result);
std::string ReplayTableSum(std::span<const TraceResult> results);

// Everything unexplained, broken or not judged, a line each and indented; empty for a trace that
// held.
std::string ReplayComplaints(const TraceResult& result);
// What is pending, call by call.
std::string ReplayPendingList(const TraceResult& result);

// One test case a trace: a failure if broken, an error if it could not be judged, skipped if
// pending.
std::string ReplayJUnit(std::span<const TraceResult> results);
// For report.html and trace.json; the results outlive it. What differs without explanation stands
// among the complaints, what is pending is skipped.
Report ReplayReport(std::span<const TraceResult> results, const ReplayOptions& options);
// version, options, sums and for each trace counts, differences with their explanation, pending,
// guarantees.
std::string ReplayJson(std::span<const TraceResult> results, const ReplayOptions& options);

}  // namespace scenarios
