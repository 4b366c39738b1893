#include <utility>

#include <asio/post.hpp>

#include "lib/adapters/empty_reader.h"
#include "libcontainerd/memory_world.h"

namespace libcontainerd {
namespace {

using FifoReader = std::shared_ptr<MemoryFifos::Reader>;
using FifoWriter = std::shared_ptr<MemoryFifos::Writer>;

class Writer final : public StdinWriter {
 public:
  explicit Writer(FifoWriter fifo) : fifo_(std::move(fifo)) {}
  Awaitable<Status> Write(std::string data) override { return fifo_->Write(std::move(data)); }
  Awaitable<Status> Close() override {
    fifo_->Close();
    co_return Status();
  }

 private:
  FifoWriter fifo_;
};

// May be dropped from any thread; the FIFO's end goes on the executor.
class Reader final : public OutputReader {
 public:
  Reader(Runtime& runtime, FifoReader fifo) : runtime_(runtime), fifo_(std::move(fifo)) {}
  ~Reader() override {
    asio::post(runtime_.executor(), [fifo = std::move(fifo_)] { fifo->Close(); });
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
      : runtime_(runtime), in_(std::move(in)), out_(std::move(out)), err_(std::move(err)) {}
  ~MemoryProcessStdio() override { in_->Close(); }

  IoPipe TakePipe() override {
    IoPipe pipe;
    pipe.in = std::make_unique<Writer>(in_);
    pipe.out = std::make_unique<Reader>(runtime_, out_);
    pipe.terminal = err_ == nullptr;
    if (pipe.terminal) {
      pipe.err = std::make_unique<EmptyReader>();
    } else {
      pipe.err = std::make_unique<Reader>(runtime_, err_);
    }
    return pipe;
  }
  void PeerOpened() override {}
  void ProcessGone() override { in_->Close(); }
  void Abandon() override {
    in_->Close();
    out_->ExpectNoWriter();
    if (err_) err_->ExpectNoWriter();
  }

 private:
  Runtime& runtime_;
  FifoWriter in_;
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
