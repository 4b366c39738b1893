// Saved journals: one file, or all that stand below a directory.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libcontainerd/error.h"
#include "scenarios/journal.h"

namespace scenarios {

inline constexpr std::string_view kJournalSuffix = ".journal.jsonl";

// NOT_FOUND, or INVALID_ARGUMENT with file and line.
libcontainerd::Result<std::shared_ptr<const Journal>> ReadJournalFile(const std::string& path);
// Paths of all *.journal.jsonl below `directory`, sorted. NOT_FOUND if there is no such directory.
libcontainerd::Result<std::vector<std::string>> FindJournals(const std::string& directory);
// "DIR/web.journal.jsonl" is "web".
std::string JournalName(const std::string& path);

}  // namespace scenarios
