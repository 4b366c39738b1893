// report.json: the whole report but for the journals, which stand beside it. docs/reports.md tells
// its fields, scenarios/schema/report.schema.json checks them.
#pragma once

#include <string>
#include <string_view>

#include "libcontainerd/error.h"
#include "scenarios/reports/report.h"

namespace scenarios {

inline constexpr std::string_view kReportFormat = "drydock-report";
inline constexpr int kReportVersion = 1;

std::string ReportJson(const Report& report);
// What ReportJson wrote; journals are not read. Errors are INVALID_ARGUMENT with the text "NAME:
// where: what is wrong, what was expected". Fields that it does not know are left alone: later
// versions may add some.
libcontainerd::Result<Report> ReadReportJson(std::string_view text, const std::string& name);

}  // namespace scenarios
