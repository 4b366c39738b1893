// report.html: one file that needs nothing else, neither network nor server. The page's source
// stands in html/ and is part of the program.
#pragma once

#include <string>

#include "scenarios/reports/report.h"

namespace scenarios {

// Of scenarios without journal there is a summary and no timeline.
std::string HtmlReport(const Report& report);

}  // namespace scenarios
