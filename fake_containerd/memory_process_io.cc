#include "fake_containerd/memory_process_io.h"

#include <utility>

namespace fake_containerd {
namespace {

using libcontainerd::Awaitable;
using libcontainerd::Fail;
using libcontainerd::MemoryFifos;
using libcontainerd::Result;
using libcontainerd::Status;

// Both ends of one pipe, as a descriptor opened for read and write. Without ends it is /dev/null.
struct Ends {
  std::unique_ptr<MemoryFifos::Reader> reader;
  std::unique_ptr<MemoryFifos::Writer> writer;

  Status Open(MemoryFifos& fifos, const std::string& path) {
    if (path.empty()) return {};
    auto opened_reader = fifos.OpenReader(path);
    if (!opened_reader) return Fail(opened_reader.error());
    auto opened_writer = fifos.OpenWriter(path);
    if (!opened_writer) return Fail(opened_writer.error());
    reader = std::move(*opened_reader);
    writer = std::move(*opened_writer);
    return {};
  }
  // The writer first: whoever reads sees the end of the data before the last reader beside it goes.
  void Close() {
    if (writer) writer->Close();
    if (reader) reader->Close();
  }
};

class MemoryStreams final : public ProcessStreams {
 public:
  ~MemoryStreams() override {
    CloseOutputs();
    in_.Close();
  }

  Status Open(MemoryFifos& fifos, const IoPaths& paths, bool terminal) {
    if (Status opened = out_.Open(fifos, paths.out); !opened) return opened;
    if (!terminal) {
      if (Status opened = err_.Open(fifos, paths.err); !opened) return opened;
    }
    return in_.Open(fifos, paths.in);
  }

  Awaitable<Status> Write(OutputStream stream, std::string data) override {
    Ends& ends = Of(stream);
    if (!ends.writer) co_return Status();
    Awaitable<Status> writing = ends.writer->Write(std::move(data));
    co_return co_await std::move(writing);
  }
  void CloseOutputs() override {
    out_.Close();
    err_.Close();
  }
  void CloseOutput(OutputStream stream) override { Of(stream).Close(); }
  void CloseStdin() override {
    if (in_.writer) in_.writer->Close();
  }
  Awaitable<Result<std::string>> ReadStdin(std::size_t max_bytes) override {
    if (!in_.reader) co_return std::string();
    Awaitable<Result<std::string>> reading = in_.reader->Read(max_bytes);
    co_return co_await std::move(reading);
  }

 private:
  Ends& Of(OutputStream stream) { return stream == OutputStream::kStdout ? out_ : err_; }

  Ends in_;
  Ends out_;
  Ends err_;
};

}  // namespace

Result<std::unique_ptr<ProcessStreams>> MemoryProcessIo::Open(const IoPaths& paths, bool terminal) {
  auto streams = std::make_unique<MemoryStreams>();
  if (Status opened = streams->Open(fifos_, paths, terminal); !opened) {
    return Fail(opened.error());
  }
  return streams;
}

}  // namespace fake_containerd
