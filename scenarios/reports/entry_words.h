// Entries of a journal in words that a person understands.
#pragma once

#include <string>

#include "scenarios/journal.h"

namespace scenarios {

// "the client receives exit of web, status 3": one line, without number and time.
std::string DescribeEntry(const Journal& journal, const Entry& entry);
// "#12      1.5 ms  the client …"
std::string EntryLine(const Journal& journal, const Entry& entry);
// "0", "15 µs", "1.5 ms", "2.25 s": of the journal's clock, without what is not there.
std::string DurationText(libcontainerd::Duration duration);

}  // namespace scenarios
