#include <utility>

#include "lib/adapters/empty_reader.h"
#include "libcontainerd/memory_world.h"

namespace libcontainerd {
namespace {

using FifoReader = std::shared_ptr<MemoryFifos::Reader>;
using FifoWriter = std::shared_ptr<MemoryFifos::Writer>;

// The write end of stdin. As a FIFO's it stays open until the process opened its own: a pipe that
// nobody holds forgets what was written.
class MemoryStdinEnd {
 public:
  explicit MemoryStdinEnd(FifoWriter fifo) : fifo_(std::move(fifo)) {}

  Awaitable<Status> Write(std::string data) { return fifo_->Write(std::move(data)); }
  void Close() {
    closing_ = true;
    fifo_->EndWrites();
    if (peer_opened_) fifo_->Close();
  }
  void PeerOpened() {
    peer_opened_ = true;
    if (closing_) fifo_->Close();
  }
  void Gone() { fifo_->Close(); }

 private:
  FifoWriter fifo_;
  bool closing_ = false;
  bool peer_opened_ = false;
};

// May be dropped from any thread; the FIFO's end goes on the executor.
class MemoryWriter final : public StdinWriter {
 public:
  MemoryWriter(Runtime& runtime, std::shared_ptr<MemoryStdinEnd> end)
      : runtime_(runtime), end_(std::move(end)) {}
  ~MemoryWriter() override {
    runtime_.Post([end = std::move(end_)] { end->Close(); });
  }
  Awaitable<Status> Write(std::string data) override { return end_->Write(std::move(data)); }
  Awaitable<Status> Close() override {
    end_->Close();
    co_return Status();
  }

 private:
  Runtime& runtime_;
  std::shared_ptr<MemoryStdinEnd> end_;
};

// May be dropped from any thread; the FIFO's end goes on the executor.
class MemoryReader final : public OutputReader {
 public:
  MemoryReader(Runtime& runtime, FifoReader fifo) : runtime_(runtime), fifo_(std::move(fifo)) {}
  ~MemoryReader() override {
    runtime_.Post([fifo = std::move(fifo_)] { fifo->Close(); });
  }
  Awaitable<Result<std::string>> Read(std::size_t max_bytes) override {
    return fifo_->Read(max_bytes);
  }
  void Close() override { fifo_->Close(); }

 private:
  Runtime& runtime_;
  FifoReader fifo_;
};

class MemoryProcessStdio final : public ProcessStdio {
 public:
  MemoryProcessStdio(Runtime& runtime, FifoWriter in, FifoReader out, FifoReader err)
      : runtime_(runtime),
        in_(std::make_shared<MemoryStdinEnd>(std::move(in))),
        out_(std::move(out)),
        err_(std::move(err)) {}
  ~MemoryProcessStdio() override { in_->Gone(); }

  IoPipe TakePipe() override {
    IoPipe pipe;
    pipe.in = std::make_unique<MemoryWriter>(runtime_, in_);
    pipe.out = std::make_unique<MemoryReader>(runtime_, out_);
    pipe.terminal = err_ == nullptr;
    if (pipe.terminal) {
      pipe.err = std::make_unique<EmptyReader>();
    } else {
      pipe.err = std::make_unique<MemoryReader>(runtime_, err_);
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
  std::shared_ptr<MemoryStdinEnd> in_;
  FifoReader out_;
  FifoReader err_;
};

}  // namespace

Awaitable<Result<std::unique_ptr<ProcessStdio>>> MemoryStdio::Open(StdioPaths paths,
                                                                   bool terminal) {
  for (const std::string& path : {paths.in, paths.out, paths.err}) fifos_.Create(path);
  auto in = fifos_.OpenWriter(paths.in);
  auto out = fifos_.OpenReader(paths.out);
  if (!in) co_return Fail(in.error());
  if (!out) co_return Fail(out.error());
  FifoReader err;
  if (!terminal) {
    auto opened = fifos_.OpenReader(paths.err);
    if (!opened) co_return Fail(opened.error());
    err = std::move(*opened);
  }
  co_return std::make_unique<MemoryProcessStdio>(runtime_, FifoWriter(std::move(*in)),
                                                 FifoReader(std::move(*out)), std::move(err));
}

Awaitable<Status> MemoryStdio::Remove(StdioPaths paths) {
  for (const std::string& path : {paths.in, paths.out, paths.err}) fifos_.Remove(path);
  co_return Status();
}

}  // namespace libcontainerd
