#include "fake_containerd/state_directory.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

tl::unexpected<libcontainerd::Error> Unusable(const std::string& path, int error_number) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (error_number == ENOENT || error_number == ENOTDIR) code = ErrorCode::kNotFound;
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS) {
    code = ErrorCode::kPermissionDenied;
  }
  return Fail(code, "directory " + path +
                        " cannot be used: " + std::generic_category().message(error_number));
}

}  // namespace

Result<std::unique_ptr<StateDirectory>> StateDirectory::Make(const std::string& path) {
  std::error_code error;
  if (path.empty()) {
    const std::filesystem::path base = std::filesystem::temp_directory_path(error);
    if (error) return Unusable("for temporary files", error.value());
    std::string made = (base / "fake-containerd-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) return Unusable(made, errno);
    return std::unique_ptr<StateDirectory>(new StateDirectory(std::move(made), true));
  }
  const std::string absolute = std::filesystem::absolute(path, error).string();
  if (error) return Unusable(path, error.value());
  if (::mkdir(absolute.c_str(), 0700) == 0) {
    return std::unique_ptr<StateDirectory>(new StateDirectory(absolute, true));
  }
  if (errno != EEXIST) return Unusable(absolute, errno);
  if (!std::filesystem::is_directory(absolute, error)) return Unusable(absolute, ENOTDIR);
  if (::access(absolute.c_str(), W_OK | X_OK) != 0) return Unusable(absolute, errno);
  return std::unique_ptr<StateDirectory>(new StateDirectory(absolute, false));
}

libcontainerd::Status MakeStateDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error && ::access(path.c_str(), W_OK | X_OK) != 0) {
    error = std::error_code(errno, std::generic_category());
  }
  if (!error) return {};
  return Fail(ErrorCode::kUnavailable,
              "state directory " + path + " cannot be used: " + error.message());
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

libcontainerd::Status DirectoryLock::Take(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
  const int error = errno;
  const std::string why = descriptor_ >= 0 && error == EWOULDBLOCK
                              ? "is in use"
                              : "cannot be used: " + std::generic_category().message(error);
  return Fail(ErrorCode::kUnavailable, "state directory " + path + " " + why);
}

StateDirectory::~StateDirectory() {
  std::error_code ignored;
  if (ours_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace fake_containerd
