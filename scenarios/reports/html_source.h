// The files of html/ as they stand there, built into the program.
#pragma once

#include <string_view>

namespace scenarios::html_source {

std::string_view Page();
std::string_view Style();
std::string_view JournalScript();
std::string_view TimelineScript();
std::string_view ReportScript();

}  // namespace scenarios::html_source
