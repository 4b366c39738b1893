// Scratch: a directory of a case's own, gone with this object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "libcontainerd/error.h"

namespace bench {

class Scratch {
 public:
  enum class Where : std::uint8_t {
    kTemporary,  // the system's temporary directory
    kMemory,     // a file system in memory (/dev/shm) where there is one, else as kTemporary
  };

  static libcontainerd::Result<std::unique_ptr<Scratch>> Make(Where where = Where::kTemporary) {
    std::error_code error;
    std::filesystem::path base = std::filesystem::temp_directory_path(error);
    if (where == Where::kMemory && std::filesystem::is_directory("/dev/shm", error)) {
      base = "/dev/shm";
    }
    std::string pattern = (base / "drydock-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return libcontainerd::Fail(libcontainerd::ErrorCode::kUnavailable,
                                 "cannot make a temporary directory " + pattern);
    }
    return std::unique_ptr<Scratch>(new Scratch(std::move(pattern)));
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace bench
