#include "libcontainerd/file_ownership.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "lib/adapters/files.h"

namespace libcontainerd {

Status SystemFileOwnership::Give(const std::string& path, FileOwner owner) {
  if (::lchown(path.c_str(), owner.uid, owner.gid) == 0) return {};
  return Fail(SystemError("chown", path, errno));
}

Result<FileOwner> SystemFileOwnership::Of(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return Fail(SystemError("lstat", path, errno));
  return FileOwner{.uid = found.st_uid, .gid = found.st_gid};
}

}  // namespace libcontainerd
