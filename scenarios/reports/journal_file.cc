#include "scenarios/reports/journal_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace scenarios {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

Result<std::shared_ptr<const Journal>> ReadJournalFile(const std::string& path) {
  std::error_code error;
  std::ifstream in(path, std::ios::binary);
  if (!in || fs::is_directory(path, error)) {
    return Fail(ErrorCode::kNotFound, "cannot open " + path + ": expected a journal");
  }
  auto journal = std::make_shared<Journal>();
  if (auto read = ReadJournal(in, path, *journal); !read) return Fail(read.error());
  return journal;
}

Result<std::vector<std::string>> FindJournals(const std::string& directory) {
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, error);
  if (error) return Fail(ErrorCode::kNotFound, directory + ": " + error.message());
  std::vector<std::string> paths;
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (path.ends_with(kJournalSuffix) && entry->is_regular_file(error)) paths.push_back(path);
    if (error) return Fail(ErrorCode::kUnavailable, path + ": " + error.message());
  }
  std::ranges::sort(paths);
  return paths;
}

std::string JournalName(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  if (name.ends_with(kJournalSuffix)) name.resize(name.size() - kJournalSuffix.size());
  return name;
}

}  // namespace scenarios
