#include "libcontainerd/fifo_stdio.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include <asio/buffer.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>

#include "lib/adapters/disk_gate.h"
#include "lib/adapters/empty_reader.h"
#include "lib/adapters/files.h"
#include "lib/adapters/unique_fd.h"

namespace libcontainerd {
namespace {

using Descriptor = asio::posix::basic_stream_descriptor<asio::any_io_executor>;

Error Closed() {
  return Error{ErrorCode::kCancelled, "stream closed"};
}

// The write end of stdin. Shared by the engine's writer and the client, which learns the process's
// fate.
class StdinEnd {
 public:
  StdinEnd(Runtime& runtime, UniqueFd fd) : descriptor_(runtime.executor(), fd.Release()) {}

  // GCC 12: a coroutine of its own object is kept alive by the shared pointer among its parameters.
  static Awaitable<Status> Write(std::shared_ptr<StdinEnd> self, std::string data) {
    std::size_t written = 0;
    do {
      if (!self->open()) co_return Fail(Closed());
      const bool reader_known = self->peer_opened_;
      asio::error_code error;
      auto token = asio::redirect_error(asio::use_awaitable, error);
      auto rest = asio::buffer(data) + written;
      written += co_await self->descriptor_.async_write_some(rest, token);
      // The change of descriptors aborts what waits on the old one; it goes on with the new one.
      const bool reopened = self->peer_opened_ != reader_known && self->open();
      if (error == asio::error::operation_aborted && reopened) continue;
      if (error == asio::error::operation_aborted) co_return Fail(Closed());
      if (error) co_return Fail(ErrorCode::kUnavailable, "write stdin: " + error.message());
    } while (written < data.size());
    co_return Status();
  }

  // Until the reader came, closing would lose what is in the pipe; a write that waits for room ends
  // now.
  void Close() {
    closing_ = true;
    if (peer_opened_ || gone_) return Shut();
    if (descriptor_.is_open()) descriptor_.cancel();
  }
  void PeerOpened() {
    if (!descriptor_.is_open() || peer_opened_) return;
    peer_opened_ = true;
    if (closing_) return Shut();
    ReopenWriteOnly();
  }
  // The process is gone, or never came: nobody will read.
  void Gone() {
    gone_ = true;
    Shut();
  }

 private:
  // For the engine's writes; the descriptor of a closed end may have to wait for the reader.
  bool open() const { return descriptor_.is_open() && !closing_ && !gone_; }
  void Shut() {
    asio::error_code ignored;
    static_cast<void>(descriptor_.close(ignored));
  }
  // Moves to a write-only descriptor. Opening it does not fail for want of a reader: this end is
  // one itself until then. If the real one has left already, the next write says so.
  void ReopenWriteOnly() {
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor_.native_handle());
    UniqueFd write_only(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (!write_only) return;
    Shut();
    descriptor_.assign(write_only.Release());
  }

  Descriptor descriptor_;
  bool closing_ = false;
  bool peer_opened_ = false;
  bool gone_ = false;
};

// The read end of an output.
class OutputEnd {
 public:
  OutputEnd(Runtime& runtime, UniqueFd fd) : descriptor_(runtime.executor(), fd.Release()) {}

  static Awaitable<Result<std::string>> Read(std::shared_ptr<OutputEnd> self,
                                             std::size_t max_bytes) {
    asio::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    if (!self->readable_seen_ && !self->no_writer_comes_ && self->descriptor_.is_open()) {
      co_await self->descriptor_.async_wait(Descriptor::wait_read, token);
      self->readable_seen_ = !error;
    }
    if (!self->descriptor_.is_open()) co_return Fail(Closed());
    std::string data(max_bytes, '\0');
    error.clear();
    const std::size_t count = co_await self->descriptor_.async_read_some(asio::buffer(data), token);
    if (error == asio::error::eof) co_return Result<std::string>(std::string());
    if (error == asio::error::operation_aborted) co_return Fail(Closed());
    if (error) co_return Fail(ErrorCode::kUnknown, "read output: " + error.message());
    data.resize(count);
    co_return data;
  }

  void Close() {
    asio::error_code ignored;
    static_cast<void>(descriptor_.close(ignored));
  }
  // Ends the wait for a first writer; a writer that is there is read to its end.
  void ExpectNoWriter() {
    no_writer_comes_ = true;
    if (!readable_seen_ && descriptor_.is_open()) descriptor_.cancel();
  }

 private:
  Descriptor descriptor_;
  bool readable_seen_ = false;
  bool no_writer_comes_ = false;
};

class Writer final : public StdinWriter {
 public:
  Writer(Runtime& runtime, std::shared_ptr<StdinEnd> end)
      : runtime_(runtime), end_(std::move(end)) {}
  ~Writer() override {
    asio::post(runtime_.executor(), [end = std::move(end_)] { end->Close(); });
  }
  Awaitable<Status> Write(std::string data) override {
    return StdinEnd::Write(end_, std::move(data));
  }
  Awaitable<Status> Close() override {
    end_->Close();
    co_return Status();
  }

 private:
  Runtime& runtime_;
  std::shared_ptr<StdinEnd> end_;
};

class Reader final : public OutputReader {
 public:
  Reader(Runtime& runtime, std::shared_ptr<OutputEnd> end)
      : runtime_(runtime), end_(std::move(end)) {}
  ~Reader() override {
    asio::post(runtime_.executor(), [end = std::move(end_)] { end->Close(); });
  }
  Awaitable<Result<std::string>> Read(std::size_t max_bytes) override {
    return OutputEnd::Read(end_, max_bytes);
  }
  void Close() override { end_->Close(); }

