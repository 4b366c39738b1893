// The reader of report.json: whatever it accepts comes out again as it was, and can be drawn; a
// refusal says where.
//
// Not covered: what page and XML show, and the journals that a report names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scenarios/reports/html_report.h"
#include "scenarios/reports/report_json.h"
#include "scenarios/reports/scenario_report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto report = scenarios::ReadReportJson(text, "input");
  if (!report) {
    const auto& error = report.error();
    if (error.code != libcontainerd::ErrorCode::kInvalidArgument) std::abort();
    if (!error.message.starts_with("input:")) std::abort();
    return 0;
  }

  const std::string written = scenarios::ReportJson(*report);
  const auto again = scenarios::ReadReportJson(written, "written");
  if (!again || scenarios::ReportJson(*again) != written) std::abort();
  if (scenarios::HtmlReport(*report).empty() || scenarios::ReportJUnit(*report).empty()) {
    std::abort();
  }
  return 0;
}
