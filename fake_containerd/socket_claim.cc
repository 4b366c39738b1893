#include "fake_containerd/socket_claim.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace fake_containerd {
namespace {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

constexpr std::size_t kLongestSocketPath = sizeof(sockaddr_un::sun_path) - 1;

// Reads errno.
tl::unexpected<libcontainerd::Error> FailErrno(const std::string& what) {
  const int error = errno;
  ErrorCode code = ErrorCode::kUnavailable;
  if (error == ENOENT || error == ENOTDIR) code = ErrorCode::kNotFound;
  if (error == EACCES || error == EPERM || error == EROFS) code = ErrorCode::kPermissionDenied;
  return Fail(code, what + ": " + std::generic_category().message(error));
}

tl::unexpected<libcontainerd::Error> FailInUse(const std::string& path) {
  return Fail(ErrorCode::kAlreadyExists, "socket " + path + " is in use");
}

Status CheckPath(std::string_view path) {
  if (path.empty()) return Fail(ErrorCode::kInvalidArgument, "the socket path is empty");
  if (path.find('\0') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, "the socket path contains a NUL byte");
  }
  if (path.size() > kLongestSocketPath) {
    return Fail(ErrorCode::kInvalidArgument,
                "the socket path has " + std::to_string(path.size()) + " bytes, the limit is " +
                    std::to_string(kLongestSocketPath) + ": " + std::string(path));
  }
  return {};
}

// 0 when somebody accepts, or the error of connecting.
int TryConnect(const std::string& path) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int result = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = result == 0 ? 0 : errno;
  close(probe);
  return error;
}

}  // namespace

Result<std::unique_ptr<SocketClaim>> SocketClaim::Make(std::string path) {
  if (Status usable = CheckPath(path); !usable) return Fail(std::move(usable).error());
  std::unique_ptr<SocketClaim> claim(new SocketClaim(std::move(path)));
  Status claimed = claim->Lock();
  if (claimed) claimed = claim->CheckNobodyServes();
  if (claimed) claimed = claim->MakePrivateDirectory();
  if (!claimed) return Fail(std::move(claimed).error());
  return claim;
}

SocketClaim::~SocketClaim() {
  Unpublish();
  RemovePrivateDirectory();
  if (directory_descriptor_ >= 0) close(directory_descriptor_);
  if (lock_ < 0) return;
  unlink((path_ + ".lock").c_str());  // before the lock is let go: a newer file is not ours
  close(lock_);
}

Status SocketClaim::Lock() {
  const std::string file = path_ + ".lock";
  while (true) {
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return FailErrno("cannot create lock file " + file);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      auto failure = errno == EWOULDBLOCK ? FailInUse(path_) : FailErrno("cannot lock " + file);
      close(descriptor);
      return failure;
    }
    // The holder before us may have removed the file that we just locked; then another one counts.
    struct stat locked {};
    struct stat named {};
    if (fstat(descriptor, &locked) == 0 && lstat(file.c_str(), &named) == 0 &&
        locked.st_dev == named.st_dev && locked.st_ino == named.st_ino) {
      lock_ = descriptor;
      return {};
    }
    close(descriptor);
  }
}

Status SocketClaim::CheckNobodyServes() const {
  struct stat found {};
  if (lstat(path_.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return FailErrno("cannot look at " + path_);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return Fail(ErrorCode::kAlreadyExists, path_ + " exists and is not a socket");
  }
  const int error = TryConnect(path_);
  if (error == ECONNREFUSED || error == ENOENT) return {};  // a dead server's
  if (error == 0 || error == EAGAIN || error == EPROTOTYPE) return FailInUse(path_);
  errno = error;
  return FailErrno("cannot tell whether socket " + path_ + " is in use");
}

Status SocketClaim::MakePrivateDirectory() {
  const auto slash = path_.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : path_.substr(0, slash + 1);
  std::string pattern = parent + ".socket-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    return FailErrno("cannot create a directory beside socket " + path_);
  }
  directory_ = pattern;
  // A name that no other claim has, for gRPC looks for it once more when this directory's
  // descriptor is history.
  name_ = pattern.substr(parent.size() + 1);
  directory_descriptor_ = open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory_descriptor_ < 0) return FailErrno("cannot open directory " + directory_);
  return {};
}

void SocketClaim::RemovePrivateDirectory() {
  if (directory_.empty()) return;
  unlink((directory_ + "/" + name_).c_str());
  rmdir(directory_.c_str());
  directory_.clear();
}

std::string SocketClaim::bind_path() const {
  return "/proc/self/fd/" + std::to_string(directory_descriptor_) + "/" + name_;
}

Status SocketClaim::Publish() {
  const std::string bound = directory_ + "/" + name_;
  struct stat made {};
  if (chmod(bound.c_str(), 0600) != 0 || lstat(bound.c_str(), &made) != 0 ||
      rename(bound.c_str(), path_.c_str()) != 0) {
    return FailErrno("cannot move a socket to " + path_);
  }
  device_ = made.st_dev;
  inode_ = made.st_ino;
  published_ = true;
  RemovePrivateDirectory();
  return {};
}

void SocketClaim::Unpublish() {
  if (!std::exchange(published_, false)) return;
  struct stat found {};
  if (lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) {
    unlink(path_.c_str());
  }
}

}  // namespace fake_containerd
