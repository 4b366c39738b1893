// FileOwnership: the port for giving files to a container's root, the only step of making a bundle
// that needs privileges.
//
// In a user namespace the container's root is somebody else on the host. What it must be able to
// use (bundle, config.json, FIFOs) then belongs to that user.
//
// Threads: any; implementations may block.
#pragma once

#include <cstdint>
#include <string>

#include "libcontainerd/error.h"

namespace libcontainerd {

// Ids on the host.
struct FileOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;

  bool is_host_root() const { return uid == 0 && gid == 0; }
  friend bool operator==(const FileOwner&, const FileOwner&) = default;
};

class FileOwnership {
 public:
  virtual ~FileOwnership() = default;
  // Symbolic links are not followed, by either.
  virtual Status Give(const std::string& path, FileOwner owner) = 0;
  virtual Result<FileOwner> Of(const std::string& path) = 0;
};

// The system's: lchown(2), lstat(2).
class SystemFileOwnership final : public FileOwnership {
 public:
  Status Give(const std::string& path, FileOwner owner) override;
  Result<FileOwner> Of(const std::string& path) override;
};

}  // namespace libcontainerd
