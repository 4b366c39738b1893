#include "fake_containerd/fifo_process_io.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace fake_containerd {
namespace {

using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Runtime;
using libcontainerd::Status;
using Descriptor = asio::posix::stream_descriptor;

constexpr char kNullDevice[] = "/dev/null";

// Go's spelling of an errno: as strerror, in lower case.
std::string Reason(int error) {
  std::string reason = std::strerror(error);
  if (!reason.empty()) reason.front() = static_cast<char>(std::tolower(reason.front()));
  return reason;
}

ErrorCode CodeOf(int error) {
  if (error == ENOENT) return ErrorCode::kNotFound;
  if (error == EACCES || error == EPERM) return ErrorCode::kPermissionDenied;
  return ErrorCode::kUnknown;
}

tl::unexpected<libcontainerd::Error> FailOpen(ErrorCode code, const std::string& path,
                                              const std::string& reason) {
  return Fail(code, "open " + path + ": " + reason);
}

// Descriptors are handed out from below, so a high one means that few are left.
bool AmongTheLast(int fd, std::size_t spare, rlim_t& limit) {
  rlimit limits{};
  if (::getrlimit(RLIMIT_NOFILE, &limits) != 0 || limits.rlim_cur == RLIM_INFINITY) return false;
  limit = limits.rlim_cur;
  return static_cast<rlim_t>(fd) + spare >= limit;
}

Result<int> OpenFile(const std::string& path, int flags, std::size_t spare) {
  const int fd = ::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  const int error = errno;
  rlim_t limit = 0;
  if (fd < 0 && error != EMFILE) return FailOpen(CodeOf(error), path, Reason(error));
  if (fd < 0 || AmongTheLast(fd, spare, limit)) {
    if (fd >= 0) ::close(fd);
    if (fd < 0) AmongTheLast(0, spare, limit);
    return FailOpen(ErrorCode::kResourceExhausted, path,
                    "too many open files: the limit of descriptors is " + std::to_string(limit) +
                        ", " + std::to_string(spare) + " are left to other things");
  }
  struct stat found {};
  if (::fstat(fd, &found) == 0 && S_ISFIFO(found.st_mode)) return fd;
  ::close(fd);
  return FailOpen(ErrorCode::kInvalidArgument, path, "is no FIFO");
}

bool IsNull(const std::string& path) {
  return path.empty() || path == kNullDevice;
}

Status Closed() {
  return Fail(ErrorCode::kCancelled, "stream closed");
}

// Waiting coroutines share the descriptor, so that closing it under them is safe.
using DescriptorPtr = std::shared_ptr<Descriptor>;

Awaitable<bool> Ready(DescriptorPtr descriptor, Descriptor::wait_type what) {
  asio::error_code error;
  co_await descriptor->async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  co_return !error && descriptor->is_open();
}

Awaitable<Status> WriteAll(DescriptorPtr descriptor, std::string data) {
  std::size_t written = 0;
  while (written < data.size()) {
    if (!descriptor->is_open()) co_return Closed();
    const ssize_t count =
        ::write(descriptor->native_handle(), data.data() + written, data.size() - written);
    if (count > 0) {
      written += static_cast<std::size_t>(count);
    } else if (count < 0 && errno == EAGAIN) {
      const bool ready = co_await Ready(descriptor, Descriptor::wait_write);
      if (!ready) co_return Closed();
    } else if (count < 0 && errno != EINTR) {
      co_return Fail(ErrorCode::kUnavailable, Reason(errno));
    }
  }
  co_return Status();
}

Awaitable<Result<std::string>> ReadSome(DescriptorPtr descriptor, std::size_t max_bytes) {
  std::string data(max_bytes, '\0');
  while (descriptor->is_open()) {
    // Ready first: a FIFO that nobody opened for writing yet reads as ended.
    const bool ready = co_await Ready(descriptor, Descriptor::wait_read);
    if (!ready) break;
    const ssize_t count = ::read(descriptor->native_handle(), data.data(), data.size());
    if (count >= 0) {
      data.resize(static_cast<std::size_t>(count));
      co_return data;
    }
    if (errno != EAGAIN && errno != EINTR) co_return Fail(ErrorCode::kUnknown, Reason(errno));
  }
  co_return Fail(Closed().error());
}

class FifoStreams final : public ProcessStreams {
 public:
  FifoStreams(Runtime& runtime, std::size_t spare) : runtime_(runtime), spare_(spare) {}
  ~FifoStreams() override {
    CloseOutputs();
    CloseStdin();
    Close(in_);
  }

  Status Open(const IoPaths& paths, bool terminal) {
    if (Status opened = OpenInto(out_, paths.out, O_RDWR); !opened) return opened;
    if (!terminal) {
      if (Status opened = OpenInto(err_, paths.err, O_RDWR); !opened) return opened;
    }
    if (IsNull(paths.in)) return {};
    if (Status opened = OpenInto(in_, paths.in, O_RDONLY); !opened) return opened;
    const Result<int> writer = OpenFile(paths.in, O_WRONLY, spare_);
    if (!writer) return Fail(writer.error());
    stdin_writer_ = *writer;
    return {};
  }

  Awaitable<Status> Write(OutputStream stream, std::string data) override {
    const DescriptorPtr descriptor = Of(stream);
    if (!descriptor) co_return Status();
    Awaitable<Status> writing = WriteAll(descriptor, std::move(data));
    co_return co_await std::move(writing);
  }
  void CloseOutputs() override {
    Close(out_);
    Close(err_);
  }
  void CloseOutput(OutputStream stream) override { Close(Of(stream)); }
  void CloseStdin() override {
    if (const int fd = std::exchange(stdin_writer_, -1); fd >= 0) ::close(fd);
  }
  Awaitable<Result<std::string>> ReadStdin(std::size_t max_bytes) override {
    const DescriptorPtr descriptor = in_;
    if (!descriptor) co_return std::string();
    Awaitable<Result<std::string>> reading = ReadSome(descriptor, max_bytes);
    co_return co_await std::move(reading);
  }

 private:
  Status OpenInto(DescriptorPtr& descriptor, const std::string& path, int flags) {
    if (IsNull(path)) return {};
    const Result<int> fd = OpenFile(path, flags, spare_);
    if (!fd) return Fail(fd.error());
    asio::error_code error;
    descriptor = std::make_shared<Descriptor>(runtime_.executor());
    descriptor->assign(*fd, error);
    if (!error) return {};
    ::close(*fd);
    return Fail(ErrorCode::kUnknown, "open " + path + ": " + error.message());
  }
  static void Close(const DescriptorPtr& descriptor) {
    asio::error_code ignored;
    if (descriptor) descriptor->close(ignored);
  }
  const DescriptorPtr& Of(OutputStream stream) const {
    return stream == OutputStream::kStdout ? out_ : err_;
  }

  Runtime& runtime_;
  const std::size_t spare_;
  DescriptorPtr in_;
  DescriptorPtr out_;
  DescriptorPtr err_;
  int stdin_writer_ = -1;
};

}  // namespace

Result<std::unique_ptr<ProcessStreams>> FifoProcessIo::Open(const IoPaths& paths, bool terminal) {
  auto streams = std::make_unique<FifoStreams>(runtime_, spare_);
  if (Status opened = streams->Open(paths, terminal); !opened) return Fail(opened.error());
  return streams;
}

}  // namespace fake_containerd
