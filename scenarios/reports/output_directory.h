// A directory of results that is replaced only when the new one is complete: written beside the old
// one under another name, then put in its place. Whatever goes wrong before that leaves the old one
// as it was.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "libcontainerd/error.h"

namespace scenarios {

class OutputDirectory {
 public:
  // Makes the new directory next to `path`. Refuses a `path` that exists and holds something that
  // is not a result of ours (has no report.json), so that `--out /home/me` loses nothing.
  static libcontainerd::Result<std::unique_ptr<OutputDirectory>> Begin(const std::string& path);
  ~OutputDirectory();  // what was not committed is removed
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  libcontainerd::Status Write(const std::string& file_name, std::string_view content);
  libcontainerd::Status Commit();

 private:
  OutputDirectory(std::string path, std::string partial);

  std::string path_;
  std::string partial_;
  bool committed_ = false;
};

}  // namespace scenarios
