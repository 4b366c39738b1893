#include "lib/adapters/files.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/adapters/unique_fd.h"

namespace libcontainerd {
namespace {

ErrorCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kResourceExhausted;
    default:
      return ErrorCode::kUnknown;
  }
}

// Go words errors in lower case; the C library begins with a capital.
std::string Reason(int error_number) {
  std::string reason = std::generic_category().message(error_number);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  return reason;
}

}  // namespace

Error SystemError(std::string_view operation, const std::string& path, int error_number) {
  return Error{CodeOf(error_number),
               std::string(operation) + " " + path + ": " + Reason(error_number)};
}

Status WriteNewFile(const std::string& path, std::string_view content) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return Fail(SystemError("open", path, errno));
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(SystemError("write", path, errno));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> ReadFile(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Fail(SystemError("open", path, errno));
  std::string content;
  constexpr std::size_t kChunk = 65536;
  while (true) {
    const std::size_t before = content.size();
    content.resize(before + kChunk);
    const ssize_t count = ::read(file.get(), content.data() + before, kChunk);
    content.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count == 0) return content;
    if (count < 0 && errno != EINTR) return Fail(SystemError("read", path, errno));
  }
}

Status RemoveTree(const std::string& path) {
  // Whoever removes something of the same tree at the same time makes remove_all stop with ENOENT
  // halfway: there is still something to do then.
  while (true) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (!error) return {};
    if (error.value() != ENOENT) return Fail(SystemError("remove", path, error.value()));
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return {};
  }
}

Status MakeDirectory(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) != 0) return Fail(SystemError("mkdir", path, errno));
  if (::chmod(path.c_str(), mode) != 0) return Fail(SystemError("chmod", path, errno));
  return {};
}

}  // namespace libcontainerd