 private:
  Runtime& runtime_;
  std::shared_ptr<OutputEnd> end_;
};

class FifoProcessStdio final : public ProcessStdio {
 public:
  FifoProcessStdio(Runtime& runtime, UniqueFd in, UniqueFd out, UniqueFd err)
      : runtime_(runtime),
        in_(std::make_shared<StdinEnd>(runtime, std::move(in))),
        out_(std::make_shared<OutputEnd>(runtime, std::move(out))),
        err_(err ? std::make_shared<OutputEnd>(runtime, std::move(err)) : nullptr) {}
  ~FifoProcessStdio() override { in_->Gone(); }

  IoPipe TakePipe() override {
    IoPipe pipe;
    pipe.in = std::make_unique<Writer>(runtime_, in_);
    pipe.out = std::make_unique<Reader>(runtime_, out_);
    pipe.terminal = err_ == nullptr;
    if (pipe.terminal) {
      pipe.err = std::make_unique<EmptyReader>();
    } else {
      pipe.err = std::make_unique<Reader>(runtime_, err_);
    }
    return pipe;
  }
  void PeerOpened() override { in_->PeerOpened(); }
  void ProcessGone() override { in_->Gone(); }
  void Abandon() override {
    in_->Gone();
    out_->ExpectNoWriter();
    if (err_) err_->ExpectNoWriter();
  }

 private:
  Runtime& runtime_;
  std::shared_ptr<StdinEnd> in_;
  std::shared_ptr<OutputEnd> out_;
  std::shared_ptr<OutputEnd> err_;
};

// To whom its directory belongs. Access goes by the user alone (0700), so that a group that cannot
// be given away is no reason to fail.
Status GiveToOwnerOfDirectory(const std::string& path, FileOwnership& ownership) {
  const auto directory = ownership.Of(path.substr(0, path.rfind('/')));
  if (!directory) return Fail(directory.error());
  const auto fifo = ownership.Of(path);
  if (!fifo) return Fail(fifo.error());
  if (*fifo == *directory) return {};
  Status given = ownership.Give(path, *directory);
  if (fifo->uid == directory->uid) return {};
  return given;
}

// Existing FIFOs are fine, anything else of that name is not: it would block or swallow what is
// written.
Status MakeFifo(const std::string& path, FileOwnership& ownership) {
  if (::mkfifo(path.c_str(), 0700) == 0) return GiveToOwnerOfDirectory(path, ownership);
  if (errno != EEXIST) return Fail(SystemError("mkfifo", path, errno));
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return Fail(SystemError("lstat", path, errno));
  if (S_ISFIFO(status.st_mode)) return {};
  return Fail(ErrorCode::kAlreadyExists, "mkfifo " + path + ": exists and is not a FIFO");
}

Result<UniqueFd> OpenFifo(const std::string& path, int mode) {
  UniqueFd fd(::open(path.c_str(), mode | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return Fail(SystemError("open", path, errno));
  return fd;
}

struct OpenedFifos {
  UniqueFd in;
  UniqueFd out;
  UniqueFd err;
};

Result<OpenedFifos> OpenFifos(const StdioPaths& paths, bool terminal, FileOwnership& ownership) {
  for (const std::string* path : {&paths.in, &paths.out, &paths.err}) {
    if (Status made = MakeFifo(*path, ownership); !made) return Fail(made.error());
  }
  OpenedFifos opened;
  const auto take = [](UniqueFd& into, Result<UniqueFd> fd) -> Status {
    if (!fd) return Fail(fd.error());
    into = std::move(*fd);
    return {};
  };
  Status status = take(opened.in, OpenFifo(paths.in, O_RDWR));
  if (status) status = take(opened.out, OpenFifo(paths.out, O_RDONLY));
  if (status && !terminal) status = take(opened.err, OpenFifo(paths.err, O_RDONLY));
  if (!status) return Fail(status.error());
  return opened;
}

Status RemoveFifos(const StdioPaths& paths) {
  Status first;
  for (const std::string* path : {&paths.in, &paths.out, &paths.err}) {
    struct stat status {};
    const bool found = ::lstat(path->c_str(), &status) == 0;
    if (found && !S_ISFIFO(status.st_mode)) continue;  // what was in the way is not ours
    if (::unlink(path->c_str()) == 0 || errno == ENOENT) continue;
    if (first) first = Fail(SystemError("unlink", *path, errno));
  }
  return first;
}

}  // namespace

FifoStdio::FifoStdio(Runtime& runtime, FileOwnership* ownership)
    : runtime_(runtime),
      ownership_(ownership == nullptr ? &system_ : ownership),
      disk_(std::make_shared<DiskGate>(runtime)) {}

Awaitable<Result<std::unique_ptr<ProcessStdio>>> FifoStdio::Open(StdioPaths paths, bool terminal) {
  Runtime& runtime = runtime_;
  auto work = [paths = std::move(paths), terminal, ownership = ownership_] {
    return OpenFifos(paths, terminal, *ownership);
  };
  Result<OpenedFifos> opened = co_await DiskGate::Run(disk_, std::move(work));
  if (!opened) co_return Fail(opened.error());
  co_return std::make_unique<FifoProcessStdio>(runtime, std::move(opened->in),
                                               std::move(opened->out), std::move(opened->err));
}

Awaitable<Status> FifoStdio::Remove(StdioPaths paths) {
  return DiskGate::Run(disk_, [paths = std::move(paths)] { return RemoveFifos(paths); });
}

}  // namespace libcontainerd
